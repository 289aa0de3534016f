"""Lines of columns to sentences of tokens and tags, and those to the documents of a file."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from goldwire.corpora.errors import Fault, check_sound
from goldwire.corpora.formats import ontonotes, tags
from goldwire.corpora.formats.brackets import FIELDS
from goldwire.corpora.formats.layout import COMMENT, ENTITY, NO_WORD, START, Columns, Options, find, misc
from goldwire.corpora.formats.sentences import Mark, Part, Range, Sentence, merged

_GAP = re.compile(r"\n(?:[^\S\n]*\n)+")
_TIGHT = re.compile(r"(?:^|\|)(?:SpaceAfter=No|NoSpaceAfter)(?:\||$)")  # UD's flag, and HIPE's
_FIELDS = "global.Entity"  # the comment that says what the fields of brackets are
_LINKS = ("Bridge", "SplitAnte")  # keys in MISC of what is not read


class Parsed(NamedTuple):
    """The documents of a file, how it was read, what was passed over, and what stands between tokens.

    `fields` are those of brackets; None where mentions are said by tags.
    """

    parts: list[Part]
    read_as: str
    lost: Counter[str]
    join: str
    fields: Sequence[str] | None = None


def parse(text: str, where: str, options: Options) -> Parsed:
    """A file of columns; `DataError` with every line that is neither token nor comment."""
    if ontonotes.is_one(text):
        lost = Counter({"columns": ontonotes.passed_over(text)})
        parts = ontonotes.parse(text, where)
        return Parsed(parts, ontonotes.READ_AS + ontonotes.cut(text), lost, " ", FIELDS)
    columns = find(text, where, options)
    reader = _Reader(columns, where, options)
    for line, block in _blocks(text):
        reader.take(line, block)
    check_sound(where, reader.faults)
    reader.lost["columns"] += columns.kept
    fields = reader.fields if columns.key == ENTITY else None
    return Parsed(reader.parts, str(columns), reader.lost, _join(reader.parts, options), fields)


def _join(parts: Sequence[Part], options: Options) -> str:
    """What stands between tokens; nothing where spaces are tokens themselves."""
    if options.join != "auto":
        return "" if options.join == "none" else " "
    return "" if any(" " in sentence.tokens for part in parts for sentence in part.sentences) else " "


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

    def __init__(self, columns: Columns, where: str, options: Options) -> None:
        self.columns, self.where, self.options = columns, where, options
        self.parts: list[Part] = []
        self.faults: list[Fault] = []
        self.fields: Sequence[str] = FIELDS
        self.lost: Counter[str] = Counter()
        self.parted = False  # whether anything in the file parts documents
        self.raw = options.affix == "prefix" and options.scheme != "IO"  # whether tags stay as they are
        self.clear()

    def clear(self) -> None:
        self.words: list[str] = []
        self.labels: list[str] = []
        self.lines: list[int] = []
        self.glued: set[int] = set()
        self.ranges: list[Range] = []
        self.marks: list[Mark] = []
        self.text: str | None = None
        self.id: str | None = None

    def take(self, first: int, block: str) -> None:
        """The lines of a block. Most are nothing but tokens: those are not looked at one by one."""
        if self.columns.plain and "#" not in block and START not in block:
            cells = self.columns.cells(block)
            if cells and self.is_plain(cells):
                lines = range(first, first + len(cells[0]))
                words, labels = cells[self.columns.token], self.tags(cells[self.columns.tag])
                self.add(Sentence(words, labels, lines, self.text, self.id))
                self.text = self.id = None
                return
        given = block.split("\n")
        rows = self.columns.split(given)
        for number, (line, row) in enumerate(zip(given, rows, strict=True), start=first):
            if number - 1 != self.columns.header:
                self.one(number, line, row)
        self.end()

    def is_plain(self, cells: Sequence[Sequence[str]]) -> bool:
        """Whether every line of a block is a token, by its columns."""
        words = cells[self.columns.token]
        return all(words) and not (
            self.columns.counted and ("_" in words or not all(map(str.isdecimal, cells[0])))
        )

    def one(self, number: int, line: str, row: list[str]) -> None:
        """One line: a token, or something else."""
        columns = self.columns
        comment = line.startswith("#") and COMMENT.match(line) is not None
        if comment or len(row) < columns.width or row[columns.token] in ("", START):
            self.other(number, line)
            return
        if columns.counted and self.no_word(number, row):
            return
        if columns.begins and row[0]:
            self.end()
        self.mark(row, number, len(self.words) + 1)
        self.lines.append(number)
        self.words.append(row[columns.token])
        self.labels.append(columns.label(row))

    def mark(self, row: Sequence[str], number: int, after: int) -> None:
        """What the flags of a token or an empty node say: brackets, and whether a space follows."""
        if self.columns.flags is None or self.columns.flags >= len(row):
            return
        first, cell = len(self.words), row[self.columns.flags]
        if after > first and _TIGHT.search(cell):
            self.glued.add(first)
        if self.columns.key == ENTITY:
            flags = misc(cell)
            self.lost.update(f"{key} in MISC" for key in _LINKS if key in flags)
            if ENTITY in flags:
                self.marks.append(Mark(first, after, flags[ENTITY], number))

    def no_word(self, number: int, row: Sequence[str]) -> bool:
        """Whether a row is a multiword token, an empty node or a placeholder, none of which is a word."""
        columns, words = self.columns, len(self.words)
        if NO_WORD.fullmatch(row[0]):
            first, by, last = row[0].partition("-")
            if by and not self.in_range():
                tight = columns.flags is not None and _TIGHT.search(row[-1]) is not None
                after = words + max(0, int(last) - int(first)) + 1
                self.ranges.append(Range(words, after, row[columns.token], tight))
            elif not by:
                self.mark(row, number, words)
            return True
        others = [cell for i, cell in enumerate(row) if i not in (0, columns.token, columns.tag)]
        placeholder = row[columns.token] == "_" and bool(others) and set(others) == {"_"}
        if not placeholder or self.in_range() or columns.label(row)[:1] in ("B", "S", "U"):
            return False
        self.lost["placeholders (_)"] += 1
        return True

    def in_range(self) -> bool:
        """Whether the next word belongs to a multiword token, inside which no other begins."""
        return bool(self.ranges) and len(self.words) < self.ranges[-1].after

    def other(self, number: int, line: str) -> None:
        """A line that is no token: empty, a comment, a document's start, or a fault."""
        if not line.strip():
            return
        if line.startswith(START):
            self.end()
            self.start(None, number)
        elif (match := COMMENT.match(line)) is not None:
            self.comment(match[1] or "newdoc", match[2] or "", number)
        elif not line.startswith("#"):
            self.fault(number, line)

    def fault(self, number: int, line: str) -> None:
        found = len(self.columns.split([line])[0])
        message = f"{found} column(s), where {self.columns.width} are needed: {line[:60]!r}"
        if self.columns.separator == "\t" and len(line.split()) >= self.columns.width:
            message += "; `-o separator=space` parts at spaces too"
        self.faults.append(Fault(f"{self.where}:{number}", "", message))

    def comment(self, name: str, value: str, number: int) -> None:
        if self.is_document(name):
            self.end()
            self.start(value.strip() or None, number)
        elif name == "text":
            self.text = value
        elif name == "sent_id":
            self.id = value.strip()
        elif name == _FIELDS:
            self.fields = value.strip().split("-")

    def is_document(self, name: str) -> bool:
        named = self.options.document
        return name in ("newdoc", named) or (named == "auto" and name.rpartition(":")[2] == "document_id")

    def start(self, id: str | None, number: int) -> None:
        self.parted = True
        self.parts.append(Part(id, number))

    def end(self) -> None:
        if not self.words:
            return
        words, labels, glued = self.words, self.tags(self.labels), frozenset(self.glued)
        sentence = Sentence(words, labels, self.lines, self.text, self.id, glued, self.marks)
        if self.ranges:
            whole = [item._replace(after=min(item.after, len(words))) for item in self.ranges]
            sentence, lost = merged(sentence, [item for item in whole if item.first < item.after])
            self.lost["mentions that begin inside a multiword token"] += lost
        self.add(sentence)
        self.clear()

    def add(self, sentence: Sentence) -> None:
        if not self.parted:
            self.parts.append(Part(sentence.id, sentence.lines[0]))
        self.parts[-1].sentences.append(sentence)

    def tags(self, labels: list[str]) -> list[str]:
        """Tags with their prefix in front."""
        if self.raw:
            return labels
        return [
            tags.to_prefix(label) if self.options.affix == "suffix" else tags.bare(label) for label in labels
        ]
