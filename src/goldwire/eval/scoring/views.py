"""Views of a scoring: what gold and each system are seen through, and where units count."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import msgspec

from goldwire.corpora import views
from goldwire.corpora.codec import hash_file
from goldwire.corpora.errors import CorpusError, JudgementError
from goldwire.corpora.labels import LabelMap
from goldwire.corpora.ontology import Ontology
from goldwire.corpora.store import Corpus
from goldwire.corpora.types import Annotations
from goldwire.corpora.views import Asked, Seen, View
from goldwire.eval.counting.reading import Wanted
from goldwire.eval.counting.texts import iter_chunks
from goldwire.eval.scoring.record import LayerFacts, Record

GOLD = "gold"  # what gold is called in what is asked for, whatever the layer
LABELS = "labels"  # the policy that names the view of gold
INSIDE = "inside"  # the policy that names the layer inside of which units count


REFERENCE_LABELS = "reference-labels"  # and that which names those of references seen otherwise than gold


class Sights(msgspec.Struct, frozen=True):
    """The view of each layer of a scoring, gold's first, and what follows from them.

    The first `golds` are those of references.

    `symmetric` are the types of relations that are the same either way, by the names that are seen. `inside`
    is the layer inside of which units count, if it is to be one, and `digest` says what stood in it.
    """

    each: tuple[View | None, ...]
    symmetric: frozenset[str] = frozenset()
    inside: str | None = None
    digest: str = ""
    golds: int = 1

    def need(self, need: Wanted) -> Wanted:
        """What is to be read, so that layers are seen like this."""
        return msgspec.structs.replace(
            need,
            views=tuple(view and view.labels for view in self.each) if any(self.each) else (),
            symmetric=self.symmetric,
            inside=self.inside is not None,
        )

    def sources(self, layers: Sequence[str]) -> list[str]:
        """The layers to be read: those of the scoring, and the one inside of which units count."""
        return [*layers, *([] if self.inside is None else [self.inside])]

    @property
    def policies(self) -> dict[str, str]:
        """What holds for all systems: how gold is seen, and where units count."""
        gold, *others = map(_name, self.each[: self.golds])
        labels = {} if self.each[0] is None else {LABELS: gold}
        if set(others) - {gold}:
            labels[REFERENCE_LABELS] = "+".join(others)
        return labels if self.inside is None else {**labels, INSIDE: f"{self.inside}#{self.digest}"}

    def own(self, number: int) -> dict[str, str]:
        """What holds for one system beside that: how it is seen, where that is not how gold is."""
        gold, view = self.each[0], self.each[number]
        return {} if view == gold or _name(view) == _name(gold) else {"system-labels": _name(view)}


def _name(view: View | None) -> str:
    return "none" if view is None else view.name


# ---------------------------------------------------------------- as they are asked for
def of_corpus(
    corpus: Corpus,
    layers: Sequence[tuple[str, str]],
    asked: Asked,
    inside: str | None,
    ontology: Ontology | None,
    *,
    golds: int = 1,
    systems: Mapping[str, str] = MappingProxyType({}),
) -> Sights:
    """How layers of a corpus, given by their names and sources, are seen; `inside` is one of them all.

    A map for a system is for all its runs: `systems` tells by the name of a layer which it is a run of.
    Raises `CorpusError` if a map is for a layer that is not scored, and as `views.resolve`.
    """
    seen = [_labels(corpus, source) for _, source in layers] if asked else []
    called = [{name, source, systems.get(name, name)} for name, source in layers]
    found = _resolved(called, seen, asked, ontology, golds)
    if inside is None:
        return found
    digest = _digest(corpus.layer_file(inside))
    return msgspec.structs.replace(found, inside=inside, digest=digest)


def of_lines(
    layers: Sequence[tuple[str, Sequence[Annotations]]],
    asked: Asked,
    ontology: Ontology | None,
    golds: int = 1,
) -> Sights:
    """How annotations, given by the names of their layers, are seen; see `of_corpus`."""
    seen = [views.seen_in(map(msgspec.to_builtins, lines)) for _, lines in layers] if asked else []
    return _resolved([{name} for name, _ in layers], seen, asked, ontology, golds)


def _labels(corpus: Corpus, layer: str) -> Seen:
    lines = iter_chunks(corpus.layer_file(layer), dict[str, Any])
    return views.seen_in(line for chunk in lines for line in chunk)


def _resolved(
    names: Sequence[set[str]], seen: Sequence[Seen], asked: Asked, ontology: Ontology | None, golds: int
) -> Sights:
    if not asked:
        return _sights([None] * len(names), ontology, golds)
    if golds == 1:  # of several, each has a name of its own
        names = [names[0] | {GOLD}, *names[1:]]
    maps: dict[str, tuple[str, LabelMap]] = {}
    for name, labels in asked.maps.items():
        numbers = [number for number, called in enumerate(names) if name in called]
        if name and not numbers:
            known = ", ".join(sorted({min(called, key=len) for called in names}))
            raise CorpusError(f"--labels {name}=…: no layer of that name is scored; scored are {known}")
        maps.update({str(number): labels for number in numbers} if name else {name: labels})
    layers = {str(number): found for number, found in enumerate(seen)}
    found = views.resolve(Asked(maps=maps, choice=asked.choice), layers, ontology)
    return _sights([found.get(layer) for layer in layers], ontology, golds)


def _sights(each: Sequence[View | None], ontology: Ontology | None, golds: int) -> Sights:
    return Sights(tuple(each), symmetric(each, ontology), golds=golds)


def symmetric(each: Iterable[View | None], ontology: Ontology | None) -> frozenset[str]:
    """The types of relations into which views turn nothing but symmetric ones."""
    if ontology is None or not ontology.symmetric:
        return frozenset()
    turned = {pair for view in each if view for pair in view.labels.relations.items() if pair[1]}
    turned |= {(label, label) for label in ontology.relations}
    directed = {to for label, to in turned if label not in ontology.symmetric}
    return frozenset(to for _, to in turned) - directed


def _digest(path: Path) -> str:
    return hash_file(path)[:12]


# ---------------------------------------------------------------- as a record has them
def of_record(corpus: Corpus, record: Record, systems: Iterable[LayerFacts]) -> Sights:
    """How the layers of a record are seen, gold and some systems.

    Raises `JudgementError` if the layer inside of which units counted is another one now.
    """
    each = [layer.view for layer in (*record.golds, *systems)]
    found = _sights(each, corpus.ontology(), len(record.golds))
    if INSIDE not in record.policies:
        return found
    inside, _, digest = record.policies[INSIDE].rpartition("#")
    if _digest(corpus.layer_file(inside)) != digest:
        raise JudgementError(f"{corpus.where}: changed since the record was made: {inside}; score again")
    return msgspec.structs.replace(found, inside=inside, digest=digest)
