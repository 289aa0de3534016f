"""One writer at a time: real processes wait for each other, and for one that was killed nobody waits."""

import errno
import fcntl
import json
import logging
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from goldwire.corpora import lock
from goldwire.corpora.errors import CorpusError
from goldwire.corpora.journal import Journal
from goldwire.corpora.lock import locked
from goldwire.corpora.store import Manifest, create_corpus, make_document, open_corpus

HOLD = """
import sys, time
from pathlib import Path
from goldwire.corpora import lock
lock.SAY_AFTER, lock.PATIENCE = 0.2, float(sys.argv[3])
with lock.locked(Path(sys.argv[1]), sys.argv[2]):
    print("has it", flush=True)
    sys.stdin.readline()
"""


def holder(folder: Path, what: str = "corpus add", patience: float = 60.0) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder), what, str(patience)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@contextmanager
def held(folder: Path) -> Iterator["subprocess.Popen[str]"]:
    with holder(folder) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "has it\n"
        try:
            yield process
        finally:
            process.kill()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return create_corpus(tmp_path / "work", Manifest(name="w"), [make_document("a", "Rain.")]).path


def test_a_second_process_waits_says_for_whom_and_goes_on(folder: Path) -> None:
    with held(folder) as first, holder(folder, "corpus set") as second:
        time.sleep(0.8)
        assert second.poll() is None
        first.communicate("done\n")
        said = second.communicate("done\n")
    assert said[0] == "has it\n"
    told = f"{folder}: waiting for process {first.pid} (corpus add), which is writing there\n"
    assert (second.returncode, said[1]) == (0, told)


def test_patience_ends_with_an_error_that_names_the_process(folder: Path) -> None:
    with held(folder) as first, holder(folder, patience=0.3) as second:
        _, said = second.communicate("done\n")
        assert second.returncode == 1  # of Python; the command line makes it 2
        assert f"waited 0.3 s for process {first.pid} (corpus add)" in said


def test_who_was_killed_is_waited_for_by_nobody(folder: Path) -> None:
    with held(folder) as first:
        first.send_signal(signal.SIGKILL)
        first.wait()
        assert (folder / lock.NAME).exists()
        began = time.monotonic()
        with locked(folder, "next"):
            assert time.monotonic() - began < lock.SAY_AFTER
    assert sorted(item.name for item in folder.iterdir()) == ["corpus.toml", "documents.jsonl", "layers"]


def test_what_holds_the_lock_may_take_it_again(folder: Path) -> None:
    with locked(folder, "outer"):
        with locked(folder, "inner"):
            pass
        assert (folder / lock.NAME).exists()
    assert not (folder / lock.NAME).exists()


def test_threads_keep_each_other_out_as_processes_do(folder: Path) -> None:
    inside, most = [0], [0]

    def write() -> None:
        for _ in range(10):
            with locked(folder, "thread"):
                inside[0] += 1
                most[0] = max(most[0], inside[0])
                time.sleep(0.001)
                inside[0] -= 1

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1]


def test_a_folder_that_is_not_there_is_made_by_one(tmp_path: Path) -> None:
    with held(tmp_path / "new") as first:
        assert [item.name for item in tmp_path.iterdir()] == [f".new{lock.NAME}"]
        first.communicate("done\n")
    assert list(tmp_path.iterdir()) == []


def test_who_waited_for_a_folder_to_be_made_then_has_the_lock_inside(tmp_path: Path) -> None:
    work = tmp_path / "work"
    with locked(work, "corpus new"), holder(work) as second:
        time.sleep(0.3)
        create_corpus(work, Manifest(name="w"), [])
        assert second.poll() is None
        second.kill()
    with locked(work, "next"):
        assert (work / lock.NAME).exists()
    assert [item.name for item in tmp_path.iterdir()] == ["work"]


def test_a_place_that_cannot_be_written_is_an_error_of_ours(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(CorpusError, match="cannot be written"), locked(tmp_path / "file" / "work", "x"):
        pass


def test_a_file_system_without_locks_is_told_once_and_worked_on(
    folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def none(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", none)
    monkeypatch.setattr(lock, "_told", set())
    with (
        caplog.at_level(logging.WARNING),
        locked(folder, "x"),
        Journal[str](folder / "j", str, CorpusError("busy")),
    ):
        pass
    (told,) = caplog.messages
    assert "has no locks (No locks available): run one goldwire command at a time there" in told
    assert lock.file_system(folder) in told


def test_processes_that_add_at_once_lose_nothing(folder: Path, tmp_path: Path) -> None:
    adding = []
    for n in range(6):
        source = tmp_path / f"{n}.jsonl"
        source.write_text(json.dumps({"id": f"d{n}", "text": f"Report {n} of {n * n} wells."}))
        command = [sys.executable, "-m", "goldwire", "corpus", "add", str(folder), "--from", str(source)]
        adding.append(subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE))
    assert [process.wait() for process in adding] == [0] * 6
    for process in adding:
        process.communicate()
    assert open_corpus(folder).hashes().keys() == {"a", *(f"d{n}" for n in range(6))}
