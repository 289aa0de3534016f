"""Recognise columns with tags, for `conll`: in most lines, be one here or there faulty."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from goldwire.corpora.formats.head import Head
from goldwire.corpora.formats.layout import HIPE, KAGGLE, SAMPLE, START, UNIVERSAL
from goldwire.corpora.formats.ontonotes import BEGIN

SHARE = 0.5  # of the lines, and more, have as many columns and a tag in one: some may be damaged
LEAST = 2  # lines: one alone may be a sentence with an E-mail or a B-52
MOST = 20  # columns; lines of prose have more words
_SPACES = re.compile(r"[ \t]+")  # a no-break space belongs to its token
_PREFIX = re.compile(r"[\s,=|][BIESLU]-\S|\S-[BIESLU]$", re.MULTILINE)
_TAG = re.compile(r"O|[BIESLU](?:-.+)?|.+-[BIESLU]")
_ENTITY = re.compile(r"\t[^\t]*(?:Entity=|\b[BIESLU]-\S+)[^\t]*$")


def recognise(head: Head) -> bool:
    """Lines of columns, most with a tag such as O, B-LOC or LOC-B; CoNLL-U with entities; CoNLL-2012."""
    if head.text.startswith((BEGIN, HIPE, KAGGLE)):
        return True
    if not _PREFIX.search(head.text) and "Entity=" not in head.text:  # most files are articles
        return False
    if head.text.lstrip().startswith(("{", "[", "<")):
        return False
    lines = [line for line in head.lines[:SAMPLE] if not line.startswith(("# ", START))]
    if lines and all(line.count("\t") == UNIVERSAL - 1 for line in lines):
        return any(map(_ENTITY.search, lines))
    by_spaces = [_SPACES.split(line.strip(" \t")) for line in lines]
    rows = ([line.split(by) for line in lines] for by in "\t,")
    return any(map(_tagged, rows)) or _tagged(by_spaces)


def _tagged(rows: Sequence[Sequence[str]]) -> bool:
    """Whether most rows have as many cells, and a column behind the first holds tags in most of those."""
    width, times = Counter(map(len, rows)).most_common(1)[0] if rows else (0, 0)
    full = [row for row in rows if len(row) == width]
    if not 1 < width <= MOST or times < max(LEAST, SHARE * len(rows)):
        return False
    return any(sum(map(_is_tag, column)) > SHARE * times for column in list(zip(*full, strict=True))[1:])


def _is_tag(cell: str) -> bool:
    return _TAG.fullmatch(cell) is not None
