"""Causes of lost arguments: the error, upstream or of its own, that each wrong argument is put down to.

An argument is right if trigger, event type, role and place all are (AC+). The triggers of gold and system
go together as `classes.triggers` has it; an argument is first looked for in the event that goes with
its own. Its cause is the first of these that holds:

- `trigger missed`, `trigger spurious`: no event of the other side goes with its event;
- `trigger type`, `trigger boundary`: the events go together, but their types or triggers differ;
- `role`, `boundary`, `role and boundary`: the argument itself is there, but not as it should be;
- `wrong event`: the other side has this role and place in another event, where it is wrong too;
- `missed`, `spurious`: it is nowhere.
"""

from __future__ import annotations

import msgspec
import numpy as np
from msgspec.structs import replace

from goldwire.eval.counting.columns import NONE, Bools, Codes, Ints, Table
from goldwire.eval.counting.counters import GoldAndSystem
from goldwire.eval.counting.keys import row_keys, shared_keys
from goldwire.eval.counting.units import Units
from goldwire.eval.errors.classes import (
    CORRECT,
    Findings,
    Match,
    by_name,
    complete,
    go_together,
    in_order,
    kinds,
    places,
    uncrowded,
)
from goldwire.eval.measures.measure import parse

CAUSES = (
    "trigger missed",
    "trigger spurious",
    "trigger type",
    "trigger boundary",
    "role",
    "boundary",
    "role and boundary",
    "wrong event",
    "missed",
    "spurious",
)
(
    TRIGGER_MISSED,
    TRIGGER_SPURIOUS,
    TRIGGER_TYPE,
    TRIGGER_BOUNDARY,
    ROLE,
    BOUNDARY,
    ROLE_BOUNDARY,
    WRONG_EVENT,
    MISSED,
    SPURIOUS,
) = range(len(CAUSES))


MEASURE = parse("AC+")  # under which an argument is right


class Events(msgspec.Struct, frozen=True):
    """How the events of gold and system go together.

    `gold` and `system` have, for each row of a table's events, the number of its pair, `NONE` where it
    has none; `type_wrong`, `boundary_wrong` and `gold_row`, a row of gold's events, are by pair. Documents
    that are `left_out` (see `Findings`) have no pairs, and their arguments are not compared.
    """

    gold: Ints
    system: Ints
    type_wrong: Bools
    boundary_wrong: Bools
    gold_row: Ints
    left_out: dict[int, int]


def arguments(sides: GoldAndSystem, events: Events) -> Findings:
    """What became of the arguments, with the cause of each that is wrong; the label is the role."""
    gold, system = sides.gold.table, sides.system.table

    def compare(one: Units, other: Units) -> Findings:
        return _compared(one, other, gold, system, events)

    return uncrowded(compare, *argument_units(sides), events.left_out)


def argument_units(sides: GoldAndSystem) -> tuple[Units, Units]:
    """The arguments of both sides, from left to right; the label is the role.

    Those of one place and role are by the type and the trigger of their event.
    """
    case = sides.case(MEASURE)
    return (
        _in_order(case.gold, sides.gold.table, sides.codes),
        _in_order(case.system, sides.system.table, sides.codes),
    )


def _in_order(units: Units, table: Table, codes: Codes) -> Units:
    event = table.argument_event[units.row]
    triggers = row_keys(places(table.events))
    return in_order(_by_role(units, table), codes, by_name(table.event_type[event], codes), triggers[event])


def _compared(ours: Units, theirs: Units, gold: Table, system: Table, events: Events) -> Findings:
    pairs = events.gold[gold.argument_event[ours.row]], events.system[system.argument_event[theirs.row]]
    groups = np.where(pairs[0] == NONE, -2, pairs[0]), np.where(pairs[1] == NONE, -3, pairs[1])
    match = go_together(ours, theirs, groups)
    pair = pairs[0][match.gold]
    kind = kinds(~match.same_place | events.boundary_wrong[pair], ~match.same_label | events.type_wrong[pair])
    findings = complete(ours, theirs, match, kind, groups)
    elsewhere = _elsewhere(ours, theirs, match)
    return replace(findings, cause=_causes(findings, match, pairs, elsewhere, events))


