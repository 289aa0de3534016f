"""Tag sequences against seqeval's own report, default and strict, on random and on broken sequences."""

import warnings

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from seqeval import scheme as schemes
from seqeval.metrics import classification_report

import goldwire

PREFIXES = {
    None: "BI",
    "IOB1": "BI",
    "IOB2": "BI",
    "IOE1": "EI",
    "IOE2": "EI",
    "IOBES": "BIES",
    "BILOU": "BILU",
}


@st.composite
def sequences(draw, prefixes):
    alphabet = ["O", *(f"{prefix}-{label}" for prefix in prefixes for label in ("PER", "ORG"))]
    lengths = draw(st.lists(st.integers(1, 7), min_size=1, max_size=4))
    return [
        [draw(st.lists(st.sampled_from(alphabet), min_size=n, max_size=n)) for n in lengths] for _ in range(2)
    ]


SAME = [name for name in PREFIXES if name not in ("IOB1", "IOE1")]


@pytest.mark.parametrize("scheme", SAME)
@settings(max_examples=50)
@given(data=st.data())
def test_figures_are_those_of_the_report(scheme, data):
    gold, system = data.draw(sequences(PREFIXES[scheme]))
    found = goldwire.score_tags(gold, system, scheme, trials=0)
    assert "seqeval says something else" not in repr(found)
    types = found["entity"].types
    if not any(score.gold for score in types.values()):
        return  # gold has no mention: undefined, where seqeval's report says 0 or does not survive
    report = _report(gold, system, scheme)
    for label, score in types.items():
        theirs = report[label]
        assert theirs["support"] == score.gold
        assert theirs["precision"] == pytest.approx(score.precision or 0)
        assert theirs["recall"] == pytest.approx(score.recall or 0)
        assert theirs["f1-score"] == pytest.approx(score.f or 0)
    ours, theirs = found["entity"], report["micro avg"]
    figures = [theirs["precision"], theirs["recall"], theirs["f1-score"]]
    assert figures == pytest.approx([ours.precision or 0, ours.recall or 0, ours.f or 0])
    assert figures == pytest.approx(list(found.seqeval["system"]))


def _report(gold, system, scheme):
    strict = {} if scheme is None else {"mode": "strict", "scheme": getattr(schemes, scheme)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # seqeval warns of undefined figures and says 0
        return classification_report(gold, system, output_dict=True, zero_division=0, **strict)


@pytest.mark.parametrize("scheme", ["IOB1", "IOE1"])
@settings(max_examples=50)
@given(data=st.data())
def test_where_seqeval_reads_a_scheme_otherwise_that_is_said(scheme, data):
    # seqeval's IOB1 and IOE1 part mentions of one type that touch by rules of its own.
    gold, system = data.draw(sequences(PREFIXES[scheme]))
    found = goldwire.score_tags(gold, system, scheme, trials=0)
    ours, theirs = found["entity"], found.seqeval["system"]
    same = [ours.precision or 0, ours.recall or 0, ours.f or 0] == pytest.approx(list(theirs))
    assert ("seqeval says something else of system" in repr(found)) != same
