"""The record of a scoring: counts, results, policies and signatures, as versioned JSON.

A record holds all that is needed to report, compare, resample and gate without scoring again. It holds
no text and no annotation. `FORMAT` goes up when old readers could not read new records.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any, Literal

import msgspec

from goldwire.corpora.errors import JudgementError, among
from goldwire.corpora.store import SYSTEM
from goldwire.corpora.views import View
from goldwire.eval.counting.counts import Counts, Patterns, Weights, weigh
from goldwire.eval.measures.measure import Measure, form_of, name, parse
from goldwire.eval.measures.phrases import amount, sized
from goldwire.eval.scoring.earlier import Was
from goldwire.eval.scoring.lists import StringsOrTuple
from goldwire.eval.scoring.parts import (
    CorpusFacts,
    Coverage,
    DrawnGold,
    OntologyFacts,
    ReferencePair,
    Threshold,
    UnitFindings,
)
from goldwire.eval.scoring.runs import SystemRuns
from goldwire.eval.scoring.tables import CountTable
from goldwire.eval.statistics.figures import Score
from goldwire.eval.statistics.power import FEW
from goldwire.eval.systems.facts import reported

TEXT_DIGITS = 12  # of the SHA-256 of a text: enough to tell two texts of one document apart
# 3 had fingerprints of another kind (see `comparison.kinds`); 2 no hashes of texts; 1 no coverage, no
# rejected units and no failed documents either.
FORMAT = 4
_KEPT = 2**20  # rows of counts by document that a record keeps at hand, about fifty bytes each


class _Struct(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    pass


class LayerFacts(_Struct, frozen=True, kw_only=True):
    """What one layer brought to the documents that were scored.

    `fingerprint` is of the annotations and of what was rejected, order-free, provenance left out; `tokens` is
    that of the tokens beside the layer, where some were looked at. `missing` documents had no line and count
    as empty; `failed` ones are those on which the system failed, of which it was `allowed` so many.
    `excluded` units (mentions, events, arguments, relations) touched an excluded region and are not counted;
    `uncounted` ones are in documents that were not scored. `triggerless` events are no units of measures that
    need a trigger; so many types of events and fillers have `alternatives`. `view` is what the layer was seen
    through: `dropped` units have labels that it leaves out; `outside` ones do not stand inside the layer of
    the policy `inside`. `at` is the threshold of a system. `rejected` tells how many units were
    turned away, by kind (see `corpora.rejected`). `shown` is in how many documents annotators of gold were
    shown the layer before they began.
    `facts` is what the runner reported (see `eval.systems.facts`).
    """

    name: str
    layer: str
    fingerprint: str
    documents: int
    tokens: str | None = None
    missing: int = 0
    failed: int = 0
    allowed: int = 0
    excluded: int = 0
    uncounted: int = 0
    dropped: int = 0
    outside: int = 0
    view: View | None = None
    at: Threshold | None = None
    triggerless: int = 0
    alternatives: dict[str, int] = {}
    rejected: dict[str, int] = {}
    shown: int = 0
    facts: dict[str, Any] = {}


# The name of the tables of `Record.rejections`. A row has a kind as its label and counts what was rejected as
# system_hits; the row labelled "" counts all that was given (mentions, events, arguments, relations, rejected
# ones among them) as system. So the precision of the whole table is the rate of rejection.
REJECTED = "rejected"


class Interval(_Struct, frozen=True, kw_only=True):
    """A 95 % confidence interval of one figure; None where too few documents say anything.

    `remark`: most of it allows for documents `unlike` those seen, or it rests on one document `alone`.
    """

    low: float | None
    high: float | None
    remark: Literal["unlike", "alone"] | None = None


class Result(_Struct, frozen=True, kw_only=True):
    """What a measure says of a system.

    `value` is F by the measure's own average, the figure that `signature` belongs to; None if undefined.
    `averages` are micro, macro, weighted and documents, and both-sided-documents where the measure names it;
    of a mean over parts (CoNLL, BLANC) that mean alone, as macro. `intervals` are by figure (precision,
    recall, f) of the measure's own average. `labels` are the scores by label; the label "" holds units whose
    key has no type. `gold_collapsed` and `system_collapsed` units repeated another one and were not counted.
    `classes` are COR, INC, PAR, MIS and SPU where a suite asks for them (see `eval.errors.semeval`).
    """

    system: str
    measure: str
    signature: str
    value: float | None
    averages: dict[str, Score]
    labels: dict[str, Score] = {}
    intervals: dict[str, Interval] = {}
    classes: dict[str, int] = {}
    gold_collapsed: int = 0
    system_collapsed: int = 0


class Confusion(_Struct, frozen=True, kw_only=True):
    """What became of every mention, trigger or argument of gold and of a system (see `eval.errors.classes`).

    `units` are entity, event or argument. `cells` are gold label, system label and number; None on the
    gold side is spurious, on the system side missed. `classes` tells how many units or pairs are in each
    class; `causes`, of arguments, how many of gold and of the system are put down to each: see
    `eval.errors.causes`. `left_out` names the documents that are in none of this, and how many pairs of
    their units overlap.
    """

    system: str
    units: str
    cells: tuple[tuple[str | None, str | None, int], ...]
    classes: dict[str, int] = {}
    causes: dict[str, tuple[int, int]] = {}
    left_out: dict[str, int] = {}


class Slicing(_Struct, frozen=True, kw_only=True):
    """By what documents or units were parted (see `measures.slices`), and the parts, by `values`.

    Of a slice of documents, `documents` has the number of its value for each of `Record.documents`: its
    counts are theirs. Of one of units, `counts` have them, their labels being the value and the label of a
    unit as a JSON array; the measures of which no unit can be parted so are `unparted`, and `words` is the
    digest of the words that count as seen. `notes` are what must be told of it.
    """

    slice: str
    values: tuple[str, ...]
    documents: tuple[int, ...] = ()
    counts: tuple[CountTable, ...] = ()
    unparted: tuple[str, ...] = ()
    words: str | None = None
    notes: tuple[str, ...] = ()


class Record(_Struct, frozen=True, kw_only=True, dict=True):
    """One scoring of one or more systems against one gold layer, or several.

    `documents` are those that were scored, `texts` the first digits of their hashes (none in records of
    formats 1 and 2), `coverage` says what became of the others (None in records of format 1). `rejections`
    count, by system, what was turned away, of all that was given: see `REJECTED`. `findings` tell of each
    unit, so that it is not found again; there may be none (see `scoring.kept`). `runs` tell which systems are
    runs of one, and what is said of all of them together. Of several references, `gold` is the first and
    `references` are the others, `agreement` says how far they agree; there are then no confusions and no
    findings. `slices` are those that were asked for. `weights` are those of drawn gold: `counts` are as they
    were counted, results are weighted. `undrawn` names the draws of other layers that did not count. `was`
    tells what the gold layer before made of the systems, where one was named. Since format 4
    fingerprints are sums (see `corpora.digest`).
    """

    format: int
    goldwire: str
    created: str | None = None
    suite: str | None = None
    corpus: CorpusFacts
    ontology: OntologyFacts | None = None
    gold: LayerFacts
    systems: tuple[LayerFacts, ...]
    measures: tuple[str, ...]
    policies: dict[str, str]
    documents: StringsOrTuple
    texts: StringsOrTuple = ()
    groups: tuple[int, ...] | None = None
    coverage: Coverage | None = None
    counts: tuple[CountTable, ...] = ()
    rejections: tuple[CountTable, ...] = ()
    results: tuple[Result, ...] = ()
    runs: tuple[SystemRuns, ...] = ()
    confusions: tuple[Confusion, ...] = ()
    findings: tuple[UnitFindings, ...] = ()
    references: tuple[LayerFacts, ...] = ()
    agreement: tuple[ReferencePair, ...] = ()
    slices: tuple[Slicing, ...] = ()
    weights: DrawnGold | None = None
    undrawn: tuple[str, ...] = ()
    was: Was | None = None

    @property
    def golds(self) -> tuple[LayerFacts, ...]:
        """Every gold layer, in the order they were named."""
        return (self.gold, *self.references)

    def get_counts(self, system: str, measure: str | Measure) -> Counts:
        """The counts of a system under a measure; `JudgementError` if the record does not have them.

        Those of drawn gold are weighted. Of a system with runs each run has its own.
        Measures that differ in averages or beta alone have the same counts. What was asked for last is kept.
        """
        key = self.called(system), form_of(measure, counted=True)
        kept = self._counts
        if key not in kept:
            kept[key] = self._decoded(*key)
            while len(kept) > 1 and sum(len(counts.label) for counts in kept.values()) > _KEPT:
                del kept[next(iter(kept))]
        return kept[key]

    def patterns(self, system: str, measure: str | Measure) -> Patterns:
        """The same with documents of equal counts together, as they were counted: not weighted."""
        return self._table(self.called(system), form_of(measure, counted=True)).decoded

    def _decoded(self, system: str, measure: str) -> Counts:
        return self.decode(self._table(system, measure))

    def _table(self, system: str, measure: str) -> CountTable:
        table = self._tables.get((system, measure))
        if system in self._several:
            runs = self._several[system].runs
            raise JudgementError(
                f"{system} has {len(runs)} runs, each with counts of its own: {', '.join(runs)}"
            )
        if table is None:
            raise JudgementError(f"the record has no counts of {system!r} under {measure!r}")
        if table.times:
            raise JudgementError(
                "the record does not name its documents, so that nothing can be compared by "
                "document; score without --stream"
            )
        return table

    def decode(self, table: CountTable) -> Counts:
        """The counts of one of its tables, by document: weighted where gold was drawn."""
        counts = table.decoded.expand(self.documents)
        return counts if self.scaled is None else weigh(counts, self.scaled)

    @cached_property
    def scaled(self) -> Weights | None:
        """What documents weigh, on average 1; None where all count alike."""
        return None if self.weights is None else scale(self.weights)

    def result(self, system: str, measure: str | Measure) -> Result:
        """What a measure, by name, string form or value, says of a system: of one with runs, in their mean.

        `JudgementError` if the record does not hold it, with what is like it; `MeasureError` if it is none.
        """
        key = self.called(system), form_of(measure)
        if key not in self._results:
            known = dict.fromkeys([*self.measures, *(name(parse(form)) for form in self.measures)])
            raise JudgementError(f"the record has no measure {str(measure)!r}{among(str(measure), known)}")
        return self._results[key]

    def runs_of(self, system: str) -> tuple[str, ...]:
        """The runs of a system; none of one that has no runs."""
        return self._several[system].runs if system in self._several else ()

    def called(self, system: str) -> str:
        """A system's name in the record; it may be given as a layer. `JudgementError` if there is none."""
        names = [*self._several, *(layer.name for layer in self.systems)]
        if system in names:
            return system
        short = system.removeprefix(SYSTEM) if isinstance(system, str) else system
        if short in names:
            return short
        raise JudgementError(f"the record has no system {system!r}{among(str(system), names)}")

    @cached_property
    def _results(self) -> dict[tuple[str, str], Result]:
        found = {(result.system, result.measure): result for result in self.results}
        if not self.runs:
            return found
        from goldwire.eval.scoring.means import mean_result

        means = {
            (several.system, one.measure): mean_result(
                several.system, one, [found[run, one.measure] for run in several.runs]
            )
            for several in self.runs
            for one in several.results
        }
        return found | means

    @cached_property
    def _several(self) -> dict[str, SystemRuns]:
        return {several.system: several for several in self.runs}

    @cached_property
    def _tables(self) -> dict[tuple[str, str], CountTable]:
        return {(table.system, table.measure): table for table in self.counts}

    @cached_property
    def _counts(self) -> dict[tuple[str, str], Counts]:
        return {}


