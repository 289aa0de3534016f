"""Notes on a record: what is not counted and why, to be read before the figures, as values for every view."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

import msgspec

from goldwire.corpora.types import PREFILL
from goldwire.eval.measures.measure import Measure, name, parse
from goldwire.eval.measures.phrases import amount, listed, points
from goldwire.eval.measures.references import REFERENCES, TOLD
from goldwire.eval.measures.vocabulary import FORMS, Units
from goldwire.eval.scoring import rejections, weights
from goldwire.eval.scoring.parts import BEST, Coverage, Threshold
from goldwire.eval.scoring.record import LayerFacts, Record, failures, iter_warnings, size
from goldwire.eval.scoring.views import INSIDE
from goldwire.eval.systems.facts import reported
from goldwire.eval.systems.runs import number_of

NoteKind = Literal[
    "few",
    "format",
    "weights",
    "references",
    "coverage",
    "prefilled",
    "failed",
    "partial",
    "missing",
    "labels",
    "threshold",
    "rejected",
    "lost",
    "excluded",
    "triggerless",
    "alternatives",
    "undefined",
    "repeated",
    "runs",
]
LOUD: frozenset[NoteKind] = frozenset(
    {
        "weights",
        "coverage",
        "prefilled",
        "failed",
        "partial",
        "labels",
        "references",
        "rejected",
        "lost",
        "threshold",
    }
)  # what a gate tells too
_NOUNS: dict[Units, str] = {
    "entity": "mention",
    "event": "event",
    "argument": "argument",
    "attribute": "matched unit with such an attribute",
    "relation": "relation",
    "cluster": "cluster",
    "template": "template",
    "token": "tagged token",
    "extension": "unit",
    "document": "labelled document",
}
_OF_EVENTS = ("event", "argument", "attribute", "template", "document")
TWO = 2
_MANY = {"attribute": "matched units with such an attribute"}


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to know before the figures: its kind, whom it is about (system, gold, corpus), in words."""

    kind: NoteKind
    about: str
    text: str


def make_notes(records: Mapping[str, Record], names: Mapping[tuple[str, str], str]) -> tuple[Note, ...]:
    """The notes on records that are shown together, each once.

    `names` tells what a system is called, by the key of its record and its own name.
    """
    found = (
        note
        for key, record in records.items()
        for note in iter_notes(record, {own: shown for (home, own), shown in names.items() if home == key})
    )
    return tuple(dict.fromkeys(found))


def iter_notes(record: Record, names: Mapping[str, str] | None = None) -> Iterator[Note]:
    """All that is not counted in a record, and what its figures rest on; `names` of systems as shown."""
    shown = {system.name: (names or {}).get(system.name, system.name) for system in record.systems}
    yield from (Note(kind="weights", about=record.gold.name, text=text) for text in weights.tell(record))
    yield from (Note(kind="few", about=record.corpus.name, text=text) for text in iter_warnings(record))
    yield from _references(record)
    yield from _coverage(record, shown)
    yield from _prefilled(record, shown)
    for gold in record.golds:
        yield from _of_layer(gold, gold.name, record)
        yield from _lost(gold)
    yield from _alternatives(record)
    for system in record.systems:
        yield from _of_layer(system, shown[system.name], record)
        yield from _rejected(record, system, shown[system.name])
    yield from _thresholds(record, shown)
    yield from _runs(record)
    yield from _undefined(record, shown)
    yield from _repeated(record, shown)


def _prefilled(record: Record, shown: Mapping[str, str]) -> Iterator[Note]:
    """Systems whose output was there before gold was: people leave in what they are shown."""
    beside = any(part.slice == PREFILL for part in record.slices)
    way = "see the part by prefill" if beside else "documents done blind would tell (`push --blind`)"
    for system in record.systems:
        if system.shown:
            of = f"{system.shown} of {amount(size(record), 'document')}"
            text = (
                f"annotators of gold were shown what {shown[system.name]} found, in {of}: gold is pulled "
                f"to it, and it looks better than it is. By how much, {way}."
            )
            yield Note(kind="prefilled", about=shown[system.name], text=text)


