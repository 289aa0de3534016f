"""Records of JSON, a document each: what the formats of annotation tools and models' training data share.

A file is JSON lines, one list of records, or one record alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import msgspec

from goldwire.corpora.atomic import write_atomic
from goldwire.corpora.codec import BROKEN, encode_lines, line_faults, read_bytes
from goldwire.corpora.encodings import decode
from goldwire.corpora.errors import DataError, Fault
from goldwire.corpora.formats import Covers, Facts, Reading, loss
from goldwire.corpora.formats.gather import Gathering, Place, reject
from goldwire.corpora.formats.head import Head
from goldwire.corpora.types import Annotations, Document, Rejected, Relation

T = TypeVar("T")
Placed = list[tuple[str, Any]]  # places and records


class Plain(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """There is nothing to choose."""


class Records:
    """A format of records; what is below `records` is its own."""

    COVERS: ClassVar[Covers] = "listed"
    FACTS: ClassVar[Facts]
    Options: ClassVar[type[msgspec.Struct]] = Plain

    def recognise(self, head: Head) -> bool:
        """See `Format.recognise`: every record that is looked at fits, and one of them is annotated."""
        records = self.unwrap(head.records)
        return any(map(self.fits, records)) and all(map(self.may_fit, records))

    def read(
        self, paths: Sequence[Path], options: Any, documents: Sequence[Document] | None = None
    ) -> Reading:
        """See `Format.read`. A record that is not of the form is rejected; `DataError` if all of them are."""
        gathering, misfits = Gathering(documents, options), []
        number = 0
        for path in paths:
            for where, record in self.records(path):
                number += 1
                try:
                    self.take(record, where, gathering)
                except DataError as error:
                    misfits.append(Fault(where, "", str(error)))
                    gathering.refuse("malformed", str(error), where, None, record)
        if misfits and len(misfits) == number:
            raise DataError(f"{paths[0]}: not {self.FACTS.about}; nothing was read", misfits)
        return gathering.reading()

    def records(self, path: Path) -> Placed:
        """The records of a file, each with its place; `DataError` with every fault if it is no JSON."""
        return read_records(path, self.unwrap)

    # ------------------------------------------------------------ what each format says

    def unwrap(self, records: list[Any]) -> list[Any]:
        """The records in what a file holds."""
        return records

    def fits(self, record: Any) -> bool:
        """Whether a record is annotated in this form and no other."""
        raise NotImplementedError

    def may_fit(self, record: Any) -> bool:
        """Whether a record can stand beside those that fit."""
        return self.fits(record)

    def take(self, record: Any, where: str, gathering: Gathering) -> None:
        """Read one record; `DataError` if it is not of the form."""
        raise NotImplementedError


class Written(Records):
    """A format of records that is written as well."""

    HELD: ClassVar[tuple[str, ...]] = ()  # kinds of `loss.count` that are written
    LINES: ClassVar[bool] = True  # written as lines, not as a list

    def write(
        self, path: Path, documents: Iterable[Document], layer: Mapping[str, Annotations], options: Any
    ) -> dict[str, int]:
        """See `Format.write`."""
        del options
        lost = loss.count(layer.values())
        items = [(document, layer[document.id]) for document in documents]
        records = list(self.give(items, lost))
        write_atomic(path, encode_lines(records) if self.LINES else msgspec.json.encode(records) + b"\n")
        return loss.report(lost, self.HELD)

    def give(self, items: Sequence[tuple[Document, Annotations]], lost: Counter[str]) -> Iterable[Any]:
        """The records of documents; what they cannot hold is added to `lost`."""
        raise NotImplementedError


def read_records(path: Path, unwrap: Callable[[list[Any]], list[Any]] = list) -> Placed:
    """The records of a file of JSON, each with its place; `unwrap` takes them out of the one value it is.

    `DataError` with every fault if it is no JSON.
    """
    text = decode(read_bytes(path), str(path))
    value = _whole(text)
    if value is None:
        return list(_lines(text, str(path)))
    items = unwrap(value if isinstance(value, list) else [value])
    return [(f"{path} $[{i}]", item) for i, item in enumerate(items)]


def _whole(text: str) -> Any:
    """The one JSON value of a text; None if it is not one."""
    try:
        return msgspec.json.decode(text)
    except BROKEN:
        return None


def _lines(text: str, where: str) -> Iterator[tuple[str, Any]]:
    faults: list[Fault] = []
    for number, line in enumerate(text.split("\n"), start=1):
        place = f"{where}:{number}"
        if not line.strip():
            continue
        try:
            yield place, msgspec.json.decode(line)
        except BROKEN as error:
            faults += line_faults(line.encode("utf-8", "surrogatepass"), Any, place, error)
    if faults:
        raise DataError(f"{where}: {len(faults)} fault(s); nothing was read", faults)


# ---------------------------------------------------------------- what readers of records use


def fields(record: Any, *needed: str) -> dict[str, Any]:
    """A record as a mapping with the fields that it must have."""
    if not isinstance(record, dict):
        raise DataError(f"a JSON object is needed, got {type(record).__name__}")
    if missing := [name for name in needed if name not in record]:
        raise DataError(f"has no `{'`, `'.join(missing)}`")
    return record


def is_list_of(value: Any, type: Any) -> bool:
    """Whether a value converts to a list of a type."""
    try:
        msgspec.convert(value, list[type])
    except msgspec.ValidationError:
        return False
    return True


def listed(record: Mapping[str, Any], name: str) -> list[Any]:
    """The list in a field; empty if the field is not there or null."""
    value = record.get(name)
    if value is None:
        return []
    if not isinstance(value, list):
        raise DataError(f"`{name}` is no list")
    return value


def text_of(record: Mapping[str, Any], name: str = "text") -> str:
    """The text in a field."""
    if not isinstance(record.get(name), str):
        raise DataError(f"`{name}` is no text")
    return str(record[name])


def id_of(value: Any) -> str | None:
    """An id that is text or a whole number; None if it is neither."""
    named = isinstance(value, str | int) and not isinstance(value, bool)
    return str(value) if named and str(value) else None


def items_of(
    values: Sequence[Any], type: type[T], unit: str, place: Place, rejected: list[Rejected]
) -> Iterator[T]:
    """The values that are of a type; others are rejected, with all that can be said of them."""
    for value in values:
        try:
            yield msgspec.convert(value, type)
        except msgspec.ValidationError as error:
            rejected.append(reject(place, unit, "malformed", str(error), value=value))


def bound(relations: Iterable[Relation], ids: Mapping[str, Any], lost: Counter[str]) -> Iterator[Relation]:
    """Relations whose ends are written; the others are counted as lost."""
    for relation in relations:
        if relation.source in ids and relation.target in ids:
            yield relation
        else:
            lost["relations of lost mentions"] += 1
