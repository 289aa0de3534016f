"""Run systems on a corpus: their output becomes layers, what it cost and what went wrong becomes facts.

CORPUS/layers/system/NAME.jsonl        the layer, written whole when every document is done and one succeeded
CORPUS/runs/NAME/FINGERPRINT.jsonl     the journal (see `journal`): what succeeded is not run again
CORPUS/runs/NAME/quarantine.jsonl      what was rejected, whole (see `corpora.rejected`)
CORPUS/runs/NAME/facts.json            see `facts`
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Literal, Protocol

import msgspec

from goldwire import __version__
from goldwire.corpora import labels
from goldwire.corpora.errors import CorpusError, DataError, ExtractorError
from goldwire.corpora.journal import Journal
from goldwire.corpora.ontology import Ontology
from goldwire.corpora.store import Corpus
from goldwire.corpora.types import Document
from goldwire.eval.measures.phrases import amount
from goldwire.eval.systems import facts, journal, runs
from goldwire.eval.systems.brake import Brake
from goldwire.eval.systems.check import Checked, check
from goldwire.eval.systems.config import System, allowed, memory_of, timeout_of
from goldwire.eval.systems.extractor import Context, earlier_options, find_kind, identity
from goldwire.eval.systems.facts import Facts
from goldwire.eval.systems.journal import Line, Renewal, Reused, Session, Unkept
from goldwire.eval.systems.pool import Happening, Pool, Started
from goldwire.eval.systems.publish import Plan, now, publish
from goldwire.eval.systems.spec import Spec
from goldwire.eval.systems.watch import digests
from goldwire.eval.systems.worker import Job

WRITTEN = (journal.RUNS, "records", "layers/system")  # of a corpus, by running and scoring: never watched


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
        return Outcome(system=system.name, error=str(error), kept=kept_since(corpus, system.name))


def kept_since(corpus: Corpus, name: str) -> str | None:
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
    plan = make_plan(corpus, system, workers=workers, seed=seed)
    path = journal.folder(corpus, system.name) / f"{plan.state}.jsonl"
    with (
        journal.open_journal(path) as kept,
        Pool(plan.job, workers=plan.workers, timeout=timeout_of(plan.system)) as pool,
    ):
        return carry_out(corpus, plan, pool, kept, fresh=fresh, keep_going=keep_going, progress=progress)


class Runner(Protocol):
    """What runs documents: worker processes, or a function of this one."""

    def run(self, documents: Sequence[Document]) -> Iterator[Happening]:
        """What happens, documents in the order they finish."""


def carry_out(
    corpus: Corpus,
    plan: Plan,
    runner: Runner,
    kept: Journal[Line] | Unkept,
    *,
    fresh: bool,
    keep_going: bool,
    progress: Callable[[Progress], None],
) -> Outcome:
    """Run what the journal does not have and publish all of it."""
    book = journal.Renewal(kept) if fresh else kept
    known = _known(plan, book.lines)
    reused = journal.reused(book.lines, {plan.keys[id] for id in known}, of=len(plan.documents))
    todo = [document for document in plan.documents if document.id not in known]
    if todo:
        brake = None if keep_going else _brake(corpus, plan, known)
        _work(plan, runner, todo, book, brake=brake, progress=progress)
    found = publish(corpus, plan, book.lines, known, 0 if fresh else kept.damaged)
    return Outcome(system=plan.system.name, facts=found, reused=reused)


def make_plan(
    corpus: Corpus, system: System, *, workers: int = 1, seed: int = 0, what: Sequence[Any] | None = None
) -> Plan:
    """What is to be run; `what` decides the system's output, where its spec does not say that."""
    corpus.check_new_layer(f"system/{system.name}")
    ontology = corpus.ontology()
    seed = seed if system.seed is None else system.seed
    mapping = system.labels or (default_labels(system.spec, ontology) if what is None else None)
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
    watched = [digests(system.watch, [corpus.path / name for name in WRITTEN])] if system.watch else []
    made_by = identity(system.spec, context) if what is None else what
    earlier = earlier_options(system.spec, system.options) if what is None else []
    states = [
        journal.fingerprint([made_by, options, seed, ontology, *watched])
        for options in (system.options, *earlier)
    ]
    documents = corpus.documents()
    return Plan(
        system=system,
        documents=documents,
        keys={document.id: journal.document_key(document) for document in documents},
        ontology=ontology,
        labels=None if mapping is None else labels.read(mapping, ontology),
        job=Job(spec=system.spec, context=context, memory=memory_of(system, workers)),
        state=_kept(corpus, system.name, states),
        workers=workers,
        allowed=allowed(system.allow_failures, len(documents)),
        same="" if what is not None else _but_for_seed(system.spec, context, made_by, watched),
        fixed=what is None and runs.is_fixed(system),
    )


def _kept(corpus: Corpus, name: str, states: Sequence[str]) -> str:
    """The first of some states that give the same which has a journal; the first of all if none has."""
    folder = journal.folder(corpus, name)
    return next((state for state in states if (folder / f"{state}.jsonl").is_file()), states[0])


def _but_for_seed(spec: Spec, context: Context, made_by: Sequence[Any], watched: Sequence[Any]) -> str:
    """The fingerprint of what decides the output of every run of a system: all of it but the seed."""
    options = {name: value for name, value in context.options.items() if name != runs.SEED}
    if options != context.options:
        made_by = identity(spec, msgspec.structs.replace(context, options=options))
    return journal.fingerprint([made_by, options, context.ontology, *watched])


def default_labels(spec: Spec, ontology: Ontology | None) -> str | None:
    """The label map that ships for a kind of system and an ontology, or None."""
    kind = find_kind(spec.kind)
    return kind.labels.get(ontology.name) if kind is not None and ontology is not None else None


def _known(plan: Plan, lines: Sequence[Line]) -> dict[str, Checked]:
    """The documents that need not be run, by id: what failed before, in whichever way, is run again."""
    entries = journal.entries(lines)
    judged = (
        check(document, entries[key], ontology=plan.ontology, labels=plan.labels)
        for document in plan.documents
        if (key := plan.keys[document.id]) in entries
    )
    return {verdict.annotations.document: verdict for verdict in judged if verdict.failed is None}


def _brake(corpus: Corpus, plan: Plan, known: Mapping[str, Checked]) -> Brake:
    earlier = _published(corpus, plan.system.name)
    same = earlier is not None and earlier.fingerprint == plan.state
    return Brake(succeeded=bool(known), known=earlier.failed if earlier is not None and same else None)


def _work(
    plan: Plan,
    runner: Runner,
    todo: Sequence[Document],
    book: Journal[Line] | Renewal | Unkept,
    *,
    brake: Brake | None,
    progress: Callable[[Progress], None],
) -> None:
    """Run documents and journal each as it finishes; `ExtractorError` if the brake stops it."""
    book.add(Session(created=now(), workers=plan.workers, goldwire=__version__))
    done = failed = 0
    begun: float | None = None
    for event in runner.run(todo):
        begun = time.perf_counter() if begun is None else begun
        if isinstance(event, Started):
            book.add(journal.begun(event))
            continue
        seconds = time.perf_counter() - begun
        document = todo[event.index]
        book.add(journal.done(plan.keys[document.id], len(document.text), event.result, seconds))
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
