"""Run systems on a corpus: their output becomes layers, what it cost and what went wrong becomes facts.

CORPUS/layers/system/NAME.jsonl        the layer, written whole when every document is done and one succeeded
CORPUS/runs/NAME/FINGERPRINT.jsonl     the journal (see `journal`): what succeeded is not run again
CORPUS/runs/NAME/quarantine.jsonl      what was rejected, whole (see `corpora.rejected`)
CORPUS/runs/NAME/facts.json            see `facts`
"""

from __future__ import annotations

import contextlib
import hashlib
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Literal, TypeVar

import msgspec

from goldwire import __version__
from goldwire.corpora import labels
from goldwire.corpora.errors import CorpusError, DataError, ExtractorError
from goldwire.corpora.journal import Journal
from goldwire.corpora.labels import LabelMap
from goldwire.corpora.ontology import Ontology
from goldwire.corpora.rejected import write_quarantine
from goldwire.corpora.store import Corpus, write_atomic, writing
from goldwire.corpora.types import Annotations, Document, Provenance
from goldwire.eval.measures.phrases import amount
from goldwire.eval.systems import facts, journal
from goldwire.eval.systems.brake import Brake
from goldwire.eval.systems.check import Checked, check, tally
from goldwire.eval.systems.config import System, allowed, memory_of, timeout_of
from goldwire.eval.systems.extractor import Context, find_kind, identity
from goldwire.eval.systems.facts import Facts
from goldwire.eval.systems.journal import Entry, Line, Renewal, Reused, Session, Start
from goldwire.eval.systems.pool import Pool, Started
from goldwire.eval.systems.watch import digests
from goldwire.eval.systems.worker import Job, Result

QUARANTINE = "quarantine.jsonl"
WRITTEN = (journal.RUNS, "records", "layers/system")  # of a corpus, by running and scoring: never watched
SHOWN = 3  # reasons that are told where all documents failed


