"""`eval run`: systems become layers, whatever the systems do."""

import contextlib
import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest

from goldwire.corpora.errors import ExtractorError
from goldwire.corpora.store import (
    Corpus,
    Manifest,
    create_corpus,
    make_document,
    open_corpus,
    write_documents,
)
from goldwire.corpora.types import Excluded
from goldwire.corpora.validate import annotation_faults
from goldwire.eval.systems import facts, journal
from goldwire.eval.systems.config import System, parse_system
from goldwire.eval.systems.run import run, run_system

TEXT = "Rebels attacked Herat on Monday."


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    """Six documents, d0 to d5."""
    documents = [make_document(f"d{i}", f"{TEXT} {i}") for i in range(6)]
    return create_corpus(tmp_path / "corpus", Manifest(name="t", ontology="conflict"), documents)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, in which modules and programs of a test lie."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def module(folder: Path, code: str) -> System:
    """A system from Python code with a function `extract`."""
    (folder / "mine.py").write_text("import os, sys, time\n" + code)
    return parse_system("mine=python:mine:extract")


GOOD = """
def extract(document):
    return {"mentions": [{"type": "GPE", "spans": [[16, 21]], "text": "Herat"}]}
"""


def surfaces(corpus: Corpus, layer: str) -> dict[str, list[str]]:
    texts = {document.id: document.text for document in corpus.documents()}
    return {
        id: [texts[id][m.spans[0].start : m.spans[0].end] for m in item.mentions]
        for id, item in corpus.layer(layer).items()
    }


def test_a_system_becomes_a_layer_with_a_line_for_each_document(corpus: Corpus, here: Path) -> None:
    run_system(corpus, module(here, GOOD))
    assert surfaces(corpus, "system/mine") == {f"d{i}": ["Herat"] for i in range(6)}
    line = corpus.layer("system/mine")["d0"].provenance
    assert line.author == "mine"
    assert line.details["spec"] == "python:mine:extract"


def test_a_layer_does_not_depend_on_the_number_of_workers(corpus: Corpus, here: Path) -> None:
    system = module(here, GOOD)
    run_system(corpus, system)
    alone = corpus.layer_path("system/mine").read_bytes()
    run_system(corpus, system, workers=3, fresh=True)
    assert corpus.layer_path("system/mine").read_bytes() == alone


@pytest.mark.slow
@pytest.mark.parametrize(
    ("deed", "reason"),
    [
        ("time.sleep(60)", "time-out after 1 s"),
        ("os._exit(3)", "the process exited with 3"),
        ("sys.exit(3)", "the process exited with 3"),
        ("os.abort()", "killed by SIGABRT"),
        ("os.kill(os.getpid(), 9)", "killed by SIGKILL"),
        ("raise ValueError('no such word')", "ValueError: no such word"),
        ("return {'mentionz': []}", "unknown field `mentionz`"),
        ("return {'document': 'other'}", "answered for document 'other'"),
        ("return {'error': 'too long for me'}", "too long for me"),
        ("return {'sha256': 'f' * 64}", "made for another text"),
        ("return 7", "garbled output"),
        ("return object()", "TypeError"),
        ("bytearray(3_000_000_000)", "out of memory (the limit is 400 MB)"),
        ("hog = [bytes(1_000_000) for _ in range(3000)]", "out of memory (the limit is 400 MB)"),
    ],
)
def test_a_document_fails_alone(corpus: Corpus, here: Path, deed: str, reason: str) -> None:
    code = f"""
def extract(document):
    if document.id == "d2":
        {deed}
    return {{"mentions": [{{"type": "GPE", "spans": [[16, 21]]}}]}}
"""
    system = msgspec.structs.replace(module(here, code), timeout=1.0, memory=400_000_000)
    found = run_system(corpus, system)
    assert list(found.failed) == ["d2"]
    assert reason in found.failed["d2"]
    assert surfaces(corpus, "system/mine") == {f"d{i}": [] if i == 2 else ["Herat"] for i in range(6)}
    assert reason in corpus.layer("system/mine")["d2"].provenance.details["failed"]


