"""Sight: what is seen of a layer's lines, its labels as a view has them, and inside another layer alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

import msgspec

from goldwire.corpora import exclude
from goldwire.corpora.labels import LabelMap
from goldwire.corpora.lens import Lens, size
from goldwire.corpora.ontology import Ontology
from goldwire.corpora.rejected import IN_PLACE
from goldwire.corpora.types import Annotations, Rejected, Spans
from goldwire.eval.counting.columns import canonical
from goldwire.eval.counting.rejected import sound_spans

Places = Mapping[str, frozenset[Spans]]  # spans by document
NOWHERE: frozenset[Spans] = frozenset()


def places(lines: Iterable[Annotations]) -> Places:
    """Where the mentions and triggers of a layer stand, by document."""
    found: dict[str, set[Spans]] = defaultdict(set)
    for line in lines:
        spans = [*(mention.spans for mention in line.mentions), *(event.trigger for event in line.events)]
        found[line.document].update(map(canonical, filter(None, spans)))
    return {document: frozenset(spans) for document, spans in found.items()}


class Sight(msgspec.Struct, frozen=True):
    """Looks at the lines of one layer: through a plain map, and at units that stand in some places alone.

    Without `labels` they are what they are; without `inside` they may stand anywhere.
    """

    labels: LabelMap | None = None
    ontology: Ontology | None = None
    inside: Places | None = None

    def look(self, line: Annotations) -> tuple[Annotations, int, int]:
        """What is seen of a line; how many units' labels are left out, and how many units stand outside."""
        dropped = 0
        if self.labels is not None:
            line, dropped = Lens(self.labels, scored=True, ontology=self.ontology).see(line)
        if self.inside is None:
            return line, dropped, 0
        near = _inside(line, self.inside.get(line.document, NOWHERE))
        return near, dropped, size(line) - size(near)


def _inside(line: Annotations, known: frozenset[Spans]) -> Annotations:
    """The units that stand where one of some others does, and what hangs on these alone.

    What was rejected for its place stands nowhere, and so cannot be outside.
    """
    kept = exclude.only(
        line,
        lambda mention: bool(mention.spans) and canonical(mention.spans) in known,
        lambda event: bool(event.trigger) and canonical(event.trigger) in known,
    )
    rejected = tuple(one for one in line.rejected if _is_near(one, known))
    return msgspec.structs.replace(kept, rejected=rejected)


def _is_near(one: Rejected, known: frozenset[Spans]) -> bool:
    spans = sound_spans(one.spans)
    return one.kind not in IN_PLACE or not spans or canonical(spans) in known
