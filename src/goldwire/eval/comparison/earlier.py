"""Changes since an earlier gold layer: figures of systems that moved, and whether their order turned.

Both golds are scored on the documents that both judge, by the same measures and policies. A difference has
an interval from resampling these documents: how far the figure would move on others, if gold were looked
through in the same way there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

import msgspec

from goldwire.corpora.coverage import finished
from goldwire.corpora.errors import CorpusError, MeasureError
from goldwire.corpora.store import Corpus
from goldwire.eval.comparison.compare import difference
from goldwire.eval.counting.coverage import Scope
from goldwire.eval.measures.measure import Measure, parse
from goldwire.eval.scoring.drawing import Drawing, drawing
from goldwire.eval.scoring.earlier import Moved, Turn, Was
from goldwire.eval.scoring.record import Record
from goldwire.eval.scoring.score import Counting, Options, score_corpus


def with_was(
    corpus: Corpus,
    record: Record,
    was: str,
    options: Options,
    *,
    workers: int = 1,
    count: Counting | None = None,
) -> Record:
    """A record of a corpus, with what the gold layer `was` says of its systems.

    Raises `MeasureError` if the record names no documents, is of several references or of that layer itself,
    `CorpusError` if the two judge no document in common.
    """
    _check(record, was)
    again = _Scoring(corpus, record, options, workers, count)
    judged = frozenset(record.documents)
    older = again.score(was, judged)
    is_same = older.documents == record.documents and record.weights is None
    newer = record if is_same else again.score(record.gold.layer, older.documents)
    every = _finished(corpus, was) if options.scope.documents is None else judged
    found = Was(
        layer=was,
        fingerprint=older.gold.fingerprint,
        documents=len(older.documents),
        unweighted=record.weights is not None,
        changed=_changed(corpus, record.gold.layer, was, older.documents),
        only_now=len(judged - set(older.documents)),
        only_before=len(every - judged),
        moved=tuple(_moved(older, newer, drawing(record))),
        turns=tuple(_turns(older, newer)),
    )
    return msgspec.structs.replace(record, was=found)


def _check(record: Record, was: str) -> None:
    if record.references:
        raise MeasureError("--was compares one gold with one before; with --references there are several")
    if not record.documents:
        raise MeasureError("--was needs the documents that --stream forgets; leave out one of the two")
    if was == record.gold.layer:
        raise MeasureError(f"--was {was}: is the layer that is scored against; name the one before")


class _Scoring(msgspec.Struct, frozen=True):
    """How a record was made, to do the same by another gold."""

    corpus: Corpus
    record: Record
    options: Options
    workers: int
    count: Counting | None

    def score(self, gold: str, documents: Sequence[str] | frozenset[str]) -> Record:
        """The same systems by a gold layer, on those of some documents that it judges."""
        drafts = self.options.scope.drafts
        scope = Scope(documents=frozenset(documents), unjudged="left-out", drafts=drafts)
        options = msgspec.structs.replace(
            self.options, scope=scope, trials=0, slices=(), classes=False, unweighted=True
        )
        systems = [system.layer for system in self.record.systems]
        try:
            return score_corpus(
                self.corpus,
                gold,
                systems,
                self.record.measures,
                options=options,
                workers=self.workers,
                count=self.count,
            )
        except CorpusError as error:
            raise CorpusError(f"--was: {error}") from error


def _finished(corpus: Corpus, layer: str) -> frozenset[str]:
    return frozenset(finished(corpus.layer(layer)))


def _changed(corpus: Corpus, gold: str, was: str, documents: Sequence[str]) -> int:
    """On how many documents two layers say something else."""
    one, two = corpus.layer(gold), corpus.layer(was)
    return sum(
        (one[id].mentions, one[id].events, one[id].relations)
        != (two[id].mentions, two[id].events, two[id].relations)
        for id in documents
    )


def _moved(older: Record, newer: Record, drawn: Drawing | None) -> Iterator[Moved]:
    for result in newer.results:
        measure, before = parse(result.measure), older.result(result.system, result.measure).value
        known = result.value is not None and before is not None
        found = Moved(
            system=result.system,
            measure=result.measure,
            before=before,
            now=result.value,
            difference=result.value - before if known else None,  # type: ignore[operator]  # both are known
        )
        yield _with_interval(found, older, newer, measure, drawn) if drawn is not None and known else found


def _with_interval(found: Moved, older: Record, newer: Record, measure: Measure, drawn: Drawing) -> Moved:
    one, two = (record.get_counts(found.system, measure) for record in (older, newer))
    groups, method, seed = newer.groups, drawn.method, drawn.seed
    ends = difference(one, two, measure, groups=groups, method=method, seed=seed).interval
    return msgspec.structs.replace(found, low=ends.low, high=ends.high, remark=ends.remark)


def _turns(older: Record, newer: Record) -> Iterator[Turn]:
    """The pairs of systems that are in another order, or level in one and not in the other."""
    for measure in newer.measures:
        names = [system.name for system in newer.systems]
        for pair in combinations(names, 2):
            before, now = (_ahead(record, measure, pair) for record in (older, newer))
            if now is not None and now != before:
                yield Turn(measure=measure, ahead=now, behind=pair[0] if now == pair[1] else pair[1])


def _ahead(record: Record, measure: str, pair: tuple[str, str]) -> str | None:
    """Which of two systems has the greater F; None where neither has."""
    one, two = (record.result(system, measure).value for system in pair)
    if one is None or two is None or one == two:
        return None
    return pair[0] if one > two else pair[1]
