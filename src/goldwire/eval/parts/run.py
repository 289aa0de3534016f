"""Running of systems on one part of a corpus, each into a part file.

The payload is a line that says what is in it (`Contents`), a line for each document in order of id (`Row`),
and the seconds of documents as floats of eight bytes, of which the latency of the whole is made.
"""

from __future__ import annotations

import hashlib
import sys
import tempfile
from array import array
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import msgspec

from goldwire.corpora.atomic import make_folder
from goldwire.corpora.codec import BROKEN, encode_lines
from goldwire.corpora.errors import CorpusError, DataError
from goldwire.corpora.parts import Part
from goldwire.corpora.store import Corpus
from goldwire.corpora.taking import take
from goldwire.corpora.types import Document
from goldwire.eval.parts import file
from goldwire.eval.parts.file import DIGITS, SYSTEM, Header, PartFile
from goldwire.eval.systems import exact, facts, shares
from goldwire.eval.systems.config import System
from goldwire.eval.systems.facts import Facts
from goldwire.eval.systems.plan import Plan, make_plan
from goldwire.eval.systems.publish import Findings
from goldwire.eval.systems.run import Opening, Outcome, Progress, attempt, run_plan
from goldwire.eval.systems.shares import Counts, Head, Share

KIND = "run"
FLOAT = 8  # bytes of one of the seconds
_LONGEST = 2**28  # bytes of the line that says what there is
_Count = Annotated[int, msgspec.Meta(ge=0)]


class Row(msgspec.Struct, frozen=True, array_like=True):
    """A document: its line of the layer, and what was rejected, as they are to be on disk; its group."""

    document: str
    line: msgspec.Raw
    rejected: list[msgspec.Raw]
    group: str | None = None


class Contents(msgspec.Struct, frozen=True, kw_only=True):
    """What a part has: the head of the facts, its share of them, bytes of rows and how many seconds."""

    head: Head
    share: Share
    rows: _Count
    seconds: _Count


class _Lot(msgspec.Struct, frozen=True):
    """The documents of a part, and the digests of what they were taken from."""

    part: Part
    documents: list[Document]
    sources: dict[str, str]


# ---------------------------------------------------------------- a part
def run_part(
    corpus: Corpus,
    system: System,
    part: Part,
    *,
    workers: int = 1,
    seed: int = 0,
    fresh: bool = False,
    keep_going: bool = False,
    progress: Callable[[Progress], None] = lambda _: None,
    opened: Opening | None = None,
) -> bytes:
    """The part file of a system on a part.

    Its journal is beside that of the whole, so that what succeeded is not run again; `opened` is as in
    `run_plan`. Raises `ExtractorError`
    and `DataError` as `run_system`, but not where documents failed, however many: that is for the whole to
    tell.
    """
    lot = _take(corpus, part)
    plan = make_plan(corpus, system, workers=workers, seed=seed, part=part, documents=lot.documents)
    made = list[bytes]()

    def conclude(_: Corpus, found: Findings) -> Facts:
        made.append(_encode(_header(plan, lot), lot, found))
        return found.facts("")

    how: dict[str, Any] = {"fresh": fresh, "keep_going": keep_going, "progress": progress}
    run_plan(corpus, plan, **how, conclude=conclude, opened=opened)
    return made[0]


def keep_parts(
    corpus: Corpus,
    systems: Sequence[System],
    part: Part,
    folder: Path,
    *,
    workers: int = 1,
    seed: int = 0,
    fresh: bool = False,
    keep_going: bool = False,
    progress: Callable[[Progress], None] = lambda _: None,
) -> list[Outcome]:
    """Run systems on a part one after the other, and put the part file of each into a folder.

    One of this very state and these documents, in which none failed, stays as it is, and nothing is run.
    """
    make_folder(folder)  # so that it is not said after hours that there is no such place
    lot = _take(corpus, part)

    def kept(system: System) -> Outcome:
        plan = make_plan(corpus, system, workers=workers, seed=seed, part=part, documents=lot.documents)
        if not fresh and (found := _there(folder, plan, lot)) is not None:
            return found
        return _keep(corpus, plan, lot, folder, fresh=fresh, keep_going=keep_going, progress=progress)

    outcomes = [attempt(system.name, partial(kept, system)) for system in systems]
    return [msgspec.structs.replace(outcome, part=str(part)) for outcome in outcomes]


def _take(corpus: Corpus, part: Part) -> _Lot:
    with tempfile.TemporaryDirectory(prefix="goldwire-part-") as folder:
        taken = take(corpus, part, (), Path(folder) / "corpus")
        try:
            return _Lot(part, taken.corpus.documents(), taken.sources)
        except DataError as error:
            raise taken.told(error) from error


