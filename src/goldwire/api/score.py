"""Scores of annotations that are passed from Python: gold and systems of every shape in, a record out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

import msgspec

from goldwire.api import inputs
from goldwire.api.documents import Documents
from goldwire.api.inputs import Given
from goldwire.api.record import Record
from goldwire.api.several import check_whole, check_words, one_or_several
from goldwire.corpora.errors import DataError, Fault, InputTypeError, InputValueError
from goldwire.corpora.offsets import surface
from goldwire.corpora.types import Annotations, Document
from goldwire.corpora.valid import sound
from goldwire.eval.counting.coverage import Scope
from goldwire.eval.counting.requirements import texts_wanted
from goldwire.eval.measures.measure import Measure, parse
from goldwire.eval.measures.phrases import amount, listed
from goldwire.eval.measures.references import Policy
from goldwire.eval.measures.suites import Suite, choose
from goldwire.eval.scoring import score as scoring
from goldwire.eval.scoring import thresholds
from goldwire.eval.scoring.score import Options
from goldwire.eval.statistics.intervals import UNSEEN, Method
from goldwire.eval.statistics.resample import TRIALS

NAME = "given"  # what the corpus of such a record is called
SYSTEM = "system"  # and a system that was passed without a name
Measures = str | Measure | Iterable[str | Measure]
Thresholds = float | str | Mapping[str, float | str] | None


def score(
    gold: Any,
    systems: Any,
    measures: Measures | None = None,
    *,
    suite: str | Path | None = None,
    documents: Any = None,
    others: Mapping[str, Any] | None = None,
    references: Policy | None = None,
    at: Thresholds = None,
    duplicates: Literal["set", "refuse"] = "set",
    intervals: Method = UNSEEN,
    trials: int = TRIALS,
    seed: int = 0,
) -> Record:
    """The record of one system, or of several by name, scored against gold.

    Each side is (document, start, end, type) tuples, a data frame with these columns, lines of the simple
    form as dicts, {document: units}, spaCy Docs or Annotations; offsets are half-open and count code points.
    `measures` are names, string forms or Measures, one or several; without them and a `suite`, those of the
    default suite for the kinds of units that are there.

    Tuples, rows and {document: units} name only documents with units: every document that gold, a system or
    `documents` names counts as judged, and the signature says so (`unjudged:named`). Lines, Docs and
    Annotations judge the documents they are of; others are left out. `documents` are ids, or {id: text} or
    Documents, by whose texts offsets and words are checked; there are then no others.

    `others` are further gold by name, the first is called gold; `references` is then the policy that says
    what is right where they differ: mean, best, any, union, intersection or majority. `at` is the score from
    which on units of systems count, `"best"` for one that is chosen on other documents, or a dict of these by
    system.

    Raises `InputTypeError` (a `TypeError`) or `InputValueError` (a `ValueError`) with every fault of a side;
    `MeasureError` for a measure that is none.

    >>> found = score([("a", 0, 4, "PER"), ("a", 9, 13, "GPE")], [("a", 0, 4, "PER")], "entity")
    >>> found["entity"].precision, found["entity"].recall
    (1.0, 0.5)
    """
    known = Documents(documents)
    right = inputs.read(gold, "gold", known)
    given = {name: inputs.read(value, name, known) for name, value in _named(systems, right, known).items()}
    further = {name: inputs.read(value, name, known) for name, value in _further(others).items()}
    how: dict[str, Any] = {"duplicates": duplicates, "intervals": intervals, "trials": trials, "seed": seed}
    how |= {"references": references, "at": thresholds.check(at, thresholds.nowhere)}
    return score_given(right, given, measures, suite, known, others=further, **how)


def score_given(
    gold: Given,
    systems: Mapping[str, Given],
    measures: Measures | None,
    suite: str | Path | None,
    known: Documents,
    *,
    others: Mapping[str, Given] = MappingProxyType({}),
    **how: Any,
) -> Record:
    """The record of sides that were read; `how` are those fields of `Options` that `score` has."""
    check_whole(trials=how["trials"], seed=how["seed"])
    golds = {"gold": gold, **others}
    for where, side in [*golds.items(), *systems.items()]:
        for id, line in side.lines.items():
            known.name(id, line.sha256, where)
    _check_common(gold, {**systems, **others})
    documents = known.all()
    right = {name: _judged(side, name, documents, known) for name, side in golds.items()}
    bound = {name: _bind(side, name, documents, known) for name, side in systems.items()}
    wanted, chosen = _chosen(measures, suite, [*golds.values(), *systems.values()])
    _check_texts(wanted, known)
    listed = any(side.listed for side in golds.values())  # and the others judge every document
    options, texts = _options(chosen, "left-out" if listed else "named", how), list(documents.values())
    first, further = right.pop("gold"), right
    try:
        found = scoring.score(first, bound, texts, wanted, corpus=NAME, options=options, references=further)
    except DataError as error:
        raise InputValueError(error.what, error.faults) from error
    return Record.of(found)


def _options(suite: Suite | None, unjudged: Literal["left-out", "named"], how: Mapping[str, Any]) -> Options:
    check_words(duplicates=how["duplicates"], intervals=how["intervals"])
    name, classes = (None, False) if suite is None else (suite.name, suite.classes)
    return Options(suite=name, classes=classes, scope=Scope(unjudged=unjudged), **how)


def _further(others: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """Further gold by name; `gold` is the name of the first."""
    if others is None:
        return {}
    if not isinstance(others, Mapping) or not all(isinstance(name, str) and name for name in others):
        raise InputTypeError("others: expected {name: gold}, further gold by name")
    if "gold" in others:
        raise InputValueError("others: 'gold' is the name of the first; call this one otherwise")
    return others


# ---------------------------------------------------------------- systems
def _named(systems: Any, gold: Given, known: Documents) -> dict[str, Any]:
    """The systems by name; one that was passed alone is called `SYSTEM`."""
    if not isinstance(systems, Mapping) or "document" in systems:
        return {SYSTEM: systems}
    ids = [*gold.lines, *known.ids()]
    if inputs.is_by_document(systems, ids):
        return {SYSTEM: systems}
    units = [key for key, value in systems.items() if inputs.is_by_document({key: value}, ids)]
    if units:
        raise InputTypeError(
            f"systems: {units[0]!r} has the units of a document, other values are of systems; expected "
            "{name: system} or {document: units}"
        )
    wrong = [name for name in systems if not isinstance(name, str) or not name]
    if wrong:
        raise InputTypeError(f"systems: got {wrong[0]!r} for a name; expected text")
    return dict(systems)


def _check_common(gold: Given, systems: Mapping[str, Given]) -> None:
    """Raise `InputValueError` if a system is of other documents altogether: their ids must be other ones."""
    for name, side in systems.items():
        if gold.lines and side.lines and gold.lines.keys().isdisjoint(side.lines):
            raise InputValueError(
                f"{name} and gold have no document in common: gold has {_some(gold.lines)}, "
                f"{name} has {_some(side.lines)}; call documents by the same ids"
            )


def _some(ids: Iterable[str]) -> str:
    shown = [repr(id) for id in sorted(ids)]
    return ", ".join(shown[:3]) + (" …" if len(shown) > 3 else "")  # noqa: PLR2004 - to be recognised


# ---------------------------------------------------------------- documents
def _bind(
    side: Given, where: str, documents: Mapping[str, Document], known: Documents
) -> dict[str, Annotations]:
    """The lines of a side bound to their texts, and checked by those that are known."""
    bound = {
        id: msgspec.structs.replace(line, sha256=documents[id].sha256) for id, line in side.lines.items()
    }
    faults = [
        Fault(where, f"[{id!r}]{path}", message)
        for id, line in bound.items()
        if known.document(id) is not None
        for path, message in _faults(line, documents[id], side)
    ]
    if faults:
        raise InputValueError(f"{where}: {amount(len(faults), 'unit')} not in the text", faults)
    return bound


def _faults(line: Annotations, document: Document, side: Given) -> Iterator[tuple[str, str]]:
    """What does not fit the text: offsets, and words that are others there."""
    for item in sound(line, document)[1]:
        if item.kind != "excluded":
            yield item.path.removeprefix("$"), item.message
    if side.words:
        for mention in line.mentions:
            words = side.words.get((document.id, mention.id))
            there = surface(document.text, mention.spans)
            if words is not None and words not in (there, document.text):
                yield f".{mention.id}", f"the words are {words!r}, the text has {there!r} there"


def _judged(
    side: Given, where: str, documents: Mapping[str, Document], known: Documents
) -> dict[str, Annotations]:
    """The lines of gold bound to their texts, with one for every document where units alone were given."""
    lines = _bind(side, where, documents, known)
    return lines if side.listed else _covered(lines, documents)


def _covered(lines: Mapping[str, Annotations], documents: Mapping[str, Document]) -> dict[str, Annotations]:
    """Gold with a line for every document."""
    empty = (
        Annotations(document=id, sha256=document.sha256)
        for id, document in documents.items()
        if id not in lines
    )
    return {**lines, **{line.document: line for line in empty}}


# ---------------------------------------------------------------- measures
def _chosen(
    measures: Measures | None, suite: str | Path | None, sides: Iterable[Given]
) -> tuple[list[str | Measure], Suite | None]:
    """What is asked for, or else what the default suite has for the units that are there."""
    if measures is not None or suite is not None:
        asked = [] if measures is None else one_or_several(measures, "measures", (str, Measure))
        forms, chosen = (
            choose(suite, [item for item in asked if isinstance(item, str)]) if suite else ((), None)
        )
        return list(dict.fromkeys([*forms, *asked])), chosen
    there = _kinds(sides)
    return [form for form in choose(None, ())[0] if _kind(parse(form)) in there], None


def _kind(measure: Measure) -> str:
    return measure.attributes[0] if measure.units == "attribute" else measure.units


def _kinds(sides: Iterable[Given]) -> set[str]:
    """The kinds of units, and the attributes of events, that any side has; mentions in any case."""
    lines = list(chain.from_iterable(side.lines.values() for side in sides))
    events = list(chain.from_iterable(line.events for line in lines))
    arguments = {"argument"} if any(event.arguments for event in events) else set()
    return {
        "entity",
        *(["event"] if events else ()),
        *arguments,
        *(name for e in events for name in e.attributes),
    }


def _check_texts(measures: Sequence[str | Measure], known: Documents) -> None:
    """Raise `InputValueError` where a measure looks at texts that are not known."""
    missing = known.without()
    asking = [item for item in measures if texts_wanted([parse(item) if isinstance(item, str) else item])]
    if missing and asking:
        raise InputValueError(
            f"{listed([str(item) for item in asking])}: looks at words or tokens, and "
            f"{amount(len(missing), 'document has', 'documents have')} no text ({_some(missing)}); pass "
            "documents={id: text} with the text of each"
        )
