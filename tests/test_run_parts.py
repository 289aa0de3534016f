"""`eval run --part` and the merge of its parts: what one machine would have made of the whole corpus."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import ModuleType
from typing import Any, Self

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldwire.corpora.errors import DataError, ExtractorError
from goldwire.corpora.parts import Part
from goldwire.corpora.store import (
    Corpus,
    Manifest,
    create_corpus,
    make_document,
    write_documents,
)
from goldwire.eval.parts import ranks
from goldwire.eval.parts.file import Header, encode, write
from goldwire.eval.parts.layer import merge_runs
from goldwire.eval.parts.merge import check_wholes, find_files
from goldwire.eval.parts.run import keep_parts, run_part
from goldwire.eval.systems import facts, journal, publish
from goldwire.eval.systems.config import System, parse_system
from goldwire.eval.systems.facts import Facts
from goldwire.eval.systems.function import InProcess
from goldwire.eval.systems.run import Outcome, run, run_system
from goldwire.eval.systems.worker import Job

# What the facts tell of time, and when they were made.
TIMES = {"created": "", "speed": facts.Speed()}
# Fails on every seventh document; gives what is to be rejected; says what it costs, and something at times.
CODE = """
import os
class Extractor:
    name, version, provides = "mine", "1.0", frozenset({"mentions"})
    notes = ["opened"]
    def extract(self, documents):
        for document in documents:
            with open("calls", "a") as file:
                file.write(document.id + "\\n")
            number = int(document.id[1:])
            if number % 7 == 3:
                raise ValueError(f"no such word {number % 2}")
            if number % 5 == 0:
                self.notes.append(f"five of {number % 3}")
            yield {
                "mentions": [
                    {"type": "GPE", "spans": [[16, 21]], "text": "Herat"},
                    {"type": "NOWHERE", "spans": [[0, 6]], "text": "Rebels"},
                    {"type": "MIL", "spans": [[0, 900]], "text": f"beyond {number}"},
                ],
                "provenance": {"details": {"usage": {"cost": number / 300, "tokens_in": number}}},
            }
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, in which modules and programs of a test lie."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text(CODE)
    return tmp_path


def documents(number: int) -> list[Any]:
    """Documents, not in order of id, with near-duplicates in groups of two or three."""
    found = [
        make_document(
            f"d{i}", f"Rebels attacked Herat on Monday. {i}", group=f"d{i - i % 3}" if i % 2 else None
        )
        for i in range(number)
    ]
    random.Random(3).shuffle(found)
    return found


class Here:
    """Stands in for the pool of worker processes: the system runs in the process of the test."""

    def __init__(self, job: Job, **_: Any) -> None:
        code: dict[str, Any] = {}
        exec(Path("mine.py").read_text(), code)
        self.run = InProcess(code["Extractor"](**job.context.options)).run

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass


@pytest.fixture(autouse=True)
def in_process(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """No worker processes, but where they matter."""
    if request.node.get_closest_marker("slow") is None:
        monkeypatch.setattr("goldwire.eval.systems.run.Pool", Here)


@pytest.fixture
def corpus(here: Path) -> Corpus:
    return create_corpus(here / "corpus", Manifest(name="t", ontology="conflict"), documents(60))


def system(**changes: Any) -> System:
    return msgspec.structs.replace(parse_system("mine=python:mine:Extractor"), **changes)


def run_parts(corpus: Corpus, systems: list[System], of: int, folder: Path, **how: Any) -> list[Outcome]:
    """All parts, one after the other in random order."""
    numbers = random.Random(of).sample(range(1, of + 1), of)
    return [one for n in numbers for one in keep_parts(corpus, systems, Part(n, of), folder, **how)]


def merge(corpus: Corpus, folder: Path) -> list[Outcome]:
    return [merge_runs(corpus, whole) for whole in check_wholes(find_files([folder]))]


def files(corpus: Corpus, name: str) -> dict[str, bytes]:
    """The layer and the quarantine file of a system, byte by byte."""
    paths = (corpus.layer_path(f"system/{name}"), journal.folder(corpus, name) / publish.QUARANTINE)
    return {path.name: path.read_bytes() for path in paths if path.exists()}


def timeless(found: Facts | None) -> Facts:
    assert found is not None
    return msgspec.structs.replace(found, **TIMES)


def calls(folder: Path) -> list[str]:
    return sorted((folder / "calls").read_text().split()) if (folder / "calls").exists() else []


# ---------------------------------------------------------------- equal to one machine
@pytest.mark.slow
@pytest.mark.parametrize("of", [1, 12, 100])
def test_parts_make_what_one_machine_makes(corpus: Corpus, here: Path, of: int) -> None:
    """100 parts of 60 documents: most have none."""
    mine = system(allow_failures="20%")
    alone = run_system(corpus, mine, workers=1)
    before = files(corpus, "mine")
    assert set(before) == {"mine.jsonl", "quarantine.jsonl"}
    corpus.layer_path("system/mine").unlink()
    (journal.folder(corpus, "mine") / publish.QUARANTINE).unlink()
    (journal.folder(corpus, "mine") / facts.FILE).unlink()
    run_parts(corpus, [mine], of, here / "parts")
    [outcome] = merge(corpus, here / "parts")
    assert files(corpus, "mine") == before
    assert timeless(outcome.facts) == timeless(alone)
    read = facts.read(corpus, "mine")
    assert read == outcome.facts
    # By hand, of 60 documents: 3, 10, 17 … 59 fail, which is 9; 20 % is 12.
    assert read is not None
    assert (read.documents, len(read.failed), read.allowed) == (60, 9, 12)
    assert outcome.status == 0


@pytest.mark.slow
def test_runs_seeds_and_label_maps_are_as_on_one_machine(corpus: Corpus, here: Path) -> None:
    from goldwire.eval.systems.runs import expand

    (here / "map.toml").write_text('[mentions]\nNOWHERE = "GPE"\n')
    both = [system(labels=str(here / "map.toml")), system(name="other", seed=7, allow_failures=3)]
    systems = expand(both, 2).systems
    found = run(corpus, systems)
    assert [outcome.error for outcome in found] == [None] * 4
    before = {one.name: files(corpus, one.name) for one in systems}
    run_parts(corpus, systems, 5, here / "parts")
    merged = {outcome.system: outcome for outcome in merge(corpus, here / "parts")}
    for outcome in found:
        assert files(corpus, outcome.system) == before[outcome.system]
        assert timeless(merged[outcome.system].facts) == timeless(outcome.facts)
        assert merged[outcome.system].status == outcome.status == 1
    assert timeless(merged["other/2"].facts).seed == 8


@pytest.mark.slow
def test_a_system_that_learns_from_the_corpus_learns_from_all_of_it(corpus: Corpus, here: Path) -> None:
    lines = [{"type": "GPE", "spans": [[16, 21]], "text": "Herat"}]
    rows = [{"document": document.id, "mentions": lines} for document in corpus.documents()]
    (here / "gold.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    subprocess.run(
        [sys.executable, "-m", "goldwire", "corpus", "import", "corpus", "gold.jsonl", "--layer", "gold"],
        check=True,
        capture_output=True,
    )
    learns = parse_system("learnt=sklearn")
    run_system(corpus, learns)
    before = files(corpus, "learnt")
    run_parts(corpus, [learns], 3, here / "parts")
    merge(corpus, here / "parts")
    assert files(corpus, "learnt") == before


def test_latency_is_that_of_all_documents(corpus: Corpus, here: Path) -> None:
    run_parts(corpus, [system()], 3, here / "parts")
    [outcome] = merge(corpus, here / "parts")
    lines = [
        line
        for path in journal.folder(corpus, "mine").glob("*-of-3.jsonl")
        for line in msgspec.json.Decoder(journal.Line).decode_lines(path.read_bytes())
    ]
    done = [line for line in lines if isinstance(line, journal.Entry)]
    good = sorted(entry.seconds for entry in done if entry.error is None)
    assert len(good) == 51
    assert outcome.facts is not None
    # The nearest ranks of 51 values: ceil(25.5), ceil(48.45), ceil(50.49).
    assert outcome.facts.speed.latency == facts.Latency(good[25], good[48], good[50])
    assert outcome.facts.speed.documents is not None


@given(st.lists(st.floats(0, 1e9), min_size=1, max_size=60), st.integers(1, 7), st.data())
def test_values_of_ranks_are_those_of_sorting(values: list[float], size: int, data: st.DataObject) -> None:
    rank = data.draw(st.integers(1, len(values)))
    blocks = [np.array(values[at : at + size]) for at in range(0, len(values), size)]
    assert ranks.find(lambda: iter(blocks), [rank]) == [sorted(values)[rank - 1]]


# ---------------------------------------------------------------- again and again
def test_a_part_that_is_there_is_not_run_again_and_says_so(corpus: Corpus, here: Path) -> None:
    (here / "mine.py").write_text(CODE.replace("number % 7 == 3", "False"))
    [first] = keep_parts(corpus, [system()], Part(2, 3), here / "parts")
    assert (first.part, first.there, first.status) == ("2/3", False, 0)
    made, done = Path(str(first.path)).read_bytes(), calls(here)
    for path in journal.folder(corpus, "mine").glob("*.jsonl"):
        path.unlink()  # as on a machine that has the file, and not the journal
    [again] = keep_parts(corpus, [system()], Part(2, 3), here / "parts")
    assert (again.there, again.path) == (True, first.path)
    assert timeless(again.facts) == timeless(first.facts)
    assert Path(str(first.path)).read_bytes() == made
    assert calls(here) == done
    [anew] = keep_parts(corpus, [system()], Part(2, 3), here / "parts", fresh=True)
    assert not anew.there
    assert calls(here) == sorted(done * 2)


def test_of_a_part_that_is_run_again_only_what_failed_is_run(corpus: Corpus, here: Path) -> None:
    [first] = keep_parts(corpus, [system()], Part(1, 2), here / "parts")
    assert first.facts is not None
    failed, done = list(first.facts.failed), calls(here)
    assert 0 < len(failed) < len(done)
    [again] = keep_parts(corpus, [system()], Part(1, 2), here / "parts")
    assert calls(here) == sorted([*done, *failed])
    assert again.path == first.path
    assert again.reused is not None


def test_a_damaged_part_is_made_again_from_its_journal(corpus: Corpus, here: Path) -> None:
    (here / "mine.py").write_text(CODE.replace("number % 7 == 3", "False"))
    [first] = keep_parts(corpus, [system()], Part(1, 2), here / "parts")
    path, done = Path(str(first.path)), calls(here)
    whole = path.read_bytes()
    path.write_bytes(whole[:-100])
    [again] = keep_parts(corpus, [system()], Part(1, 2), here / "parts")
    assert not again.there
    assert path.read_bytes() == whole
    assert calls(here) == done


def test_the_bytes_of_a_part_are_what_lies_in_the_folder(corpus: Corpus, here: Path) -> None:
    (here / "mine.py").write_text(CODE.replace("number % 7 == 3", "False"))
    data = run_part(corpus, system(), Part(1, 2))
    [kept] = keep_parts(corpus, [system()], Part(1, 2), here / "parts")
    assert data == Path(str(kept.path)).read_bytes()


@pytest.mark.slow
def test_a_part_killed_in_mid_run_and_run_again_runs_nothing_twice_that_succeeded(
    corpus: Corpus, here: Path
) -> None:
    slow = CODE.replace("number % 7 == 3", "False").replace(
        "            yield", "            nap(0.03); yield"
    )
    (here / "mine.py").write_text("from time import sleep as nap" + slow)
    command = [sys.executable, "-m", "goldwire", "eval", "run", "corpus", "--system"]
    command += ["mine=python:mine:Extractor", "--part", "1/1"]
    for target in (5, 20, 40):
        running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while len(calls(here)) < target and running.poll() is None:
            time.sleep(0.01)
        os.kill(running.pid, signal.SIGKILL)
        assert running.wait() == -signal.SIGKILL
    assert list((here / "parts").iterdir()) == []
    subprocess.run(command, check=True, capture_output=True)
    assert len(set(calls(here))) == 60
    # At each kill a worker has two documents at most, of which nobody has heard that they are done.
    assert len(calls(here)) <= 60 + 3 * 2
    merge(corpus, here / "parts")
    assert len(corpus.layer("system/mine")) == 60


def test_of_two_at_once_on_one_part_the_second_is_told(corpus: Corpus, here: Path) -> None:
    keep_parts(corpus, [system()], Part(1, 2), here / "parts")
    [path] = journal.folder(corpus, "mine").glob("*-1-of-2.jsonl")
    with journal.open_journal(path):
        [second] = keep_parts(corpus, [system()], Part(1, 2), here / "parts")
        [other] = keep_parts(corpus, [system()], Part(2, 2), here / "parts")
    assert "another process is running this system" in str(second.error)
    assert (second.status, other.status) == (2, 0)


def test_files_of_parts_are_never_watched(corpus: Corpus, here: Path) -> None:
    """Else each part would be of another state than the one before."""
    (here / "mine.py").write_text(CODE.replace("number % 7 == 3", "False"))
    everything = system(watch=("mine.py", "parts/"))
    (here / "parts").mkdir()
    (here / "parts" / "note.txt").write_text("watched")
    run_parts(corpus, [everything], 3, here / "parts")
    assert merge(corpus, here / "parts")[0].status == 0


# ---------------------------------------------------------------- failures
def test_a_part_in_which_all_failed_is_a_part_and_the_whole_tells(corpus: Corpus, here: Path) -> None:
    """Parts so small that nothing is stopped early."""
    (here / "mine.py").write_text(CODE.replace("number % 7 == 3", "number != 30"))
    outcomes = run_parts(corpus, [system()], 40, here / "parts")
    assert {outcome.status for outcome in outcomes} == {0}
    [outcome] = merge(corpus, here / "parts")
    assert outcome.facts is not None
    assert len(outcome.facts.failed) == 59
    assert outcome.status == 1


def test_where_no_document_succeeded_nothing_is_written(corpus: Corpus, here: Path) -> None:
    (here / "mine.py").write_text(CODE.replace("number % 7 == 3", "True"))
    run_parts(corpus, [system()], 40, here / "parts")
    with pytest.raises(ExtractorError, match="none of 60 documents succeeded"):
        merge(corpus, here / "parts")
    assert not corpus.layer_path("system/mine").exists()


def test_a_part_that_fails_throughout_is_stopped_early(corpus: Corpus, here: Path) -> None:
    (here / "mine.py").write_text(CODE.replace("number % 7 == 3", "True").replace("{number % 2}", ""))
    [outcome] = keep_parts(corpus, [system()], Part(1, 2), here / "parts")
    assert "stopped after 5 of" in str(outcome.error)
    assert (outcome.status, outcome.part) == (2, "1/2")
    assert list((here / "parts").iterdir()) == []


# ---------------------------------------------------------------- what is refused
def told(folder: Path, corpus: Corpus) -> str:
    with pytest.raises(DataError) as error:
        merge(corpus, folder)
    return "\n".join([error.value.what, *map(str, error.value.faults)])


def test_missing_and_doubled_parts_are_named_all_at_once(corpus: Corpus, here: Path) -> None:
    outcomes = run_parts(corpus, [system(), system(name="other")], 6, here / "parts")
    paths = {(outcome.system, outcome.part): Path(str(outcome.path)) for outcome in outcomes}
    paths["mine", "2/6"].unlink()
    paths["mine", "3/6"].unlink()
    (here / "parts" / "copy.part").write_bytes(paths["other", "5/6"].read_bytes())
    said = told(here / "parts", corpus)
    assert "missing: mine: 2-3 of 6" in said
    assert "doubled: other: part 5 of 6" in said
    assert corpus.layers() == []


CHANGES: dict[str, dict[str, Any]] = {
    "failures allowed": {"allow_failures": 2},
    "seed": {"seed": 5},
    "state": {"options": {"factor": 2}},
    "what systems.toml says of the system": {"deterministic": True},
}


@pytest.mark.parametrize("trait", CHANGES)
def test_parts_of_other_states_are_foreign(corpus: Corpus, here: Path, trait: str) -> None:
    (here / "mine.py").write_text(CODE + "    def __init__(self, factor=1):\n        pass\n")
    for number in (1, 2, 3):
        changes = CHANGES[trait] if number == 2 else {}
        keep_parts(corpus, [system(**changes)], Part(number, 3), here / "parts")
    said = told(here / "parts", corpus)
    assert "missing: mine: 2 of 3" in said
    assert f"{trait} (" in said


def test_parts_of_other_numbers_are_foreign(corpus: Corpus, here: Path) -> None:
    run_parts(corpus, [system()], 2, here / "parts")
    keep_parts(corpus, [system()], Part(2, 3), here / "parts")
    assert "parts (3 / 2)" in told(here / "parts", corpus)


def test_parts_of_runs_and_of_scores_are_merged_apart(corpus: Corpus, here: Path) -> None:
    run_parts(corpus, [system()], 1, here / "parts")
    score = Header(kind="score", name="plan", part="1/1", alike={"plan": "1"})
    write(here / "parts", score, encode(score, b""))
    assert "parts of runs and of scores, which are merged apart" in told(here / "parts", corpus)


def test_parts_of_other_documents_are_foreign_and_not_those_of_the_corpus(corpus: Corpus, here: Path) -> None:
    run_parts(corpus, [system()], 2, here / "parts")
    write_documents(corpus, [*corpus.documents(), make_document("x1", "One more.")])
    assert "documents is not as in the parts" in told(here / "parts", corpus)
    keep_parts(corpus, [system()], Part(2, 2), here / "parts")
    assert "documents (" in told(here / "parts", corpus)


def test_a_system_that_calls_itself_otherwise_in_some_parts_is_refused(
    corpus: Corpus, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program whose version is that of the machine: nothing else tells."""
    (here / "mine.py").write_text(CODE.replace('"1.0"', "os.environ['RELEASE']"))
    for number, release in ((1, "1.0"), (2, "1.1"), (3, "1.0")):
        monkeypatch.setenv("RELEASE", release)
        keep_parts(corpus, [system()], Part(number, 3), here / "parts")
    said = told(here / "parts", corpus)
    assert "mine 1.0 (mentions): part 1, 3" in said
    assert "mine 1.1 (mentions): part 2" in said
    assert corpus.layers() == []


def test_a_merge_takes_the_place_of_what_was_there(corpus: Corpus, here: Path) -> None:
    run_system(corpus, system())
    before = files(corpus, "mine")
    sound = CODE.replace("NOWHERE", "MIL").replace("[0, 900]", "[7, 15]")
    (here / "mine.py").write_text(sound.replace('f"beyond {number}"', '"attacked"'))
    run_parts(corpus, [system()], 3, here / "parts")
    merge(corpus, here / "parts")
    assert files(corpus, "mine").keys() < before.keys()  # nothing is rejected any more
    assert len(corpus.layer("system/mine")["d0"].mentions) == 3
    assert facts.read(corpus, "mine") is not None
    assert not list(corpus.path.rglob(".*tmp"))


# ---------------------------------------------------------------- paid for once
def test_each_answer_is_paid_for_once_and_the_costs_are_those_of_one_machine(
    corpus: Corpus, here: Path, serving: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("goldwire.eval.systems.run.Pool", serving.Here)
    good = json.dumps({"mentions": [{"type": "GPE", "quote": "Herat", "occurrence": 1}], "events": []})
    message = {"message": {"role": "assistant", "content": good}, "index": 0, "finish_reason": "stop"}
    reply = {"choices": [message], "usage": {"prompt_tokens": 1001, "completion_tokens": 203}}
    options = {"wait": 0.01, "price": {"input": 1.0, "output": 10.0}, "max_tokens": 300}
    with serving.serving(serving.Reply(reply)) as server:
        model = msgspec.structs.replace(parse_system(f"m=llm:tiny@{server.url}/v1"), options=options)
        run_parts(corpus, [model], 4, here / "parts")
        run_parts(corpus, [model], 4, here / "parts")
        assert len(server.requests) == 60
        [merged] = merge(corpus, here / "parts")
        assert merged.spent is not None
        # 60 answers of 1001 tokens in and 203 out.
        assert merged.spent.cost == pytest.approx(60 * (1001e-6 + 2030e-6))
        [refused] = run(corpus, [model])
        assert "were paid for in another division of the corpus" in str(refused.error)
        [refused] = keep_parts(corpus, [model], Part(1, 3), here / "parts")
        assert "would be paid for again" in str(refused.error)
        assert len(server.requests) == 60
        layer = files(corpus, "m")
        [alone] = run(corpus, [model], fresh=True)
        assert len(server.requests) == 120
    assert files(corpus, "m") == layer
    assert timeless(alone.facts) == timeless(merged.facts)
    assert alone.spent == merged.spent


# ---------------------------------------------------------------- on the command line
def test_the_commands_say_what_was_made_and_what_to_do_next(corpus: Corpus, here: Path, said_by: Any) -> None:
    line = ("eval", "run", "corpus", "--system", "mine=python:mine:Extractor", "--part")
    code, out, told = said_by(*line, "1/2")
    assert code == 0
    assert "mine: part 1/2, " in out
    assert "how many may fail is said of all parts, when they are merged" in out
    assert "goldwire eval merge parts --into corpus" in told
    code, _, told = said_by("eval", "merge", "parts", "--into", "corpus")
    assert code == 2
    assert "missing: mine: 2 of 2" in told
    code, out, _ = said_by(*line, "2/2", "--json")
    [made] = json.loads(out)
    assert (code, made["part"], made["there"]) == (0, "2/2", False)
    assert Path(made["path"]).is_file()
    code, _, told = said_by("eval", "merge", "parts", "--record", "r.json")
    assert code == 2
    assert "give --into DIR" in told
    code, out, _ = said_by("eval", "merge", "parts", "--into", "corpus")
    assert code == 1  # nine failed, and none was allowed to
    assert "mine: layer system/mine, 60 documents by mine 1.0" in out


def test_without_a_part_no_folder_of_parts_is_taken(corpus: Corpus, said_by: Any) -> None:
    code, _, told = said_by("eval", "run", "corpus", "--system", "mine=lexicon", "--parts", "parts")
    assert code == 2
    assert "without --part K/N" in told


def test_the_error_of_a_part_is_that_of_the_corpus(corpus: Corpus, here: Path, said_by: Any) -> None:
    path = corpus.path / "documents.jsonl"
    path.write_text(path.read_text().replace("Monday", "Tuesday"))
    code, _, told = said_by("eval", "run", "corpus", "--system", "mine=lexicon", "--part", "1/1")
    assert code == 2
    assert "corpus/documents.jsonl" in told
    assert "goldwire-part-" not in told