# ---------------------------------------------------------------- references
def _references(record: Record) -> Iterator[Note]:
    """What is right where there are several references, and how far they agree."""
    if not record.references:
        return
    names = [gold.name for gold in record.golds]
    policy = record.policies[REFERENCES]
    texts = [f"{amount(len(names), 'reference')} ({', '.join(names)}), {policy}: {TOLD[policy]}."]
    if policy == "majority" and len(names) == TWO:
        texts.append("Of two references the majority is what both have: the intersection.")
    if len({gold.fingerprint for gold in record.golds}) < len(names):
        texts.append("Some of them are the same, unit by unit.")
    if told := _agreed(record):
        texts.append(f"Among themselves they agree (mean F of pairs): {', '.join(told)}.")
    texts.append("Error classes and examples are of one gold layer: score against one alone to see them.")
    yield Note(kind="references", about=record.gold.name, text=" ".join(texts))


def _agreed(record: Record) -> list[str]:
    """The mean F of the pairs of references, by measure; of pairs that have one."""
    told = []
    for measure in record.measures:
        found = [pair.score.f for pair in record.agreement if pair.measure == measure]
        defined = [f for f in found if f is not None]
        mean = math.fsum(defined) / len(defined) if defined else None
        told.append(f"{name(parse(measure))} {points(mean)}")
    return told if record.agreement else []


def _runs(record: Record) -> Iterator[Note]:
    """Runs that are missing among others, and runs that are all the same."""
    layers = {system.name: system for system in record.systems}
    for several in record.runs:
        numbers = [number_of(run) for run in several.runs]
        missing = sorted({*range(min(1, *numbers), max(numbers))} - {*numbers})
        if missing:
            there, gone = (listed(list(map(str, some))) for some in (numbers, missing))
            text = f"{several.system} has runs {there}, and none of {gone}."
            yield Note(kind="runs", about=several.system, text=text)
        if len(numbers) > 1 and len({layers[run].fingerprint for run in several.runs}) == 1:
            text = (
                f"The {len(numbers)} runs of {several.system} are equal. If it gives the same each time, one "
                "is enough (`deterministic = true`); if no seed reached it, they tell nothing of others."
            )
            yield Note(kind="runs", about=several.system, text=text)


# ---------------------------------------------------------------- documents
def _coverage(record: Record, shown: Mapping[str, str]) -> Iterator[Note]:
    """Which documents were scored, and what that leaves uncounted."""
    covered = record.coverage
    if covered is None:
        return
    scored, wanted = size(record), covered.corpus - covered.outside
    texts = []
    as_it_stands = record.policies.get("unjudged") == "empty"
    if covered.outside:
        how = f" ({covered.asked})" if covered.asked else ""
        texts.append(f"Asked for: {wanted:,} of {amount(covered.corpus, 'document')}{how}.")
    told = []
    if scored < wanted:
        why = _reasons(covered, as_it_stands)
        covers = "that all references cover" if record.references else "that gold covers"
        told.append(f"scored on the {scored:,} of {amount(wanted, 'document')} {covers}{why}")
    if any(system.uncounted for system in record.systems):
        told.append(f"not counted: {_uncounted(record, shown)}")
    if told:
        text = "; ".join(told)
        texts.append(f"{text[0].upper()}{text[1:]}.")
    if record.policies.get("unjudged") == "named" and covered.empty:
        texts.append(
            f"{amount(covered.empty, 'document')} without a unit in gold, named by a system or by the "
            "caller: counted as judged."
        )
    if covered.skipped and as_it_stands:
        texts.append(f"{amount(covered.skipped, 'document')} that gold skipped: counted as gold has them.")
    elif covered.unjudged and not covered.empty:
        texts.append("If the source leaves out documents without units, run `goldwire corpus cover`.")
    if texts:
        yield Note(kind="coverage", about=record.corpus.name, text=" ".join(texts))


def _reasons(covered: Coverage, as_it_stands: bool) -> str:
    """Why documents that were asked for were not scored."""
    skipped = 0 if as_it_stands else covered.skipped
    reasons = (
        (covered.unjudged, f"{covered.unjudged:,} not judged"),
        (skipped, f"{skipped:,} skipped"),
        (covered.drafts, amount(covered.drafts, "draft")),
    )
    told = [text for number, text in reasons if number]
    return f" ({', '.join(told)})" if told else ""


