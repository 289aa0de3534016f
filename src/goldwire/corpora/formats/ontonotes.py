"""Columns of CoNLL-2012: words in the fourth, names in the eleventh, coreference in the last.

Between the eleventh and the last stands a column for each predicate of the sentence: lines differ in length.
Files for the scorer of coreference may have fewer, and no names then (Pradhan et al. 2012, section 4).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from goldwire.corpora.errors import Fault, check_sound
from goldwire.corpora.formats.layout import SAMPLE
from goldwire.corpora.formats.sentences import Mark, Part, Sentence
from goldwire.corpora.formats.tags import Chunk

WORD, NAMES = 3, 10  # places of columns
LEAST, WITH_NAMES = 5, 12  # columns
KEPT = 6  # columns: document, part, number, word, name, coreference
BEGIN = "#begin document"
READ_AS = "CoNLL-2012, words in 4, names in 11, coreference in the last column"
_BEGIN = re.compile(r"#begin document +\(?([^;]*?)\)?(?:; *part +(\d+))? *$")
_NAME = re.compile(r"\(([^()*\s]+)|\)")
_NOTHING = "-"  # in the column of coreference


class _Token(NamedTuple):
    line: int
    cells: list[str]


def is_one(text: str) -> bool:
    """Whether documents begin as in CoNLL-2012."""
    return any(line.startswith(BEGIN) for line in text.split("\n", SAMPLE)[:SAMPLE])


def passed_over(text: str) -> int:
    """How many columns hold what is not kept, such as parse, lemma, speaker and predicates."""
    widths = [len(line.split()) for line in text.split("\n", SAMPLE)[:SAMPLE] if not line.startswith("#")]
    return max(0, max(widths, default=0) - KEPT)


def cut(text: str) -> str:
    """What is said of a file in which documents end without being said to, as one that is cut off."""
    begun, done = (len(re.findall(f"^{what}", text, re.MULTILINE)) for what in (BEGIN, "#end document"))
    return "" if done >= begun else f"; {begun - done} of {begun} document(s) have no end: is it cut off?"


def parse(text: str, where: str) -> list[Part]:
    """The documents of a file; `DataError` with every line that is no token and no comment."""
    parts: list[Part] = []
    rows: list[_Token] = []
    faults: list[Fault] = []

    def end() -> None:
        if rows:
            if not parts:
                parts.append(Part(None, rows[0].line))
            parts[-1].sentences.append(_sentence(rows, where, faults))
            rows.clear()

    for number, line in enumerate(text.split("\n"), start=1):
        cells = line.split()
        if not cells or line.startswith("#"):
            end()
            if (match := _BEGIN.match(line)) is not None:
                parts.append(Part(_id(match), number))
        elif len(cells) < LEAST:
            message = f"{len(cells)} column(s), where CoNLL-2012 has {WITH_NAMES} and more: {line[:60]!r}"
            faults.append(Fault(f"{where}:{number}", "", message))
        else:
            rows.append(_Token(number, cells))
    end()
    check_sound(where, faults)
    return parts


def _id(match: re.Match[str]) -> str | None:
    """The document and its part, which are scored apart; dashes stand for slashes, which no id may have."""
    name = match[1].replace("/", "-").replace("\\", "-")
    return f"{name}_{match[2]}" if match[2] else name or None


def _sentence(rows: Sequence[_Token], where: str, faults: list[Fault]) -> Sentence:
    marks = [
        Mark(i, i + 1, row.cells[-1], row.line) for i, row in enumerate(rows) if row.cells[-1] != _NOTHING
    ]
    words = [row.cells[WORD] for row in rows]
    names = list(_names(rows, where, faults))
    return Sentence(words, [], [row.line for row in rows], None, None, marks=marks, names=names)


def _names(rows: Sequence[_Token], where: str, faults: list[Fault]) -> Iterator[Chunk]:
    """The named entities of a sentence."""
    begun: list[tuple[int, str]] = []
    for i, row in enumerate(rows):
        cell = row.cells[NAMES] if len(row.cells) >= WITH_NAMES else ""
        for match in _NAME.finditer(cell):
            if match[1]:
                begun.append((i, match[1]))
            elif begun:
                yield begun[-1][0], i + 1, begun.pop()[1]
            else:
                faults.append(Fault(f"{where}:{row.line}", "", f"{cell!r} ends a name that was not begun"))
    for i, type in begun:
        message = f"the name ({type} that begins here does not end in its sentence"
        faults.append(Fault(f"{where}:{rows[i].line}", "", message))
