"""Intervals are of the figure that is reported, for every average; what is drawn adds up to it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldwire.eval.counting.counts import make_counts
from goldwire.eval.measures.measure import parse
from goldwire.eval.statistics import figures
from goldwire.eval.statistics.figures import FIGURES, rows, statistic
from goldwire.eval.statistics.intervals import figure_intervals, label_intervals

LABELS = ("GPE", "ORG", "PER")
MEASURES = [
    f"entity:span+type@exact{labels},average={average}{beta}"
    for average in ("micro", "macro", "weighted", "documents", "both-sided-documents")
    for labels in ("", ",labels=all")
    for beta in ("", ",beta=2", ",beta=inf")
]


@st.composite
def all_counts(draw, fractions=False):
    """Counts of up to six documents, some of them empty; hits may differ as those of B3 do."""
    documents = draw(st.integers(0, 6))
    cells = draw(
        st.dictionaries(
            st.tuples(st.integers(0, max(documents - 1, 0)), st.integers(0, 2)), st.integers(0, 9)
        )
    )
    found = []
    for seed in cells.values() if documents else ():
        random = np.random.default_rng(seed)
        system, gold = random.integers(0, 4, 2)
        hits = random.integers(0, min(system, gold) + 1)
        found.append([hits, system, hits * (random.random() if fractions else 1), gold])
    where = list(cells) if documents else []
    names = tuple(f"d{k}" for k in range(documents))
    return make_counts(names, LABELS, [d for d, _ in where], [k for _, k in where], found)


@pytest.mark.parametrize("form", MEASURES)
@given(st.data())
def test_the_statistic_of_all_rows_is_the_metric(form, data):
    measure = parse(form)
    counts = data.draw(all_counts(fractions=True))
    score = figures.headline(counts, measure)
    table = rows(counts, measure, LABELS)
    values = statistic(measure)(table.sum(axis=0)) if len(table) else [np.nan] * 3
    for name, value in zip(FIGURES, values, strict=True):
        expected = getattr(score, name)
        assert value == pytest.approx(np.nan if expected is None else expected, nan_ok=True, abs=1e-12), name


@given(all_counts())
def test_intervals_are_of_the_value_that_is_reported(counts):
    measure = parse("entity")
    found = figure_intervals(counts, measure, trials=50)
    score = figures.headline(counts, measure)
    for name, interval in found.items():
        assert interval.value == pytest.approx(getattr(score, name), abs=1e-6), name
        if interval.low is not None:
            assert 0 <= interval.low <= interval.high <= 1


@given(all_counts())
def test_intervals_by_label_are_of_each_label_s_own_value(counts):
    measure = parse("entity")
    found = label_intervals(counts, measure, trials=20)
    assert {label: value["f"].value for label, value in found.items()} == pytest.approx(
        {label: score.f for label, score in figures.by_label(counts).items()}
    )