class Progress(msgspec.Struct, frozen=True):
    """How far a system is: documents done in this run out of those it has to do, failures, seconds."""

    system: str
    done: int
    total: int
    failed: int
    seconds: float


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a system: its facts, or the error for which it has no layer of this run.

    `reused` tells what was not run again. `kept` is when the layer was made that is still there, where this
    run wrote none; "" if that is not known.
    """

    system: str
    facts: Facts | None = None
    error: str | None = None
    reused: Reused | None = None
    kept: str | None = None

    @property
    def status(self) -> Literal[0, 1, 2]:
        """2 if there is no layer of this run, 1 if more documents failed than were allowed, else 0."""
        if self.facts is None:
            return 2
        return 1 if len(self.facts.failed) > self.facts.allowed else 0


def run(
    corpus: Corpus,
    systems: Sequence[System],
    *,
    workers: int = 1,
    seed: int = 0,
    fresh: bool = False,
    keep_going: bool = False,
    progress: Callable[[Progress], None] = lambda _: None,
) -> list[Outcome]:
    """Run systems one after the other; one that cannot run does not stop the others.

    `fresh` runs documents again that succeeded before, `keep_going` goes on where a run would stop early
    (see `brake`).
    """
    how = {"workers": workers, "seed": seed, "fresh": fresh, "keep_going": keep_going, "progress": progress}
    return [_outcome(corpus, system, **how) for system in systems]


def _outcome(corpus: Corpus, system: System, **how: Any) -> Outcome:
    try:
        return _run(corpus, system, **how)
    except (ExtractorError, DataError) as error:
        return Outcome(system=system.name, error=str(error), kept=_kept(corpus, system.name))


def _kept(corpus: Corpus, name: str) -> str | None:
    """When the layer that is there was made, "" if that is not known; None if there is none."""
    with contextlib.suppress(CorpusError):
        if corpus.layer_path(f"system/{name}").is_file():
            earlier = _published(corpus, name)
            return earlier.created if earlier else ""
    return None


def _published(corpus: Corpus, name: str) -> Facts | None:
    """The facts of the layer that is there; None if there is none of a run, or they cannot be read."""
    with contextlib.suppress(DataError, CorpusError):
        return facts.read(corpus, name)
    return None


def run_system(
    corpus: Corpus,
    system: System,
    *,
    workers: int = 1,
    seed: int = 0,
    fresh: bool = False,
    keep_going: bool = False,
    progress: Callable[[Progress], None] = lambda _: None,
) -> Facts:
    """Run one system on all documents and write its layer, quarantine and facts.

    Killed at any moment and run again, it goes on where it was: documents that succeeded are in the journal
    and not run again. Raises `ExtractorError` if the system cannot be opened or go on, if it is stopped
    early, or if no document succeeded, and `DataError` if its label map or data are faulty: then what was
    there before is left as it is.
    """
    found = _run(
        corpus,
        system,
        workers=workers,
        seed=seed,
        fresh=fresh,
        keep_going=keep_going,
        progress=progress,
    ).facts
    assert found is not None  # noqa: S101 - for the type checker: where there are none, an error was raised
    return found


def _run(
    corpus: Corpus,
    system: System,
    *,
    workers: int,
    seed: int,
    fresh: bool,
    keep_going: bool,
    progress: Callable[[Progress], None],
) -> Outcome:
    corpus.check_new_layer(f"system/{system.name}")
    plan = _plan(corpus, system, workers=workers, seed=seed)
    with journal.open_journal(journal.folder(corpus, system.name) / f"{plan.state}.jsonl") as kept:
        book = journal.Renewal(kept) if fresh else kept
        known = _known(plan, book.lines)
        reused = journal.reused(book.lines, {plan.keys[id] for id in known}, of=len(plan.documents))
        todo = [document for document in plan.documents if document.id not in known]
        if todo:
            brake = None if keep_going else _brake(corpus, plan, known)
            _work(plan, todo, book, brake, progress)
        found = _publish(corpus, plan, book.lines, known, 0 if fresh else kept.damaged)
    return Outcome(system=system.name, facts=found, reused=reused)


class _Plan(msgspec.Struct, frozen=True, kw_only=True):
    """All that is settled before a system runs.

    `keys` are those of the documents in the journal, by id; `state` is the fingerprint of what decides the
    system's output, `allowed` how many documents may fail.
    """

    system: System
    documents: list[Document]
    keys: dict[str, str]
    ontology: Ontology | None
    labels: LabelMap | None
    job: Job
    state: str
    workers: int
    allowed: int


def _plan(corpus: Corpus, system: System, *, workers: int, seed: int) -> _Plan:
    ontology = corpus.ontology()
    seed = seed if system.seed is None else system.seed
    mapping = system.labels or default_labels(system, ontology)
    workers = system.workers or workers
    scratch = str(journal.folder(corpus, system.name).resolve())
    context = Context(
        corpus=str(corpus.path.resolve()),
        ontology=ontology,
        options=system.options,
        seed=seed,
        labels=mapping,
        scratch=scratch,
    )
    parts = [identity(system.spec, context), system.options, seed, ontology]
    if system.watch:
        parts.append(digests(system.watch, leave_out=[corpus.path / name for name in WRITTEN]))
    documents = corpus.documents()
    return _Plan(
        system=system,
        documents=documents,
        keys={document.id: journal.document_key(document) for document in documents},
        ontology=ontology,
        labels=None if mapping is None else labels.read(mapping, ontology),
        job=Job(spec=system.spec, context=context, memory=memory_of(system, workers)),
        state=journal.fingerprint(parts),
        workers=workers,
        allowed=allowed(system.allow_failures, len(documents)),
    )


def default_labels(system: System, ontology: Ontology | None) -> str | None:
    """The label map that ships for a kind of system and an ontology, or None."""
    kind = find_kind(system.spec.kind)
    return kind.labels.get(ontology.name) if kind is not None and ontology is not None else None


def _known(plan: _Plan, lines: Sequence[Line]) -> dict[str, Checked]:
    """The documents that need not be run, by id: what failed before, in whichever way, is run again."""
    entries = journal.entries(lines)
    judged = (
        check(document, entries[key], ontology=plan.ontology, labels=plan.labels)
        for document in plan.documents
        if (key := plan.keys[document.id]) in entries
    )
    return {verdict.annotations.document: verdict for verdict in judged if verdict.failed is None}


def _brake(corpus: Corpus, plan: _Plan, known: Mapping[str, Checked]) -> Brake:
    earlier = _published(corpus, plan.system.name)
    same = earlier is not None and earlier.fingerprint == plan.state
    return Brake(succeeded=bool(known), known=earlier.failed if earlier is not None and same else None)


def _work(
    plan: _Plan,
    todo: Sequence[Document],
    book: Journal[Line] | Renewal,
    brake: Brake | None,
    progress: Callable[[Progress], None],
) -> None:
    """Run documents and journal each as it finishes; `ExtractorError` if the brake stops it."""
    book.add(Session(created=_now(), workers=plan.workers, goldwire=__version__))
    done = failed = 0
    begun: float | None = None
    with Pool(plan.job, workers=plan.workers, timeout=timeout_of(plan.system)) as pool:
        for event in pool.run(todo):
            begun = time.perf_counter() if begun is None else begun
            if isinstance(event, Started):
                book.add(_start(event))
                continue
            seconds = time.perf_counter() - begun
            document = todo[event.index]
            book.add(_entry(plan.keys[document.id], len(document.text), event.result, seconds))
            done, failed = done + 1, failed + (event.result.error is not None)
            progress(Progress(plan.system.name, done, len(todo), failed, seconds))
            reason = brake and brake.feel(document.id, event.result)
            if reason and done < len(todo):
                raise ExtractorError(_stopped(done, len(todo), reason))


def _stopped(done: int, total: int, reason: str) -> str:
    return (
        f"stopped after {done:,} of {amount(total, 'document')}: {reason}; the same command then goes on "
        "from here, and with `--keep-going` as it is"
    )


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
        notes=result.notes,
    )


def _publish(
    corpus: Corpus, plan: _Plan, lines: Sequence[Line], known: Mapping[str, Checked], damaged: int
) -> Facts:
    """Write quarantine, layer and facts from the journal; the facts come last and name the layer's hash.

    Nothing is written, and `ExtractorError` raised, where no document succeeded.
    """
    last = journal.entries(lines)
    entries = [last[plan.keys[document.id]] for document in plan.documents]
    verdicts = [
        known.get(document.id) or check(document, entry, ontology=plan.ontology, labels=plan.labels)
        for document, entry in zip(plan.documents, entries, strict=True)
    ]
    _check_any(verdicts)
    start = _last(lines, Start) or Start(name=plan.system.spec.shown(), version="", provides=[], seconds=0.0)
    place = journal.folder(corpus, plan.system.name)
    with writing(corpus, f"eval run of {plan.system.name}"):
        write_quarantine(place / QUARANTINE, (item for verdict in verdicts for item in verdict.rejected))
        layer = corpus.write_layer(f"system/{plan.system.name}", [_signed(v, plan, start) for v in verdicts])
        digest = hashlib.sha256(layer.read_bytes()).hexdigest()
        found = _facts(plan, lines, entries, verdicts, damaged=damaged, layer=digest)
        write_atomic(place / facts.FILE, msgspec.json.encode(found))
    return found


def _check_any(verdicts: Sequence[Checked]) -> None:
    """Raise `ExtractorError` if all documents failed, with the most frequent reasons and what was spent."""
    reasons = Counter(verdict.failed for verdict in verdicts if verdict.failed is not None)
    if not reasons or reasons.total() < len(verdicts):
        return
    told = [f"{amount(count, 'document')}: {reason}" for reason, count in reasons.most_common(SHOWN)]
    if len(reasons) > SHOWN:
        told.append(f"and {amount(len(reasons) - SHOWN, 'other reason')}")
    spent = facts.total(verdict.usage for verdict in verdicts)
    if spent:
        told.append("spent: " + ", ".join(f"{name} {value:g}" for name, value in spent.items()))
    raise ExtractorError(f"none of {amount(len(verdicts), 'document')} succeeded ({'; '.join(told)})")


def _signed(verdict: Checked, plan: _Plan, start: Start) -> Annotations:
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
    lines: Sequence[Line],
    entries: Sequence[Entry],
    verdicts: Sequence[Checked],
    *,
    damaged: int,
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
        allowed=plan.allowed,
        notes=_notes(start, entries, damaged),
        **tally(verdicts),
    )


def _notes(start: Start | None, entries: Sequence[Entry], damaged: int) -> list[str]:
    """What the system had to say, each once, and what its journal has to say."""
    said = [*(start.notes if start else []), *(note for entry in entries for note in entry.notes)]
    if damaged:
        said.append(
            f"{amount(damaged, 'line')} of its journal could not be read, so it ran anew on what they held"
        )
    return list(dict.fromkeys(said))


L = TypeVar("L", Start, Session)


def _last(lines: Sequence[Line], type: type[L]) -> L | None:
    return next((line for line in reversed(lines) if isinstance(line, type)), None)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