def test_a_batch_that_goes_down_costs_only_the_document_at_fault(corpus: Corpus, here: Path) -> None:
    (here / "batches.py").write_text(
        """
import os
class Extractor:
    batch = 4
    def extract(self, documents):
        for document in documents:
            if document.id == "d1":
                os._exit(5)
            if document.id == "d4":
                raise ValueError("four")
            yield {"mentions": [{"type": "GPE", "spans": [[16, 21]]}]}
"""
    )
    found = run_system(corpus, parse_system("b=python:batches:Extractor"))
    assert found.failed == {"d1": "the process exited with 5", "d4": "ValueError: four"}
    assert [len(v) for v in surfaces(corpus, "system/b").values()] == [1, 0, 1, 1, 0, 1]


def test_too_few_and_too_many_outputs_fail_their_documents(corpus: Corpus, here: Path) -> None:
    (here / "count.py").write_text(
        """
class Extractor:
    batch = 3
    def extract(self, documents):
        for document in documents:
            for _ in range({"d0": 0, "d3": 2}.get(document.id, 1)):
                yield {}
"""
    )
    found = run_system(corpus, parse_system("c=python:count:Extractor"))
    assert found.failed == {
        "d0": "the system gave 0 outputs for 1 document(s)",
        "d3": "the system gave 2 or more outputs for 1 document(s)",
    }


def test_what_a_system_prints_does_not_disturb(corpus: Corpus, here: Path) -> None:
    code = GOOD.replace("    return", "    print('{}'); os.write(1, b'x\\n')\n    return")
    assert run_system(corpus, module(here, code)).failed == {}


def test_a_child_that_a_system_leaves_behind_is_ended(corpus: Corpus, here: Path) -> None:
    code = """
import subprocess
def extract(document):
    child = subprocess.Popen(["sleep", "300"])
    with open("children", "a") as file:
        file.write(f"{child.pid}\\n")
    if document.id == "d1":
        time.sleep(60)
    return {}
"""
    run_system(corpus, msgspec.structs.replace(module(here, code), timeout=0.5))
    children = [int(line) for line in (here / "children").read_text().split()]
    assert len(children) == 6
    assert not any(lives_on(child) for child in children)


def lives_on(pid: int) -> bool:
    """Whether a process still lives after some seconds: one that was killed may take a while."""
    limit = time.monotonic() + 10
    while is_running(pid):
        if time.monotonic() > limit:
            return True
        time.sleep(0.01)
    return False


def is_running(pid: int) -> bool:
    """Whether a process lives; a zombie does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.parametrize(
    ("system", "message"),
    [
        (
            "x=nothing",
            "no kind of system 'nothing'; there are: llm, gliner, cmd, http, python, file, lexicon",
        ),
        ("x=python:absent:thing", "there is no module 'absent'"),
        ("x=python:json:absent", "cannot be loaded (AttributeError"),
        ("x=python:json", "write python:MODULE:OBJECT"),
        ("x=python:json:JSONDecodeError", "cannot be loaded (TypeError"),
        ("x=cmd:no-such-program-anywhere", "there is no program 'no-such-program-anywhere'"),
        ("x=cmd:'unbalanced", "No closing quotation"),
        ("x=file:absent.jsonl", "cannot be read"),
        ("x=lexicon:absent.toml", "no lexicon 'absent.toml'"),
        ("x=spacy:absent_pipeline", "install a pipeline first"),
        ("x=https://me:secret@host.example/", "no user or password in an address"),
    ],
)
def test_a_system_that_cannot_be_opened_is_said_and_stops_no_other(
    corpus: Corpus, here: Path, system: str, message: str
) -> None:
    broken, good = run(corpus, [parse_system(system), module(here, GOOD)])
    assert broken.error is not None
    assert message in broken.error
    assert broken.error.count(system.partition("=")[2].partition("?")[0]) <= 1
    assert "secret" not in broken.error
    assert broken.facts is None
    assert good.error is None
    assert corpus.layers() == ["system/mine"]


def test_a_system_that_dies_on_opening_is_said(corpus: Corpus, here: Path) -> None:
    system = module(here, "print('out of luck', file=sys.stderr)\nos._exit(7)\n")
    with pytest.raises(ExtractorError, match=r"could not be opened: .* exited with 7 \(out of luck\)"):
        run_system(corpus, system)


def test_faulty_items_go_to_quarantine_and_the_rest_stays(corpus: Corpus, here: Path) -> None:
    code = """
