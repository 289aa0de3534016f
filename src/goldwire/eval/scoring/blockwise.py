"""Scoring of one block of documents, by whichever process, and the sum of all blocks."""

from __future__ import annotations

import hashlib
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from operator import attrgetter
from typing import TYPE_CHECKING

import msgspec

from goldwire.corpora.errors import GoldwireError
from goldwire.eval.counting import attributes
from goldwire.eval.counting.chunks import Block, Place, read_block
from goldwire.eval.counting.columns import NONE, Codes
from goldwire.eval.counting.counters import GoldAndSystem
from goldwire.eval.counting.counts import Patterns, forget, join_patterns
from goldwire.eval.counting.coverage import Cover
from goldwire.eval.counting.reading import Layer, Wanted
from goldwire.eval.counting.texts import Row
from goldwire.eval.measures.measure import Measure
from goldwire.eval.scoring import findings
from goldwire.eval.scoring.findings import Finding, Options
from goldwire.eval.scoring.record import TEXT_DIGITS

if TYPE_CHECKING:
    from concurrent.futures import Executor, Future


class Task(msgspec.Struct, frozen=True):
    """What is asked of each block: `names` are those of gold and then of the systems, for errors."""

    names: tuple[str, ...]
    measures: tuple[Measure, ...]
    options: Options


class Portion(msgspec.Struct, frozen=True):
    """What a block has of one layer: its content as JSON lines, and the rest as `Layer` has it.

    `seen` are the attributes that its units have, of those that measures name; `clustered` says whether a
    mention is in a cluster.
    """

    content: bytes
    documents: int
    failed: int
    empty: int
    excluded: int
    uncounted: int
    dropped: int
    outside: int
    clustered: bool
    triggerless: int
    alternatives: dict[str, int]
    rejections: Patterns
    tags: frozenset[str]
    bonds: bytes
    seen: attributes.Seen


class Part(msgspec.Struct, frozen=True):
    """What one block says: of its documents, of its layers, and what was found of each system.

    `groups` are the groups of the documents, a document without one having its own id; empty where no
    document has one. `hashes` are the first digits of those of the texts.
    """

    ids: tuple[str, ...]
    groups: tuple[str, ...]
    texts: bytes
    hashes: tuple[str, ...]
    cover: Cover
    layers: tuple[Portion, ...]
    findings: tuple[Finding, ...]


def make_part(block: Block, task: Task) -> Part:
    """All that is found in a block."""
    gold, *systems = block.layers
    sides = [GoldAndSystem(gold, system, block.texts, block.codes) for system in systems]
    return Part(
        ids=block.texts.ids,
        groups=_groups(block.texts.rows),
        texts=block.texts.content(),
        hashes=tuple(sha256[:TEXT_DIGITS] for sha256 in block.texts.hashes),
        cover=block.cover,
        layers=tuple(_portion(layer, task.options) for layer in block.layers),
        findings=tuple(
            findings.find(side, (task.names[0], name), task.measures, task.options)
            for name, side in zip(task.names[1:], sides, strict=True)
        ),
    )


def _groups(rows: Sequence[Row]) -> tuple[str, ...]:
    return tuple(row.group or row.id for row in rows) if any(map(attrgetter("group"), rows)) else ()


def _portion(layer: Layer, options: Options) -> Portion:
    return Portion(
        content=layer.content,
        documents=layer.documents,
        failed=layer.failed,
        empty=layer.empty,
        excluded=layer.excluded,
        uncounted=layer.uncounted,
        dropped=layer.dropped,
        outside=layer.outside,
        clustered=bool((layer.table.mention_cluster != NONE).any()),
        triggerless=layer.triggerless,
        alternatives=layer.alternatives,
        rejections=forget(layer.rejections) if options.stream else layer.rejections,
        tags=layer.tags,
        bonds=layer.bonds,
        seen=attributes.of_table(layer.table),
    )


# ---------------------------------------------------------------- many
AHEAD = 3  # blocks a process that are given out before the first of them is taken


def iter_parts(places: Sequence[Place], need: Wanted, task: Task, workers: int = 1) -> Iterator[Part]:
    """The parts of all places in their order, found by up to so many forked processes.

    Where processes cannot be forked there is one. No more than `AHEAD` parts a process wait to be taken, so
    that memory stays, however many processes there are. Raises as `read_block`.
    """
    finder, processes = _Finder(need, task), min(workers, len(places))
    yield from _forked(places, finder, processes) if processes > 1 else map(finder.find, places)


def _forked(places: Sequence[Place], finder: _Finder, processes: int) -> Iterator[Part]:
    # Slow to import, and a small corpus is one block.
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool

    if "fork" not in multiprocessing.get_all_start_methods():
        yield from map(finder.find, places)
        return
    context = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(processes, context, _remember, (finder,)) as pool:
        try:
            yield from _given_out(places, pool, AHEAD * processes)
        except BrokenProcessPool:
            raise GoldwireError("a process that counted was killed; the memory may be too small") from None


