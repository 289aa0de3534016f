"""What a system may do wrong costs the document at hand, and a run that is done again mends it."""

import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest

from goldwire.corpora.errors import ExtractorError
from goldwire.corpora.store import Corpus, Manifest, create_corpus, make_document
from goldwire.eval.systems import program
from goldwire.eval.systems.config import parse_system
from goldwire.eval.systems.facts import Facts
from goldwire.eval.systems.run import run_system

BEGINNING = """
import json, os, subprocess, sys, time
def answer(_given, **more):
    given = {"mentions": [{"type": "GPE", "spans": [[0, 5]], "text": _given["text"][:5]}]}
    print(json.dumps({**given, **more}), flush=True)
"""
LOOP = """
for line in sys.stdin:
    document = json.loads(line)
    name = document["document"]
"""


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    documents = [make_document(f"d{i}", f"Kabul fell, {i}.") for i in range(4)]
    return create_corpus(tmp_path / "corpus", Manifest(name="t", ontology="conflict"), documents)


def write(folder: Path, body: str, before: str = "") -> str:
    path = folder / "program.py"
    path.write_text(BEGINNING + before + LOOP + "".join(f"    {line}\n" for line in body.splitlines()))
    return f"p=cmd:{sys.executable} {shlex.quote(str(path))}"


def run(corpus: Corpus, folder: Path, body: str, before: str = "", timeout: float = 20.0) -> Facts:
    system = parse_system(write(folder, body, before))
    return run_system(corpus, msgspec.structs.replace(system, timeout=timeout))


def counts(corpus: Corpus) -> list[int]:
    return [len(item.mentions) for item in corpus.layer("system/p").values()]


def only_on_d1(deed: str) -> str:
    return f"if name == 'd1':\n    {deed}\nelse:\n    answer(document, document=name)"


# ---------------------------------------------------------------- bytes, numbers, shapes
BAD = {
    "not UTF-8": r'b"caf\xe9"',
    "half a character": r'rb"\ud800"',
}


@pytest.mark.parametrize("raw", BAD.values(), ids=BAD)
def test_a_string_that_is_none_fails_its_document(corpus: Corpus, tmp_path: Path, raw: str) -> None:
    line = (
        f"""b'{{"document":"d1","mentions":[{{"type":"GPE","spans":[[0,5]],"text":"' + {raw} + b'"}}]}}\\n'"""
    )
    facts = run(corpus, tmp_path, only_on_d1(f"os.write(1, {line})"))
    assert list(facts.failed) == ["d1"]
    assert "garbled reply" in facts.failed["d1"]
    assert counts(corpus) == [1, 0, 1, 1]


@pytest.mark.parametrize(
    "mentions", ["NaN", "-Infinity", "[" * 100_000 + "]" * 100_000], ids=["NaN", "-Infinity", "nested"]
)
def test_what_is_no_json_fails_its_document(corpus: Corpus, tmp_path: Path, mentions: str) -> None:
    (tmp_path / "line").write_text(f'{{"document":"d1","mentions":[{mentions}]}}\n')
    facts = run(
        corpus, tmp_path, only_on_d1(f"print(open({str(tmp_path / 'line')!r}).read(), end='', flush=True)")
    )
    assert list(facts.failed) == ["d1"]
    assert counts(corpus) == [1, 0, 1, 1]


@pytest.mark.parametrize(
    ("item", "kind"),
    [
        ('{"type":"GPE","spans":[[0,5]],"score":1e999}', "malformed"),
        ('{"type":"GPE","spans":[[0,' + "9" * 400 + "]]}", "outside-text"),
        ('{"type":"GPE","spans":[[-' + "9" * 30 + ",5]]}", "outside-text"),
        ('{"type":"GPE","spans":[[0,5]],"text":7}', "malformed"),
    ],
    ids=["1e999", "a huge end", "a huge negative start", "text that is a number"],
)
def test_a_number_out_of_range_costs_its_item(corpus: Corpus, tmp_path: Path, item: str, kind: str) -> None:
    line = f'{{"document":"d1","mentions":[{item},{{"type":"GPE","spans":[[0,5]]}}]}}'
    facts = run(corpus, tmp_path, only_on_d1(f"print({line!r}, flush=True)"))
    assert facts.failed == {}
    assert facts.rejected == {kind: 1}
    assert counts(corpus) == [1, 1, 1, 1]


