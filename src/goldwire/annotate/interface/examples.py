"""Examples of an ontology, with marks for mentions, roles and the trigger, as pieces."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

import msgspec

_MARK = re.compile(r"\[(?P<mention>[^\[\]|]+)(?:\|(?P<role>[^\[\]|]+))?\]|\{(?P<trigger>[^{}]+)\}")


class Piece(msgspec.Struct, frozen=True):
    """A stretch of an example: plain words, a mention (with its role, if any), or the trigger."""

    kind: Literal["words", "mention", "trigger"]
    text: str
    role: str = ""


def pieces(example: str) -> Iterator[Piece]:
    """An example as its pieces, in order; `[words|role]` and `[words]` are mentions, `{words}` the trigger.

    >>> [(p.kind, p.text, p.role) for p in pieces("[Rebels|attacker] {hit} it.")]
    [('mention', 'Rebels', 'attacker'), ('words', ' ', ''), ('trigger', 'hit', ''), ('words', ' it.', '')]
    """
    end = 0
    for match in _MARK.finditer(example):
        if match.start() > end:
            yield Piece("words", example[end : match.start()])
        if match["trigger"] is not None:
            yield Piece("trigger", match["trigger"])
        else:
            yield Piece("mention", match["mention"], match["role"] or "")
        end = match.end()
    if end < len(example):
        yield Piece("words", example[end:])
