"""`cmd:COMMAND`: a program in any language that reads a document a line and answers each with a line.

In:  {"document": "a1", "text": "…", "sha256": "…", "meta": {…}}      Out: a line in the simple form.

The program is started once, without a shell, and must flush after each line. Where it ends or answers with
something that is not JSON, the document fails and the next one gets a new process.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any

import msgspec

from goldwire.corpora import simple
from goldwire.corpora.codec import read_bytes
from goldwire.corpora.errors import DataError, ExtractorError
from goldwire.corpora.simple import Prediction
from goldwire.corpora.types import Document
from goldwire.eval.extractors import Context, DocumentError, options
from goldwire.eval.extractors.closure import Search, collect, imports
from goldwire.eval.extractors.watch import digest

_TAIL = 2000  # bytes of what a program wrote to standard error that are looked at
_PYTHON = re.compile(r"(?:python|pypy)[\d.]*t?(?:\.exe)?")
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
    """The command, the hash of each file that it names, and the closure of what is Python among them."""
    arguments = _split(target)
    files = named_files(arguments)
    parts: list[Any] = [arguments, [digest(file) for file in files]]
    start = find_start(arguments, files)
    if start is None:
        return parts
    found = collect(start.names, Search(start.program, *start.folders))
    return [*parts, found.files, found.packages]


def named_files(arguments: Sequence[str]) -> list[Path]:
    """The files that a command names, as `FILE` or `--option=FILE`, and the program where it is a script."""
    program = Path(shutil.which(arguments[0]) or arguments[0])
    named = [part for argument in arguments for part in (argument, argument.partition("=")[2]) if part]
    # Not `Path.is_file`, which raises where code that is given in the command is too long for a name.
    found = [Path(name) for name in named if os.path.isfile(name)]  # noqa: PTH113
    return found if program in found or not _shebang(program) else [program, *found]


class Start(msgspec.Struct, frozen=True):
    """What a command begins with: an interpreter, the folders it looks in first, the names it may import."""

    program: str
    folders: list[Path]
    names: list[str]


def find_start(arguments: Sequence[str], files: Sequence[Path]) -> Start | None:
    """Where the Python of a command begins, which names these files; None of one in which none is seen."""
    at = next((i for i, argument in enumerate(arguments) if _PYTHON.fullmatch(Path(argument).name)), None)
    flag, value = ("", "") if at is None else _told(arguments[at + 1 :])
    scripts = [path for path in files if _is_python(path) or (path == Path(value) and not flag)]
    if at is None and not scripts:
        return None
    program = _interpreter(scripts[0]) if at is None else arguments[at]
    folders = [path.resolve().parent for path in scripts]
    names = [name for path in scripts for name in imports(read_bytes(path, ExtractorError))]
    if flag == "m":
        return Start(program, [Path.cwd(), *folders], [value, f"{value}.__main__", *names])
    if flag == "c":
        return Start(program, [Path.cwd(), *folders], [*imports(value.encode()), *names])
    if value and Path(value).is_dir():
        return Start(program, [Path(value), *folders], ["__main__", *names])
    return Start(program, folders, names)


def _told(arguments: Sequence[str]) -> tuple[str, str]:
    """What an interpreter is to run: ("m", module), ("c", code) or ("", script or folder)."""
    rest = iter(arguments)
    for argument in rest:
        if not argument.startswith("-") or argument == "-":
            return "", argument
        if argument in ("-X", "-W"):
            next(rest, None)
        elif argument[-1] in "mc" and not argument.startswith("--"):
            return argument[-1], next(rest, "")
    return "", ""


def _is_python(path: Path) -> bool:
    return path.suffix == ".py" or b"python" in _shebang(path)


def _shebang(path: Path) -> bytes:
    """The first line of a script, which says by what it is run; b"" of any other file."""
    try:
        with path.open("rb") as file:
            line = file.readline(_TAIL)
    except OSError:
        return b""
    return line if line.startswith(b"#!") else b""


def _interpreter(script: Path) -> str:
    """The Python that a script is run by, as far as its first line says; else the one that runs us."""
    words = _shebang(script)[2:].decode("utf-8", "replace").split()
    found = next((word for word in words if _PYTHON.fullmatch(Path(word).name)), None)
    return found or sys.executable


def _split(target: str) -> list[str]:
    try:
        arguments = shlex.split(target)
    except ValueError as error:
        raise ExtractorError(f"cmd:{target}: {error}") from error
    if not arguments or shutil.which(arguments[0]) is None:
        raise ExtractorError(f"cmd:{target}: there is no program {arguments[0] if arguments else ''!r}")
    return arguments
