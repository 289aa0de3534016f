"""Answers to requests for suggestions: one for each task in order, from the journal or a worker, in time.

What is not ready in time stores nothing and goes into the journal when it is: the next opening of the task
has it at once. What a system failed on stores nothing either, and the next opening has it run again.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import Callable, Sequence
from functools import lru_cache

import msgspec

from goldwire.annotate.backend import shown
from goldwire.annotate.backend.documents import Documents, Found
from goldwire.annotate.backend.protocol import NOTHING, Answer, Asked, Result, Suggestion, Task, faults
from goldwire.annotate.exchange import controls as declared
from goldwire.annotate.exchange import tasks as exchange
from goldwire.annotate.exchange.controls import Controls
from goldwire.annotate.interface import labelconfig
from goldwire.corpora.errors import DataError
from goldwire.corpora.ontology import Ontology
from goldwire.corpora.rejected import by_kind
from goldwire.corpora.store import Corpus
from goldwire.corpora.types import Document
from goldwire.eval.systems.check import Checked, check
from goldwire.eval.systems.journal import Entry
from goldwire.eval.systems.service import Answer as Coming
from goldwire.eval.systems.service import Service

# Seconds until a system has to be ready, and for making answers of what is ready by then. Label Studio waits
# for 100, and whoever opens the task with it.
IN_TIME, MORE = 40.0, 5.0
SLICE = 50  # tasks whose answers are made while the system is at the next ones
CONFIGURATIONS = 32  # of projects, of which the controls are kept
SHOWN = 5  # ids of tasks, or kinds of what is left out, that are named

UNREADABLE = (
    "nothing can be shown: the labeling configuration of the project has no labels for one text, or it "
    "cannot be told which of its controls hold entities and which triggers"
)

Tell = Callable[[str], None]


class _Work(msgspec.Struct, frozen=True):
    """A task on its way: its document and what that comes to, or why there is nothing."""

    task: Task
    found: Found | None = None
    coming: Coming | None = None
    reason: str = ""


class Outcome(msgspec.Struct, frozen=True):
    """The answer for a task, what of it could not be shown, and a word on how it went."""

    answer: Answer
    how: str
    left_out: Counter[str] = Counter()


class Suggester:
    """Answers requests of one corpus with one system, until another one takes over."""

    def __init__(
        self, corpus: Corpus, ontology: Ontology, service: Service, tell: Tell, *, in_time: float = IN_TIME
    ) -> None:
        self.service, self._ontology, self._tell, self._in_time = service, ontology, tell, in_time
        self._documents = Documents(corpus)
        self._controls = lru_cache(CONFIGURATIONS)(lambda xml: declared.parse(xml, ontology=ontology))

    async def answer(self, asked: Asked) -> list[Answer]:
        """An answer for each task, in order."""
        begun = time.monotonic()
        service = self.service  # one answer is of one version, though another may take over meanwhile
        try:
            controls: Controls = await asyncio.to_thread(self._controls, asked.label_config)
        except DataError:  # whose words may be the project's own
            self._tell(f"predict: {_tasks(asked.tasks)}: {UNREADABLE}")
            return [NOTHING] * len(asked.tasks)
        works = await asyncio.to_thread(self._begin, asked.tasks, controls.field, service)
        outcomes = list[Outcome]()
        for at in range(0, len(works), SLICE):
            some = works[at : at + SLICE]
            await _done([work.coming for work in some if work.coming is not None], begun + self._in_time)
            last = begun + self._in_time + MORE
            outcomes += await asyncio.to_thread(self._conclude, some, controls, service, last)
        self._log(asked.tasks, outcomes, time.monotonic() - begun)
        return [outcome.answer for outcome in outcomes]

    def _begin(self, tasks: Sequence[Task], field: str, service: Service) -> list[_Work]:
        """Ask for all; the one task that somebody opens goes before many that somebody has chosen."""
        return [self._work(task, field, service, urgent=len(tasks) == 1) for task in tasks]

    def _work(self, task: Task, field: str, service: Service, *, urgent: bool) -> _Work:
        found = self._documents.find(task.data, field)
        if isinstance(found, str):
            return _Work(task, reason=found)
        return _Work(task, found, service.ask(found.document, urgent=urgent))

    def _conclude(
        self, works: Sequence[_Work], controls: Controls, service: Service, last: float
    ) -> list[Outcome]:
        return [self._outcome(work, controls, service, last) for work in works]

    def _outcome(self, work: _Work, controls: Controls, service: Service, last: float) -> Outcome:
        if work.found is None or work.coming is None:
            return Outcome(NOTHING, work.reason)
        if not work.coming.done() or time.monotonic() > last:
            return Outcome(NOTHING, "not ready in time")
        entry = work.coming.result()
        how = "from the journal" if work.coming.known else "run"
        return self._suggestion(work.found.document, entry, controls, service, how)

    def _suggestion(
        self, document: Document, entry: Entry, controls: Controls, service: Service, how: str
    ) -> Outcome:
        plan = service.plan
        checked = check(document, entry, ontology=plan.ontology, labels=plan.labels)
        if checked.failed is not None:
            return Outcome(NOTHING, f"failed (why is in {service.journal})")
        prefill = {document.id: checked.annotations}
        encoded = exchange.encode([document], self._ontology, prefill=prefill, version=service.version)
        (made,) = encoded.tasks[0]["predictions"]
        fitted = shown.fit(made["result"], controls)
        left_out = _not_kept(checked) + Counter(encoded.lost) + fitted.left_out
        if _units(made["result"]) and not _units(fitted.results):
            return Outcome(NOTHING, "nothing of it can be shown in this project", left_out)
        fields = exchange.prediction(service.version, fitted.results)
        suggestion = msgspec.convert(fields, Suggestion)
        if wrong := next(faults(suggestion, document.text), None):
            return Outcome(NOTHING, f"not sent: {wrong}", left_out)
        return Outcome(suggestion, how, left_out)

    def _log(self, tasks: Sequence[Task], outcomes: Sequence[Outcome], seconds: float) -> None:
        ways = Counter(outcome.how for outcome in outcomes)
        told = ", ".join(f"{number} {how}" for how, number in ways.items())
        left_out = sum((outcome.left_out for outcome in outcomes), Counter[str]())
        more = f"; left out: {_some(left_out)}" if left_out else ""
        self._tell(f"predict: {_tasks(tasks)}: {told or 'nothing asked'}; {seconds:.2f} s{more}")


def _not_kept(checked: Checked) -> Counter[str]:
    """What the system gave that does not fit text or ontology, by what it is."""
    kinds = Counter({f"rejected ({kind})": n for kind, n in by_kind(checked.annotations.rejected).items()})
    if checked.reading is not None:
        kinds.update({f"{name} (not in the ontology)": n for name, n in checked.reading.unmapped.items()})
    return kinds


def _units(results: Sequence[Result]) -> int:
    """How many regions say something of the text; marks of excluded regions do not."""
    return sum(r["type"] == "labels" and r["from_name"] != labelconfig.EXCLUDED for r in results)


def _tasks(tasks: Sequence[Task]) -> str:
    ids = ", ".join(str(task.id) for task in tasks[:SHOWN])
    more = f" and {len(tasks) - SHOWN:,} more" if len(tasks) > SHOWN else ""
    return f"task{'' if len(tasks) == 1 else 's'} {ids}{more}"


def _some(counts: Counter[str]) -> str:
    told = [f"{number} × {kind}" for kind, number in counts.most_common(SHOWN)]
    return ", ".join(told) + (f" and {len(counts) - SHOWN} other kinds" if len(counts) > SHOWN else "")


async def _done(coming: Sequence[Coming], deadline: float) -> None:
    """Wait until all are done, or the deadline; they go on whatever becomes of the request."""
    loop, arrived, left = asyncio.get_running_loop(), asyncio.Event(), len(coming)

    def count() -> None:
        nonlocal left
        left -= 1
        if left <= 0:
            arrived.set()

    def wake(_: object) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(count)

    for one in coming:
        one.add_done_callback(wake)
    if coming:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(arrived.wait(), max(0.0, deadline - time.monotonic()))
