"""TI, TC, AI, AC, AI+ and AC+ against the rule of TextEE's scorer (TextEE/scorer.py, compute_E2E_scores).

Each figure there is of two sets of tuples, over all documents: (document, trigger span) for Tri-I, with the
event type for Tri-C; (document, event type, argument span) for Arg-I, with the role for Arg-C; the trigger
span besides for those attached. Precision is what both sets share by the system's, recall by gold's. So two
events of one type share their arguments but for those attached, and a trigger with two types is one of
Tri-I.
"""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from goldwire.corpora.store import make_document
from goldwire.corpora.types import Annotations, Argument, Event, Mention, Span
from goldwire.eval.measures.suites import read_suite
from goldwire.eval.scoring.score import Options, score

WORDS, TYPES, ROLES = 6, ("Attack", "Move"), ("agent", "place")
# What is in the tuples beside the document, of an event (trigger, type) and an argument (span, role).
TUPLES = {
    "TI": lambda trigger, type, span, role: (trigger,),
    "TC": lambda trigger, type, span, role: (trigger, type),
    "AI": lambda trigger, type, span, role: (type, span),
    "AC": lambda trigger, type, span, role: (type, span, role),
    "AI+": lambda trigger, type, span, role: (trigger, type, span),
    "AC+": lambda trigger, type, span, role: (trigger, type, span, role),
}


def tuples(name, layer):
    """The set that TextEE's scorer makes of a layer: documents of (trigger, type, [(span, role)])."""
    make = TUPLES[name]
    if name.startswith("T"):
        return {(d, *make(t, type, None, None)) for d, events in enumerate(layer) for t, type, _ in events}
    return {
        (d, *make(t, type, span, role))
        for d, events in enumerate(layer)
        for t, type, arguments in events
        for span, role in arguments
    }


def convert(document, events):
    """A line of ours. Every argument has a mention of its own, so that spans are what is shared."""
    mentions, made = [], []
    for number, (trigger, type, arguments) in enumerate(events):
        names = []
        for span, role in arguments:
            names.append(Argument(role=role, mention=f"m{len(mentions)}"))
            mentions.append(Mention(id=f"m{len(mentions)}", type="X", spans=(at(span),)))
        made.append(Event(id=f"e{number}", type=type, trigger=(at(trigger),), arguments=tuple(names)))
    return Annotations(
        document=document.id, sha256=document.sha256, mentions=tuple(mentions), events=tuple(made)
    )


def at(span):
    return Span(3 * span[0], 3 * span[1] - 1)


def ours(gold, system, measures):
    documents = [make_document(f"d{number}", "ab " * WORDS) for number in range(len(gold))]
    first, second = (
        [convert(*pair) for pair in zip(documents, side, strict=True)] for side in (gold, system)
    )
    record = score(first, {"s": second}, documents, measures, options=Options(trials=0))
    return [result.averages["micro"] for result in record.results]


spans = st.integers(0, WORDS - 1).flatmap(
    lambda start: st.integers(start + 1, min(start + 2, WORDS)).map(lambda end: (start, end))
)
arguments = st.lists(st.tuples(spans, st.sampled_from(ROLES)), max_size=3)
events = st.lists(st.tuples(spans, st.sampled_from(TYPES), arguments), max_size=4)


@pytest.mark.slow
@settings(max_examples=200)
@given(st.lists(st.tuples(events, events), min_size=1, max_size=3))
def test_the_suite_counts_the_sets_of_textee(cases):
    gold, system = [case[0] for case in cases], [case[1] for case in cases]
    names = read_suite("textee").measures
    assert set(names) == set(TUPLES)
    for name, found in zip(names, ours(gold, system, names), strict=True):
        right, theirs = tuples(name, gold), tuples(name, system)
        assert (found.gold_hits, found.system, found.gold) == (len(right & theirs), len(theirs), len(right))
        p, r = (len(right & theirs) / len(side) if side else 0.0 for side in (theirs, right))
        assert (found.f or 0) == pytest.approx(2 * p * r / (p + r) if p + r else 0), name


def test_the_six_by_hand():
    # Gold: Attack at 0 (agent 1, place 2), Attack at 3 (agent 1). System: Attack at 0 (agent 1, agent 2),
    # Move at 0 (place 2), Attack at 4 (agent 1).
    word = [(k, k + 1) for k in range(WORDS)]
    gold = [
        (word[0], "Attack", [(word[1], "agent"), (word[2], "place")]),
        (word[3], "Attack", [(word[1], "agent")]),
    ]
    system = [
        (word[0], "Attack", [(word[1], "agent"), (word[2], "agent")]),
        (word[0], "Move", [(word[2], "place")]),
        (word[4], "Attack", [(word[1], "agent")]),
    ]
    expected = {  # right, system, gold
        "TI": (1, 2, 2),  # 0 and 4, of 0 and 3
        "TC": (1, 3, 2),
        "AI": (2, 3, 2),  # (Attack, 1) and (Attack, 2), each once on either side; (Move, 2)
        "AC": (1, 3, 2),  # (Attack, 1, agent)
        "AI+": (2, 4, 3),  # those of the Attack at 0
        "AC+": (1, 4, 3),
    }
    found = ours([gold], [system], tuple(expected))
    assert {
        name: (score.gold_hits, score.system, score.gold) for name, score in zip(expected, found, strict=True)
    } == expected