def extract(document):
    return {
        "mentions": [
            {"id": "a", "type": "GPE", "spans": [[16, 21]]},
            {"id": "b", "type": "GPE", "spans": [[16, 2100]]},
            {"id": "c", "type": "GPE", "spans": [[-4, 3]]},
            {"id": "d", "type": "PLANET", "spans": [[0, 6]]},
            {"id": "e", "type": "MIL", "spans": [[0, 6]], "text": "Soldiers"},
            {"id": "f", "type": "MIL", "spans": [[0, 6]], "text": "Rebels"},
            {"type": "MIL"},
            "no mention",
        ],
        "events": [
            {"type": "Attack", "trigger": [[7, 15]], "attributes": {"realis": "actual", "mood": "bad"},
             "arguments": [{"role": "attacker", "mention": "f"}, {"role": "target", "mention": "b"},
                           {"role": "victim", "mention": "f"}, {"role": "instrument", "mention": "a"}]},
        ],
    }
"""
    found = run_system(corpus, module(here, code))
    assert found.failed == {}
    # Per document: b, c, d, e, one without spans, one that is a string; then target (b is gone), victim
    # (no role of Attack), instrument (a GPE is none); and the attribute `mood`.
    assert found.rejected == {
        "outside-text": 12,  # b and c
        "malformed": 12,  # without spans, and a string
        "words-differ": 6,  # e
        "unknown-type": 6,  # d
        "no-mention": 6,  # target
        "unknown-role": 6,  # victim
        "filler-not-allowed": 6,  # instrument
        "unknown-value": 6,  # mood
    }
    layer = corpus.layer("system/mine")["d0"]
    assert [mention.id for mention in layer.mentions] == ["a", "f"]
    assert [argument.role for argument in layer.events[0].arguments] == ["attacker"]
    lines = (corpus.path / "runs/mine/quarantine.jsonl").read_text().splitlines()
    rejected = [json.loads(line) for line in lines]
    assert len(rejected) == 60
    assert any(
        "the offsets give 'Rebels', the system says 'Soldiers'" in item["message"] for item in rejected
    )
    assert all(item["document"] and item["path"] for item in rejected)


def test_offsets_in_utf16_or_bytes_are_repaired_where_the_surface_proves_it(
    tmp_path: Path, here: Path
) -> None:
    documents = [make_document("d", "😀 Kabul fell. Qandahār stood.")]
    corpus = create_corpus(tmp_path / "c", Manifest(name="t", ontology="conflict"), documents)
    code = """
def extract(document):
    return {"mentions": [
        {"type": "GPE", "spans": [[3, 8]], "text": "Kabul"},
        {"type": "GPE", "spans": [[5, 10]], "text": "Kabul"},
        {"type": "GPE", "spans": [[4, 9]], "text": "Kabul"},
    ]}
"""
    found = run_system(corpus, module(here, code))
    # UTF-16: the emoji has two units, so Kabul is 3-8. UTF-8: four bytes, so 5-10. 4-9 is nothing.
    assert (found.repaired, found.rejected) == (2, {"words-differ": 1})
    assert surfaces(corpus, "system/mine") == {"d": ["Kabul", "Kabul"]}


def test_units_in_excluded_regions_are_counted_not_quarantined(tmp_path: Path, here: Path) -> None:
    excluded = (Excluded(start=15, end=32, reason="teaser"),)
    documents = [make_document("d", TEXT, excluded=excluded)]
    corpus = create_corpus(tmp_path / "c", Manifest(name="t", ontology="conflict"), documents)
    found = run_system(corpus, module(here, GOOD))
    assert (found.excluded, found.rejected) == (1, {})
    assert surfaces(corpus, "system/mine") == {"d": []}


def test_a_second_run_does_nothing_again(corpus: Corpus, here: Path) -> None:
    code = GOOD.replace("    return", "    open('log', 'a').write(document.id + '\\n')\n    return")
    system = module(here, code)
    first = run_system(corpus, system)
    layer = corpus.layer_path("system/mine").read_bytes()
    assert run_system(corpus, system) == first
    assert corpus.layer_path("system/mine").read_bytes() == layer
    assert sorted((here / "log").read_text().split()) == [f"d{i}" for i in range(6)]


def test_changed_code_is_another_system_and_runs_again(corpus: Corpus, here: Path) -> None:
    first = run_system(corpus, module(here, GOOD))
    second = run_system(corpus, module(here, GOOD.replace("GPE", "LOC")))
    assert first.fingerprint != second.fingerprint
    assert {m.type for item in corpus.layer("system/mine").values() for m in item.mentions} == {"LOC"}
    third = run_system(corpus, module(here, GOOD))
    assert third.fingerprint == first.fingerprint
    assert third.created == first.created  # from the journal, not run again


def test_new_documents_alone_are_run(corpus: Corpus, here: Path) -> None:
    code = GOOD.replace("    return", "    open('log', 'a').write(document.id + '\\n')\n    return")
    system = module(here, code)
    run_system(corpus, system)
    write_documents(corpus, [*corpus.documents(), make_document("d9", f"{TEXT} Nine.")])
    (here / "log").unlink()
    run_system(corpus, system)
    assert (here / "log").read_text().split() == ["d9"]


def test_failed_documents_are_always_run_again(corpus: Corpus, here: Path) -> None:
    code = """
