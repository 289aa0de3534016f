"""Mentions by their words alone: multisets and sets of (document, words, type)."""

from collections import Counter

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldwire.corpora.store import make_document
from goldwire.corpora.types import Excluded, Rejected
from goldwire.eval.scoring.score import Options, score
from goldwire.testing import annotate

DOCUMENT = make_document("d", "Paris Hilton visits Paris. Hilton smiled in PARIS.")
# Where some words stand, and others that are nowhere.
PLACES = {"Paris": [(0, 5), (20, 25)], "Hilton": [(6, 12), (27, 33)], "PARIS": [(44, 49)]}
QUICK = Options(trials=0)


def line(*mentions, lost=(), document=DOCUMENT):
    """Mentions as (start, end, type), and lost ones as (words, type) or with a kind of rejection."""
    rejected = tuple(
        Rejected(
            unit="mention",
            kind=kind[0] if kind else "quote-not-found",
            message="",
            type=type,
            words=words,
            path=f"$.mentions[{i}]",
        )
        for i, (words, type, *kind) in enumerate(lost)
    )
    return annotate(document, *mentions, rejected=rejected)


def counted(measure, gold, system, document=DOCUMENT, options=QUICK):
    found = score([gold], {"s": [system]}, [document], [measure], options=options).results[0]
    micro = found.averages["micro"]
    return micro.gold_hits, micro.system, micro.gold


def test_of_equal_words_as_many_are_right_as_the_side_has_that_has_fewer():
    # gold: Paris x2, Hilton x1; system: Paris x1, Hilton x2. Right: 1 + 1 as a multiset; both as a set.
    gold = line((0, 5, "LOC"), (20, 25, "LOC"), (6, 12, "PER"))
    system = line((20, 25, "LOC"), (6, 12, "PER"), (27, 33, "PER"))
    assert counted("entity:form+type@bag", gold, system) == (2, 3, 3)
    assert counted("entity:form+type@any-place", gold, system) == (2, 2, 2)


def test_the_type_counts_where_it_is_in_the_key():
    gold, system = line((0, 5, "LOC")), line((20, 25, "PER"))
    assert counted("entity:form+type@bag", gold, system) == (0, 1, 1)
    assert counted("entity:form@bag", gold, system) == (1, 1, 1)


def test_words_are_compared_as_quotes_are_looked_for_or_as_they_are():
    gold, system = line((0, 5, "LOC")), line((44, 49, "LOC"))  # Paris, PARIS
    assert counted("bag", gold, system) == (1, 1, 1)
    assert counted("bag,words=exact", gold, system) == (0, 1, 1)


def test_words_that_are_not_in_the_text_count_once_with_their_words_and_not_as_rejected():
    gold = line((0, 5, "LOC"), (20, 25, "LOC"))
    system = line((0, 5, "LOC"), lost=[("paris ", "LOC"), ("Nicole", "PER")])
    # three units of the system: both of Paris are right, Nicole is not
    assert counted("bag", gold, system) == (2, 3, 2)
    assert counted("any-place", gold, system) == (1, 2, 1)
    # by place the two that were lost are spurious
    assert counted("entity", gold, system) == (1, 3, 2)


def test_gold_may_have_words_that_are_not_in_the_text_too():
    said = [("May 2001", "TIME")]
    assert counted("bag", line(lost=said), line(lost=said)) == (1, 1, 1)


def test_what_was_rejected_for_something_else_than_its_place_has_no_words_to_be_right_by():
    gold = line((0, 5, "LOC"))
    system = line(lost=[("Paris", "LOC", "malformed"), ("Paris", "LOC", "repeated-id")])
    assert counted("bag", gold, system) == (0, 2, 1)
    left_out = msgspec.structs.replace(QUICK, rejected="left-out")
    assert counted("bag", gold, system, options=left_out) == (0, 0, 1)


def test_what_touches_an_excluded_region_is_no_unit():
    document = msgspec.structs.replace(DOCUMENT, excluded=(Excluded(start=0, end=12, reason="headline"),))
    gold = line((0, 5, "LOC"), (20, 25, "LOC"))
    assert counted("bag", gold, gold, document) == (1, 1, 1)


@pytest.mark.parametrize("measure", ["bag", "any-place"])
def test_forms_have_intervals_like_all_others(measure):
    gold = [line((0, 5, "LOC"), document=make_document(f"d{i}", DOCUMENT.text)) for i in range(20)]
    system = [*gold[:10]]
    documents = [make_document(f"d{i}", DOCUMENT.text) for i in range(20)]
    found = score(gold, {"s": system}, documents, [measure], options=Options(trials=200)).results[0]
    assert found.averages["micro"].recall == pytest.approx(0.5)
    assert found.intervals["recall"].low < 0.5 < found.intervals["recall"].high


words = st.sampled_from(["Paris", "Hilton", "PARIS", "Nicole"])
sides = st.lists(st.tuples(words, st.sampled_from(["PER", "LOC"]), st.integers(0, 1)), max_size=12)


def given_as(side):
    """Mentions in their places where their words have some, the others by their words."""
    stand = [(*PLACES[word][at % len(PLACES[word])], type) for word, type, at in side if word in PLACES]
    return line(*stand, lost=[(word, type) for word, type, _ in side if word not in PLACES])


@given(sides, sides)
def test_counts_are_those_of_a_counter_and_of_sets(gold, system):
    ours, theirs = (Counter((word, type) for word, type, _ in side) for side in (gold, system))
    bag = (ours & theirs).total(), theirs.total(), ours.total()
    distinct = len(ours.keys() & theirs.keys()), len(theirs), len(ours)
    if gold:  # else undefined
        assert counted("bag,words=exact", given_as(gold), given_as(system)) == bag
        assert counted("any-place,words=exact", given_as(gold), given_as(system)) == distinct
