"""The sound part of annotations: what the validator faults is taken out, named and never repaired."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

import msgspec

from goldwire.corpora.errors import DataError, Fault
from goldwire.corpora.ontology import Ontology
from goldwire.corpora.types import Annotations, Document, Event, Mention
from goldwire.corpora.validate import annotation_faults

Key = tuple[str, ...]
"""Names a part of annotations by ids, so that it holds while other parts go:
`("mentions", id)`, `("events", id, "arguments", role, mention)`, `("events", id, "attributes", name)`,
`("mentions", id, "head")`, `("relations", id)`, `("mentions", id, "again")` for a repeated id."""

_PATH = re.compile(
    r"\$\.(mentions|events|relations)(?:\[(\d+)\](?:\.(head|attributes|arguments)(.*))?)?", re.DOTALL
)
_ARGUMENT = re.compile(r"\[(\d+)\]")


class Dropped(msgspec.Struct, frozen=True):
    """A part that was taken out, and why."""

    key: Key
    message: str


def sound(
    annotations: Annotations, document: Document, ontology: Ontology | None = None
) -> tuple[Annotations, list[Dropped]]:
    """The annotations without what does not fit text and ontology, and what that was.

    What hangs on a dropped part (arguments of a mention that went) is dropped after it, each for itself.
    Raises `DataError` if the annotations are of another document or text: then nothing can be told apart.
    """
    dropped: list[Dropped] = []
    while faults := annotation_faults(annotations, document, ontology):
        gone = {key: fault.message for fault in faults for key in _keys(fault, annotations)}
        if not gone:
            raise DataError(f"annotations of {annotations.document!r} cannot be sorted out", faults)
        # What describes a mention or event that goes is not named besides.
        dropped += [Dropped(k, m) for k, m in gone.items() if k[:2] == k or k[:2] not in gone]
        annotations = remove(annotations, gone)
    return annotations, dropped


def _keys(fault: Fault, annotations: Annotations) -> Iterator[Key]:
    """What has to go to be rid of a fault: the smallest part that its path names."""
    match = _PATH.fullmatch(fault.path) or _PATH.match(fault.path)
    if match is None:
        return
    kind, index, part, rest = match.groups()
    items: Any = getattr(annotations, kind)
    if index is None:
        yield from _repeated(kind, items)
        return
    item = items[int(index)]
    if part == "arguments" and (found := _ARGUMENT.match(rest)):
        argument = item.arguments[int(found[1])]
        yield (kind, item.id, part, argument.role, argument.mention)
    elif part == "attributes":
        yield (kind, item.id, part, rest.removeprefix("."))
    elif part == "head":
        yield (kind, item.id, part)
    else:
        yield (kind, item.id)


def _repeated(kind: str, items: Iterable[Any]) -> Iterator[Key]:
    seen: set[str] = set()
    for item in items:
        if item.id in seen:
            yield (kind, item.id, "again")
        seen.add(item.id)


def remove(annotations: Annotations, keys: Iterable[Key]) -> Annotations:
    """Annotations without the parts that `keys` name; what refers to them stays."""
    gone = set(keys)
    return msgspec.structs.replace(
        annotations,
        mentions=tuple(_mention(m, gone) for m in _kept("mentions", annotations.mentions, gone)),
        events=tuple(_event(e, gone) for e in _kept("events", annotations.events, gone)),
        relations=_kept("relations", annotations.relations, gone),
    )


T = TypeVar("T", bound=Any)


def _kept(kind: str, items: tuple[T, ...], gone: set[Key]) -> tuple[T, ...]:
    seen: set[str] = set()
    kept = []
    for item in items:
        again = item.id in seen and (kind, item.id, "again") in gone
        seen.add(item.id)
        if (kind, item.id) not in gone and not again:
            kept.append(item)
    return tuple(kept)


def _mention(mention: Mention, gone: set[Key]) -> Mention:
    head = None if ("mentions", mention.id, "head") in gone else mention.head
    attributes = _attributes("mentions", mention, gone)
    if head == mention.head and attributes == mention.attributes:
        return mention
    return msgspec.structs.replace(mention, head=head, attributes=attributes)


def _event(event: Event, gone: set[Key]) -> Event:
    arguments = tuple(
        argument
        for argument in event.arguments
        if ("events", event.id, "arguments", argument.role, argument.mention) not in gone
    )
    return msgspec.structs.replace(event, arguments=arguments, attributes=_attributes("events", event, gone))


def _attributes(kind: str, item: Mention | Event, gone: set[Key]) -> dict[str, str]:
    return {
        name: value
        for name, value in item.attributes.items()
        if (kind, item.id, "attributes", name) not in gone
    }
