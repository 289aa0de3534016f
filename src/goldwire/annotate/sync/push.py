"""Brings the tasks of a corpus to a project on a server: each once, whatever is lost on the way.

First the plan (`goldwire.annotate.sync.plan`), then its steps. Each step leaves a state from which a new plan
does the rest. Before tasks are sent their ids are noted; where the answer is lost the server is asked whether
they are there, and only those that do not come are sent again. A request believed lost may still be carried
out afterwards: so after a doubt all is looked over at the end, and second copies without work on them go.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec

from goldwire.annotate.exchange import frames, tasks
from goldwire.annotate.exchange.tasks import MARKS, Encoded, prediction
from goldwire.annotate.interface import guidelines, labelconfig
from goldwire.annotate.interface.labelconfig import Layout
from goldwire.annotate.sync import api, link, mirror, plan
from goldwire.annotate.sync.api import KEY, Listed, Project
from goldwire.annotate.sync.client import Client, UncertainError
from goldwire.annotate.sync.journal import Journal, Landed, Sending, folder, open_journal
from goldwire.annotate.sync.mirror import Mirror, Progress
from goldwire.annotate.sync.plan import Local, Plan, Update
from goldwire.corpora.errors import CorpusError, Fault, ServerError
from goldwire.corpora.ontology import Ontology
from goldwire.corpora.store import Corpus
from goldwire.corpora.types import Document

BATCH = 500  # tasks sent at once: a second or two on the server
BATCH_BYTES = 4_000_000  # and no more than this, for prefilled ones are long
SHOWN = "model_version"  # the project's field that says which predictions people are shown
ROUNDS = 5  # times that a batch is sent before it is given up


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be in a project.

    `overlap` is the share of documents that two people are to do, None if the project's setting stays.
    """

    title: str
    group: str
    layout: Layout = "graph"
    prefill: str | None = None
    overlap: float | None = None
    documents: tuple[Document, ...] = ()


class Pushed(msgspec.Struct, frozen=True, kw_only=True):
    """What was done, or in a dry run would be: the project (None if it is to be made), and the plan.

    `lost` counts what of the layer Label Studio cannot hold; `faults` tell what was not sound there.
    """

    project: Project | None
    plan: Plan
    lost: dict[str, int] = {}
    faults: tuple[Fault, ...] = ()


def to_annotate(corpus: Corpus, layout: Layout, prefill: str | None) -> list[Document]:
    """The documents that there can be tasks for: in frames those with events in the layer."""
    documents = corpus.documents()
    if layout == "graph" or prefill is None:
        return documents
    layer = corpus.layer(prefill)
    return [document for document in documents if document.id in layer and layer[document.id].events]


def encode(corpus: Corpus, ontology: Ontology, order: Order) -> tuple[list[Local], Encoded]:
    """The tasks of an order, and what of the layer they cannot hold."""
    layer = corpus.layer(order.prefill) if order.prefill is not None else None
    if order.layout == "graph":
        encoded = tasks.encode(order.documents, ontology, prefill=layer)
    elif layer is None or order.prefill is None:
        raise CorpusError("frames are made of a layer with mentions and triggers: name it with --prefill")
    else:
        encoded = frames.encode(
            order.documents, ontology, layer, tasks.version(order.prefill, layer.values())
        )
    return plan.locals_of(encoded, order.prefill), encoded


def settings(ontology: Ontology, order: Order, local: Iterable[Local], language: str) -> dict[str, Any]:
    """The fields of the project as they should be, for texts in a language.

    All predictions have one model version, because people are shown those of one version only.
    """
    fields: dict[str, Any] = {
        "label_config": labelconfig.build(ontology, order.layout, language),
        "expert_instruction": guidelines.fragment(ontology),
        "show_instruction": True,
    }
    if any(task.result is not None for task in local):
        fields[SHOWN] = MARKS
    if order.overlap is not None:
        fields["maximum_annotations"] = 2 if order.overlap > 0 else 1
        fields["overlap_cohort_percentage"] = round(100 * order.overlap) if order.overlap > 0 else 100
    return fields


