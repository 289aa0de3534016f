"""Names of attributes in measures: checked against the ontology, or else against what units have.

A measure is parsed without knowing either, so that a misspelt key looks like the name of an attribute, which
units of neither side have: the measure would score as if it were not there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from goldwire.corpora.errors import MeasureError, nearest
from goldwire.corpora.ontology import Ontology
from goldwire.corpora.types import Annotations, Event, Mention
from goldwire.eval.counting.columns import NONE, Ints, Table
from goldwire.eval.measures.measure import Measure, alias
from goldwire.eval.measures.vocabulary import KEYS, Bearer

BEARERS: tuple[Bearer, ...] = ("mention", "event")
Seen = frozenset[tuple[Bearer, str]]  # attributes that units have; ("event", "") says that there are events


# ---------------------------------------------------------------- the check
def check(measures: Iterable[Measure], known: Mapping[Bearer, Collection[str]], where: str) -> None:
    """Raise `MeasureError` for a name in a key that is neither a key nor one of the attributes known.

    `where` ends the message: `that mentions have in the ontology conflict`. The named measure of an attribute
    alone (`realis`, of the suite `default`) passes: where nobody has the attribute, it is undefined.
    """
    for measure in measures:
        unknown = [part for part in measure.attributes if part not in known[measure.bearer]]
        if unknown and not (measure.units == "attribute" and alias(measure.plain)):
            near = nearest(unknown[0], [*KEYS[measure.units], *known[measure.bearer]])
            raise MeasureError(
                f"{measure}: {unknown[0]!r} is neither a key of {measure.units} nor an attribute of "
                f"{measure.bearer}s {where}{near}"
            )


def check_ontology(measures: Iterable[Measure], ontology: Ontology | None) -> None:
    """`check` against an ontology; without one nothing can be said before there are units."""
    if ontology is not None:
        known = {bearer: ontology.attributes_of(bearer) for bearer in BEARERS}
        check(measures, known, f"in the ontology {ontology.name}")


def check_seen(measures: Iterable[Measure], seen: Seen) -> None:
    """`check` against what units of either side have; where there is no unit, there is nothing to misread."""
    known = {bearer: [part for of, part in seen if of == bearer] for bearer in BEARERS}
    borne = (measure for measure in measures if (measure.bearer, "") in seen)
    check(borne, known, "on either side")


# ---------------------------------------------------------------- what units have
def of_table(table: Table) -> Seen:
    """What the units of a table have, of the attributes that were asked for."""
    sides: tuple[tuple[Bearer, int, Mapping[str, Ints]], ...] = (
        ("mention", len(table.mentions), table.mention_attributes),
        ("event", len(table.events), table.event_attributes),
    )
    return frozenset(
        (bearer, part)
        for bearer, size, columns in sides
        for part in ("", *(part for part, column in columns.items() if (column != NONE).any()))
        if size
    )


def of_annotations(items: Iterable[Annotations]) -> Seen:
    """What the units of annotations have."""
    return frozenset(
        (bearer, part) for item in items for bearer, unit in _bearers(item) for part in ("", *unit.attributes)
    )


def _bearers(item: Annotations) -> Iterator[tuple[Bearer, Mention | Event]]:
    yield from (("mention", mention) for mention in item.mentions)
    yield from (("event", event) for event in item.events)
