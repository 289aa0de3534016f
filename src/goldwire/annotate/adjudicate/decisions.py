"""Decisions on what annotators differ in: a line for each disagreement, in a file for people to fill in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import msgspec

from goldwire.corpora.errors import Fault

Unit = Literal["mention", "event", "attribute", "argument", "relation", "cluster"]
Say = bool | str | None


class Disagreement(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One unit on which annotators differ: `key` names it, `words` show it, `says` has each one's view.

    A view is whether the unit is there, or the value of an attribute. `decision` is null until somebody
    decides; the empty string leaves an attribute without a value. It counts for a unit of this key and these
    words alone: where the text was corrected since, others may stand at that place.

    `sentence` is where the unit stands, its words in ⟦ ⟧. `by` is who decided, `at` when (ISO 8601), `note`
    what they remarked. `vote` is by how many at least it was decided if it was by a vote and by nobody.
    """

    document: str
    unit: Unit
    key: str
    words: str
    sentence: str = ""
    says: dict[str, Say]
    # Made by a function so that the null, which is there for people to replace, is written.
    decision: Say = msgspec.field(default_factory=lambda: None)
    note: str = ""
    by: str = ""
    at: str = ""
    vote: int = 0


Key = tuple[str, Unit, str, str]


def key_of(item: Disagreement) -> Key:
    """What a decision is on: a unit of a document, by its key and its words."""
    return item.document, item.unit, item.key, item.words


def decision_faults(item: Disagreement) -> Iterator[Fault]:
    """What is wrong with a decision of another kind than its unit."""
    # Where an attribute may have several values, each is decided on as units are.
    says_value = item.unit == "attribute" and not any(isinstance(said, bool) for said in item.says.values())
    expected = str if says_value else bool
    if item.decision is not None and not isinstance(item.decision, expected):
        kind = "the value" if expected is str else "true or false"
        yield Fault(
            item.document, item.key, f"the decision is {item.decision!r}; expected is {kind}, or null"
        )