def _there(folder: Path, plan: Plan, lot: _Lot) -> Outcome | None:
    """What came of a part whose file is there; None if there is none, or documents are to be run again."""
    path = folder / _header(plan, lot).file
    try:
        counts, contents = read_counts(file.check(path))
    except (CorpusError, DataError):  # none there, or one that is made anew since it is damaged
        return None
    if contents.share.failed:
        return None
    made = shares.make_facts(contents.head, counts.share, facts.latency(counts.seconds), "")
    return Outcome(system=plan.system.name, facts=made, spent=made.spent, path=str(path), there=True)


def _keep(corpus: Corpus, plan: Plan, lot: _Lot, folder: Path, **how: Any) -> Outcome:
    header = _header(plan, lot)

    def conclude(_: Corpus, found: Findings) -> Facts:
        file.write(folder, header, _encode(header, lot, found))
        return found.facts("")

    outcome = run_plan(corpus, plan, conclude=conclude, **how)
    return msgspec.structs.replace(outcome, path=str(folder / header.file))


# ---------------------------------------------------------------- its file
def _header(plan: Plan, lot: _Lot) -> Header:
    """What a part file says of itself: the state of the system, and all that its facts are judged by."""
    head = shares.head_of(plan)
    return Header(
        kind=KIND,
        name=f"{head.system}-{head.state}",
        part=str(lot.part),
        alike={
            SYSTEM: head.system,
            "spec": head.spec,
            "state": head.state,
            "seed": str(plan.job.context.seed),
            "label map": f"#{_digest(plan.labels)}" if plan.labels else "none",
            "failures allowed": str(head.failures or 0),
            "price": "none" if head.price is None else msgspec.json.encode(head.price).decode(),
            "head": _digest(head),
        },
        sources=lot.sources,
    )


def _digest(value: Any) -> str:
    return hashlib.sha256(msgspec.json.encode(value, order="deterministic")).hexdigest()[:DIGITS]


def _encode(header: Header, lot: _Lot, found: Findings) -> bytes:
    encode = msgspec.json.Encoder().encode
    groups = {document.id: document.group for document in lot.documents if document.group}
    rows = encode_lines(
        Row(
            line.document,
            msgspec.Raw(encode(line)),
            [msgspec.Raw(encode(item)) for item in verdict.rejected],
            groups.get(line.document),
        )
        for line, verdict in zip(found.lines, found.verdicts, strict=True)
    )
    seconds = array("d", found.counts.seconds)
    contents = Contents(head=found.head, share=found.counts.share, rows=len(rows), seconds=len(seconds))
    return file.encode(header, encode(contents) + b"\n" + rows + _little(seconds).tobytes())


def _little(seconds: array[float]) -> array[float]:
    """Floats as they are written, the lowest byte first, whatever machine this is."""
    if sys.byteorder == "big":
        seconds.byteswap()
    return seconds


class Opened(msgspec.Struct, frozen=True):
    """The contents of a part file, and where its rows and its seconds begin."""

    path: Path
    contents: Contents
    rows: int
    seconds: int


def read_contents(part: PartFile) -> Opened:
    """What a sound part file has; rows and seconds are left where they are. `DataError` if it is no run."""
    with part.path.open("rb") as source:
        source.seek(part.start)
        line = source.readline(_LONGEST)
        rows = source.tell()
    try:
        contents = msgspec.json.decode(line, type=Contents)
        _check_sums(contents.share)
    except (*BROKEN, ValueError) as error:
        raise DataError(f"{part.path}: not a part of a run ({error})") from error
    found = Opened(part.path, contents, rows, rows + contents.rows)
    if found.seconds + FLOAT * contents.seconds != part.start + part.header.size:
        raise DataError(f"{part.path}: not a part of a run (it has not what it says)")
    return found


def _check_sums(share: Share) -> None:
    """Raise `ValueError` for what is no sum."""
    for number in (*share.usage.values(), share.costs.sum, share.costs.squares):
        exact.decode(number)


def read_counts(part: PartFile) -> tuple[Counts, Contents]:
    """The share of a part with its seconds, all of it in memory."""
    found = read_contents(part)
    seconds = array("d")
    with part.path.open("rb") as source:
        source.seek(found.seconds)
        seconds.frombytes(source.read(FLOAT * found.contents.seconds))
    return Counts(found.contents.share, _little(seconds).tolist()), found.contents
