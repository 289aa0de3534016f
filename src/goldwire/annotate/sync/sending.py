"""Sends new tasks to a project, each once: what gets no answer is looked for before it is sent again.

Before tasks are sent their ids are noted; where the answer is lost the server is asked whether they are
there, and only those that do not come are sent again. A request believed lost may still be carried out
afterwards: so after a doubt all is looked over at the end, and second copies without work on them go.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

import msgspec

from goldwire.annotate.exchange.tasks import KEY
from goldwire.annotate.sync import api, filters, link
from goldwire.annotate.sync.api import Listed, Project
from goldwire.annotate.sync.channel import Channel
from goldwire.annotate.sync.client import UncertainError
from goldwire.annotate.sync.journal import Landed, Sending
from goldwire.annotate.sync.plan import Plan
from goldwire.annotate.sync.prefill import Local
from goldwire.corpora.errors import ServerError

BATCH = 500  # tasks sent at once: a second or two on the server
BATCH_BYTES = 4_000_000  # and no more than this, for prefilled ones are long
ROUNDS = 5  # times that a batch is sent before it is given up
# Tasks, before anything new.
_THERE = ("changed", "unchanged", "kept", "conflicting", "orphaned", "foreign", "unpicked")


class Sender:
    """Sends tasks to one project."""

    def __init__(self, channel: Channel, batch: int = BATCH) -> None:
        self.channel = channel
        self.batch = batch
        self._doubts: list[str] = []
        self._settled_at = 0.0

    def settle(self, project: Project) -> None:
        """Find out what became of what an earlier run has sent without seeing the answer."""
        last = next(
            (n for n in reversed(self.channel.journal.notes) if isinstance(n, Sending | Landed)), None
        )
        if isinstance(last, Sending):
            self.channel.progress(f"looking for {len(last.keys)} task(s) that were sent before")
            self._doubt(last.keys, pending=False)
            found = self._await(project, last.keys)
            self.channel.journal.add(Landed(ids=_ids(found)))

    def send_all(self, project: Project, new: Sequence[Local]) -> tuple[str, ...]:
        """Send tasks; the documents whose predictions the server did not take."""
        sent, refused = 0, list[str]()
        predicted = {task.key for task in new if task.is_prefilled}
        for batch in batches(new, self.batch):
            landed, predictions = self._send(project, batch)
            wanted = predicted.intersection(key for key, _ in batch)
            if predictions != len(wanted):
                refused += self._without_predictions(project, landed, wanted)
            sent += len(batch)
            self.channel.progress(f"pushed {sent} of {len(new)} task(s)")
        return tuple(refused)

    def _without_predictions(
        self, project: Project, ids: Sequence[int], wanted: Collection[str]
    ) -> list[str]:
        """Those of some documents whose tasks came without the prediction that was sent with them."""
        parts = (ids[start : start + api.ASKED] for start in range(0, len(ids), api.ASKED))
        there = (
            task
            for part in parts
            for task in api.tasks(self.channel.client, project.id, filters.with_ids(part))
        )
        return [task.data[KEY] for task in there if task.data[KEY] in wanted and not task.total_predictions]

    def _send(
        self, project: Project, batch: Sequence[tuple[str, bytes]]
    ) -> tuple[tuple[int, ...], int | None]:
        """Send tasks until each is there; their ids, and how many predictions came if the server told."""
        self.channel.journal.add(Sending(keys=tuple(key for key, _ in batch)))
        missing, ids, predictions = dict(batch), list[int](), None
        for _ in range(ROUNDS):
            try:
                made = api.import_tasks(self.channel.client, project.id, [*missing.values()])
                ids += made.task_ids
                predictions = made.prediction_count if len(missing) == len(batch) else None
                missing = {}
            except UncertainError as error:
                self._doubt(missing, pending=error.pending)
                found = self._await(project, [*missing])
                ids += _ids(found)
                missing = {key: task for key, task in missing.items() if key not in found}
                # They are sent again now, and may come twice after all: the sweep at the end has to wait.
                self._doubt(missing, pending=error.pending)
            if not missing:
                self.channel.journal.add(Landed(ids=tuple(ids)))
                return tuple(ids), predictions
        raise ServerError(f"{self.channel.client.url}: {len(missing)} task(s) do not arrive; push again")

    def _doubt(self, keys: Iterable[str], *, pending: bool) -> None:
        """From now on these may come twice, and until the time noted nothing is certain."""
        doubted = [*keys]
        if not doubted:
            return
        self._doubts += doubted
        wait = self.channel.client.timeout if pending else self.channel.quiet
        self._settled_at = max(self._settled_at, time.monotonic() + wait)

    def _await(self, project: Project, keys: Sequence[str]) -> dict[str, list[Listed]]:
        """The tasks of these ids on the server, as soon as all are there or time is up."""
        while True:
            found = self._find(project, keys)
            if len(found) == len(set(keys)) or time.monotonic() > self._settled_at:
                return found
            time.sleep(link.POLL)

    def _find(self, project: Project, keys: Sequence[str]) -> dict[str, list[Listed]]:
        found = defaultdict[str, list[Listed]](list)
        for chosen in filters.with_keys(keys):
            for task in api.tasks(self.channel.client, project.id, chosen):
                found[task.data[KEY]].append(task)
        return found

    def sweep(self, project: Project) -> None:
        """After a doubt, when nothing can be under way any more: one copy of each task stays."""
        if not self._doubts:
            return
        time.sleep(max(0.0, self._settled_at - time.monotonic()))
        for copies in self._find(project, sorted(set(self._doubts))).values():
            if len(copies) > 1:
                self._keep_one(copies)
        self._doubts.clear()

    def _keep_one(self, copies: Sequence[Listed]) -> None:
        """Delete the copies on which nobody has worked but for the oldest, which stays if no other does.

        Whoever else sweeps at the same time keeps the same one.
        """
        oldest = min(task.id for task in copies)
        idle = [task.id for task in copies if self.unworked(task.id) is not None]
        worked = [
            task.id for task in copies if task.id not in idle and api.find_task(self.channel.client, task.id)
        ]
        for id in idle:
            if worked or id != oldest:
                api.delete_task(self.channel.client, id)

    def look_for_others(self, project: Project, made: Plan) -> None:
        """Doubt what was sent if there is more now than there should be: somebody has sent it too."""
        if not made.new:
            return
        counts = made.counts()
        there = sum(counts[kind] for kind in _THERE) + len(made.new)
        if api.totals(self.channel.client, project.id)[0].tasks > there:
            self._doubts += [item.key for item in made.new]

    def unworked(self, id: int) -> dict[str, Any] | None:
        """A task with its predictions, unless somebody has worked on it or deleted it since."""
        task = api.find_task(self.channel.client, id)
        if task is None:
            return None
        if task.get("annotations") or task.get("draft_exists"):
            self.channel.progress(f"task {id} was begun meanwhile: left alone")
            return None
        return task


def _ids(found: dict[str, list[Listed]]) -> tuple[int, ...]:
    return tuple(task.id for copies in found.values() for task in copies)


def batches(new: Sequence[Local], size: int) -> Iterator[list[tuple[str, bytes]]]:
    """Ids and tasks as JSON, as many at a time as are sent at once."""
    batch: list[tuple[str, bytes]] = []
    weight = 0
    for local in new:
        data = msgspec.json.encode(local.sent())
        if batch and (len(batch) == size or weight + len(data) > BATCH_BYTES):
            yield batch
            batch, weight = [], 0
        batch.append((local.key, data))
        weight += len(data)
    if batch:
        yield batch
