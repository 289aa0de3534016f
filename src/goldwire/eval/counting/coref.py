"""Coreference: MUC, B3, CEAF-e, CEAF-m, BLANC, LEA and the CoNLL average, for entities and for events.

A clustering is a list of clusters, a cluster a list of mentions, a mention anything hashable; singletons
are kept. Each measure yields four additive numbers for a document, see `Numbers`: sum them over
documents first, divide then. Mentions on one side only are neither dropped nor added to the other side
(Pradhan et al. 2014, "Scoring Coreference Partitions of Predicted Mentions"). A mention that the system
gives twice is dropped the second time, as the official scorer does; gold must not give one twice.

Definitions: MUC Vilain et al. 1995; B3 Bagga and Baldwin 1998; CEAF Luo 2005; BLANC Luo et al. 2014, the
extension to system mentions; LEA Moosavi and Strube 2016.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from goldwire.corpora.errors import MeasureError
from goldwire.corpora.types import Annotations
from goldwire.eval.counting.align import Pairs, assign
from goldwire.eval.counting.rejected import is_back, is_holder

Clusters = Sequence[Sequence[Hashable]]
Numbered = list[list[tuple[Any, int]]]  # clusters of a layer: each mention's key, and which of its kind it is
Integers = NDArray[np.int64]


class Numbers(NamedTuple):
    """What is counted on each side: precision is `system_hits / system`, recall `gold_hits / gold`."""

    system_hits: float
    system: float
    gold_hits: float
    gold: float


class Overlaps(NamedTuple):
    """Two clusterings as sizes, and the mentions shared by each pair of clusters that share any.

    Pair `k` joins gold cluster `rows[k]` and system cluster `columns[k]` by `shared[k]` mentions.
    """

    gold: Integers
    system: Integers
    rows: Integers
    columns: Integers
    shared: Integers

    def swap(self) -> Overlaps:
        """The same with gold and system exchanged."""
        return Overlaps(self.system, self.gold, self.columns, self.rows, self.shared)


# ---------------------------------------------------------------- clusters and their overlaps
def overlaps(gold: Clusters, system: Clusters) -> Overlaps:
    """Sizes and overlaps of two clusterings; a mention repeated within a cluster counts once.

    A mention of the system stays in the first of its clusters. Raises `MeasureError` if one of gold is in two
    clusters: these measures compare partitions.
    """
    system = _partition(system)
    homes, width = _homes(gold), max(len(system), 1)
    found = ((mention, column) for column, cluster in enumerate(system) for mention in cluster)
    pairs = [homes[mention] * width + column for mention, column in found if mention in homes]
    joined, shared = np.unique(np.array(pairs, dtype=np.int64), return_counts=True)
    return Overlaps(_sizes(gold), _sizes(system), joined // width, joined % width, shared)


def _homes(clusters: Clusters) -> dict[Hashable, int]:
    homes: dict[Hashable, int] = {}
    for index, cluster in enumerate(clusters):
        for mention in cluster:
            if homes.setdefault(mention, index) != index:
                raise MeasureError(
                    f"gold: mention {mention!r} is in two clusters; expected each mention in one. "
                    "Remove it from one of them"
                )
    return homes


def _partition(clusters: Clusters) -> list[list[Hashable]]:
    """Clusters with each mention where it comes first; those left empty are gone."""
    seen: set[Hashable] = set()
    parted: list[list[Hashable]] = []
    for cluster in clusters:
        fresh = [mention for mention in dict.fromkeys(cluster) if mention not in seen]
        seen.update(fresh)
        parted.append(fresh)
    return [cluster for cluster in parted if cluster]


def _sizes(clusters: Clusters) -> Integers:
    return np.array([len(set(cluster)) for cluster in clusters], dtype=np.int64)


def entity_clusters(annotations: Annotations) -> Numbered:
    """The entities of a layer as clusters of mention spans; a mention without a cluster is one alone.

    Where one span is in several clusters, its occurrences are told apart by a number, in the order of
    their types and then of their clusters' contents: each remains a mention of its own.
    """
    return _number([(m.cluster, m.id, m.spans, m.type) for m in annotations.mentions if not is_holder(m.id)])


def event_clusters(annotations: Annotations) -> Numbered:
    """The events of a layer as clusters of trigger spans with their types, told apart as entities are.

    The type belongs to the mention because one trigger may denote events of several types. An event without
    a trigger is no mention.
    """
    events = [event for event in annotations.events if event.trigger and not is_holder(event.id)]
    return _number([(e.cluster, e.id, (e.trigger, e.type), e.type) for e in events])


def _number(items: Iterable[tuple[str | None, str, Any, str]]) -> Numbered:
    """Clusters of `(key, number)`; the number is 0 unless a key is in more than one cluster.

    A rejected unit comes after all others of its key: it takes no mention out of the cluster that has it.
    """
    members: dict[tuple[bool, str], dict[Any, str]] = {}
    for cluster, id, key, type in items:
        home = members.setdefault((cluster is None, cluster if cluster is not None else id), {})
        home[key] = min(home.get(key, type), type)
    times = Counter(key for home in members.values() for key in home)
    clusters: dict[tuple[bool, str], list[tuple[Any, int]]] = {
        name: [(key, 0) for key in home if times[key] == 1] for name, home in members.items()
    }
    several = [
        (key, type, name) for name, home in members.items() for key, type in home.items() if times[key] > 1
    ]
    contents = {name: sorted(members[name]) for _, _, name in several}
    seen: Counter[Hashable] = Counter()
    for key, *_, name in sorted(
        (key, is_back(name[1]), type, contents[name], name) for key, type, name in several
    ):
        clusters[name].append((key, seen[key]))
        seen[key] += 1
    return list(clusters.values())


def without_repeats(system: Numbered, gold: Numbered) -> Numbered:
    """The system's clusters (see `entity_clusters`) with a mention no more often than gold has it.

    Gold may have one span in two clusters, say a city and its government, and the system may find both; what
    it gives more often than that is a repetition, and dropped. The first stays in any case.
    """
    known = {mention for cluster in gold for mention in cluster}
    kept = [[(key, n) for key, n in cluster if n == 0 or (key, n) in known] for cluster in system]
    return [cluster for cluster in kept if cluster]


# ---------------------------------------------------------------- the measures
def muc(table: Overlaps) -> Numbers:
    """MUC: links kept of the fewest that hold each cluster together; all 0 where there are no links.

    >>> muc(overlaps(["abc", "defg"], ["ab", "cd", "fghi"]))
    Numbers(system_hits=2, system=5, gold_hits=2, gold=5)
    """
    hits = int(table.shared.sum()) - len(table.shared)
    return Numbers(hits, _links_needed(table.system), hits, _links_needed(table.gold))


def _links_needed(sizes: Integers) -> int:
    return int(sizes.sum()) - len(sizes)


def b3(table: Overlaps) -> Numbers:
    """B3: for each mention, the share of its cluster that the other side's cluster also holds."""
    return Numbers(*_b3_side(table.swap()), *_b3_side(table))


