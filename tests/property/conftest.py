"""Strategies shared by the property tests of scoring: documents, and layers of annotations on them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import strategies as st

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
)

WORDS = ("Taliban", "fell", "in", "the", "third", "city", ",", "on", "Friday", "troops", "of", "Kabul")


@st.composite
def documents(draw: Any, least: int = 0, most: int = 3) -> list[Document]:
    """Short texts of words and spaces, some with an excluded region; ids `d0`, `d1`, …"""
    made = []
    for number in range(draw(st.integers(least, most))):
        words = draw(st.lists(st.sampled_from(WORDS), min_size=1, max_size=8))
        text = " ".join(words)
        excluded = draw(st.sampled_from([(), (), (Excluded(start=0, end=1, reason="byline"),)]))
        made.append(make_document(f"d{number}", text, excluded=excluded))
    return made


@st.composite
def _span(draw: Any, length: int) -> Span:
    start = draw(st.integers(0, length - 1))
    return Span(start, draw(st.integers(start + 1, min(length, start + 12))))


@st.composite
def _spans(draw: Any, length: int) -> tuple[Span, ...]:
    """One span, or two with a gap between them."""
    first = draw(_span(length))
    if first.end + 1 < length and draw(st.booleans()):
        start = draw(st.integers(first.end + 1, length - 1))
        return (first, Span(start, draw(st.integers(start + 1, length))))
    return (first,)


@st.composite
def annotations(draw: Any, document: Document) -> Annotations:
    """Mentions (nested, discontinuous, twice the same), events, relations, clusters, attributes, heads."""
    length = len(document.text)
    mentions = []
    for number in range(draw(st.integers(0, 5))):
        spans = draw(_spans(length))
        mentions.append(
            Mention(
                id=f"m{number}",
                type=draw(st.sampled_from("XYZ")),
                spans=spans,
                head=draw(st.sampled_from([None, Span(spans[-1].end - 1, spans[-1].end)])),
                attributes=draw(st.sampled_from([{}, {"form": "name"}, {"form": "nominal"}])),
                cluster=draw(st.sampled_from([None, "c1", "c2"])),
            )
        )
    ids = [mention.id for mention in mentions]
    events = [
        Event(
            id=f"e{number}",
            type=draw(st.sampled_from("EF")),
            trigger=draw(_spans(length)),
            arguments=draw(_arguments(ids)),
            attributes=draw(st.sampled_from([{}, {"realis": "actual"}, {"realis": "planned"}])),
            cluster=draw(st.sampled_from([None, "k1"])),
        )
        for number in range(draw(st.integers(0, 3)))
    ]
    return Annotations(
        document=document.id,
        sha256=document.sha256,
        mentions=tuple(mentions),
        events=tuple(events),
        relations=draw(_relations(ids)),
    )


def _arguments(ids: list[str]) -> st.SearchStrategy[tuple[Argument, ...]]:
    if not ids:
        return st.just(())
    one = st.builds(Argument, role=st.sampled_from("rs"), mention=st.sampled_from(ids))
    return st.lists(one, max_size=3).map(tuple)


@st.composite
def _relations(draw: Any, ids: list[str]) -> tuple[Relation, ...]:
    if not ids:
        return ()
    ends = draw(st.lists(st.tuples(st.sampled_from(ids), st.sampled_from(ids)), max_size=2))
    return tuple(Relation(id=f"r{i}", type="of", source=a, target=b) for i, (a, b) in enumerate(ends))


@st.composite
def layer(draw: Any, over: list[Document]) -> list[Annotations]:
    """A layer with a line for most documents."""
    return [draw(annotations(document)) for document in over if draw(st.integers(0, 4))]


@st.composite
def _scenes(draw: Any, least: int = 0, most: int = 3) -> tuple[list[Document], list[Any], list[Any]]:
    over = draw(documents(least, most))
    return over, draw(layer(over)), draw(layer(over))


@pytest.fixture(scope="session")
def scenes() -> st.SearchStrategy[tuple[list[Document], list[Annotations], list[Annotations]]]:
    """Documents, a gold layer and a system layer."""
    return _scenes()
