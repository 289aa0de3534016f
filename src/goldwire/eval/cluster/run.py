"""Running of systems on a cluster: parts of the corpus go to workers, and come back as part files.

Each file is kept with the corpus as it comes, and merged when all are there: whatever dies on the way, the
same command goes on from what is there. Journals are where those of parts always are, so that a part of a
lost worker is gone on with by another. A part runs in processes of the system, as on one machine, so a worker
needs no more than one thread.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import lru_cache, partial
from pathlib import Path
from typing import NamedTuple

import msgspec

from goldwire.corpora import secrets, taking
from goldwire.corpora.atomic import write_atomic
from goldwire.corpora.errors import ClusterError, CorpusError, DataError, ExtractorError
from goldwire.corpora.parts import Part
from goldwire.corpora.store import DOCUMENTS, MANIFEST, Corpus, open_corpus
from goldwire.eval.cluster import files
from goldwire.eval.cluster.engine import Call, Cluster, encode
from goldwire.eval.cluster.files import SharedFile
from goldwire.eval.cluster.score import share
from goldwire.eval.cluster.warm import warm
from goldwire.eval.parts import file
from goldwire.eval.parts.file import SYSTEM, PartFile
from goldwire.eval.parts.layer import merge_runs
from goldwire.eval.parts.merge import check_wholes
from goldwire.eval.parts.run import KIND, read_contents, run_part
from goldwire.eval.systems import journal
from goldwire.eval.systems.config import System
from goldwire.eval.systems.plan import state_of
from goldwire.eval.systems.run import Outcome, Progress, attempt, kept_since

SIZE = 2500  # documents of a part
FEWEST = 16  # parts, if there are so many documents: a small corpus is to be shared out as well
FOLDER = "parts"  # beside the journals of a system: part files that wait for the others


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """How systems are run, as `run_part` has it."""

    workers: int = 1
    seed: int = 0
    fresh: bool = False
    keep_going: bool = False


class Common(NamedTuple):
    """What all parts have in common; the files are as the client sees them, and so is the system's state."""

    corpus: str
    files: tuple[SharedFile, ...]
    system: System
    state: str
    terms: Terms


def run_on(
    cluster: Cluster,
    corpus: Corpus,
    systems: Sequence[System],
    terms: Terms,
    *,
    progress: Callable[[Progress], None] = lambda _: None,
) -> list[Outcome]:
    """Run systems on a cluster one after the other; one that cannot run does not stop the others.

    Layers, quarantine and facts are those of one machine but for times. Raises `ClusterError` if the cluster
    is lost, or its workers do not see the corpus or the system as it is here.
    """
    for system in systems:
        _check(system)
        cluster.check_resources(system.resources)
    given = _Given(cluster, corpus, terms, _shared(cluster, corpus), progress)
    return [_outcome(given, system) for system in systems]


class _Given(NamedTuple):
    """What all systems of a command have in common."""

    cluster: Cluster
    corpus: Corpus
    terms: Terms
    shared: tuple[SharedFile, ...]
    progress: Callable[[Progress], None]


def _check(system: System) -> None:
    """Raise `ExtractorError` if something of a system would be sent that must not be."""
    text = msgspec.json.encode(system).decode()
    if secrets.hide(text) != text:
        raise ExtractorError(
            f"{system.name}: has a password, key or token in its address or options, which would be sent to "
            "others; put it into a variable of the workers' own environment, and name that"
        )


def _shared(cluster: Cluster, corpus: Corpus) -> tuple[SharedFile, ...]:
    paths = [corpus.path / DOCUMENTS, corpus.path / MANIFEST]
    own = corpus.path / (corpus.manifest.ontology or "")
    return share(cluster, [*paths, own] if own.is_file() else paths)


def _outcome(given: _Given, system: System) -> Outcome:
    outcome = attempt(system.name, partial(_run, given, system))
    if outcome.facts is not None:
        return outcome
    return msgspec.structs.replace(outcome, kept=kept_since(given.corpus, system.name))


