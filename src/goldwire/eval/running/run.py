"""Run systems on a corpus: their output becomes layers, what it cost and what went wrong becomes facts.

CORPUS/layers/system/NAME.jsonl        the layer, written whole when every document is done
CORPUS/runs/NAME/FINGERPRINT.jsonl     the journal (see `cache`): what is in it is not run again
CORPUS/runs/NAME/quarantine.jsonl      what was rejected, whole (see `corpora.rejected`)
CORPUS/runs/NAME/facts.json            see `facts`
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec

from goldwire import __version__
from goldwire.corpora import labels
from goldwire.corpora.errors import DataError, ExtractorError
from goldwire.corpora.journal import Journal
from goldwire.corpora.labels import LabelMap
from goldwire.corpora.ontology import Ontology
from goldwire.corpora.rejected import write_quarantine
from goldwire.corpora.store import Corpus, write_atomic
from goldwire.corpora.types import Annotations, Document, Provenance
from goldwire.eval.extractors import KINDS, Context, identity
from goldwire.eval.running import cache, facts
from goldwire.eval.running.cache import Entry, Line, Session, Start
from goldwire.eval.running.facts import Facts
from goldwire.eval.running.judge import Verdict, judge, tally
from goldwire.eval.running.pool import Pool, Started
from goldwire.eval.running.systems import System, memory_of, timeout_of
from goldwire.eval.running.worker import Job, Result

QUARANTINE = "quarantine.jsonl"


class Progress(msgspec.Struct, frozen=True):
    """How far a system is: documents done in this run out of those it has to do, failures, seconds."""

    system: str
    done: int
    total: int
    failed: int
    seconds: float


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a system: its facts, or the error that stopped it."""

    system: str
    facts: Facts | None = None
    error: str | None = None


def run(
    corpus: Corpus,
    systems: Sequence[System],
    *,
    workers: int = 1,
    seed: int = 0,
    retry: bool = False,
    fresh: bool = False,
    progress: Callable[[Progress], None] = lambda _: None,
) -> list[Outcome]:
    """Run systems one after the other; one that cannot run does not stop the others.

    `retry` runs documents again that failed before, `fresh` all of them.
    """
    return [
        _outcome(corpus, system, workers=workers, seed=seed, retry=retry, fresh=fresh, progress=progress)
        for system in systems
    ]


def _outcome(corpus: Corpus, system: System, **how: Any) -> Outcome:
    try:
        return Outcome(system=system.name, facts=run_system(corpus, system, **how))
    except (ExtractorError, DataError) as error:
        return Outcome(system=system.name, error=str(error))


def run_system(
    corpus: Corpus,
    system: System,
    *,
    workers: int = 1,
    seed: int = 0,
    retry: bool = False,
    fresh: bool = False,
    progress: Callable[[Progress], None] = lambda _: None,
) -> Facts:
    """Run one system on all documents and write its layer, quarantine and facts.

    Killed at any moment and run again, it goes on where it was: documents whose entry is in the journal are
    not run again. Raises `ExtractorError` if the system cannot be opened or go on, `DataError` if its label
    map or data are faulty.
    """
    plan = _plan(corpus, system, workers=workers, seed=seed)
    with cache.open_journal(cache.folder(corpus, system.name) / f"{plan.state}.jsonl") as journal:
        if fresh:
            journal.clear()
        todo = _todo(plan, journal, retry)
        if todo:
            _work(plan, todo, journal, progress)
        return _publish(corpus, plan, journal.lines)


class _Plan(msgspec.Struct, frozen=True, kw_only=True):
    """All that is settled before a system runs.

    `keys` are those of the documents in the journal, by id; `state` is the fingerprint of what decides the
    system's output.
    """

    system: System
    documents: list[Document]
    keys: dict[str, str]
    ontology: Ontology | None
    labels: LabelMap | None
    job: Job
    state: str
    workers: int


def _plan(corpus: Corpus, system: System, *, workers: int, seed: int) -> _Plan:
    ontology = corpus.ontology()
    seed = seed if system.seed is None else system.seed
    mapping = system.labels or default_labels(system, ontology)
    workers = system.workers or workers
    scratch = str(cache.folder(corpus, system.name).resolve())
    context = Context(
        corpus=str(corpus.path.resolve()),
        ontology=ontology,
        options=system.options,
        seed=seed,
        labels=mapping,
        scratch=scratch,
    )
    parts = [identity(system.spec, context), system.options, seed, ontology]
    documents = corpus.documents()
    return _Plan(
        system=system,
        documents=documents,
        keys={document.id: cache.document_key(document) for document in documents},
        ontology=ontology,
        labels=None if mapping is None else labels.read(mapping, ontology),
        job=Job(spec=system.spec, context=context, memory=memory_of(system, workers)),
        state=cache.fingerprint(parts),
        workers=workers,
    )


