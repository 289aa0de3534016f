"""Units: what a measure counts, made from the tables of two layers as columns that compare by number."""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain

import msgspec
import numpy as np

from goldwire.corpora.errors import MeasureError
from goldwire.corpora.values import parts
from goldwire.eval.counting.columns import NONE, Bools, Codes, Extents, Ints, Table
from goldwire.eval.counting.keys import row_keys, shared_keys
from goldwire.eval.counting.rejected import UNKNOWN
from goldwire.eval.measures.measure import Measure


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


class Side(msgspec.Struct, frozen=True):
    """One side before its keys are made.

    `columns` must agree besides the extents; what is `apart` tells units apart without having to agree.
    """

    extents: Extents
    columns: tuple[Ints, ...]
    label: Ints
    row: Ints
    apart: tuple[Ints, ...] = ()

    def keep(self, kept: Bools) -> Side:
        """Some of the units."""
        if kept.all():
            return self
        index = np.flatnonzero(kept)
        columns, apart = (tuple(column[index] for column in of) for of in (self.columns, self.apart))
        return Side(self.extents.take(index), columns, self.label[index], self.row[index], apart)


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
    return _keyed(*sides, codes)


def _keyed(gold: Side, system: Side, codes: Codes) -> tuple[Units, Units]:
    # Places come before what else must agree, so that units are from left to right, mostly as they stand
    # in the file, and little is left to sort. What is apart in one place stands by its name, for this order
    # decides who is paired where all else is equal.
    apart = zip(gold.apart, system.apart, strict=True)
    ranks = [codes.ranks(*columns) for columns in apart]
    keys = shared_keys(
        *(
            [
                side.extents.document,
                *place(side.extents),
                *side.columns,
                *(rank[column] for rank, column in zip(ranks, side.apart, strict=True)),
            ]
            for side in (gold, system)
        )
    )
    groups = shared_keys(*([side.extents.document, *side.columns] for side in (gold, system)))
    return as_set(gold, groups[0], keys[0]), as_set(system, groups[1], keys[1])


def place(extents: Extents) -> list[Ints]:
    """The columns that say where units are; equal for equal sets of characters of one document.

    Lengths instead of ends: in the same order, but so much narrower that keys seldom need renumbering.
    """
    return [extents.start, extents.end - extents.start, extents.shape]


def as_set(side: Side, group: Ints, key: Ints) -> Units:
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


# ---------------------------------------------------------------- the kinds of unit
def _entities(measure: Measure, table: Table, codes: Codes) -> Side:
    columns = _named(measure, table.mention_type, table.mention_attributes)
    label = _label(measure, table.mention_type, codes)
    side = Side(table.mentions, columns, label, np.arange(len(table.mentions)))
    return side.keep(table.mention_type != NONE)  # without a type: no unit (see `counting.rejected`)


def _events(measure: Measure, table: Table, codes: Codes) -> Side:
    columns = _named(measure, table.event_type, table.event_attributes)
    label, row = _label(measure, table.event_type, codes), np.arange(len(table.events))
    apart = (table.event_type,) if measure.each == "type" else ()
    side = Side(table.events, columns, label, row, apart)
    return side.keep(table.triggered & (table.event_type != NONE))


def _arguments(measure: Measure, table: Table, codes: Codes) -> Side:
    event = table.argument_event
    columns: list[Ints] = []
    if "trigger" in measure.key:
        columns += [column[event] for column in place(table.events)]
    if "type" in measure.key:
        columns.append(table.event_type[event])
    if "role" in measure.key:
        columns.append(table.argument_role)
    side = Side(
        table.mentions.take(table.argument_mention),
        tuple(columns),
        _argument_label(measure, table, codes),
        np.arange(len(event)),
    )
    return side.keep(table.triggered[event]) if "trigger" in measure.key else side


def _relations(measure: Measure, table: Table, codes: Codes) -> Side:
    columns = [table.relation_type]
    ends = table.relation_source, table.relation_target
    if table.relation_symmetric.any():
        order = row_keys([*place(table.mentions), table.mention_type])
        ends = in_order(ends, table.relation_symmetric, (order[ends[0]], order[ends[1]]))
    for end in ends:
        columns += [column[end] for column in place(table.mentions)]
        if "entity" in measure.key:
            columns.append(table.mention_type[end])
    label = _label(measure, table.relation_type, codes)
    source = table.mentions.take(ends[0])
    return Side(source, tuple(columns), label, np.arange(len(label)))


def in_order(ends: tuple[Ints, Ints], symmetric: Bools, order: tuple[Ints, Ints]) -> tuple[Ints, Ints]:
    """The ends of relations; where they are the same either way, the one that is first in an order first."""
    swapped = symmetric & (order[1] < order[0])
    return np.where(swapped, ends[1], ends[0]), np.where(swapped, ends[0], ends[1])


def _attributes(measure: Measure, table: Table, codes: Codes) -> Side:
    types, attributes = _typed(measure, table)
    row, values = _parted(attributes[measure.attributes[0]], codes)
    columns = (types[row], values) if "type" in measure.key else (values,)
    extents = (table.events if "trigger" in measure.key else table.mentions).take(row)
    side = Side(extents, columns, np.where(values == NONE, codes[""], values), row)
    return side.keep(table.triggered[row]) if "trigger" in measure.key else side


def _parted(column: Ints, codes: Codes) -> tuple[Ints, Ints]:
    """The rows and values of attributes, each of several values by itself."""
    names, several = codes.names(), dict[int, list[int]]()
    for found in np.unique(column[column != NONE]).tolist():
        if len(ones := parts(names[found])) > 1:
            several[found] = [codes[one] for one in ones]
    row = np.arange(len(column))
    if not several:
        return row, column
    chosen = [several.get(value, [value]) for value in column.tolist()]
    return np.repeat(row, list(map(len, chosen))), np.array(list(chain.from_iterable(chosen)), np.int64)


def _on_matched(measure: Measure, sides: tuple[Side, Side]) -> tuple[Side, Side]:
    """Only units that have a value and whose event or mention the other side has as well."""
    bases = [
        [side.extents.document, *side.columns[: "type" in measure.key], *place(side.extents)]
        for side in sides
    ]
    gold, system = shared_keys(*bases)
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


_MAKERS: dict[str, Callable[[Measure, Table, Codes], Side]] = {
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
    measure: Measure, tables: tuple[Table, Table], sides: tuple[Side, Side]
) -> tuple[Side, Side]:
    """Leave out arguments of events whose trigger and type the other side does not have.

    `gold` leaves out the system's, `matched` those of both sides; both all of events without a trigger.
    """
    gold, system = ([table.events.document, table.event_type, *place(table.events)] for table in tables)
    gold_key, system_key = shared_keys(gold, system)
    wanted = tables[0].triggered, np.isin(system_key, gold_key) & tables[1].triggered
    if measure.triggers == "matched":
        wanted = np.isin(gold_key, system_key) & wanted[0], wanted[1]
    kept = [
        side.keep(events[table.argument_event[side.row]])
        for side, events, table in zip(sides, wanted, tables, strict=True)
    ]
    return kept[0], kept[1]