def _b3_side(table: Overlaps) -> tuple[float, int]:
    return math.fsum(table.shared**2 / table.gold[table.rows]), int(table.gold.sum())


def ceaf_m(table: Overlaps) -> Numbers:
    """CEAF with phi3: mentions shared by clusters aligned one to one, of all mentions."""
    hits = _aligned(table, table.shared.astype(np.float64))
    return Numbers(hits, int(table.system.sum()), hits, int(table.gold.sum()))


def ceaf_e(table: Overlaps) -> Numbers:
    """CEAF with phi4: Dice similarities of clusters aligned one to one, of all clusters."""
    dice = 2 * table.shared / (table.gold[table.rows] + table.system[table.columns])
    hits = _aligned(table, dice)
    return Numbers(hits, len(table.system), hits, len(table.gold))


def _aligned(table: Overlaps, similarity: NDArray[np.float64]) -> float:
    return math.fsum(assign(Pairs(table.rows, table.columns, similarity, table.shared)).credit)


def lea(table: Overlaps) -> Numbers:
    """LEA: for each cluster, weighted by its size, the share of its links that the other side has.

    A singleton has one link, to itself, which only a singleton on the other side has as well.
    """
    return Numbers(*_lea_side(table.swap()), *_lea_side(table))


def _lea_side(table: Overlaps) -> tuple[float, int]:
    size, other = table.gold[table.rows], table.system[table.columns]
    alone = (size == 1) & (other == 1)
    links = np.maximum(_pairs(size), 1)
    return math.fsum(size * np.where(alone, 1, _pairs(table.shared)) / links), int(table.gold.sum())


def blanc_links(table: Overlaps) -> Numbers:
    """The coreference links of BLANC: pairs of mentions that are in one cluster on both sides."""
    hits = int(_pairs(table.shared).sum())
    return Numbers(hits, int(_pairs(table.system).sum()), hits, int(_pairs(table.gold).sum()))


def blanc_nonlinks(table: Overlaps) -> Numbers:
    """The non-coreference links of BLANC: pairs of mentions that are in two clusters on both sides."""
    both = _pairs(table.shared.sum())
    gold = _pairs(np.bincount(table.rows, table.shared)).sum()
    system = _pairs(np.bincount(table.columns, table.shared)).sum()
    hits = int(both - gold - system + _pairs(table.shared).sum())
    return Numbers(hits, _apart(table.system), hits, _apart(table.gold))


def _pairs(sizes: Any) -> Any:
    return sizes * (sizes - 1) // 2


def _apart(sizes: Integers) -> int:
    return int(_pairs(sizes.sum()) - _pairs(sizes).sum())


PARTS: Mapping[str, Callable[[Overlaps], Numbers]] = {
    "muc": muc,
    "b3": b3,
    "ceaf-e": ceaf_e,
    "ceaf-m": ceaf_m,
    "lea": lea,
    "blanc-links": blanc_links,
    "blanc-nonlinks": blanc_nonlinks,
}
# A mean of the F1 of parts, of those that are defined.
MEANS: Mapping[str, tuple[str, ...]] = {
    "blanc": ("blanc-links", "blanc-nonlinks"),
    "conll": ("muc", "b3", "ceaf-e"),
}


def count(gold: Clusters, system: Clusters, parts: Iterable[str] = PARTS) -> dict[str, Numbers]:
    """The numbers of each part for one document, from one pass over the mentions.

    The measures `blanc` and `conll` are means over parts, named in `MEANS`.
    """
    table = overlaps(gold, system)
    return {part: PARTS[part](table) for part in parts}
