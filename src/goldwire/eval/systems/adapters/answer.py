"""Answers of a model as items: of one that breaks off, those that came whole.

An answer is a JSON object with the arrays `mentions` and `events`. Around it may stand what models say
besides: thoughts (`<think>…</think>`), words, a code fence. Of several whole answers the last one counts.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from goldwire.corpora.codec import BROKEN

_THOUGHT = re.compile(r"\s*<think(?:ing)?>")
_THOUGHT_ENDS = re.compile(r"</think(?:ing)?>")
_OBJECT = re.compile(r'\{\s*(?="(?:[^"\\]|\\.){0,100}"\s*:)')
_ANSWER = re.compile(r'\{\s*(?="(?:mentions|events)"\s*:)')
_TRIED = 100  # objects of one text: what has more of them that begin as an answer does is none
_SPACE = re.compile(r"\s*")
_scan = json.JSONDecoder(strict=False).raw_decode  # line breaks in quotes are taken as they are
_UNREADABLE = (ValueError, IndexError, RecursionError)
# What cannot be written down again, such as half a surrogate pair or a number of 400 digits.
_UNWRITABLE = (*BROKEN, ValueError, OverflowError, TypeError)


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """The items of an answer as they came; `fault` says why these may not be all, "" if they are."""

    mentions: list[Any] = []
    events: list[Any] = []
    fault: str = ""

    def __len__(self) -> int:
        return len(self.mentions) + len(self.events)


def read(texts: Sequence[str]) -> Answer:
    """The answer in a text, or in the arguments of several calls of a tool together.

    >>> read(['Sure: {"mentions": [{"quote": "Herat"}, {"quote": "Ka'])
    Answer(mentions=[{'quote': 'Herat'}], events=[], fault='it breaks off')
    """
    parts = [_read(text) for text in texts]
    return Answer(
        mentions=[item for part in parts for item in part.mentions],
        events=[item for part in parts for item in part.events],
        fault=next((part.fault for part in parts if part.fault), ""),
    )


def _read(text: str) -> Answer:
    said = _without_thoughts(text)
    if not said.strip():
        return Answer(fault="it is empty")
    found = list(_answers(said))
    if not found:
        return Answer(fault="there is no object with a list of `mentions`")
    best = [one for one in found if not one.fault][-1:] or [max(found, key=len)]
    return msgspec.structs.replace(best[0], fault=found[-1].fault)  # a draft is none of an end that is broken


def _without_thoughts(text: str) -> str:
    """What follows the thoughts; nothing if they do not end."""
    ends = [match.end() for match in _THOUGHT_ENDS.finditer(text)]
    if _THOUGHT.match(text):
        return text[ends[0] :] if ends else ""
    first = text.find("{")
    return text[ends[-1] :] if ends and not 0 <= first < ends[0] else text


def _answers(text: str) -> Iterator[Answer]:
    """The answers in a text: its first object, whatever that begins with, and others that begin as one."""
    match, at = _OBJECT.search(text), 0
    for _ in range(_TRIED):
        if match is None:
            return
        found, end = _object(text, match.end())
        if found is not None:
            yield found
            at = end
        match = _ANSWER.search(text, at)
        at = match.end() if match else at


def _object(text: str, at: int) -> tuple[Answer | None, int]:
    """The answer whose first key is at `at`, and where it ends; None if the object has neither list."""
    found: dict[str, list[Any]] = {}
    fault = ""
    try:
        while text[at] != "}":
            key, at = _scan(text, at)
            at = _after(text, at, ":")
            if key in ("mentions", "events") and text[at] == "[":
                at = _items(text, at, found.setdefault(key, []))
            else:
                _, at = _scan(text, at)
            at = _past(text, at)
            at = _after(text, at, ",") if text[at] == "," else at
    except _UNREADABLE:
        fault = "it breaks off"
    if not found:
        return None, at
    if not fault and "mentions" not in found:
        fault = "it has no list of `mentions`"
    return Answer(mentions=found.get("mentions", []), events=found.get("events", []), fault=fault), at


def _items(text: str, at: int, into: list[Any]) -> int:
    """Put the items of the array at `at` into a list, one by one as they are whole; where it ends."""
    at = _past(text, at + 1)
    while text[at] != "]":
        value, end = _scan(text, at)
        after = _past(text, end)
        if isinstance(value, dict) or text[after] in ",]":  # of a number, more digits may have been to come
            into.append(_writable(value, text[at:end]))
        at = _after(text, after, ",") if text[after] == "," else after
    return at + 1


def _writable(value: Any, text: str) -> Any:
    """A value, or its text where it cannot be written down as it is."""
    try:
        msgspec.json.decode(msgspec.json.encode(value))
    except _UNWRITABLE:
        return text.encode("utf-8", "replace").decode()
    return value


def _past(text: str, at: int) -> int:
    """The next place that is no white space."""
    match = _SPACE.match(text, at)
    return match.end() if match else at


def _after(text: str, at: int, sign: str) -> int:
    at = _past(text, at)
    if text[at] != sign:
        raise ValueError(sign)
    return _past(text, at + 1)