def _uncounted(record: Record, shown: Mapping[str, str]) -> str:
    """Units of systems in documents that were not scored; what they are is said once."""
    first, *others = [system for system in record.systems if system.uncounted]
    told = [f"{amount(first.uncounted, 'unit')} of {shown[first.name]}"]
    return ", ".join([*told, *(f"{system.uncounted:,} of {shown[system.name]}" for system in others)])


def _of_layer(layer: LayerFacts, called: str, record: Record) -> Iterator[Note]:
    """Documents that a layer does not have or failed on, and units that do not count."""
    failed = failures(record, layer)
    if failed:
        which, those = _counted(failed)
        allowed = f" Allowed: {layer.allowed:,}." if layer.allowed else ""
        text = (
            f"{called} failed on {failed:,} of {amount(size(record), 'document')}, {which} {those}.{allowed}"
        )
        yield Note(kind="failed", about=called, text=text)
    for what, number in reported(layer.facts).partial.items() if layer.facts else ():
        text = (
            f"{called}: {amount(number, 'document')} of its run {what}; the items that came whole are "
            "scored, others count as missed."
        )
        yield Note(kind="partial", about=called, text=text)
    if layer.missing:
        which, those = _counted(layer.missing)
        text = f"{called} has no line for {amount(layer.missing, 'document')}, {which} {those}."
        yield Note(kind="missing", about=called, text=text)
    yield from _seen(layer, called, record)
    if layer.excluded:
        units = amount(layer.excluded, "unit")
        text = f"{called}: {units} in excluded regions {'does' if layer.excluded == 1 else 'do'} not count."
        yield Note(kind="excluded", about=called, text=text)
    blind = [name(measure) for measure in map(parse, record.measures) if measure.on_triggers]
    if layer.triggerless and blind:
        events, are = amount(layer.triggerless, "event"), "is" if layer.triggerless == 1 else "are"
        text = f"{called}: {events} without a trigger {are} no unit of {listed(blind)}."
        yield Note(kind="triggerless", about=called, text=text)


def _seen(layer: LayerFacts, called: str, record: Record) -> Iterator[Note]:
    """What a layer is seen through, and how many units that leaves out."""
    if layer.view is not None:
        left = f", which leaves out {amount(layer.dropped, 'unit')}" if layer.dropped else ""
        yield Note(kind="labels", about=called, text=f"{called} is seen through {layer.view.name}{left}.")
    if layer.outside:
        inside = record.policies.get(INSIDE, "").rpartition("#")[0]
        text = f"{called}: {amount(layer.outside, 'unit')} outside of layer {inside} left out."
        yield Note(kind="labels", about=called, text=text)


def _thresholds(record: Record, shown: Mapping[str, str]) -> Iterator[Note]:
    """Below which score units of systems do not count, and how many that leaves out; of all runs in one."""
    of_run = {run: several.system for several in record.runs for run in several.runs}
    groups: dict[str, list[LayerFacts]] = {}
    for system in record.systems:
        if system.at is not None:
            called = of_run.get(system.name, shown[system.name])
            groups.setdefault(called, []).append(system)
    for called, systems in groups.items():
        text = _threshold([system.at for system in systems if system.at is not None])
        yield Note(kind="threshold", about=called, text=f"{called} from a score of {text}")


def _threshold(each: Sequence[Threshold]) -> str:
    """The same of one system, or of its runs."""
    first, values = each[0], sorted({value for at in each for value in at.values})
    parts = listed([*(["run"] if len(each) > 1 else []), *(["fold"] if first.folds else [])])
    which = f"{values[0]:g}" if len(values) == 1 else f"{values[0]:g} to {values[-1]:g}, by {parts}"
    chosen = f" ({first.name}: chosen on other documents, by the first measure)"
    below = listed([f"{at.below:,}" for at in each])
    units = "unit" if below == "1" else "units"
    told = [
        f"{which}{chosen if first.name.startswith(BEST) else ''}: {below} {units} of a lower score left out"
    ]
    highest = [at.highest for at in each if at.highest is not None]
    if highest:
        told.append(f"no scored unit is left, for the surest has {max(highest):g}")
    if first.without:
        told.append(f"{listed(first.without)} have no scores, and all count that hang on nothing lower")
    return f"{'; '.join(told)}.{' Scores of gold decide nothing.' if first.gold else ''}"


