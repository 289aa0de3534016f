"""Clusters from pairs: which mentions are one entity, and what their cluster is called."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable
from itertools import count
from typing import Generic, TypeVar

T = TypeVar("T", bound=Hashable)


class Union(Generic[T]):
    """Disjoint sets.

    >>> union = Union[int]()
    >>> union.join(1, 2)
    >>> union.find(2), union.find(3)
    (1, 3)
    """

    def __init__(self) -> None:
        self._parent: dict[T, T] = {}

    def find(self, item: T) -> T:
        """The thing that stands for the set of `item`."""
        root = item
        while (above := self._parent.get(root, root)) != root:
            root = above
        while item != root:
            self._parent[item], item = root, self._parent.get(item, root)
        return root

    def join(self, one: T, other: T) -> None:
        """Make one set of two; what stands for that of `one` stands for both."""
        self._parent[self.find(other)] = self.find(one)


def name(items: Iterable[T], pairs: Iterable[tuple[T, T]], had: dict[T, str]) -> dict[T, str]:
    """The name of each item's cluster; items that are alone and had no cluster are absent.

    Clusters are what `pairs` join. Each keeps the first name that one of its items `had`, unless a cluster
    before it took that name; those of several items come first, lest one that left takes the name along.

    >>> name(["a", "b", "c"], [("c", "a")], {"a": "x", "b": "x"})
    {'a': 'x', 'c': 'x'}
    """
    union = Union[T]()
    for one, other in pairs:
        union.join(one, other)
    groups: dict[T, list[T]] = defaultdict(list)
    for item in items:
        groups[union.find(item)].append(item)
    fresh = (f"c{n}" for n in count(1) if f"c{n}" not in had.values())
    named: dict[T, str] = {}
    for group in sorted(groups.values(), key=lambda group: len(group) == 1):
        free = [had[item] for item in group if item in had and had[item] not in named.values()]
        if free or len(group) > 1:
            named |= dict.fromkeys(group, free[0] if free else next(fresh))
    return named
