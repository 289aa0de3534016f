"""Lines of columns to sentences of tokens and tags, and those to the documents of a file."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal, NamedTuple

import msgspec

from goldwire.corpora.errors import DataError, Fault
from goldwire.corpora.formats import tags

SAMPLE = 2000  # lines that are looked at to tell the columns
TOKEN_AND_TAG = 2  # columns, at least
START = "-DOCSTART-"
# A token may begin with # too; a comment has a space behind it, and a name with = or newdoc.
_COMMENT = re.compile(r"# +(?:([\w.:-]+)(?: id)? *= ?(.*)|newdoc *$)")
_SPACES = re.compile(r"[ \t]+")  # not str.split(): a no-break space belongs to its token
# The phrases that are chunks in CoNLL-2000 and CoNLL-2003 (Tjong Kim Sang and Buchholz 2000).
_CHUNKS = frozenset(["NP", "VP", "PP", "ADVP", "ADJP", "SBAR", "PRT", "CONJP", "INTJ", "LST", "UCP"])
_GAP = re.compile(r"\n(?:[^\S\n]*\n)+")


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Columns count from 1, or from -1 backwards; 0 is to find out.

    The token is in the first column that is not a counter, the tag in the one that holds nothing but tags.
    Chunks (NP, VP, …) are no names; where several columns hold tags, `tag` must say which.
    `separator`: tab, space (any white space), or auto: tab if the first lines have one.
    """

    token: int = 0
    tag: int = 0
    separator: Literal["auto", "tab", "space"] = "auto"
    scheme: Literal["auto", "IOB1", "IOB2", "IOE1", "IOE2", "IOBES", "BILOU", "IO"] = "auto"
    policy: tags.Policy = "conlleval"
    encoding: str | None = None


class Sentence(NamedTuple):
    """Tokens and their tags; `line` is that of the first token, `text` and `id` are from comments."""

    tokens: list[str]
    tags: list[str]
    line: int
    text: str | None
    id: str | None


@dataclass
class Part:
    """The sentences of one document of a file; `id` is None where the file names none."""

    id: str | None
    line: int
    sentences: list[Sentence] = field(default_factory=list)


class Columns(NamedTuple):
    """How lines are parted (None: at any white space), which columns matter, and how many more there are."""

    separator: str | None
    token: int
    tag: int
    kept: int

    def split(self, lines: Sequence[str]) -> list[list[str]]:
        """The cells of each line."""
        if self.separator is not None:
            return [line.split(self.separator) for line in lines]
        return [_SPACES.split(line.strip(" \t")) for line in lines]

    def cells(self, block: str) -> list[list[str]]:
        """The columns of lines that all have the same number of cells, as most have; else none."""
        by, width = self.separator or " ", self.kept + TOKEN_AND_TAG
        if self.separator is None and "\t" in block:
            return []
        cells = block.replace("\n", f"{by}\n{by}").split(by)
        ends = cells[width :: width + 1]
        if (len(cells) + 1) % (width + 1) or not ends.count("\n") == len(ends) == block.count("\n"):
            return []
        if self.separator is None and "" in cells:  # several spaces, which part no more than one does
            return []
        return [cells[place :: width + 1] for place in range(width)]

    def __str__(self) -> str:
        """How they are told to people."""
        by = "tabs" if self.separator else "spaces"
        return f"columns by {by}, token in {self.token + 1}, tag in {self.tag + 1}"


def parse(text: str, where: str, options: Options) -> tuple[list[Part], Columns]:
    """The documents of a file and how its columns were read; `DataError` with every line that is neither."""
    columns = _columns(text, where, options)
    reader = _Reader(columns, where)
    for line, block in _blocks(text):
        reader.take(line, block)
    if reader.faults:
        raise DataError(f"{where}: {len(reader.faults)} fault(s)", reader.faults)
    return reader.parts, columns


def _blocks(text: str) -> Iterator[tuple[int, str]]:
    """What stands between empty lines, with the number of its first line."""
    line, start = 1, 0
    for gap in _GAP.finditer(text):
        block = text[start : gap.start()]
        yield line, block
        line += block.count("\n") + gap[0].count("\n")
        start = gap.end()
    yield line, text[start:]


