"""Sentences of tokens with their tags or brackets, as files of columns hold them, and their documents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from goldwire.corpora.formats.tags import Chunk


class Mark(NamedTuple):
    """Brackets at a token: what they open begins at token `first`, what they close ends before `after`.

    At an empty node, which is no token, both are the number of tokens before it.
    """

    first: int
    after: int
    cell: str
    line: int


class Sentence(NamedTuple):
    """Tokens and their tags, `lines` are where they stand; `text` and `id` are from comments.

    `glued` are tokens with no space behind them. Where mentions are said by brackets, `marks` are these, and
    `names` what a column of named entities says besides; `tags` mean nothing then.
    """

    tokens: list[str]
    tags: list[str]
    lines: Sequence[int]
    text: str | None
    id: str | None
    glued: frozenset[int] = frozenset()
    marks: Sequence[Mark] = ()
    names: Sequence[Chunk] = ()

    def said(self, by: str) -> str:
        """The text: that of the comment, or the tokens with `by` between those that are not glued."""
        if self.text is not None:
            return self.text
        if not self.glued:
            return by.join(self.tokens)
        parts = [token if i in self.glued else token + by for i, token in enumerate(self.tokens[:-1])]
        return "".join((*parts, self.tokens[-1]))


@dataclass
class Part:
    """The sentences of one document of a file; `id` is None where the file names none."""

    id: str | None
    line: int
    sentences: list[Sentence] = field(default_factory=list)


class Range(NamedTuple):
    """A multiword token: its first word, the one behind its last, its form, and whether no space follows."""

    first: int
    after: int
    form: str
    glued: bool


def merged(sentence: Sentence, ranges: Sequence[Range]) -> tuple[Sentence, int]:
    """The sentence with multiword tokens in place of words, and how many mentions began at a word that went.

    The form of a multiword token stands in the text, and its words may not ("im" for "in dem"). Words that
    make up the form stay, with no space between them.
    """
    tokens, tags, lines = list(sentence.tokens), list(sentence.tags), list(sentence.lines)
    glued, lost = set(sentence.glued), 0
    place = list(range(len(tokens) + 1))  # where each word is when those that went are gone
    for first, after, form, tight in reversed(ranges):
        glued.difference_update(range(first, after))
        glued.update([after - 1] if tight else [])
        if "".join(tokens[first:after]) == form:
            glued.update(range(first, after - 1))
            continue
        told = [tag for tag in tags[first:after] if tag != "O"]
        lost += sum(tag[:1] in ("B", "S", "U") for tag in told[1:])
        tokens[first:after], tags[first:after], lines[first:after] = [form], told[:1] or ["O"], [lines[first]]
        place = [p - min(max(i - first, 0), after - first - 1) for i, p in enumerate(place)]
    marks = [_moved(mark, place) for mark in sentence.marks]
    spaces = frozenset(place[i] for i in glued)
    return sentence._replace(tokens=tokens, tags=tags, lines=lines, glued=spaces, marks=marks), lost


def _moved(mark: Mark, place: Sequence[int]) -> Mark:
    at_word = mark.after > mark.first
    return mark._replace(
        first=place[mark.first], after=place[mark.first] + 1 if at_word else place[mark.after]
    )
