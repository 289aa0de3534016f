"""The token measures against scikit-learn on the same tags."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, precision_recall_fscore_support

from goldwire.corpora.store import make_document
from goldwire.corpora.types import Annotations, Event, Span
from goldwire.eval.scoring.score import Options, score

TAGS = ["O", "O", "PER", "ORG", "LOC"]


@settings(max_examples=60)
@given(data=st.data())
def test_tokens_and_accuracy_are_scikit_learn_s(spans_to_layers, data):
    lengths = data.draw(st.lists(st.integers(1, 8), min_size=1, max_size=3))
    sides = [
        [data.draw(st.lists(st.sampled_from(TAGS), min_size=n, max_size=n)) for n in lengths]
        for _ in range(2)
    ]
    spans = [
        [[(i, i + 1, tag) for i, tag in enumerate(tags) if tag != "O"] for tags in side] for side in sides
    ]
    documents, gold, system = spans_to_layers(lengths, *spans)
    record = score(gold, {"s": system}, documents, ["tokens", "accuracy"], options=Options(trials=0))
    ours, theirs = ([tag for tags in side for tag in tags] for side in sides)
    tokens, accuracy = record.results
    assert accuracy.value == pytest.approx(accuracy_score(ours, theirs))
    labels = sorted({*ours, *theirs} - {"O"})
    assert sorted(tokens.labels) == labels
    if set(ours) == {"O"}:  # gold has none: undefined, where scikit-learn says 0 of what the system gave
        assert tokens.value is None
        return
    for average, figures in (
        (tokens.averages["micro"], _figures(ours, theirs, labels, "micro")),
        *((tokens.labels[label], _figures(ours, theirs, [label], "micro")) for label in labels),
    ):
        assert [average.precision, average.recall, average.f] == figures


def _figures(ours, theirs, labels, average):
    """Precision, recall and F; None where scikit-learn finds them undefined."""
    found = precision_recall_fscore_support(
        ours, theirs, labels=labels, average=average, zero_division=math.nan
    )
    return [None if math.isnan(figure) else pytest.approx(figure) for figure in found[:3]]


@settings(max_examples=60)
@given(
    sides=st.lists(
        st.lists(st.sets(st.sampled_from(["Attack", "Die", "Meet"])), min_size=3, max_size=3),
        min_size=2,
        max_size=2,
    )
)
def test_documents_are_scikit_learn_s_labels(sides):
    documents = [make_document(f"d{i}", "word " * 3) for i in range(3)]
    gold, system = (
        [
            Annotations(
                document=document.id,
                sha256=document.sha256,
                events=tuple(Event(id=type, type=type, trigger=(Span(0, 4),)) for type in sorted(labels)),
            )
            for document, labels in zip(documents, side, strict=True)
        ]
        for side in sides
    )
    micro = score(gold, {"s": system}, documents, ["document"], options=Options(trials=0)).results[0]
    found = micro.averages["micro"]
    if not any(sides[0]):  # gold has none: undefined, where scikit-learn says 0 of what the system gave
        assert (found.precision, found.recall, found.f) == (None, None, None)
        return
    names = ["Attack", "Die", "Meet"]
    ours, theirs = ([[name in labels for name in names] for labels in side] for side in sides)
    assert [found.precision, found.recall, found.f] == _figures(ours, theirs, None, "micro")
