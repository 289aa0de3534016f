"""Hypothesis strategies of documents and layers: nested, discontinuous, doubled, empty and clustered units.

What they give is sound: offsets lie in the text, arguments and relations name mentions that are there. Units
may touch an excluded region, as those of a system may.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from hypothesis import strategies as st

from goldwire.corpora.ontology import Attribute, Ontology, RelationType
from goldwire.corpora.store import make_document
from goldwire.corpora.types import (
    Annotations,
    Argument,
    Document,
    Event,
    Excluded,
    Mention,
    Relation,
    Span,
    Spans,
)

__all__ = ["annotated", "documents", "layers", "odd_texts", "scenes", "spans", "texts"]

T = TypeVar("T")
WORDS = ("Taliban", "fell", "in", "the", "third", "city", ",", "on", "Friday", "troops", "of", "Kabul")
# Astral characters, emoji of several code points, combining marks, all kinds of space, quotes, a backslash.
ODD = 'aB é€“’ \u200b\u2028\t\n\r\u0301\u0903😀👩🏽\u200d🚀𐍈\\n"<&'
LONGEST = 12  # code points of a span

texts = st.lists(st.sampled_from(WORDS), min_size=1, max_size=8).map(" ".join)
"""Short texts of words and spaces."""
odd_texts = st.text(ODD, min_size=1, max_size=40).filter(str.strip)
"""Short texts of what other programs count or keep otherwise."""


@st.composite
def documents(
    draw: st.DrawFn,
    least: int = 0,
    most: int = 3,
    *,
    texts: st.SearchStrategy[str] = texts,
    excluded: bool = True,
) -> list[Document]:
    """Documents with ids d0, d1, …, some with an excluded region unless `excluded` is False."""
    regions = [(), (), (Excluded(start=0, end=1, reason="byline"),)] if excluded else [()]
    return [
        make_document(f"d{number}", draw(texts), excluded=draw(st.sampled_from(regions)))
        for number in range(draw(st.integers(least, most)))
    ]


@st.composite
def spans(draw: st.DrawFn, length: int, most: int = 2) -> Spans:
    """Up to `most` spans of a text of so many code points, in order, with a gap between them."""
    found: list[Span] = []
    at = 0
    while at < length and len(found) < most and (not found or draw(st.booleans())):
        start = draw(st.integers(at, length - 1))
        found.append(Span(start, draw(st.integers(start + 1, min(length, start + LONGEST)))))
        at = found[-1].end + 1
    return tuple(found)


@st.composite
def annotated(
    draw: st.DrawFn, document: Document, ontology: Ontology | None = None, *, parts: int = 2
) -> Annotations:
    """Mentions (nested, twice the same), events, relations, clusters, attributes and heads of a document.

    Labels are those of the ontology, with roles that it allows, else a few letters; a unit has up to `parts`
    spans.
    """
    length = len(document.text)
    found = [draw(_mention(f"m{n}", length, ontology, parts)) for n in range(draw(st.integers(0, 5)))]
    most = 3 if ontology is None or ontology.events else 0
    happened = [
        draw(_event(f"e{n}", draw(spans(length, parts)), ontology, found))
        for n in range(draw(st.integers(0, most)))
    ]
    return Annotations(
        document=document.id,
        sha256=document.sha256,
        mentions=tuple(found),
        events=tuple(happened),
        relations=tuple(draw(_relations(found, ontology))),
    )


@st.composite
def _mention(draw: st.DrawFn, id: str, length: int, ontology: Ontology | None, parts: int) -> Mention:
    where = draw(spans(length, parts))
    type = draw(st.sampled_from(["X", "Y", "Z"] if ontology is None else [*ontology.entities]))
    return Mention(
        id=id,
        type=type,
        spans=where,
        head=draw(st.sampled_from([None, Span(where[-1].end - 1, where[-1].end)])),
        attributes=draw(
            _attributes(
                None if ontology is None else ontology.attributes_of("mention"), {"form": ("name", "nominal")}
            )
        ),
        cluster=draw(st.sampled_from([None, "c1", "c2"])),
    )


@st.composite
def _event(
    draw: st.DrawFn, id: str, trigger: Spans, ontology: Ontology | None, among: Sequence[Mention]
) -> Event:
    type = draw(st.sampled_from(["E", "F"] if ontology is None else [*ontology.events]))
    return Event(
        id=id,
        type=type,
        trigger=trigger,
        arguments=draw(_some(_possible(type, ontology, among)).map(tuple)),
        attributes=draw(
            _attributes(
                None if ontology is None else ontology.attributes_of("event", type),
                {"realis": ("actual", "planned")},
            )
        ),
        cluster=draw(st.sampled_from([None, "k1"])),
    )


def _possible(type: str, ontology: Ontology | None, among: Sequence[Mention]) -> list[Argument]:
    """The arguments that an event of a type may have."""
    if ontology is None:
        return [Argument(role=role, mention=mention.id) for role in "rs" for mention in among]
    return [
        Argument(role=role, mention=mention.id)
        for role in ontology.events[type].roles
        for mention in among
        if mention.type in ontology.fillers(type, role)
    ]


def _attributes(
    known: dict[str, Attribute] | None, otherwise: dict[str, tuple[str, ...]]
) -> st.SearchStrategy[dict[str, Any]]:
    """Some of the attributes that a unit may have, with a value each."""
    values = otherwise if known is None else {name: _values(one) for name, one in known.items()}
    return st.fixed_dictionaries({}, optional={name: st.sampled_from(some) for name, some in values.items()})


def _values(attribute: Attribute) -> tuple[Any, ...]:
    return tuple((value,) for value in attribute.values) if attribute.multiple else tuple(attribute.values)


@st.composite
def _relations(draw: st.DrawFn, among: Sequence[Mention], ontology: Ontology | None) -> list[Relation]:
    types = {"of": RelationType()} if ontology is None else ontology.relations
    ends = [
        (name, one.id, other.id)
        for name, type in types.items()
        for one in among
        for other in among
        if _may_be(one, type.source, ontology) and _may_be(other, type.target, ontology)
    ]
    chosen = draw(_some(ends, most=2))
    return [Relation(id=f"r{n}", type=type, source=a, target=b) for n, (type, a, b) in enumerate(chosen)]


def _may_be(mention: Mention, allowed: tuple[str, ...], ontology: Ontology | None) -> bool:
    return ontology is None or not allowed or mention.type in ontology.expand(allowed)


def _some(items: Sequence[T], most: int = 3) -> st.SearchStrategy[list[T]]:
    """Some of the items, in any order and seldom one twice; none where there are none."""
    return st.lists(st.sampled_from(items), max_size=most) if items else st.just([])


@st.composite
def layers(draw: st.DrawFn, over: Sequence[Document], ontology: Ontology | None = None) -> list[Annotations]:
    """A layer with a line for most documents."""
    return [draw(annotated(document, ontology)) for document in over if draw(st.integers(0, 4))]


@st.composite
def scenes(
    draw: st.DrawFn, least: int = 0, most: int = 3
) -> tuple[list[Document], list[Annotations], list[Annotations]]:
    """Documents, a gold layer and a system layer."""
    over = draw(documents(least, most))
    return over, draw(layers(over)), draw(layers(over))
