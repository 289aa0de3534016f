"""Lines of layers as draws look at them: whether each is finished, and the types or scores of its units."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Literal

from goldwire.corpora.coverage import is_finished
from goldwire.corpora.store import Corpus
from goldwire.corpora.types import Annotations
from goldwire.eval.errors import outcomes
from goldwire.eval.errors.confidence import scores_of

Look = Literal["finished", "types", "scores"]
Scores = dict[str, list[tuple[float | None, str]]]
# By document, what a look at the lines of a layer finds; see `read`.
Reader = Callable[[Corpus, str, Look], Iterator[tuple[str, Any]]]


def read(corpus: Corpus, layer: str, look: Look) -> Iterator[tuple[str, Any]]:
    """The document of each line of a layer that is of the corpus's texts, and what a look at it finds.

    That is `finished`: whether the line is; `types`: those of its mentions and events; or `scores`: by kind,
    the score and the type of each unit, None of one without. There are no types and no scores of a line that
    is not finished. Raises as `Corpus.iter_fitting` does.
    """
    of = LOOKS[look]
    return ((line.document, of(line)) for line in corpus.iter_fitting(layer))


def _types(line: Annotations) -> list[str]:
    if not is_finished(line):
        return []
    return [*(mention.type for mention in line.mentions), *(event.type for event in line.events)]


def _scores(line: Annotations) -> Scores:
    if not is_finished(line):
        return {}
    return {
        kind: [*zip(scores_of([line], kind), _types_of(line, kind), strict=True)] for kind in outcomes.KINDS
    }


def _types_of(line: Annotations, kind: str) -> list[str]:
    if kind == "entity":
        return [mention.type for mention in line.mentions]
    if kind == "event":
        return [event.type for event in line.events]
    return [argument.role for event in line.events for argument in event.arguments]


LOOKS: dict[Look, Callable[[Annotations], Any]] = {
    "finished": is_finished,
    "types": _types,
    "scores": _scores,
}
