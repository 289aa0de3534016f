"""Units: what a measure counts, made from the tables of two layers as columns that compare by number."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec
import numpy as np

from goldwire.corpora.errors import MeasureError
from goldwire.eval.counting.rejected import UNKNOWN
from goldwire.eval.counting.tables import NONE, ROOM, Bools, Codes, Extents, Ints, Table, fold
from goldwire.eval.measure import Measure


class Units(msgspec.Struct, frozen=True):
    """The units of one side, as a set: none has the key of another.

    `extents` is what is matched. `group` is equal where all else in the key agrees (the type, the role,
    the trigger; the document always), `key` where the extent agrees too, and what tells units apart without
    having to agree (see `Measure.each`): both compare with those of the other side. `label` is a code of
    `Codes`. `row` is the row of the table that a unit came from, the first of those that collapsed into it;
    `collapsed` says how many more there were.
    """

    extents: Extents
    group: Ints
    key: Ints
    label: Ints
    row: Ints
    collapsed: int = 0

    def __len__(self) -> int:
        return len(self.key)

    def take(self, index: Ints) -> Units:
        """Some of the units, in another order."""
        return Units(
            self.extents.take(index),
            self.group[index],
            self.key[index],
            self.label[index],
            self.row[index],
            self.collapsed,
        )


# One side before its keys are made: the extents, the columns that must agree besides, and those that tell
# units apart without having to agree.
class _Side(msgspec.Struct, frozen=True):
    extents: Extents
    columns: tuple[Ints, ...]
    label: Ints
    row: Ints
    apart: tuple[Ints, ...] = ()

    def keep(self, kept: Bools) -> _Side:
        if kept.all():
            return self
        index = np.flatnonzero(kept)
        columns, apart = (tuple(column[index] for column in of) for of in (self.columns, self.apart))
        return _Side(self.extents.take(index), columns, self.label[index], self.row[index], apart)


def make_units(measure: Measure, gold: Table, system: Table, codes: Codes) -> tuple[Units, Units]:
    """The units of gold and of a system under a measure of entities, events, arguments or relations."""
    make = _MAKERS.get(measure.units)
    if make is None:
        raise MeasureError(f"{measure}: its units are not made from columns")
    sides = make(measure, gold, codes), make(measure, system, codes)
    if measure.units == "attribute":
        sides = _on_matched(measure, sides)
    if measure.triggers != "all":
        sides = _by_triggers(measure, (gold, system), sides)
    return _keyed(*sides)


def _keyed(gold: _Side, system: _Side) -> tuple[Units, Units]:
    # Places come before what else must agree, so that units are from left to right, mostly as they stand
    # in the file, and little is left to sort.
    keys = pack(
        *(
            [side.extents.document, *place(side.extents), *side.columns, *side.apart]
            for side in (gold, system)
        )
    )
    groups = pack(*([side.extents.document, *side.columns] for side in (gold, system)))
    return _as_set(gold, groups[0], keys[0]), _as_set(system, groups[1], keys[1])


def place(extents: Extents) -> list[Ints]:
    """The columns that say where units are; equal for equal sets of characters of one document.

    Lengths instead of ends: in the same order, but so much narrower that keys seldom need renumbering.
    """
    return [extents.start, extents.end - extents.start, extents.shape]


def _as_set(side: _Side, group: Ints, key: Ints) -> Units:
    """Units of distinct keys, in order of key: by document, then by place, then by what must agree."""
    if (key[:-1] < key[1:]).all():
        return Units(side.extents, group, key, side.label, side.row)
    unique, first = np.unique(key, return_index=True)
    return Units(
        extents=side.extents.take(first),
        group=group[first],
        key=unique,
        label=side.label[first],
        row=side.row[first],
        collapsed=len(key) - len(unique),
    )


def pack(gold: Sequence[Ints], system: Sequence[Ints]) -> tuple[Ints, Ints]:
    """Columns of both sides as one number a row: equal numbers for equal rows, in the order of the rows."""
    folded = np.zeros(len(gold[0]), np.int64), np.zeros(len(system[0]), np.int64)
    width = 1
    for columns in zip(gold, system, strict=True):
        low = min((int(column.min()) for column in columns if len(column)), default=0)
        range_ = 1 + max((int(column.max()) for column in columns if len(column)), default=0) - low
        width *= range_
        if width >= ROOM:  # too wide for one number: renumbered on the way
            packed = fold([np.concatenate(pair) for pair in zip(gold, system, strict=True)])
            return packed[: len(gold[0])], packed[len(gold[0]) :]
        for number, column in zip(folded, columns, strict=True):
            np.multiply(number, range_, out=number)
            np.add(number, column - low, out=number)
    return folded


# ---------------------------------------------------------------- the kinds of unit
def _entities(measure: Measure, table: Table, codes: Codes) -> _Side:
    columns = _named(measure, table.mention_type, table.mention_attributes)
    label = _label(measure, table.mention_type, codes)
    side = _Side(table.mentions, columns, label, np.arange(len(table.mentions)))
    return side.keep(table.mention_type != NONE)  # without a type: no unit (see `counting.rejected`)


def _events(measure: Measure, table: Table, codes: Codes) -> _Side:
    columns = _named(measure, table.event_type, table.event_attributes)
    label, row = _label(measure, table.event_type, codes), np.arange(len(table.events))
    apart = (table.event_type,) if measure.each == "type" else ()
    side = _Side(table.events, columns, label, row, apart)
    return side.keep(table.triggered & (table.event_type != NONE))


def _arguments(measure: Measure, table: Table, codes: Codes) -> _Side:
    event = table.argument_event
    columns: list[Ints] = []
    if "trigger" in measure.key:
        columns += [column[event] for column in place(table.events)]
    if "type" in measure.key:
        columns.append(table.event_type[event])
    if "role" in measure.key:
        columns.append(table.argument_role)
    side = _Side(
        table.mentions.take(table.argument_mention),
        tuple(columns),
        _argument_label(measure, table, codes),
        np.arange(len(event)),
    )
    return side.keep(table.triggered[event]) if "trigger" in measure.key else side


def _relations(measure: Measure, table: Table, codes: Codes) -> _Side:
    columns = [table.relation_type]
    for end in (table.relation_source, table.relation_target):
        columns += [column[end] for column in place(table.mentions)]
        if "entity" in measure.key:
            columns.append(table.mention_type[end])
    label = _label(measure, table.relation_type, codes)
    source = table.mentions.take(table.relation_source)
    return _Side(source, tuple(columns), label, np.arange(len(label)))


def _attributes(measure: Measure, table: Table, codes: Codes) -> _Side:
    types, attributes = _typed(measure, table)
    values = attributes[measure.attributes[0]]
    columns = _named(measure, types, attributes)
    extents = table.events if "trigger" in measure.key else table.mentions
    side = _Side(extents, columns, np.where(values == NONE, codes[""], values), np.arange(len(values)))
    return side.keep(table.triggered) if "trigger" in measure.key else side


def _on_matched(measure: Measure, sides: tuple[_Side, _Side]) -> tuple[_Side, _Side]:
    """Only units that have a value and whose event or mention the other side has as well."""
    bases = [
        [side.extents.document, *side.columns[: "type" in measure.key], *place(side.extents)]
        for side in sides
    ]
    gold, system = pack(*bases)
    found = np.isin(gold, system), np.isin(system, gold)
    values = (side.columns[-1] for side in sides)
    kept = [
        side.keep(there & (value != NONE)) for side, there, value in zip(sides, found, values, strict=True)
    ]
    return kept[0], kept[1]


def _typed(measure: Measure, table: Table) -> tuple[Ints, dict[str, Ints]]:
    if "trigger" in measure.key:
        return table.event_type, table.event_attributes
    return table.mention_type, table.mention_attributes


_MAKERS: dict[str, Callable[[Measure, Table, Codes], _Side]] = {
    "entity": _entities,
    "event": _events,
    "argument": _arguments,
    "attribute": _attributes,
    "relation": _relations,
}


def _named(measure: Measure, types: Ints, attributes: dict[str, Ints]) -> tuple[Ints, ...]:
    columns = [types] if "type" in measure.key else []
    return (*columns, *(attributes[name] for name in measure.attributes))


def _label(measure: Measure, types: Ints, codes: Codes) -> Ints:
    """The type where the key has it; else all units have the label ""."""
    return types if "type" in measure.key else np.full(len(types), codes[""], np.int64)


def _argument_label(measure: Measure, table: Table, codes: Codes) -> Ints:
    """`Type:role`, or what of the two is in the key."""
    types, roles = table.event_type[table.argument_event], table.argument_role
    types = np.where(types == NONE, codes[UNKNOWN], types)
    if not {"type", "role"} <= set(measure.key):
        one = roles if "role" in measure.key else types
        return one if {"type", "role"} & set(measure.key) else np.full(len(types), codes[""], np.int64)
    names = codes.names()
    pairs, inverse = np.unique(types * len(names) + roles, return_inverse=True)
    known = (divmod(pair, len(names)) for pair in pairs.tolist())
    labels = [codes[f"{names[type]}:{names[role]}"] for type, role in known]
    return np.array(labels, np.int64)[inverse] if labels else types


# ---------------------------------------------------------------- whose arguments count
def _by_triggers(
    measure: Measure, tables: tuple[Table, Table], sides: tuple[_Side, _Side]
) -> tuple[_Side, _Side]:
    """Leave out arguments of events whose trigger and type the other side does not have.

    `gold` leaves out the system's, `matched` those of both sides; both all of events without a trigger.
    """
    gold, system = ([table.events.document, table.event_type, *place(table.events)] for table in tables)
    gold_key, system_key = pack(gold, system)
    wanted = tables[0].triggered, np.isin(system_key, gold_key) & tables[1].triggered
    if measure.triggers == "matched":
        wanted = np.isin(gold_key, system_key) & wanted[0], wanted[1]
    kept = [
        side.keep(events[table.argument_event[side.row]])
        for side, events, table in zip(sides, wanted, tables, strict=True)
    ]
    return kept[0], kept[1]
