"""Binding of a layer's lines to the texts of a corpus: each to its own, and no two to the same."""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter

import numpy as np

from goldwire.corpora.errors import Fault
from goldwire.corpora.integrity import layer_faults
from goldwire.corpora.types import Annotations
from goldwire.eval.counting.columns import Ints
from goldwire.eval.counting.sight import Sight
from goldwire.eval.counting.texts import Texts

DOCUMENT = attrgetter("document")


class Binding:
    """Sees that each line of a layer belongs to a text of the corpus, and no two to the same.

    Lines of documents that are not scored are passed over, and their units counted.
    """

    def __init__(self, texts: Texts, sight: Sight | None = None) -> None:
        self.texts, self.sight = texts, sight
        self.seen = np.zeros(len(texts.rows), np.bool_)
        self.passed: set[str] = set()
        self.uncounted = 0
        self.doubtful: list[Annotations] = []

    def check(self, chunk: Sequence[Annotations]) -> tuple[Sequence[Annotations], Ints]:
        """The lines that fit, and the numbers of their documents; the others are put aside for `faults`."""
        if self._is_whole(chunk):
            self.seen[:] = True
            return chunk, np.arange(len(chunk))
        fitting, numbers = [], []
        for item in chunk:
            number = self.texts.number.get(item.document)
            if number is None and self._is_left_out(item):
                self.passed.add(item.document)
                self.uncounted += _units(item if self.sight is None else self.sight.look(item)[0])
            elif number is None or self.seen[number] or self.texts.hashes[number] != item.sha256:
                self.doubtful.append(item)
            else:
                self.seen[number] = True
                fitting.append(item)
                numbers.append(number)
        return fitting, np.array(numbers, np.int64)

    def _is_left_out(self, item: Annotations) -> bool:
        """Whether a line is the first of a document that is not scored, made for its text."""
        return self.texts.left_out.get(item.document) == item.sha256 and item.document not in self.passed

    def _is_whole(self, chunk: Sequence[Annotations]) -> bool:
        """Whether there is a line for each text, in order: then there is nothing to look up."""
        texts = self.texts
        return (
            len(chunk) == len(texts.rows)
            and not self.seen.any()
            and tuple(map(DOCUMENT, chunk)) == texts.ids
            and tuple(map(attrgetter("sha256"), chunk)) == texts.hashes
        )

    def faults(self) -> list[Fault]:
        """All that is wrong with the lines put aside."""
        if not self.doubtful:
            return []
        number = self.texts.number
        hashes = {**dict(zip(self.texts.ids, self.texts.hashes, strict=True)), **self.texts.left_out}
        again = {item.document for item in self.doubtful}
        taken = {id for id in again if id in self.passed or (id in number and self.seen[number[id]])}
        first = [Annotations(document=id, sha256=hashes[id]) for id in sorted(taken)]
        return layer_faults([*first, *self.doubtful], hashes)


def _units(item: Annotations) -> int:
    """How many mentions, events, arguments and relations a line has."""
    arguments = sum(len(event.arguments) for event in item.events)
    return len(item.mentions) + len(item.events) + arguments + len(item.relations)