def push(
    client: Client,
    corpus: Corpus,
    ontology: Ontology,
    order: Order,
    *,
    dry_run: bool = False,
    progress: Progress = lambda _: None,
    batch: int = BATCH,
    quiet: float = link.QUIET,
) -> Pushed:
    """Bring what is ordered to its project, which is made if it is not there; `dry_run` only plans.

    `batch` tasks are sent at once; `quiet` is how many seconds a request whose answer was lost is given.
    Raises `ServerError` if labels in use would be lost, and whatever else goes wrong on the way: then the
    next push does the rest.
    """
    local, encoded = encode(corpus, ontology, order)
    wanted = settings(ontology, order, local, corpus.manifest.language)
    with open_journal(folder(corpus, order.title)) as journal:
        pusher = Pusher(client, journal, progress=progress, batch=batch, quiet=quiet)
        project = link.find(client, journal, order.title, quiet=quiet)
        if project is None:
            made = plan.make(local, ())
        else:
            link.link(client, journal, project, group=order.group, layout=order.layout)
            pusher.settle(project)
            there = mirror.refresh(client, journal, project.id, progress=progress)
            made = _plan(project, local, there, wanted)
        if not dry_run:
            project = project or pusher.create(order, wanted)
            pusher.apply(project, made)
    return Pushed(project=project, plan=made, lost=encoded.lost, faults=encoded.faults)


def _plan(project: Project, local: Sequence[Local], there: Mirror, wanted: dict[str, Any]) -> Plan:
    differing = plan.differences(project, wanted)
    lost: tuple[str, ...] = ()
    if "label_config" in differing and any(task.worked for task in there.tasks()):
        lost = plan.lost_labels(project.label_config, wanted["label_config"])
    return plan.make(local, there.tasks(), differing, lost)


