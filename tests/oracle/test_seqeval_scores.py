"""The suites conll and seqeval-strict against seqeval's report: micro, macro, weighted, every type."""

import warnings

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from seqeval import scheme as schemes
from seqeval.metrics import classification_report

from goldwire.eval.measures.suites import read_suite
from goldwire.eval.scoring.score import Options, score

PREFIXES = {"IOB2": "BI", "IOE2": "EI", "IOBES": "BIES"}


@st.composite
def sequences(draw, prefixes):
    """Two sides of tag sequences of equal lengths, valid or not."""
    alphabet = ["O", *(f"{prefix}-{label}" for prefix in prefixes for label in ("PER", "ORG", "LOC"))]
    lengths = draw(st.lists(st.integers(1, 8), min_size=1, max_size=4))
    return [
        [draw(st.lists(st.sampled_from(alphabet), min_size=n, max_size=n)) for n in lengths] for _ in range(2)
    ]


def averages(report, layers, suite):
    """(ours, theirs) of every figure; what is undefined here is 0 there."""
    documents, gold, system = layers
    record = score(gold, {"s": system}, documents, read_suite(suite).measures, options=Options(trials=0))
    result = record.results[0]
    pairs = [
        (result.averages[mine], report[f"{theirs} avg"])
        for mine, theirs in (("micro", "micro"), ("macro", "macro"), ("weighted", "weighted"))
    ]
    pairs += [(score, report[label]) for label, score in result.labels.items()]
    assert {*result.labels} == {label for label in report if not label.endswith(" avg")}
    for mine, theirs in pairs:
        yield mine.precision or 0, theirs["precision"]
        yield mine.recall or 0, theirs["recall"]
        yield mine.f or 0, theirs["f1-score"]


def report(gold, system, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # seqeval warns of undefined figures and says 0
        return classification_report(gold, system, output_dict=True, zero_division=0, **options)


def has_mention(layers):
    return any(item.mentions for layer in layers[1:] for item in layer)


@settings(max_examples=60)
@given(data=st.data())
@pytest.mark.parametrize("scheme", PREFIXES)
def test_conll_is_seqeval_by_default(tags_to_layers, scheme, data):
    gold, system = data.draw(sequences(PREFIXES[scheme]))
    layers = tags_to_layers(gold, system, scheme, "conlleval")
    if has_mention(layers):  # seqeval's report does not survive sequences without any
        for mine, theirs in averages(report(gold, system), layers, "conll"):
            assert mine == pytest.approx(theirs, abs=1e-12)


@settings(max_examples=60)
@given(data=st.data())
@pytest.mark.parametrize("scheme", PREFIXES)
def test_seqeval_strict_is_seqeval_in_strict_mode(tags_to_layers, scheme, data):
    gold, system = data.draw(sequences(PREFIXES[scheme]))
    layers = tags_to_layers(gold, system, scheme, "strict")
    if has_mention(layers):
        theirs = report(gold, system, mode="strict", scheme=getattr(schemes, scheme))
        for mine, other in averages(theirs, layers, "seqeval-strict"):
            assert mine == pytest.approx(other, abs=1e-12)


def test_a_stray_inside_tag_is_a_mention_by_default_and_none_in_strict_mode(tags_to_layers):
    gold, system = [["I-A", "I-A"]], [["B-A", "I-A"]]
    figures = {
        policy: score(*_named(tags_to_layers(gold, system, "IOB2", policy)), ["entity"]).results[0].value
        for policy in ("conlleval", "strict")
    }
    # In strict mode gold has no mention, so that there is nothing to be found: seqeval says 0, we undefined.
    assert figures == {"conlleval": 1.0, "strict": None}


def _named(layers):
    documents, gold, system = layers
    return gold, {"s": system}, documents
