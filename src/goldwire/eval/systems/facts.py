"""Facts of a run, worked out from its journal: what it cost and how it went.

CORPUS/runs/NAME/facts.json     beside the layer system/NAME that it tells of
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from goldwire.corpora.codec import BROKEN, hash_file
from goldwire.corpora.errors import DataError, Fault
from goldwire.corpora.store import Corpus
from goldwire.eval.systems.journal import RUNS, Entry, Line, Session, Start
from goldwire.eval.systems.spending import Spending

FILE = "facts.json"
SHARES = (0.50, 0.95, 0.99)  # of documents, by the fields of `Latency`


class Latency(msgspec.Struct, frozen=True):
    """Seconds a document, by nearest rank; a document of a batch counts with its share of the batch."""

    p50: float
    p95: float
    p99: float


class Speed(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How fast a system ran, cached documents not counted; None where nothing was measured.

    Rates are per second of the run, openings left out, with `workers` processes (the most of any session). Of
    a run in parts, seconds are those of all parts together: so fast is one machine that runs a part.
    `latency` is that of documents that did not fail, `startup` the longest opening in seconds, `memory` the
    largest peak of a worker process, and of the program it talks to, in bytes.
    """

    documents: float | None = None
    characters: float | None = None
    latency: Latency | None = None
    startup: float | None = None
    memory: int | None = None
    workers: int = 1


