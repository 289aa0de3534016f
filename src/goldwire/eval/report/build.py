"""Build a report from records: all arithmetic of a report is done here and in `evidence`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from goldwire import __version__
from goldwire.eval.comparison import compare
from goldwire.eval.comparison.compare import Comparison
from goldwire.eval.comparison.contender import Contender, contenders
from goldwire.eval.comparison.runs import remarks
from goldwire.eval.counting.requirements import is_additive
from goldwire.eval.measures import suites
from goldwire.eval.measures.measure import Measure, parse
from goldwire.eval.measures.phrases import UNDEFINED, amount, listed, moment, number, seconds
from goldwire.eval.measures.titles import title
from goldwire.eval.report import earlier
from goldwire.eval.report.expense import expenses
from goldwire.eval.report.lead import leader, make_letters, overall
from goldwire.eval.report.slices import make_boards
from goldwire.eval.report.values import (
    SHADES,
    Board,
    Facts,
    Overview,
    Pair,
    Report,
    Row,
    Run,
    SliceBoard,
    Standing,
    TypeScore,
    figure_of,
)
from goldwire.eval.scoring import several
from goldwire.eval.scoring.drawing import Drawing, drawing
from goldwire.eval.scoring.notes import Note, make_notes
from goldwire.eval.scoring.record import LayerFacts, Record, independent, size
from goldwire.eval.scoring.views import INSIDE
from goldwire.eval.statistics.figures import Score
from goldwire.eval.statistics.intervals import label_intervals
from goldwire.eval.systems.facts import reported

# Intervals by type are drawn for this many documents times labels at most: about five seconds' work.
DRAWN = 400_000

# Pairs of systems are tested unasked up to this much work: about five seconds of it. A test costs about as
# much as swapping `SWAP` documents does, however few there are.
TESTED, SWAP = 500_000, 5_000


def make_report(
    records: Mapping[str, Record], *, seed: int = 0, quick: bool = False, tested: bool = True
) -> Report:
    """The report of all systems of records on the same gold, without what needs the texts.

    A `quick` one has no intervals of types, and no tests of systems where those would take long; one that is
    not `tested` has none in any case. Raises `JudgementError` if the records are of different corpora, gold
    layers or policies.
    """
    systems = contenders(records)
    if is_streamed(records):
        comparisons = _side_by_side(records, systems, _STREAMED)
    elif not tested:
        comparisons = _side_by_side(records, systems, "")
    elif quick and _is_long(records, systems):
        comparisons = _side_by_side(records, systems, _LONG)
    else:
        comparisons = compare.compare(records, seed=seed)
    return assemble(records, comparisons, quick=quick, seed=seed, sliced=tested or not quick)


def assemble(
    records: Mapping[str, Record],
    comparisons: list[Comparison],
    *,
    quick: bool = False,
    seed: int = 0,
    sliced: bool = True,
) -> Report:
    """The report of comparisons that were made of the records; their slices, if it is to have them."""
    systems = contenders(records)
    boards = tuple(
        make_board(f"m{index}", comparison, systems, types=not quick)
        for index, comparison in enumerate(comparisons)
    )
    return Report(
        overview=_overview(records, systems, boards, quick=quick),
        boards=boards,
        facts=tuple(fact for system in systems if (fact := _facts(system)).values),
        expenses=expenses(systems),
        slices=tuple(_slices(records, systems, comparisons, quick=quick, seed=seed)) if sliced else (),
        was=earlier.of_records(records),
    )


def _slices(
    records: Mapping[str, Record],
    systems: list[Contender],
    comparisons: list[Comparison],
    *,
    quick: bool,
    seed: int,
) -> Iterator[SliceBoard]:
    """What is shown of slices: under all measures, or in a `quick` report under the first that has some."""
    for comparison in comparisons:
        found = list(make_boards(records, systems, comparison.measure, seed=seed))
        yield from found
        if found and quick:
            return


def is_streamed(records: Mapping[str, Record]) -> bool:
    """Whether a record does not name its documents, so that nothing can be paired."""
    return any(table.times for record in records.values() for table in record.counts)


def is_several(records: Mapping[str, Record]) -> bool:
    """Whether a record is of several references, so that units are not right or wrong one by one."""
    return any(record.references for record in records.values())


def _is_long(records: Mapping[str, Record], systems: list[Contender]) -> bool:
    first = next(iter(records.values()))
    tests = len(systems) * (len(systems) - 1) // 2 * len(first.measures)
    return tests * (size(first) + SWAP) > TESTED


def _side_by_side(records: Mapping[str, Record], systems: list[Contender], why: str) -> list[Comparison]:
    """Standings without tests, and why there are none, where nobody decided that."""
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
            sentence="" if len(systems) == 1 else why,
            test="",
        )
        for measure in record.measures
    ]


_STREAMED = "The record was made with --stream and does not name its documents: differences cannot be tested."
_LONG = "Differences are not tested here, since that would take long: `goldwire eval compare` tests them."


def shade(value: float | None) -> int | None:
    """The step of a heat map that a share of one has."""
    return None if value is None else round(SHADES * value)


# ---------------------------------------------------------------- boards
def make_board(key: str, comparison: Comparison, systems: list[Contender], *, types: bool = True) -> Board:
    """One measure's ranking, differences and labels; with `types`, those have intervals."""
    measure = parse(comparison.measure)
    by_name = {system.name: system for system in systems}
    ranked = [by_name[standing.system] for standing in comparison.standings]
    letters, lead = make_letters(comparison), leader(comparison)
    return Board(
        key=key,
        measure=comparison.measure,
        name=title(measure),
        definition=suites.define(measure),
        standings=tuple(
            _standing(system, measure, letters.get(system.name, ""), lead=system.name == lead)
            for system in ranked
        ),
        pairs=tuple(map(_pair, comparison.pairs)),
        verdict="" if len(systems) == 1 else comparison.sentence,
        test=comparison.test if comparison.pairs else "",
        smallest=comparison.detectable,
        columns=tuple(by_name),
        rows=_rows(systems, measure, intervals=types),
    )


