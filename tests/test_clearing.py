"""What goes from the cache of packed corpora, and what stays in it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import polars
import pytest

from goldwire.corpora.atomic import beside
from goldwire.corpora.errors import CorpusError, DataError
from goldwire.corpora.packed import clearing, room, tables
from goldwire.corpora.packed.address import parse
from goldwire.corpora.packed.pack import pack
from goldwire.corpora.parts import Part
from goldwire.corpora.store import Corpus, open_corpus
from goldwire.corpora.taking import take
from goldwire.testing import builders

PARTS = 4


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of the test's own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache/goldwire/packed"


def packed(tmp_path: Path, name: str) -> Path:
    """A packed corpus in four parts, each of which has documents."""
    documents = [
        builders.document(f"Rebels shelled Balkh, report {n} of {name}.", f"d{n}") for n in range(24)
    ]
    corpus = builders.corpus(tmp_path / name, documents)
    pack(corpus, parse(tmp_path / f"{name}.packed"), parts=PARTS, tell=lambda _: None)
    return tmp_path / f"{name}.packed"


def objects(cache: Path) -> dict[str, int]:
    """The stored parts in the cache, by digest, and their sizes."""
    return {path.stem: path.stat().st_size for path in (cache / "objects").glob("*.parquet")}


def digests(there: Corpus) -> list[str]:
    """The digests of the documents' parts, in order of the parts."""
    assert there.source is not None
    return [part.sha256 for part in there.source.index.documents.parts]  # type: ignore[attr-defined]


class Taking(NamedTuple):
    """Takes parts of a corpus, each time into a new folder."""

    corpus: Corpus
    folder: Path

    def take(self, part: int) -> bytes:
        """The documents of a part."""
        to = self.folder / f"{part}-{time.monotonic_ns()}"
        return take(self.corpus, Part(part, PARTS), [], to).corpus.documents_path().read_bytes()


@pytest.fixture
def taking(tmp_path: Path) -> Taking:
    """What takes parts of a packed corpus of which nothing but the index is in the cache."""
    return Taking(open_corpus(packed(tmp_path, "a")), tmp_path / "taken")


def let(monkeypatch: pytest.MonkeyPatch, size: float) -> None:
    """Let the cache have so many bytes."""
    monkeypatch.setenv("GOLDWIRE_CACHE_GB", repr(size / 10**9))


def folders(cache: Path) -> int:
    """The bytes of folders of corpora."""
    found = [path for folder in cache.iterdir() if len(folder.name) == 64 for path in folder.rglob("*")]
    return sum(path.stat().st_size for path in found if path.is_file())


