"""Run systems on a corpus: their output becomes layers, what it cost and what went wrong becomes facts.

CORPUS/layers/system/NAME.jsonl        the layer, written whole when every document is done and one succeeded
CORPUS/runs/NAME/FINGERPRINT.jsonl     the journal (see `journal`): what succeeded is not run again
CORPUS/runs/NAME/FINGERPRINT.ledger    what a model was asked (see `ledger`): it is paid for once
CORPUS/runs/NAME/quarantine.jsonl      what was rejected, whole (see `corpora.rejected`)
CORPUS/runs/NAME/facts.json            see `facts`
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, Protocol

import msgspec

from goldwire import __version__
from goldwire.corpora.errors import CorpusError, DataError, ExtractorError
from goldwire.corpora.journal import Journal
from goldwire.corpora.store import Corpus
from goldwire.corpora.types import Document
from goldwire.eval.measures.phrases import amount
from goldwire.eval.systems import facts, journal, payment
from goldwire.eval.systems.batch import Answers, Taken, check_folder
from goldwire.eval.systems.brake import Brake
from goldwire.eval.systems.check import Checked, check
from goldwire.eval.systems.config import System, timeout_of
from goldwire.eval.systems.facts import Facts, now
from goldwire.eval.systems.journal import Line, Renewal, Reused, Session, Unkept
from goldwire.eval.systems.payment import Payment, Terms
from goldwire.eval.systems.plan import Plan, make_plan
from goldwire.eval.systems.pool import Happening, Pool, Started
from goldwire.eval.systems.publish import Findings, find, publish
from goldwire.eval.systems.spending import Spending

Opening = Callable[[Plan], contextlib.AbstractContextManager[Pool]]


class Progress(msgspec.Struct, frozen=True):
    """How far a system is: documents done in this run out of those it has to do, failures, seconds.

    `cost` is what it has cost in all by now, at the most: what is under way counts with all that it can.
    None where that is not known.
    """

    system: str
    done: int
    total: int
    failed: int
    seconds: float
    cost: float | None = None


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a system: its facts, or the error for which it has no layer of this run.

    `reused` tells what was not run again. `kept` is when the layer was made that is still there, where this
    run wrote none; "" if that is not known. `spent` is what a system that is paid for has cost in all,
    `taken` what became of the answers in batch files. Of a `part`, such as 17/400, `path` is its file, which
    was `there` if nothing was run; the facts are those of its documents, and there is no layer.
    """

    system: str
    facts: Facts | None = None
    error: str | None = None
    reused: Reused | None = None
    kept: str | None = None
    spent: Spending | None = None
    taken: Taken | None = None
    part: str | None = None
    path: str | None = None
    there: bool = False

    @property
    def status(self) -> Literal[0, 1, 2]:
        """2 if there is no layer of this run, 1 if more documents failed than were allowed, else 0.

        How many may fail is said of all documents: those of a part never exceed it.
        """
        if self.facts is None:
            return 2
        if self.part is not None:
            return 0
        return 1 if len(self.facts.failed) > self.facts.allowed else 0


def run(
    corpus: Corpus,
    systems: Sequence[System],
    *,
    workers: int = 1,
    seed: int = 0,
    fresh: bool = False,
    keep_going: bool = False,
    budget: float | None = None,
    batch: Path | None = None,
    progress: Callable[[Progress], None] = lambda _: None,
    remark: Callable[[str], None] = lambda _: None,
) -> list[Outcome]:
    """Run systems one after the other; one that cannot run does not stop the others.

    `fresh` runs documents again that succeeded before, `keep_going` goes on where a run would stop early
    (see `brake`). All systems together cost no more than the `budget`, with what they have cost before. With
    the folder of a `batch`, models are not asked: requests are written there, and answers read (see `batch`);
    a `remark` is what is to be said of them.
    """
    if batch is not None and fresh:
        raise ExtractorError(
            "--batch and --fresh: each call would ask anew for what the last one has got; leave --fresh out, "
            f"or take away the folders of the systems in {corpus.path / journal.RUNS}"
        )
    terms = _terms(corpus, systems, budget, batch, seed)
    how = {"workers": workers, "seed": seed, "fresh": fresh, "keep_going": keep_going, "progress": progress}
    outcomes = [_outcome(corpus, system, terms=terms, **how) for system in systems]
    for told in terms.answers.remarks() if terms.answers else ():
        remark(told)
    return outcomes


def _terms(
    corpus: Corpus, systems: Sequence[System], budget: float | None, batch: Path | None, seed: int
) -> Terms:
    if batch is not None:
        check_folder(batch, systems)
    return Terms(
        purse=None if budget is None else payment.make_purse(corpus, systems, budget, seed),
        answers=None if batch is None else Answers(batch),
    )


def _outcome(corpus: Corpus, system: System, **how: Any) -> Outcome:
    outcome = attempt(system.name, lambda: _run(corpus, system, **how))
    if outcome.facts is not None:
        return outcome
    return msgspec.structs.replace(outcome, kept=kept_since(corpus, system.name))