def _given_out(places: Sequence[Place], pool: Executor, ahead: int) -> Iterator[Part]:
    """The parts in order, of which no more than so many are waited for at once."""
    waiting: deque[Future[Part]] = deque()
    for place in places:
        waiting.append(pool.submit(_find, place))
        if len(waiting) > ahead:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


class _Finder(msgspec.Struct, frozen=True):
    """Finds what there is in the block of a place."""

    need: Wanted
    task: Task

    def find(self, place: Place) -> Part:
        return make_part(read_block(place, self.need, self.task.options.scope), self.task)


# A forked process has its finder from the start: sent with each block, a long list of documents would take
# more time than the block.
_FINDER: list[_Finder] = []


def _remember(finder: _Finder) -> None:
    _FINDER[:] = [finder]


def _find(place: Place) -> Part:
    return _FINDER[0].find(place)


# ---------------------------------------------------------------- together
class Whole:
    """All parts taken in so far, in their order; with `stream`, without what names the documents."""

    def __init__(self, layers: int, *, stream: bool) -> None:
        self.stream = stream
        self.number, self.grouped, self.cover = 0, False, Cover()
        self.ids: list[str] = []
        self.hashes: list[str] = []
        self.layers = [Digest() for _ in range(layers)]
        self._groups: list[str] = []
        self._content = hashlib.sha256(b"[")
        self._findings: list[list[Finding]] = [[] for _ in range(layers - 1)]

    def take(self, part: Part) -> None:
        """Take in what the next block says."""
        self._content.update(b"," * bool(self.number and part.ids) + part.texts)
        self.number += len(part.ids)
        self.cover += part.cover
        self.grouped |= bool(part.groups)
        for digest, portion in zip(self.layers, part.layers, strict=True):
            digest.take(portion, stream=self.stream)
        for found, finding in zip(self._findings, part.findings, strict=True):
            found.append(finding)
            if self.stream:
                found[:] = [findings.add(found)]
        if not self.stream:
            self.ids += part.ids
            self.hashes += part.hashes
            self._groups += part.groups or part.ids

    def fingerprint(self) -> str:
        """That of the corpus (see `Texts.fingerprint`)."""
        content = self._content.copy()
        content.update(b"]")
        return content.hexdigest()[:12]

    def findings(self) -> list[Finding]:
        """All that was found of each system."""
        return [findings.add(found) for found in self._findings]

    def groups(self) -> tuple[int, ...] | None:
        """A number for each document, shared by near-duplicates; None where there are none."""
        return tuple(map(Codes().__getitem__, self._groups)) if self.grouped and self._groups else None

    def tags(self) -> set[str]:
        """The ways in which tags were read, of all layers."""
        return set().union(*(layer.tags for layer in self.layers))

    def seen(self) -> attributes.Seen:
        """The attributes that units of any layer have, of those that measures name."""
        return frozenset().union(*(layer.seen for layer in self.layers))


class Digest:
    """A layer as it comes in: the hash of its content, and how much of it there was."""

    def __init__(self) -> None:
        self.documents = self.failed = self.empty = 0
        self.excluded = self.uncounted = self.triggerless = 0
        self.alternatives: Counter[str] = Counter()
        self.dropped = self.outside = 0
        self.clustered = False
        self.tags: set[str] = set()
        self.seen: attributes.Seen = frozenset()
        self._bonds = hashlib.sha256()
        self._bound = False
        self._content = hashlib.sha256()
        self._rejections: list[Patterns] = []

    @property
    def fingerprint(self) -> str:
        """That of the layer (see `Layer.fingerprint`)."""
        return self._content.hexdigest()[:12]

    @property
    def tokens(self) -> str | None:
        """That of the tokens beside the layer that were looked at; None if there were none."""
        return self._bonds.hexdigest()[:12] if self._bound else None

    def take(self, portion: Portion, *, stream: bool) -> None:
        """Take in some of the layer."""
        self._content.update(b"\n" * bool(self.documents and portion.content) + portion.content)
        self.documents += portion.documents
        self.failed += portion.failed
        self.empty += portion.empty
        self.excluded += portion.excluded
        self.uncounted += portion.uncounted
        self.dropped += portion.dropped
        self.outside += portion.outside
        self.clustered |= portion.clustered
        self.triggerless += portion.triggerless
        self.alternatives.update(portion.alternatives)
        self.tags |= portion.tags
        self._bonds.update(portion.bonds)
        self._bound |= bool(portion.bonds)
        self.seen |= portion.seen
        self._rejections.append(portion.rejections)
        if stream:
            self._join()

    @property
    def rejections(self) -> Patterns:
        """What was rejected in all (see `Record.rejections`)."""
        return self._join()

    def _join(self) -> Patterns:
        """Everything that was rejected so far as one, put in place of its parts."""
        self._rejections[:] = [join_patterns(self._rejections)]
        return self._rejections[0]


def add(parts: Iterable[Part], layers: int, *, stream: bool) -> Whole:
    """All parts together."""
    whole = Whole(layers, stream=stream)
    for part in parts:
        whole.take(part)
    return whole
