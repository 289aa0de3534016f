"""The suite hipe against the rule of the official scorer, HIPE-scorer (hipe_evaluation/ner_eval.py).

Mentions are flat there, since they come from tags. Going through the system's in text order, one that is
gold's in place and type is right. Any other takes the first of gold's, in text order, that has its place,
or that shares a token with it and has not been taken; it is right by the fuzzy regime if the types are the
same. Precision and recall are over all of the system's and of gold's. Macro is the mean over documents: of
precision where the system has a mention, of recall where gold has one, of F where both have.
"""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from goldwire.eval.measures.suites import read_suite
from goldwire.eval.scoring.score import Options, score

TOKENS, TYPES = 12, ("A", "B")
MACRO = "average=both-sided-documents"


def common(one, other):
    return range(max(one[0], other[0]), min(one[1], other[1]))


def right(gold, system):
    """How many of the system's mentions of a document are right, by the strict and by the fuzzy regime."""
    taken, strict, fuzzy = [], 0, 0
    for mention in sorted(system):
        if mention in gold:
            taken.append(mention)
            strict, fuzzy = strict + 1, fuzzy + 1
            continue
        for other in sorted(gold):
            if other[:2] == mention[:2] or (common(other, mention) and other not in taken):
                taken.append(other)
                fuzzy += other[2] == mention[2]
                break
    return strict, fuzzy


def ratio(part, whole):
    return part / whole if whole else 0


def figures(hits, system, gold):
    p, r = ratio(hits, system), ratio(hits, gold)
    return p, r, ratio(2 * p * r, p + r)


def mean(values):
    return sum(values) / len(values) if values else None


def theirs(gold, system):
    """Micro and macro figures by regime."""
    rows = [(*right(g, s), len(s), len(g)) for g, s in zip(gold, system, strict=True)]
    found = {}
    for regime, name in enumerate(("entity", "first-overlap")):
        each = [(figures(row[regime], *row[2:]), *row[2:]) for row in rows]
        found[name] = figures(*(sum(row[k] for row in rows) for k in (regime, 2, 3)))
        found[f"{name},{MACRO}"] = (
            mean([f[0] for f, produced, _ in each if produced]),
            mean([f[1] for f, _, there in each if there]),
            mean([f[2] for f, produced, there in each if produced and there]),
        )
    return found


def ours(spans_to_layers, gold, system, measures):
    documents, gold, system = spans_to_layers([TOKENS] * len(gold), gold, system)
    record = score(gold, {"s": system}, documents, measures, options=Options(trials=0))
    return dict(zip(measures, record.results, strict=True))


@st.composite
def flat(draw):
    """Mentions that do not overlap."""
    mentions, at = [], draw(st.integers(0, 2))
    while at < TOKENS:
        end = min(at + draw(st.integers(1, 4)), TOKENS)
        if draw(st.booleans()):
            mentions.append((at, end, draw(st.sampled_from(TYPES))))
        at = end + draw(st.integers(0, 2))
    return mentions


@settings(max_examples=300)
@given(st.lists(st.tuples(flat(), flat()), min_size=1, max_size=4))
def test_the_suite_is_the_scorer_s_rule(spans_to_layers, cases):
    gold, system = [case[0] for case in cases], [case[1] for case in cases]
    expected = theirs(gold, system)
    for measure, result in ours(spans_to_layers, gold, system, tuple(expected)).items():
        found = result.averages["both-sided-documents" if MACRO in measure else "micro"]
        for value, other in zip((found.precision, found.recall, found.f), expected[measure], strict=True):
            assert (value or 0) == pytest.approx(other or 0), measure
        if MACRO in measure and expected[measure][2] is None:
            assert result.value is None


def test_the_suite_has_the_measures_of_the_rule_and_the_best_pairs_beside_them():
    assert {"entity", f"entity,{MACRO}", "first-overlap", f"first-overlap,{MACRO}"} <= set(
        read_suite("hipe").measures
    )
    assert "overlap" in read_suite("hipe").measures


def test_the_first_overlapping_mention_is_taken_whatever_its_type(spans_to_layers):
    # Gold A at 0, B at 1-2; system B at 0-1: it takes A, which has another type, and B stays alone.
    gold, system = [[(0, 1, "A"), (1, 3, "B")]], [[(0, 2, "B")]]
    assert right(gold[0], system[0]) == (0, 0)
    found = ours(spans_to_layers, gold, system, ("first-overlap", "overlap"))
    assert [result.averages["micro"].gold_hits for result in found.values()] == [0, 1]


def test_what_is_right_in_place_and_type_is_not_taken_by_another(spans_to_layers):
    # Nested mentions, which tags cannot give: 0-4 of the system would take gold's 1-3, which 1-3 is.
    gold, system = [[(1, 3, "A"), (3, 4, "A")]], [[(0, 4, "A"), (1, 3, "A")]]
    found = ours(spans_to_layers, gold, system, ("first-overlap",))["first-overlap"]
    assert found.averages["micro"].gold_hits == 2


def test_neither_the_order_in_a_file_nor_that_of_types_decides(spans_to_layers):
    # Two of the system's in one place: by the name of the type A comes first, and takes gold's A at 0.
    gold, system = [[(0, 1, "A"), (1, 3, "B")]], [[(0, 2, "B"), (0, 2, "A")]]
    for sides in ((gold, system), ([gold[0][::-1]], [system[0][::-1]])):
        found = ours(spans_to_layers, *sides, ("first-overlap",))["first-overlap"]
        assert found.averages["micro"].gold_hits == 2
