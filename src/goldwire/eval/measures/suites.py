"""Suites of measures, and meanings of measures: data in `configs/suites` and `configs/measures`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from math import isinf
from pathlib import Path
from typing import Literal

import msgspec

from goldwire import configs
from goldwire.corpora import toml
from goldwire.corpora.errors import MeasureError
from goldwire.eval.measures import installed
from goldwire.eval.measures.aliases import ALIASES
from goldwire.eval.measures.measure import Measure, alias, parse
from goldwire.eval.measures.vocabulary import BOTH_SIDED


class Suite(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Measures that belong together, and what they are.

    `classes`: results also tell how many mentions are COR, INC, PAR, MIS and SPU. `tags`: the policy by which
    tags are read that layers came with, whatever they were imported by (see `corpora.formats.tags`).
    """

    title: str
    definition: str
    counts: str
    source: str
    agrees: str
    measures: tuple[str, ...]
    classes: bool = False
    tags: Literal["conlleval", "discard", "strict"] | None = None
    name: str = ""


class Meaning(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a measure is, what it counts, where it comes from and which scorer it agrees with."""

    definition: str
    counts: str
    source: str = ""
    agrees: str = ""
    name: str = ""
    measure: str = ""


def suite_names() -> list[str]:
    """The suites that ship, `default` first."""
    return sorted(configs.names("suites"), key=lambda suite: (suite != DEFAULT, suite))


def read_suite(source: str | Path) -> Suite:
    """The suite of a name that ships, or of a TOML file.

    Raises `MeasureError` if there is none, or if a measure in it is none; `DataError` if it is no suite.
    """
    text, where = toml.find("suites", "suite", source, MeasureError)
    suite = toml.decode(text, Suite, "a suite", where)
    for measure in suite.measures:
        try:
            parse(measure)
        except MeasureError as error:
            raise MeasureError(f"{where}: {error}") from None
    return msgspec.structs.replace(suite, name=Path(source).stem)


DEFAULT = "default"  # the suite that is scored by where nothing else is asked for


def choose(suite: str | Path | None, measures: Sequence[str]) -> tuple[tuple[str, ...], Suite | None]:
    """The measures that are wanted, and the suite that is asked for, or the default one where nothing is.

    >>> choose(None, ["TC"])
    (('TC',), None)
    """
    if measures and suite is None:
        return tuple(measures), None
    chosen = read_suite(suite or DEFAULT)
    return (*chosen.measures, *measures), chosen


@cache
def meanings() -> Mapping[str, Meaning]:
    """What every measure with a name means, by name, in the order of `ALIASES`; read once a process."""
    found = toml.decode(configs.read("measures", "named"), dict[str, Meaning], "measures", "measures")
    return {
        short: msgspec.structs.replace(found[short], name=short, measure=form)
        for short, form in ALIASES.items()
    }


def explain(measure: Measure) -> Meaning:
    """What a measure means: its own text if it has a name, else one put together from its parts."""
    known = alias(measure)
    if known is not None:
        return meanings()[known]
    if measure.is_extension:
        return _of_package(measure)
    return Meaning(
        definition=" ".join(_sentences(measure)),
        counts=f"Each {' and '.join(measure.key)} of a document once.",
        measure=str(measure),
    )


def define(measure: Measure) -> str:
    """The definition of a measure that was counted somewhere, whether its package is here or not."""
    try:
        return explain(measure).definition
    except MeasureError:
        return f"{measure.match} is counted by a package that is not installed here, or cannot be loaded."


def of_packages() -> Iterator[Meaning]:
    """What every measure of an installed package means; of one that cannot be loaded, why not."""
    for form in installed.names():
        try:
            yield explain(parse(form))
        except MeasureError as error:
            yield Meaning(definition=str(error), counts="", measure=form)


def _of_package(measure: Measure) -> Meaning:
    return Meaning(
        definition=" ".join([installed.definition(measure), *_options(measure)]),
        counts="As its package counts each document; the sums are Goldwire's.",
        source=f"package {installed.release(measure)}",
        measure=str(measure),
    )


_THINGS = {
    "entity": "Mentions",
    "event": "Events",
    "argument": "Arguments",
    "attribute": "Attributes of events or mentions that both sides have",
    "relation": "Relations",
    "cluster": "Clusters",
    "template": "Templates",
    "token": "Tokens",
    "document": "Labels of documents",
}
_MATCHES = {
    "exact": "the same characters",
    "overlap": "a character in common",
    "iou": "characters in common, by those in either, of at least {0}",
    "token-iou": "tokens in common, by those in either, of at least {0}",
    "gold-overlap": "characters in common, by gold's, of at least {0}",
    "edit-similarity": "a character in common, and 1 less the edit distance by the longer of at least {0}",
    "first-overlap": "a character in common, each of the system's, in text order, taking gold's first",
    "dice": "a character in common, with twice their number by the sum of both as credit",
    "token-dice": "a token in common, with twice their number by the sum of both as credit",
    "partial": "credit 1 for the same characters, one half for a character in common",
    "extended": "the system's within gold's extended by a token on either side",
    "head": "the same head",
    "coref": "the system's being that of any mention in the cluster of gold's",
}
_FORMS = {
    "bag": "Wherever they stand: as many of equal ones as the side has that has fewer.",
    "any-place": "Wherever they stand and how often: the words of a document are a set.",
}
_TRIGGERS = {
    "gold": "Of the system's arguments, only those of triggers that gold has count.",
    "matched": "Only arguments of triggers that both sides have count.",
}


def _averages(measure: Measure) -> Iterator[str]:
    if measure.average == BOTH_SIDED:
        yield "The figure is the mean over documents in which both sides have a unit."
    elif measure.average != "micro":
        yield f"The figure is the {measure.average} average."
    if measure.minimum:
        yield f"Types that gold has less than {measure.minimum} times have no part in it."


def _sentences(measure: Measure) -> Iterator[str]:
    yield f"{_THINGS[measure.units]} with the right {', '.join(measure.key)}."
    if measure.attributes:
        names = " and ".join(measure.attributes)
        yield f"{names}: of the attributes of {measure.bearer}s, by the ontology or the data."
    if measure.each:
        yield f"Each {measure.each} of a trigger is a unit of its own, though it is not compared."
    if measure.by_entity:
        yield "Each end is right if it is the same entity, a cluster of gold's, whichever mention names it."
    elif measure.match in _FORMS:
        yield _FORMS[measure.match]
    elif measure.match in _MATCHES:
        yield f"Spans match by {_MATCHES[measure.match].format(f'{measure.threshold or 0:g}')}."
    else:
        yield f"Compared by {measure.match}."
    if measure.triggers != "all":
        yield _TRIGGERS[measure.triggers]
    yield from _options(measure)


def _options(measure: Measure) -> Iterator[str]:
    yield from _averages(measure)
    if measure.beta != 1:
        yield "F is recall." if isinf(measure.beta) else f"F has a beta of {measure.beta:g}."
