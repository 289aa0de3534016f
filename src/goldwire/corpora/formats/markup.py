"""XML of strangers, read without loading anything: no entities of its own, no files, no endless nesting."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.parsers import expat

from goldwire.corpora.codec import read_bytes
from goldwire.corpora.errors import DataError, Fault

LARGEST = 500_000_000  # bytes; releases of literature have files of a few hundred megabytes
DEEPEST = 100  # nested elements; the formats that are read nest a dozen


@dataclass(slots=True)
class Element:
    """An element with its place in the file; `text` is what is in it and in none of its children.

    Names are without prefixes; attributes that have one are found by both names.
    """

    tag: str
    attributes: dict[str, str]
    where: str
    text: str = ""
    children: list[Element] = field(default_factory=list)

    def all(self, *tags: str) -> Iterator[Element]:
        """The elements directly in this one that have one of the names."""
        return (child for child in self.children if child.tag in tags)

    def first(self, *tags: str) -> Element | None:
        """The first of them."""
        return next(self.all(*tags), None)

    def text_of(self, tag: str) -> str | None:
        """The text in the first element of a name, as it stands; None if there is no such element."""
        found = self.first(tag)
        return None if found is None else found.text

    def get(self, name: str) -> str | None:
        """An attribute."""
        return self.attributes.get(name)

    def need(self, name: str) -> str:
        """An attribute that must be there; `DataError` if it is not."""
        if name not in self.attributes:
            raise self.fault(f"<{self.tag}> has no {name!r}")
        return self.attributes[name]

    def number(self, name: str) -> int:
        """An attribute that must be a whole number."""
        value = self.need(name)
        if not re.fullmatch(r"[+-]?[0-9]{1,18}", value.strip()):
            raise self.fault(f"<{self.tag}> has {name}={value!r}, which is no whole number")
        return int(value)

    def fault(self, message: str) -> DataError:
        """An error at this place."""
        return DataError(f"{self.where}: {message}", [Fault(self.where, "", message)])


def read(path: Path) -> Element:
    """The outermost element of a file."""
    return parse(read_bytes(path), str(path))


def parse(data: bytes, where: str) -> Element:
    """The outermost element of XML; `DataError` with the line if it is broken or hostile.

    A document type may be named, as releases do; it is not loaded, and may declare nothing.
    """
    builder = _Builder(where)
    if len(data) > LARGEST:
        raise _refused(where, f"it has {len(data):,} bytes; more than {LARGEST:,} are not read as XML")
    try:
        builder.parser.Parse(data, True)
    except expat.ExpatError as error:
        message = f"is no XML: {expat.errors.messages[error.code]}"
        raise _refused(f"{where}:{error.lineno}", message) from error
    except (ValueError, LookupError) as error:  # of an encoding that there is not
        raise _refused(where, f"is no XML: {error}") from error
    return builder.stack[0].children[0]


def _refused(where: str, message: str) -> DataError:
    return DataError(f"{where}: cannot be read", [Fault(where, "", message)])


class _Builder:
    """Builds elements as the parser tells of them."""

    def __init__(self, where: str) -> None:
        self.where = where
        self.stack: list[Element] = [Element("", {}, where)]
        self.pieces: list[list[str]] = [[]]
        self.parser: Any = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.parser.CharacterDataHandler = self.data
        self.parser.EntityDeclHandler = self.declared
        self.parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)

    def place(self) -> str:
        return f"{self.where}:{self.parser.CurrentLineNumber}"

    def declared(self, name: str, *_: object) -> None:
        raise _refused(
            self.place(), f"it declares an entity, {name!r}, which is not read from strangers' files"
        )

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if len(self.stack) > DEEPEST:
            raise _refused(self.place(), f"elements are nested more than {DEEPEST} deep")
        plain = {key.rpartition(":")[2]: value for key, value in attributes.items()}
        element = Element(name.rpartition(":")[2], plain | attributes, self.place())
        self.stack[-1].children.append(element)
        self.stack.append(element)
        self.pieces.append([])

    def end(self, _: str) -> None:
        self.stack.pop().text = "".join(self.pieces.pop())

    def data(self, text: str) -> None:
        self.pieces[-1].append(text)
