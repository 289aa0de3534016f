"""Whole runs that are made part by part, on this machine or on others, and go on where they were.

Each part file is kept as it comes, and all are merged when they are there: whatever dies on the way, the
same command goes on from what is there. Journals are where those of parts always are.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, nullcontext, suppress
from functools import partial
from pathlib import Path
from typing import NamedTuple

import msgspec

from goldwire.corpora import taking
from goldwire.corpora.atomic import make_folder, write_atomic
from goldwire.corpora.codec import BROKEN, read_bytes
from goldwire.corpora.errors import CorpusError, DataError, ExtractorError
from goldwire.corpora.parts import Part
from goldwire.corpora.store import SYSTEM as LAYER
from goldwire.corpora.store import Corpus
from goldwire.eval.parts import file
from goldwire.eval.parts.file import SYSTEM, PartFile
from goldwire.eval.parts.layer import merge_runs
from goldwire.eval.parts.merge import check_wholes
from goldwire.eval.parts.run import KIND, read_contents, run_part
from goldwire.eval.systems import facts, journal
from goldwire.eval.systems.config import System
from goldwire.eval.systems.facts import Facts
from goldwire.eval.systems.plan import Plan, state_of
from goldwire.eval.systems.pool import Pool
from goldwire.eval.systems.run import Opening, Outcome, Progress, attempt, open_pool
from goldwire.eval.systems.worker import Job

FOLDER = "parts"  # beside the journals of a system: part files that wait for the others


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """How systems are run, as `run_part` has it."""

    workers: int = 1
    seed: int = 0
    fresh: bool = False
    keep_going: bool = False


class Whole(NamedTuple):
    """A run that is to be made in `number` parts: of a system in a state, on all documents of a corpus."""

    corpus: Corpus
    system: System
    state: str
    number: int
    documents: int


Giving = Callable[[Sequence[Part]], Iterator[bytes]]  # the part files of parts, in any order


def run_whole(whole: Whole, give: Giving, told: Told, *, fresh: bool = False) -> Outcome:
    """Have the parts made that are not there yet, and write what they make together."""
    folder = journal.folder(whole.corpus, whole.system.name) / FOLDER
    kept = {} if fresh else _kept(whole, folder)
    told.total -= sum(read_contents(file.check(path)).contents.share.documents for path in kept.values())
    parts = (Part(number, whole.number) for number in range(1, whole.number + 1))
    for data in give([part for part in parts if part not in kept]):
        came = _keep(folder, data)
        kept[came.header.number] = came.path
        told.add(came)
    [files] = check_wholes([*kept.values()])
    outcome = merge_runs(whole.corpus, files)
    _discard(folder)
    return outcome


class Told:
    """Progress, told by the `total` of documents that are to be run."""

    def __init__(self, system: str, total: int, tell: Callable[[Progress], None]) -> None:
        self._system, self.total, self._tell = system, total, tell
        self._begun, self._done, self._failed = time.monotonic(), 0, 0

    def within(self, part: Progress) -> None:
        """Tell how far a part is."""
        self._say(self._done + part.done, self._failed + part.failed)

    def add(self, came: PartFile) -> None:
        """Tell that a part is done."""
        found = read_contents(came).contents.share
        self._done, self._failed = self._done + found.documents, self._failed + len(found.failed)
        self._say(self._done, self._failed)

    def _say(self, done: int, failed: int) -> None:
        seconds = time.monotonic() - self._begun
        self._tell(Progress(self._system, done, self.total, failed, seconds))


# ---------------------------------------------------------------- a packed corpus, on this machine
def run_packed(
    corpus: Corpus, systems: Sequence[System], terms: Terms, *, progress: Callable[[Progress], None]
) -> list[Outcome]:
    """Run systems on a packed corpus, one part after the other, and add the layer of each to it.

    Part files and journals are in the `workplace` of the corpus. One system that cannot run does not stop
    the others.
    """
    return [attempt(system.name, partial(_run, corpus, system, terms, progress)) for system in systems]


def _run(corpus: Corpus, system: System, terms: Terms, progress: Callable[[Progress], None]) -> Outcome:
    assert corpus.source is not None  # noqa: S101 - for the type checker
    state = state_of(corpus, system, terms.seed)
    if (found := there(corpus, system, state, fresh=terms.fresh)) is not None:
        return found
    whole = Whole(corpus, system, state, corpus.source.parts, corpus.source.documents)
    told = Told(system.name, whole.documents, progress)
    with ExitStack() as open_until_the_end:

        def give(parts: Sequence[Part]) -> Iterator[bytes]:
            opening = _opening(open_until_the_end)
            for part in parts:
                how = msgspec.structs.asdict(terms)
                yield run_part(corpus, system, part, progress=told.within, opened=opening, **how)

        make_folder(journal.folder(corpus, system.name))
        return run_whole(whole, give, told, fresh=terms.fresh)


def _opening(stack: ExitStack) -> Opening:
    """What opens the processes of a system once for all parts that give them the same job."""
    pools = list[tuple[Job, Pool]]()

    def opened(plan: Plan) -> nullcontext[Pool]:
        if not pools or pools[-1][0] != plan.job:  # what is paid for has an account in each part
            stack.close()
            pools.append((plan.job, stack.enter_context(open_pool(plan))))
        return nullcontext(pools[-1][1])

    return opened


def there(corpus: Corpus, system: System, state: str, *, fresh: bool) -> Outcome | None:
    """What came of a system whose layer a packed corpus has already; None if it has none of that name.

    Raises `ExtractorError`, before anything is run, if that layer is another one, or to be made anew.
    """
    if corpus.source is None or (digest := corpus.source.digest(f"layers/{LAYER}{system.name}")) is None:
        return None
    found = _published(corpus, system.name)
    if found is None or (found.layer, found.fingerprint) != (digest, state):
        told = f"has a layer {LAYER}{system.name} already, of another system or another state of it"
    elif found.failed:
        told = f"has a layer {LAYER}{system.name} already, in which {len(found.failed):,} document(s) failed"
    elif fresh:
        told = f"has the layer {LAYER}{system.name} already, and --fresh would make another"
    else:
        return Outcome(system=system.name, facts=found, there=True)
    raise ExtractorError(
        f"{corpus.where}: {told}; nothing is written over: call yours otherwise, or unpack the corpus "
        "(`goldwire corpus unpack`), run it there, and pack that to another address"
    )


def _published(corpus: Corpus, name: str) -> Facts | None:
    path = corpus.path / journal.RUNS / name / facts.FILE
    if not path.is_file():
        return None
    try:
        return msgspec.json.decode(read_bytes(path), type=Facts)
    except BROKEN:
        return None


# ---------------------------------------------------------------- part files
def _keep(folder: Path, data: bytes) -> PartFile:
    """Put a part file as it came into the folder; one that was there of this part goes."""
    folder.mkdir(parents=True, exist_ok=True)
    place = folder / "came.part"
    write_atomic(place, data)
    came = file.check(place)
    path = folder / came.header.file
    place.replace(path)
    return msgspec.structs.replace(came, path=path)


def _kept(whole: Whole, folder: Path) -> dict[Part, Path]:
    """Part files of an earlier call that are of this state, corpus and number, without failures."""
    now = taking.sources(whole.corpus, [taking.SOURCE])
    found = dict[Part, Path]()
    for path in sorted(folder.glob("*.part")):
        with suppress(CorpusError, DataError):  # one that is damaged is made anew
            one = file.check(path)
            if one.header.number.of == whole.number and _fits(one, whole, now):
                found[one.header.number] = path
    return found


def _fits(one: PartFile, whole: Whole, now: Mapping[str, str | None]) -> bool:
    header = one.header
    same = (header.alike.get(SYSTEM), header.alike.get("state")) == (whole.system.name, whole.state)
    sound = header.kind == KIND and same and header.sources == now
    return sound and not read_contents(one).contents.share.failed


def _discard(folder: Path) -> None:
    """Part files are merged: what they hold is in the layer, and in the journals."""
    for path in folder.glob("*.part"):
        path.unlink(missing_ok=True)
    if folder.is_dir():
        folder.rmdir()
