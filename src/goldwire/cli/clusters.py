"""Clusters as `--on` names them: nothing of one is imported where all is done on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from goldwire.eval.cluster.engine import Cluster

LOCAL = "local"


@contextmanager
def cluster_of(on: str) -> Iterator[Cluster | None]:
    """The cluster of an option, checked; None for this machine."""
    if on == LOCAL:
        yield None
        return
    from goldwire.eval.cluster.engine import connected

    with connected(on) as cluster:
        yield cluster
