"""Changes the predictions of many tasks that are there, in slices that hold the server's database briefly.

A request for one task takes a fifth of a second however little is in it, so each slice is one list, one
deletion, one import and one field set in all its tasks. That field says which run it was (`prefill.marker`),
not what is shown, for it is the same in all: what each task was given is noted here (`put`), and another
clone reads the predictions once. The server notes no time for any of this, so the project remembers the run
too.

Deleting takes the predictions of others with it. They are kept in a file before, and put back with ours.
"""

from __future__ import annotations

import secrets
import time
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec

from goldwire.annotate.exchange.tasks import KEY, MARKS
from goldwire.annotate.sync import api, link, plan, prefill
from goldwire.annotate.sync.api import Whole
from goldwire.annotate.sync.channel import Channel
from goldwire.annotate.sync.client import Client, UncertainError
from goldwire.annotate.sync.journal import Displaced, Restored
from goldwire.annotate.sync.mirror import Progress
from goldwire.annotate.sync.plan import Update
from goldwire.annotate.sync.prefill import Local
from goldwire.corpora.atomic import write_atomic
from goldwire.corpora.codec import BROKEN
from goldwire.corpora.errors import ServerError
from goldwire.corpora.types import PREFILL

FIRST, FEWEST, MOST = 20, 5, 100  # tasks of a slice
LONG, SHORT = 1.5, 0.6  # seconds that a request may take, above which slices shrink and below which they grow
CONNECTIONS = 4  # at once, for what is changed task by task; more gain nothing
ROUNDS = 5  # times that predictions are sent before they are given up

Item = dict[str, Any]


class Done(msgspec.Struct, frozen=True):
    """What came of it: documents left alone, begun by now, and those whose prediction was not taken."""

    left: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()


def new_run() -> str:
    """A name for a run, which no other run has."""
    return secrets.token_hex(4)


