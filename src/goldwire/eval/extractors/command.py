"""`cmd:COMMAND`: a program in any language that reads a document a line and answers each with a line.

In:  {"document": "a1", "text": "…", "sha256": "…", "meta": {…}}      Out: a line in the simple form.

The program is started once, without a shell, and must flush after each line. Where it ends or answers with
something that is not JSON, the document fails and the next one gets a new process.
"""

from __future__ import annotations

import hashlib
import os
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any

import msgspec

from goldwire.corpora import simple
from goldwire.corpora.errors import DataError, ExtractorError
from goldwire.corpora.simple import Prediction
from goldwire.corpora.types import Document
from goldwire.eval.extractors import Context, DocumentError, options

_TAIL = 2000  # bytes of what a program wrote to standard error that are looked at
_SHOWN = 80  # bytes of a garbled reply that are shown


class Options(msgspec.Struct, forbid_unknown_fields=True):
    """`version` is yours to raise when the program gives something else."""

    version: str = ""


class CommandExtractor:
    """Talks to one process of a program."""

    provides = frozenset({"mentions", "triggers", "arguments", "attributes", "relations", "clusters"})

    def __init__(self, arguments: Sequence[str], version: str = "") -> None:
        self.name, self.version = shlex.join(arguments), version
        self._arguments = list(arguments)
        self._process: subprocess.Popen[bytes] | None = None
        self._log: IO[bytes] | None = None

    def extract(self, documents: Sequence[Document]) -> Iterator[Prediction]:
        """The program's answer to each document."""
        return map(self._ask, documents)

    @property
    def processes(self) -> tuple[int, ...]:
        """The program's process, whose memory is the system's too."""
        return () if self._process is None else (self._process.pid,)

    def close(self) -> None:
        """End the input of the program and wait until it ends."""
        if self._process is not None:
            self._end()

    def _ask(self, document: Document) -> Prediction:
        process = self._running()  # with pipes on both ends
        try:
            process.stdin.write(simple.request(document) + b"\n")  # type: ignore[union-attr]  # a pipe
            process.stdin.flush()  # type: ignore[union-attr]  # a pipe
        except BrokenPipeError:
            raise DocumentError(self._end()) from None
        line = process.stdout.readline()  # type: ignore[union-attr]  # a pipe
        if not line.endswith(b"\n"):
            raise DocumentError(self._end())
        try:
            return simple.decode(line, document.id)
        except DataError as error:
            self._stop()
            shown = line[:_SHOWN].decode("utf-8", "replace").rstrip("\n")
            raise DocumentError(f"garbled reply {shown!r}: {error.faults[0].message}") from error

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            self._log = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `_end`
            self._process = subprocess.Popen(
                self._arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._log
            )
        return self._process

    def _stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._end()

    def _end(self) -> str:
        """Wait for the process to end, after which there is none; returns how it ended."""
        process, log = self._process, self._log
        assert process is not None  # noqa: S101 - for the type checker: both are set together
        assert log is not None  # noqa: S101
        self._process = None
        process.communicate()
        log.seek(max(0, log.seek(0, os.SEEK_END) - _TAIL))
        lines = log.read().decode("utf-8", "replace").strip().splitlines()
        log.close()
        return f"the program exited with {process.returncode}" + (f": {lines[-1].strip()}" if lines else "")


def load(target: str, context: Context) -> CommandExtractor:
    """The extractor of a command; the program is started by the first document."""
    arguments = _split(target)
    return CommandExtractor(arguments, options(context, Options).version)


def identity(target: str, context: Context) -> list[Any]:  # noqa: ARG001 - the corpus does not matter
    """The command, and the hash of each file that it names."""
    arguments = _split(target)
    files = [Path(argument) for argument in arguments]
    return [arguments, [hashlib.sha256(file.read_bytes()).hexdigest() for file in files if file.is_file()]]


def _split(target: str) -> list[str]:
    try:
        arguments = shlex.split(target)
    except ValueError as error:
        raise ExtractorError(f"cmd:{target}: {error}") from error
    if not arguments or shutil.which(arguments[0]) is None:
        raise ExtractorError(f"cmd:{target}: there is no program {arguments[0] if arguments else ''!r}")
    return arguments
