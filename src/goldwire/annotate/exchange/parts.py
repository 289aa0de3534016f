"""Parts of a graph in the making: mentions, events, and what is at the ends of arrows."""

from __future__ import annotations

from collections.abc import Container
from itertools import count
from typing import Literal, NamedTuple

import msgspec

from goldwire.annotate.exchange.results import Region
from goldwire.corpora.types import Held, RawSpans, Spans

ItemKind = Literal["mentions", "events"]
Key = tuple[ItemKind, str]


class Item(msgspec.Struct):
    """A mention or event in the making; `of` are the regions of its parts, in text order."""

    id: str
    type: str
    of: tuple[Region, ...]
    attributes: dict[str, Held] = {}

    @property
    def spans(self) -> Spans:
        """Where its parts are."""
        return tuple(region.span for region in self.of)


class End(NamedTuple):
    """An end of an arrow: whether anything is there, whether it is a trigger, its type and place."""

    is_known: bool
    is_event: bool
    type: str | None
    spans: RawSpans


Ends = dict[ItemKind, list[Item]]


def free(id: str, taken: Container[str]) -> str:
    """The id, or with a number behind it where it is taken."""
    return id if id not in taken else next(f"{id}-{n}" for n in count(2) if f"{id}-{n}" not in taken)
