"""From records to a report: all arithmetic of a report is done here and in `evidence`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from string import ascii_lowercase
from typing import Any

import msgspec

from goldwire import __version__
from goldwire.corpora.errors import MeasureError
from goldwire.corpora.store import Corpus
from goldwire.eval import agreement, compare, suites
from goldwire.eval.compare import Comparison, Contender
from goldwire.eval.counting.tally import is_additive
from goldwire.eval.measure import Measure, name, parse
from goldwire.eval.record import LayerFacts, Record, independent, iter_warnings, size
from goldwire.eval.report.model import (
    SHADES,
    Board,
    Cell,
    Facts,
    Figure,
    Overview,
    Pair,
    Report,
    Row,
    Standing,
)
from goldwire.eval.statistics.figures import label_intervals
from goldwire.eval.statistics.metrics import Score
from goldwire.eval.text import UNDEFINED, amount, number, seconds

# Intervals by type are drawn for this many documents times labels at most: about five seconds' work.
DRAWN = 400_000

_TITLES = {
    "entity": "Entities",
    "untyped": "Entities, untyped",
    "overlap": "Entities, overlap",
    "iou50": "Entities, IoU ≥ 0.5",
    "partial": "Entities, partial",
    "surface": "Entities, surface forms",
    "relation": "Relations",
    "boundaries": "Relations, boundaries",
    "realis": "Realis",
}


def make_report(records: Mapping[str, Record], *, seed: int = 0) -> Report:
    """The report of all systems of records on the same gold, without what needs the texts.

    Raises `JudgementError` if the records are of different corpora, gold layers or policies.
    """
    systems = compare.contenders(records)
    streamed = is_streamed(records)
    comparisons = _side_by_side(records, systems) if streamed else compare.compare(records, seed=seed)
    boards = tuple(
        make_board(f"m{index}", comparison, systems) for index, comparison in enumerate(comparisons)
    )
    return Report(
        overview=_overview(records, [system.name for system in systems]),
        boards=boards,
        facts=tuple(fact for system in systems if (fact := _facts(system)).values),
    )


def is_streamed(records: Mapping[str, Record]) -> bool:
    """Whether a record does not name its documents, so that nothing can be paired."""
    return any(table.times for record in records.values() for table in record.counts)


def _side_by_side(records: Mapping[str, Record], systems: list[Contender]) -> list[Comparison]:
    """Standings without tests, for records that do not name their documents."""
    if len(records) > 1:
        compare.compare(records)  # raises, saying why it cannot
    [record] = records.values()
    return [
        Comparison(
            measure=measure,
            documents=size(record),
            independent=independent(record),
            standings=tuple(
                compare.Standing(
                    system=system.name, value=system.result(measure).value, interval=None, signature=""
                )
                for system in sorted(systems, key=lambda s: -(s.result(measure).value or 0.0))
            ),
            pairs=(),
            groups=(),
            detectable=None,
            decided=False,
            sentence="" if len(systems) == 1 else _STREAMED,
            test="none",
        )
        for measure in record.measures
    ]


_STREAMED = "The record was made with --stream and does not name its documents: differences cannot be tested."


def title(measure: Measure) -> str:
    """A measure in a few words."""
    alias = name(measure)
    return _TITLES.get(alias or "", alias or str(measure))


def figure(value: float | None, interval: Any = None) -> Figure:
    """A value with the ends of an interval, where there is one."""
    if interval is None:
        return Figure(value=value)
    return Figure(value=value, low=interval.low, high=interval.high)


def shade(value: float | None) -> int | None:
    """The step of a heat map that a share of one has."""
    return None if value is None else round(SHADES * value)


# ---------------------------------------------------------------- boards
def make_board(key: str, comparison: Comparison, systems: list[Contender]) -> Board:
    """One measure's ranking, differences and labels."""
    measure = parse(comparison.measure)
    by_name = {system.name: system for system in systems}
    ranked = [by_name[standing.system] for standing in comparison.standings]
    letters = make_letters(comparison)
    return Board(
        key=key,
        measure=comparison.measure,
        name=title(measure),
        definition=suites.explain(measure).definition,
        standings=tuple(_standing(system, measure, letters.get(system.name, "")) for system in ranked),
        pairs=tuple(map(_pair, comparison.pairs)),
        verdict=comparison.sentence,
        smallest=comparison.detectable,
        columns=tuple(by_name),
        rows=_rows(systems, measure),
    )


def _standing(system: Contender, measure: Measure, group: str) -> Standing:
    result = system.result(str(measure))
    score = result.averages[measure.average]
    ends = result.intervals
    return Standing(
        system=system.name,
        f=figure(result.value, ends.get("f")),
        precision=figure(score.precision, ends.get("precision")),
        recall=figure(score.recall, ends.get("recall")),
        hits=score.gold_hits,
        produced=score.system,
        gold=score.gold,
        shade=shade(result.value),
        group=group,
        signature=result.signature,
    )


def make_letters(comparison: Comparison) -> dict[str, str]:
    """For each system a letter for each set of systems that it cannot be told apart from.

    A system without a figure is told apart from none, and is left out.
    """
    defined = {standing.system for standing in comparison.standings if standing.value is not None}
    groups = [[system for system in group if system in defined] for group in comparison.groups]
    letters: dict[str, str] = {}
    for place, group in enumerate(group for group in groups if len(group) > 1):
        # After z come numbers.
        letter = ascii_lowercase[place] if place < len(ascii_lowercase) else f"({place + 1})"
        for system in group:
            letters[system] = letters.get(system, "") + letter
    return letters


