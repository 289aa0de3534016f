"""Figures from counts, worked out by hand; undefined is None."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from goldwire.eval.counting.counts import make_counts, no_counts
from goldwire.eval.measures.measure import parse
from goldwire.eval.statistics.figures import averages, by_document, by_label, harmonic, headline, score_row

# Two documents, three labels. a: PER 1 right of 2 given, 3 in gold; LOC none right of 1 given, 1 in gold.
# b: ORG given once, not in gold. c: nothing.
COUNTS = make_counts(
    ("a", "b", "c"),
    ("LOC", "ORG", "PER"),
    [0, 0, 1],
    [2, 0, 1],
    [[1, 2, 1, 3], [0, 1, 0, 1], [0, 1, 0, 0]],
)


def figures(score):
    return score.precision, score.recall, score.f


def averaged(name, **settings):
    return headline(COUNTS, replace(parse("entity"), average=name, **settings))


def test_micro_puts_all_in_one_pot():
    # 1 right of 4 given and 4 in gold
    assert figures(averaged("micro")) == (0.25, 0.25, 0.25)


def test_macro_runs_over_the_labels_of_gold():
    # PER: 1/2, 1/3, 2/5. LOC: 0, 0, 0. ORG is not in gold.
    assert figures(averaged("macro")) == pytest.approx((1 / 4, 1 / 6, 1 / 5))


def test_macro_over_all_labels_counts_those_only_the_system_has():
    assert figures(averaged("macro", labels="all")) == pytest.approx((1 / 6, 1 / 9, 2 / 15))


def test_weighted_weighs_by_gold_units():
    # PER 3, LOC 1
    assert figures(averaged("weighted")) == pytest.approx((3 / 8, 1 / 4, 3 / 10))


def test_the_mean_over_documents_leaves_out_what_is_undefined():
    # a: P 1/3, R 1/4, F 2/7. b: P 0, R undefined, F 0. c: nothing at all.
    assert figures(averaged("documents")) == pytest.approx((1 / 6, 1 / 4, 1 / 7))
    _, b, c = by_document(COUNTS, parse("entity")).tolist()
    assert b == pytest.approx([0, math.nan, 0], nan_ok=True)
    assert c == pytest.approx([math.nan] * 3, nan_ok=True)


def test_hipe_s_mean_is_over_documents_in_which_both_sides_have_a_unit():
    # Only a has both; P and R are those of documents in which they are defined, as ever.
    score = headline(COUNTS, parse("entity,average=both-sided-documents"))
    assert figures(score) == pytest.approx((1 / 6, 1 / 4, 2 / 7))
    nothing = no_counts(("a",))
    assert figures(headline(nothing, parse("entity,average=both-sided-documents"))) == (None, None, None)


def test_f_with_an_infinite_beta_is_recall():
    for label, score in by_label(COUNTS, math.inf).items():
        assert score.f == score.recall == by_label(COUNTS)[label].recall
    assert headline(COUNTS, parse("entity,beta=inf")).f == 0.25
    assert score_row([0, 0, 0, 2], math.inf).f == 0  # without a system unit
    assert score_row([0, 2, 0, 0], math.inf).f is None  # without a gold unit


# CoNLL of two documents. One: MUC 1 of 1 and 2 links, B3 2 of 2 and 3, CEAF-e 1 of 1 and 2; two: MUC has no
# links, B3 0 of 1 and 1, CEAF-e 0 of 1 and 1.
PARTS = make_counts(
    ("one", "two"),
    ("b3", "ceaf-e", "muc"),
    [0, 0, 0, 1, 1],
    [0, 1, 2, 0, 1],
    [[2, 2, 2, 3], [1, 1, 1, 2], [1, 1, 1, 2], [0, 1, 0, 1], [0, 1, 0, 1]],
)


def test_a_mean_over_parts_has_no_average_but_that():
    found = averages(PARTS, parse("CoNLL"))
    assert list(found) == ["macro"]
    # MUC 2/3; B3 2 of 3 and 4: 4/7; CEAF-e 1 of 2 and 3: 2/5.
    assert found["macro"].f == pytest.approx((2 / 3 + 4 / 7 + 2 / 5) / 3)


def test_a_document_s_figure_of_a_mean_over_parts_is_the_mean_of_its_parts():
    # one: MUC 2/3, B3 4/5, CEAF-e 2/3; two: B3 0, CEAF-e 0, MUC undefined.
    assert by_document(PARTS, parse("CoNLL"))[:, 2] == pytest.approx([(2 / 3 + 4 / 5 + 2 / 3) / 3, 0])


def test_a_label_that_only_the_system_has_is_without_recall():
    assert figures(by_label(COUNTS)["ORG"]) == (0, None, 0)


def test_nothing_has_no_figure():
    nothing = no_counts(("a",))
    for score in averages(nothing, parse("TC")).values():
        assert figures(score) == (None, None, None)


def test_the_headline_is_by_the_measure_s_average_and_beta():
    assert headline(COUNTS, parse("entity,average=macro")) == averages(COUNTS, parse("entity"))["macro"]
    # (1 + 4) * 1 / (4 * 3 + 2) for PER alone; micro: 5 * 1 / (4 * 4 + 4)
    assert headline(COUNTS, parse("entity,beta=2")).f == pytest.approx(5 / 20)
    assert by_label(COUNTS, 2)["PER"].f == pytest.approx(5 / 14)


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0.1, 10))
def test_f_lies_between_precision_and_recall(precision, recall, beta):
    f = float(harmonic(np.array(precision), np.array(recall), beta))
    assert 0 <= f <= max(precision, recall) + 1e-12
    assert f >= min(precision, recall) - 1e-12


@given(st.integers(0, 9), st.integers(0, 9), st.integers(0, 9))
def test_f1_is_twice_the_hits_over_both_sides(hits, more, others):
    score = score_row([hits, hits + more, hits, hits + others])
    if 2 * hits + more + others == 0:
        assert score.f is None
    else:
        assert score.f == pytest.approx(2 * hits / (2 * hits + more + others))


def test_sides_that_hit_differently_have_the_harmonic_mean():
    # B3 of a system that gives one of two mentions of a cluster: P 1/1, R (1/2) / 2
    assert figures(score_row([1, 1, 0.5, 2])) == pytest.approx((1, 0.25, 0.4))
