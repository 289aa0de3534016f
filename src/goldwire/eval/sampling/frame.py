"""Frame of a draw: the documents that can be drawn, in units of near-duplicates and in strata."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from goldwire.corpora.errors import CorpusError
from goldwire.corpora.store import Corpus
from goldwire.corpora.types import Document
from goldwire.eval.counting.texts import MetaTextRow
from goldwire.eval.measures.phrases import amount
from goldwire.eval.measures.slices import parse_slice
from goldwire.eval.sampling import lines
from goldwire.eval.sampling.lines import Reader
from goldwire.eval.scoring import slices

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


class Frame(NamedTuple):
    """The documents that can be drawn, in the order of the corpus, and what is to be said of them.

    `before` are those of the whole corpus that have a finished line already. `unit` numbers near-duplicates,
    of which one at most is drawn; `strata` names the part of the corpus that each unit is in, that of its
    first document.
    """

    documents: tuple[Document, ...]
    before: tuple[str, ...]
    unit: Ints
    strata: tuple[str, ...]
    notes: tuple[str, ...] = ()

    @property
    def ids(self) -> tuple[str, ...]:
        """The documents by id."""
        return tuple(document.id for document in self.documents)

    @property
    def firsts(self) -> Ints:
        """The number of the first document of each unit."""
        found: Ints = np.unique(self.unit, return_index=True)[1]
        return found

    def of_units(self, values: Floats) -> Floats:
        """The mean value of the documents of each unit."""
        sums = np.bincount(self.unit, weights=values, minlength=len(self.strata))
        means: Floats = sums / np.bincount(self.unit, minlength=len(self.strata))
        return means


def read_frame(
    corpus: Corpus,
    gold: str,
    *,
    documents: Collection[str] | None = None,
    per: str | None = None,
    read: Reader = lines.read,
) -> Frame:
    """The documents without a finished line in a layer, which may not be there yet; `CorpusError` if none is.

    With `documents`, of these ids alone; `per` says by what they are parted into strata, as slices are.
    Documents of which all is excluded hold nothing to be annotated, and are left out.
    """
    known, notes = _finished(corpus, gold, read)
    everything = corpus.documents()
    asked = [one for one in everything if documents is None or one.id in documents]
    open_ones = [one for one in asked if one.id not in known]
    kept = [one for one in open_ones if length(one)]
    if not kept:
        raise CorpusError(_nothing(corpus, gold, asked, open_ones))
    if excluded := len(open_ones) - len(kept):
        notes.append(f"{amount(excluded, 'document')} left out, all of whose text is excluded")
    unit = _units(kept)
    if repeated := len(kept) - int(unit.max()) - 1:
        many = amount(repeated, "document")
        notes.append(f"{many} nearly repeat others: one of each group at most is drawn")
    return Frame(
        documents=tuple(kept),
        before=tuple(one.id for one in everything if one.id in known),
        unit=unit,
        strata=_strata(corpus, kept, unit, per, notes),
        notes=tuple(notes),
    )


def length(document: Document) -> int:
    """How many characters there are to annotate: those that are not excluded; 0 if they are all blank."""
    end, parts = 0, list[str]()
    for region in sorted(document.excluded, key=lambda region: region.start):
        parts.append(document.text[end : region.start])
        end = max(end, region.end)
    parts.append(document.text[end:])
    return sum(map(len, parts)) if any(map(str.strip, parts)) else 0


def _finished(corpus: Corpus, gold: str, read: Reader) -> tuple[set[str], list[str]]:
    if not corpus.layer_path(gold).is_file():
        return set(), [f"there is no layer {gold} yet, so no document counts as annotated before"]
    return {document for document, finished in read(corpus, gold, "finished") if finished}, []


def _nothing(corpus: Corpus, gold: str, asked: Sequence[Document], open_ones: Sequence[Document]) -> str:
    if not asked:
        return f"{corpus.where}: none of the documents asked for is there, and nothing can be drawn"
    if open_ones:
        return f"{corpus.where}: all of the text of {amount(len(open_ones), 'document')} is excluded"
    return (
        f"{corpus.where}: layer {gold} has a finished line for each of {amount(len(asked), 'document')}: "
        "nothing is left to draw; add documents, or name another layer with --gold"
    )


def _units(documents: Sequence[Document]) -> Ints:
    numbers: dict[str, int] = {}
    return np.array([numbers.setdefault(one.group or one.id, len(numbers)) for one in documents], np.int64)


def _strata(
    corpus: Corpus, documents: Sequence[Document], unit: Ints, per: str | None, notes: list[str]
) -> tuple[str, ...]:
    if per is None:
        return ("",) * (int(unit.max()) + 1)
    part = parse_slice(per)
    if part.of_units:
        raise CorpusError(f"--per {per}: parts units, not documents; name a field of the metadata")
    rows = [
        MetaTextRow(id=one.id, sha256=one.sha256, group=one.group, text=one.text, meta=one.meta)
        for one in documents
    ]
    raw = slices.values(rows, [part], slices.prepare(corpus, [part]))[str(part)]
    named = slices.parted(raw, part, notes)
    _, first = np.unique(unit, return_index=True)
    return tuple(f"{part}={named[place]}" for place in first.tolist())