def extract(document):
    if document.id == "d1" and not os.path.exists("mended"):
        raise ValueError("broken")
    return {}
"""
    system = module(here, code)
    assert run_system(corpus, system).failed == {"d1": "ValueError: broken"}
    (here / "mended").touch()
    assert run_system(corpus, system).failed == {}


@pytest.mark.parametrize(
    "deed",
    [
        "return {'mentions': 3}",
        "return {'error': ''}",
        "return {'sha256': 'f' * 64}",
        "raise ValueError('no word')",
    ],
)
def test_whatever_made_a_document_fail_it_is_run_again_and_the_others_are_not(
    corpus: Corpus, here: Path, deed: str
) -> None:
    code = f"""
def extract(document):
    open("log", "a").write(document.id + "\\n")
    if document.id == "d1":
        {deed}
    return {{}}
"""
    system = module(here, code)
    assert list(run_system(corpus, system).failed) == ["d1"]
    (here / "log").unlink()
    assert list(run_system(corpus, system).failed) == ["d1"]
    assert (here / "log").read_text().split() == ["d1"]


def numbered(folder: Path, number: int) -> Corpus:
    """So many documents, d00 and so on."""
    documents = [make_document(f"d{i:02}", f"{TEXT} {i}") for i in range(number)]
    return create_corpus(folder / "numbered", Manifest(name="t", ontology="conflict"), documents)


FAILING = """
def extract(document):
    open("log", "a").write(document.id + "\\n")
    if {condition}:
        raise {error}
    return {{}}
