"""Agreement of layers beyond chance: on tokens, on stretches of text, on alignments, on attributes.

    kappa            of each pair, on the tags of tokens
    alpha            of all layers, on the tags of tokens, and on each attribute of units that people share
    alpha-u          of all layers, on stretches of text: mentions, and triggers of events
    gamma            of all layers, on the best alignment of mentions, and of triggers

All are of documents that two or more are done with.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain

import msgspec

from goldwire.corpora.types import Annotations, Document, Event, Mention, Spans, Tokens
from goldwire.corpora.values import each
from goldwire.eval.comparison.annotators import Kept, Layer
from goldwire.eval.comparison.coefficients import (
    About,
    Coefficient,
    Terms,
    Unit,
    alpha_rows,
    estimate,
    kappa_rows,
    tally,
)
from goldwire.eval.comparison.gamma import gamma
from goldwire.eval.comparison.unitizing import Continuum, Marked, unitizing, without
from goldwire.eval.counting.tags import spans, tag, types
from goldwire.eval.counting.tags import without as outside

Tags = Mapping[str, Mapping[str, list[str]]]  # by layer and document
UNSHARED = "no unit that two people share has a value from both"
_Part = tuple[str, Spans]  # a unit's type and place
_Key = tuple[str, str, Spans]  # an attribute, and the type and place of a unit
_Parts = Callable[[Annotations], Iterable[_Part]]
_Bearers = Callable[[Annotations], Iterable[tuple[str, Spans, Mention | Event]]]


def beyond_chance(
    layers: Mapping[str, Layer], documents: Sequence[Document], kept: Kept, terms: Terms
) -> Iterator[Coefficient]:
    """All coefficients of layers, on the documents that two of them or more have."""
    shared = [
        document for document in documents if sum(document.id in layer for layer in layers.values()) > 1
    ]
    tags = {name: tag_layer(layer, shared, kept.get(name)) for name, layer in layers.items()}
    names = list(layers)
    yield from kappas(tags, terms)
    yield estimate(About("alpha", "token", names), alpha_rows(list(_token_values(tags, shared))), terms)
    yield from _stretches(layers, shared, terms)
    yield from _attributes(layers, shared, terms)


# ---------------------------------------------------------------- tokens
def tag_layer(
    layer: Layer, documents: Sequence[Document], kept: Mapping[str, Tokens] | None = None
) -> dict[str, list[str]]:
    """The types on the tokens of each document that the layer has, those that are `kept` or Goldwire's.

    Tokens in excluded regions are left out.
    """
    return {d.id: _tags(layer[d.id], d, (kept or {}).get(d.id)) for d in documents if d.id in layer}


def _tags(line: Annotations, document: Document, kept: Tokens | None) -> list[str]:
    if kept is None:
        return tag(line, document.text, document.excluded)
    return outside(types(line, kept), spans(kept), document.excluded)


def kappas(tags: Tags, terms: Terms) -> Iterator[Coefficient]:
    """Kappa of each pair that has documents in common."""
    names = list(tags)
    for place, first in enumerate(names):
        for second in names[place + 1 :]:
            common = sorted(tags[first].keys() & tags[second].keys())
            if common:
                rows = kappa_rows((tags[first][id], tags[second][id]) for id in common)
                yield estimate(About("kappa", "token", (first, second)), rows, terms)


def _token_values(tags: Tags, documents: Iterable[Document]) -> Iterator[list[Counter[str]]]:
    """For each document, how often each tag was given to each token."""
    for document in documents:
        sides = [dict(enumerate(side[document.id])) for side in tags.values() if document.id in side]
        yield tally(sides)


# ---------------------------------------------------------------- stretches
def _mentions(line: Annotations) -> Iterator[_Part]:
    yield from ((mention.type, mention.spans) for mention in line.mentions)


def _triggers(line: Annotations) -> Iterator[_Part]:
    yield from ((event.type, event.trigger) for event in line.events if event.trigger)


def _spans(parts: Iterable[_Part]) -> Iterator[Marked]:
    """Each span of a unit."""
    yield from ((span.start, span.end, type) for type, spans in parts for span in spans)


def _extents(parts: Iterable[_Part]) -> Iterator[Marked]:
    """Each unit from its first to its last character."""
    yield from ((min(s.start for s in spans), max(s.end for s in spans), type) for type, spans in parts)


def _stretches(
    layers: Mapping[str, Layer], documents: Sequence[Document], terms: Terms
) -> Iterator[Coefficient]:
    """Alpha for unitizing and gamma of what somebody has marked."""
    kinds: tuple[tuple[Unit, _Parts], ...] = (("mention", _mentions), ("trigger", _triggers))
    for of, parts in kinds:
        pieces = [_continuum(layers, document, parts, _spans) for document in documents]
        if any(units for one in pieces for units in one.marked.values()):
            yield from unitizing(of, list(layers), pieces, terms)
            whole = [_continuum(layers, document, parts, _extents) for document in documents]
            yield gamma(of, list(layers), whole, terms)


def _continuum(
    layers: Mapping[str, Layer],
    document: Document,
    parts: _Parts,
    places: Callable[[Iterable[_Part]], Iterable[Marked]],
) -> Continuum:
    """Who marked what in a document; two units of one person with the same spans and type are one."""
    cut = partial(without, document.excluded)
    marked = {
        name: [
            (cut(begin), cut(end), type)
            for begin, end, type in sorted(places({*parts(layer[document.id])}))
            if cut(begin) < cut(end)
        ]
        for name, layer in layers.items()
        if document.id in layer
    }
    return Continuum(cut(len(document.text)), marked)


# ---------------------------------------------------------------- attributes
def _attributes(
    layers: Mapping[str, Layer], documents: Sequence[Document], terms: Terms
) -> Iterator[Coefficient]:
    """Alpha of each attribute, on units with the same spans and type; no value says nothing."""
    kinds: tuple[tuple[Unit, _Bearers], ...] = (
        ("event", lambda line: ((unit.type, unit.trigger, unit) for unit in line.events if unit.trigger)),
        ("mention", lambda line: ((unit.type, unit.spans, unit) for unit in line.mentions)),
    )
    for of, bearers in kinds:
        sides = [
            [_values(bearers(layer[document.id])) for layer in layers.values() if document.id in layer]
            for document in documents
        ]
        for name in sorted({name for side in chain.from_iterable(sides) for name, *_ in side}):
            given = [tally(_of(name, side) for side in own) for own in sides]
            about = About("alpha", of, list(layers), name)
            found = estimate(about, alpha_rows(given), terms)
            yield found if found.count else msgspec.structs.replace(found, why=UNSHARED)


def _values(bearers: Iterable[tuple[str, Spans, Mention | Event]]) -> dict[_Key, str]:
    """The value of each attribute of each unit; of two units with the same spans and type, of the first."""
    found: dict[_Key, str] = {}
    for type, place, unit in bearers:
        for name, held in unit.attributes.items():
            found.setdefault((name, type, place), "+".join(each(held)))
    return found


def _of(name: str, side: Mapping[_Key, str]) -> dict[_Key, str]:
    return {key: value for key, value in side.items() if key[0] == name}