def _pair(pair: compare.Pair) -> Pair:
    return Pair(
        first=pair.first,
        second=pair.second,
        difference=figure(pair.difference, pair),
        p=pair.p,
        adjusted=pair.p_holm,
        wins=pair.wins,
        ties=pair.ties,
        losses=pair.losses,
        decided=pair.decided,
    )


def _rows(systems: list[Contender], measure: Measure) -> tuple[Row, ...]:
    """The labels of a measure, those with most gold units first; none if units have no label."""
    results = [system.result(str(measure)).labels for system in systems]
    labels = sorted(
        {label for labels in results for label in labels if label},
        key=lambda label: (-_gold(results, label), label),
    )
    if not labels:
        return ()
    intervals = [_intervals(system, measure, len(labels) * len(systems)) for system in systems]
    return tuple(
        Row(
            label=label,
            gold=_gold(results, label),
            cells=tuple(
                _cell(scores.get(label), ends.get(label, {}).get("f"))
                for scores, ends in zip(results, intervals, strict=True)
            ),
        )
        for label in labels
    )


def _gold(results: list[dict[str, Score]], label: str) -> float:
    """Gold units of a label: the same in every result that has it."""
    return max((scores[label].gold or 0.0 for scores in results if label in scores), default=0.0)


def _cell(score: Score | None, interval: Any) -> Cell:
    value = None if score is None else score.f
    return Cell(figure=figure(value, interval), shade=shade(value))


def _intervals(system: Contender, measure: Measure, columns: int) -> dict[str, dict[str, Any]]:
    """The intervals of labels, unless it would take long; see `DRAWN`."""
    if is_streamed({"": system.record}):
        return {}
    counts = system.counts(measure)
    if not is_additive(measure) or len(counts.documents) * columns > DRAWN:
        return {}
    return label_intervals(counts, measure, groups=system.record.groups)


def with_ceilings(report: Report, corpus: Corpus, *, seed: int = 0) -> Report:
    """The report with how well annotators agree by the same measures, where two annotated the same texts."""
    layers = [layer for layer in corpus.layers() if layer.startswith(agreement.ANNOTATOR)]
    if len(layers) < 2:  # noqa: PLR2004 - it takes two to agree
        return report
    measures = [board.measure for board in report.boards]
    try:
        found = agreement.agree_corpus(corpus, layers, measures, seed=seed)
    except MeasureError:  # no text in common
        return report
    ceilings = {item.measure: figure(item.mean.value, item.mean) for item in found.measures}
    boards = (msgspec.structs.replace(board, ceiling=ceilings.get(board.measure)) for board in report.boards)
    return msgspec.structs.replace(report, boards=tuple(boards))


# ---------------------------------------------------------------- what it is about
def _overview(records: Mapping[str, Record], systems: list[str]) -> Overview:
    first = next(iter(records.values()))
    corpus, ontology = first.corpus, first.ontology
    return Overview(
        title=f"{corpus.name}: {amount(len(systems), 'system')} against {first.gold.layer}",
        corpus=f"{corpus.name} {corpus.version}".strip(),
        fingerprint=corpus.fingerprint,
        ontology=None if ontology is None else f"{ontology.name} {ontology.version}",
        gold=first.gold.layer,
        documents=size(first),
        systems=tuple(systems),
        created=max((record.created for record in records.values() if record.created), default=None),
        goldwire=__version__,
        notes=tuple(dict.fromkeys(note for record in records.values() for note in _notes(record))),
    )


def _notes(record: Record) -> Iterator[str]:
    """What a reader must know before the figures, of the documents and of the layers."""
    yield from iter_warnings(record)
    for layer in (record.gold, *record.systems):
        if layer.missing:
            yield f"{layer.name} has no line for {amount(layer.missing, 'document')}, which count as empty."
        if layer.excluded:
            units = amount(layer.excluded, "unit")
            yield f"{units} of {layer.name} touched an excluded region: they do not count."
        failed = layer.facts.get("failed")
        if failed:
            yield f"{layer.name} failed on {amount(len(failed), 'document')}, which count as empty."


# ---------------------------------------------------------------- speed
def _facts(system: Contender) -> Facts:
    layer = next(item for item in system.record.systems if item.name == system.system)
    return Facts(system=system.name, values=dict(_values(layer)) if layer.facts else {})


def _values(layer: LayerFacts) -> Iterator[tuple[str, str]]:
    """What the runner says of a system, as shown; what it does not say is left out."""
    facts, speed = layer.facts, layer.facts.get("speed", {})
    latency = speed.get("latency") or (None, None, None)
    p50, p95, _ = latency.values() if isinstance(latency, dict) else latency
    usage = facts.get("usage", {})
    for what, value, show in [
        ("documents / s", speed.get("documents"), number),
        ("characters / s", speed.get("characters"), number),
        ("workers", speed.get("workers", 1), number),
        ("median latency", p50, seconds),
        ("95th percentile", p95, seconds),
        ("start-up", speed.get("startup"), seconds),
        ("peak memory, MB", _megabytes(speed.get("memory")), number),
        ("failed", len(facts.get("failed", {})), number),
        ("rejected", sum(facts.get("rejected", facts.get("quarantined", {})).values()), number),
        ("tokens in", usage.get("tokens_in"), number),
        ("tokens out", usage.get("tokens_out"), number),
        ("cost", usage.get("cost"), number),
    ]:
        if value is not None:
            yield what, show(value)
    yield "version", str(facts.get("version") or UNDEFINED)


def _megabytes(size: int | None) -> float | None:
    return None if size is None else size / 10**6
