"""People as tables: what each did and how fast, how each agrees by a measure, and types."""

from __future__ import annotations

from collections.abc import Iterator

from goldwire.eval.comparison.people import OfMeasure, People, Person, Rating, short
from goldwire.eval.measures.measure import name, parse
from goldwire.eval.measures.phrases import UNDEFINED, amount, number, points
from goldwire.eval.measures.titles import title
from goldwire.eval.report.table import Cell, Column, Group, Row, Summary, Table
from goldwire.eval.report.tables import figure_cell, units_of
from goldwire.eval.report.values import figure_of

_SAYS = (
    "To the others: the mean over them, each weighing the same. First and second: means over documents of "
    "either half in time; p is of Kendall's test of a trend, corrected by Holm over people."
)


def summarise(found: People) -> Summary:
    """What people do, with what could not be said of them."""
    told = [of for of in found.measures if any(map(_is_told, of.people))]
    return Summary(
        title=amount(len(found.layers), "person", "people"),
        about=f"{amount(found.documents, 'document')} annotated by at least two",
        tables=(pace(found), *(table for of in told for table in (ratings(of), types(of)))),
        notes=tuple(_notes(told)),
    )


def _is_told(person: Person) -> bool:
    return any(rating.value is not None for rating in (person.others, person.gold, person.prefill))


def _notes(told: list[OfMeasure]) -> Iterator[str]:
    """Why figures are missing, each reason once."""
    if not told:
        yield "no measure has a figure: no two people share a document, and gold has none of theirs"
    reasons: dict[str, dict[str, None]] = {}
    for of in told:
        for person in of.people:
            for what, why in _missing(person):
                reasons.setdefault(f"{what}: {why}", {})[short(person.name)] = None
    yield from (f"{', '.join(people)}: {reason}" for reason, people in reasons.items())


def _missing(person: Person) -> Iterator[tuple[str, str]]:
    told = (
        ("to the others", person.others),
        ("to gold", person.gold),
        ("to the prefill", person.prefill),
        ("drift", person.drift),
    )
    yield from ((what, of.why) for what, of in told if of.why)


def pace(found: People) -> Table:
    """What each did, and how fast."""
    rows = tuple(
        (
            Cell(text=short(one.name)),
            *(Cell(text=number(count)) for count in (one.documents, one.units, one.timed)),
            *(Cell(text=_seconds(value)) for value in (one.seconds, one.seconds_a_unit)),
        )
        for one in found.pace
    )
    counts = (Column(title=title, kind="count") for title in ("documents", "units", "timed"))
    figures = (Column(title=title) for title in ("s a document", "s a unit"))
    caption = "Seconds are medians over documents with a time, idle time included."
    columns = (Column(title="person", kind="name"), *counts, *figures)
    return Table(title="Work", columns=columns, groups=(Group(rows=rows),), caption=caption)


def _seconds(value: float | None) -> str:
    return UNDEFINED if value is None else f"{value:.1f}"


def ratings(of: OfMeasure) -> Table:
    """How each agrees with the others, with gold and with what was shown, and whether that moves."""
    rows = tuple(map(_row, of.people))
    titles = ("others", "gold", "prefill", "first", "second", "p")
    columns = (Column(title="person", kind="name"), *(Column(title=title) for title in titles))
    caption = f"{units_of(rows)} {_SAYS}"
    return Table(title=title(parse(of.measure)), columns=columns, groups=(Group(rows=rows),), caption=caption)


def _row(person: Person) -> Row:
    drift = person.drift
    return (
        Cell(text=short(person.name)),
        *map(_cell, (person.others, person.gold, person.prefill)),
        Cell(text=points(drift.first)),
        Cell(text=points(drift.second)),
        Cell(text=UNDEFINED if drift.adjusted is None else f"{drift.adjusted:.3f}"),
    )


def _cell(rating: Rating) -> Cell:
    return figure_cell(figure_of(rating.value, rating))


def types(of: OfMeasure) -> Table:
    """F of each person to the others, by type; types that nobody used, as gold may have, have no row."""
    used = {label for one in of.people for label, (others, _) in one.types.items() if others is not None}
    labels = sorted(used)
    rows = tuple(
        (
            Cell(text=label or "all"),
            *(Cell(text=points(person.types.get(label, (None, None))[0])) for person in of.people),
        )
        for label in labels
    )
    columns = (Column(title="type", kind="name"), *(Column(title=short(one.name)) for one in of.people))
    return Table(
        title=f"{name(parse(of.measure))}, by person and type",
        columns=columns,
        groups=(Group(rows=rows),),
        caption="F to the others, in points of a hundred.",
    )
