"""Annotators' layers as they are compared: which are meant, seen through views, with tokens that all have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec

from goldwire.corpora.errors import CorpusError, MeasureError
from goldwire.corpora.lens import Lens, size
from goldwire.corpora.ontology import Ontology
from goldwire.corpora.store import MACHINES, Corpus
from goldwire.corpora.tokens import believed, sentences, untagged
from goldwire.corpora.types import Annotations, Tokens
from goldwire.corpora.views import Asked, View, resolve, seen_in
from goldwire.eval.counting.tags import are_same
from goldwire.eval.measures.phrases import amount
from goldwire.eval.scoring import views

ANNOTATOR = "annotator/"  # where the layers of annotators are
_OF_ONE = (ANNOTATOR, *MACHINES)
Layer = Mapping[str, Annotations]
Kept = Mapping[str, Mapping[str, Tokens]]  # by layer and document


def called(name: str, layers: Sequence[str]) -> str:
    """The layer that a map is for; "" for all."""
    found = [layer for layer in layers if layer in {name, f"{ANNOTATOR}{name}"}]
    if name and not found:
        known = ", ".join(layer.removeprefix(ANNOTATOR) for layer in layers)
        raise CorpusError(f"--labels {name}=…: no layer of that name is compared; compared are {known}")
    return found[0] if found else ""


def layer_names(corpus: Corpus, layers: Sequence[str] = ()) -> list[str]:
    """The layers meant: NAME stands for `annotator/NAME` too, none for all annotators.

    Raises `CorpusError` for a layer that is not there, or named twice.
    """
    found = corpus.layers()
    names = [f"{ANNOTATOR}{name}" if f"{ANNOTATOR}{name}" in found else name for name in layers]
    names = names or [name for name in found if name.startswith(ANNOTATOR)]
    missing = [name for name in names if name not in found]
    if missing:
        raise CorpusError(f"{corpus.where}: no layer {missing[0]!r}; there are {', '.join(found) or 'none'}")
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise CorpusError(f"layer {twice[0]!r} was named twice; name it once")
    return names


class Seen(NamedTuple):
    """Layers as they are seen, through what, and which types of relations are the same either way then."""

    layers: Mapping[str, Layer]
    names: dict[str, str]
    symmetric: frozenset[str]


def see(done: Mapping[str, Layer], asked: Asked, ontology: Ontology | None) -> Seen:
    """The layers through their views; `MeasureError` if these leave nothing of any."""
    if not asked:
        return Seen(done, {}, views.symmetric([None], ontology))
    labels = {name: seen_in(map(msgspec.to_builtins, layer.values())) for name, layer in done.items()}
    found = resolve(asked, labels, ontology)
    layers = {name: _through(layer, found.get(name), ontology) for name, layer in done.items()}
    units = [sum(size(line) for one in sides.values() for line in one.values()) for sides in (done, layers)]
    if units[0] and not units[1]:
        raise MeasureError(f"the view leaves nothing of {amount(units[0], 'unit')} to be compared")
    names = {name: view.name for name, view in found.items()}
    return Seen(layers, names, views.symmetric([found.get(name) for name in done], ontology))


def _through(layer: Layer, view: View | None, ontology: Ontology | None) -> Layer:
    if view is None:
        return layer
    lens = Lens(view.labels, scored=True, ontology=ontology)
    return {id: lens.see(line)[0] for id, line in layer.items()}


def in_common(done: Mapping[str, Layer], tokens: Mapping[str, Sequence[Tokens]]) -> Kept:
    """The tokens of those documents of which all who annotated them have the same."""
    kept = {name: believed(tokens.get(name, ()), layer) for name, layer in done.items()}
    same = set()
    for id in set().union(*kept.values()):
        sides = [kept[name].get(id) for name, layer in done.items() if id in layer]
        if all(side is not None and sides[0] is not None and are_same(sides[0], side) for side in sides):
            same.add(id)
    return {name: {id: item for id, item in found.items() if id in same} for name, found in kept.items()}


def without_tags(kept: Kept, layers: Mapping[str, Layer]) -> Kept:
    """The tokens of layers that are seen through views, whose labels their tags do not have."""
    return {
        name: {id: _bare(item, layers[name][id]) for id, item in own.items()} for name, own in kept.items()
    }


def _bare(item: Tokens, line: Annotations) -> Tokens:
    lengths = [part.stop - part.start for part, _ in sentences(item)]
    return untagged(line, item.starts, item.ends, lengths)


def check_of_many(layer: str) -> None:
    """Raise `CorpusError` for a layer of gold whose name says that it is one person's, or a system's.

    It would vote, be an annotator or stand in a ranking beside those of whose work it is made.
    """
    if layer.startswith(_OF_ONE):
        folder = layer.partition("/")[0]
        raise CorpusError(
            f"layer {layer!r} would count as one of those in {folder}/, and be compared with them; name it "
            "otherwise with --to, such as gold-2"
        )
