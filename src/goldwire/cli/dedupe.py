"""`goldwire corpus dedupe`: groups of near-duplicates, and how alike they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from goldwire.cli import shape
from goldwire.cli.arguments import Dir, On
from goldwire.cli.clusters import LOCAL, cluster_of
from goldwire.cli.output import Json, print_json, say

if TYPE_CHECKING:
    from goldwire.corpora.duplicates import Pair
    from goldwire.corpora.store import Corpus
    from goldwire.eval.cluster.engine import Cluster


def dedupe(folder: Dir, *, on: On = LOCAL, as_json: Json = False) -> None:
    """Show groups of near-duplicates, which splits and resampling never part, and how alike they are.

    They are found when documents come in. Nothing is deleted.

    \b
    Examples:
      goldwire corpus dedupe work
      goldwire corpus dedupe /shared/work --on dask://head.example:8786
    """
    from goldwire.corpora.store import open_corpus

    corpus = open_corpus(folder)
    with cluster_of(on, corpus) as cluster:
        groups, alike = _found(corpus, cluster)
    if as_json:
        print_json({"groups": groups, "pairs": alike})
    else:
        say(shape.groups(groups, alike) or "no near-duplicates")


def _found(corpus: Corpus, cluster: Cluster | None) -> tuple[dict[str, list[str]], list[Pair]]:
    if cluster is not None:
        from goldwire.eval.cluster.dedupe import dedupe_on

        return dedupe_on(cluster, corpus)
    from goldwire.corpora import duplicates

    return duplicates.dedupe(corpus.documents())
