"""The suite semeval2013 against nervaluate 1.2.1: where greedy pairs are the best ones, and where not."""

import logging

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nervaluate import Evaluator

from goldwire.eval.measures.suites import read_suite
from goldwire.eval.scoring.score import Options, score

SCHEMES = {"strict": "entity", "exact": "untyped", "partial": "partial", "ent_type": "overlap"}
CLASSES = {"COR": "correct", "INC": "incorrect", "PAR": "partial", "MIS": "missed", "SPU": "spurious"}
TYPES = ["A", "B"]


def theirs(gold, system, **options):
    logging.disable(logging.CRITICAL)  # it tells on the log that it evaluates
    try:
        # Ends are inclusive there.
        sides = (
            [[{"label": t, "start": s, "end": e - 1} for s, e, t in spans] for spans in side]
            for side in (gold, system)
        )
        return Evaluator(*sides, tags=TYPES, loader="dict", **options).evaluate()["overall"]
    finally:
        logging.disable(logging.NOTSET)


def ours(spans_to_layers, gold, system):
    documents, gold, system = spans_to_layers([20] * len(gold), gold, system)
    suite = read_suite("semeval2013")
    record = score(gold, {"s": system}, documents, suite.measures, options=Options(trials=0, classes=True))
    return dict(zip(suite.measures, record.results, strict=True))


@st.composite
def clear_cases(draw):
    """Flat mentions, each overlapping at most one of the other side: there is one way to pair them."""
    gold, system, at = [], [], 0
    while at < 16:
        first = draw(st.integers(at, at + 2))
        span = (first, first + draw(st.integers(1, 3)))
        kind = draw(st.sampled_from(["both", "both", "missed", "spurious"]))
        if kind != "spurious":
            gold.append((*span, draw(st.sampled_from(TYPES))))
        if kind != "missed":
            moved = (max(at, span[0] - draw(st.integers(0, 1))), span[1] + draw(st.integers(0, 1)))
            system.append((*moved, draw(st.sampled_from(TYPES))))
        at = span[1] + 1
    return gold, system


@settings(max_examples=100)
@given(cases=st.lists(clear_cases(), min_size=1, max_size=3))
def test_the_four_schemes_agree_where_there_is_one_way_to_pair(spans_to_layers, cases):
    gold, system = [case[0] for case in cases], [case[1] for case in cases]
    found = ours(spans_to_layers, gold, system)
    for scheme, expected in theirs(gold, system).items():
        result = found[SCHEMES[scheme]]
        micro = result.averages["micro"]
        assert (micro.precision or 0) == pytest.approx(expected.precision), scheme
        assert (micro.recall or 0) == pytest.approx(expected.recall), scheme
        assert (micro.f or 0) == pytest.approx(expected.f1), scheme
        assert result.classes == {mine: getattr(expected, name) for mine, name in CLASSES.items()}, scheme


@settings(max_examples=100)
@given(cases=st.lists(clear_cases(), min_size=1, max_size=3), share=st.sampled_from([0.25, 0.5, 0.75, 1.0]))
def test_a_minimum_overlap_is_a_share_of_gold(tokens_to_layers, cases, share):
    gold, system = [case[0] for case in cases], [case[1] for case in cases]
    documents, first, second = tokens_to_layers(gold, system)
    measure = f"entity:span+type@gold-overlap>={share}"
    record = score(first, {"s": second}, documents, [measure], options=Options(trials=0))
    micro = record.results[0].averages["micro"]
    expected = theirs(gold, system, min_overlap_percentage=100 * share)["ent_type"]
    assert micro.gold_hits == expected.correct
    assert (micro.precision or 0) == pytest.approx(expected.precision)
    assert (micro.recall or 0) == pytest.approx(expected.recall)


def test_a_share_of_gold_is_met_exactly_and_is_not_one_of_the_system(tokens_to_layers):
    # Gold 0-4, system 2-10: half of gold. The other way round 2 of 8 are a quarter.
    for gold, system, share, hits in (
        ((0, 4), (2, 10), "0.5", 1),
        ((0, 4), (2, 10), "0.51", 0),
        ((2, 10), (0, 4), "0.25", 1),
        ((2, 10), (0, 4), "0.26", 0),
        # 3 of 10: .3 as a double is a little less than three tenths
        ((0, 10), (7, 12), "0.3", 1),
    ):
        documents, first, second = tokens_to_layers([[(*gold, "A")]], [[(*system, "A")]])
        measure = f"entity:span@gold-overlap>={share}"
        record = score(first, {"s": second}, documents, [measure], options=Options(trials=0))
        assert record.results[0].averages["micro"].gold_hits == hits


def test_nervaluate_depends_on_the_order_and_we_do_not(spans_to_layers):
    # The first system mention lies inside gold's and takes it for an incorrect pair, so that the second,
    # which is gold's, comes too late. Named in the other order, it is right.
    gold, system = [[(0, 6, "A")]], [[(2, 4, "A"), (0, 6, "A")]]
    assert theirs(gold, system)["strict"].correct == 0
    assert theirs(gold, [system[0][::-1]])["strict"].correct == 1
    for order in (system, [system[0][::-1]]):
        result = ours(spans_to_layers, gold, order)["entity"]
        assert result.classes == {"COR": 1, "INC": 0, "PAR": 0, "MIS": 0, "SPU": 1}
        assert result.averages["micro"].f == pytest.approx(2 / 3)


def test_nervaluate_pairs_greedily_by_type_and_we_do_not(spans_to_layers):
    # The first system mention is nearer to the second gold mention and takes it; the second one can then
    # only be spurious. Paired otherwise both are right: (0-4 with 3-6, 5-9 with 5-8).
    gold, system = [[(0, 4, "A"), (4, 9, "A")]], [[(3, 8, "A"), (7, 9, "A")]]
    assert theirs(gold, system)["ent_type"].correct == 1
    assert ours(spans_to_layers, gold, system)["overlap"].classes["COR"] == 2


def test_nervaluate_fails_on_an_empty_first_document_and_we_do_not(spans_to_layers):
    gold, system = [[], [(0, 1, "A")]], [[], [(0, 1, "A")]]
    with pytest.raises(IndexError):
        Evaluator(
            *([[{"label": "A", "start": 0, "end": 0}] if d else [] for d in s] for s in (gold, system)),
            tags=TYPES,
        )
    assert ours(spans_to_layers, gold, system)["entity"].value == 1.0


def test_tables_by_type_do_not_add_up_in_nervaluate_and_do_here(spans_to_layers):
    # A type error is one incorrect pair overall; by type, each alone, it is a missed A and a spurious B.
    gold, system = [[(0, 2, "A")]], [[(0, 2, "B")]]
    sides = ([[{"label": side[0][0][2], "start": 0, "end": 1}]] for side in (gold, system))
    by_type = Evaluator(*sides, tags=TYPES, loader="dict").evaluate()["entities"]
    assert [by_type[label]["strict"].incorrect for label in TYPES] == [0, 0]
    assert theirs(gold, system)["strict"].incorrect == 1
    result = ours(spans_to_layers, gold, system)["entity"]
    assert sum(score.system for score in result.labels.values()) == result.averages["micro"].system
    assert sum(score.gold for score in result.labels.values()) == result.averages["micro"].gold
