"""Schedulers and workers of Dask as processes of this machine, for tests and campaigns that end them."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Self, TypeVar

T = TypeVar("T")
# One thread for counting in each; and no log, which says no more than that somebody was killed.
QUIET = {"OPENBLAS_NUM_THREADS": "1", "DASK_LOGGING__DISTRIBUTED": "critical"}


class Hosts:
    """A scheduler and its workers, each with one thread; use it in a `with` statement."""

    def __init__(self, folder: Path, workers: int = 2, *, failures: int = 3, patience: float = 60) -> None:
        self.folder, self.workers = folder, list[subprocess.Popen[bytes]]()
        self.port = free_port()
        self.scheduler = self.start_scheduler(failures)
        for _ in range(workers):
            self.add_worker()
        try:
            self.wait(workers, patience)
        except BaseException:
            self.__exit__()
            raise

    @property
    def on(self) -> str:
        """What `--on` is given."""
        return f"dask://127.0.0.1:{self.port}"

    @property
    def address(self) -> str:
        return f"tcp://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for process in [*self.workers, self.scheduler]:
            end(process)

    def start_scheduler(self, failures: int = 3) -> subprocess.Popen[bytes]:
        """A scheduler at the port; one that was there is gone."""
        return self._start(
            *("scheduler", "--host", "127.0.0.1", "--port", self.port, "--no-dashboard", "--no-show"),
            DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES=str(failures),
        )

    def add_worker(self, *options: str, **variables: str) -> subprocess.Popen[bytes]:
        """One more worker, whose nanny starts it anew if it ends."""
        how = ("--nworkers", "1", "--nthreads", "1", "--no-dashboard", "--death-timeout", "60")
        process = self._start("worker", self.address, *how, *options, **variables)
        self.workers.append(process)
        return process

    def _start(self, what: str, *options: object, **variables: str) -> subprocess.Popen[bytes]:
        root = Path(__file__).resolve().parents[1]  # what a test gives them to do is in its file
        path = os.pathsep.join([str(root), os.environ.get("PYTHONPATH", "")])
        with (self.folder / f"{what}.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", f"distributed.cli.dask_{what}", *map(str, options)],
                env={**os.environ, "PYTHONPATH": path, **QUIET, **variables},
                cwd=self.folder,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def known(self) -> list[str]:
        """The addresses of the workers that the scheduler knows."""
        from distributed import Client

        with Client(self.address, timeout=30, set_as_default=False) as client:
            return sorted(client.nthreads())

    def wait(self, workers: int, seconds: float = 60) -> None:
        """Wait until the scheduler knows so many workers."""
        from distributed import Client

        with Client(self.address, timeout=seconds, set_as_default=False) as client:
            if workers:
                client.wait_for_workers(workers, timeout=seconds)


def free_port() -> int:
    """A port that is free now."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def end(process: subprocess.Popen[bytes]) -> None:
    """Kill a process and all that it has started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def children(process: subprocess.Popen[bytes]) -> list[int]:
    """The processes that a process has started: of a worker's nanny, the worker and what watches it."""
    listed = Path(f"/proc/{process.pid}/task").glob("*/children")
    return [int(pid) for file in listed for pid in file.read_text().split()]


def kill_worker(process: subprocess.Popen[bytes]) -> bool:
    """Kill what works under a nanny, which starts it anew; False if there was nothing yet."""
    found = [pid for pid in children(process) if b"spawn_main" in _command(pid)]
    for pid in found:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return bool(found)


def _command(pid: int) -> bytes:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    return b""


def until(true: Callable[[], T], seconds: float = 30) -> T:
    """What a call gives as soon as that is something true."""
    limit = time.monotonic() + seconds
    while not (found := true()):
        assert time.monotonic() < limit
        time.sleep(0.02)
    return found


__all__ = ["Hosts", "children", "end", "free_port", "kill_worker", "until"]
