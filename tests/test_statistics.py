"""Statistics count what is there; every figure here is counted by hand."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldwire import testing
from goldwire.corpora import statistics
from goldwire.corpora.store import Manifest, Splits, create_corpus, make_document
from goldwire.corpora.types import (
    Annotations,
    Argument,
    Event,
    Excluded,
    Mention,
    Provenance,
    Relation,
    Span,
)

TEXT = "Afghan troops struck Balkh. Advertisement"


def mention(id: str, *spans: tuple[int, int], type: str = "MIL", **fields: str) -> Mention:
    return testing.mention(spans, type, id=id, **fields)


LAYER = Annotations(
    document="a",
    sha256=make_document("a", TEXT).sha256,
    mentions=(
        mention("m1", (0, 13), cluster="troops"),
        mention("m2", (0, 6), type="GPE", cluster="afghanistan"),
        mention("m3", (21, 26), type="GPE", cluster="balkh"),
        mention("m4", (21, 26), type="LOC", cluster="balkh"),
        mention("m5", (7, 13), (21, 26)),
    ),
    events=(
        Event(
            id="e1",
            type="Attack",
            trigger=(Span(14, 16), Span(18, 20)),
            arguments=(Argument(role="attacker", mention="m1"), Argument(role="target", mention="m3")),
            attributes={"realis": "planned"},
            cluster="balkh",
        ),
    ),
    relations=(Relation(id="r1", type="part", source="m3", target="m2"),),
    provenance=Provenance(seconds=12.5, status="submitted"),
)


def test_layer_is_counted_unit_by_unit() -> None:
    empty = Annotations(document="b", sha256="")
    assert statistics.describe_layer([LAYER, empty]) == statistics.LayerStatistics(
        documents=2,
        annotated=1,
        mentions={"GPE": 2, "MIL": 2, "LOC": 1},
        events={"Attack": 1},
        arguments={"attacker": 1, "target": 1},
        arguments_by_event={"Attack": {"attacker": 1, "target": 1}},
        relations={"part": 1},
        attributes={"realis": {"planned": 1}},
        clusters=4,  # troops, afghanistan, balkh; the event's balkh is another
        singletons=3,
        nested=3,  # Afghan in Afghan troops; both Balkhs in the extent of troops ... Balkh
        same_span=2,
        discontinuous=1,
        discontinuous_triggers=1,
        status={"none": 1, "submitted": 1},
        seconds=12.5,
    )


def test_corpus_is_counted_with_splits_and_regions(tmp_path: Path) -> None:
    region = Excluded(start=28, end=41, reason="advertisement")
    documents = [make_document("a", TEXT, excluded=(region,)), make_document("b", "Rain fell.", group="b")]
    manifest = Manifest(name="c", splits=Splits({"all": 1.0}))
    corpus = create_corpus(tmp_path / "c", manifest, documents, layers={"gold": [LAYER]})
    found = statistics.describe(corpus)
    assert found.texts == statistics.TextStatistics(
        documents=2,
        tokens=9,  # Afghan troops struck Balkh . Advertisement; Rain fell .
        code_points=51,
        excluded={"advertisement": 1},
        excluded_code_points=13,
        groups=1,
        splits={"all": 2},
    )
    assert list(found.layers) == ["gold"]


extents = st.tuples(st.integers(0, 12), st.integers(1, 6)).map(lambda p: (p[0], p[0] + p[1]))


@given(st.lists(extents, max_size=12))
def test_nested_mentions_are_those_that_a_search_over_all_pairs_finds(found: list[tuple[int, int]]) -> None:
    mentions = tuple(mention(f"m{i}", extent) for i, extent in enumerate(found))
    layer = Annotations(document="a", sha256="", mentions=mentions)
    expected = sum(any(a != b and b[0] <= a[0] and a[1] <= b[1] for b in found) for a in found)
    assert statistics.describe_layer([layer]).nested == expected


@pytest.mark.parametrize("items", [[], [Annotations(document="a", sha256="")]])
def test_time_nobody_measured_is_unknown_and_not_zero(items: list[Annotations]) -> None:
    assert statistics.describe_layer(items).seconds is None
