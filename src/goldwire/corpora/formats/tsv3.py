"""Lines of WebAnno TSV 3: the layers of the header, tokens in rows, and the text of their sentences."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from goldwire.corpora.errors import DataError, Fault

_TOKEN = re.compile(r"(\d+-\d+)((?:\.\d+)*)\t(\d+)-(\d+)\t([^\t]*)((?:\t[^\t]*)*)$")
_ESCAPE = re.compile(r"\\(->|.)", re.DOTALL)
_SPECIAL = {"n": "\n", "t": "\t", "r": "\r"}
_LINGUISTIC = "de.tudarmstadt."
_ENTITY = ".NamedEntity"
_WIDEST = 100_000  # code units between sentences; more is a damaged offset


class Layer(NamedTuple):
    """A layer of the header, with the features that have columns."""

    kind: str  # SP, CH or RL
    name: str
    features: tuple[str, ...]
    first: int  # its first column

    @property
    def is_read(self) -> bool:
        """Whether it is of named entities, of chains or of one's own; those of linguistics are not read."""
        return not self.name.startswith(_LINGUISTIC) or self.name.endswith(_ENTITY) or self.kind == "CH"

    @property
    def slots(self) -> bool:
        """Whether it has slots for arguments, so that its spans are triggers."""
        return any(name.startswith("ROLE_") for name in self.features)


class Row(NamedTuple):
    """A token, or a part of one: where it is, in UTF-16 code units, and its cells."""

    where: str
    address: str
    start: int
    end: int
    words: str
    cells: tuple[str, ...]


def fault(where: str, message: str) -> DataError:
    """What is raised of a line that is not of this form."""
    return DataError(f"{where}: {message}", [Fault(where, "", message)])


def parse_layers(lines: Iterable[str]) -> list[Layer]:
    """The layers of the header; one without features has a column all the same."""
    found: list[Layer] = []
    column = 0
    for line in lines:
        if line.startswith(("#T_SP=", "#T_CH=", "#T_RL=")):
            name, *features = line[6:].split("|")
            found.append(Layer(line[3:5], name, tuple(_names(features)) or ("",), column))
            column += len(found[-1].features)
    return found


def _names(features: Sequence[str]) -> Iterator[str]:
    """Names of columns: a slot has two, roles and targets, of which the second is named by its layer."""
    previous = ""
    for name in features:
        yield f"TARGET_{name}" if previous.startswith("ROLE_") else name
        previous = name


def parse_rows(lines: Sequence[str], where: str, width: int) -> tuple[list[Row], str]:
    """The rows of tokens, and the text that their sentences make."""
    rows: list[Row] = []
    text = _Text()
    for number, line in enumerate(lines, start=1):
        place = f"{where}:{number}"
        if line.startswith("#Text="):
            text.begin(unescape(line.removeprefix("#Text=")))
        elif line and not line.startswith("#"):
            rows.append(_row(line, place, width))
            text.put(rows[-1])
    return rows, text.whole()


def _row(line: str, where: str, width: int) -> Row:
    match = _TOKEN.match(line)
    if match is None:
        raise fault(where, f"{line[:60]!r} is no token: sentence-token, begin-end and the word, tabs between")
    cells = tuple(match[6].split("\t")[1 : width + 1])
    if len(cells) < width:
        raise fault(where, f"the token has {len(cells)} columns of annotation; the header names {width}")
    return Row(where, match[1] + match[2], int(match[3]), int(match[4]), unescape(match[5]), cells)


class _Text:
    """Puts sentences together at the offsets of their first tokens, which count UTF-16 code units."""

    def __init__(self) -> None:
        self.pieces: list[str] = []
        self.length = 0
        self.sentence: list[str] = []
        self.waits = False

    def begin(self, line: str) -> None:
        self.sentence = [*self.sentence, line] if self.waits else [line]
        self.waits = True

    def put(self, row: Row) -> None:
        if not self.waits:
            return
        self.waits = False
        sentence = "\n".join(self.sentence)
        ahead = sentence.find(row.words)
        if ahead < 0:
            raise fault(row.where, f"{row.words!r} is not in the #Text of its sentence, {sentence[:60]!r}")
        gap = row.start - _units(sentence[:ahead]) - self.length
        if not 0 <= gap <= _WIDEST:
            message = f"begins at {row.start}; the sentence before ends at {self.length}"
            raise fault(row.where, message)
        self.pieces += ["\n" + " " * (gap - 1) if gap and self.length else " " * gap, sentence]
        self.length += gap + _units(sentence)

    def whole(self) -> str:
        return "".join(self.pieces)


def _units(text: str) -> int:
    return len(text) + sum(char > "\uffff" for char in text)


def unescape(value: str) -> str:
    """Words or a value without the backslashes of the form."""
    return _ESCAPE.sub(lambda match: _SPECIAL.get(match[1], match[1]), value)
