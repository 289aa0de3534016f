"""Tables, and what `datasets` says of their columns under the key `huggingface`: names of classes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from goldwire.corpora.codec import BROKEN
from goldwire.corpora.formats.head import look
from goldwire.corpora.formats.records import read_records
from goldwire.corpora.parquet import read_first

KEY = "huggingface"
LOOKED_AT = 50  # rows by which a column is told


class Table(msgspec.Struct, frozen=True):
    """Rows, and the features of columns as `datasets` describes them; none if the file does not say."""

    rows: list[dict[str, Any]]
    features: Mapping[str, Any]

    @property
    def columns(self) -> list[str]:
        """The names of columns, in order; of JSON lines, those of the first rows."""
        return list(dict.fromkeys(name for row in self.rows[:LOOKED_AT] for name in row))

    def values(self, name: str) -> list[Any]:
        """What the first rows have in a column, where they have something."""
        return [row[name] for row in self.rows[:LOOKED_AT] if row.get(name) is not None]

    def is_words(self, name: str) -> bool:
        """Whether a column holds lists of strings."""
        values = self.values(name)
        return bool(values) and all(_is_list_of(value, str) for value in values) and any(values)

    def is_records(self, name: str) -> bool:
        """Whether a column holds lists of records, or records of lists."""
        values = self.values(name)
        return bool(values) and all(isinstance(value, dict) or _is_list_of(value, dict) for value in values)

    def names(self, name: str) -> list[str]:
        """The names of a column's classes; empty if the file has none."""
        return next(_class_names(self.features.get(name)), [])

    def labels(self, name: str) -> set[str] | None:
        """The tags of a column by name, {"O"} of numbers without names; None if it cannot hold tags."""
        if self.is_words(name):
            return {label for value in self.values(name) for label in value}
        values = self.values(name)
        if not values or not all(_is_list_of(value, int) for value in values):
            return None
        return set(self.names(name)) or {"O"}

    def is_parallel(self, name: str, other: str) -> bool:
        """Whether two columns have lists of the same lengths."""
        pairs = [(row.get(name), row.get(other)) for row in self.rows[:LOOKED_AT]]
        return all(len(a) == len(b) for a, b in pairs if isinstance(a, list) and isinstance(b, list))


def _is_list_of(value: Any, type: type) -> bool:
    return isinstance(value, list) and all(isinstance(item, type) for item in value)


def _class_names(feature: Any) -> Iterator[list[str]]:
    """The names of the first ClassLabel in a feature, however deep it lies."""
    if isinstance(feature, list):
        for item in feature:
            yield from _class_names(item)
    elif isinstance(feature, dict):
        if feature.get("_type") == "ClassLabel" and _is_list_of(feature.get("names"), str):
            yield feature["names"]
        for part in feature.values():
            yield from _class_names(part)


def read_table(path: Path, rows: int | None = None) -> Table:
    """The rows of a Parquet file or of JSON; the first of them where `rows` says how many."""
    if look(path).data.startswith(b"PAR1"):
        frame, said = read_first(path, rows)
        return Table(list(frame.iter_rows(named=True)), _features(said.get(KEY, "{}")))
    found = [row if isinstance(row, dict) else {} for _, row in read_records(path)]
    return Table(found, {})


def _features(said: str) -> Mapping[str, Any]:
    try:
        value = msgspec.json.decode(said)
        found = value["info"]["features"]
    except (*BROKEN, KeyError, TypeError):
        return {}
    return found if isinstance(found, dict) else {}
