"""A report whole: figures, and what the corpus has to say of them where it is at hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from goldwire.corpora.store import Corpus
from goldwire.eval.report.build import is_several, is_streamed, make_report
from goldwire.eval.report.ceilings import with_ceilings
from goldwire.eval.report.values import Report
from goldwire.eval.scoring.record import Record

# Documents times systems from which a report takes more than a few seconds: about ten, as measured.
LONG = 2000


def make_whole(
    records: Mapping[str, Record],
    corpus: Corpus | None,
    *,
    seed: int = 0,
    page: bool = True,
    tell: Callable[[str], None] = lambda _: None,
) -> tuple[Report, dict[str, Any]]:
    """The report and, for a `page`, the texts and examples that go into it.

    `tell` hears how far long work is.
    """
    said = tell if _size(records) >= LONG else _silent
    said("comparing systems…")
    made = make_report(records, seed=seed)
    if corpus is None or is_streamed(records) or is_several(records):
        return made, {}
    from goldwire.eval.report.evidence import gather
    from goldwire.eval.report.payload import make_blocks
    from goldwire.eval.report.sums import add_up, with_evidence, with_sums

    said("looking at every unit…")
    made = with_ceilings(made, records, corpus, seed=seed)
    if not page:
        return with_sums(made, add_up(corpus, records)), {}
    evidence = gather(corpus, records)
    full = with_evidence(made, evidence)
    said("putting documents and examples together…")
    return full, make_blocks(full, evidence, records)


def _size(records: Mapping[str, Record]) -> int:
    return sum(len(record.documents) * len(record.systems) for record in records.values())


def _silent(_: str) -> None:
    """What short work says of how far it is."""
