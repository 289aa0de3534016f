"""Metadata of an article, as the columns of its row or the keys of its object give it.

The fields of `Meta` are read by name; whatever else a row says is kept in `Meta.more`, for whoever wants to
part documents by it. Nothing that is left out is left out in silence.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, time
from decimal import Decimal
from typing import Any

from goldwire.corpora.types import Meta, Scalar

KNOWN = tuple(name for name in Meta.__struct_fields__ if name != "more")
# What a row says besides metadata; the last two stand in lines of a corpus's own `documents.jsonl`.
OURS = ("id", "text", "excluded", "sha256", "group")
TWICE = "comes twice with two values; the first is kept"
_HALF = re.compile("[\ud800-\udfff]")  # of a character: a lone surrogate
_WHOLE = range(-(2**63), 2**64)  # the whole numbers that JSON as msgspec reads it has; others are text


class Fields(dict[str, Any]):
    """A row by the names of its columns; `twice` are names that it gives two different values."""

    twice: frozenset[str] = frozenset()


def fields(pairs: Sequence[tuple[str, Any]]) -> Fields:
    """A row of names with their values; of a name that comes again the first value counts."""
    row = Fields(pairs)
    if len(row) < len(pairs):
        full = [(name, value) for name, value in pairs if value is not None and value != ""]
        row = Fields(reversed(full))
        row.twice = frozenset(name for name, value in full if not _same(value, row[name]))
    return row


def _same(one: Any, other: Any) -> bool:
    return type(one) is type(other) and bool(one == other)


class Gathered:
    """The metadata of one row: `known` as it was given, `more` to keep, and `lost` with the reasons."""

    def __init__(self, row: Fields) -> None:
        self.known: dict[str, Any] = {}
        self.more: dict[str, Scalar] = {}
        self.lost: dict[str, str] = {}
        for path, name, value in _given(row):
            if name in KNOWN and not path.startswith("meta.more."):
                self._keep(self.known, path, name, value)
            else:
                self._keep(self.more, path, name, self._scalar(path, name, value))
        self.more = dict(sorted(self.more.items()))
        if "sha256" in row and row.get("group"):
            self.lost["group"] = (
                "stands beside the hash of the text, so it is that of a corpus; it is found anew"
            )
        meta = row.get("meta")
        doubled = [f"meta.{name}" for name in meta.twice] if isinstance(meta, Fields) else []
        self.lost |= dict.fromkeys((*row.twice, *doubled), TWICE)

    def _scalar(self, path: str, name: str, value: Any) -> Scalar | None:
        """A value as it is kept, if it can be."""
        if value is None or value == "" or _is_nothing(value):
            return None
        kept = _scalar(value)
        if kept is None or not name or _is_broken(name):
            self.lost[path] = _reason(value) if kept is None else "has no sound name"
            return None
        return kept

    def _keep(self, into: dict[str, Any], path: str, name: str, value: Any) -> None:
        if value is not None and value != "" and not _same(into.setdefault(name, value), value):
            self.lost[path] = TWICE


def _given(row: Fields) -> Iterator[tuple[str, str, Any]]:
    """What may be metadata: where it stands, its name and its value; `meta` before the columns beside it."""
    meta = row.get("meta")
    nested = meta if isinstance(meta, dict) else {}
    more = nested.get("more")
    own = more if isinstance(more, dict) else {}
    yield from ((f"meta.more.{name}", name, value) for name, value in own.items())
    yield from ((f"meta.{name}", name, value) for name, value in nested.items() if value is not own)
    beside = (name for name in row if row[name] is not nested and not _is_ours(row, name))
    yield from ((name, name, row[name]) for name in beside)


def _is_ours(row: Mapping[str, Any], name: str) -> bool:
    """Whether a column says something of the document that is no metadata.

    `excluded` does with regions (a list), `group` in a line of a corpus, which has the hash of the text.
    """
    if name == "excluded":
        return isinstance(row[name], list)
    return "sha256" in row if name == "group" else name in OURS


def _scalar(value: Any) -> Scalar | None:
    """A value as it is kept; None if it cannot be."""
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, Decimal) or (isinstance(value, int) and value not in _WHOLE):
        return str(value)
    return value if isinstance(value, str | int | float) and not _is_broken(value) else None


def _is_nothing(value: Any) -> bool:
    return value in ([], {}) or (isinstance(value, float) and math.isnan(value))


def _is_broken(value: Scalar) -> bool:
    if isinstance(value, str):
        return _HALF.search(value) is not None
    return not math.isfinite(value)


def _reason(value: Any) -> str:
    if isinstance(value, list | dict):
        return "holds a list or an object"
    return f"holds {value!r:.40}" if isinstance(value, str | float) else f"holds {type(value).__name__}"
