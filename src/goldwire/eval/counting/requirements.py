"""Requirements of measures: what each looks at, and whether its counts of documents add up."""

from __future__ import annotations

from collections.abc import Iterable

from goldwire.eval.measures.measure import Measure
from goldwire.eval.measures.vocabulary import FORMS, WORDY


def counted(measure: Measure) -> str:
    """What is counted, by the name of its counter: the kind of units, or what they say alone."""
    if measure.units == "entity" and "surface" in measure.key:
        return "surface"
    if measure.match in FORMS:
        return "form" if "form" in measure.key else "incident"
    return measure.units


def texts_wanted(measures: Iterable[Measure]) -> bool:
    """Whether a measure looks at the texts."""
    return any(
        measure.match in (*WORDY, *FORMS, "edit-similarity")
        or measure.units in ("token", "extension")
        or "surface" in measure.key
        for measure in measures
    )


def is_additive(measure: Measure) -> bool:
    """Whether the counts of documents add up; distinct surface forms do not."""
    return counted(measure) != "surface"


def tokens_wanted(measures: Iterable[Measure]) -> bool:
    """Whether a measure looks at the tokens that layers came with."""
    return any(measure.units == "token" for measure in measures)


def items_wanted(measures: Iterable[Measure]) -> bool:
    """Whether a measure looks at annotations one by one."""
    whole = ("cluster", "template", "token", "document", "extension")
    return any(measure.units in whole or measure.match in FORMS for measure in measures)