def default_labels(system: System, ontology: Ontology | None) -> str | None:
    """The label map that ships for a kind of system and an ontology, or None."""
    kind = KINDS.get(system.spec.kind)
    return kind.labels.get(ontology.name) if kind is not None and ontology is not None else None


def _todo(plan: _Plan, journal: Journal[Line], retry: bool) -> list[Document]:
    known = cache.entries(journal.lines)
    done = {key for key, entry in known.items() if not (retry and entry.error)}
    return [document for document in plan.documents if plan.keys[document.id] not in done]


def _work(
    plan: _Plan, todo: Sequence[Document], journal: Journal[Line], progress: Callable[[Progress], None]
) -> None:
    """Run documents and write each into the journal as it finishes."""
    journal.add(Session(created=_now(), workers=plan.workers, goldwire=__version__))
    done = failed = 0
    begun: float | None = None
    with Pool(plan.job, workers=plan.workers, timeout=timeout_of(plan.system)) as pool:
        for event in pool.run(todo):
            begun = time.perf_counter() if begun is None else begun
            if isinstance(event, Started):
                journal.add(_start(event))
                continue
            seconds = time.perf_counter() - begun
            document = todo[event.index]
            journal.add(_entry(plan.keys[document.id], len(document.text), event.result, seconds))
            done, failed = done + 1, failed + (event.result.error is not None)
            progress(Progress(plan.system.name, done, len(todo), failed, seconds))


def _start(event: Started) -> Start:
    ready = event.ready
    return Start(
        name=ready.name,
        version=ready.version,
        provides=ready.provides,
        seconds=event.seconds,
        notes=ready.notes,
    )


def _entry(key: str, characters: int, result: Result, at: float) -> Entry:
    return Entry(
        key=key,
        characters=characters,
        seconds=result.seconds,
        at=at,
        output=result.output,
        error=result.error,
        details=result.details,
        memory=result.memory,
    )


def _publish(corpus: Corpus, plan: _Plan, lines: Sequence[cache.Line]) -> Facts:
    """Write quarantine, layer and facts from the journal; the facts come last and name the layer's hash."""
    known = cache.entries(lines)
    entries = [known[plan.keys[document.id]] for document in plan.documents]
    verdicts = [
        judge(document, entry, ontology=plan.ontology, labels=plan.labels)
        for document, entry in zip(plan.documents, entries, strict=True)
    ]
    start = _last(lines, Start) or Start(name=plan.system.spec.shown(), version="", provides=[], seconds=0.0)
    place = cache.folder(corpus, plan.system.name)
    write_quarantine(place / QUARANTINE, (item for verdict in verdicts for item in verdict.rejected))
    layer = corpus.write_layer(f"system/{plan.system.name}", [_signed(v, plan, start) for v in verdicts])
    found = _facts(plan, lines, entries, verdicts, hashlib.sha256(layer.read_bytes()).hexdigest())
    write_atomic(place / facts.FILE, msgspec.json.encode(found))
    return found


def _signed(verdict: Verdict, plan: _Plan, start: Start) -> Annotations:
    """A line of the layer. Nothing in it depends on when or how often the system ran."""
    details = {"spec": plan.system.spec.shown(), "fingerprint": plan.state}
    if verdict.failed is not None:
        details["failed"] = verdict.failed
    provenance = Provenance(
        author=plan.system.name, tool=f"{start.name} {start.version}".strip(), details=details
    )
    return msgspec.structs.replace(verdict.annotations, provenance=provenance)


def _facts(
    plan: _Plan,
    lines: Sequence[cache.Line],
    entries: Sequence[Entry],
    verdicts: Sequence[Verdict],
    layer: str,
) -> Facts:
    start, session = _last(lines, Start), _last(lines, Session)
    return Facts(
        system=plan.system.name,
        spec=plan.system.spec.shown(),
        name=start.name if start else "",
        version=start.version if start else "",
        provides=start.provides if start else [],
        fingerprint=plan.state,
        goldwire=session.goldwire if session else __version__,
        created=session.created if session else _now(),
        documents=len(plan.documents),
        characters=sum(len(document.text) for document in plan.documents),
        layer=layer,
        speed=facts.speed(lines, entries),
        notes=start.notes if start else [],
        **tally(verdicts),
    )


L = TypeVar("L", Start, Session)


def _last(lines: Sequence[cache.Line], type: type[L]) -> L | None:
    return next((line for line in reversed(lines) if isinstance(line, type)), None)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