"""


def failing(folder: Path, condition: str, error: str = "ValueError('no such word')") -> System:
    return module(folder, FAILING.format(condition=condition, error=error))


@pytest.mark.parametrize(
    ("allowed", "status", "number"), [(None, 1, 0), (0, 1, 0), (1, 0, 1), ("2%", 1, 0), ("2.5%", 0, 1)]
)
def test_one_failure_of_forty_needs_an_allowance_and_the_layer_is_there_all_the_same(
    tmp_path: Path, here: Path, allowed: int | str | None, status: int, number: int
) -> None:
    """2 % of 40 documents are 0.8, so none; 2.5 % are 1."""
    corpus = numbered(tmp_path, 40)
    system = msgspec.structs.replace(failing(here, "document.id == 'd07'"), allow_failures=allowed)
    (outcome,) = run(corpus, [system])
    assert outcome.status == status
    assert outcome.facts is not None
    assert outcome.facts.allowed == number
    assert facts.read(corpus, "mine") == outcome.facts
    assert corpus.layer("system/mine")["d07"].provenance.details["failed"] == "ValueError: no such word"


def test_where_no_document_succeeds_there_is_no_layer_and_the_one_before_stays(
    corpus: Corpus, here: Path
) -> None:
    good = run_system(corpus, module(here, GOOD))
    layer = corpus.layer_path("system/mine").read_bytes()
    (outcome,) = run(corpus, [failing(here, "True", "ValueError(document.id)")], workers=2)
    assert (outcome.status, outcome.facts, outcome.kept) == (2, None, good.created)
    assert outcome.error is not None
    assert outcome.error.startswith("none of 6 documents succeeded (1 document: ValueError: d")
    assert outcome.error.endswith("and 3 other reasons)")
    assert corpus.layer_path("system/mine").read_bytes() == layer
    assert facts.read(corpus, "mine") == good


def test_a_layer_that_no_run_made_stays_too_and_that_is_said(corpus: Corpus, here: Path) -> None:
    corpus.write_layer("system/mine", [])
    (outcome,) = run(corpus, [failing(here, "True")])
    assert (outcome.status, outcome.kept) == (2, "")


@pytest.mark.parametrize("workers", [1, 2])
def test_five_documents_that_fail_alike_before_any_succeeds_stop_the_run(
    tmp_path: Path, here: Path, workers: int
) -> None:
    corpus = numbered(tmp_path, 40)
    (outcome,) = run(corpus, [failing(here, "True")], workers=workers)
    assert outcome.status == 2
    assert outcome.error is not None
    said = "stopped after 5 of 40 documents: 5 documents failed alike and none succeeded: ValueError: no such"
    assert outcome.error.startswith(said)
    # Each worker may have had one at hand and one that lay ready.
    assert 5 <= len((here / "log").read_text().split()) <= 5 + 2 * workers
    assert corpus.layers() == []


def test_a_batch_that_fails_alike_stops_the_run_too(tmp_path: Path, here: Path) -> None:
    (here / "batches.py").write_text(
        """
class Extractor:
    batch = 8
    def extract(self, documents):
        raise ValueError("no such word")
"""
    )
    (outcome,) = run(numbered(tmp_path, 40), [parse_system("b=python:batches:Extractor")])
    assert outcome.error is not None
    assert outcome.error.startswith("stopped after 5 of 40 documents")


def test_documents_that_fail_alike_after_one_succeeded_stop_nothing(tmp_path: Path, here: Path) -> None:
    found = run_system(numbered(tmp_path, 20), failing(here, "document.id > 'd03'"))
    assert len(found.failed) == 16  # d04 to d19


def test_documents_that_fail_alike_stop_nothing_where_others_succeeded_in_an_earlier_run(
    tmp_path: Path, here: Path
) -> None:
    corpus, system = numbered(tmp_path, 20), failing(here, "document.id > 'd03'")
    first = run_system(corpus, system)
    assert run_system(corpus, system).failed == first.failed


def test_keep_going_runs_all_whatever_fails(tmp_path: Path, here: Path) -> None:
    found = run_system(numbered(tmp_path, 20), failing(here, "document.id < 'd19'"), keep_going=True)
    assert len(found.failed) == 19


@pytest.mark.slow
def test_crashes_and_timeouts_stop_a_run_as_exceptions_do(tmp_path: Path, here: Path) -> None:
    corpus = numbered(tmp_path, 12)
    crash = module(here, "def extract(document):\n    os._exit(3)\n")
    (one,) = run(corpus, [crash])
    assert "5 documents failed alike and none succeeded: the process exited with 3" in str(one.error)
    slow = module(here, "def extract(document):\n    time.sleep(60)\n")
    (other,) = run(corpus, [msgspec.structs.replace(slow, timeout=0.2)])
    assert "5 documents failed alike and none succeeded: time-out after 0.2 s" in str(other.error)


def test_what_is_reused_is_told_with_its_time(corpus: Corpus, here: Path) -> None:
    system = module(here, GOOD)
    (first,) = run(corpus, [system])
    (second,) = run(corpus, [system])
    assert first.reused is None
    assert first.facts is not None
    created = first.facts.created
    assert second.reused == journal.Reused(documents=6, of=6, first=created, last=created)
    (third,) = run(corpus, [system], fresh=True)
    assert third.reused is None


def test_an_anew_run_keeps_what_was_there_until_a_document_succeeds(corpus: Corpus, here: Path) -> None:
    code = """
def extract(document):
    if os.path.exists("broken"):
        raise ValueError("broken")
    return {}
