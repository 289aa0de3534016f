"""Values of a record that tell of several runs of one system."""

from __future__ import annotations

from typing import Literal

import msgspec


class _Struct(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    pass


class RunsFigure(_Struct, frozen=True, kw_only=True):
    """A figure over several runs of one system: the mean, and the standard deviation between runs.

    `low` and `high` end the 95 % interval of the mean, for other runs and other documents, with a `remark` as
    any interval. None is undefined: the mean where a run has no such figure, the deviation of
    one run.
    """

    mean: float | None
    deviation: float | None = None
    low: float | None = None
    high: float | None = None
    remark: Literal["unlike", "alone"] | None = None


class RunsResult(_Struct, frozen=True, kw_only=True):
    """What a measure says of a system with runs, by figure: precision, recall and f."""

    measure: str
    signature: str
    figures: dict[str, RunsFigure]


class SystemRuns(_Struct, frozen=True, kw_only=True):
    """A system that was run several times: `runs` are systems of the record, in order of their numbers."""

    system: str
    runs: tuple[str, ...]
    results: tuple[RunsResult, ...] = ()