class Timing(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What rates are made of: so many documents and characters were run in so many seconds of sessions.

    The rest as in `Speed`. With `kept` answers, which were there already, there are no rates.
    """

    seconds: float = 0.0
    documents: int = 0
    characters: int = 0
    startup: float | None = None
    memory: int | None = None
    workers: int = 1
    kept: bool = False


class Costs(msgspec.Struct, frozen=True, kw_only=True):
    """What the answers cost that a layer is made of: the mean of documents, and their standard deviation."""

    documents: int
    mean: float
    deviation: float


class Facts(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One system on one corpus.

    `layer` is the SHA-256 of the layer these facts tell of. `failed` gives the reason by document id; of
    these so many are `allowed`, and a run with more of them failed. `rejected` counts what the layer's lines
    keep as rejected, by kind; in its place (None) runs of earlier versions have `quarantined`, by unit, and a
    layer without what they count.
    `unmapped` and `dropped` count labels without a counterpart and those left out on purpose, `excluded`
    units in excluded regions, `repaired` items whose offsets were in another unit, `lost`
    what sound items said besides that was not kept. `usage` sums what the
    system itself reports: tokens_in, tokens_out, cost, unresolved. `spent` is what a model was paid in all,
    with answers of no use and those that were lost; `costs` are those of documents, None where one is not
    known. `partial` counts documents of which an
    answer came in part, by what became of it (truncated, broken), `sent` documents by what a model was asked
    besides the text. `run` is the number of one of several; `seed` is what it was made with, and `same` a
    fingerprint of what decides the output but for the seed, alike in all runs. A `fixed` system gives the
    same each time.
    """

    system: str
    spec: str
    name: str
    version: str
    provides: list[str]
    fingerprint: str
    goldwire: str
    created: str
    documents: int
    characters: int
    layer: str
    speed: Speed = Speed()
    failed: dict[str, str] = {}
    allowed: int = 0
    rejected: dict[str, int] | None = None
    quarantined: dict[str, int] = {}
    unmapped: dict[str, int] = {}
    dropped: dict[str, int] = {}
    excluded: int = 0
    repaired: int = 0
    lost: dict[str, int] = {}
    usage: dict[str, float] = {}
    partial: dict[str, int] = {}
    sent: dict[str, int] = {}
    notes: list[str] = []
    run: int | None = None
    seed: int | None = None
    same: str = ""
    fixed: bool = False
    spent: Spending | None = None
    costs: Costs | None = None


class Reported(msgspec.Struct, frozen=True, kw_only=True):
    """What is read of the facts that a record has of a run; those of an older Goldwire are fewer."""

    version: str | None = None
    speed: Speed = Speed()
    failed: dict[str, str] = {}
    allowed: int = 0
    rejected: dict[str, int] | None = None
    quarantined: dict[str, int] = {}
    unmapped: dict[str, int] = {}
    usage: dict[str, float] = {}
    partial: dict[str, int] = {}
    run: int | None = None
    seed: int | None = None
    same: str = ""
    fixed: bool = False
    documents: int | None = None
    spent: Spending | None = None
    costs: Costs | None = None


def reported(facts: Mapping[str, Any]) -> Reported:
    """The facts of a run as a record has them."""
    return msgspec.convert(facts, Reported)


def read(corpus: Corpus, name: str) -> Facts | None:
    """The facts of the layer `system/NAME`; None if it was not made by a run or has changed since."""
    layer, path = corpus.layer_path(f"system/{name}"), corpus.path / RUNS / name / FILE
    if not path.is_file() or not layer.is_file():
        return None
    try:
        facts = msgspec.json.decode(path.read_bytes(), type=Facts)
    except BROKEN as error:
        raise DataError(f"{path}: not the facts of a run", [Fault(str(path), "", str(error))]) from error
    return facts if facts.layer == hash_file(layer) else None


def timing(lines: Sequence[Line], entries: Iterable[Entry]) -> Timing:
    """The times of a whole journal, and the memory of the entries given."""
    sessions = _sessions(lines)
    done = [entry for session in sessions for entry in session]
    return Timing(
        seconds=sum(max(entry.at for entry in session) for session in sessions),
        documents=len(done),
        characters=sum(entry.characters for entry in done),
        startup=max((line.seconds for line in lines if isinstance(line, Start)), default=None),
        memory=max((entry.memory for entry in entries if entry.memory is not None), default=None),
        workers=max((line.workers for line in lines if isinstance(line, Session)), default=1),
    )


def add(timings: Iterable[Timing]) -> Timing:
    """The times of several journals together."""
    found = list(timings)
    return Timing(
        seconds=sum(one.seconds for one in found),
        documents=sum(one.documents for one in found),
        characters=sum(one.characters for one in found),
        startup=max((one.startup for one in found if one.startup is not None), default=None),
        memory=max((one.memory for one in found if one.memory is not None), default=None),
        workers=max((one.workers for one in found), default=1),
        kept=any(one.kept for one in found),
    )


def speed(timing: Timing, latency: Latency | None) -> Speed:
    """Rates over all that was run; not known where answers were there already."""
    known = timing.seconds and not timing.kept
    return Speed(
        documents=timing.documents / timing.seconds if known else None,
        characters=timing.characters / timing.seconds if known else None,
        latency=latency,
        startup=timing.startup,
        memory=timing.memory,
        workers=timing.workers,
    )


def _sessions(lines: Iterable[Line]) -> list[list[Entry]]:
    """The entries of each session that has any."""
    found: list[list[Entry]] = []
    for line in lines:
        if isinstance(line, Session):
            found.append([])
        elif isinstance(line, Entry) and found:  # the line of its session may be damaged
            found[-1].append(line)
    return [session for session in found if session]


def latency(seconds: Sequence[float]) -> Latency | None:
    """The 50th, 95th and 99th percentile by nearest rank; None of nothing.

    >>> latency([0.1, 0.2, 0.3, 0.4])
    Latency(p50=0.2, p95=0.4, p99=0.4)
    """
    ranked = sorted(seconds)
    if not ranked:
        return None
    return Latency(*(ranked[rank(share, len(ranked)) - 1] for share in SHARES))


def rank(share: float, number: int) -> int:
    """The nearest rank, from 1, of a share of so many values."""
    return math.ceil(number * share)


def total(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    """The sum of counters, by name, in order of name."""
    summed: dict[str, int] = {}
    for count in counts:
        for name, value in count.items():
            summed[name] = summed.get(name, 0) + value
    return dict(sorted(summed.items()))


def now() -> str:
    """This moment, as journals and facts have it."""
    return datetime.now(UTC).isoformat(timespec="seconds")