def test_an_answer_without_end_fails_its_document(
    corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    endless = "try:\n        while True: os.write(1, b' x' * 30000)\n    except OSError: pass"
    facts = run(corpus, tmp_path, only_on_d1(endless))
    assert facts.failed == {"d1": f"the answer has more than {program.LONGEST // 10**6} MB"}
    assert counts(corpus) == [1, 0, 1, 1]


def test_costs_beyond_all_measure_are_not_summed(corpus: Corpus, tmp_path: Path) -> None:
    spent = '{"usage": {"cost": 1e308, "tokens_in": ' + "9" * 400 + ', "tokens_out": 5, "x": -1}}'
    line = f'{{"document":"%s","provenance":{{"details":{spent}}}}}'
    facts = run(corpus, tmp_path, f"print({line!r} % name, flush=True)")
    assert facts.usage == {"tokens_out": 20}
    assert run(corpus, tmp_path, f"print({line!r} % name, flush=True)").usage == {"tokens_out": 20}


# ---------------------------------------------------------------- the journal
def journal_of(corpus: Corpus) -> Path:
    (found,) = (corpus.path / "runs/p").glob("????????????.jsonl")
    return found


@pytest.mark.slow
@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"text":"Kabul"', b'"text":"Kab\xff\xff"'),
        (b'"text":"Kabul"', b'"score":1e999     '),
        (b'"mentions":[', b'"mentions":' + b"[" * 50_000),
        (b'"type":"document"', b'"type":"dokument"'),
        (b'"characters":', b'"characters":-'),
        (b"{", b""),
        (b"\n", b""),
    ],
    ids=["bytes", "number", "nested", "kind", "sign", "brace", "line end"],
)
def test_a_damaged_journal_costs_what_it_holds_and_the_run_goes_on(
    corpus: Corpus, tmp_path: Path, old: bytes, new: bytes
) -> None:
    body = f"open({str(tmp_path / 'asked')!r}, 'a').write(name + ' ')\nanswer(document, document=name)"
    run(corpus, tmp_path, body)
    whole = journal_of(corpus).read_bytes()
    at = whole.index(b'"type":"document"')  # what comes before are the session and the start
    journal_of(corpus).write_bytes(whole[: at - 1] + whole[at - 1 :].replace(old, new, 1))
    facts = run(corpus, tmp_path, body)
    assert facts.failed == {}
    assert counts(corpus) in ([1, 1, 1, 1], [0, 1, 1, 1])  # 1e999 costs the item alone
    assert len((tmp_path / "asked").read_text().split()) <= 6
    assert run(corpus, tmp_path, body).failed == {}


def test_a_journal_that_lost_its_first_lines_is_gone_on_with(corpus: Corpus, tmp_path: Path) -> None:
    run(corpus, tmp_path, "answer(document, document=name)")
    path = journal_of(corpus)
    path.write_bytes(b"\x00\x00\n" + b"\n".join(path.read_bytes().split(b"\n")[2:]))
    facts = run(corpus, tmp_path, "answer(document, document=name)")
    assert facts.failed == {}
    assert any("1 line of its journal could not be read" in note for note in facts.notes)


# ---------------------------------------------------------------- which document an answer is for
def test_a_program_that_does_not_name_documents_gets_one_a_process(corpus: Corpus, tmp_path: Path) -> None:
    body = f"open({str(tmp_path / 'log')!r}, 'a').write(f'{{os.getpid()}} ')\nanswer(document)"
    facts = run(corpus, tmp_path, body)
    assert facts.failed == {}
    assert counts(corpus) == [1, 1, 1, 1]
    assert len(set((tmp_path / "log").read_text().split())) == 4
    (note,) = facts.notes
    assert "started anew for each document, which is slow" in note
    assert 'with "document" in each answer' in note
    assert run(corpus, tmp_path, body).notes == [note]  # from the journal as well


def test_answers_without_a_name_and_a_line_too_many_fail(corpus: Corpus, tmp_path: Path) -> None:
    with pytest.raises(ExtractorError, match="4 documents: the program wrote more than one line"):
        run(corpus, tmp_path, "answer(document)\nanswer(document)")


