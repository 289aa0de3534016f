"""Evidence from the layers for every unit: the layers behind a report, and what became of their units.

gather(corpus, records)         all of it at once, with texts; or that of some documents
iter_evidence(corpus, records)  without texts, some documents after the other, in memory that stays
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np

from goldwire.corpora.errors import DataError
from goldwire.corpora.garbage import no_collection
from goldwire.corpora.integrity import document_faults
from goldwire.corpora.ontology import Ontology
from goldwire.corpora.store import Corpus
from goldwire.corpora.types import Document, Meta
from goldwire.eval.comparison.contender import Contender, contenders
from goldwire.eval.comparison.same import check_corpus
from goldwire.eval.counting.chunks import Block
from goldwire.eval.counting.columns import Bools, Codes, Ints
from goldwire.eval.counting.counters import GoldAndSystem
from goldwire.eval.counting.counts import Weights
from goldwire.eval.counting.reading import Layer, Wanted
from goldwire.eval.counting.texts import MetaTextRow, Texts
from goldwire.eval.errors import outcomes
from goldwire.eval.errors.classes import CORRECT, Findings
from goldwire.eval.errors.outcomes import OtherUnitsError, Outcomes
from goldwire.eval.scoring.kept import of_system
from goldwire.eval.scoring.record import LayerFacts, Record
from goldwire.eval.scoring.score import iter_scored_blocks, read_scored

UNITS = ("entities", "triggers", "arguments")  # as `outcomes.KINDS`, in the words of a reader


@dataclass(frozen=True)
class Evidence:
    """The layers behind a report, and what became of their units: by system, then by `UNITS`.

    `numbers` are those that the documents have in the records. Without texts there is no `meta`.
    """

    texts: Texts
    meta: dict[str, Meta]
    codes: Codes
    ontology: Ontology | None
    gold: Layer
    systems: dict[str, Layer]
    sides: dict[str, GoldAndSystem]
    findings: dict[str, dict[str, Findings]]
    numbers: Ints
    weights: Weights | None = None

    @cached_property
    def names(self) -> tuple[Any, ...]:
        """What each code stands for."""
        return self.codes.names()


@no_collection()
def gather(corpus: Corpus, records: Mapping[str, Record], numbers: Ints | None = None) -> Evidence:
    """Read and compare the layers that records were made from: all of them, or those of some documents.

    `numbers` are those of documents in the records. Raises `JudgementError` if texts or layers changed since,
    which is not seen of some documents alone.
    """
    case = _Case.of(corpus, records)
    if numbers is None:
        block = read_scored(corpus, case.first, case.layers, case.wanted(texts=True))
        _check(corpus, records, case.contending, block)
        meta = {document.id: document.meta for document in corpus.documents()}
        return case.evidence(block, np.arange(len(block.texts.rows)), meta)
    some = {*numbers.tolist()}
    number = {id: place for place, id in enumerate(case.first.documents) if place in some}
    block = read_scored(corpus, case.first, case.layers, case.wanted(texts=True, meta=True), number.keys())
    own = np.array([number[id] for id in block.texts.ids], np.int64)
    return case.evidence(block, own, _meta(corpus, block.texts))


def iter_evidence(corpus: Corpus, records: Mapping[str, Record]) -> Iterator[Evidence]:
    """The evidence of all documents without their texts, block by block, in order of document.

    Raises as `chunks.read_block`. Whether the layers changed since is for who adds up to find.
    """
    case, start = _Case.of(corpus, records), 0
    for block in iter_scored_blocks(corpus, case.first, case.layers, case.wanted(texts=False)):
        numbers = np.arange(start, start + len(block.texts.rows))
        yield case.evidence(block, numbers, {})
        start += len(numbers)


def _check(
    corpus: Corpus, records: Mapping[str, Record], contending: Sequence[Contender], block: Block
) -> None:
    """Raise `JudgementError` if a record was made of something else; fingerprints may be of two kinds."""
    systems = dict(zip([one.name for one in contending], block.layers[1:], strict=True))
    for record in records.values():
        made = ((one.facts, systems[one.name]) for one in contending if one.record is record)
        check_corpus(corpus, block.texts, record, [(record.gold, block.layers[0]), *made])


def _meta(corpus: Corpus, texts: Texts) -> dict[str, Meta]:
    """What is known of documents besides their texts; `DataError` if one is not what its hash says."""
    rows = [row for row in texts.rows if isinstance(row, MetaTextRow)]
    documents = (Document(id=r.id, text=r.text, sha256=r.sha256, excluded=r.excluded) for r in rows)
    faults = [*document_faults(documents)]
    if faults:
        raise DataError(f"{corpus.documents_path()}: {len(faults)} fault(s)", faults)
    return {row.id: row.meta for row in rows}


@dataclass(frozen=True)
class _Case:
    """What evidence is gathered of: the contenders of records, and what is kept of their units."""

    first: Record
    contending: list[Contender]
    ontology: Ontology | None
    kept: list[dict[str, Outcomes]]

    @classmethod
    def of(cls, corpus: Corpus, records: Mapping[str, Record]) -> Self:
        contending = [system.first for system in contenders(records)]
        kept = [of_system(one.record, one.system) for one in contending]
        return cls(next(iter(records.values())), contending, corpus.ontology(), kept)

    @property
    def layers(self) -> list[LayerFacts]:
        """Those of the contenders, as their records have them."""
        return [one.facts for one in self.contending]

    def wanted(self, *, texts: bool, meta: bool = False) -> Wanted:
        """What is looked at: units whole, since they may have scores, with the attributes there are."""
        names = () if self.ontology is None else tuple(sorted(self.ontology.attributes))
        return Wanted(attributes=names, ontology=self.ontology, items=True, texts=texts, meta=meta)

    def evidence(self, block: Block, numbers: Ints, meta: dict[str, Meta]) -> Evidence:
        """What a block says; `numbers` are those of its documents."""
        gold, names = block.layers[0], [one.name for one in self.contending]
        systems = dict(zip(names, block.layers[1:], strict=True))
        sides = {name: GoldAndSystem(gold, one, block.texts, block.codes) for name, one in systems.items()}
        weights = self.first.scaled
        return Evidence(
            texts=block.texts,
            meta=meta,
            codes=block.codes,
            ontology=self.ontology,
            gold=gold,
            systems=systems,
            sides=sides,
            findings={
                name: _findings(kept, sides[name], numbers)
                for name, kept in zip(names, self.kept, strict=True)
            },
            numbers=numbers,
            weights=None if weights is None else weights.take(numbers),
        )


def _findings(known: Mapping[str, Outcomes], sides: GoldAndSystem, numbers: Ints) -> dict[str, Findings]:
    """What became of the units of a system: as its record has it, else found from the layers."""
    try:
        kept = {kind: outcomes.part(one, numbers) for kind, one in known.items()}
        found = outcomes.find(sides, kept=kept)
    except OtherUnitsError:  # of a record that somebody wrote by other means: its layers are the same
        found = outcomes.find(sides)
    return dict(zip(UNITS, found.values(), strict=True))


def right_units(findings: Findings) -> Bools:
    """Which gold units a system has right."""
    right = np.zeros(len(findings.gold.label), np.bool_)
    right[findings.gold_unit[findings.kind == CORRECT]] = True
    return right


def common_units(one: Findings, two: Findings) -> tuple[Ints, Ints]:
    """The gold units of the documents that both systems were compared in, as numbers in each of the two."""
    without = [*one.left_out, *two.left_out]
    first, second = (np.flatnonzero(~np.isin(found.gold.extents.document, without)) for found in (one, two))
    return first, second
