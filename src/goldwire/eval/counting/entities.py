"""Entities as the ends of relations: a unit is a pair of entities with a type, whichever mentions name them.

This is the unit of DocRED (Yao et al. 2019, "DocRED: A Large-Scale Document-Level Relation Extraction
Dataset"), whose entities are gold's clusters. A mention, of gold as of a system, is of the entity that a gold
mention with the same characters is of: of its own type if there are several, and then the cluster whose name
comes first. One that is nowhere in gold is of an entity that gold does not have: its own cluster, or itself.
"""

from __future__ import annotations

import numpy as np

from goldwire.eval.counting.columns import NONE, Codes, Ints, Table
from goldwire.eval.counting.keys import shared_keys
from goldwire.eval.counting.units import Side, Units, as_set, in_order, place
from goldwire.eval.measures.measure import Measure

# What an entity is known by; one kind never equals another.
_CLUSTER, _MENTION, _OTHER_CLUSTER, _OTHER_MENTION = range(4)


def make_units(measure: Measure, gold: Table, system: Table, codes: Codes) -> tuple[Units, Units]:
    """The relations of gold and of a system, each pair of entities with its type once."""
    entities = numbers(gold, system, codes)
    sides = [_side(measure, table, entity) for table, entity in zip((gold, system), entities, strict=True)]
    keys = shared_keys(*([side.extents.document, *side.columns] for side in sides))
    return as_set(sides[0], keys[0], keys[0]), as_set(sides[1], keys[1], keys[1])


def _side(measure: Measure, table: Table, entity: Ints) -> Side:
    ends = table.relation_source, table.relation_target
    ends = in_order(ends, table.relation_symmetric, (entity[ends[0]], entity[ends[1]]))
    columns = [table.relation_type, *(entity[end] for end in ends)]
    if "entity" in measure.key:
        columns += [table.mention_type[end] for end in ends]
    label, row = table.relation_type, np.arange(len(table.relation_type))
    return Side(table.mentions.take(ends[0]), tuple(columns), label, row)


# ---------------------------------------------------------------- which mention is of which entity
def numbers(gold: Table, system: Table, codes: Codes) -> tuple[Ints, Ints]:
    """The entity of each mention of gold and of a system, as numbers that are equal for equal entities."""
    ours, theirs = _known_by(gold, _CLUSTER, _MENTION), _known_by(system, _OTHER_CLUSTER, _OTHER_MENTION)
    for typed in (False, True):
        at = _counterparts(gold, system, codes, typed=typed)
        found = at != NONE
        theirs[:, found] = ours[:, at[found]]
    ours = ours[:, _counterparts(gold, gold, codes, typed=True)]
    return shared_keys(list(ours), list(theirs))


def _known_by(table: Table, cluster: int, mention: int) -> Ints:
    """What each mention's entity is known by, a column a mention: a cluster, or the place of the mention."""
    alone = table.mention_cluster == NONE
    places = [np.where(alone, column, 0) for column in place(table.mentions)]
    kind = np.where(alone, mention, cluster)
    return np.stack([table.mentions.document, kind, np.where(alone, 0, table.mention_cluster), *places])


def _counterparts(gold: Table, system: Table, codes: Codes, *, typed: bool) -> Ints:
    """The gold mention in the place of each of a system's, of its type if `typed`; `NONE` where is none."""
    ours, theirs = shared_keys(
        *(
            [table.mentions.document, *place(table.mentions), *([table.mention_type] if typed else [])]
            for table in (gold, system)
        )
    )
    order = np.lexsort((_by_name(gold.mention_cluster, codes), ours))
    known, first = np.unique(ours[order], return_index=True)
    if not len(known):
        return np.full(len(theirs), NONE)
    at = np.minimum(np.searchsorted(known, theirs), len(known) - 1)
    return np.where(known[at] == theirs, order[first[at]], NONE)


def _by_name(cluster: Ints, codes: Codes) -> Ints:
    """The places of clusters in the order of their names; mentions of none come last."""
    names = codes.names()
    used = sorted(set(cluster.tolist()) - {NONE}, key=lambda code: str(names[code]))
    rank = np.full(len(names) + 1, len(used))  # the last is for NONE
    rank[used] = np.arange(len(used))
    return rank[cluster]
