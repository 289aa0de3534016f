"""Template measures: the authors' own cases, brute force over all alignments, and what a layer becomes."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldwire.corpora.types import Annotations, Argument, Event, Mention, Span
from goldwire.eval.counting.templates import MATCHES, fill, normalise, ree, rme_phi3, rme_subset


def template(**roles):
    """`template(target=["ab", "c"])`: one role, an entity of two mentions and an entity of one."""
    return {role: frozenset(frozenset(entity) for entity in entities) for role, entities in roles.items()}


entities = st.lists(st.frozensets(st.sampled_from("abcd"), min_size=1, max_size=3), max_size=3)
templates = st.lists(
    st.dictionaries(st.sampled_from(["agent", "target"]), entities.map(frozenset), max_size=2), max_size=3
)


# ---------------------------------------------------------------- CEAF-REE
# The cases in print in Du et al. 2021 (1 to 3) and in the tests beside their scorer (4 to 6), as
# (gold, system, hits, system entities, gold entities), counted by hand. Case 1: two mentions of the first
# gold entity are given as two entities; only one of them can be aligned.
GOLD = ["abc", "d", "e"]
CASES = [
    (GOLD, ["d", "a", "e", "c"], (3, 4, 3, 3)),
    (GOLD, ["a", "d", "e"], (3, 3, 3, 3)),
    (GOLD, ["a", "e"], (2, 2, 2, 3)),
    (["abc", "d", "e", "f"], ["d", "a", "e", "f", "c"], (4, 5, 4, 4)),
    (["abc", "d", "e", "f"], ["ab", "d", "e", "f"], (4, 4, 4, 4)),
    (["abc", "d", "e", "f"], ["abcd", "e", "f"], (2, 3, 2, 4)),
]


@pytest.mark.parametrize(("gold", "system", "numbers"), CASES)
def test_ree_of_the_authors_cases(gold, system, numbers):
    assert ree([template(target=gold)], [template(target=system)]) == {"target": numbers}


def test_ree_does_not_ask_which_event_a_filler_belongs_to():
    gold = [template(agent=["a"], target=["b"]), template(agent=["c"])]
    system = [template(agent=["c"]), template(agent=["a"], target=["b"])]
    merged = [template(agent=["a", "c"], target=["b"])]
    assert ree(gold, system) == ree(gold, merged) == {"agent": (2, 2, 2, 2), "target": (1, 1, 1, 1)}


def test_ree_counts_a_filler_of_several_events_once():
    assert ree([template(agent=["a"])] * 2, [template(agent=["a"])]) == {"agent": (1, 1, 1, 1)}


# ---------------------------------------------------------------- CEAF-RME
def test_rme_does_not_punish_two_mentions_of_one_entity():
    # Case 1 again: both mentions of the first entity are right, and all three gold entities are found.
    assert rme_subset([template(target=GOLD)], [template(target=["d", "a", "e", "c"])]) == {
        "target": (4, 4, 3, 3)
    }


def test_rme_asks_which_event_a_filler_belongs_to():
    gold = [template(agent=["a"], target=["b"]), template(agent=["c"], target=["d"])]
    crossed = [template(agent=["a"], target=["d"]), template(agent=["c"], target=["b"])]
    # Whatever the alignment, each template has one of its two fillers right.
    totals = [sum(column) for column in zip(*rme_subset(gold, crossed).values(), strict=True)]
    assert totals == [2, 4, 2, 4]
    assert ree(gold, crossed) == {"agent": (2, 2, 2, 2), "target": (2, 2, 2, 2)}


def test_phi3_counts_mentions():
    # abc with ab shares two, d with d one; system has 2 + 1 + 1 mentions, gold 3 + 1.
    gold, system = [template(target=["abc", "d"])], [template(target=["ab", "d", "x"])]
    assert rme_phi3(gold, system) == {"target": (3, 4, 3, 4)}


def brute_force(gold, system, hits):
    """The best total over all alignments of templates, ties by the second number."""
    small, large, swapped = (gold, system, False) if len(gold) <= len(system) else (system, gold, True)
    best = (0, 0)
    for trial in itertools.permutations(range(len(large)), len(small)):
        total = [0, 0]
        for one, other in zip(small, (large[i] for i in trial), strict=True):
            ours, theirs = (other, one) if swapped else (one, other)
            for role in ours.keys() & theirs.keys():
                total = [a + b for a, b in zip(total, hits(ours[role], theirs[role]), strict=True)]
        best = max(best, tuple(total))
    return best


def subset_hits(gold, system):
    return sum(any(s <= g for g in gold) for s in system), sum(any(s <= g for s in system) for g in gold)


def phi3_hits(gold, system):
    small, large = sorted((list(gold), list(system)), key=len)
    trials = itertools.permutations(large, len(small))
    total = max(sum(len(a & b) for a, b in zip(small, trial, strict=True)) for trial in trials)
    return total, total


@pytest.mark.parametrize(("measure", "hits"), [(rme_subset, subset_hits), (rme_phi3, phi3_hits)])
@given(templates, templates)
def test_rme_is_the_best_of_all_alignments(measure, hits, gold, system):
    found = measure(gold, system).values()
    assert tuple(sum(n[k] for n in found) for k in (0, 2)) == brute_force(gold, system, hits)


@pytest.mark.parametrize("match", MATCHES)
@given(templates, templates, st.randoms())
def test_order_changes_nothing(match, gold, system, random):
    shuffled = [random.sample(side, len(side)) for side in (gold, system)]
    assert MATCHES[match](gold, system) == MATCHES[match](*shuffled)


@pytest.mark.parametrize("match", MATCHES)
@given(templates)
def test_a_perfect_system_hits_all_that_there_is(match, gold):
    for system_hits, system, gold_hits, total in MATCHES[match](gold, gold).values():
        assert system_hits == system == gold_hits == total


@pytest.mark.parametrize("match", MATCHES)
@given(templates, templates)
def test_hits_never_exceed_what_there_is(match, gold, system):
    for system_hits, given_, gold_hits, wanted in MATCHES[match](gold, system).values():
        assert 0 <= system_hits <= given_
        assert 0 <= gold_hits <= wanted


def test_forty_templates_a_side_take_no_exponential_search():
    sides = [template(agent=[f"{k % 7}"], target=[f"{k}", "x"]) for k in range(40)]
    assert sum(n.gold_hits for n in rme_subset(sides, sides[::-1]).values()) == 120


# ---------------------------------------------------------------- templates of a layer
TEXT = "The U.S. embassy was bombed. An embassy burned."
#       0         1         2         3         4
#       01234567890123456789012345678901234567890123456
MENTIONS = (
    Mention(id="m1", type="FAC", spans=(Span(0, 16),), cluster="x"),
    Mention(id="m2", type="FAC", spans=(Span(29, 39),), cluster="x"),
)
EVENTS = (
    Event(
        id="e1", type="Attack", trigger=(Span(21, 27),), arguments=(Argument(role="target", mention="m1"),)
    ),
    Event(id="e2", type="Fire", trigger=(Span(40, 46),), arguments=(Argument(role="target", mention="m2"),)),
)


def layer(events=EVENTS):
    return Annotations(document="d", sha256="", mentions=MENTIONS, events=events)


def test_an_entity_is_all_mentions_of_its_cluster():
    both = frozenset({frozenset({(Span(0, 16),), (Span(29, 39),)})})
    assert fill(layer()) == [{"Attack:target": both}, {"Fire:target": both}]
    assert fill(layer(), typed=False) == [{"target": both}] * 2


def test_mentions_may_be_normalised_strings():
    assert fill(layer(EVENTS[:1]), TEXT) == [
        {"Attack:target": frozenset({frozenset({"us embassy", "embassy"})})}
    ]


def test_events_of_one_cluster_are_one_template():
    joined = tuple(
        Event(id=e.id, type=e.type, trigger=e.trigger, arguments=e.arguments, cluster="c") for e in EVENTS
    )
    assert [sorted(t) for t in fill(layer(joined))] == [["Attack:target", "Fire:target"]]


def test_normalising_drops_case_punctuation_articles_and_spaces():
    assert normalise(' "The  GUERRILLAS" of an F.M.L.N.') == "guerrillas of fmln"
