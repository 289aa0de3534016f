"""Systems run on a packed corpus, part by part: the layer of the unpacked one, added to it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import goldwire as gw
from goldwire.corpora.errors import CorpusError
from goldwire.corpora.packed import tables
from goldwire.corpora.packed.address import parse
from goldwire.corpora.packed.pack import pack
from goldwire.corpora.packed.unpack import unpack
from goldwire.corpora.store import Corpus, open_corpus
from goldwire.testing import builders

FIND = """
import json, sys, time
open(__file__ + ".starts", "a").write("x")
for line in sys.stdin:
    document = json.loads(line)
    open(__file__ + ".log", "a").write(document["document"] + "\\n")
    at = document["text"].find("Balkh")
    mentions = [{"type": "GPE", "start": at, "end": at + 5}]
    if document["document"].endswith("3"):
        mentions.append({"type": "GPE", "start": 900, "end": 905})
    time.sleep(PAUSE)
    print(json.dumps({"document": document["document"], "mentions": mentions}), flush=True)
"""


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cache and a working folder of the test's own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    """Forty documents in order of id, every seventh a near-duplicate of the one before, with gold."""
    documents = [
        builders.document(
            f"Rebels shelled Balkh, report {n}.", f"d{n:02}", group=f"d{n - n % 7:02}" if n % 7 < 2 else None
        )
        for n in range(40)
    ]
    gold = [builders.annotate(one, ("Balkh", "GPE")) for one in documents]
    return builders.corpus(tmp_path / "work", documents, {"gold": gold})


@pytest.fixture
def packed(corpus: Corpus, tmp_path: Path) -> Path:
    """The same, packed in four parts."""
    pack(corpus, parse(tmp_path / "packed"), parts=4, tell=lambda _: None)
    return tmp_path / "packed"


@pytest.fixture
def find(tmp_path: Path) -> Path:
    """A program that finds a town, and now and then what is outside the text."""
    path = tmp_path / "find.py"
    path.write_text(FIND.replace("PAUSE", "0"))
    return path


def system(path: Path, name: str = "mine") -> tuple[str, str]:
    return "--system", f"{name}=cmd:{sys.executable} {path}"


def begun(path: Path) -> list[str]:
    """The documents that the program was given, in that order."""
    log = Path(f"{path}.log")
    return log.read_text().split() if log.exists() else []


def unpacked(address: str | Path, folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    unpack(parse(address), folder, tell=lambda _: None)
    return folder


def facts_but_times(folder: Path) -> dict[str, Any]:
    found = json.loads((folder / "runs/mine/facts.json").read_bytes())
    return {name: value for name, value in found.items() if name not in ("created", "speed")}


def check_same(there: Path, here: Path) -> None:
    """What a run wrote into two corpora is the same: layer and quarantine to the last byte, and the facts."""
    for name in ("layers/system/mine.jsonl", "runs/mine/quarantine.jsonl"):
        assert (there / name).read_bytes() == (here / name).read_bytes()
    assert facts_but_times(there) == facts_but_times(here)


def test_a_run_adds_the_layer_of_the_unpacked_corpus(
    corpus: Corpus, packed: Path, find: Path, tmp_path: Path, said_by: Callable[..., Any]
) -> None:
    before = {path.name for path in packed.rglob("*.parquet")}
    said = said_by("eval", "run", packed, *system(find), "--json")
    assert (said.code, said.json[0]["error"]) == (0, None), said.err
    assert len(Path(f"{find}.starts").read_text()) == 1  # one process for all parts
    assert before < {path.name for path in packed.rglob("*.parquet")}
    assert said_by("eval", "run", corpus.path, *system(find)).code == 0
    check_same(unpacked(packed, tmp_path / "back"), corpus.path)
    assert not [*Path("parts").rglob("*.part")]
    # Lines are in the parts of their documents: what is scored by parts is what is scored as a whole.
    for number in (1, 2, 3, 4):
        score = ("eval", "score", packed, "--measure", "entity", "--part", f"{number}/4", "--parts", "scores")
        assert said_by(*score).code == 0
    assert said_by("eval", "merge", "scores", "--record", "parts.json").code == 0
    assert said_by("eval", "score", corpus.path, "--measure", "entity", "--record", "whole.json").code == 0
    one, other = (json.loads(Path(name).read_bytes()) for name in ("parts.json", "whole.json"))
    drop = ("created", "systems")  # in whose facts there are times
    assert {k: v for k, v in one.items() if k not in drop} == {
        k: v for k, v in other.items() if k not in drop
    }


@pytest.mark.parametrize("of", [1, 3, 8])
def test_parts_of_any_number_merge_into_the_packed_corpus(  # noqa: PLR0917 - fixtures
    of: int, corpus: Corpus, packed: Path, find: Path, tmp_path: Path, said_by: Callable[..., Any]
) -> None:
    for number in range(1, of + 1):
        said = said_by("eval", "run", packed, *system(find), "--part", f"{number}/{of}")
        assert said.code == 0, said.err
    assert sorted(begun(find)) == [f"d{n:02}" for n in range(40)]
    assert said_by("eval", "merge", "parts", "--into", packed).code == 0
    assert said_by("eval", "merge", "parts", "--into", corpus.path).code == 0  # and into that of the same
    check_same(unpacked(packed, tmp_path / "back"), corpus.path)
    assert said_by("eval", "merge", "parts", "--into", packed).code == 0  # again: it is there


def test_a_part_reads_its_own_files_alone(
    packed: Path, find: Path, said_by: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    read, bring = list[str](), tables.bring
    monkeypatch.setattr(tables, "bring", lambda *given: (read.append(given[1]), bring(*given)))
    assert said_by("eval", "run", packed, *system(find), "--part", "2/8").code == 0
    [name] = {name for name in read if name.endswith(".parquet")}
    assert name.startswith("documents/part-00002-of-00004-")


def test_what_is_there_is_not_run_again_and_what_differs_is_refused_before_it_runs(
    packed: Path, find: Path, said_by: Callable[..., Any]
) -> None:
    assert said_by("eval", "run", packed, *system(find)).code == 0
    again = said_by("eval", "run", packed, *system(find))
    assert (again.code, "nothing was run" in again.out, len(begun(find))) == (0, True, 40)
    fresh = said_by("eval", "run", packed, *system(find), "--fresh")
    assert (fresh.code, "nothing is written over" in fresh.out) == (2, True)
    find.write_text(find.read_text() + "# changed\n")
    other = said_by("eval", "run", packed, *system(find))
    assert (other.code, "another state of it" in other.out, len(begun(find))) == (2, True, 40)
    assert said_by("eval", "run", packed, *system(find, "other")).code == 0
    assert open_corpus(packed).layers() == ["gold", "system/mine", "system/other"]


def test_a_layer_that_came_meanwhile_is_not_written_over(
    corpus: Corpus, packed: Path, find: Path, said_by: Callable[..., Any]
) -> None:
    assert said_by("eval", "run", packed, *system(find), "--part", "1/1").code == 0
    corpus.write_layer("system/mine", corpus.layer("gold").values())
    assert said_by("corpus", "pack", corpus.path, packed, "--layer", "system/mine").code == 0
    said = said_by("eval", "merge", "parts", "--into", packed)
    assert (said.code, "has another layer 'system/mine'" in said.out) == (2, True)
    assert open_corpus(packed).layer("system/mine") == corpus.layer("gold")


def test_options_that_cannot_be_had_are_refused(
    packed: Path, corpus: Corpus, find: Path, said_by: Callable[..., Any]
) -> None:
    for option in (("--budget", "1"), ("--batch", "batch"), ("--save", "model.npz")):
        said = said_by("eval", "run", packed, *system(find), *option)
        assert (said.code, "on a packed corpus" in said.err) == (2, True)
    said = said_by("eval", "run", corpus.path, *system(find), "--parts", "parts")
    assert (said.code, "without --part" in said.err) == (2, True)
    with pytest.raises(CorpusError, match="packed corpus is not changed"):
        gw.open(packed).run(f"cmd:{sys.executable} {find}")
    assert begun(find) == []


def test_a_system_that_learns_runs_on_a_packed_corpus(
    corpus: Corpus, packed: Path, tmp_path: Path, said_by: Callable[..., Any]
) -> None:
    pytest.importorskip("scipy")
    for folder in (packed, corpus.path):
        said = said_by("eval", "run", folder, "--system", "mine=sklearn")
        assert said.code == 0, said.out
    there = unpacked(packed, tmp_path / "back") / "layers/system/mine.jsonl"
    assert there.read_bytes() == corpus.layer_path("system/mine").read_bytes()


# ---------------------------------------------------------------- ended, doubled, damaged
def command(packed: object, find: Path) -> list[str]:
    return [sys.executable, "-m", "goldwire", "eval", "run", str(packed), *system(find)]


@pytest.mark.slow
def test_killed_at_any_time_the_same_command_goes_on(
    corpus: Corpus, packed: Path, find: Path, tmp_path: Path, said_by: Callable[..., Any]
) -> None:
    find.write_text(FIND.replace("PAUSE", "0.05"))
    for done in (3, 15, 28):
        process = subprocess.Popen(command(packed, find), start_new_session=True)
        while len(begun(find)) < done and process.poll() is None:
            time.sleep(0.01)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        assert open_corpus(packed).layers() == ["gold"]
    assert said_by("eval", "run", packed, *system(find)).code == 0
    assert len(begun(find)) <= 40 + 3 * 3  # what a process had in hand when it was killed comes again
    assert said_by("eval", "run", corpus.path, *system(find)).code == 0
    check_same(unpacked(packed, tmp_path / "back"), corpus.path)


@pytest.mark.slow
def test_killed_while_the_layer_is_added_it_is_there_or_not(
    corpus: Corpus, packed: Path, find: Path, tmp_path: Path, said_by: Callable[..., Any]
) -> None:
    assert said_by("eval", "run", corpus.path, *system(find)).code == 0
    whole = begun(find)
    code = (
        "import os, sys\nfrom goldwire.corpora.packed import storage\n"
        "left = [int(sys.argv.pop(1))]\n"
        "def dying(what):\n"
        "    def call(self, *given):\n"
        "        if not left[0]: os.kill(os.getpid(), 9)\n"
        "        left[0] -= 1\n        return what(self, *given)\n"
        "    return call\n"
        "storage.Folder.create = dying(storage.Folder.create)\n"
        "storage.Folder.replace = dying(storage.Folder.replace)\n"
        "from goldwire.__main__ import main\nmain()\n"
    )
    words = command(packed, find)[3:]
    for number in range(7):  # four parts of the layer, two files, the index
        killed = subprocess.run([sys.executable, "-c", code, str(number), *words], check=False)
        assert killed.returncode == -signal.SIGKILL
        assert open_corpus(packed).layers() == ["gold"]
    assert subprocess.run([sys.executable, "-c", code, "9", *words], check=False).returncode == 0
    assert len(begun(find)) == len(whole) + 40
    check_same(unpacked(packed, tmp_path / "back"), corpus.path)


@pytest.mark.slow
def test_of_two_at_once_nothing_is_lost(
    corpus: Corpus, packed: Path, find: Path, tmp_path: Path, said_by: Callable[..., Any]
) -> None:
    find.write_text(FIND.replace("PAUSE", "0.02"))
    both = [subprocess.Popen(command(packed, find)) for _ in range(2)]
    assert 0 in [process.wait() for process in both]
    apart = [
        subprocess.Popen([*command(packed, find)[:-1], system(find, f"s{n}")[1], "--parts", f"at-{n}"])
        for n in range(2)
    ]
    assert [process.wait() for process in apart] == [0, 0]
    assert open_corpus(packed).layers() == ["gold", "system/mine", "system/s0", "system/s1"]
    assert said_by("eval", "run", corpus.path, *system(find)).code == 0
    check_same(unpacked(packed, tmp_path / "back"), corpus.path)


def test_part_files_that_are_foreign_or_damaged_are_made_anew_or_refused(
    corpus: Corpus, packed: Path, find: Path, tmp_path: Path, said_by: Callable[..., Any]
) -> None:
    # What lies where parts wait: one that is damaged, one of other documents.
    assert said_by("eval", "run", packed, *system(find), "--part", "1/4").code == 0
    [part] = Path("parts").glob("*.part")
    waiting = Path("parts/runs/mine/parts")
    waiting.mkdir()
    (waiting / part.name).write_bytes(part.read_bytes()[:-1] + b"x")
    other = builders.corpus(tmp_path / "other", [builders.document("Balkh.", "o")])
    assert said_by("eval", "run", other.path, *system(find), "--part", "1/4", "--parts", waiting).code == 0
    said = said_by("eval", "run", packed, *system(find))
    assert said.code == 0, said.out
    # Given to merge, a foreign one is refused, and nothing is added.
    said = said_by("eval", "run", other.path, *system(find, "b"), "--part", "1/1", "--parts", "foreign")
    merged = said_by("eval", "merge", "foreign", "--into", packed)
    assert (merged.code, "not as in the parts" in merged.out) == (2, True)
    assert said_by("eval", "run", corpus.path, *system(find)).code == 0
    assert open_corpus(packed).layers() == ["gold", "system/mine"]
    check_same(unpacked(packed, tmp_path / "back"), corpus.path)


def test_failures_are_told_and_not_written_over(
    packed: Path, tmp_path: Path, said_by: Callable[..., Any]
) -> None:
    program = tmp_path / "fails.py"
    program.write_text(
        "import json, sys\nfor line in sys.stdin:\n    document = json.loads(line)\n"
        "    fails = document['document'] == 'd07'\n"
        "    print(json.dumps({'document': 1 if fails else document['document']}), flush=True)\n"
    )
    said = said_by("eval", "run", packed, *system(program))
    assert (said.code, "failed on 1 of 40 documents" in said.out) == (1, True)
    again = said_by("eval", "run", packed, *system(program))
    assert (again.code, "1 document(s) failed" in again.out) == (2, True)


# ---------------------------------------------------------------- in a bucket
def test_a_run_on_s3_and_a_part_of_it(
    corpus: Corpus, s3: str, find: Path, tmp_path: Path, said_by: Callable[..., Any]
) -> None:
    pack(corpus, parse(s3), parts=4, tell=lambda _: None)
    said = said_by("eval", "run", s3, *system(find))
    assert said.code == 0, said.out
    for number in (1, 2):
        assert said_by("eval", "run", s3, *system(find, "b"), "--part", f"{number}/2").code == 0
    said = said_by("eval", "merge", "parts", "--into", s3)
    assert said.code == 0, said.out
    assert open_corpus(Path(s3)).layers() == ["gold", "system/b", "system/mine"]
    assert said_by("eval", "run", corpus.path, *system(find)).code == 0
    check_same(unpacked(s3, tmp_path / "back"), corpus.path)
