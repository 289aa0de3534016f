"""Systems that say which documents are of interest: their layers, and which documents each covers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from goldwire.corpora.errors import CorpusError
from goldwire.corpora.store import SYSTEM, Corpus
from goldwire.eval.measures.phrases import amount
from goldwire.eval.sampling.frame import Frame
from goldwire.eval.sampling.lines import Reader
from goldwire.eval.scoring.score import layer_of
from goldwire.eval.systems import config

Bools = NDArray[np.bool_]


class Systems(NamedTuple):
    """Systems by name, with their layers, and a row for each of which documents of a frame it covers."""

    names: tuple[str, ...]
    layers: tuple[str, ...]
    covered: Bools

    def notes(self, least: int) -> Iterator[str]:
        """What is to be said of documents that fewer than so many cover, and of systems that lack some."""
        there = self.covered.shape[1]
        for name, own in zip(self.names, self.covered, strict=True):
            if missing := there - int(own.sum()):
                told = "it failed, or was not run there"
                yield f"{name} does not cover {missing:,} of {there:,} documents: {told}"
        if few := int((self.covered.sum(axis=0) < least).sum()):
            who = "no system covers" if least == 1 else "fewer than two systems cover"
            yield f"{amount(few, 'document')} that {who}: drawn by chance alone"


def resolve(corpus: Corpus, given: Sequence[str], least: int) -> tuple[str, ...]:
    """Systems by names and patterns, all there are if none is given; `CorpusError` if fewer than `least`."""
    found = config.matching(corpus, given) if given else config.names(corpus)
    names = tuple(name.removeprefix(SYSTEM) for name in found)
    if len(names) < least:
        raise CorpusError(
            f"documents are drawn by where systems differ, and there is one: {', '.join(names)}; name two or "
            "more with --system, or run another with `goldwire eval run`"
        )
    return names


def read_systems(corpus: Corpus, names: Sequence[str], frame: Frame, read: Reader) -> Systems:
    """The layers of systems, and what they cover.

    A system covers documents that it has no line for, as when it is scored; other layers do not. Nothing
    covers a document on which it failed, or with which it is not done.
    """
    layers = [layer_of(corpus, name) for name in names]
    number = {id: i for i, id in enumerate(frame.ids)}
    covered = np.array([_covered(corpus, layer, number, read) for layer in layers])
    return Systems(tuple(names), tuple(layers), covered)


def _covered(corpus: Corpus, layer: str, number: dict[str, int], read: Reader) -> Bools:
    found = np.full(len(number), layer.startswith(SYSTEM))
    for document, finished in read(corpus, layer, "finished"):
        if document in number:
            found[number[document]] = finished
    return found
