"""The suite nugget against the rule of EvmEval (scorer_v1.8.py): every event of a document is a nugget.

Pairs of nuggets that share a token are worth the Dice coefficient of their tokens; by attributes, those
that agree in them. The scorer takes pairs greedily, the best first; with triggers of one word all are worth
1, so that greedy pairs are the best ones: as many as the poorer side has of each trigger (and realis, and
type).
"""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from goldwire.corpora.store import make_document
from goldwire.corpora.types import Annotations, Event, Span
from goldwire.eval.measures.suites import read_suite
from goldwire.eval.scoring.score import Options, score

WORDS = 4
DOCUMENT = make_document("d", "ab " * WORDS)
# What must agree, of a nugget (word, type, realis).
AGREE = {
    "nugget": lambda word, type, realis: word,
    "nugget+type": lambda word, type, realis: (word, type),
    "nugget+realis": lambda word, type, realis: (word, realis),
    "nugget+both": lambda word, type, realis: (word, type, realis),
}


def ours(gold, system, measures):
    sides = [
        [
            Annotations(
                document="d",
                sha256=DOCUMENT.sha256,
                events=tuple(
                    Event(
                        id=str(number),
                        type=type,
                        trigger=(Span(3 * word, 3 * word + 2),),
                        attributes={"realis": realis},
                    )
                    for number, (word, type, realis) in enumerate(nuggets)
                ),
            )
        ]
        for nuggets in (gold, system)
    ]
    record = score(sides[0], {"s": sides[1]}, [DOCUMENT], measures, options=Options(trials=0))
    return [
        (r.averages["micro"].gold_hits, r.averages["micro"].system, r.averages["micro"].gold)
        for r in record.results
    ]


# One realis for each word and type.
nuggets = st.dictionaries(
    st.tuples(st.integers(0, WORDS - 1), st.sampled_from(["Attack", "Die", "Move"])),
    st.sampled_from(["actual", "generic"]),
).map(lambda found: [(*key, realis) for key, realis in found.items()])


@pytest.mark.slow
@settings(max_examples=200)
@given(nuggets, nuggets)
def test_every_event_is_a_nugget(gold, system):
    names = read_suite("nugget").measures
    assert set(names) == set(AGREE)
    for name, (hits, produced, there) in zip(names, ours(gold, system, names), strict=True):
        one, other = (Counter(AGREE[name](*nugget) for nugget in side) for side in (gold, system))
        assert (produced, there) == (len(system), len(gold)), name
        assert hits == pytest.approx((one & other).total()), name


def test_a_trigger_with_two_types_is_two_nuggets_and_one_trigger():
    # "killed" is an Attack and a Die in gold; the system gives the Attack. One of two is found: R 1/2.
    gold, system = [(0, "Attack", "actual"), (0, "Die", "actual")], [(0, "Attack", "actual")]
    assert ours(gold, system, ("nugget", "nugget+realis", "TI")) == [(1, 1, 2), (1, 1, 2), (1, 1, 1)]
    # Gold's is of neither type of the system's two: the type is not compared, and one of them is right.
    assert ours([(0, "Move", "actual")], gold, ("nugget", "nugget+type")) == [(1, 2, 1), (0, 2, 1)]
