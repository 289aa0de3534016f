"""Places in the text where a build lost what its baseline had."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

import msgspec

from goldwire.corpora.digest import Digest
from goldwire.corpora.errors import DataError
from goldwire.corpora.store import Corpus
from goldwire.corpora.types import Spans
from goldwire.eval.comparison import located
from goldwire.eval.comparison.located import Trace, Traced, Unit
from goldwire.eval.comparison.same import check_corpus, is_of
from goldwire.eval.counting.chunks import DisorderError
from goldwire.eval.gate.baseline import Baseline, Hits
from goldwire.eval.gate.judgement import Check, Judgement
from goldwire.eval.measures.measure import parse
from goldwire.eval.scoring.record import Record
from goldwire.eval.systems.runs import is_run, number_of

EXAMPLES = 3
CONTEXT = 48  # code points of text on either side of an example


def read_traced(corpus: Corpus, record: Record) -> Traced:
    """The layers that a record was made from; `JudgementError` if the corpus holds others by now."""
    traced = located.read(corpus, record)
    systems_read = ((system, traced.sides[system.name].system) for system in record.systems)
    check_corpus(corpus, traced.texts, record, [*zip(record.golds, traced.golds, strict=True), *systems_read])
    return traced


def trace_hits(traced: Traced, record: Record, measures: Sequence[str]) -> Hits:
    """Which gold units each system has right, for a baseline; of several references none."""
    if record.references:
        return {}
    wanted = [measure for measure in map(parse, measures) if located.is_traced(measure)]
    return {
        system.name: {
            str(measure): located.encode_hits(traced.trace(system.name, measure)) for measure in wanted
        }
        for system in record.systems
    }


def read_hits(corpus: Corpus, record: Record, measures: Sequence[str]) -> Hits:
    """The same of a corpus, read block by block, or at once where files cannot be cut.

    Raises `JudgementError` if the corpus holds other layers by now.
    """
    try:
        found = None if record.references else _add_hits(corpus, record, measures)
    except (DisorderError, DataError):
        found = None
    return trace_hits(read_traced(corpus, record), record, measures) if found is None else found


def _add_hits(corpus: Corpus, record: Record, measures: Sequence[str]) -> Hits | None:
    """The hits of all blocks; None if they are not those of the layers that the record was made from."""
    whole: Hits = {}
    texts, names = Digest(), ["", *(system.name for system in record.systems)]
    digests = {name: (Digest(), Digest()) for name in names}
    for traced in located.iter_read(corpus, record):
        layers = (traced.golds[0], *(traced.sides[name].system for name in names[1:]))
        for name, layer in zip(names, layers, strict=True):
            content, bonds = digests[name]
            digests[name] = content + layer.digest, bonds + layer.bonds
        texts += traced.texts.digest
        for system, by_measure in trace_hits(traced, record, measures).items():
            for measure, hits in by_measure.items():
                whole.setdefault(system, {}).setdefault(measure, {}).update(hits)
    layers_of = zip((record.gold, *record.systems), digests.values(), strict=True)
    return whole if is_of(record, texts, [(facts, *both) for facts, both in layers_of]) else None


def illustrate(judgement: Judgement, baseline: Baseline, traced: Traced) -> Judgement:
    """The judgement with examples in the checks that failed or warned, where there is one gold layer."""
    if len(traced.golds) > 1:
        return judgement
    return msgspec.structs.replace(
        judgement,
        checks=tuple(
            msgspec.structs.replace(check, examples=tuple(_examples(check, baseline, traced)))
            if check.verdict in ("fail", "warn")
            else check
            for check in judgement.checks
        ),
    )


def _examples(check: Check, baseline: Baseline, traced: Traced) -> Iterator[str]:
    if not check.measure or check.slice is not None:  # what is in a slice is not kept
        return
    measure = parse(check.measure)
    if not located.is_traced(measure):
        return
    found = traced.trace(_layer(check.system, traced.sides), measure)
    hits = baseline.hits.get(_layer(check.system, baseline.hits), {}).get(check.measure, {})
    lost = [unit for unit in _lost(found, hits) if check.label in (None, unit.label)]
    wrong = [unit for unit, right in zip(found.system, found.system_right, strict=True) if not right]
    for unit in spread(lost, [change.label for change in check.losers])[:EXAMPLES]:
        yield f"{quote(traced, unit)} {_name(unit)}: {_instead(unit, wrong)}"
    if lost:
        return
    # Nothing that was right is wrong now, so what fell is precision: show what is not in gold.
    spurious = [unit for unit in wrong if check.label in (None, unit.label)]
    for unit in spread(spurious, [change.label for change in check.losers])[:EXAMPLES]:
        yield f"{quote(traced, unit)} {_name(unit)}: not in gold"


def _layer(system: str, layers: Collection[str]) -> str:
    """The layer of a system that examples are taken from: of several runs the first."""
    runs = (layer for layer in layers if is_run(layer, system))
    return system if system in layers else min(runs, key=number_of, default=system)


def _lost(found: Trace, hits: dict[str, str]) -> Iterator[Unit]:
    """Gold units that were right in the baseline and are not now."""
    before = {document: iter(located.decode_hits(digits)) for document, digits in hits.items()}
    for unit, right in zip(found.gold, found.gold_right, strict=True):
        was = next(before.get(unit.document, iter(())), False)
        if was and not right:
            yield unit


def spread(units: Sequence[Unit], labels: Sequence[str]) -> list[Unit]:
    """Units of the labels named first, and of different documents before a second one of any."""
    rank = {label: number for number, label in enumerate(labels)}
    seen: dict[str, int] = {}
    keyed = []
    for unit in sorted(units, key=lambda unit: rank.get(unit.label, len(rank))):
        seen[unit.document] = seen.get(unit.document, 0) + 1
        keyed.append((seen[unit.document], rank.get(unit.label, len(rank)), unit))
    return [unit for _, _, unit in sorted(keyed)]


def quote(traced: Traced, unit: Unit) -> str:
    """The document, and the unit in [brackets] with some text around it."""
    text = located.text_of(traced, unit.document)
    start, end = unit.spans[0].start, unit.spans[-1].end
    before, after = text[max(0, start - CONTEXT) : start], text[end : end + CONTEXT]
    parts = _bracketed(text, unit.spans)
    return f"{unit.document}: …{before}{parts}{after}…"


def _bracketed(text: str, spans: Spans) -> str:
    pieces, last = [], spans[0].start
    for span in spans:
        pieces += [text[last : span.start], "[", text[span.start : span.end], "]"]
        last = span.end
    return "".join(pieces)


def _name(unit: Unit) -> str:
    return f"({unit.label})" if unit.label else ""


def _instead(unit: Unit, wrong: Sequence[Unit]) -> str:
    """What stands in the system's output where the unit should."""
    for other in wrong:
        if other.document == unit.document and _touch(unit.spans, other.spans):
            if other.spans != unit.spans:
                return "found with other borders" + (
                    f" as {other.label}" if other.label != unit.label else ""
                )
            if other.label != unit.label:
                return f"found as {other.label}"
            return "found at another trigger"
    return "missed now"


def _touch(one: Spans, other: Spans) -> bool:
    return any(a.start < b.end and b.start < a.end for a in one for b in other)