def test_an_empty_answer_before_the_first_document_moves_nothing(corpus: Corpus, tmp_path: Path) -> None:
    with pytest.raises(ExtractorError, match="4 documents: the program wrote more than one line"):
        run(corpus, tmp_path, "answer(document)", before="print('{}', flush=True)")


@pytest.mark.parametrize("pause", ["", "time.sleep(0.2)"], ids=["at once", "late"])
def test_a_line_too_many_fails_a_document_and_moves_nothing(
    corpus: Corpus, tmp_path: Path, pause: str
) -> None:
    log = f"open({str(tmp_path / 'log')!r}, 'a').write(f'{{os.getpid()}} ')\n"
    again = f"if name == 'd1':\n    {pause or 'pass'}\n    answer(document, document=name)"
    facts = run(corpus, tmp_path, log + "answer(document, document=name)\n" + again)
    assert len(facts.failed) == 1
    assert set(facts.failed) <= {"d1", "d2"}  # the one it was for, or the next if it came late
    assert sum(counts(corpus)) == 3
    assert len(set((tmp_path / "log").read_text().split())) == 2


def test_one_answer_without_a_name_among_others_is_asked_for_once_more_alone(
    corpus: Corpus, tmp_path: Path
) -> None:
    log = f"open({str(tmp_path / 'log')!r}, 'a').write(f'{{name}} ')\n"
    body = "answer(document, **({} if name == 'd2' else {'document': name}))"
    facts = run(corpus, tmp_path, log + body)
    assert (facts.failed, facts.notes) == ({}, [])
    assert (tmp_path / "log").read_text().split() == ["d0", "d1", "d2", "d2", "d3"]


# ---------------------------------------------------------------- the true reason, and what is left
CHILD = "subprocess.Popen(['sleep', '47'], start_new_session=True)"


def sleepers() -> set[str]:
    return {
        path.parent.name
        for path in Path("/proc").glob("[0-9]*/cmdline")
        if path.exists() and path.read_bytes() == b"sleep\x0047\x00"
    }


needs_proc = pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="processes are found in /proc")  # noqa: PTH112


def test_a_child_that_holds_the_output_open_does_not_hide_an_exit(corpus: Corpus, tmp_path: Path) -> None:
    begun = time.perf_counter()
    facts = run(corpus, tmp_path, only_on_d1(f"{CHILD}; sys.exit(3)"))
    assert facts.failed == {"d1": "the program exited with 3"}
    assert time.perf_counter() - begun < 10


@needs_proc
def test_children_in_sessions_of_their_own_end_with_the_run(corpus: Corpus, tmp_path: Path) -> None:
    before = sleepers()
    run(corpus, tmp_path, f"{CHILD}\nanswer(document, document=name)")
    assert sleepers() <= before


@needs_proc
def test_a_process_that_is_just_becoming_another_program_is_found(tmp_path: Path) -> None:
    again = tmp_path / "again"
    again.write_text('#!/bin/sh\nexec "$0"\n')  # without an environment for a part of its time
    again.chmod(0o755)
    for trial in range(40):
        mark = {"MARKED_BY_A_TEST": f"{tmp_path}-{trial}"}
        with subprocess.Popen([again], env={**os.environ, **mark}) as process:
            time.sleep(0.02 + trial * 0.0007)
            program.end_marked(*mark.popitem())
            try:
                assert process.wait(5) == -signal.SIGKILL
            finally:
                process.kill()


@needs_proc
def test_a_forked_child_of_a_worker_does_not_hide_its_exit_and_ends(
    corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "forks.py").write_text(
        "import os, time\n"
        "def extract(document):\n"
        "    if document.id == 'd1':\n"
        "        if os.fork() == 0:\n"
        "            os.setsid(); os.execvp('sleep', ['sleep', '47'])\n"
        "        os._exit(5)\n"
        "    return {'mentions': []}\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    before = sleepers()
    facts = run_system(corpus, msgspec.structs.replace(parse_system("p=python:forks:extract"), timeout=20.0))
    assert facts.failed == {"d1": "the process exited with 5"}
    assert sleepers() <= before