def attempt(system: str, run: Callable[[], Outcome]) -> Outcome:
    """What comes of a run, or the error for which nothing does."""
    try:
        return run()
    except payment.UnfinishedError as error:
        return Outcome(system=system, error=str(error), spent=error.spent, taken=error.taken)
    except (ExtractorError, DataError) as error:
        return Outcome(system=system, error=str(error))


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
        terms=Terms(),
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
    terms: Terms,
) -> Outcome:
    plan = make_plan(corpus, system, workers=workers, seed=seed)
    return run_plan(corpus, plan, fresh=fresh, keep_going=keep_going, progress=progress, terms=terms)


def run_plan(
    corpus: Corpus,
    plan: Plan,
    *,
    fresh: bool,
    keep_going: bool,
    progress: Callable[[Progress], None],
    terms: Terms = Terms(),  # noqa: B008 - frozen
    conclude: Callable[[Corpus, Findings], Facts] = publish,
    opened: Opening | None = None,
) -> Outcome:
    """Run a plan in worker processes, and make of its journal what `conclude` makes of it.

    `opened` gives the pool, where one may be open that stays so when the run ends.
    """
    how: dict[str, Any] = {"fresh": fresh, "keep_going": keep_going, "progress": progress}
    with (
        journal.open_journal(journal.path_of(corpus, plan.system.name, plan.state, plan.part)) as kept,
        payment.opened(corpus, plan, kept.lines, terms, fresh=fresh) as paid,
    ):
        plan = paid.plan if paid else plan
        with (opened or open_pool)(plan) as pool:
            return carry_out(corpus, plan, pool, kept, paid=paid, conclude=conclude, **how)


def open_pool(plan: Plan) -> Pool:
    """The worker processes of a plan, which are started when they have something to do."""
    return Pool(plan.job, workers=plan.workers, timeout=timeout_of(plan.system))


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
    paid: Payment | None = None,
    conclude: Callable[[Corpus, Findings], Facts] = publish,
) -> Outcome:
    """Run what the journal does not have and publish all of it; `paid` says how, where it is to be paid.

    To `conclude` in another way than by a layer, give what makes that of the findings.
    """
    book = journal.Renewal(kept) if fresh else kept
    known = _known(plan, book.lines)
    reused = journal.reused(book.lines, {plan.keys[id] for id in known}, of=len(plan.documents))
    todo = [document for document in plan.documents if document.id not in known]
    if todo:
        brake = None if keep_going else _brake(corpus, plan, known, book.lines)
        _work(plan, runner, todo, book, brake=brake, progress=progress, paid=paid)
    spent, taken = None, None
    if paid is not None:
        paid.settle()
        spent, taken = paid.spending(), paid.taken
    counted = paid.counted() if paid else None
    found = find(plan, book.lines, known, damaged=0 if fresh else kept.damaged, spent=counted)
    facts = conclude(corpus, found)
    return Outcome(system=plan.system.name, facts=facts, reused=reused, spent=spent, taken=taken)


def _known(plan: Plan, lines: Sequence[Line]) -> dict[str, Checked]:
    """The documents that need not be run, by id: what failed before, in whichever way, is run again."""
    entries = journal.entries(lines)
    judged = (
        check(document, entries[key], ontology=plan.ontology, labels=plan.labels)
        for document in plan.documents
        if (key := plan.keys[document.id]) in entries
    )
    return {verdict.annotations.document: verdict for verdict in judged if verdict.failed is None}


def _brake(corpus: Corpus, plan: Plan, known: Mapping[str, Checked], lines: Sequence[Line]) -> Brake:
    failed = _failed_before(corpus, plan) if plan.part is None else _failed_in(plan, lines)
    return Brake(succeeded=bool(known), known=failed)


def _failed_before(corpus: Corpus, plan: Plan) -> Mapping[str, str] | None:
    """The reasons, by document, for which documents failed in the run that the layer is of."""
    earlier = _published(corpus, plan.system.name)
    return earlier.failed if earlier is not None and earlier.fingerprint == plan.state else None


def _failed_in(plan: Plan, lines: Sequence[Line]) -> Mapping[str, str] | None:
    """Those for which they failed in a part that came to its end."""
    last = {id: entry for id, key in plan.keys.items() if (entry := journal.entries(lines).get(key))}
    if len(last) < len(plan.keys):
        return None
    return {id: entry.error for id, entry in last.items() if entry.error is not None}


def _work(
    plan: Plan,
    runner: Runner,
    todo: Sequence[Document],
    book: Journal[Line] | Renewal | Unkept,
    *,
    brake: Brake | None,
    progress: Callable[[Progress], None],
    paid: Payment | None,
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
        if paid is not None and paid.put_off(event.result):
            continue
        seconds = time.perf_counter() - begun
        document = todo[event.index]
        book.add(journal.done(plan.keys[document.id], len(document.text), event.result, seconds))
        done, failed = done + 1, failed + (event.result.error is not None)
        progress(Progress(plan.system.name, done, len(todo), failed, seconds, paid.cost() if paid else None))
        reason = brake and brake.feel(document.id, event.result)
        if reason and done < len(todo):
            raise ExtractorError(_stopped(done, len(todo), reason))


def _stopped(done: int, total: int, reason: str) -> str:
    return (
        f"stopped after {done:,} of {amount(total, 'document')}: {reason}; the same command then goes on "
        "from here, and with `--keep-going` as it is"
    )
