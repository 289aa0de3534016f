"""Lines of gold tasks: documents that people annotated though their gold was known.

A line is marked in its provenance with the layer that has the gold. It says how its author works; it makes no
gold, which is there already.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from goldwire.corpora.types import Annotations

MARK = "gold_task"  # in the details of a line's provenance


def is_gold_task(line: Annotations) -> bool:
    """Whether a line was made on a gold task."""
    return MARK in line.provenance.details


def gold_tasks(layers: Iterable[Mapping[str, Annotations]]) -> frozenset[str]:
    """The documents that are gold tasks in any of some layers."""
    return frozenset(id for layer in layers for id, line in layer.items() if is_gold_task(line))


def without_gold_tasks(layer: Mapping[str, Annotations]) -> dict[str, Annotations]:
    """A layer without them."""
    return {id: line for id, line in layer.items() if not is_gold_task(line)}
