"""Values of a record that tell what an earlier gold layer made of the same systems."""

from __future__ import annotations

from typing import Literal

import msgspec


class _Struct(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    pass


class Moved(_Struct, frozen=True, kw_only=True):
    """F of a system by the gold before and by gold, on the documents that both judge; None if undefined.

    `difference` is gold's less the other's; `low` and `high` end its 95 % interval, documents resampled, with
    a `remark` as any interval. Without resamples, and where counts do not add up, there is none.
    """

    system: str
    measure: str
    before: float | None
    now: float | None
    difference: float | None = None
    low: float | None = None
    high: float | None = None
    remark: Literal["unlike", "alone"] | None = None


class Turn(_Struct, frozen=True, kw_only=True):
    """Two systems of which `behind` was ahead by the gold before, and `ahead` is by gold; or one was no
    other."""

    measure: str
    ahead: str
    behind: str


class Was(_Struct, frozen=True, kw_only=True):
    """What the gold layer before says: `layer` with its `fingerprint`, on so many `documents` that both
    judge.

    `only_now` and `only_before` documents are judged by one of the two alone, and are in none of this. On
    `changed` documents the two differ in what was scored. `unweighted` says that the record's figures are
    weighted and these are not: a draw was for one of the two layers. `turns` are the pairs of systems whose
    order is another one now.
    """

    layer: str
    fingerprint: str
    documents: int
    changed: int
    only_now: int = 0
    only_before: int = 0
    unweighted: bool = False
    moved: tuple[Moved, ...] = ()
    turns: tuple[Turn, ...] = ()