"""
    system = module(here, code)
    first = run_system(corpus, system)
    (here / "broken").touch()
    (outcome,) = run(corpus, [system], fresh=True)
    assert outcome.status == 2
    (again,) = run(corpus, [system])
    assert again.facts == first
    assert again.reused is not None
    assert again.reused.documents == 6


def test_a_module_that_is_imported_is_part_of_the_system(corpus: Corpus, here: Path) -> None:
    (here / "words.py").write_text("TYPE = 'GPE'\n")
    system = module(here, "import words\n" + GOOD.replace('"GPE"', "words.TYPE"))
    first = run_system(corpus, system)
    (here / "words.py").write_text("TYPE = 'LOC'\n")
    (second,) = run(corpus, [system])
    assert second.reused is None
    assert second.facts is not None
    assert second.facts.fingerprint != first.fingerprint
    assert {m.type for item in corpus.layer("system/mine").values() for m in item.mentions} == {"LOC"}


def test_watched_files_are_part_of_the_system_by_their_content(corpus: Corpus, here: Path) -> None:
    (here / "model" / "deep").mkdir(parents=True)
    weights = here / "model" / "deep" / "weights"
    weights.write_text("1")
    system = msgspec.structs.replace(module(here, GOOD), watch=("model/", "model/**/w*"))
    first = run_system(corpus, system).fingerprint
    (here / "model" / "__pycache__").mkdir()
    (here / "model" / "__pycache__" / "x.pyc").write_text("made by running it")
    os.utime(weights)
    assert run_system(corpus, system).fingerprint == first
    weights.write_text("2")
    assert run_system(corpus, system).fingerprint != first
    weights.rename(weights.with_name("weight"))
    weights.with_name("weight").write_text("1")
    assert run_system(corpus, system).fingerprint != first


def test_what_a_run_writes_itself_is_not_watched(corpus: Corpus, here: Path) -> None:
    system = msgspec.structs.replace(module(here, GOOD), watch=(".",))
    run_system(corpus, system)
    (second,) = run(corpus, [system])
    assert second.reused is not None
    assert second.reused.documents == 6


@pytest.mark.parametrize("pattern", ["absent/**", "empty", "*.toml"])
def test_a_pattern_that_names_no_file_is_an_error(corpus: Corpus, here: Path, pattern: str) -> None:
    (here / "empty").mkdir()
    system = msgspec.structs.replace(module(here, GOOD), watch=(pattern,))
    with pytest.raises(ExtractorError, match="names no file"):
        run_system(corpus, system)


def test_a_torn_journal_line_is_taken_away(corpus: Corpus, here: Path) -> None:
    system = module(here, GOOD)
    run_system(corpus, system)
    (journal,) = (corpus.path / "runs/mine").glob("????????????.jsonl")
    whole = journal.read_bytes()
    journal.write_bytes(whole[:-30])
    assert run_system(corpus, system).failed == {}
    assert surfaces(corpus, "system/mine") == {f"d{i}": ["Herat"] for i in range(6)}


def test_two_runs_of_one_system_at_once_are_refused(corpus: Corpus, here: Path) -> None:
    system = module(here, GOOD)
    run_system(corpus, system)
    (path,) = (corpus.path / "runs/mine").glob("????????????.jsonl")
    with (
        journal.open_journal(path),
        pytest.raises(ExtractorError, match="another process is running this system"),
    ):
        run_system(corpus, system)


def test_facts_are_measured(corpus: Corpus, here: Path) -> None:
    code = "block = b'x' * 60_000_000\n" + GOOD.replace("    return", "    time.sleep(0.02)\n    return")
    found = run_system(corpus, module(here, code))
    assert found.speed.latency is not None
    assert 0.02 <= found.speed.latency.p50 <= found.speed.latency.p95 <= found.speed.latency.p99 < 1
    assert found.speed.documents is not None
    assert found.speed.characters is not None
    assert 5 < found.speed.documents <= 50
    characters = sum(len(document.text) for document in corpus.documents())
    assert found.speed.characters == pytest.approx(found.speed.documents * characters / 6)
    assert found.speed.startup is not None
    assert 0.02 < found.speed.startup < 30
    assert found.speed.memory is not None
    assert 60_000_000 < found.speed.memory < 400_000_000


def test_usage_is_summed_also_of_failed_documents(corpus: Corpus, here: Path) -> None:
    code = """
