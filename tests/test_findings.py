"""Errors that a measure with several parts must tell apart, and large crowds of overlapping units."""

import pytest

from goldwire.corpora.errors import MeasureError
from goldwire.corpora.store import make_document
from goldwire.corpora.types import Annotations, Mention, Span
from goldwire.eval.scoring.record import iter_warnings
from goldwire.eval.scoring.score import Options, score


def test_a_crowd_of_overlapping_mentions_is_paired_in_full():
    # Forty mentions that all share a character, on either side: one component of 1,600 pairs.
    document = make_document("d", "x" * 100)

    def layer(shift):
        mentions = tuple(
            Mention(id=str(i), type="A", spans=(Span(50 - i - shift, 51 + i),)) for i in range(1, 41)
        )
        return [Annotations(document="d", sha256=document.sha256, mentions=mentions)]

    measures = ["overlap", "partial", "entity:span@dice"]
    record = score(layer(0), {"s": layer(1)}, [document], measures, options=Options(trials=0, classes=True))
    overlap, partial, dice = (result.averages["micro"].gold_hits for result in record.results)
    assert (overlap, partial) == (40, 20)
    assert 39 < dice < 40
    assert record.results[0].classes["COR"] == 40


def test_the_counts_of_many_labels_and_documents_stay_sparse():
    documents = [make_document(f"d{i:03}", "word " * 4) for i in range(300)]
    layer = [
        Annotations(
            document=document.id,
            sha256=document.sha256,
            mentions=(Mention(id="m", type=f"T{i}", spans=(Span(0, 4),)),),
        )
        for i, document in enumerate(documents)
    ]
    record = score(layer, {"s": layer}, documents, ["entity"], options=Options(trials=0))
    assert len(record.results[0].labels) == 300
    assert record.results[0].averages["macro"].f == 1


def nested(name, document, shift):
    """1,500 mentions, one within the other; the system's end one character later."""
    mentions = tuple(
        Mention(id=str(i), type="A", spans=(Span(i, len(document.text) - 1 - i + shift),))
        for i in range(1500)
    )
    return Annotations(document=name, sha256=document.sha256, mentions=mentions)


def test_where_too_many_units_overlap_only_equal_spans_are_compared_and_it_is_said():
    documents = [make_document("a", "one two"), make_document("b", "x" * 3002)]
    small = Annotations(
        document="a", sha256=documents[0].sha256, mentions=(Mention(id="m", type="A", spans=(Span(0, 3),)),)
    )
    gold, system = ([small, nested("b", documents[1], shift)] for shift in (0, 1))
    record = score(gold, {"s": system}, documents, ["entity"], options=Options(trials=0))
    # One of 1,501 is right; of the rest 1,500 x 1,500 pairs overlap.
    assert record.results[0].value == 1 / 1501
    assert record.confusions[0].left_out == {"b": 2_250_000}
    assert record.confusions[0].classes["correct"] == sum(record.confusions[0].classes.values()) == 1
    assert any("leave out document 'b': 2,250,000 pairs" in told for told in iter_warnings(record))
    with pytest.raises(MeasureError, match="document 'b': 2,250,000 pairs"):
        score(gold, {"s": system}, documents, ["overlap"], options=Options(trials=0))