def _counted(number: int) -> tuple[str, str]:
    return "which", "counts as empty" if number == 1 else "count as empty"


# ---------------------------------------------------------------- what was turned away
def _lost(gold: LayerFacts) -> Iterator[Note]:
    """What was turned away of gold: it is in no figure."""
    number = sum(gold.rejected.values())
    if number:
        of_kinds = rejections.kinds(gold.rejected)
        text = f"{gold.name} lost {amount(number, 'unit')} that could not be taken: {of_kinds}."
        yield Note(kind="lost", about=gold.name, text=text)


def _rejected(record: Record, system: LayerFacts, called: str) -> Iterator[Note]:
    """What was turned away of a system, as a rate, and how it counts."""
    told = rejections.tell(record, system.name)
    if told:
        yield Note(kind="rejected", about=called, text=f"{called}: {told}.")


# ---------------------------------------------------------------- measures
def _alternatives(record: Record) -> Iterator[Note]:
    """What gold would take as well, and measures that look at the first alone."""
    measures = [parse(measure) for measure in record.measures]
    blind = {
        "types": [m for m in measures if "type" in m.key and m.units in _OF_EVENTS and m.match not in FORMS],
        "fillers": [m for m in measures if m.units == "argument"],
    }
    for what, number in record.gold.alternatives.items():
        if number and (those := listed([name(measure) for measure in blind[what]])):
            noun = amount(number, {"types": "event type", "fillers": "filler"}[what])
            text = f"gold: {noun} with alternatives, of which the first alone is right by {those}."
            yield Note(kind="alternatives", about=record.gold.name, text=text)


def _undefined(record: Record, shown: Mapping[str, str]) -> Iterator[Note]:
    """Measures of which there is nothing to score, by the kind of unit that gold has none of."""
    defined = {result.measure for result in record.results if result.value is not None}
    told = dict.fromkeys(result.measure for result in record.results if result.measure not in defined)
    silent = [parse(measure) for measure in told]
    triggerless = any(layer.triggerless for layer in (record.gold, *record.systems))
    for units, by_entity in dict.fromkeys((measure.units, measure.by_entity) for measure in silent):
        measures = [one for one in silent if one.units == units and one.by_entity == by_entity]
        called = listed([name(measure) for measure in measures])
        if by_entity:
            text = f"Undefined, since gold has no relation or puts no mention into a cluster: {called}."
            yield Note(kind="undefined", about=called, text=text)
            continue
        noun = _MANY.get(units, f"{_NOUNS[units]}s")
        if triggerless and all(measure.on_triggers for measure in measures):
            noun = f"{noun} of a trigger" if units == "argument" else f"{noun} with a trigger"
        given = [(system.name, _given(record, system.name, measures)) for system in record.systems]
        have = [f"{shown[system]} has {number:,}" for system, number in given if number]
        whose = f"gold has no {noun}; {', '.join(have)}" if have else f"neither gold nor a system has {noun}"
        yield Note(kind="undefined", about=called, text=f"Undefined, since {whose}: {called}.")


def _given(record: Record, system: str, measures: Sequence[Measure]) -> int:
    """How many units a system gave, under the measure that tells most of them apart."""
    wanted = set(map(str, measures))
    scores = (
        result.averages.get("micro")
        for result in record.results
        if result.system == system and result.measure in wanted
    )
    return max((round(score.system or 0.0) for score in scores if score is not None), default=0)


def _repeated(record: Record, shown: Mapping[str, str]) -> Iterator[Note]:
    """Units that are the same as another under a measure."""
    repeats: dict[tuple[str, int], list[str]] = {}
    for result in record.results:
        for side, count in (
            (record.gold.name, result.gold_collapsed),
            (shown[result.system], result.system_collapsed),
        ):
            if count:
                repeats.setdefault((side, count), []).append(name(parse(result.measure)))
    for (side, count), measures in repeats.items():
        units = amount(count, "unit repeats", "units repeat")
        text = f"{side}: {units} another one under {listed(list(dict.fromkeys(measures)))}, counted once."
        yield Note(kind="repeated", about=side, text=text)
