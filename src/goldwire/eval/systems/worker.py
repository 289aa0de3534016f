"""The process a system runs in, `python -m goldwire.eval.systems.worker`: told what to do in JSON lines.

First a `Job`, answered by `Ready` or `Broken`; then `Batch` after `Batch`, answered by one `Result` for each
document; an empty line ends it. What the system prints goes to standard error. When the parent dies, the
process and all that it started end too.
"""

from __future__ import annotations

import contextlib
import os
import queue
import re
import signal
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from goldwire.corpora import secrets
from goldwire.corpora.codec import NULL
from goldwire.corpora.errors import GoldwireError
from goldwire.corpora.types import Document
from goldwire.eval.systems.extractor import Context, DocumentError, Extractor, open_extractor
from goldwire.eval.systems.program import LONGEST, end_marked, too_long
from goldwire.eval.systems.spec import Spec

MEGABYTE = 1_000_000
MARK = "GOLDWIRE_RUN"  # a variable of its environment by which what it started is found
SEED = "GOLDWIRE_RUN_SEED"  # one that tells the system the seed of this run
_SAID = 4000  # characters of an exception that are told
_STATUS = 1 << 16  # bytes of what /proc says of a process: more than there are
_PEAK = re.compile(rb"^VmHWM:\s+(\d+) kB$", re.MULTILINE)
FAREWELL = b"\n"  # an empty line: no more documents


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """What to run; `memory` is the most bytes of data that a process may hold, None without limit."""

    spec: Spec
    context: Context
    memory: int | None = None


class Ready(msgspec.Struct, frozen=True, kw_only=True, tag="ready"):
    """The system is open: what it is called and can do, and the seconds since the process began."""

    name: str
    version: str
    provides: list[str]
    batch: int
    seconds: float
    notes: list[str] = []


class Broken(msgspec.Struct, frozen=True, kw_only=True, tag="broken"):
    """The system cannot be opened or cannot go on."""

    reason: str


class Batch(msgspec.Struct, frozen=True):
    """Documents for one call."""

    documents: tuple[Document, ...]


class Result(msgspec.Struct, frozen=True, kw_only=True, tag="result", omit_defaults=True):
    """One document's output or the reason why there is none.

    `seconds` is the time the call took, divided by the documents in it; `memory` the peak of the process so
    far, in bytes; `details` what was spent on a document that failed, `cause` that of a `DocumentError`,
    `notes` lines for the user that the system has had to say since it was opened.
    """

    seconds: float
    output: msgspec.Raw = NULL
    error: str | None = None
    cause: str | None = None
    details: dict[str, Any] = {}
    memory: int | None = None
    notes: list[str] = []


Message = Ready | Broken | Result


def main() -> None:
    """Serve one parent until its end of the input closes."""
    begun = time.perf_counter()
    source, sink = _claim_streams()
    lines = _Lines(source)
    job = msgspec.json.decode(lines.next(), type=Job)
    limit_memory(job.memory)
    os.environ[SEED] = str(job.context.seed)
    try:
        extractor = open_extractor(job.spec, job.context)
        _send(sink, ready(extractor, begun))
        _serve(extractor, lines, sink, job.memory)
    except Exception as error:  # noqa: BLE001 - whatever it is, the parent must hear of it
        _send(sink, Broken(reason=_reason(error, job.memory)))


def _serve(extractor: Extractor, lines: _Lines, sink: BinaryIO, memory: int | None) -> None:
    decoder = msgspec.json.Decoder(Batch)
    told = len(getattr(extractor, "notes", ()))
    while line := lines.next():
        for result in run_batch(extractor, decoder.decode(line).documents, memory):
            news = list(getattr(extractor, "notes", ()))[told:]
            told += len(news)
            _send(sink, msgspec.structs.replace(result, notes=news) if news else result)
    close = getattr(extractor, "close", None)
    if close is not None:
        close()


def run_batch(extractor: Extractor, documents: Sequence[Document], memory: int | None) -> Iterator[Result]:
    """A result for each document; where a call for several fails, each has a call of its own."""
    begun = time.perf_counter()
    try:
        outputs = _outputs(extractor, documents)
    except GoldwireError as error:
        if not isinstance(error, DocumentError):
            raise
        failure: Exception = error
    except Exception as error:  # noqa: BLE001 - a foreign system may raise anything
        failure = error
    else:
        each = (time.perf_counter() - begun) / len(documents)
        for output in outputs:
            yield Result(seconds=each, output=output, memory=peak_memory(extractor))
        return
    if len(documents) > 1:
        for document in documents:
            yield from run_batch(extractor, (document,), memory)
        return
    own = failure if isinstance(failure, DocumentError) else DocumentError("")
    yield Result(
        seconds=time.perf_counter() - begun,
        error=_reason(failure, memory),
        cause=own.cause,
        details=own.details,
        memory=peak_memory(extractor),
    )