def _standing(system: Contender, measure: Measure, group: str, *, lead: bool) -> Standing:
    result = system.result(str(measure))
    score = result.averages.get(measure.average, Score(f=result.value))
    ends = result.intervals
    return Standing(
        system=system.name,
        runs=tuple(_run(system, run, measure) for run in system.runs),
        deviation=system.deviation(result.measure),
        f=figure_of(result.value, ends.get("f")),
        precision=figure_of(score.precision, ends.get("precision")),
        recall=figure_of(score.recall, ends.get("recall")),
        hits=score.gold_hits,
        system_hits=score.system_hits,
        produced=score.system,
        gold=score.gold,
        shade=shade(result.value),
        group=group,
        lead=lead,
        classes=result.classes,
        signature=result.signature,
        failed=system.failed,
    )


def _run(system: Contender, run: str, measure: Measure) -> Run:
    result = system.record.result(run, measure)
    score = result.averages.get(measure.average, Score(f=result.value))
    return Run(name=run, f=result.value, precision=score.precision, recall=score.recall)


def _pair(pair: compare.Pair) -> Pair:
    return Pair(
        first=pair.first,
        second=pair.second,
        difference=figure_of(pair.difference, pair),
        p=pair.p,
        adjusted=pair.p_holm,
        wins=pair.wins,
        ties=pair.ties,
        losses=pair.losses,
        decided=pair.decided,
        shows=pair.detectable,
        needs=pair.needed,
        needs_runs=pair.needed_runs,
        freedom=pair.freedom,
    )


def _rows(systems: list[Contender], measure: Measure, *, intervals: bool) -> tuple[Row, ...]:
    """The labels of a measure, those with most gold units first; none if units have no label."""
    results = [system.result(str(measure)).labels for system in systems]
    labels = sorted(
        {label for labels in results for label in labels if label},
        key=lambda label: (-_gold(results, label), label),
    )
    if not labels:
        return ()
    columns = len(labels) * len(systems)
    ends = [_intervals(system, measure, columns) if intervals else {} for system in systems]
    return tuple(
        Row(
            label=label,
            gold=_gold(results, label),
            cells=tuple(
                _type_score(
                    scores.get(label, Score()),
                    found.get(label, {}).get("f"),
                    _own_gold(scores, results, label),
                )
                for scores, found in zip(results, ends, strict=True)
            ),
        )
        for label in labels
    )


def _own_gold(scores: dict[str, Score], results: list[dict[str, Score]], label: str) -> float:
    """Gold units of a label as one result has them: of several references, each system may have its own."""
    return scores[label].gold or 0.0 if label in scores else _gold(results, label)


def _gold(results: list[dict[str, Score]], label: str) -> float:
    """Gold units of a label, the most of any result that has it."""
    return max((scores[label].gold or 0.0 for scores in results if label in scores), default=0.0)


def _type_score(score: Score, interval: Any, gold: float) -> TypeScore:
    return TypeScore(
        f=figure_of(score.f, interval),
        precision=score.precision,
        recall=score.recall,
        hits=score.gold_hits or 0.0,
        found=score.system or 0.0,
        gold=gold,
        shade=shade(score.f),
    )