def _run(given: _Given, system: System) -> Outcome:
    corpus, terms = given.corpus, given.terms
    corpus.check_new_layer(f"system/{system.name}")
    state = state_of(corpus, system, terms.seed)
    folder = journal.folder(corpus, system.name) / FOLDER
    documents = len(corpus.hashes())
    number = max(math.ceil(documents / SIZE), min(FEWEST, documents), 1)
    kept = {} if terms.fresh else _kept(corpus, folder, system.name, state, number)
    todo = [part for part in (Part(k, number) for k in range(1, number + 1)) if part not in kept]
    calls = (Call(f"part {part} of {system.name}", str(part).encode()) for part in todo)
    common = encode(Common(str(corpus.path.resolve()), given.shared, system, state, terms))
    told = _Told(system.name, documents, given.progress)
    for _, data in given.cluster.results(work, common, calls, resources=system.resources or None):
        came = _keep(folder, data)
        kept[came.header.number] = came.path
        told.add(came)
    [whole] = check_wholes([*kept.values()])
    outcome = merge_runs(corpus, whole)
    _discard(folder)
    return outcome


class _Told:
    """Progress, told by documents as on one machine, when a part is done."""

    def __init__(self, system: str, total: int, tell: Callable[[Progress], None]) -> None:
        self._system, self._total, self._tell = system, total, tell
        self._begun, self._done, self._failed = time.monotonic(), 0, 0

    def add(self, came: PartFile) -> None:
        """Tell that a part is done."""
        found = read_contents(came).contents.share
        self._done, self._failed = self._done + found.documents, self._failed + len(found.failed)
        seconds = time.monotonic() - self._begun
        self._tell(Progress(self._system, self._done, self._total, self._failed, seconds))


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


def _kept(corpus: Corpus, folder: Path, system: str, state: str, number: int) -> dict[Part, Path]:
    """Part files of an earlier call that are of this state, corpus and number, without failures."""
    now = taking.sources(corpus, [taking.SOURCE])
    found = dict[Part, Path]()
    for path in sorted(folder.glob("*.part")):
        with suppress(CorpusError, DataError):  # one that is damaged is made anew
            one = file.check(path)
            if one.header.number.of == number and _fits(one, system, state, now):
                found[one.header.number] = path
    return found


def _fits(one: PartFile, system: str, state: str, now: Mapping[str, str | None]) -> bool:
    header = one.header
    same = header.kind == KIND and (header.alike.get(SYSTEM), header.alike.get("state")) == (system, state)
    return same and header.sources == now and not read_contents(one).contents.share.failed


def _discard(folder: Path) -> None:
    """Part files are merged: what they hold is in the layer, and in the journals."""
    for path in folder.glob("*.part"):
        path.unlink(missing_ok=True)
    if folder.is_dir():
        folder.rmdir()


# ---------------------------------------------------------------- on a worker
def work(common: bytes, own: bytes) -> bytes:
    """The part file of a part."""
    asked = _common(common)
    files.check(asked.files)
    corpus = open_corpus(Path(asked.corpus))
    _check_state(common)
    how = msgspec.structs.asdict(asked.terms)
    return run_part(corpus, asked.system, Part.parse(own.decode()), **how, opened=warm)


@lru_cache(maxsize=2)
def _common(data: bytes) -> Common:
    return msgspec.msgpack.decode(data, type=Common)


@lru_cache(maxsize=2)
def _check_state(data: bytes) -> None:
    """Raise `ClusterError` if a system is another one on this machine than on that of the client."""
    asked = _common(data)
    corpus = open_corpus(Path(asked.corpus))
    if state_of(corpus, asked.system, asked.terms.seed) != asked.state:
        raise ClusterError(
            f"has another {asked.system.name} than this machine: its program, its model, the files that it "
            "watches or the libraries that it uses differ; name them by paths that all machines have (not "
            "relative ones), and install the same"
        )
