"""Outcomes: each unit in one class, each lost argument with its cause, what each error costs; kept or not."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from goldwire.corpora.store import make_document
from goldwire.corpora.types import Annotations, Excluded, Mention, Span
from goldwire.eval.counting import counters
from goldwire.eval.counting.chunks import make_block
from goldwire.eval.counting.columns import NONE
from goldwire.eval.counting.counters import GoldAndSystem
from goldwire.eval.counting.coverage import EVERYTHING
from goldwire.eval.counting.reading import Wanted
from goldwire.eval.counting.texts import TextRow, make_texts
from goldwire.eval.errors.causes import CAUSES
from goldwire.eval.errors.classes import CLASSES, confusion, label_codes, mention_units, tally
from goldwire.eval.errors.classes import spans as places
from goldwire.eval.errors.oracle import substitute
from goldwire.eval.errors.outcomes import (
    KINDS,
    OtherUnitsError,
    by_document,
    count_causes,
    find,
    restore,
)
from goldwire.eval.measures.measure import parse
from goldwire.eval.scoring.kept import decode, encode
from goldwire.testing import annotate
from goldwire.testing.strategies import scenes

TEXT = "aa bb cc dd ee ff gg hh ii jj"  # word n is [3n, 3n + 2]
DOCUMENT = make_document("d", TEXT)


def spans(first, last=None):
    """Words `first` to `last`."""
    return (Span(3 * first, 3 * (first if last is None else last) + 2),)


def layer(mentions=(), events=(), document=DOCUMENT):
    """Mentions as (type, words); events as (type, words, [(role, index of mention)])."""
    placed = ((spans(*words), type) for type, words in mentions)
    happened = [(spans(*words), type, arguments) for type, words, arguments in events]
    return [annotate(document, *placed, events=happened)]


def make_sides(gold, system, documents=(DOCUMENT,)):
    rows = [TextRow(id=d.id, sha256=d.sha256, excluded=d.excluded, text=d.text) for d in documents]
    layers = [("gold", gold)], [("system", [system])]
    block = make_block(make_texts(rows), *layers, Wanted(), EVERYTHING)
    return GoldAndSystem(*block.layers, block.texts, block.codes)


def classes(gold, system, kind="entity", documents=(DOCUMENT,)):
    found = tally(find(make_sides(gold, system, documents))[kind])
    return {name: number for name, number in found.items() if number}


def rows(found, codes, gold, system):
    """The rows of a cell of the confusion matrix."""
    wanted = tuple(NONE if label is None else codes[label] for label in (gold, system))
    return [
        row
        for row, pair in enumerate(zip(*(column.tolist() for column in label_codes(found)), strict=True))
        if pair == wanted
    ]


# ---------------------------------------------------------------- classes
@pytest.mark.parametrize(
    ("gold", "system", "expected"),
    [
        ([("PER", (0,))], [("PER", (0,))], {"correct": 1}),
        ([("PER", (0,))], [("ORG", (0,))], {"type": 1}),
        ([("PER", (0, 1))], [("PER", (0,))], {"boundary": 1}),
        ([("PER", (0, 1))], [("ORG", (1, 2))], {"boundary+type": 1}),
        ([("PER", (0,))], [], {"missed": 1}),
        ([], [("PER", (0,))], {"spurious": 1}),
        ([("PER", (0,))], [("PER", (1,))], {"missed": 1, "spurious": 1}),
        # The second system mention overlaps a gold mention of its type that the first has taken.
        ([("PER", (0, 1))], [("PER", (0, 1)), ("PER", (1,))], {"correct": 1, "duplicate": 1}),
        # Of another type it is no duplicate.
        ([("PER", (0, 1))], [("PER", (0, 1)), ("ORG", (1,))], {"correct": 1, "spurious": 1}),
        # The one of gold's place is its partner, though the other has its type.
        ([("PER", (0, 1))], [("ORG", (0, 1)), ("PER", (0,))], {"type": 1, "duplicate": 1}),
        # Nested gold, nested system, one inner boundary off.
        ([("ORG", (0, 4)), ("GPE", (1, 2))], [("ORG", (0, 4)), ("GPE", (2,))], {"correct": 1, "boundary": 1}),
    ],
)
def test_classes_by_hand(gold, system, expected):
    assert classes(layer(gold), layer(system)) == expected


def test_triggers_are_classed_by_event_type():
    gold, system = layer(events=[("Attack", (0,), [])]), layer(events=[("Die", (0, 1), [])])
    assert classes(gold, system, "event") == {"boundary+type": 1}


def test_cells_of_the_confusion_matrix_lead_to_their_places():
    gold = [("PER", (0,)), ("ORG", (2,)), ("GPE", (4,))]
    system = [("ORG", (0,)), ("ORG", (2,)), ("PER", (6, 7))]
    sides = make_sides(layer(gold), layer(system))
    found = find(sides)["entity"]
    assert confusion(found, sides.codes) == (
        ("GPE", None, 1),
        ("ORG", "ORG", 1),
        ("PER", "ORG", 1),
        (None, "PER", 1),
    )
    [row] = rows(found, sides.codes, "PER", "ORG")
    assert CLASSES[found.kind[row]] == "type"
    assert places(found.gold.extents, found.gold_unit[row]) == spans(0)
    assert places(found.system.extents, found.system_unit[row]) == spans(0)
    [row] = rows(found, sides.codes, None, "PER")
    assert (found.gold_unit[row], places(found.system.extents, found.system_unit[row])) == (NONE, spans(6, 7))


def test_what_touches_an_excluded_region_is_in_no_class():
    document = make_document("d", TEXT, excluded=(Excluded(start=0, end=4, reason="byline"),))
    gold, system = (layer(m, document=document) for m in ([("PER", (1,))], [("PER", (1, 2)), ("PER", (3,))]))
    assert classes(gold, system, documents=[document]) == {"spurious": 1}


# ---------------------------------------------------------------- causes
MENTIONS = [("PER", (0,)), ("ORG", (2,)), ("GPE", (4, 5)), ("GPE", (5,)), ("PER", (9,))]
GOLD = [("Attack", (1,), [("attacker", 0), ("target", 1)])]


@pytest.mark.parametrize(
    ("gold", "system", "expected"),
    [
        (GOLD, [("Attack", (1,), [("attacker", 0), ("target", 1)])], {}),
        (GOLD, [], {"trigger missed": (2, 0)}),
        ([], GOLD, {"trigger spurious": (0, 2)}),
        (GOLD, [("Die", (1,), [("attacker", 0), ("target", 1)])], {"trigger type": (2, 2)}),
        (GOLD, [("Attack", (1, 2), [("attacker", 0)])], {"trigger boundary": (2, 1)}),
        (GOLD, [("Attack", (1,), [("target", 0), ("target", 1)])], {"role": (1, 1)}),
        (GOLD, [("Attack", (1,), [("attacker", 0)])], {"missed": (1, 0)}),
        (GOLD, [("Attack", (1,), [("attacker", 0), ("target", 1), ("place", 2)])], {"spurious": (0, 1)}),
        (
            [("Attack", (1,), [("place", 2)])],
            [("Attack", (1,), [("place", 3)])],
            {"boundary": (1, 1)},
        ),
        (
            [("Attack", (1,), [("place", 2)])],
            [("Attack", (1,), [("target", 3)])],
            {"role and boundary": (1, 1)},
        ),
        # Both events are found, each has the other's attacker.
        (
            [("Attack", (1,), [("attacker", 0)]), ("Attack", (7,), [("attacker", 4)])],
            [("Attack", (1,), [("attacker", 4)]), ("Attack", (7,), [("attacker", 0)])],
            {"wrong event": (2, 2)},
        ),
        # The second event lacks a filler that the system has, and rightly so, in the first: just missed.
        (
            [("Attack", (1,), [("attacker", 0)]), ("Attack", (7,), [("attacker", 0)])],
            [("Attack", (1,), [("attacker", 0)]), ("Attack", (7,), [])],
            {"missed": (1, 0)},
        ),
    ],
)
def test_causes_by_hand(gold, system, expected):
    found = count_causes(find(make_sides(layer(MENTIONS, gold), layer(MENTIONS, system)))["argument"])
    assert {cause: numbers for cause, numbers in found.items() if numbers != (0, 0)} == expected


def test_causes_lead_to_their_places():
    system = [("Attack", (1,), [("target", 0), ("target", 1)])]
    sides = make_sides(layer(MENTIONS, GOLD), layer(MENTIONS, system))
    found = find(sides)["argument"]
    [row] = np.flatnonzero(found.cause == CAUSES.index("role"))
    assert rows(found, sides.codes, "attacker", "target") == [row]
    assert CLASSES[found.kind[row]] == "type"
    assert places(found.gold.extents, found.gold_unit[row]) == spans(0)


# ---------------------------------------------------------------- substitution
def gains(gold, system):
    found = substitute(make_sides(layer(MENTIONS, gold), layer(MENTIONS, system)))
    return {item.name: (item.value, item.gain) for item in found}


def test_a_wrong_event_type_costs_all_its_arguments():
    found = gains(GOLD, [("Die", (1,), [("attacker", 0), ("target", 1)])])
    assert found["none"] == (0, None)
    assert found["trigger types"] == (1, 1)
    assert found["trigger boundaries"] == found["roles"] == (0, 0)
    assert found["together"] == (1, 1)


def test_spurious_events_cost_precision():
    system = [*GOLD, ("Meet", (8,), [("place", 2), ("place", 4)])]
    # 2 of 2 gold and 2 of 4 system arguments: F = 4/6.
    found = gains(GOLD, system)
    assert found["none"][0] == pytest.approx(4 / 6)
    assert found["spurious triggers"] == (1, pytest.approx(1 / 3))


def test_errors_that_add_up_show_only_together():
    system = [("Die", (1, 2), [("target", 0), ("attacker", 1)])]
    found = gains(GOLD, system)
    alone = [gain for name, (_, gain) in found.items() if name not in ("none", "together")]
    assert alone == [0, 0, 0, 0, 0]
    assert found["together"] == (1, 1)


def test_boundaries_are_put_right_for_the_argument_and_not_for_others_of_its_mention():
    gold = [("Attack", (1,), [("place", 2)]), ("Attack", (7,), [("place", 3)])]
    system = [("Attack", (1,), [("place", 3)]), ("Attack", (7,), [("place", 3)])]
    assert gains(gold, system)["argument boundaries"] == (1, 0.5)


def test_a_missed_event_is_not_made_up():
    assert gains(GOLD, [])["together"] == (0, 0)


def test_without_arguments_nothing_is_defined():
    assert set(gains([], []).values()) == {(None, None)}


# ---------------------------------------------------------------- properties
words = st.tuples(st.integers(0, 8), st.integers(0, 2)).map(lambda t: (t[0], min(t[0] + t[1], 9)))
some_mentions = st.lists(st.tuples(st.sampled_from(["PER", "ORG"]), words), min_size=1, max_size=6)


@st.composite
def layers(draw):
    mentions = draw(some_mentions)
    argument = st.tuples(st.sampled_from(["attacker", "target"]), st.integers(0, len(mentions) - 1))
    event = st.tuples(st.sampled_from(["Attack", "Die"]), words, st.lists(argument, max_size=3))
    return layer(mentions, draw(st.lists(event, max_size=4)))


MEASURES = {"entity": "entity", "event": "TC", "argument": "AC+"}


@given(layers(), layers())
def test_every_unit_is_in_one_class_and_the_correct_ones_are_the_true_positives(gold, system):
    sides = make_sides(gold, system)
    for kind, found in find(sides).items():
        hits, given_, _, wanted = counters.count(parse(MEASURES[kind]), sides).counts.total()
        assert sorted(u for u in found.gold_unit.tolist() if u != NONE) == list(range(int(wanted)))
        assert sorted(u for u in found.system_unit.tolist() if u != NONE) == list(range(int(given_)))
        assert (found.kind == CLASSES.index("correct")).sum() == hits
        alone = ~found.paired
        assert set(found.kind[alone & (found.gold_unit != NONE)]) <= {CLASSES.index("missed")}


@given(layers(), layers())
def test_the_confusion_matrix_has_each_unit_once(gold, system):
    sides = make_sides(gold, system)
    for found in find(sides).values():
        cells = confusion(found, sides.codes)
        assert sum(n for gold_label, _, n in cells if gold_label) == (found.gold_unit != NONE).sum()
        assert sum(n for _, label, n in cells if label) == (found.system_unit != NONE).sum()
        assert len({cell[:2] for cell in cells}) == len(cells)


@given(layers(), layers())
def test_exchanging_the_sides_exchanges_missed_and_extra(gold, system):
    there, back = (find(make_sides(*pair)) for pair in ((gold, system), (system, gold)))
    for kind, found in there.items():
        numbers, others = ([(f.kind == k).sum() for k in range(len(CLASSES))] for f in (found, back[kind]))
        assert numbers[:4] == others[:4]
        assert numbers[4] + numbers[5] == others[6]


@given(layers(), layers())
def test_wrong_arguments_and_only_they_have_a_cause(gold, system):
    found = find(make_sides(gold, system))["argument"]
    assert ((found.cause == NONE) == (found.kind == CLASSES.index("correct"))).all()
    causes = count_causes(found)
    assert list(causes) == list(CAUSES)
    wrong = found.kind != CLASSES.index("correct")
    assert sum(n for n, _ in causes.values()) == (wrong & (found.gold_unit != NONE)).sum()


@settings(max_examples=40)
@given(layers())
def test_a_perfect_system_has_nothing_to_be_put_right(gold):
    for kind in MEASURES:
        assert {*classes(gold, gold, kind)} <= {"correct"}
    assert {item.value for item in substitute(make_sides(gold, gold))} <= {1.0, None}


@settings(max_examples=40)
@given(layers(), layers())
def test_putting_things_right_never_costs(gold, system):
    found = substitute(make_sides(gold, system))
    for item in found[1:]:
        assert item.gain is None or item.gain >= -1e-12, item.name
    alone = [item.value for item in found[:-1] if item.value is not None]
    assert found[-1].value is None or found[-1].value >= max(alone, default=-math.inf) - 1e-12


@settings(max_examples=40)
@given(layers(), layers(), st.randoms())
def test_order_changes_nothing(gold, system, random):
    def shuffled(side):
        [item] = side
        mentions, events = (random.sample(units, len(units)) for units in (item.mentions, item.events))
        return [Annotations(document="d", sha256=item.sha256, mentions=tuple(mentions), events=tuple(events))]

    one, two = make_sides(gold, system), make_sides(shuffled(gold), shuffled(system))
    for (kind, first), second in zip(find(one).items(), find(two).values(), strict=True):
        assert tally(first) == tally(second), kind
        assert confusion(first, one.codes) == confusion(second, two.codes), kind
        assert count_causes(first) == count_causes(second), kind
    assert substitute(one) == substitute(two)


# ---------------------------------------------------------------- kept
def same(one, other):
    """Whether findings are the same, row by row."""
    columns = ("gold_unit", "system_unit", "kind", "cause")
    assert [getattr(one, name).tolist() for name in columns] == [
        getattr(other, name).tolist() for name in columns
    ]
    assert one.gold.row.tolist() == other.gold.row.tolist()
    assert one.system.row.tolist() == other.system.row.tolist()
    assert one.left_out == other.left_out


@given(scenes(1, 4))
def test_what_is_kept_in_a_record_gives_the_findings_as_they_were_found(scene):
    over, gold, system = scene
    sides = make_sides(gold, system, over)
    found = find(sides)
    kept = {kind: decode(encode("s", kind, by_document(one))) for kind, one in found.items()}
    again = find(make_sides(gold, system, over), kept=kept)
    assert list(again) == list(found) == list(KINDS)
    for kind, one in found.items():
        same(one, again[kind])
    assert substitute(sides, again) == substitute(sides)


def test_outcomes_of_other_units_are_not_taken_for_theirs():
    two, one = layer([("PER", (0,)), ("ORG", (2,))]), layer([("PER", (0,))])
    kept = by_document(find(make_sides(two, one))["entity"])
    with pytest.raises(OtherUnitsError):
        restore(kept, *mention_units(make_sides(one, one)))


def test_documents_left_out_since_they_are_crowded_stay_left_out():
    # 1,500 nested mentions on either side, one character apart: 1,500 x 1,500 pairs overlap.
    text = make_document("a", "x" * 3002)
    mentions = (
        tuple(Mention(id=str(i), type="A", spans=(Span(i, 3001 - i + shift),)) for i in range(1500))
        for shift in (0, 1)
    )
    both = ([Annotations(document="a", sha256=text.sha256, mentions=some)] for some in mentions)
    sides = make_sides(*both, [text])
    found = find(sides)
    kept = {kind: by_document(one) for kind, one in found.items()}
    same(find(sides, kept=kept)["entity"], found["entity"])
    assert kept["entity"].left_out == {0: 2_250_000}


def test_arguments_of_one_place_are_in_order_of_their_events_whatever_other_documents_have():
    # Both arguments are spurious: one of an Attack that gold has without it, one of a Zap that gold has not.
    gold = layer([], [("Attack", (2,), [])])
    system = layer([("PER", (0,))], [("Zap", (1,), [("agent", 0)]), ("Attack", (2,), [("agent", 0)])])
    other = make_document("c", TEXT)
    before = layer([], [("Zap", (5,), [])], other)
    alone = find(make_sides(gold, system))["argument"]
    beside = find(make_sides([*before, *gold], [*before, *system], (other, DOCUMENT)))["argument"]
    expected = ["spurious", "trigger spurious"]  # Attack comes before Zap
    assert [CAUSES[cause] for cause in alone.cause] == expected
    assert [CAUSES[cause] for cause in beside.cause] == expected
