"""Layer, quarantine file and facts of a run whose parts are all there, as one machine would write them.

Documents come by order of id from all parts at once, and go where they belong line by line: memory does not
grow with them, but by what the facts have of each (failures, notes). To a packed corpus the layer is added,
from a folder for the meanwhile; there the groups of documents that have one are in memory too.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from heapq import merge
from operator import itemgetter
from pathlib import Path

import msgspec
import numpy as np

from goldwire.corpora.atomic import Staged, write_atomic
from goldwire.corpora.codec import BROKEN
from goldwire.corpora.errors import CorpusError, DataError, ExtractorError, Fault
from goldwire.corpora.packed import room
from goldwire.corpora.packed.pack import add_layer
from goldwire.corpora.store import DOCUMENTS, Corpus, writing
from goldwire.corpora.store import SYSTEM as LAYER
from goldwire.eval.parts import ranks
from goldwire.eval.parts.file import SYSTEM, PartFile
from goldwire.eval.parts.merge import check_corpus, ranges
from goldwire.eval.parts.run import FLOAT, Opened, Row, read_contents
from goldwire.eval.systems import facts, journal, shares
from goldwire.eval.systems.facts import Facts, Latency
from goldwire.eval.systems.publish import QUARANTINE
from goldwire.eval.systems.run import Outcome
from goldwire.eval.systems.shares import Made, Share

_MEMORY = 2**25  # bytes that are read ahead of all parts together
_BLOCK = 2**20  # and of one at most
_LEAST = 2**12
_ADVICE = "make them anew, or name the corpus that they were made from"
_POINT = itemgetter(0)


def merge_runs(corpus: Corpus, files: Sequence[PartFile]) -> Outcome:
    """Write what one run on the whole corpus would have written, from all its parts (`merge.check_wholes`).

    Raises `DataError` if the corpus has other documents by now, or the system told another version of itself
    in some parts; `ExtractorError` if no document succeeded, or a packed corpus has another layer of that
    name. Then nothing is written.
    """
    opened = [read_contents(one) for one in files]
    _check_made(files, opened)
    head, share = opened[0].contents.head, shares.add([one.contents.share for one in opened])
    shares.check_any(share)
    latency = _latency(opened)
    if corpus.source is not None:
        check_corpus(corpus, files[0].header, _ADVICE)
        made = _add(corpus, opened, share, latency)
        return Outcome(system=head.system, facts=made, spent=made.spent)
    seen = _stamp(corpus)
    check_corpus(corpus, files[0].header, _ADVICE)

    def check_again() -> None:
        """Documents that were changed meanwhile are no longer those of the parts."""
        if _stamp(corpus) != seen:
            check_corpus(corpus, files[0].header, _ADVICE)

    made = _publish(corpus, opened, share, latency, check_again)
    return Outcome(system=head.system, facts=made, spent=made.spent)


def _stamp(corpus: Corpus) -> tuple[int, int, int]:
    found = (corpus.path / DOCUMENTS).stat()
    return found.st_ino, found.st_size, found.st_mtime_ns


def _check_made(files: Sequence[PartFile], opened: Sequence[Opened]) -> None:
    """Raise `DataError` unless the system is the same in all parts by its own words."""
    told: dict[bytes, list[int]] = {}
    for one, part in zip(opened, files, strict=True):
        if (made := one.contents.share.made) is not None:
            told.setdefault(msgspec.json.encode(made), []).append(part.header.number.number)
    if len(told) > 1:
        faults = [
            Fault("made by", "", f"{_shown(made)}: part {ranges(parts)}") for made, parts in told.items()
        ]
        raise DataError(
            f"{files[0].header.alike[SYSTEM]}: the system is not the same in all parts; nothing was "
            "written. Run those of one of them again, with --fresh",
            faults,
        )


def _shown(made: bytes) -> str:
    found = msgspec.json.decode(made, type=Made)
    return f"{found.name} {found.version} ({', '.join(found.provides) or 'provides nothing'})"


# ---------------------------------------------------------------- written
def _publish(
    corpus: Corpus,
    opened: Sequence[Opened],
    share: Share,
    latency: Latency | None,
    check_again: Callable[[], None],
) -> Facts:
    """Write all beside its place, then put it there, in the order and under the lock of `publish`."""
    head = opened[0].contents.head
    place, layer = journal.folder(corpus, head.system), LAYER + head.system
    corpus.check_new_layer(layer)
    with ExitStack() as stack:
        lines = stack.enter_context(Staged(corpus.layer_path(layer)))
        rejected = stack.enter_context(Staged(place / QUARANTINE))
        digest, any_rejected = _write(opened, lines, rejected, share.documents, lambda _: None)
        made = shares.make_facts(head, share, latency, digest)
        stack.enter_context(writing(corpus, f"eval merge of {head.system}"))
        check_again()
        if any_rejected:
            rejected.put()
        else:
            rejected.path.unlink(missing_ok=True)
        corpus.put_layer(layer, lines)
        write_atomic(place / facts.FILE, msgspec.json.encode(made))
    return made


def _add(corpus: Corpus, opened: Sequence[Opened], share: Share, latency: Latency | None) -> Facts:
    """Write all into a folder of this machine, and add it to the packed corpus."""
    head = opened[0].contents.head
    layer, groups = LAYER + head.system, dict[str, str]()

    def learn(row: Row) -> None:
        if row.group:
            groups[row.document] = row.group

    with room.working() as folder, ExitStack() as stack:
        made = Corpus(folder, corpus.manifest)
        place = journal.folder(made, head.system)
        lines = stack.enter_context(Staged(made.layer_path(layer)))
        rejected = stack.enter_context(Staged(place / QUARANTINE))
        digest, any_rejected = _write(opened, lines, rejected, share.documents, learn)
        found = shares.make_facts(head, share, latency, digest)
        lines.put()
        if any_rejected:
            rejected.put()
        write_atomic(place / facts.FILE, msgspec.json.encode(found))
        try:
            add_layer(corpus, folder, layer, groups)
        except CorpusError as error:
            raise ExtractorError(str(error)) from error
    return found


def _write(
    opened: Sequence[Opened],
    lines: Staged,
    rejected: Staged,
    documents: int,
    learn: Callable[[Row], None],
) -> tuple[str, bool]:
    """Write the rows of all parts by order of id; the SHA-256 of the layer, whether anything was rejected."""
    digest, number, last, any_rejected = hashlib.sha256(), 0, "", False
    block = max(_LEAST, min(_BLOCK, _MEMORY // len(opened)))
    for id, row, path in merge(*(_iter_rows(one, block) for one in opened), key=_POINT):
        if number and id <= last:
            raise DataError(f"{path}: document {id!r} is in another part too, or out of order")
        number, last = number + 1, id
        learn(row)
        line = bytes(row.line) + b"\n"
        digest.update(line)
        lines.write(line)
        for item in row.rejected:
            rejected.write(bytes(item) + b"\n")
            any_rejected = True
    if number != documents:
        raise DataError(f"{number:,} rows of documents in parts of {documents:,} documents; make them anew")
    lines.close()
    rejected.close()
    return digest.hexdigest(), any_rejected


# ---------------------------------------------------------------- read
def _iter_rows(one: Opened, block: int) -> Iterator[tuple[str, Row, Path]]:
    decode = msgspec.json.Decoder(Row).decode
    try:
        for line in _iter_lines(one, block):
            row = decode(line)
            yield row.document, row, one.path
    except BROKEN as error:
        raise DataError(f"{one.path}: not a part of a run ({error})") from error


def _iter_lines(one: Opened, block: int) -> Iterator[bytes]:
    rest = b""
    for data in _iter_blocks(one.path, one.rows, one.contents.rows, block):
        *whole, rest = (rest + data).split(b"\n")
        yield from whole


def _iter_blocks(path: Path, start: int, size: int, block: int) -> Iterator[bytes]:
    """Bytes of a file, block by block. It is open only meanwhile: there may be more parts than open files."""
    for at in range(start, start + size, block):
        with path.open("rb", buffering=0) as source:
            source.seek(at)
            yield source.read(min(block, start + size - at))


def _latency(opened: Sequence[Opened]) -> Latency | None:
    """The latency over all documents, not over that of parts."""

    def blocks() -> Iterator[ranks.Floats]:
        for one in opened:
            size = FLOAT * one.contents.seconds
            for data in _iter_blocks(one.path, one.seconds, size, _BLOCK):
                found = np.frombuffer(data, dtype="<f8").astype(np.float64)
                if not (np.isfinite(found) & (found >= 0)).all():
                    raise DataError(f"{one.path}: not a part of a run (seconds that are none)")
                yield found

    number = sum(one.contents.seconds for one in opened)
    if not number:
        return None
    return Latency(*ranks.find(blocks, [facts.rank(share, number) for share in facts.SHARES]))
