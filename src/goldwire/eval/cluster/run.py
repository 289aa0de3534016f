"""Running of systems on a cluster: parts of the corpus go to workers, and come back as part files.

Journals are where those of parts always are, so that a part of a lost worker is gone on with by another. A
part runs in processes of the system, as on one machine, so a worker needs no more than one thread.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache, partial
from typing import NamedTuple

import msgspec

from goldwire.corpora import secrets, taking
from goldwire.corpora.errors import ClusterError, ExtractorError
from goldwire.corpora.parts import Part
from goldwire.corpora.store import DOCUMENTS, MANIFEST, Corpus
from goldwire.eval.cluster.engine import Call, Cluster, encode
from goldwire.eval.cluster.score import share
from goldwire.eval.cluster.shared import SharedCorpus, opened, share_packed
from goldwire.eval.cluster.warm import warm
from goldwire.eval.parts.run import run_part
from goldwire.eval.parts.whole import Terms, Told, Whole, run_whole, there
from goldwire.eval.systems import budget
from goldwire.eval.systems.config import System
from goldwire.eval.systems.plan import state_of
from goldwire.eval.systems.run import Outcome, Progress, attempt, kept_since

SIZE = 2500  # documents of a part
FEWEST = 16  # parts, if there are so many documents: a small corpus is to be shared out as well


class Common(NamedTuple):
    """What all parts have in common; the corpus is as the client sees it, and so is the system's state."""

    corpus: SharedCorpus
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
        _check(system, packed=corpus.source is not None)
        cluster.check_resources(system.resources)
    given = _Given(cluster, corpus, terms, _shared(cluster, corpus), progress)
    return [_outcome(given, system) for system in systems]


class _Given(NamedTuple):
    """What all systems of a command have in common."""

    cluster: Cluster
    corpus: Corpus
    terms: Terms
    shared: SharedCorpus
    progress: Callable[[Progress], None]


def _check(system: System, *, packed: bool) -> None:
    """Raise `ExtractorError` if something of a system would be sent that must not be, or lost."""
    if packed and system.spec.kind == budget.KIND:
        raise ExtractorError(
            f"{system.name}: is paid for, and workers that read a packed corpus have no folder in common for "
            "its answers; run it here, or unpack the corpus to a folder that all of them share"
        )
    text = msgspec.json.encode(system).decode()
    if secrets.hide(text) != text:
        raise ExtractorError(
            f"{system.name}: has a password, key or token in its address or options, which would be sent to "
            "others; put it into a variable of the workers' own environment, and name that"
        )


def _shared(cluster: Cluster, corpus: Corpus) -> SharedCorpus:
    if corpus.source is not None:
        return share_packed(cluster, corpus, [taking.SOURCE])
    paths = [corpus.path / DOCUMENTS, corpus.path / MANIFEST]
    own = corpus.path / (corpus.manifest.ontology or "")
    shared = share(cluster, [*paths, own] if own.is_file() else paths)
    return SharedCorpus(str(corpus.path.resolve()), shared)


def _outcome(given: _Given, system: System) -> Outcome:
    outcome = attempt(system.name, partial(_run, given, system))
    if outcome.facts is not None:
        return outcome
    return msgspec.structs.replace(outcome, kept=kept_since(given.corpus, system.name))


def _run(given: _Given, system: System) -> Outcome:
    corpus, terms = given.corpus, given.terms
    corpus.check_new_layer(f"system/{system.name}")
    state = state_of(corpus, system, terms.seed)
    if (found := there(corpus, system, state, fresh=terms.fresh)) is not None:
        return found
    documents = len(corpus.hashes()) if corpus.source is None else corpus.source.documents
    number = max(math.ceil(documents / SIZE), min(FEWEST, documents), 1)
    if corpus.source is not None:  # as many as lie in one of its own each
        number = corpus.source.parts * math.ceil(number / corpus.source.parts)
    common = encode(Common(given.shared, system, state, terms))

    def give(parts: Sequence[Part]) -> Iterator[bytes]:
        calls = (Call(f"part {part} of {system.name}", str(part).encode()) for part in parts)
        for _, data in given.cluster.results(work, common, calls, resources=system.resources or None):
            yield data

    told = Told(system.name, documents, given.progress)
    return run_whole(Whole(corpus, system, state, number, documents), give, told, fresh=terms.fresh)


# ---------------------------------------------------------------- on a worker
def work(common: bytes, own: bytes) -> bytes:
    """The part file of a part."""
    asked = _common(common)
    corpus = opened(asked.corpus)
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
    if state_of(opened(asked.corpus), asked.system, asked.terms.seed) != asked.state:
        raise ClusterError(
            f"has another {asked.system.name} than this machine: its program, its model, the files that it "
            "watches or the libraries that it uses differ; name them by paths that all machines have (not "
            "relative ones), and install the same"
        )
