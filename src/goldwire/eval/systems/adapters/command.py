"""`cmd:COMMAND`: a program in any language that reads a document a line and answers each with a line.

In:  {"document": "a1", "text": "…", "sha256": "…", "meta": {…}}      Out: a line in the simple form.

The program is started once, without a shell, and must flush after each line. An answer counts only with the
`document` it is for: a program that does not say it is started anew for each document. Where it ends, or
writes something else, another document's answer or a line too many, the document fails and the next one gets
a new process.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from goldwire.corpora import predictions
from goldwire.corpora.codec import check_file, read_bytes
from goldwire.corpora.errors import DataError, ExtractorError
from goldwire.corpora.predictions import Prediction
from goldwire.corpora.types import Document
from goldwire.eval.systems.closure import Search, collect, imports
from goldwire.eval.systems.extractor import Context, DocumentError, options
from goldwire.eval.systems.program import Program
from goldwire.eval.systems.watch import digest

_FIRST = 2000  # bytes of a script that are looked at for how it is run
_PYTHON = re.compile(r"(?:python|pypy)[\d.]*t?(?:\.exe)?")
_SHOWN = 80  # bytes of a garbled reply that are shown
_LINGER = 0.05  # seconds in which a program that writes more than one line shows it, after its first answer
SLOW = (
    "its answers do not say which document they are for, so it is started anew for each document, which is "
    'slow; with "document" in each answer, as it stands in the line it answers, it is started once'
)


class Options(msgspec.Struct, forbid_unknown_fields=True):
    """`version` is yours to raise when the program gives something else."""

    version: str = ""


class CommandExtractor:
    """Talks to one process of a program; to one for each document where its answers do not name them."""

    provides = frozenset({"mentions", "triggers", "arguments", "attributes", "relations", "clusters"})

    def __init__(self, arguments: Sequence[str], version: str = "") -> None:
        self.name, self.version = shlex.join(arguments), version
        self.notes: list[str] = []
        self._arguments = list(arguments)
        self._program: Program | None = None
        self._before = ""  # the document it answered last

    def extract(self, documents: Sequence[Document]) -> Iterator[Prediction]:
        """The program's answer to each document."""
        return map(self._ask, documents)

    @property
    def processes(self) -> tuple[int, ...]:
        """The program's process, whose memory is the system's too."""
        return () if self._program is None else (self._program.number,)

    def close(self) -> None:
        """End the input of the program and wait until it ends."""
        program, self._program = self._program, None
        if program is not None:
            program.finish()

    def _ask(self, document: Document) -> Prediction:
        """The answer to a document; whatever goes wrong, the next one gets a new process."""
        program, self._program = self._program or Program(self._arguments), None
        if program.asked and program.more(0):
            program.stop()
            raise DocumentError(f"the program wrote a line too many after its answer for {self._before!r}")
        answer = self._answer(program, document)
        if answer.document is None:
            return self._unnamed(program, answer, document)
        # What writes too much does so from the start, a moment after its answer.
        if program.more(_LINGER if program.asked == 1 else 0):
            program.stop()
            raise DocumentError("the program wrote more than one line for this document")
        if self.notes:
            program.finish()
        else:
            self._program, self._before = program, document.id
        return answer

    def _answer(self, program: Program, document: Document) -> Prediction:
        line = program.ask(predictions.request(document))
        try:
            answer = predictions.decode(line, document.id)
        except DataError as error:
            program.stop()
            shown = line[:_SHOWN].decode("utf-8", "replace").rstrip("\n")
            raise DocumentError(f"garbled reply {shown!r}: {error.faults[0].message}") from error
        if answer.document not in (None, document.id):
            program.stop()
            raise DocumentError(f"the program answered for document {answer.document!r}")
        return answer

    def _unnamed(self, program: Program, answer: Prediction, document: Document) -> Prediction:
        """An answer that does not say what it is for: it counts as the only line of a process asked once."""
        if program.asked > 1:  # it may be a late line of an earlier document
            program.stop()
            program = Program(self._arguments)
            answer = self._answer(program, document)
        elif not self.notes:
            self.notes.append(SLOW)
        if program.finish().strip():
            raise DocumentError("the program wrote more than one line for this document")
        return answer


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
        check_file(path, ExtractorError)
        with path.open("rb") as file:
            line = file.readline(_FIRST)
    except (OSError, ExtractorError):
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
