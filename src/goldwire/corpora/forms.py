"""Forms that items of the simple form have, and what they say besides that is not kept.

A field that nobody knows costs itself, not the item: systems write what they have, such as `confidence`. It
costs the item where it may be one of ours misspelt, or where the item does not say its place without it.
"""

from __future__ import annotations

from collections import Counter
from difflib import get_close_matches
from typing import Annotated, Any, TypeVar

import msgspec

from goldwire.corpora.codec import BROKEN, line_faults
from goldwire.corpora.rejected import raw_value
from goldwire.corpora.types import Held, Relation, Span, Spans
from goldwire.corpora.validate import Flaw

NO_FLAW = Flaw("", "", "")
SCORES = "scores that are not from 0 to 1"
_NEGATIVE = "Expected `int` >= 0"  # what msgspec says of an offset below 0
_MISSPELT = 0.81  # of difflib's ratio: `clusters` and `attribute` are, `kind` is not `id`
Occurrence = Annotated[int, msgspec.Meta(ge=1)]


class Form(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Base of the items: typos are refused, unless they can be nothing else than a field too many."""


class Mention(Form, frozen=True):
    """A mention, by its spans or its words."""

    type: str
    spans: Spans | None = None
    occurrence: Occurrence | None = None
    id: str | None = None
    head: Span | None = None
    attributes: dict[str, Held] = {}
    cluster: str | None = None
    score: float | None = None
    text: str | None = None


class Argument(Form, frozen=True):
    """An argument, by the id of a mention, its spans or its words."""

    role: str
    mention: str | None = None
    alternatives: tuple[str, ...] = ()
    spans: Spans | None = None
    occurrence: Occurrence | None = None
    type: str | None = None
    score: float | None = None
    text: str | None = None


class Event(Form, frozen=True):
    """An event; its arguments are decoded one by one."""

    type: str
    alternatives: tuple[str, ...] = ()
    trigger: Spans | None = None
    occurrence: Occurrence | None = None
    id: str | None = None
    arguments: tuple[msgspec.Raw, ...] = ()
    attributes: dict[str, Held] = {}
    cluster: str | None = None
    score: float | None = None
    text: str | None = None


T = TypeVar("T", Mention, Argument, Event, Relation)
_PLURALS = {Mention: "mentions", Argument: "arguments", Event: "events", Relation: "relations"}
_PLACES = ("spans", "trigger", "mention", "source")


def decode(raw: msgspec.Raw, type: type[T], place: str, lost: Counter[str]) -> tuple[T | None, Flaw]:
    """An item, or what is wrong with it; offsets below 0 alone are outside the text, not malformed.

    What is not kept of a sound item is added to `lost`.
    """
    try:
        return rated(msgspec.json.decode(raw, type=type), lost), NO_FLAW
    except BROKEN as error:
        if (item := _without_more(raw, type, lost)) is not None:
            return item, NO_FLAW
        faults = line_faults(bytes(raw), type, "", error)
    message = "; ".join(f"{f.path.removeprefix('$') or 'item'}: {f.message}" for f in faults)
    negative = all(f.message == _NEGATIVE and f.path.startswith(f"$.{place}[") for f in faults)
    return None, Flaw("", "outside-text" if negative else "malformed", message)


def rated(item: T, lost: Counter[str]) -> T:
    """An item without its score, if that is none: what it would be worth nobody can say."""
    if item.score is None or 0 <= item.score <= 1:
        return item
    lost[SCORES] += 1
    return msgspec.structs.replace(item, score=None)


def _without_more(raw: msgspec.Raw, type: type[T], lost: Counter[str]) -> T | None:
    """An item without its unknown fields; None if it is no item without them, or they may be misspelt."""
    given = raw_value(raw)
    fields = given if isinstance(given, dict) else {}
    known = {name: fields[name] for name in type.__struct_fields__ if name in fields}
    more = {name: value for name, value in fields.items() if name not in known}
    if not more or _may_matter(more, known, type):
        return None
    try:
        item = rated(msgspec.json.decode(msgspec.json.encode(known), type=type), lost)
    except BROKEN:
        return None
    lost.update(f"fields {name!r} of {_PLURALS[type]}" for name in more)
    return item


def _may_matter(more: dict[str, Any], known: dict[str, Any], type: type[T]) -> bool:
    """Whether unknown fields may be known ones misspelt, or say where an item stands that does not say it."""
    absent = [name for name in type.__struct_fields__ if name not in known]
    if any(get_close_matches(name.lower(), absent, 1, _MISSPELT) for name in more):
        return True
    if any(name in known for name in _PLACES):
        return False
    named = any(place in name.lower() for name in more for place in ("span", "trigger"))
    return named or not all(isinstance(value, str | float | bool | None) for value in more.values())