def size(record: Record) -> int:
    """How many documents were scored, whether the record names them or not."""
    return len(record.documents) or max((sum(table.times) for table in record.counts), default=0)


def independent(record: Record) -> int:
    """How many documents the figures rest on, near-duplicates that are drawn together counted once."""
    return size(record) if record.groups is None else len(set(record.groups))


def failed_runs(record: Record) -> list[str]:
    """The systems that failed on more documents than they were allowed, a line each.

    Their figures say what broke, not what they find. In records of format 1 the runner's facts say it, and
    nothing was allowed.
    """
    found = ((system, failures(record, system)) for system in record.systems)
    whole = amount(size(record), "document")
    return [
        f"{system.name} failed on {failed:,} of {whole} (allowed: {system.allowed:,})"
        for system, failed in found
        if failed > system.allowed
    ]


def failures(record: Record, system: LayerFacts) -> int:
    """On how many of the scored documents a system failed."""
    if record.format > 1:
        return system.failed
    failed = reported(system.facts).failed
    return len(failed.keys() & set(record.documents) if record.documents else failed)


def iter_warnings(record: Record) -> Iterator[str]:
    """What people must be told before they read the figures; see `power.FEW`."""
    documents, distinct = size(record), independent(record)
    if 0 < distinct <= FEW:
        yield (
            f"These figures rest on {sized(documents, distinct)}. On {FEW} or fewer, hardly any difference "
            "can be shown, and what is seen rests on single documents: take them as a first look."
        )
    elif distinct < documents:
        yield f"{sized(documents, distinct)}: intervals, tests and what is needed count groups."
    for confusion in record.confusions:
        for document, pairs in confusion.left_out.items():
            yield (
                f"The error classes of {confusion.system} ({confusion.units}) leave out document "
                f"{document!r}: {pairs:,} pairs of its units overlap, too many to be compared."
            )


def scale(weights: DrawnGold) -> Weights:
    """What documents weigh, on average 1."""
    return Weights.of(weights.each, weights.strata)
