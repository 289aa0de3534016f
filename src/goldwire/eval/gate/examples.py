"""Places in the text where a build lost what its baseline had; and what of gold a baseline has right.

Both are read block by block, or at once where the files cannot be cut.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from heapq import nsmallest
from typing import NamedTuple, TypeVar

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

T = TypeVar("T")
EXAMPLES = 3
CONTEXT = 48  # code points of text on either side of an example


# ---------------------------------------------------------------- reading
class _ChangedError(Exception):
    """What was read is not what the record was made from: what came of it is of no use."""


def _of_blocks(
    corpus: Corpus, record: Record, take: Callable[[Iterable[Traced]], T], *, texts: bool = False
) -> T:
    """What `take` makes of the layers that a record was made from, in blocks that follow each other.

    Raises `JudgementError` if the corpus holds others by now.
    """
    try:
        return take(_iter_checked(corpus, record, texts=texts))
    except (DisorderError, DataError, _ChangedError):
        return take([_read(corpus, record)])


def _iter_checked(corpus: Corpus, record: Record, *, texts: bool) -> Iterator[Traced]:
    read, names = Digest(), ["", *(system.name for system in record.systems)]
    digests = {name: (Digest(), Digest()) for name in names}
    for traced in located.iter_read(corpus, record, texts=texts):
        layers = (traced.golds[0], *(traced.sides[name].system for name in names[1:]))
        for name, layer in zip(names, layers, strict=True):
            content, bonds = digests[name]
            digests[name] = content + layer.digest, bonds + layer.bonds
        read += traced.texts.digest
        yield traced
    layers_of = zip((record.gold, *record.systems), digests.values(), strict=True)
    if not is_of(record, read, [(facts, *both) for facts, both in layers_of]):
        raise _ChangedError


def _read(corpus: Corpus, record: Record) -> Traced:
    traced = located.read(corpus, record)
    systems_read = ((system, traced.sides[system.name].system) for system in record.systems)
    check_corpus(corpus, traced.texts, record, [*zip(record.golds, traced.golds, strict=True), *systems_read])
    return traced


# ---------------------------------------------------------------- hits
def read_hits(corpus: Corpus, record: Record, measures: Sequence[str]) -> Hits:
    """Which gold units each system has right, for a baseline; of several references none.

    Raises `JudgementError` if the corpus holds other layers than the record was made from.
    """
    wanted = [measure for measure in map(parse, measures) if located.is_traced(measure)]

    def take(blocks: Iterable[Traced]) -> Hits:
        whole: Hits = {system.name: {str(measure): {} for measure in wanted} for system in record.systems}
        for traced in blocks:
            for system, by_measure in whole.items():
                for measure in wanted:
                    by_measure[str(measure)].update(located.encode_hits(traced.trace(system, measure)))
        return whole

    return {} if record.references else _of_blocks(corpus, record, take)


# ---------------------------------------------------------------- examples
class _Example(NamedTuple):
    """What is told of a unit; `place` says before which others (see `_ranked`)."""

    place: tuple[int, int, Unit]
    text: str


class _Found(NamedTuple):
    """The first examples of what was right and is wrong now, and of what is not in gold."""

    lost: list[_Example]
    spurious: list[_Example]

    def add(self, other: _Found) -> None:
        """Keep the first of these and of others, which are of other documents."""
        for own, more in zip(self, other, strict=True):
            own[:] = nsmallest(EXAMPLES, [*own, *more])


def illustrate(judgement: Judgement, baseline: Baseline, corpus: Corpus, record: Record) -> Judgement:
    """The judgement with examples in the checks that failed or warned, where there is one gold layer.

    Raises `JudgementError` if the corpus holds other layers than the record was made from.
    """
    wanted = {number: check for number, check in enumerate(judgement.checks) if _is_shown(check)}
    if record.references or not wanted:
        return judgement

    def take(blocks: Iterable[Traced]) -> dict[int, _Found]:
        whole = {number: _Found([], []) for number in wanted}
        for traced in blocks:
            for number, check in wanted.items():
                whole[number].add(_find(check, baseline, traced))
        return whole

    checks = list(judgement.checks)
    for number, found in _of_blocks(corpus, record, take, texts=True).items():
        # Where nothing that was right is wrong now, what fell is precision.
        texts = tuple(example.text for example in found.lost or found.spurious)
        checks[number] = msgspec.structs.replace(checks[number], examples=texts)
    return msgspec.structs.replace(judgement, checks=tuple(checks))


def _is_shown(check: Check) -> bool:
    """Whether units say what a check found: not of slices, for what is in a slice is not kept."""
    return (
        check.verdict in ("fail", "warn")
        and bool(check.measure)
        and check.slice is None
        and located.is_traced(parse(check.measure))
    )


def _find(check: Check, baseline: Baseline, traced: Traced) -> _Found:
    found = traced.trace(_layer(check.system, traced.sides), parse(check.measure))
    hits = baseline.hits.get(_layer(check.system, baseline.hits), {}).get(check.measure, {})
    labels = [change.label for change in check.losers]
    wrong = [unit for unit, right in zip(found.system, found.system_right, strict=True) if not right]
    lost, spurious = (
        _ranked([unit for unit in units if check.label in (None, unit.label)], labels)
        for units in (_lost(found, hits), wrong)
    )
    return _Found(
        [_Example(place, _told(traced, place[-1], _instead(place[-1], wrong))) for place in lost],
        [_Example(place, _told(traced, place[-1], "not in gold")) for place in spurious],
    )


def _told(traced: Traced, unit: Unit, what: str) -> str:
    return f"{quote(traced, unit)} {_name(unit)}: {what}"


def _layer(system: str, layers: Collection[str]) -> str:
    """The layer of a system that examples are taken from: of several runs the first."""
    runs = (layer for layer in layers if is_run(layer, system))
    return system if system in layers else min(runs, key=number_of, default=system)


def _lost(found: Trace, hits: dict[str, str]) -> Iterator[Unit]:
    """Gold units that were right in the baseline and are not now."""
    before: dict[str, Iterator[bool]] = {}
    for unit, right in zip(found.gold, found.gold_right, strict=True):
        if unit.document not in before:
            before[unit.document] = iter(located.decode_hits(hits.get(unit.document, "1")))
        was = next(before[unit.document], False)
        if was and not right:
            yield unit


def _ranked(units: Iterable[Unit], labels: Sequence[str]) -> list[tuple[int, int, Unit]]:
    """The first units: of different documents before a second one of any, of the labels named first."""
    rank = {label: number for number, label in enumerate(labels)}
    seen: dict[str, int] = {}
    keyed = []
    for unit in sorted(units, key=lambda unit: rank.get(unit.label, len(rank))):
        seen[unit.document] = seen.get(unit.document, 0) + 1
        keyed.append((seen[unit.document], rank.get(unit.label, len(rank)), unit))
    return nsmallest(EXAMPLES, keyed)


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
