"""Forms: mentions by their words alone, wherever they stand, for systems that never say where.

What was rejected for its place alone counts here by the words that it came with, on either side: a mention
that is not in the text is right if gold says the same words, which are not in the text either.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from goldwire.corpora.quotes import fold
from goldwire.corpora.rejected import IN_PLACE, MISPLACED
from goldwire.corpora.types import Annotations, Rejected
from goldwire.eval.counting import words
from goldwire.eval.counting.columns import NONE, Codes, Ints
from goldwire.eval.counting.reading import Layer
from goldwire.eval.counting.rejected import BEYOND, UNKNOWN, countable, is_back
from goldwire.eval.counting.texts import Texts
from goldwire.eval.measures.measure import Measure


class Forms(NamedTuple):
    """The mentions of a layer: the number of the document, the code of the form, and that of the label."""

    document: Ints
    form: Ints
    label: Ints

    def take(self, index: Ints) -> Forms:
        """Some of them."""
        return Forms(self.document[index], self.form[index], self.label[index])


def of_layer(measure: Measure, layer: Layer, texts: Texts, codes: Codes, forms: Codes) -> Forms:
    """The mentions of a layer by their words; `forms` numbers these for both sides."""
    table = layer.table
    rows = np.flatnonzero((table.mention_type != NONE) & (table.mentions.start < BEYOND))
    extents, types = table.mentions.take(rows), table.mention_type[rows]
    surfaces: list[Any] = words.surfaces(extents, texts)
    lost = [each for item in layer.items if item.rejected for each in _lost(item, texts)]
    form = _coded(measure, [*surfaces, *(each[1] for each in lost)], forms)
    label = [*types.tolist(), *(codes[type] for *_, type in lost)]
    if "type" not in measure.key:
        label = [codes[""]] * len(label)
    document = [*extents.document.tolist(), *(number for number, *_ in lost)]
    return Forms(np.array(document, np.int64), form, np.array(label, np.int64))


def _lost(item: Annotations, texts: Texts) -> Iterator[tuple[int, Any, str]]:
    """The rejected mentions of a line that stand nowhere: those with words of which only the place is wrong,
    and, where what was rejected counts at all, the others by what no mention has.
    """
    number = texts.number[item.document]
    counted = any(is_back(mention.id) for mention in item.mentions)
    for unit in countable(item, texts.rows[number].excluded):
        if unit.unit != "mention" or _stands(unit):
            continue
        said = unit.words if unit.kind in MISPLACED else None
        if said or counted:
            yield number, said or (unit.kind, unit.spans, unit.path), unit.type or UNKNOWN


def _stands(unit: Rejected) -> bool:
    """Whether a rejected unit is in the table where it says that it stands (see `counting.rejected`)."""
    sound = all(0 <= start < end <= BEYOND for start, end in unit.spans)
    return unit.kind in IN_PLACE and bool(unit.spans) and sound


def _coded(measure: Measure, found: list[Any], forms: Codes) -> Ints:
    """The codes of words as the measure compares them; what are no words has one of its own."""
    known: dict[Any, int] = {}
    for each in found:
        if each not in known:
            exact = measure.words == "exact" or not isinstance(each, str)
            known[each] = forms[each if exact else fold(each)[0].strip()]
    return np.fromiter(map(known.__getitem__, found), np.int64, len(found))


def shared(gold: Forms, system: Forms) -> tuple[Forms, Forms, Forms]:
    """Both sides and what they have in common, as multisets: the smaller number of each is right."""
    (ours, first, here), (theirs, _, there) = (
        np.unique(np.stack(side, axis=1), axis=0, return_index=True, return_counts=True)
        for side in (gold, system)
    )
    _, at, where = _common(ours, theirs)
    return gold, system, gold.take(np.repeat(first[at], np.minimum(here[at], there[where])))


def _common(gold: Ints, system: Ints) -> tuple[Ints, Ints, Ints]:
    """`np.intersect1d` with indices, of rows."""
    both = np.unique(np.concatenate([gold, system]), axis=0, return_inverse=True)[1].reshape(-1)
    return np.intersect1d(both[: len(gold)], both[len(gold) :], assume_unique=True, return_indices=True)


def distinct(forms: Forms) -> Forms:
    """The same as a set."""
    return forms.take(np.sort(np.unique(np.stack(forms, axis=1), axis=0, return_index=True)[1]))
