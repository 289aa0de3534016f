"""Interest in rare types: those that gold has least of, where systems found them."""

from __future__ import annotations

from collections import Counter
from itertools import chain

import numpy as np

from goldwire.corpora.store import Corpus
from goldwire.eval.measures.phrases import listed
from goldwire.eval.sampling.frame import Frame
from goldwire.eval.sampling.interest import Interest
from goldwire.eval.sampling.lines import Reader
from goldwire.eval.sampling.systems import Systems

NAMED = 3  # types that a reason names


def in_rarity(corpus: Corpus, frame: Frame, systems: Systems, gold: str, read: Reader) -> Interest:
    """By the types that systems found in a document, each by one over its units in gold and one more.

    Types are those of mentions and events. Where gold has nothing yet, units in the documents themselves are
    counted, as systems found them.
    """
    types = _types_by_document(corpus, frame, systems, read)
    known, told = _in_gold(corpus, gold, read), f"{{:,}} in {gold}"
    if not known:
        known, told = Counter(chain.from_iterable(types)), "documents: {:,}"
    weight = {type: 1 / (1 + known[type]) for type in set(chain.from_iterable(types))}
    values = np.array([sum(weight[type] for type in sorted(own)) for own in types], np.float64)

    def reason(i: int) -> str:
        rarest = sorted(types[i], key=lambda type: (known[type], type))[:NAMED]
        return (
            listed([f"{type} ({told.format(known[type])})" for type in rarest]) or "nothing was found there"
        )

    return Interest(values, reason, tuple(systems.notes(1)))


def _types_by_document(corpus: Corpus, frame: Frame, systems: Systems, read: Reader) -> list[set[str]]:
    number = {id: i for i, id in enumerate(frame.ids)}
    found: list[set[str]] = [set() for _ in frame.ids]
    for layer, covered in zip(systems.layers, systems.covered, strict=True):
        for document, types in read(corpus, layer, "types"):
            i = number.get(document)
            if i is not None and covered[i]:
                found[i].update(types)
    return found


def _in_gold(corpus: Corpus, gold: str, read: Reader) -> Counter[str]:
    """How many units of each type the finished lines of a layer have."""
    if not corpus.layer_path(gold).is_file():
        return Counter()
    return Counter(type for _, types in read(corpus, gold, "types") for type in types)
