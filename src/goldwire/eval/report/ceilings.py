"""Human ceilings: how well people agree among themselves, beside systems, by the same measures."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from goldwire.corpora.store import Corpus
from goldwire.eval.comparison.annotators import ANNOTATOR
from goldwire.eval.report.build import is_several, is_streamed, is_viewed
from goldwire.eval.report.values import Report, figure_of
from goldwire.eval.scoring.record import Record


def with_ceilings(
    report: Report, records: Mapping[str, Record], corpus: Corpus | None, *, seed: int = 0
) -> Report:
    """The report with the mean F of pairs of annotators on the documents that were scored.

    Drawn ones weigh what they weigh in the scores. As it is where two did not annotate one of these, where
    gold was seen through a view or is several layers, and where records do not name their documents or the
    corpus is not at hand.
    """
    if corpus is None or is_streamed(records) or is_several(records) or is_viewed(records):
        return report
    if sum(layer.startswith(ANNOTATOR) for layer in corpus.layers()) < 2:  # noqa: PLR2004 - two to agree
        return report
    from goldwire.eval.comparison.agreement import ceilings  # loads what showing a record has no use for

    documents = {id for record in records.values() for id in record.documents}
    weights = {
        id: weight
        for record in records.values()
        if record.weights is not None
        for id, weight in zip(record.documents, record.weights.each, strict=True)
    }
    measures = [board.measure for board in report.boards]
    found = ceilings(corpus, measures, documents=documents, weights=weights, seed=seed)
    boards = (
        msgspec.structs.replace(board, ceiling=figure_of(mean.value, mean))
        if (mean := found.get(board.measure)) is not None
        else board
        for board in report.boards
    )
    return msgspec.structs.replace(report, boards=tuple(boards))