class Pusher:
    """Carries out plans in one project."""

    def __init__(
        self,
        client: Client,
        journal: Journal,
        *,
        progress: Progress = lambda _: None,
        batch: int = BATCH,
        quiet: float = link.QUIET,
    ) -> None:
        self.client = client
        self.journal = journal
        self.progress = progress
        self.batch = batch
        self.quiet = quiet
        self._doubts: list[str] = []
        self._settled_at = 0.0

    def settle(self, project: Project) -> None:
        """Find out what became of what an earlier run has sent without seeing the answer."""
        last = next((n for n in reversed(self.journal.notes) if isinstance(n, Sending | Landed)), None)
        if isinstance(last, Sending):
            self.progress(f"looking for {len(last.keys)} task(s) that were sent before")
            self._doubt(last.keys, pending=False)
            found = self._await(project, last.keys)
            self.journal.add(Landed(ids=_ids(found)))

    def create(self, order: Order, wanted: dict[str, Any]) -> Project:
        """Make the project, with its configuration from the beginning."""
        project = link.create(self.client, self.journal, order.title, wanted, quiet=self.quiet)
        link.link(self.client, self.journal, project, group=order.group, layout=order.layout)
        return project

    def apply(self, project: Project, made: Plan) -> None:
        """Carry out a plan. Raises `ServerError` if labels in use would be lost."""
        if made.stranded:
            raise ServerError(
                "the configuration would lose labels that people have worked with: "
                f"{', '.join(made.stranded)}. Change it with `goldwire annotate migrate`"
            )
        self._set(project, {name: value for name, value in made.settings.items() if name != SHOWN})
        for id in made.doubled:
            self._delete(id)
        for number, update in enumerate(made.changed, start=1):
            self._update(update)
            self.progress(f"changed {number} of {len(made.changed)} task(s)")
        self._send_all(project, made.new)
        self._sweep(project)
        # The server refuses a version of which it has no predictions yet.
        self._set(project, {name: value for name, value in made.settings.items() if name == SHOWN})

    def _set(self, project: Project, fields: dict[str, Any]) -> None:
        if fields:
            api.update_project(self.client, project.id, **fields)
            self.progress(f"set {', '.join(fields)}")

    # ------------------------------------------------------------ tasks that are there

    def _unworked(self, id: int) -> dict[str, Any] | None:
        """A task with its predictions, unless somebody has worked on it since the plan was made."""
        task = api.task(self.client, id)
        if task.get("annotations") or task.get("draft_exists"):
            self.progress(f"task {id} was begun meanwhile: left alone")
            return None
        return task

    def _delete(self, id: int) -> None:
        if self._unworked(id) is not None:
            api.delete_task(self.client, id)

    def _update(self, update: Update) -> None:
        """Predictions first: the data says which they are, so it must not be ahead of them."""
        task = self._unworked(update.id)
        if task is None:
            return
        if update.predictions:
            self._predict(update.id, _ours(task["predictions"]), update.local.result)
        api.update_task(self.client, update.id, update.local.data)

    def _predict(self, task: int, ours: Sequence[int], result: list[Any] | None) -> None:
        """Give a task one prediction of ours, or none; those of others stay."""
        kept = 0
        if result is not None and ours:
            kept = 1
            api.update_prediction(self.client, ours[0], {"score": None, **prediction(MARKS, result)})
        elif result is not None:
            self._add_prediction(task, result)
        for id in ours[kept:]:
            api.delete_prediction(self.client, id)

    def _add_prediction(self, task: int, result: list[Any]) -> None:
        for _ in range(ROUNDS):
            try:
                return api.create_prediction(self.client, task, prediction(MARKS, result))
            except UncertainError as error:
                deadline = time.monotonic() + (self.client.timeout if error.pending else self.quiet)
            while time.monotonic() < deadline:
                if _ours(api.predictions(self.client, task)):
                    return None
                time.sleep(link.POLL)
        raise ServerError(f"{self.client.url}: the prediction of task {task} does not arrive; push again")

    # ------------------------------------------------------------ tasks that are new

    def _send_all(self, project: Project, new: Sequence[Local]) -> None:
        sent = 0
        for batch in batches(new, self.batch):
            self._send(project, batch)
            sent += len(batch)
            self.progress(f"pushed {sent} of {len(new)} task(s)")

    def _send(self, project: Project, batch: Sequence[tuple[str, bytes]]) -> None:
        """Send tasks until each is there."""
        self.journal.add(Sending(keys=tuple(key for key, _ in batch)))
        missing, ids = dict(batch), list[int]()
        for _ in range(ROUNDS):
            try:
                ids += api.import_tasks(self.client, project.id, [*missing.values()])
                missing = {}
            except UncertainError as error:
                self._doubt(missing, pending=error.pending)
                found = self._await(project, [*missing])
                ids += _ids(found)
                missing = {key: task for key, task in missing.items() if key not in found}
                # They are sent again now, and may come twice after all: the sweep at the end has to wait.
                self._doubt(missing, pending=error.pending)
            if not missing:
                self.journal.add(Landed(ids=tuple(ids)))
                return
        raise ServerError(f"{self.client.url}: {len(missing)} task(s) do not arrive; push again")

    def _doubt(self, keys: Iterable[str], *, pending: bool) -> None:
        """From now on these may come twice, and until the time noted nothing is certain."""
        doubted = [*keys]
        if not doubted:
            return
        self._doubts += doubted
        wait = self.client.timeout if pending else self.quiet
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
        for chosen in api.with_keys(keys):
            for task in api.tasks(self.client, project.id, chosen):
                found[task.data[KEY]].append(task)
        return found

    def _sweep(self, project: Project) -> None:
        """After a doubt, when nothing can be under way any more: one copy of each task stays."""
        if not self._doubts:
            return
        time.sleep(max(0.0, self._settled_at - time.monotonic()))
        for copies in self._find(project, sorted(set(self._doubts))).values():
            idle = [task.id for task in copies if self._unworked(task.id)] if len(copies) > 1 else []
            for id in sorted(idle)[int(len(idle) == len(copies)) :]:
                api.delete_task(self.client, id)
        self._doubts.clear()


def _ours(predictions: Iterable[dict[str, Any]]) -> list[int]:
    """The ids of our predictions, the oldest first."""
    return sorted(item["id"] for item in predictions if item["model_version"] == MARKS)


def _ids(found: dict[str, list[Listed]]) -> tuple[int, ...]:
    return tuple(task.id for copies in found.values() for task in copies)


def batches(new: Sequence[Local], size: int) -> Iterator[list[tuple[str, bytes]]]:
    """Ids and tasks as JSON, as many at a time as are sent at once."""
    batch: list[tuple[str, bytes]] = []
    weight = 0
    for local in new:
        task: dict[str, Any] = {"data": local.data}
        if local.result is not None:
            task["predictions"] = [prediction(MARKS, local.result)]
        data = msgspec.json.encode(task)
        if batch and (len(batch) == size or weight + len(data) > BATCH_BYTES):
            yield batch
            batch, weight = [], 0
        batch.append((local.key, data))
        weight += len(data)
    if batch:
        yield batch