class _Reader:
    """Gathers lines to sentences and sentences to documents."""

    def __init__(self, columns: Columns, where: str) -> None:
        self.columns, self.where = columns, where
        self.width = max(columns.token, columns.tag) + 1
        self.parts: list[Part] = []
        self.faults: list[Fault] = []
        self.parted = False  # whether anything in the file parts documents
        self.clear()

    def clear(self) -> None:
        self.words: list[str] = []
        self.labels: list[str] = []
        self.line = 0
        self.text: str | None = None
        self.id: str | None = None

    def take(self, first: int, block: str) -> None:
        """The lines of a block. Most are nothing but tokens: those are not looked at one by one."""
        _, token, tag, _ = self.columns
        plain = "#" not in block and START not in block
        cells = self.columns.cells(block) if plain else []
        if cells and all(words := cells[token]):
            self.line, self.words, self.labels = first, words, cells[tag]
        else:
            lines = block.split("\n")
            rows = self.columns.split(lines)
            for number, (line, row) in enumerate(zip(lines, rows, strict=True), start=first):
                self.one(number, line, row)
        self.end()

    def one(self, number: int, line: str, row: list[str]) -> None:
        """One line: a token, or something else."""
        _, token, tag, _ = self.columns
        comment = line.startswith("#") and _COMMENT.match(line) is not None
        if comment or len(row) < self.width or row[token] in ("", START):
            self.other(number, line)
            return
        if not self.words:
            self.line = number
        self.words.append(row[token])
        self.labels.append(row[tag])

    def other(self, number: int, line: str) -> None:
        """A line that is no token: empty, a comment, a document's start, or a fault."""
        if not line.strip():
            return
        if line.startswith(START):
            self.end()
            self.start(None, number)
        elif (match := _COMMENT.match(line)) is not None:
            self.comment(match[1] or "newdoc", match[2] or "", number)
        elif not line.startswith("#"):
            found = len(self.columns.split([line])[0])
            message = f"{found} column(s), where {self.width} are needed"
            self.faults.append(Fault(f"{self.where}:{number}", "", f"{message}: {line[:60]!r}"))

    def comment(self, name: str, value: str, number: int) -> None:
        if name == "newdoc":
            self.end()
            self.start(value.strip() or None, number)
        elif name == "text":
            self.text = value
        elif name == "sent_id":
            self.id = value.strip()

    def start(self, id: str | None, number: int) -> None:
        self.parted = True
        self.parts.append(Part(id, number))

    def end(self) -> None:
        if not self.words:
            return
        sentence = Sentence(self.words, self.labels, self.line, self.text, self.id)
        if not self.parted:
            self.parts.append(Part(sentence.id, sentence.line))
        self.parts[-1].sentences.append(sentence)
        self.clear()


def _columns(text: str, where: str, options: Options) -> Columns:
    sample = [
        line
        for line in text.split("\n", SAMPLE)[:SAMPLE]
        if line.strip() and not line.startswith(START) and not _COMMENT.match(line)
    ]
    if not sample:
        raise DataError(f"{where}: no tokens", [Fault(where, "", "holds no line with a token and a tag")])
    tabs = any("\t" in line for line in sample) if options.separator == "auto" else options.separator == "tab"
    separator = "\t" if tabs else None
    rows = Columns(separator, 0, 0, 0).split(sample)
    width = Counter(map(len, rows)).most_common(1)[0][0]
    full = [row for row in rows if len(row) == width and row[0]]
    if not full:
        message = "most lines begin with white space, where a token or its number should stand"
        raise DataError(f"{where}: no tokens", [Fault(where, "", message)])
    token = (
        _place(options.token, width, where) if options.token else int(width > TOKEN_AND_TAG and _counts(full))
    )
    tag = _place(options.tag, width, where) if options.tag else _tag_column(full, token, where)
    if tag is None or token >= width:
        message = "no column holds nothing but tags such as O and B-LOC; name it with the option `tag`"
        raise DataError(f"{where}: no tags", [Fault(where, "", message)])
    return Columns(separator, token, tag, max(0, width - TOKEN_AND_TAG))


def _place(column: int, width: int, where: str) -> int:
    place = column - 1 if column > 0 else width + column
    if not 0 <= place < width:
        raise DataError(
            f"{where}: no such column", [Fault(where, "", f"there is no column {column} of {width}")]
        )
    return place


def _counts(rows: Sequence[Sequence[str]]) -> bool:
    """Whether the first column numbers tokens: each is 1, or one more than that before."""
    numbers = [int(row[0]) if row[0].isdecimal() else -1 for row in rows]
    return numbers[0] == 1 and all(b in (1, a + 1) for a, b in pairwise(numbers))


def _tag_column(rows: Sequence[Sequence[str]], token: int, where: str) -> int | None:
    """The one column behind the tokens that holds nothing but tags, chunks aside; None if there is none."""
    held = [place for place in range(token + 1, len(rows[0])) if all(_is_tag(row[place]) for row in rows)]
    found = [place for place in held if not _is_chunks([row[place] for row in rows])]
    if len(found) > 1:
        columns = " and ".join(str(place + 1) for place in found)
        message = f"columns {columns} hold tags: say which to read, as with `-o tag={found[0] + 1}`"
        raise DataError(f"{where}: several columns of tags", [Fault(where, "", message)])
    if held and not found:
        place = held[-1] + 1
        message = (
            f"column {place} holds chunks (NP, VP, …), not names; `-o tag={place}` reads them all the same"
        )
        raise DataError(f"{where}: no names", [Fault(where, "", message)])
    return found[0] if found else None


def _is_chunks(cells: Sequence[str]) -> bool:
    """Whether the types of tags are phrases and nothing else."""
    types = {tags.parse(cell)[1] for cell in cells} - {""}
    return bool(types) and types <= _CHUNKS


def _is_tag(cell: str) -> bool:
    try:
        tags.parse(cell)
    except ValueError:
        return False
    return True
