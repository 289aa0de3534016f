"""A report whole: figures, and what the corpus has to say of them where it is at hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from goldwire.corpora.store import Corpus
from goldwire.eval.report.build import is_several, is_streamed, make_report
from goldwire.eval.report.ceilings import with_ceilings
from goldwire.eval.report.values import Report
from goldwire.eval.scoring.record import Record, size

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
    said("looking at every unit…")
    made = with_ceilings(made, records, corpus, seed=seed)
    if not page:
        from goldwire.eval.report.sums import add_up, with_sums

        return with_sums(made, add_up(corpus, records)), {}
    return _page(made, records, corpus, said)


def _page(
    made: Report, records: Mapping[str, Record], corpus: Corpus, said: Callable[[str], None]
) -> tuple[Report, dict[str, Any]]:
    """The report and what goes into its page: of more documents than are listed, some."""
    from goldwire.eval.report.evidence import gather
    from goldwire.eval.report.excerpts import LISTED, choose
    from goldwire.eval.report.payload import make_blocks
    from goldwire.eval.report.sums import add_up, with_evidence, with_sums

    documents = size(next(iter(records.values())))
    if documents <= LISTED:
        evidence = gather(corpus, records)
        full = with_evidence(made, evidence)
        said(_TOGETHER)
    else:
        whole = add_up(corpus, records, places=True)
        full = with_sums(made, whole)
        said(_TOGETHER)
        evidence = gather(corpus, records, choose(whole.places.values(), documents))
    return full, make_blocks(full, evidence, records)


_TOGETHER = "putting documents and examples together…"


def _size(records: Mapping[str, Record]) -> int:
    return sum(len(record.documents) * len(record.systems) for record in records.values())


def _silent(_: str) -> None:
    """What short work says of how far it is."""
