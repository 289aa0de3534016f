"""The passage of a record into its place: over an older one, or beside what that has of other systems."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TypeVar

import msgspec

from goldwire.corpora.errors import CorpusError, DataError, JudgementError
from goldwire.corpora.lock import locked
from goldwire.corpora.store import MANIFEST, RECORDS
from goldwire.corpora.visible import line
from goldwire.eval.comparison.same import iter_unlike
from goldwire.eval.counting.slices import in_order
from goldwire.eval.measures.measure import name, parse
from goldwire.eval.measures.phrases import points
from goldwire.eval.measures.slices import parse_slice
from goldwire.eval.scoring.files import read_record, write_record
from goldwire.eval.scoring.parts import UnitFindings
from goldwire.eval.scoring.record import Confusion, Record, Result, Slicing
from goldwire.eval.scoring.several import with_runs
from goldwire.eval.scoring.tables import CountTable

T = TypeVar("T", bound="CountTable | Result | Confusion | UnitFindings")


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """A record as it was kept, and what people are told of it, a line each."""

    record: Record
    notes: tuple[str, ...]


def keep(record: Record, path: Path, *, replace: bool = False) -> Kept:
    """Put a record at `path`. What an older one there says of systems that were not scored now is kept.

    If all its systems were scored again, or with `replace`, the record takes its place. Else they stay,
    with their results, if both records are of one kind (see `same.iter_unlike`). Raises `JudgementError`, and
    writes nothing, if they are not or the old one cannot be read.
    """
    with locked(home_of(path) or path.parent, "eval score"):
        return _keep(record, path, replace)


def home_of(record: Path) -> Path | None:
    """The corpus directory that a record is kept in, if it is in one."""
    folder = record.resolve().parent
    inside = folder.name == RECORDS and (folder.parent / MANIFEST).is_file()
    return folder.parent if inside else None


def _keep(record: Record, path: Path, replace: bool) -> Kept:
    if not path.is_file():
        return Kept(record=_put(record, path), notes=())
    try:
        old = read_record(path)
    except (CorpusError, DataError) as error:
        if not replace:
            raise JudgementError(f"{error}\nNothing was written there: {_ways_out(path)}") from error
        return Kept(record=_put(record, path), notes=("what was there could not be read, and was replaced",))
    left = [system.name for system in old.systems if system.name not in _names(record)]
    if left and not replace:
        _check_alike(old, record, left, path)
        notes = (f"kept from before, not scored now: {', '.join(map(line, left))}", *_moves(old, record))
        return Kept(record=_put(_merged(old, record, path), path), notes=notes)
    return Kept(record=_put(record, path), notes=(*_changes(old, record), *_moves(old, record)))


def _merged(old: Record, record: Record, path: Path) -> Record:
    try:
        return merge(old, record)
    except CorpusError as error:  # runs of a system beside one layer of its name, or from before a change
        raise JudgementError(f"{path}: {error}\nNothing was written: {_ways_out(path)}") from error


def _put(record: Record, path: Path) -> Record:
    write_record(record, path)
    return record


def _names(record: Record) -> list[str]:
    return [system.name for system in record.systems]


def _ways_out(path: Path) -> str:
    return f"--replace puts this record in its place, another --name than {path.stem} keeps both"


def _check_alike(old: Record, record: Record, left: Sequence[str], path: Path) -> None:
    differences = list(iter_unlike(old, record))
    if differences:
        raise JudgementError(
            f"{path}: has results of {', '.join(left)}, which were not scored now and cannot stand beside "
            "these:\n"
            + "\n".join(f"  {difference.changed()}" for difference in differences)
            + f"\nNothing was written: score them "
            f"too, or {_ways_out(path)}"
        )


# ---------------------------------------------------------------- one record of two
def merge(old: Record, new: Record) -> Record:
    """The new record with the systems that only the old one has, as if all had been scored together."""
    kept = set(_names(old)) - set(_names(new))
    systems = {system.name: system for system in (*old.systems, *new.systems)}
    order = list(systems)

    def both(one: Sequence[T], two: Sequence[T]) -> tuple[T, ...]:
        found = [*(item for item in one if item.system in kept), *two]
        return tuple(sorted(found, key=lambda item: order.index(item.system)))

    results = both(old.results, new.results)
    merged = msgspec.structs.replace(
        new,
        systems=tuple(systems.values()),
        policies={**new.policies, **_tags(old, new)},
        counts=both(old.counts, new.counts),
        rejections=both(old.rejections, new.rejections),
        results=tuple(sorted(results, key=lambda result: new.measures.index(result.measure))),
        confusions=both(old.confusions, new.confusions),
        findings=both(old.findings, new.findings),
        slices=tuple(
            _both_slices(before, now, kept) for before, now in zip(old.slices, new.slices, strict=True)
        ),
    )
    return with_runs(merged)


def _both_slices(old: Slicing, new: Slicing, kept: set[str]) -> Slicing:
    """A slice of units with those of systems that only the old record has; of documents, as it is."""
    if not new.counts:
        return new
    values = in_order(parse_slice(new.slice), sorted({*old.values, *new.values}))
    tables = (*(table for table in old.counts if table.system in kept), *new.counts)
    notes = tuple(dict.fromkeys((*old.notes, *new.notes)))
    return msgspec.structs.replace(new, values=values, counts=tables, notes=notes)


def _tags(old: Record, new: Record) -> dict[str, str]:
    """The ways in which tags were read, of all layers: a policy of the layers and not of the scoring."""
    ways = {way for record in (old, new) for way in record.policies.get("tags", "").split("+") if way}
    return {"tags": "+".join(sorted(ways))} if ways else {}


# ---------------------------------------------------------------- what moved
def _changes(old: Record, new: Record) -> Iterator[str]:
    """What is otherwise in a record that takes the place of another."""
    for difference in iter_unlike(old, new):
        yield f"not as before: {difference.changed()}"
    if gone := [name for name in _names(old) if name not in _names(new)]:
        yield f"no longer in the record: {', '.join(map(line, gone))}"


def _moves(old: Record, new: Record) -> Iterator[str]:
    """The figures that are others now, a line for each system; or that none is."""
    before = {(result.system, result.measure): result for result in old.results}
    moved: dict[str, list[str]] = {}
    for result in new.results:
        was = before.get((result.system, result.measure))
        if was is not None and was.value != result.value:
            moved.setdefault(result.system, []).append(f"{name(parse(result.measure))} {_move(was, result)}")
    for system, told in moved.items():
        yield f"moved: {line(system)}: {', '.join(told)}"
    if not moved and any((result.system, result.measure) in before for result in new.results):
        yield "no figure moved"


def _move(before: Result, now: Result) -> str:
    ends = points(before.value), points(now.value)
    if ends[0] == ends[1] and before.value is not None and now.value is not None:  # by less than is shown
        ends = f"{100 * before.value:.3f}", f"{100 * now.value:.3f}"
    return " -> ".join(ends)