def _intervals(system: Contender, measure: Measure, columns: int) -> dict[str, dict[str, Any]]:
    """The intervals of labels, unless it would take long; see `DRAWN`."""
    if is_streamed({"": system.record}):
        return {}
    counts = system.each(measure)
    if not is_additive(measure) or len(counts[0].documents) * columns * len(counts) > DRAWN:
        return {}
    method = (drawing(system.record) or Drawing()).method
    if system.runs:
        return several.label_intervals(counts, measure, groups=system.record.groups, method=method)
    return label_intervals(counts[0], measure, groups=system.record.groups, method=method)


def is_viewed(records: Mapping[str, Record]) -> bool:
    """Whether gold was seen through a view or in some places alone, as annotators' layers are not."""
    return any(record.gold.view or INSIDE in record.policies for record in records.values())


# ---------------------------------------------------------------- what it is about
def _overview(
    records: Mapping[str, Record], systems: list[Contender], boards: tuple[Board, ...], *, quick: bool
) -> Overview:
    first = next(iter(records.values()))
    corpus, ontology, gold = first.corpus, first.ontology, listed([one.layer for one in first.golds])
    names = {
        (key, layer): layer if system.runs else system.name
        for system in systems
        for key, record in records.items()
        if record is system.record
        for layer in system.layers
    }
    return Overview(
        title=f"{corpus.name}: {amount(len(systems), 'system')} against {gold}",
        corpus=f"{corpus.name} {corpus.version}".strip(),
        fingerprint=corpus.fingerprint,
        ontology=None if ontology is None else f"{ontology.name} {ontology.version}",
        gold=gold,
        documents=size(first),
        systems=tuple(system.name for system in systems),
        created=_created(records),
        goldwire=__version__,
        suite=first.suite if len(records) == 1 else None,
        notes=(*_of_formats(records), *make_notes(records, names), *_of_runs(systems, boards, quick)),
        verdict=overall(boards),
    )


def _of_formats(records: Mapping[str, Record]) -> Iterator[Note]:
    """How records of different formats were found to be of the same corpus and gold."""
    about = next(iter(records.values())).corpus.name
    return (Note(kind="format", about=about, text=f"{text}.") for text in compare.iter_remarks(records))


def _of_runs(systems: list[Contender], boards: tuple[Board, ...], quick: bool) -> Iterator[Note]:
    """What is not known of runs where systems were told apart, and what is of one of them alone."""
    if any(board.pairs for board in boards):
        yield from (Note(kind="runs", about=systems[0].record.corpus.name, text=t) for t in remarks(systems))
    for system in systems:
        if system.runs and not quick:
            text = (
                f"Speed, texts and classes of errors of {system.name} are those of one run, {system.runs[0]}."
            )
            yield Note(kind="runs", about=system.name, text=text)


def _created(records: Mapping[str, Record]) -> str | None:
    """When the records were made: the first and the last moment; None if a record does not tell."""
    moments = sorted(record.created or "" for record in records.values())
    return " to ".join(dict.fromkeys(map(moment, moments))) if all(moments) else None


# ---------------------------------------------------------------- speed
def _facts(system: Contender) -> Facts:
    layer = system.facts
    return Facts(system=system.name, values=dict(_values(layer)) if layer.facts else {})


def _values(layer: LayerFacts) -> Iterator[tuple[str, str]]:
    """What the runner says of a system, as shown; what it does not say is left out."""
    facts = reported(layer.facts)
    speed, latency, usage = facts.speed, facts.speed.latency, facts.usage
    for what, value, show in [
        ("documents / s", speed.documents, number),
        ("characters / s", speed.characters, number),
        ("workers", speed.workers, number),
        ("median latency", None if latency is None else latency.p50, seconds),
        ("95th percentile", None if latency is None else latency.p95, seconds),
        ("start-up", speed.startup, seconds),
        ("peak memory, MB", _megabytes(speed.memory), number),
        ("failed", len(facts.failed), number),
        ("rejected", sum((facts.quarantined if facts.rejected is None else facts.rejected).values()), number),
        ("truncated or broken", sum(facts.partial.values()) or None, number),
        ("tokens in", usage.get("tokens_in"), number),
        ("of them cached", usage.get("tokens_cached"), number),
        ("tokens out", usage.get("tokens_out"), number),
        ("of them thoughts", usage.get("tokens_reasoning"), number),
        ("cost", usage.get("cost"), number),
        ("paid in all", None if facts.spent is None else facts.spent.cost, number),
    ]:
        if value is not None:
            yield what, show(value)
    yield "version", facts.version or UNDEFINED


def _megabytes(size: int | None) -> float | None:
    return None if size is None else size / 10**6
