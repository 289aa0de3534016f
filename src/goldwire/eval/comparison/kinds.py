"""Records whose fingerprints are of different kinds: what is compared in their place, and the words for it.

Since format 4 the fingerprints of texts and layers are sums (see `corpora.digest`); before, they were one
hash over everything in order. Of two records of which one is older, it is compared what both have: names and
versions, documents and hashes of texts (which is seen to in `same`), and how many units gold has in each
document under each label, as a measure of both counted them.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from goldwire.eval.counting.columns import Ints
from goldwire.eval.counting.counts import GOLD, SYSTEM, Counts, Floats, make_counts, positions
from goldwire.eval.measures.measure import Measure, name, parse
from goldwire.eval.measures.phrases import listed
from goldwire.eval.measures.references import REFERENCES
from goldwire.eval.measures.vocabulary import FORMS
from goldwire.eval.scoring.record import LayerFacts, Record
from goldwire.eval.scoring.tables import CountTable

SUMS = 4  # the first format of records whose fingerprints are sums
AGAIN = "score it again"
SHOWN = 5  # numbers of units in a message
# Kinds of units of which gold has as many whatever a system says.
_OWN = ("entity", "event", "argument", "relation", "token", "document")
_ROUNDING = 1e-9  # means over several references were added up in another order


def are_alike(first: Record, second: Record) -> bool:
    """Whether the fingerprints of two records can be compared."""
    return (first.format >= SUMS) == (second.format >= SUMS)


def tell(first: Record, second: Record, names: tuple[str, str], way: str = AGAIN) -> Iterator[str]:
    """What people are told before the figures of two such records, so called.

    `way` is how to be sure where the first is the older one.
    """
    if are_alike(first, second):
        return
    older, sure = (names[0], way) if first.format < second.format else (names[1], AGAIN)
    both = bool(first.documents and second.documents)
    by = [
        "names",
        *(["documents"] if both else []),
        *(["hashes of texts"] if both and first.texts and second.texts else []),
    ]
    if measures := _shared(first, second):
        units = f"how many units gold has {'in each document ' if both else ''}under each label"
        by.append(f"{units} ({listed([name(measure) for measure in measures])})")
    yield (
        f"{older} is of an earlier format, whose fingerprints are of another kind: that corpus and gold are "
        f"the same was told by {listed(by)}, not by their content; {sure} to be sure"
    )


def iter_differences(first: Record, second: Record) -> Iterator[tuple[str, str, str]]:
    """What two such records of the same documents differ in, and what each has."""
    one, two = (f"{record.corpus.name} {record.corpus.version}" for record in (first, second))
    if one != two:
        yield "corpus", one, two
    if first.gold.layer != second.gold.layer:
        yield "gold", _lines(first.gold), _lines(second.gold)
    elif len(first.documents) == len(second.documents) and first.gold.documents != second.gold.documents:
        yield "documents of which gold has a line", _lines(first.gold), _lines(second.gold)
    for measure in _shared(first, second):
        tables = _table(first, measure), _table(second, measure)
        found = _other_units((first, second), tables)
        if found is not None:
            yield f"units of gold by {name(measure)}", *found
            return  # what is otherwise under one measure mostly is under all


def _lines(gold: LayerFacts) -> str:
    return f"{gold.layer} ({gold.documents:,})"


# ---------------------------------------------------------------- units of gold
def _shared(first: Record, second: Record) -> list[Measure]:
    """The measures of both whose counts tell what gold has."""
    if any(record.policies.get(REFERENCES) == "best" for record in (first, second)):
        return []  # whose units were counted depends on the system
    there = {table.measure for table in second.counts}
    forms = dict.fromkeys(table.measure for table in first.counts if table.measure in there)
    return [measure for measure in map(parse, forms) if _is_of_gold(measure)]


def _is_of_gold(measure: Measure) -> bool:
    return (
        measure.units in _OWN
        and measure.triggers == "all"
        and not measure.by_entity
        and measure.match not in FORMS
        and "surface" not in measure.key
    )


def _table(record: Record, measure: Measure) -> CountTable:
    return next(table for table in record.counts if table.measure == str(measure))


def _other_units(
    records: tuple[Record, Record], tables: tuple[CountTable, CountTable]
) -> tuple[str, str] | None:
    """How many units gold has where two records say otherwise; None if they nowhere do.

    By document and label if both name documents, else by label.
    """
    ids = tuple(records[0].documents) if records[1].documents else ()
    one, two = (_counts(table, ids) for table in tables)
    labels = tuple(sorted({*one.labels, *two.labels}))
    both = make_counts(
        ids or ("",),
        labels,
        np.concatenate([one.document, two.document]),
        np.concatenate([positions(labels, side.labels)[side.label] for side in (one, two)]),
        np.concatenate([_side(one, GOLD), _side(two, SYSTEM)]),
    )
    other = np.flatnonzero(np.abs(both.values[:, GOLD] - both.values[:, SYSTEM]) > _ROUNDING)
    if not len(other):
        return None
    return _told(both, other, GOLD), _told(both, other, SYSTEM)


def _counts(table: CountTable, ids: tuple[str, ...]) -> Counts:
    """The counts of each of the documents, or of all of them together where none is named."""
    if ids:
        return table.decoded.expand(ids)
    whole = table.decoded.whole()
    return make_counts(("",), whole.labels, np.zeros_like(whole.document), whole.label, whole.values)


def _side(counts: Counts, column: int) -> Floats:
    """How many units gold has, in one column of rows that are empty else."""
    values = np.zeros_like(counts.values)
    values[:, column] = counts.values[:, GOLD]
    return values


def _told(both: Counts, other: Ints, column: int) -> str:
    """The numbers of one side, with what they are of."""
    rows = other[:SHOWN].tolist()
    told = [
        f"{' in '.join(filter(None, (both.labels[both.label[row]], both.documents[both.document[row]])))}: "
        f"{both.values[row, column]:g}"
        for row in rows
    ]
    more = f" and {len(other) - SHOWN:,} more" if len(other) > SHOWN else ""
    return ", ".join(told) + more
