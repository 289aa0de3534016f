"""References: the policies by which a system is scored against several gold layers at once.

Each has a name that stands in signatures. `mean`, `best` and `any` take every reference for right; `union`,
`intersection` and `majority` make one gold out of several. docs/references.md says what each counts, with a
calculation by hand.

Sources: the best reference of a sentence is what the M2 scorer of grammatical error correction takes
(Dahlmeier and Ng 2012), and ROUGE's of a summary (Lin 2004). `any` keeps apart what every judge asks for from
what some take as right, as TREC's question answering does with vital and okay nuggets (Voorhees 2003).
"""

from __future__ import annotations

from typing import Literal, get_args

from goldwire.eval.measures.measure import Measure
from goldwire.eval.measures.vocabulary import FORMS

Policy = Literal["mean", "best", "any", "union", "intersection", "majority"]
NAMES: tuple[Policy, ...] = get_args(Policy)
REFERENCES = "references"  # the key of the policy in records and signatures
TOLD: dict[str, str] = {
    "mean": "the counts against each reference, averaged: every reference weighs the same",
    "best": "each document against the reference that the system is nearest to (F, then the first)",
    "any": "a unit is right if some reference has it, and has to be found if all have it",
    "union": "gold has the units that some reference has",
    "intersection": "gold has the units that all references have",
    "majority": "gold has the units that more than half of the references have",
}
_ONE_BY_ONE = ("entity", "event", "argument", "relation")


def majority(size: int) -> int:
    """How many of so many are more than half.

    >>> majority(3), majority(4)
    (2, 3)
    """
    return size // 2 + 1


def joins(measure: Measure) -> bool:
    """Whether the units of several references can be put together under a measure.

    They can where each unit has a key of its own. A union of clusterings is no clustering; tags, templates,
    labels of documents and forms are counted document by document; which units a measure of attributes, or of
    arguments of triggers that were found, has at all depends on the other side.
    """
    return (
        measure.units in _ONE_BY_ONE
        and "surface" not in measure.key
        and measure.match not in (*FORMS, "coref")
        and not measure.by_entity
        and measure.triggers == "all"
    )
