"""Brackets to mentions: `Entity=` of CorefUD, and the coreference column of CoNLL-2012.

`(e1-person-1` begins a mention of entity e1, `e1)` ends it, `(e1-person-1)` is one of one token. What the
fields behind the bracket are called a comment says (`# global.Entity = eid-etype-head-other`). Of a mention
in parts, `(e1[1/2]` begins the first of two. Facts: the CorefUD 1.0 format (ufal.mff.cuni.cz/corefud) and the
task description of CoNLL-2012 (Pradhan et al. 2012).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple
from urllib.parse import unquote

from goldwire.corpora.errors import Fault
from goldwire.corpora.formats.sentences import Mark, Sentence
from goldwire.corpora.formats.tags import UNTYPED

_BRACKET = re.compile(r"\(([^()|]+)(\)?)|([^()|]+)(\))?|[()]")
_PART = re.compile(r"(.*)\[(\d+)/(\d+)\]$")
FIELDS = ("eid",)  # of CoNLL-2012


def marks(sentences: Iterable[Sentence]) -> Iterator[Mark]:
    """The marks of a document, with tokens counted from its first."""
    before = 0
    for sentence in sentences:
        for mark in sentence.marks:
            yield mark._replace(first=before + mark.first, after=before + mark.after)
        before += len(sentence.tokens)


class Found(NamedTuple):
    """A mention: its entity if one is named, its type, and from where to where its parts go, in tokens."""

    entity: str | None
    type: str
    parts: tuple[tuple[int, int], ...]


def named(found: Iterable[Found], sentences: Iterable[Sentence]) -> list[Found]:
    """Mentions with the types of the names that are the same tokens; other names are of no entity."""
    names: dict[tuple[tuple[int, int], ...], str] = {}
    before = 0
    for sentence in sentences:
        names.update({((before + a, before + b),): type for a, b, type in sentence.names})
        before += len(sentence.tokens)
    typed = [item._replace(type=names.get(item.parts, item.type)) for item in found]
    corefer = {item.parts for item in typed}
    return _ordered(
        [*typed, *(Found(None, type, parts) for parts, type in names.items() if parts not in corefer)]
    )


def _ordered(found: Iterable[Found]) -> list[Found]:
    return sorted(found, key=lambda item: (item.parts[0][0], -item.parts[-1][1]))


class _Open(NamedTuple):
    first: int
    type: str
    line: int


class _Part(NamedTuple):
    first: int
    after: int
    begun: _Open


def _joined(parts: Iterable[_Part]) -> tuple[tuple[int, int], ...]:
    """The parts that hold tokens, in order; those with no token between them are one."""
    found: list[tuple[int, int]] = []
    for first, after, _ in sorted(parts):
        if found and first <= found[-1][1]:
            found[-1] = found[-1][0], max(after, found[-1][1])
        elif first < after:
            found.append((first, after))
    return tuple(found)


class Reader:
    """Reads the marks of a document in their order. `empty` counts mentions that hold no token."""

    def __init__(self, fields: Sequence[str] = FIELDS) -> None:
        names = [name.lower() for name in fields]
        self.entity = next((names.index(name) for name in ("eid", "grp") if name in names), 0)
        self.type = names.index("etype") if "etype" in names else None
        self.open: dict[str, list[_Open]] = {}
        self.parts: dict[str, list[_Part]] = {}
        self.found: list[Found] = []
        self.faults: list[Fault] = []
        self.empty = 0

    def read(self, marks: Iterable[Mark]) -> list[Found]:
        """The mentions, in text order; `faults` has what does not open or close, by line."""
        for mark in marks:
            for match in _BRACKET.finditer(mark.cell):
                if match[1] or match[4]:
                    self.bracket(mark, match[1], bool(match[2]), match[3])
                else:
                    self.fault(mark.line, f"{match[0][:60]!r} is no bracket such as (e1-person) or (1")
        for key, left in self.open.items():
            for item in left:
                self.fault(item.line, f"the mention of {key} that begins here does not end in its document")
        for key, parts in self.parts.items():
            self.fault(parts[0].begun.line, f"the last part of this mention of {key} is missing")
        return _ordered(self.found)

    def bracket(self, mark: Mark, begins: str | None, single: bool, ends: str | None) -> None:
        """One bracket of a mark: what begins, and whether it ends at once, or what ends."""
        key = ends
        if begins is not None:
            cells = begins.split("-")
            key = cells[self.entity] if self.entity < len(cells) else begins
            type = cells[self.type] if self.type is not None and self.type < len(cells) else ""
            self.open.setdefault(key, []).append(_Open(mark.first, unquote(type) or UNTYPED, mark.line))
        if key is not None and (single or ends is not None):
            self.close(mark, key)

    def close(self, mark: Mark, key: str) -> None:
        """The end of the mention or part that was begun last under a key."""
        begun = self.open.get(key)
        if not begun:
            self.fault(mark.line, f"{key}) ends a mention that was not begun")
            return
        item = begun.pop()
        entity, last = key, True
        if (match := _PART.match(key)) is not None:
            entity, last = match[1], match[2] == match[3]
        parts = self.parts.setdefault(entity, []) if match else []
        parts.append(_Part(item.first, mark.after, item))
        if not last:
            return
        self.parts.pop(entity, None)
        held = _joined(parts)
        type = next((part.begun.type for part in parts if part.begun.type != UNTYPED), UNTYPED)
        if held:
            self.found.append(Found(unquote(entity), type, held))
        self.empty += not held

    def fault(self, line: int, message: str) -> None:
        """Keep what is wrong on a line."""
        self.faults.append(Fault("", str(line), message))