def _by_role(units: Units, table: Table) -> Units:
    return replace(units, label=table.argument_role[units.row])


def pair_events(sides: GoldAndSystem, found: Findings) -> Events:
    """The pairs of events, from the findings about their triggers.

    Events of one type and trigger are one there, and all have the same pair.
    """
    gold, system = sides.gold.table, sides.system.table
    columns = [[t.event_type, *places(t.events)] for t in (gold, system)]
    ids = shared_keys(*columns)
    names, numbers = np.unique(np.concatenate(ids), return_inverse=True)
    ours, theirs = numbers[: len(ids[0])], numbers[len(ids[0]) :]
    paired = np.flatnonzero(found.paired)
    left = ours[found.gold.row[found.gold_unit[paired]]]
    right = theirs[found.system.row[found.system_unit[paired]]]
    pair = np.full((2, len(names)), NONE)
    pair[0, left] = pair[1, right] = np.arange(len(paired))
    gold_row, system_row = (
        found.gold.row[found.gold_unit[paired]],
        found.system.row[found.system_unit[paired]],
    )
    at = shared_keys(places(gold.events), places(system.events))
    return Events(
        gold=pair[0][ours],
        system=pair[1][theirs],
        type_wrong=gold.event_type[gold_row] != system.event_type[system_row],
        boundary_wrong=at[0][gold_row] != at[1][system_row],
        gold_row=gold_row,
        left_out=found.left_out,
    )


# ---------------------------------------------------------------- causes
def _causes(
    findings: Findings,
    match: Match,
    pairs: tuple[Ints, Ints],
    elsewhere: tuple[Bools, Bools],
    events: Events,
) -> Ints:
    cause = np.full(len(findings), NONE)
    of_pairs = _of_pairs(match, events, pairs[0][match.gold])
    cause[: len(of_pairs)] = np.where(findings.kind[: len(of_pairs)] == CORRECT, NONE, of_pairs)
    alone = np.flatnonzero(~findings.paired)
    for units, pair, found, no_event, nowhere in (
        (findings.gold_unit, pairs[0], elsewhere[0], TRIGGER_MISSED, MISSED),
        (findings.system_unit, pairs[1], elsewhere[1], TRIGGER_SPURIOUS, SPURIOUS),
    ):
        rows = alone[units[alone] != NONE]
        unit = units[rows]
        own = np.where(found[unit], WRONG_EVENT, nowhere)
        cause[rows] = np.where(pair[unit] == NONE, no_event, _upstream(events, pair[unit], own))
    return cause


def _upstream(events: Events, pair: Ints, own: Ints) -> Ints:
    """The fault of the event, if it has one, else the argument's own; `pair` NONE is left to the caller."""
    boundary = np.append(events.boundary_wrong, False)[pair]
    type = np.append(events.type_wrong, False)[pair]
    return np.where(type, TRIGGER_TYPE, np.where(boundary, TRIGGER_BOUNDARY, own))


def _of_pairs(match: Match, events: Events, pair: Ints) -> Ints:
    own = np.where(match.same_place, ROLE, np.where(match.same_label, BOUNDARY, ROLE_BOUNDARY))
    return _upstream(events, pair, own)


def _elsewhere(gold: Units, system: Units, match: Match) -> tuple[Bools, Bools]:
    """Which units the other side has by document, role and place, among those that go with none."""
    keys = shared_keys(*([u.label, *places(u.extents)] for u in (gold, system)))
    left = np.delete(keys[0], match.gold), np.delete(keys[1], match.system)
    return np.isin(keys[0], left[1]), np.isin(keys[1], left[0])
