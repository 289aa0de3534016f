"""Faults that keep annotations from being scored, each with its place."""

from __future__ import annotations

from collections.abc import Iterator

from goldwire.corpora.errors import Fault
from goldwire.corpora.types import Annotations
from goldwire.corpora.validate import named
from goldwire.eval.counting.columns import NOWHERE


def unit_faults(item: Annotations) -> Iterator[Fault]:
    """What keeps annotations from being scored: spans that are none, mentions named that are not there."""
    units = [("mentions", i, "spans", mention.spans) for i, mention in enumerate(item.mentions)]
    units += [("events", i, "trigger", event.trigger) for i, event in enumerate(item.events) if event.trigger]
    for kind, i, field, spans in units:
        if not spans:
            yield Fault(item.document, f"$.{kind}[{i}].{field}", "at least one span is needed")
        for j, span in enumerate(spans):
            path, told = f"$.{kind}[{i}].{field}[{j}]", f"[{span.start}, {span.end}]"
            if span.start >= span.end:
                yield Fault(item.document, path, f"{told} is not a span")
            elif span.end > NOWHERE:
                yield Fault(item.document, path, f"{told} is outside every text")
    known = {mention.id for mention in item.mentions}
    for path, name in _references(item):
        if name not in known:
            yield Fault(item.document, path, f"there is no mention {name!r}")


def _references(item: Annotations) -> Iterator[tuple[str, str]]:
    for i, event in enumerate(item.events):
        for j, argument in enumerate(event.arguments):
            for part, id in named(argument):
                yield f"$.events[{i}].arguments[{j}].{part}", id
    for i, relation in enumerate(item.relations):
        yield f"$.relations[{i}].source", relation.source
        yield f"$.relations[{i}].target", relation.target
