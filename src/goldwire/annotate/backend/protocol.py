"""Requests and answers of Label Studio's protocol for ML backends, as release 1.23 speaks it.

Of what comes only the fields named here are read: the token that comes with /setup never gets further than
the bytes of the request. Of what goes, two kinds make a task impossible to open until the answer is another:
a region that is no object, and a score that is no number. `faults` finds these, and what would be drawn
wrongly.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

import msgspec

from goldwire.corpora.codec import BROKEN
from goldwire.corpora.errors import DataError, Fault

TRAIN = "START_TRAINING"
_ACTION = re.compile(r"[A-Z_]{1,40}")
_PLACED = ("start", "end")

T = TypeVar("T")
Result = dict[str, Any]


class Task(msgspec.Struct, frozen=True):
    """A task to make suggestions for: its number on the server, and its data."""

    data: dict[str, Any]
    id: int | None = None


class Asked(msgspec.Struct, frozen=True):
    """The body of /predict. Without a configuration nothing is known of what can be shown."""

    tasks: list[Task]
    label_config: str


class Hook(msgspec.Struct, frozen=True):
    """The body of a webhook; what was done to what is not read."""

    action: str = ""

    def told(self) -> str:
        """The action for a log: one of the server's own words, or that it is none."""
        return self.action if _ACTION.fullmatch(self.action) else "unknown action"


class Suggestion(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is stored with a task: an empty `result` says that there is nothing to mark."""

    model_version: str
    result: list[Result]
    score: float | None = None


class Nothing(msgspec.Struct, frozen=True):
    """An answer of which nothing is stored, so that the next opening of the task asks again."""


NOTHING = Nothing()
Answer = Suggestion | Nothing


def decode(body: bytes, type: type[T]) -> T:
    """The body of a request; `DataError`, without a word of what was in it, if it is none."""
    try:
        return msgspec.json.decode(body, type=type)
    except BROKEN as error:
        where = str(error).partition(" - at ")[2]
        fault = Fault("request", where, "not as expected")
        raise DataError("not a request of this protocol", [fault]) from None


def encode(answers: Sequence[Answer]) -> bytes:
    """The body of an answer, a result for each task in order; for one that stores nothing, none at all.

    Seen on 1.23: of several, one without a `result` is passed over and the others are stored; an empty list
    stores nothing of any.
    """
    empty = all(isinstance(answer, Nothing) for answer in answers)
    return msgspec.json.encode({"results": [] if empty else answers})


def faults(suggestion: Suggestion, text: str) -> Iterator[str]:
    """What is wrong with a suggestion for a text, in words; nothing if it may leave."""
    if suggestion.score is not None and not _is_number(suggestion.score):
        yield "the score is no number"
    objects = [item for item in suggestion.result if isinstance(item, dict)]
    regions = [item for item in objects if item.get("type") != "relation"]
    ids = {item.get("id") for item in regions}
    for item in suggestion.result:
        yield from _faults(item, ids, text)
    labelled = [item.get("id") for item in regions if item.get("type") == "labels"]
    if len({*labelled}) < len(labelled):
        yield "two regions have one id"


def _faults(item: object, ids: set[Any], text: str) -> Iterator[str]:
    if not isinstance(item, dict):
        yield "a region is no object"
        return
    if not _is_number(item.get("score", 0.0)):
        yield "the score of a region is no number"
    if item.get("type") == "relation":
        if not {item.get("from_id"), item.get("to_id")} <= ids:
            yield "an arrow has no region at an end"
        return
    start, end = (item.get("value", {}).get(name) for name in _PLACED)
    if not (isinstance(start, int) and isinstance(end, int) and 0 <= start < end <= len(text)):
        yield "a region is not in the text"


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
