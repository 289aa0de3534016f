"""Error analysis: each unit in one class, each lost argument with its cause, what each error costs."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from goldwire.corpora.store import make_document
from goldwire.corpora.types import Annotations, Excluded, Span
from goldwire.eval.counting import counters
from goldwire.eval.counting.columns import NONE
from goldwire.eval.errors.analyse import analyse, make_sides
from goldwire.eval.errors.causes import CAUSES
from goldwire.eval.errors.classes import CLASSES, confusion
from goldwire.eval.errors.outcomes import count_causes, find
from goldwire.eval.measures.measure import parse
from goldwire.testing import annotate

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


def classes(gold, system, kind="entity"):
    found = analyse(layer(gold), layer(system), [DOCUMENT]).classes(kind)
    return {name: number for name, number in found.items() if number}


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
    assert classes(gold, system) == expected


def test_triggers_are_classed_by_event_type():
    gold, system = layer(events=[("Attack", (0,), [])]), layer(events=[("Die", (0, 1), [])])
    assert analyse(gold, system, [DOCUMENT]).classes("event")["boundary+type"] == 1


def test_cells_of_the_confusion_matrix_lead_to_their_places():
    gold = [("PER", (0,)), ("ORG", (2,)), ("GPE", (4,))]
    system = [("ORG", (0,)), ("ORG", (2,)), ("PER", (6, 7))]
    found = analyse(layer(gold), layer(system), [DOCUMENT])
    assert found.confusion("entity") == (
        ("GPE", None, 1),
        ("ORG", "ORG", 1),
        ("PER", "ORG", 1),
        (None, "PER", 1),
    )
    [example] = found.examples("entity", found.where("entity", cell=("PER", "ORG")))
    assert (example.document, example.kind, example.gold, example.system) == ("d", "type", "PER", "ORG")
    assert example.gold_spans == example.system_spans == spans(0)
    [example] = found.examples("entity", found.where("entity", cell=(None, "PER")))
    assert (example.gold_spans, example.system_spans) == (None, spans(6, 7))
    assert len(found.where("entity", cell=("X", "Y"))) == 0


def test_what_touches_an_excluded_region_is_in_no_class_but_excluded():
    document = make_document("d", TEXT, excluded=(Excluded(start=0, end=4, reason="byline"),))
    gold, system = (layer(m, document=document) for m in ([("PER", (1,))], [("PER", (1, 2)), ("PER", (3,))]))
    found = analyse(gold, system, [document])
    assert {name: n for name, n in found.classes("entity").items() if n} == {"spurious": 1}
    assert [(e.kind, e.gold, e.system) for e in found.excluded] == [
        ("excluded", "PER", None),
        ("excluded", None, "PER"),
    ]


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
    found = analyse(layer(MENTIONS, gold), layer(MENTIONS, system), [DOCUMENT])
    assert {cause: numbers for cause, numbers in found.causes().items() if numbers != (0, 0)} == expected


def test_causes_lead_to_their_places():
    system = [("Attack", (1,), [("target", 0), ("target", 1)])]
    found = analyse(layer(MENTIONS, GOLD), layer(MENTIONS, system), [DOCUMENT])
    [example] = found.examples("argument", found.where("argument", cause="role"))
    assert (example.gold, example.system, example.kind, example.cause) == (
        "attacker",
        "target",
        "type",
        "role",
    )
    assert example.gold_spans == spans(0)


# ---------------------------------------------------------------- substitution
def gains(gold, system):
    found = analyse(layer(MENTIONS, gold), layer(MENTIONS, system), [DOCUMENT]).substitutions
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
    sides = make_sides(gold, system, [DOCUMENT])
    for kind, found in find(sides).items():
        hits, given_, _, wanted = counters.count(parse(MEASURES[kind]), sides).counts.total()
        assert sorted(u for u in found.gold_unit.tolist() if u != NONE) == list(range(int(wanted)))
        assert sorted(u for u in found.system_unit.tolist() if u != NONE) == list(range(int(given_)))
        assert (found.kind == CLASSES.index("correct")).sum() == hits
        alone = ~found.paired
        assert set(found.kind[alone & (found.gold_unit != NONE)]) <= {CLASSES.index("missed")}


@given(layers(), layers())
def test_the_confusion_matrix_has_each_unit_once(gold, system):
    sides = make_sides(gold, system, [DOCUMENT])
    for found in find(sides).values():
        cells = confusion(found, sides.codes)
        assert sum(n for gold_label, _, n in cells if gold_label) == (found.gold_unit != NONE).sum()
        assert sum(n for _, label, n in cells if label) == (found.system_unit != NONE).sum()
        assert len({cell[:2] for cell in cells}) == len(cells)


@given(layers(), layers())
def test_exchanging_the_sides_exchanges_missed_and_extra(gold, system):
    there, back = (find(make_sides(*pair, [DOCUMENT])) for pair in ((gold, system), (system, gold)))
    for kind, found in there.items():
        numbers, others = ([(f.kind == k).sum() for k in range(len(CLASSES))] for f in (found, back[kind]))
        assert numbers[:4] == others[:4]
        assert numbers[4] + numbers[5] == others[6]


@given(layers(), layers())
def test_wrong_arguments_and_only_they_have_a_cause(gold, system):
    found = find(make_sides(gold, system, [DOCUMENT]))["argument"]
    assert ((found.cause == NONE) == (found.kind == CLASSES.index("correct"))).all()
    causes = count_causes(found)
    assert list(causes) == list(CAUSES)
    wrong = found.kind != CLASSES.index("correct")
    assert sum(n for n, _ in causes.values()) == (wrong & (found.gold_unit != NONE)).sum()


@settings(max_examples=40)
@given(layers())
def test_a_perfect_system_has_nothing_to_be_put_right(gold):
    found = analyse(gold, gold, [DOCUMENT])
    for kind in MEASURES:
        assert {name for name, number in found.classes(kind).items() if number} <= {"correct"}
    assert {item.value for item in found.substitutions} <= {1.0, None}


@settings(max_examples=40)
@given(layers(), layers())
def test_putting_things_right_never_costs(gold, system):
    found = analyse(gold, system, [DOCUMENT]).substitutions
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

    one, two = analyse(gold, system, [DOCUMENT]), analyse(shuffled(gold), shuffled(system), [DOCUMENT])
    for kind in MEASURES:
        assert one.classes(kind) == two.classes(kind)
        assert one.confusion(kind) == two.confusion(kind)
    assert one.causes() == two.causes()
    assert one.substitutions == two.substitutions
