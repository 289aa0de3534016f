"""Best alignment of the units of several people, exactly: the least sum of disorders of unitary alignments.

Two people are an assignment. Of more, unitary alignments are listed as far as they can be in a best one, and
what they hang together by is solved piece by piece. How long that takes grows with the number of units and,
steeply, with how many of them are near each other and with people; beyond a limit it is refused.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from math import comb
from typing import NamedTuple

import numpy as np

from goldwire.corpora.errors import MeasureError
from goldwire.eval.statistics.resample import Floats

BEGIN, END, TYPE = range(3)
PAIR = 2
MANY = 1_000_000  # pairs of units of two people: a tenth of a second
CANDIDATES = 100_000  # unitary alignments of more people
WAYS = 5_000  # open at a time in the walk through a text; what has more goes to the solver
Member = tuple[int, int]  # person, unit
Candidate = tuple[float, tuple[Member, ...]]


class TooManyError(MeasureError):
    """So many units that the best alignment would take too long."""


def unlike(first: Floats, second: Floats) -> Floats:
    """How unlike the units of two people are, each with each."""
    sizes = (first[:, END] - first[:, BEGIN])[:, None] + (second[:, END] - second[:, BEGIN])
    gaps = sum(abs(first[:, [edge]] - second[:, edge]) for edge in (BEGIN, END))
    found: Floats = (gaps / sizes) ** 2 + (first[:, [TYPE]] != second[:, TYPE])
    return found


def disorder(sides: Sequence[Floats]) -> float:
    """The least sum of the disorders of unitary alignments that have each unit once.

    >>> disorder([np.array([[0.0, 4.0, 0.0]]), np.array([[0.0, 4.0, 1.0], [6.0, 8.0, 1.0]])])
    2.0
    """
    if len(sides) == PAIR:
        return _of_two(*sides)
    return sum(_of_piece(piece, sides) for piece in _pieces(_candidates(sides)))


def _of_two(first: Floats, second: Floats) -> float:
    from scipy.optimize import linear_sum_assignment

    alone = abs(len(first) - len(second))
    if not len(first) or not len(second):
        return float(alone)
    if len(first) * len(second) > MANY:
        raise TooManyError(
            f"a document has {len(first)} and {len(second)} units: the best alignment of more than "
            f"{MANY:,} pairs is not sought; cut the document into shorter ones"
        )
    cost = np.minimum(unlike(first, second), 2)  # two units alone are as unlike as that
    return float(cost[linear_sum_assignment(cost)].sum()) + alone


# ---------------------------------------------------------------- more than two
def _candidates(sides: Sequence[Floats]) -> list[Candidate]:
    """Unitary alignments that can be in a best one: none is better without one of its units."""
    people, pairs = len(sides), comb(len(sides), 2)
    both = combinations(range(people), 2)
    tables = {(one, other): unlike(sides[one], sides[other]) for one, other in both}
    each = ((person, unit) for person, side in enumerate(sides) for unit in range(len(side)))
    frontier = [_Part((member,), (0.0,)) for member in each]
    found = [(1.0, part.members) for part in frontier]
    while frontier:
        frontier = [more for part in frontier for more in _extend(part, tables, people, people - 1 + pairs)]
        found += [(part.cost(pairs), part.members) for part in frontier if part.holds(pairs)]
        if len(found) + len(frontier) > CANDIDATES:
            raise TooManyError(
                f"{people} people have {sum(map(len, sides))} units in a document, too many near each other: "
                f"the best of more than {CANDIDATES:,} ways to align some is not sought; cut the document "
                f"into shorter ones, or compare fewer people at a time"
            )
    return found


class _Part(NamedTuple):
    """Units of some people, and how unlike each is to the others together."""

    members: tuple[Member, ...]
    apart: tuple[float, ...]

    def cost(self, pairs: int) -> float:
        """The disorder as a unitary alignment: pairs with nobody's unit are unlike by 1."""
        return (sum(self.apart) / 2 + pairs - comb(len(self.members), 2)) / pairs

    def holds(self, pairs: int) -> bool:
        """Whether no unit of it had better stand alone."""
        return max(self.apart) < len(self.members) - 1 + pairs


def _extend(part: _Part, tables: Mapping[tuple[int, int], Floats], people: int, most: int) -> Iterator[_Part]:
    """The same with one more unit, of a person further on; none is more unlike the others than `most`."""
    sofar = np.array(part.apart)[:, None]
    for person in range(part.members[-1][0] + 1, people):
        rows = np.array([tables[other, person][unit] for other, unit in part.members])
        sums = np.vstack([sofar + rows, rows.sum(axis=0)])
        for unit in np.flatnonzero((sums < most).all(axis=0)).tolist():
            yield _Part((*part.members, (person, unit)), tuple(sums[:, unit].tolist()))


def _pieces(candidates: Sequence[Candidate]) -> Iterator[list[Candidate]]:
    """Candidates that hang together by their units."""
    home: dict[Member, Member] = {}

    def root(member: Member) -> Member:
        while home.setdefault(member, member) != member:
            home[member] = home[home[member]]
            member = home[member]
        return member

    for _, members in candidates:
        for member in members[1:]:
            home[root(member)] = root(members[0])
    pieces = defaultdict[Member, list[Candidate]](list)
    for candidate in candidates:
        pieces[root(candidate[1][0])].append(candidate)
    yield from pieces.values()


def _of_piece(candidates: Sequence[Candidate], sides: Sequence[Floats]) -> float:
    """The least sum that has each unit once."""
    if len(candidates) == 1:
        return candidates[0][0]
    units = sorted(
        {member for _, members in candidates for member in members},
        key=lambda member: (sides[member[0]][member[1], BEGIN], member),
    )
    place = {member: index for index, member in enumerate(units)}
    sets = [(cost, [place[member] for member in members]) for cost, members in candidates]
    least = _walk(sets, len(units))
    return _solve(sets, len(units)) if least is None else least


def _walk(sets: Sequence[tuple[float, list[int]]], units: int) -> float | None:
    """By going through the text: for the first unit that is not in yet, each candidate with it.

    None if too many ways stay open.
    """
    first: list[list[tuple[float, int]]] = [[] for _ in range(units)]
    for cost, members in sets:
        first[min(members)].append((cost, sum(1 << member for member in members)))
    ways = {0: 0.0}  # the units that are in, as bits, and what they cost at least
    for unit in range(units):
        further: dict[int, float] = {}
        for done, sofar in ways.items():
            if done >> unit & 1:
                further[done] = min(sofar, further.get(done, math.inf))
                continue
            for cost, mask in first[unit]:
                if not done & mask:
                    further[done | mask] = min(sofar + cost, further.get(done | mask, math.inf))
        if len(further) > WAYS:
            return None
        ways = further
    return min(ways.values())


def _solve(sets: Sequence[tuple[float, list[int]]], units: int) -> float:
    """As a set partition, by branch and bound over its linear relaxation."""
    from scipy.optimize import LinearConstraint, milp
    from scipy.sparse import csc_array

    rows = [member for _, members in sets for member in members]
    columns = [column for column, (_, members) in enumerate(sets) for _ in members]
    once = csc_array((np.ones(len(rows)), (rows, columns)), shape=(units, len(sets)))
    costs = np.array([cost for cost, _ in sets])
    whole = np.ones(len(sets))
    found = milp(costs, constraints=LinearConstraint(once, 1, 1), integrality=whole, bounds=(0, 1))
    return float(costs[found.x > 0.5].sum())  # noqa: PLR2004 - 0 or 1, but for rounding