def _outputs(extractor: Extractor, documents: Sequence[Document]) -> list[msgspec.Raw]:
    found = list(islice(extractor.extract(documents), len(documents) + 1))
    if len(found) != len(documents):
        more = "or more " if len(found) > len(documents) else ""
        raise DocumentError(f"the system gave {len(found)} {more}outputs for {len(documents)} document(s)")
    return [_encoded(output, document) for output, document in zip(found, documents, strict=True)]


def _encoded(output: Any, document: Document) -> msgspec.Raw:
    named = output.get("document") if isinstance(output, dict) else getattr(output, "document", None)
    if named not in (None, document.id):
        raise DocumentError(f"the system answered for document {named!r}")
    encoded = msgspec.json.encode(output)
    if len(encoded) > LONGEST:
        raise DocumentError(too_long())
    return msgspec.Raw(encoded)


def _reason(error: Exception, memory: int | None) -> str:
    if isinstance(error, MemoryError):
        limit = f" (the limit is {memory / MEGABYTE:.0f} MB)" if memory else ""
        return f"out of memory{limit}"
    said = str(error) if isinstance(error, GoldwireError) else f"{type(error).__name__}: {error}"
    whole = secrets.hide(said.encode("utf-8", "backslashreplace").decode())
    return whole if len(whole) <= _SAID else f"{whole[:_SAID]} …"


def ready(extractor: Extractor, begun: float) -> Ready:
    """What a system says of itself, open since `begun`."""
    return Ready(
        name=extractor.name,
        version=extractor.version,
        provides=sorted(extractor.provides),
        batch=getattr(extractor, "batch", 1),
        notes=list(getattr(extractor, "notes", ())),
        seconds=time.perf_counter() - begun,
    )


def _send(sink: BinaryIO, message: Message) -> None:
    sink.write(msgspec.json.encode(message) + b"\n")
    sink.flush()


def _claim_streams() -> tuple[BinaryIO, BinaryIO]:
    """Input and output for the parent alone: what the system reads is empty, what it prints is log."""
    source, sink = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    with open(os.devnull, "rb") as nothing:  # noqa: PTH123 - a descriptor is wanted
        os.dup2(nothing.fileno(), 0)
    os.dup2(2, 1)
    return source, sink


class _Lines:
    """Lines of the parent, read by a thread that ends the process when the parent is gone."""

    def __init__(self, source: BinaryIO) -> None:
        self._lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._source = source
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        for line in self._source:
            self._lines.put(line.strip())
            if line == FAREWELL:
                return
        _end_group()  # the input ended without a farewell: the parent was killed

    def next(self) -> bytes:
        """The next line, or b"" at the end."""
        return self._lines.get()


def _end_group() -> None:
    """Kill this process and what it started; the parent made it the leader of a group."""
    end_marked(MARK, os.environ.get(MARK, ""))
    if os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(1)


def limit_memory(memory: int | None) -> None:
    """Let this process and each child hold at most so many bytes of data, where the system can (Linux).

    A lower limit that it came with stays.
    """
    if memory is not None and sys.platform == "linux":
        import resource

        _, most = resource.getrlimit(resource.RLIMIT_DATA)
        memory = memory if most == resource.RLIM_INFINITY else min(memory, most)
        resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))


def peak_memory(extractor: Extractor) -> int | None:
    """The most bytes of memory this process has held so far, and those of the programs a system names.

    None where /proc does not say. Not `getrusage`: its figure survives `exec`, so that a child shows its
    parent's peak.
    """
    own = _own_peak()
    others = [_peak(pid) for pid in getattr(extractor, "processes", ())]
    return None if own is None else own + sum(peak for peak in others if peak is not None)


def _own_peak() -> int | None:
    with contextlib.suppress(OSError):
        return _read_peak(os.pread(_own_status(os.getpid()), _STATUS, 0))
    return None


@cache
def _own_status(process: int) -> int:
    """What /proc says of this process: opened anew for each document, it took most of what a worker adds."""
    return os.open(f"/proc/{process}/status", os.O_RDONLY)


def _peak(pid: int) -> int | None:
    with contextlib.suppress(OSError):
        return _read_peak(Path(f"/proc/{pid}/status").read_bytes())
    return None


def _read_peak(status: bytes) -> int | None:
    found = _PEAK.search(status)
    return None if found is None else int(found[1]) * 1024


if __name__ == "__main__":
    main()
