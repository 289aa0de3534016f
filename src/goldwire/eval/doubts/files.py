"""Files of doubts: a line that says what they are of, then a doubt a line, the greatest first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from goldwire.corpora.atomic import write_atomic
from goldwire.corpora.codec import decode_lines, decode_versioned, encode_lines, read_bytes
from goldwire.corpora.errors import CorpusError, DataError, Fault
from goldwire.eval.doubts.readings import FORMAT, Doubt, Doubts, Head
from goldwire.eval.measures.phrases import amount


def check_free(path: Path) -> None:
    """Raise `CorpusError` if new doubts would take the place of decisions, or of another file."""
    if not path.is_file() or not path.stat().st_size:
        return
    try:
        there = read(path).doubts
    except DataError as error:
        raise CorpusError(
            f"{path}: is there already, and no sound file of doubts; nothing was written over: name another"
        ) from error
    decided = sum(one.decision is not None for one in there)
    if decided:
        is_ = "is" if decided == 1 else "are"
        raise CorpusError(
            f"{path}: {decided:,} of its {amount(len(there), 'doubt')} {is_} decided, which would be lost; "
            "nothing was written over: name another file, or delete this one"
        )


def write(path: Path, found: Doubts) -> None:
    """Replace a file of doubts as a whole."""
    write_atomic(path, encode_lines([found.head, *found.doubts]))


def read(path: Path) -> Doubts:
    """A file of doubts; `DataError` with all faults if it is none."""
    first, _, rest = read_bytes(path).partition(b"\n")
    head = decode_versioned(first, Head, "the first line of a file of doubts", f"{path}:1", FORMAT)
    doubts = tuple(decode_lines(rest, Doubt, str(path), first=2))
    if faults := [*_faults(head, doubts, f"{path}:1")]:
        raise DataError(f"{path}: not a sound file of doubts", faults)
    return Doubts(head, doubts)


def _faults(head: Head, doubts: Sequence[Doubt], where: str) -> Iterator[Fault]:
    twice = [id for id, times in Counter(one.id for one in doubts).items() if times > 1]
    yield from (Fault(id, "$.id", "is the id of an earlier doubt too") for id in twice)
    there = sum(one.control is None for one in doubts)
    if there != head.asked and not twice:
        yield Fault(
            where,
            "$.asked",
            f"{there} doubts have a line; expected are {head.asked}: estimates need all of them. Put back "
            "those that are missing, with null as their decision where nobody decides",
        )
