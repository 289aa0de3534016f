"""Drawing of documents that intervals rest on: of what kind, how often and from which seed."""

from __future__ import annotations

import re
from typing import NamedTuple

import msgspec

from goldwire.eval.scoring.record import Record
from goldwire.eval.statistics.intervals import UNSEEN, Method
from goldwire.eval.statistics.resample import LEVEL, TRIALS

_FORM = re.compile(r"(?P<method>[a-z]+)-[\d.]+-(?P<trials>\d+)-seed-(?P<seed>\d+)")


class Drawing(NamedTuple):
    """A kind of interval (see `statistics.intervals`), the number of resamples, and their seed."""

    method: Method = UNSEEN
    trials: int = TRIALS
    seed: int = 0

    def __str__(self) -> str:
        return f"{self.method}-{LEVEL:g}-{self.trials}-seed-{self.seed}" if self.trials else "none"


def drawing(record: Record) -> Drawing | None:
    """What a record's intervals rest on; None where it has none."""
    found = _FORM.fullmatch(record.policies.get("intervals", ""))
    return None if found is None else msgspec.convert(tuple(found.groups()), Drawing, strict=False)
