"""Texts of source files as stand-off annotations count them: outside tags or whole, CRLF as one or two."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

_MARK = re.compile(r"<!\[CDATA\[|<!--|</?[A-Za-z][^<>]*>|<[!?][^<>]*>")
_CLOSERS = {"<![CDATA[": "]]>", "<!--": "-->"}
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#x[0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")


class Stretch(NamedTuple):
    """A place in a source as a file gives it, the end behind its last character, and the words there."""

    start: int
    end: int
    words: str | None


class Text(NamedTuple):
    """One reading of a source: what offsets count in it, in words, and the text that they count in."""

    counted: str
    text: str


def readings(raw: str, *, marked: bool, whole_first: bool) -> list[Text]:
    """The ways in which offsets may count a source, each once, the likeliest first.

    `raw` has the line ends of the file; `marked` is whether a byte order mark stood before it. A reading
    whose text is that of an earlier one is left out.
    """
    outside = [
        Text("the text outside tags", outside_tags(raw)),
        Text("the text outside tags, entities as written", outside_tags(raw, resolve=False)),
    ]
    whole = [Text("the whole file", raw)]
    found: dict[str, Text] = {}
    for each in [*whole, *outside] if whole_first else [*outside, *whole]:
        for way in _ways(each, marked):
            found.setdefault(way.text, way)
    return list(found.values())


def _ways(reading: Text, marked: bool) -> Iterator[Text]:
    """A reading with CRLF as two characters and as one, without and with a byte order mark."""
    single = Text(f"{reading.counted}, CRLF as one", reading.text.replace("\r\n", "\n"))
    for counted, text in (reading, single):
        yield Text(counted, text)
        if marked:
            yield Text(f"{counted}, with a byte order mark", f"\ufeff{text}")


def choose(candidates: Sequence[Text], stretches: Iterable[Stretch]) -> Text:
    """The reading in which the most stretches have their words; of equals the first."""
    given = [(s.start, s.end, plain(s.words)) for s in stretches if s.words is not None]
    best, most = candidates[0], -1
    for each in candidates:
        fitting = sum(plain(each.text[start:end]) == words for start, end, words in given if start >= 0)
        if fitting > most:
            best, most = each, fitting
        if most == len(given):
            break
    return best


def plain(words: str) -> str:
    """Words as they are compared: entities resolved, white space left out."""
    return "".join(resolved(words).split())


def resolved(text: str) -> str:
    """A text with the entities of SGML and XML as the characters that they stand for; unknown ones stay."""
    return _ENTITY.sub(lambda match: html.unescape(match[0]), text) if "&" in text else text


def outside_tags(raw: str, *, resolve: bool = True) -> str:
    """The text of a source without tags, comments and declarations, and with what CDATA sections hold.

    No entity is resolved but those that HTML knows: what a source declares itself stays as it is written.

    >>> outside_tags("<DOC>\\n<TEXT>AT&amp;T <![CDATA[<b>]]></TEXT>")
    '\\nAT&T <b>'
    """
    return "".join(resolved(piece) if is_text and resolve else piece for piece, is_text in _pieces(raw))


def _pieces(raw: str) -> Iterator[tuple[str, bool]]:
    """What is outside tags, piece by piece; false for what a CDATA section holds, where nothing is marked."""
    place = 0
    while (mark := _MARK.search(raw, place)) is not None:
        yield raw[place : mark.start()], True
        place = mark.end()
        if (closer := _CLOSERS.get(mark[0])) is None:
            continue
        end = raw.find(closer, place)
        if end < 0:  # never closed: the rest is text, and is not searched for the closer again
            place = mark.start()
            break
        if closer == "]]>":
            yield raw[place:end], False
        place = end + len(closer)
    yield raw[place:], True