# ---------------------------------------------------------------- stored parts
def test_stored_parts_used_least_recently_go_when_there_are_too_many(
    taking: Taking, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, third, fourth = digests(taking.corpus)
    whole = [taking.take(part) for part in (1, 2, 3, 4)]
    sizes = objects(cache)
    assert {*sizes} == {first, second, third, fourth}
    shutil.rmtree(cache / "objects")
    let(monkeypatch, folders(cache) + sum(sizes.values()) - min(sizes.values()))  # all but one
    for part in (1, 2, 3, 1):
        assert taking.take(part) == whole[part - 1]
        time.sleep(0.01)  # longer than the clock of files takes
    assert {*objects(cache)} == {first, second, third}
    assert taking.take(4) == whole[3]
    assert second not in objects(cache)
    assert {first, fourth} <= {*objects(cache)}
    let(monkeypatch, 0)
    assert taking.take(2) == whole[1]
    assert {*objects(cache)} == {second}
    notes = {path.name for path in (cache / "objects").iterdir() if path.name.startswith(".")}
    assert notes == {f".{second}.parquet.checked"}


def test_nothing_goes_while_there_is_room(taking: Taking, cache: Path) -> None:
    for part in (1, 2, 3, 4):
        taking.take(part)
    assert {*objects(cache)} == {*digests(taking.corpus)}


@pytest.mark.parametrize("value", ["much", "-1", "nan", "inf", "50 GB"])
def test_a_variable_that_is_no_number_is_told(
    taking: Taking, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("GOLDWIRE_CACHE_GB", value)
    with pytest.raises(CorpusError, match=r"GOLDWIRE_CACHE_GB: is '.+', not a number of gigabytes"):
        taking.take(1)


def test_a_part_that_is_cleared_away_before_it_is_read_comes_again(
    taking: Taking, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, read, left = taking.take(1), tables.read_part, [2]

    def cleared(store: Any, table: str, part: Any, of: int, file: Path) -> polars.DataFrame:
        if left[0]:
            left[0] -= 1
            file.unlink()
        return read(store, table, part, of, file)

    monkeypatch.setattr(tables, "read_part", cleared)
    assert taking.take(1) == whole
    left[0] = 10**9
    with pytest.raises(CorpusError, match="others clear the cache while it is read"):
        taking.take(1)


def test_what_is_wrong_in_a_stored_part_is_told_as_before(
    taking: Taking, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wrong(store: Any, table: str, part: Any, of: int, file: Path) -> polars.DataFrame:
        raise DataError("wrong")

    monkeypatch.setattr(tables, "read_part", wrong)
    with pytest.raises(DataError, match="wrong"):
        taking.take(1)


def test_what_killed_commands_left_beside_stored_parts_goes_after_a_day(taking: Taking, cache: Path) -> None:
    taking.take(1)
    old, new = cache / "objects/.tmpold", cache / "objects/.tmpnew"
    for path in (old, new):
        path.write_bytes(b"half")
    os.utime(old, (time.time() - 90_000,) * 2)
    taking.take(2)
    assert new.exists()
    assert not old.exists()
    assert len(objects(cache)) == 2


def test_stored_parts_go_where_the_disk_is_short_and_that_helps(
    taking: Taking, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for part in (1, 2, 3):
        taking.take(part)
    usage = shutil.disk_usage(cache)
    free = [room.SPARE - 10**9]  # far too little, whatever goes
    monkeypatch.setattr(clearing.shutil, "disk_usage", lambda _: usage._replace(free=free[0]))
    clearing.make_room(100)
    assert len(objects(cache)) == 3
    free[0] = room.SPARE + 99  # a byte is missing
    clearing.make_room(100)
    assert len(objects(cache)) == 2


# ---------------------------------------------------------------- folders
OPENS = """
import sys, time
from pathlib import Path
from goldwire.corpora.store import open_corpus
there = open_corpus(Path(sys.argv[1]))
there.documents_path()
print(there.path, flush=True)
time.sleep(300)
"""


@contextmanager
def opened(address: Path) -> Iterator[tuple[Path, subprocess.Popen[str]]]:
    """Another process that has a packed corpus open, and its folder in the cache."""
    command = [sys.executable, "-c", OPENS, str(address)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield Path(process.stdout.readline().strip()), process
        finally:
            process.kill()


def test_a_folder_goes_when_no_process_has_it_open_any_more(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    let(monkeypatch, 0)
    address = packed(tmp_path, "a")
    with opened(address) as (folder, one), opened(address) as (same, other):
        assert folder == same
        whole = (folder / "documents.jsonl").read_bytes()
        for process in (one, other):
            clearing.make_room(1)
            assert (folder / "documents.jsonl").read_bytes() == whole
            process.send_signal(signal.SIGKILL)
            process.wait()
        clearing.make_room(1)
        assert not folder.exists()
    there = open_corpus(address)
    assert there.path == folder
    clearing.make_room(1)  # it is in use by this process
    assert there.documents_path().read_bytes() == whole == (tmp_path / "a/documents.jsonl").read_bytes()


def test_folders_used_least_recently_go_first(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = []
    for name in ("a", "b", "c"):
        with opened(packed(tmp_path, name)) as (folder, _):
            found.append(folder)
        time.sleep(0.01)
    let(monkeypatch, folders(cache))
    clearing.make_room(1)
    assert [folder.exists() for folder in found] == [False, True, True]


def test_a_folder_is_never_cleared_away_where_there_are_no_locks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(handle: int, how: int) -> None:
        raise OSError(38, "Function not implemented")

    with opened(packed(tmp_path, "a")) as (folder, _):
        pass
    let(monkeypatch, 0)
    monkeypatch.setattr(clearing.fcntl, "flock", none)
    there = open_corpus(tmp_path / "a.packed")
    clearing.make_room(1)
    assert there.path == folder
    assert (folder / "documents.jsonl").exists()


def test_a_folder_that_was_cleared_half_is_no_corpus_and_comes_again(tmp_path: Path) -> None:
    with opened(packed(tmp_path, "a")) as (folder, _):
        pass
    (folder / ".goldwire.packed").unlink()
    (folder / "documents.jsonl").unlink()
    there = open_corpus(tmp_path / "a.packed")
    assert there.documents_path().read_bytes() == (tmp_path / "a/documents.jsonl").read_bytes()


# ---------------------------------------------------------------- two at once
TAKES = """
import sys
from pathlib import Path
from goldwire.corpora.parts import Part
from goldwire.corpora.store import open_corpus
from goldwire.corpora.taking import take
for turn in range(15):
    there = open_corpus(Path(sys.argv[1]))
    for part in range(1, 5):
        took = take(there, Part(part, 4), [], Path(sys.argv[2], f"{turn}-{part}"))
        print(took.corpus.documents_path().read_text(), end="")
"""


def test_two_commands_whose_cache_is_too_small_for_both_read_what_is_there(
    taking: Taking, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = b"".join(taking.take(part) for part in (1, 2, 3, 4)).decode() * 15
    let(monkeypatch, 0)
    running = [
        subprocess.Popen(
            [sys.executable, "-c", TAKES, str(tmp_path / "a.packed"), str(tmp_path / f"of-{n}")],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for n in range(2)
    ]
    for process in running:
        out, err = process.communicate(timeout=120)
        assert (process.returncode, err, out) == (0, "", expected)


# ---------------------------------------------------------------- several machines, one home
def test_the_place_of_work_of_another_machine_stays_and_that_of_a_killed_process_goes(
    cache: Path, dead: int
) -> None:
    ours = beside(cache / "work")
    machine = ours.name.split(".")[-2].rpartition("-")[0]
    other, killed = cache / f".work.deadbeef-{dead}.tmp", cache / f".work.{machine}-{dead}.tmp"
    for folder in (other, killed):
        folder.mkdir(parents=True)
    with room.working():
        assert ours.is_dir()
    assert other.is_dir()
    assert not killed.exists()


@pytest.fixture
def dead() -> int:
    """The number of a process that is none any more."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid
