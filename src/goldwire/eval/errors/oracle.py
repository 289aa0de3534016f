"""Oracle substitution: what the arguments would score if one kind of error upstream were put right.

Each step takes what gold has for what the system has, where the two go together (see `classes` and
`causes`), and scores the arguments anew by AC+. What the system has no counterpart for is not made up:
an event or argument that was missed stays missed. Steps on their own say what each costs; `together`
what all of them do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from operator import attrgetter
from types import MappingProxyType

import msgspec
import numpy as np
from msgspec.structs import replace

from goldwire.eval.counting import columns, counters
from goldwire.eval.counting.columns import NONE, Ints, Table
from goldwire.eval.counting.counters import GoldAndSystem
from goldwire.eval.counting.counts import Floats, Weights, weigh
from goldwire.eval.counting.cut import keep
from goldwire.eval.counting.keys import row_keys
from goldwire.eval.errors import causes, classes
from goldwire.eval.errors.classes import Findings, places
from goldwire.eval.statistics.figures import score_row


class _Pairing:
    """A system and gold, and what of the two goes together: worked out once for all steps that ask.

    What is `known` of triggers and arguments, by kind, is not found again.
    """

    def __init__(self, sides: GoldAndSystem, known: Mapping[str, Findings] = MappingProxyType({})) -> None:
        self.sides, self.gold, self.system, self.known = sides, sides.gold.table, sides.system.table, known

    @cached_property
    def _pairs(self) -> causes.Events:
        found = self.known["event"] if "event" in self.known else classes.triggers(self.sides)
        return causes.pair_events(self.sides, found)

    @cached_property
    def events(self) -> tuple[Ints, Ints]:
        """Rows of the system's events, all that are equal, and of the gold events that go with them."""
        row = np.flatnonzero(self._pairs.system != NONE)
        return row, self._pairs.gold_row[self._pairs.system[row]]

    @cached_property
    def arguments(self) -> tuple[Ints, Ints]:
        """Rows of the system's arguments, all that are equal, and of the gold arguments that go with them."""
        known = self.known
        found = known["argument"] if "argument" in known else causes.arguments(self.sides, self._pairs)
        paired = np.flatnonzero(found.paired)
        key = _argument_keys(self.system)
        partner = np.full(int(key.max(initial=-1)) + 1, NONE)
        own = found.system.row[found.system_unit[paired]]
        partner[key[own]] = found.gold.row[found.gold_unit[paired]]
        row = np.flatnonzero(partner[key] != NONE)
        return row, partner[key[row]]


# The rows that go together, and what is done with them.
Coupling = Callable[[_Pairing], tuple[Ints, Ints]]
Step = Callable[[Table, Table, Ints, Ints], Table]


class Substitution(msgspec.Struct, frozen=True, kw_only=True):
    """What the arguments score once something is put right; `gain` is over the system as it is."""

    name: str
    value: float | None
    gain: float | None


def substitute(
    sides: GoldAndSystem,
    known: Mapping[str, Findings] = MappingProxyType({}),
    weights: Weights | None = None,
) -> tuple[Substitution, ...]:
    """The system as it is (`none`), then each step alone, then all `together`.

    `known` are the findings about triggers and arguments, by kind, where they are at hand; `weights` those of
    documents that were drawn.
    """
    return substitutions(sums(sides, known, weights))


def sums(
    sides: GoldAndSystem,
    known: Mapping[str, Findings] = MappingProxyType({}),
    weights: Weights | None = None,
) -> Floats:
    """The sums that `substitutions` are made of, a row each: those of different documents add up."""
    found, alone = [_total(sides, weights)], _Pairing(sides, known)
    right = alone
    for rows, step in STEPS.values():
        found.append(_total(_apply(step, alone, *rows(alone)), weights))
        right = _Pairing(_apply(step, right, *rows(right)))
    return np.array([*found, _total(right.sides, weights)])


def _total(sides: GoldAndSystem, weights: Weights | None) -> Floats:
    """The sums of the arguments' counts by AC+."""
    counts = counters.count(causes.MEASURE, sides).counts
    return (counts if weights is None else weigh(counts, weights)).total()


def substitutions(sums: Floats) -> tuple[Substitution, ...]:
    """F of the arguments by AC+, micro, of rows of sums."""
    before, *values = (score_row(row, causes.MEASURE.beta).f for row in sums)
    found = zip((*STEPS, "together"), values, strict=True)
    return (
        Substitution(name="none", value=before, gain=None),
        *(_substitution(name, value, before) for name, value in found),
    )


def _substitution(name: str, value: float | None, before: float | None) -> Substitution:
    gain = None if value is None or before is None else value - before
    return Substitution(name=name, value=value, gain=gain)


def _apply(step: Step, pairing: _Pairing, row: Ints, other: Ints) -> GoldAndSystem:
    sides, table = pairing.sides, step(pairing.gold, pairing.system, row, other)
    return replace(sides, system=replace(sides.system, table=table))


# ---------------------------------------------------------------- the steps
def _trigger_boundaries(gold: Table, system: Table, row: Ints, other: Ints) -> Table:
    """Triggers where gold has them, for events that go together."""
    index = np.arange(len(system.events))
    index[row] = len(system.events) + other
    return replace(system, events=columns.concatenate([system, gold]).events.take(index))


def _trigger_types(gold: Table, system: Table, row: Ints, other: Ints) -> Table:
    """Event types as gold has them, for events that go together."""
    types = system.event_type.copy()
    types[row] = gold.event_type[other]
    return replace(system, event_type=types)


def _spurious_triggers(_gold: Table, system: Table, row: Ints, _other: Ints) -> Table:
    """No events that gold has no counterpart for."""
    kept = np.zeros(len(system.events), np.bool_)
    kept[row] = True
    return keep(system, np.ones(len(system.mentions), np.bool_), kept)[0]


def _roles(gold: Table, system: Table, row: Ints, other: Ints) -> Table:
    """Roles as gold has them, for arguments that go together."""
    roles = system.argument_role.copy()
    roles[row] = gold.argument_role[other]
    return replace(system, argument_role=roles)


def _boundaries(gold: Table, system: Table, row: Ints, other: Ints) -> Table:
    """Arguments where gold has them, for arguments that go together."""
    both = columns.concatenate([system, gold])
    mention = system.argument_mention.copy()
    mention[row] = len(system.mentions) + gold.argument_mention[other]
    # Gold's mentions come in besides the system's own; its events and arguments stay out.
    ends = {name: getattr(both, name) for name in columns.columns_of("mention")}
    return replace(system, argument_mention=mention, **ends)


_EVENTS, _ARGUMENTS = attrgetter("events"), attrgetter("arguments")
STEPS: Mapping[str, tuple[Coupling, Step]] = {
    "trigger boundaries": (_EVENTS, _trigger_boundaries),
    "trigger types": (_EVENTS, _trigger_types),
    "spurious triggers": (_EVENTS, _spurious_triggers),
    "roles": (_ARGUMENTS, _roles),
    "argument boundaries": (_ARGUMENTS, _boundaries),
}


def _argument_keys(table: Table) -> Ints:
    """A number for each argument, equal where they are one unit of AC+."""
    events = [column[table.argument_event] for column in (table.event_type, *places(table.events))]
    mentions = [column[table.argument_mention] for column in places(table.mentions)]
    keys = row_keys([*events, table.argument_role, *mentions])
    return np.unique(keys, return_inverse=True)[1].astype(np.int64)