class Changer:
    """Changes tasks of one project in one run."""

    def __init__(self, channel: Channel, project: int, run: str) -> None:
        self.channel = channel
        self.project = project
        self.run = run
        self._size = FIRST
        self._longest = 0.0  # seconds for which a request of a slice may have held the database
        self._counting = float("inf")

    def change(self, updates: Sequence[Update]) -> Done:
        """Bring tasks to what they should be, but for those that somebody has begun by now."""
        left, refused, done = list[str](), list[str](), 0
        while done < len(updates):
            part = updates[done : done + self._size]
            self._longest = 0.0
            came = self._slice(part)
            left += came.left
            refused += came.refused
            done += len(part)
            self.channel.progress(f"changed {done} of {len(updates)} task(s)")
            self._adapt()
        return Done(tuple(left), tuple(refused))

    def _adapt(self) -> None:
        if self._longest > LONG:
            self._size = max(FEWEST, self._size // 2)
        elif self._longest < SHORT:
            self._size = min(MOST, self._size * 2)

    def _slice(self, updates: Sequence[Update]) -> Done:
        there = {task.id: task for task in self._whole([update.id for update in updates])}
        idle = [update for update in updates if update.id in there and not there[update.id].worked]
        left = tuple(update.local.key for update in updates if update not in idle)
        if left:
            self.channel.progress(f"begun meanwhile, left alone: {', '.join(left)}")
        shown = [update for update in idle if update.predictions]
        refused = self._predict(shown, there)
        # Predictions first: the data says which they are, so it must not be ahead of them.
        taken = [update for update in idle if update.local.key not in refused]
        marked = [update for update in taken if plan.is_shown_alone(update)]
        self._mark(marked)
        self._put([update for update in taken if update not in marked])
        return Done(left, refused)

    # ------------------------------------------------------------ predictions

    def _predict(self, updates: Sequence[Update], there: Mapping[int, Whole]) -> tuple[str, ...]:
        """Give tasks one prediction of ours, or none; those of others stay. What the server did not take."""
        old = [item for update in updates for item in there[update.id].predictions]
        others = [_sent(item["task"], item) for item in old if item["model_version"] != MARKS]
        with_old = sorted({item["task"] for item in old})
        ours = [
            {"task": update.id, **made, "result": update.local.result}
            for update in updates
            for made in update.local.predictions()
        ]
        if others:
            self._keep(others)
            self.channel.progress(
                f"{len(others)} prediction(s) of others are put back: result, score and version"
            )
        repeated, before = self.channel.client.repeated, self._predictions()
        if with_old:
            self._timed(api.delete_predictions, self.channel.client, self.project, with_old)
        missing = self._bring([*ours, *others])
        changed = len(ours) + len(others) - len(missing) - len(old)
        if self.channel.client.repeated > repeated or self._predictions() != before + changed:
            missing = self._look_again([*ours, *others], [update.id for update in updates])
        self._put_back([item for item in missing if item["model_version"] != MARKS])
        if others:
            self.channel.journal.add(Restored())
        keys = {update.id: update.local.key for update in updates}
        return tuple(sorted({keys[item["task"]] for item in missing if item["model_version"] == MARKS}))

    def _predictions(self) -> int:
        return api.totals(self.channel.client, self.project)[0].predictions

    def _look_again(self, items: Sequence[Item], tasks: Sequence[int]) -> list[Item]:
        """After a doubt, when nothing can be under way any more: bring what is missing; what stays missing.

        A deletion that was sent twice may have come after the import, and a busy server makes an import
        twice by itself: then the tasks are emptied, and given what they should have once more.
        """
        time.sleep(self.channel.quiet)
        there = Counter(_same(_sent(t.id, item)) for t in self._whole(tasks) for item in t.predictions)
        if there - Counter(map(_same, items)):
            api.delete_predictions(self.channel.client, self.project, tasks)
            return self._bring(items)
        return self._bring(self._missing(items))

    def _put_back(self, others: Sequence[Item]) -> None:
        """Give back one by one what an import leaves out: there was such a thing before, valid or not."""
        for item in others:
            api.create_prediction(self.channel.client, item)

    def _keep(self, others: Sequence[Item]) -> None:
        """Have the predictions of others on the disk before they are deleted."""
        path = self.channel.journal.folder / f"displaced-{self.run}.json"
        write_atomic(path, msgspec.json.encode(others))
        self.channel.journal.add(Displaced(file=path.name))

    def restore(self) -> None:
        """Put back what an earlier run, killed in between, has taken from others."""
        notes = (
            note for note in reversed(self.channel.journal.notes) if isinstance(note, Displaced | Restored)
        )
        last = next(notes, None)
        if not isinstance(last, Displaced):
            return
        path = self.channel.journal.folder / last.file
        try:
            kept = msgspec.json.decode(path.read_bytes(), type=list[Item])
        except (OSError, *BROKEN) as error:
            raise ServerError(
                f"{path}: predictions of others to be put back cannot be read ({error})"
            ) from None
        self._put_back(self._bring(self._missing(kept)))
        self.channel.journal.add(Restored())

    def _bring(self, items: Sequence[Item]) -> list[Item]:
        """Send predictions until each is there; those that the server has left out, without a word."""
        for _ in range(ROUNDS):
            if not items:
                return []
            try:
                created = self._import(items)
                return [] if created == len(items) else self._missing(items)
            except UncertainError as error:
                self.channel.client.repeated += 1
                items = self._await(
                    items, self.channel.client.timeout if error.pending else self.channel.quiet
                )
        raise ServerError(f"{self.channel.client.url}: {len(items)} prediction(s) do not arrive; push again")

    def _import(self, items: Sequence[Item]) -> int:
        """Each import counts all tasks of the project anew, in small writes that let others through.

        That takes seconds however little is sent: what the fastest import took is no reason to send less.
        """
        begun = time.monotonic()
        created = api.import_predictions(self.channel.client, self.project, items)
        took = time.monotonic() - begun
        self._counting = min(self._counting, took)
        self._longest = max(self._longest, took - self._counting)
        return created

    def _await(self, items: Sequence[Item], seconds: float) -> list[Item]:
        """Those that are not there when time is up."""
        deadline = time.monotonic() + seconds
        while (missing := self._missing(items)) and time.monotonic() < deadline:
            time.sleep(link.POLL)
        return missing

    def _missing(self, items: Sequence[Item]) -> list[Item]:
        """Those of which there are fewer on the server than here."""
        there: Counter[bytes] = Counter()
        for start in range(0, len(items), MOST):
            ids = sorted({item["task"] for item in items[start : start + MOST]})
            there |= Counter(
                _same(_sent(task.id, item)) for task in self._whole(ids) for item in task.predictions
            )
        wanted = defaultdict[bytes, list[Item]](list)
        for item in items:
            wanted[_same(item)].append(item)
        return [item for same, alike in wanted.items() for item in alike[there[same] :]]

    # ------------------------------------------------------------ data

    def _mark(self, updates: Sequence[Update]) -> None:
        """Say in the data of tasks that this run has set their predictions; the rest of it stays."""
        marks = defaultdict[str, list[int]](list)
        for update in updates:
            marks[prefill.marker(update.local, self.run)].append(update.id)
        for mark, ids in marks.items():
            self._timed(api.set_field, self.channel.client, self.project, ids, PREFILL, mark)

    def _put(self, updates: Sequence[Update]) -> None:
        """Replace the data of tasks, one by one."""
        if updates:
            with ThreadPoolExecutor(CONNECTIONS) as pool:
                list(pool.map(self._replace, updates))  # raises what a thread raised

    def _replace(self, update: Update) -> None:
        api.update_task(self.channel.client, update.id, update.local.data)

    # ------------------------------------------------------------ requests

    def _whole(self, ids: Sequence[int]) -> list[Whole]:
        return api.whole_tasks(self.channel.client, self.project, ids)

    def _timed(self, request: Any, *arguments: Any) -> Any:
        """The answer of a request that writes, and how long it took noted."""
        begun = time.monotonic()
        answer = request(*arguments)
        self._longest = max(self._longest, time.monotonic() - begun)
        return answer


def read_shown(
    client: Client, project: int, wanted: Mapping[int, Local], progress: Progress = lambda _: None
) -> dict[str, str]:
    """What predictions of ours tasks show, by our id, as `plan` compares it; for tasks by their ids there."""
    found, ids = {}, sorted(wanted)
    for start in range(0, len(ids), MOST):
        for task in api.whole_tasks(client, project, ids[start : start + MOST]):
            ours = [item for item in task.predictions if item["model_version"] == MARKS]
            found[str(task.data[KEY])] = prefill.shown_of(ours, wanted[task.id])
        progress(f"read the predictions of {min(start + MOST, len(ids))} of {len(ids)} task(s)")
    return found


def _sent(task: int, item: Mapping[str, Any]) -> Item:
    """A prediction as an import takes it; the rest of it the server makes itself."""
    score = {} if item.get("score") is None else {"score": item["score"]}
    return {"task": task, "result": item["result"], "model_version": item["model_version"], **score}


def _same(item: Item) -> bytes:
    return msgspec.json.encode(item, order="sorted")
