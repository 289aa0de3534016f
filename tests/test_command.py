"""Programs in any language: a line in, a line out."""

import shlex
import sys
from pathlib import Path

import msgspec
import pytest

from goldwire.corpora.errors import ExtractorError
from goldwire.corpora.store import Corpus, Manifest, create_corpus, make_document
from goldwire.eval.running.facts import Facts
from goldwire.eval.running.run import run_system
from goldwire.eval.running.systems import parse_system

HEAD = """
import json, os, sys, time
for line in sys.stdin:
    document = json.loads(line)
    good = json.dumps({"document": document["document"], "mentions": [{"type": "GPE", "spans": [[0, 5]]}]})
"""


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    documents = [make_document(f"d{i}", f"Kabul fell, {i}.") for i in range(4)]
    return create_corpus(tmp_path / "corpus", Manifest(name="t", ontology="conflict"), documents)


def run(corpus: Corpus, folder: Path, body: str, timeout: float = 30.0, **options: object) -> Facts:
    program = folder / "program.py"
    program.write_text(HEAD + body)
    system = parse_system(f"p=cmd:{sys.executable} -u {shlex.quote(str(program))}")
    return run_system(corpus, msgspec.structs.replace(system, timeout=timeout, options=options))


def counts(corpus: Corpus) -> list[int]:
    return [len(item.mentions) for item in corpus.layer("system/p").values()]


def test_a_program_is_started_once_and_asked_for_each_document(corpus: Corpus, tmp_path: Path) -> None:
    log = str(tmp_path / "log")
    facts = run(corpus, tmp_path, f"    open({log!r}, 'a').write(str(os.getpid()) + ' ')\n    print(good)")
    assert facts.failed == {}
    assert counts(corpus) == [1, 1, 1, 1]
    assert len(set((tmp_path / "log").read_text().split())) == 1


@pytest.mark.parametrize(
    ("deed", "reason"),
    [
        ("sys.exit(3)", "the program exited with 3"),
        ("sys.exit('no model')", "the program exited with 1: no model"),
        ("os.abort()", "the program exited with -6"),
        ("print('Loading model…')", "garbled reply 'Loading model…': not valid JSON"),
        ("print(json.dumps({'mentions': 7}))", "Expected `array`"),
        ("print(json.dumps({'document': 'dX'}))", "answered for document 'dX'"),
        ("print(json.dumps({'error': 'too long'}))", "too long"),
        ("os.write(1, bytes([255, 254, 10]))", "garbled reply"),
        ("print(good[:20], end=''); sys.exit(0)", "the program exited with 0"),
        ("time.sleep(60)", "time-out after 1 s"),
    ],
)
def test_one_bad_answer_costs_one_document(corpus: Corpus, tmp_path: Path, deed: str, reason: str) -> None:
    body = f"    if document['document'] == 'd1':\n        {deed}\n    else:\n        print(good)"
    facts = run(corpus, tmp_path, body, timeout=1.0)
    assert list(facts.failed) == ["d1"]
    assert reason in facts.failed["d1"]
    assert counts(corpus) == [1, 0, 1, 1]


def test_answers_one_line_late_are_never_taken_for_the_next_document(corpus: Corpus, tmp_path: Path) -> None:
    body = "    print('warning: slow')\n    print(good)"  # two lines for each document
    facts = run(corpus, tmp_path, body)
    assert len(facts.failed) == 4
    assert counts(corpus) == [0, 0, 0, 0]


def test_a_program_that_eats_memory_is_stopped(corpus: Corpus, tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(HEAD + "    hog = b'x' * 2_000_000_000\n    print(good)")
    system = parse_system(f"p=cmd:{sys.executable} -u {program}")
    facts = run_system(corpus, msgspec.structs.replace(system, memory=500_000_000))
    assert set(facts.failed.values()) == {"the program exited with 1: MemoryError"}


def test_the_memory_of_the_program_is_the_systems(corpus: Corpus, tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text("block = b'x' * 150_000_000\n" + HEAD + "    print(good)")
    facts = run_system(corpus, parse_system(f"p=cmd:{sys.executable} -u {program}"))
    assert facts.speed.memory is not None
    assert 150_000_000 < facts.speed.memory < 400_000_000


def test_a_changed_program_is_another_system(corpus: Corpus, tmp_path: Path) -> None:
    first = run(corpus, tmp_path, "    print(good)")
    second = run(corpus, tmp_path, "    print(good) # again")
    assert first.fingerprint != second.fingerprint
    assert run(corpus, tmp_path, "    print(good)", version="2").fingerprint != first.fingerprint


def test_no_shell_reads_the_command(corpus: Corpus, tmp_path: Path) -> None:
    touched = tmp_path / "touched"
    with pytest.raises(ExtractorError, match="there is no program"):
        run_system(corpus, parse_system(f"p=cmd:$(touch {touched})"))
    assert not touched.exists()
