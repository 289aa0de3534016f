"""The error analysis of one system: classes, causes, confusions and what each error upstream costs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec
import numpy as np

from goldwire.corpora import exclude
from goldwire.corpora.ontology import Ontology
from goldwire.corpora.store import Corpus
from goldwire.corpora.types import Annotations, Document
from goldwire.eval.counting import reading
from goldwire.eval.counting.columns import NONE, Codes, Ints
from goldwire.eval.counting.counters import GoldAndSystem
from goldwire.eval.counting.reading import Wanted
from goldwire.eval.counting.texts import TextRow, make_texts
from goldwire.eval.errors import causes, classes, confidence, outcomes
from goldwire.eval.errors.classes import Cell, Example, Findings
from goldwire.eval.errors.confidence import Confidence
from goldwire.eval.errors.oracle import Substitution, substitute

EXCLUDED = "excluded"


class Analysis(msgspec.Struct, frozen=True):
    """What became of all units of gold and one system.

    `findings` are by `outcomes.KINDS`: mentions, triggers, arguments; `confidence` is of those that have
    scores. `excluded` are the mentions and triggers of either side that touch an excluded region and are
    no units. `documents` are ids by number.
    """

    findings: Mapping[str, Findings]
    confidence: Mapping[str, Confidence]
    excluded: tuple[Example, ...]
    substitutions: tuple[Substitution, ...]
    documents: tuple[str, ...]
    codes: Codes

    def classes(self, kind: str) -> dict[str, int]:
        """How many units or pairs of a kind are in each class."""
        return classes.tally(self.findings[kind])

    def causes(self) -> dict[str, tuple[int, int]]:
        """How many gold and how many system arguments are put down to each cause."""
        return outcomes.count_causes(self.findings["argument"])

    def confusion(self, kind: str) -> tuple[Cell, ...]:
        """The confusion matrix of a kind, by entity type, event type or role."""
        return classes.confusion(self.findings[kind], self.codes)

    def examples(self, kind: str, rows: Ints) -> Iterator[Example]:
        """Rows of the findings of a kind as they stand in the texts; see `where`."""
        return classes.iter_examples(self.findings[kind], rows, self.documents, self.codes, causes.CAUSES)

    def where(
        self,
        kind: str,
        *,
        outcome: str | None = None,
        cause: str | None = None,
        cell: tuple[str | None, str | None] | None = None,
    ) -> Ints:
        """The rows of a class, of a cause, of a cell of the confusion matrix, or of several at once."""
        found = self.findings[kind]
        chosen = np.ones(len(found), np.bool_)
        if outcome is not None:
            chosen &= found.kind == classes.CLASSES.index(outcome)
        if cause is not None:
            chosen &= found.cause == causes.CAUSES.index(cause)
        if cell is not None:
            wanted = (NONE if label is None else self.codes.get(label, NONE - 1) for label in cell)
            for column, code in zip(classes.label_codes(found), wanted, strict=True):
                chosen &= column == code
        return np.flatnonzero(chosen)


def analyse_corpus(corpus: Corpus, gold: str, system: str) -> Analysis:
    """The analysis of a layer of a corpus against another."""
    ours, theirs = (corpus.layer(name).values() for name in (gold, system))
    return analyse(ours, theirs, corpus.documents(), ontology=corpus.ontology())


def analyse(
    gold: Iterable[Annotations],
    system: Iterable[Annotations],
    documents: Sequence[Document],
    *,
    ontology: Ontology | None = None,
) -> Analysis:
    """The analysis of a system's annotations against gold; a document without any counts as empty."""
    ours, theirs = list(gold), list(system)
    sides = make_sides(ours, theirs, documents, ontology=ontology)
    by_id, found = {document.id: document for document in documents}, outcomes.find(sides)
    return Analysis(
        findings=found,
        confidence=dict(iter_confidence(found, sides.system.items)),
        excluded=(*iter_excluded(ours, by_id, gold=True), *iter_excluded(theirs, by_id, gold=False)),
        substitutions=substitute(sides),
        documents=sides.texts.ids,
        codes=sides.codes,
    )


def make_sides(
    gold: Sequence[Annotations],
    system: Sequence[Annotations],
    documents: Sequence[Document],
    *,
    ontology: Ontology | None = None,
) -> GoldAndSystem:
    """Two layers as the tables that are counted, excluded regions left out."""
    texts = make_texts(TextRow(id=d.id, sha256=d.sha256, excluded=d.excluded, text=d.text) for d in documents)
    codes, need = Codes(), Wanted(ontology=ontology, items=True)
    layers = [
        reading.make_layer([side], texts, codes, need, where=name)
        for name, side in (("gold", gold), ("system", system))
    ]
    return GoldAndSystem(layers[0], layers[1], texts, codes)


def iter_confidence(
    findings: Mapping[str, Findings], items: Sequence[Annotations]
) -> Iterator[tuple[str, Confidence]]:
    """What scores are worth, of the kinds that have any; `items` are of the system, in the table's order."""
    for kind, found in findings.items():
        judged = confidence.of_findings(found, confidence.scores_of(items, kind))
        if judged is not None:
            yield kind, judged


# ---------------------------------------------------------------- excluded regions
def iter_excluded(
    items: Iterable[Annotations], documents: Mapping[str, Document], *, gold: bool
) -> Iterator[Example]:
    """The mentions and triggers that touch an excluded region of their document."""
    for item in items:
        document = documents[item.document]
        units = [(m.type, m.spans) for m in item.mentions] + [(e.type, e.trigger) for e in item.events]
        for type, spans in units if document.excluded else ():
            if exclude.reason(spans, document.excluded) is not None:
                if gold:
                    yield Example(document=item.document, kind=EXCLUDED, gold=type, gold_spans=spans)
                else:
                    yield Example(document=item.document, kind=EXCLUDED, system=type, system_spans=spans)