from goldwire.eval.systems.extractor import DocumentError
def extract(document):
    usage = {"usage": {"tokens_in": 10, "cost": 0.5, "remark": "x"}}
    if document.id == "d0":
        raise DocumentError("refused", usage)
    return {"provenance": {"details": usage}}
"""
    found = run_system(corpus, module(here, code))
    assert found.usage == {"cost": 3.0, "tokens_in": 60}


def test_facts_hold_for_the_layer_they_were_made_with(corpus: Corpus, here: Path) -> None:
    found = run_system(corpus, module(here, GOOD))
    assert facts.read(corpus, "mine") == found
    corpus.write_layer("system/mine", [])
    assert facts.read(corpus, "mine") is None


RUNNER = """
import sys
from pathlib import Path
from goldwire.corpora.store import open_corpus
from goldwire.eval.systems.run import run_system
from goldwire.eval.systems.config import parse_system
run_system(open_corpus(Path("corpus")), parse_system("mine=python:mine:extract"), workers=2)
"""

SLOW = """
def extract(document):
    time.sleep(0.01)
    with open("log", "a") as file:
        file.write(document.id + "\\n")
    return {"mentions": [{"type": "GPE", "spans": [[16, 21]]}]}
"""


KILLS = int(os.environ.get("GOLDWIRE_KILLS", "6"))


@pytest.mark.slow
def test_a_killed_run_loses_and_doubles_nothing(tmp_path: Path, here: Path) -> None:
    documents = [make_document(f"d{i:02}", f"{TEXT} {i}") for i in range(60)]
    corpus = create_corpus(tmp_path / "corpus", Manifest(name="t", ontology="conflict"), documents)
    module(here, SLOW)
    chance = random.Random(5)
    for _ in range(KILLS):
        complete = journaled(corpus)
        run_and_kill(here, chance.uniform(0.0, 0.8))
        assert not complete & set(logged(here)), "what was complete was run again"
        assert_sound(corpus)
        assert complete <= journaled(corpus)
    subprocess.run([sys.executable, "-c", RUNNER], cwd=here, check=True)
    interrupted = corpus.layer_path("system/mine").read_bytes()
    run_system(corpus, parse_system("mine=python:mine:extract"), fresh=True)
    assert corpus.layer_path("system/mine").read_bytes() == interrupted
    assert surfaces(corpus, "system/mine") == {document.id: ["Herat"] for document in documents}


def run_and_kill(folder: Path, seconds: float) -> None:
    """Start a run and kill it after a while, or after it has ended."""
    (folder / "log").unlink(missing_ok=True)
    with subprocess.Popen([sys.executable, "-c", RUNNER], cwd=folder) as process:
        time.sleep(seconds)
        process.kill()


def logged(folder: Path) -> list[str]:
    """The documents that a system has begun since the log was cleared; workers of a killed run end first."""
    deadline = time.monotonic() + 10
    while workers_of(folder):
        assert time.monotonic() < deadline, "a worker outlived its run"
        time.sleep(0.01)
    return (folder / "log").read_text().split() if (folder / "log").exists() else []


def workers_of(folder: Path) -> list[int]:
    """The worker processes that run in a folder."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            command = (entry / "cmdline").read_bytes()
            if b"goldwire.eval.systems.worker" in command and (entry / "cwd").readlink() == folder:
                found.append(int(entry.name))
    return [pid for pid in found if is_running(pid)]


def journaled(corpus: Corpus) -> set[str]:
    """The documents whose entries are whole in the journal."""
    keys = {journal.document_key(document): document.id for document in corpus.documents()}
    found = set()
    for path in (corpus.path / "runs").glob("mine/????????????.jsonl"):
        for line in path.read_bytes().split(b"\n")[:-1]:
            entry = json.loads(line)
            if entry["type"] == "document":
                found.add(keys[entry["key"]])
    return found


def assert_sound(corpus: Corpus) -> None:
    """The corpus opens, its layers fit, and no half-written file is in the way."""
    again = open_corpus(corpus.path)
    documents = {document.id: document for document in again.documents()}
    for name in again.layers():
        for id, annotations in again.layer(name).items():
            assert annotation_faults(annotations, documents[id], again.ontology()) == []
