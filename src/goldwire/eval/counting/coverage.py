"""Coverage: which documents are scored, since gold judges them, and what becomes of the others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from itertools import chain
from operator import attrgetter
from typing import Literal

import msgspec

from goldwire.corpora.types import DRAFT, SKIPPED, Annotations
from goldwire.eval.counting.texts import Texts


class Scope(msgspec.Struct, frozen=True):
    """Which documents may be scored: `documents`, by id, or all where there are none.

    Without a line in gold, or with one that says skipped, a document is `unjudged`: left out, or `empty`, and
    so scored as one in which nothing is to be found. `named` says that gold came as a list of units, which
    cannot name a document without one: every document that was named has been given a line. Drafts are
    `left-out`, or `counted` as they stand.
    """

    documents: frozenset[str] | None = None
    unjudged: Literal["left-out", "empty", "named"] = "left-out"
    drafts: Literal["left-out", "counted"] = "left-out"


EVERYTHING = Scope(unjudged="empty", drafts="counted")


class Cover(msgspec.Struct, frozen=True):
    """How many documents are not scored, by reason (see `record.Coverage`), and what is `open` in drafts."""

    documents: int = 0
    outside: int = 0
    unjudged: int = 0
    skipped: int = 0
    drafts: int = 0
    open: int = 0

    def __add__(self, other: Cover) -> Cover:
        sums = (getattr(self, name) + getattr(other, name) for name in Cover.__struct_fields__)
        return Cover(*sums)


def limit(texts: Texts, golds: Sequence[Sequence[Annotations]], scope: Scope) -> tuple[Texts, Cover]:
    """The documents to be scored, given the lines of gold; and what the others are.

    Of several references all must judge a document; one that does not is counted by the first that does not.
    A document of several lines goes by the last: that it has several is told when they are read.
    """
    each = [_reasons(texts, gold, scope) for gold in golds]
    reasons = each[0] if len(each) == 1 else {id: why for one in reversed(each) for id, why in one.items()}
    if not reasons and scope.unjudged == "left-out":
        return texts, Cover(documents=len(texts.rows))
    found = Counter(reasons.values())
    if scope.unjudged == "empty":
        found[SKIPPED] = sum(
            item.provenance.status == SKIPPED and item.document not in reasons for item in golds[0]
        )
    cover = Cover(
        documents=len(texts.rows),
        outside=found["outside"],
        unjudged=found["unjudged"],
        skipped=found[SKIPPED],
        drafts=found[DRAFT],
        open=sum(map(_open, chain.from_iterable(golds))) if found[DRAFT] else 0,
    )
    kept = tuple(row for row in texts.rows if row.id not in reasons)
    return Texts(kept, {row.id: row.sha256 for row in texts.rows if row.id in reasons}), cover


def _reasons(texts: Texts, gold: Sequence[Annotations], scope: Scope) -> dict[str, str]:
    """Why each document that is not scored is not, by its id."""
    left_out = {SKIPPED: scope.unjudged, DRAFT: scope.drafts}
    undone: Collection[str] = [name for name, policy in left_out.items() if policy == "left-out"]
    documents = tuple(map(attrgetter("document"), gold))
    statuses = list(map(attrgetter("provenance.status"), gold))
    everything = scope.documents is None and documents == texts.ids
    if everything and {*statuses}.isdisjoint(undone):
        return {}
    status = dict(zip(documents, statuses, strict=True))
    found = {id: said for id, said in status.items() if said in undone}
    if scope.unjudged == "left-out" and len(status) < len(texts.ids):
        found |= {id: "unjudged" for id in texts.ids if id not in status}
    if scope.documents is not None:
        found |= {id: "outside" for id in texts.ids if id not in scope.documents}
    return found


def _open(item: Annotations) -> int:
    """How many decisions are open in a draft (see `annotate.adjudicate`)."""
    number = item.provenance.details.get("open", 0) if item.provenance.status == DRAFT else 0
    return number if isinstance(number, int) else 0
