"""Votes: what at least so many annotators say, of those who could say it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping

from goldwire.annotate.adjudicate.decisions import Disagreement, Say
from goldwire.corpora.errors import CorpusError

FEWEST = 3  # who did a document: of two that differ, none is outvoted


def check(majority: int, layers: Collection[str]) -> None:
    """Raise `CorpusError` if so many of these layers cannot decide anything."""
    if not 1 < majority <= len(layers) or len(layers) < FEWEST:
        raise CorpusError(
            f"--majority {majority}: got {len(layers)} layer(s) ({', '.join(layers) or 'none'}); expected "
            f"are {FEWEST} or more, and a number from 2 to how many there are. Of two that differ none is "
            "outvoted: decide what they differ in"
        )


def verdict(says: Mapping[str, Say], least: int) -> Say:
    """Whether `least` or more say that a unit is there, or the one value that so many give an attribute.

    None where fewer than that could say it at all, or no one value has so many.

    >>> verdict({"anna": True, "ben": True, "cem": False}, 2), verdict({"anna": True, "ben": False}, 3)
    (True, None)
    """
    if len(says) < least:
        return None
    votes = Counter(says.values())
    if any(isinstance(said, bool) for said in votes):
        return votes[True] >= least
    enough = [said for said, times in votes.items() if times >= least]
    return (enough[0] or "") if len(enough) == 1 else None


def is_by_vote(item: Disagreement) -> bool:
    """Whether a line was decided by a vote and not by a person who changed it afterwards."""
    return item.vote > 0 and item.decision == verdict(item.says, item.vote)
