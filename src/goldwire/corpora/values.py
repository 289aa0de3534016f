"""Values of an attribute: one, or several where the ontology declares the attribute `multiple`.

One value is text, several are a tuple of distinct ones in the order of their characters, whatever order they
were given in: equal sets are equal, in memory and on disk.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

import msgspec

from goldwire.corpora.ontology import Ontology
from goldwire.corpora.types import Annotations, Event, Held, Mention, Rejected

U = TypeVar("U", Mention, Event)
_BETWEEN = "\x1f"  # the separator of units in ASCII, which no value that people can see has in it


def each(value: Held | None) -> tuple[str, ...]:
    """The values that an attribute holds, one by one.

    >>> each("a"), each(("a", "b")), each(None)
    (('a',), ('a', 'b'), ())
    """
    return () if value is None else (value,) if isinstance(value, str) else value


def held(values: Iterable[str]) -> Held | None:
    """Values as an attribute holds them; None if there are none.

    >>> held(["b", "a", "b"]), held(["a", "a"]), held([])
    (('a', 'b'), 'a', None)
    """
    distinct = tuple(sorted({*values}))
    return distinct if len(distinct) > 1 else distinct[0] if distinct else None


def code(value: Held | None) -> str | None:
    """What an attribute holds as one string, for columns: equal for equal sets of values."""
    return value if value is None or isinstance(value, str) else _BETWEEN.join(each(held(value))) or None


def parts(name: str) -> tuple[str, ...]:
    """The values that a `code` stands for."""
    return tuple(name.split(_BETWEEN))


def rejoined(item: Annotations, ontology: Ontology | None) -> Annotations:
    """Annotations with what was rejected as the second value of an attribute that may have several.

    A reader of files knows no ontology: to it two values are a contradiction.
    """
    several = frozenset() if ontology is None else ontology.several
    back = [one for one in item.rejected if _is_second(one, several)]
    if not back:
        return item
    more: dict[str, list[tuple[str, str]]] = {}
    for one in back:
        more.setdefault(one.id or "", []).extend(one.value.items())
    return msgspec.structs.replace(
        item,
        mentions=tuple(_with(mention, more.get(mention.id, ())) for mention in item.mentions),
        events=tuple(_with(event, more.get(event.id, ())) for event in item.events),
        rejected=tuple(one for one in item.rejected if not _is_second(one, several)),
    )


def _is_second(one: Rejected, several: frozenset[str]) -> bool:
    is_value = one.unit == "attribute" and one.kind == "contradiction" and isinstance(one.value, dict)
    return is_value and bool(one.value) and one.value.keys() <= several


def _with(unit: U, more: Iterable[tuple[str, str]]) -> U:
    attributes: dict[str, Held] = {**unit.attributes}
    for name, value in more:
        attributes[name] = _and(attributes.get(name), value)
    return msgspec.structs.replace(unit, attributes=attributes) if more else unit


def _and(before: Held | None, value: str) -> Held:
    return held((*each(before), value)) or value
