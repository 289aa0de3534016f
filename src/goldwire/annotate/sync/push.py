"""Brings the tasks of a corpus to a project on a server: each once, whatever is lost on the way.

First the plan (`goldwire.annotate.sync.plan`), then its steps. Each step leaves a state from which a new plan
does the rest. Before tasks are sent their ids are noted; where the answer is lost the server is asked whether
they are there, and only those that do not come are sent again. A request believed lost may still be carried
out afterwards: so after a doubt all is looked over at the end, and second copies without work on them go.
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from goldwire.annotate.exchange import frames, tasks
from goldwire.annotate.exchange.tasks import MARKS, Encoded
from goldwire.annotate.interface import guidelines, labelconfig
from goldwire.annotate.interface.labelconfig import Layout
from goldwire.annotate.sync import api, bulk, follow, link, mirror, plan, put, remembered
from goldwire.annotate.sync.api import KEY, Listed, Project
from goldwire.annotate.sync.client import Client, UncertainError
from goldwire.annotate.sync.follow import Followed
from goldwire.annotate.sync.journal import (
    Adopted,
    Bulk,
    Journal,
    Landed,
    Remembered,
    Sending,
    folder,
    home,
    open_journal,
)
from goldwire.annotate.sync.mirror import Mirror, Progress
from goldwire.annotate.sync.plan import Local, Moved, Plan
from goldwire.annotate.sync.put import Put
from goldwire.annotate.sync.remembered import Settings
from goldwire.corpora.errors import CorpusError, Fault, ServerError
from goldwire.corpora.ontology import Ontology
from goldwire.corpora.store import Corpus, Manifest
from goldwire.corpora.types import Annotations, Document

BATCH = 500  # tasks sent at once: a second or two on the server
BATCH_BYTES = 4_000_000  # and no more than this, for prefilled ones are long
SHOWN = "model_version"  # the project's field that says which predictions people are shown
# The project's fields that are noted, so that a change by somebody else is seen.
SETTINGS = (
    "label_config",
    "expert_instruction",
    "show_instruction",
    SHOWN,
    "maximum_annotations",
    "overlap_cohort_percentage",
)
_THERE = ("changed", "unchanged", "kept", "conflicting", "orphaned", "foreign")  # tasks, before anything new
STEP = 100  # documents encoded between two words of it
ROUNDS = 5  # times that a batch is sent before it is given up


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be in a project.

    `overlap` is the share of documents that two people are to do, None if the project's setting stays.
    `remember` is what the project is to remember of its group, `before` what was remembered until now;
    `found` is the project, where it is known to be the one, and `moved` are its tasks that others are to do
    now. `adopt` lets a project be written to that was not
    made for this corpus, `overwrite` what somebody else has put there since this clone last pushed.
    """

    title: str
    group: str
    layout: Layout = "graph"
    prefill: str | None = None
    overlap: float | None = None
    documents: tuple[Document, ...] = ()
    remember: Settings | None = None
    before: Settings | None = None
    found: Project | None = None
    moved: tuple[Moved, ...] = ()
    adopt: bool = False
    overwrite: bool = False


class Pushed(msgspec.Struct, frozen=True, kw_only=True):
    """What was done, or in a dry run would be: the project (None if it is to be made), and the plan.

    `lost` counts what of the layer Label Studio cannot hold; `faults` tell what was not sound there,
    `unshown` which events no task shows. Nothing was done where the project is `strange`: neither made for
    this corpus nor adopted. The predictions of the documents `refused` were left out by the server.
    """

    project: Project | None
    plan: Plan
    strange: bool = False
    refused: tuple[str, ...] = ()
    lost: dict[str, int] = {}
    faults: tuple[Fault, ...] = ()
    unshown: tuple[str, ...] = ()


class Unheld(msgspec.Struct, frozen=True):
    """What of a layer tasks cannot hold, counted by kind, what of it was not sound, and events not shown."""

    lost: dict[str, int] = {}
    faults: tuple[Fault, ...] = ()
    unshown: tuple[str, ...] = ()


def encode(
    corpus: Corpus, ontology: Ontology, order: Order, *, progress: Progress = lambda _: None
) -> tuple[list[Local], Unheld]:
    """The tasks of an order, and what of the layer they cannot hold."""
    if order.layout == "graph":
        return _encode_graph(corpus, ontology, order, progress)
    if order.prefill is None:
        raise CorpusError("frames are made of a layer with mentions and triggers: name it with --prefill")
    layer, stale = tasks.fitting(corpus, order.prefill)
    version = tasks.version(order.prefill, (layer or {}).values())
    encoded = frames.encode(order.documents, ontology, layer or {}, version)
    faults = (*encoded.faults, *stale)
    return plan.locals_of(encoded, order.prefill), Unheld(encoded.lost, faults, encoded.unshown)


def _encode_graph(
    corpus: Corpus, ontology: Ontology, order: Order, progress: Progress
) -> tuple[list[Local], Unheld]:
    """The tasks of the layout `graph`, one document after the other, so that memory holds."""
    documents = {document.id: document for document in order.documents}
    found: dict[str, tuple[Local, Encoded]] = {}
    for document, line in _with_lines(corpus, documents, order.prefill):
        encoded = tasks.encode([document], ontology, prefill=None if line is None else {document.id: line})
        [local] = plan.locals_of(encoded, order.prefill)
        found[document.id] = local, msgspec.structs.replace(encoded, tasks=())
        if not len(found) % STEP:
            progress(f"encoded {len(found)} of {len(documents)} document(s)")
    lost: Counter[str] = Counter()
    for _, encoded in found.values():
        lost.update(encoded.lost)
    in_order = [found[id] for id in documents]
    faults = tuple(fault for _, encoded in in_order for fault in encoded.faults)
    unshown = tuple(event for _, encoded in in_order for event in encoded.unshown)
    stale = corpus.stale(order.prefill) if order.prefill is not None else ()
    faults = (*faults, *map(tasks.stale_fault, stale))
    return [local for local, _ in in_order], Unheld(dict(+lost), faults, unshown)


def _with_lines(
    corpus: Corpus, documents: Mapping[str, Document], layer: str | None
) -> Iterator[tuple[Document, Annotations | None]]:
    """Each document with its line of a layer, in the order of the layer; then those that it does not hold."""
    rest = dict(documents)
    for line in corpus.iter_fitting(layer) if layer is not None else ():
        document = rest.pop(line.document, None)
        if document is not None:
            yield document, line
    yield from ((document, None) for document in rest.values())


def settings(
    ontology: Ontology,
    order: Order,
    local: Iterable[Local],
    manifest: Manifest,
    project: Project | None = None,
) -> dict[str, Any]:
    """The fields of a project as they should be, and what it is to remember in its configuration.

    All predictions have one model version, because people are shown those of one version only.
    """
    told = order.remember or (project and remembered.read(project.label_config)) or _of_order(order, manifest)
    there = remembered.read(project.label_config) if project is not None else None
    told = msgspec.structs.replace(told, title=order.title, run=there.run if there is not None else "")
    fields: dict[str, Any] = {
        "label_config": remembered.write(labelconfig.build(ontology, order.layout, manifest.language), told),
        "expert_instruction": guidelines.fragment(ontology),
        "show_instruction": True,
    }
    if any(task.is_prefilled for task in local):
        fields[SHOWN] = MARKS
    if order.overlap is not None:
        fields["maximum_annotations"] = 2 if order.overlap > 0 else 1
        fields["overlap_cohort_percentage"] = round(100 * order.overlap) if order.overlap > 0 else 100
    return fields


def _of_order(order: Order, manifest: Manifest) -> Settings:
    return Settings(
        corpus=manifest.name,
        group=order.group,
        title=order.title,
        layout=order.layout,
        prefill=order.prefill,
        overlap=order.overlap,
    )


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
    local, encoded = encode(corpus, ontology, order, progress=progress)
    refused: tuple[str, ...] = ()
    with open_journal(_home(corpus, order)) as journal:
        pusher = Pusher(client, journal, progress=progress, batch=batch, quiet=quiet)
        project = link.find(client, journal, order.title, quiet=quiet) or order.found
        wanted = settings(ontology, order, local, corpus.manifest, project)
        if project is None and dry_run:
            return _pushed(None, plan.make(local, ()), encoded)
        is_new = project is None
        project = project or pusher.create(order, wanted)
        link.link(client, journal, project, group=order.group, layout=order.layout)
        pusher.settle(project)
        is_empty = is_new and not project.task_number
        there = Mirror() if is_empty else pusher.refresh(project)
        followed = follow.follow(corpus, ontology, local, there, order.documents)
        local = [*followed.local]
        known = _put_before(journal, project, order)
        noted = put.read(journal.folder) or Put()
        noted = noted.with_marks(pusher.marked(project, local, there, noted))
        if known is not None:
            known = known.with_more({}, _as_remembered(corpus, ontology, order))
        made = _plan(project, followed, there, wanted, known=known, marked=noted.marked)
        made = plan.with_moved(made, order.moved)
        strange = not order.adopt and _is_strange(journal, corpus, project, made)
        if not dry_run and not strange:
            pusher.adopt(project, order, corpus)
            known = (known or Put()).with_marks(noted.marked)
            known = known.with_more(*_to_be_changed(project, there, made, noted))
            refused = pusher.apply(project, made, local, known)
            if order.remember is not None:
                pusher.remember(order.remember)
    return _pushed(project, made, encoded, strange, refused)


def _to_be_changed(
    project: Project, there: Mirror, made: Plan, noted: Put
) -> tuple[dict[str, str], dict[str, str]]:
    """Digests of what is about to be changed: killed before that, it is not taken for somebody else's."""
    settings = {name: plan.setting_digest(name, getattr(project, name)) for name in made.settings}
    ids = {update.id for update in made.changed}
    tasks = {
        task.data[KEY]: plan.digest(task.data, plan.shown_by(task.data, noted.marked))
        for task in there.tasks()
        if task.id in ids
    }
    return settings, tasks


def _home(corpus: Corpus, order: Order) -> Path:
    found = order.found
    if found is None:
        return folder(corpus, order.title)
    return home(corpus, order.title, found.id, found.created_at)


def _pushed(
    project: Project | None,
    made: Plan,
    encoded: Unheld,
    strange: bool = False,
    refused: tuple[str, ...] = (),
) -> Pushed:
    return Pushed(
        project=project,
        plan=made,
        strange=strange,
        refused=refused,
        lost=encoded.lost,
        faults=encoded.faults,
        unshown=encoded.unshown,
    )


def _put_before(journal: Journal, project: Project, order: Order) -> Put | None:
    """What this clone last put there; None where nobody can have put anything since.

    A project that remembers its settings was pushed by a clone that notes this. If it was not this one, all
    that is there is somebody else's.
    """
    if order.overwrite or order.adopt:
        return None
    noted = put.read(journal.folder)
    if noted is None and project.task_number and remembered.read(project.label_config) is not None:
        return Put()
    return noted


def _as_remembered(corpus: Corpus, ontology: Ontology, order: Order) -> dict[str, str]:
    """What this corpus would put there as it was remembered, where another layer is asked for now.

    Whoever has put that there has put nothing that this corpus does not say.
    """
    before = order.before
    if before is None or (before.prefill, before.layout) == (order.prefill, order.layout):
        return {}
    order = msgspec.structs.replace(order, prefill=before.prefill, layout=before.layout)
    try:
        return {task.key: plan.digest(task.data) for task in encode(corpus, ontology, order)[0]}
    except CorpusError:  # a layer that this clone does not have
        return {}


def _is_strange(journal: Journal, corpus: Corpus, project: Project, made: Plan) -> bool:
    """Whether a project was made by others, or for other documents."""
    shared = made.unchanged or made.changed or made.kept or made.conflicting or made.gone or made.moved
    return not link.is_ours(journal, corpus, project) or (bool(made.orphaned) and not shared)


def _plan(
    project: Project,
    followed: Followed,
    there: Mirror,
    wanted: dict[str, Any],
    *,
    known: Put | None,
    marked: plan.Marked,
) -> Plan:
    differing = plan.differences(project, wanted, known)
    lost: tuple[str, ...] = ()
    if "label_config" in differing.to_set and any(task.worked for task in there.tasks()):
        lost = plan.lost_labels(project.label_config, wanted["label_config"])
    left = {id: document for document, ids in followed.left.items() for id in ids}
    current = (task for task in there.tasks() if task.id not in left)
    made = plan.make(followed.local, current, differing, stranded=lost, put=known, marked=marked)
    return msgspec.structs.replace(made, kept=(*made.kept, *left.values()))


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
        self.run = bulk.new_run()
        self._doubts: list[str] = []
        self._undone = set[str]()  # documents whose tasks are not as the plan said
        self._settled_at = 0.0

    def settle(self, project: Project) -> None:
        """Find out what became of what an earlier run has sent without seeing the answer."""
        last = next((n for n in reversed(self.journal.notes) if isinstance(n, Sending | Landed)), None)
        if isinstance(last, Sending):
            self.progress(f"looking for {len(last.keys)} task(s) that were sent before")
            self._doubt(last.keys, pending=False)
            found = self._await(project, last.keys)
            self.journal.add(Landed(ids=_ids(found)))
        bulk.Changer(self.client, self.journal, project.id, self.run, quiet=self.quiet).restore()

    def refresh(self, project: Project) -> Mirror:
        """The tasks as they are there now."""
        there = mirror.refresh(self.client, self.journal, project.id, progress=self.progress)
        said = remembered.read(project.label_config)
        notes = (note for note in reversed(self.journal.notes) if isinstance(note, Bulk))
        if said is not None and said.run and next(notes, None) != Bulk(run=said.run):
            mirror.catch_up(self.client, self.journal, project.id, there, progress=self.progress)
            self.journal.add(Bulk(run=said.run))
        return there

    def marked(self, project: Project, local: Sequence[Local], there: Mirror, noted: Put) -> plan.Marked:
        """What the marks in tasks stand for; those of runs that are not known here are looked up."""
        unknown = plan.unknown_marks(there.tasks(), noted.marked)
        wanted = {task.key: task for task in local}
        asked = {
            task.id: wanted[task.data[KEY]]
            for task in there.tasks()
            if task.id in unknown and task.data.get(KEY) in wanted
        }
        if not asked:
            return noted.marked
        shown = bulk.read_shown(self.client, project.id, asked, self.progress)
        return {
            **noted.marked,
            **{item.key: (unknown[id], shown.get(item.key, "")) for id, item in asked.items()},
        }

    def create(self, order: Order, wanted: dict[str, Any]) -> Project:
        """Make the project, with its configuration from the beginning."""
        return link.create(self.client, self.journal, order.title, wanted, quiet=self.quiet)

    def adopt(self, project: Project, order: Order, corpus: Corpus) -> None:
        """Note that the project may be written to, if that had to be said."""
        if order.adopt and not link.is_ours(self.journal, corpus, project):
            self.journal.add(Adopted(project=project.id))

    def remember(self, settings: Settings) -> None:
        """Note how the project is pushed from now on, if that has changed."""
        notes = (note for note in reversed(self.journal.notes) if isinstance(note, Remembered))
        if next(notes, None) != Remembered(settings=settings):
            self.journal.add(Remembered(settings=settings))

    def apply(self, project: Project, made: Plan, local: Sequence[Local], known: Put) -> tuple[str, ...]:
        """Carry out a plan; the documents whose predictions the server did not take.

        Raises `ServerError` if labels in use would be lost.
        """
        if made.stranded:
            raise ServerError(
                "the configuration would lose labels that people have worked with: "
                f"{', '.join(made.stranded)}. Change it with `goldwire annotate migrate`"
            )
        known = self._announce(made, known)
        self._set(project, {name: value for name, value in made.settings.items() if name != SHOWN})
        for id in made.doubled:
            self._delete(id)
        refused = (*self._change(project, made), *self._send_all(project, made.new))
        self._look_for_others(project, made)
        self._sweep(project)
        # The server refuses a version of which it has no predictions yet.
        self._set(project, {name: value for name, value in made.settings.items() if name == SHOWN})
        self._note_put(project, made, local, known)
        return refused

    def _change(self, project: Project, made: Plan) -> tuple[str, ...]:
        """Change tasks that are there; the documents whose predictions the server did not take.

        The project remembers the run before and after, for other clones see no time of it.
        """
        if not made.changed:
            return ()
        changer = bulk.Changer(
            self.client, self.journal, project.id, self.run, progress=self.progress, quiet=self.quiet
        )
        marked = any(map(plan.is_shown_alone, made.changed))
        if marked:
            self._remember_run(project, f"{self.run} begun")
        done = changer.change(made.changed)
        if marked:
            self._remember_run(project, self.run)
        self._undone |= {*done.left, *done.refused}
        return done.refused

    def _remember_run(self, project: Project, run: str) -> None:
        config = api.project(self.client, project.id).label_config
        said = remembered.read(config)
        if said is not None:
            said = msgspec.structs.replace(said, run=run)
            api.update_project(self.client, project.id, label_config=remembered.write(config, said))

    def _announce(self, made: Plan, known: Put) -> Put:
        """Note what is about to be put, beside what was."""
        sent = [*made.new, *(update.local for update in made.changed)]
        settings = {name: plan.setting_digest(name, value) for name, value in made.settings.items()}
        known = known.with_more(settings, {item.key: plan.digest(item.data) for item in sent})
        known = known.with_marks(plan.marks(made.changed, self.run))
        put.write(self.journal.folder, known)
        return known

    def _note_put(self, project: Project, made: Plan, local: Sequence[Local], known: Put) -> None:
        """Note what is there now, but for what somebody else has put there or is at work on."""
        now = api.project(self.client, project.id)
        settings = {name: plan.setting_digest(name, getattr(now, name)) for name in SETTINGS}
        others = {*self._undone, *made.kept, *(conflict.key for conflict in made.conflicting)}
        tasks = {item.key: plan.digest(item.data) for item in local if item.key not in others}
        settings = {name: digest for name, digest in settings.items() if name not in made.newer}
        put.write(self.journal.folder, known.replaced(settings, tasks))

    def _look_for_others(self, project: Project, made: Plan) -> None:
        """Doubt what was sent if there is more now than there should be: somebody has sent it too."""
        if not made.new:
            return
        counts = made.counts()
        there = sum(counts[kind] for kind in _THERE) + len(made.new)
        if api.totals(self.client, project.id)[0].tasks > there:
            self._doubts += [item.key for item in made.new]

    def _set(self, project: Project, fields: dict[str, Any]) -> None:
        if fields:
            api.update_project(self.client, project.id, **fields)
            self.progress(f"set {', '.join(fields)}")

    # ------------------------------------------------------------ tasks that are there

    def _unworked(self, id: int) -> dict[str, Any] | None:
        """A task with its predictions, unless somebody has worked on it or deleted it since."""
        task = api.find_task(self.client, id)
        if task is None:
            return None
        if task.get("annotations") or task.get("draft_exists"):
            self.progress(f"task {id} was begun meanwhile: left alone")
            return None
        return task

    def _delete(self, id: int) -> None:
        if self._unworked(id) is not None:
            api.delete_task(self.client, id)

    # ------------------------------------------------------------ tasks that are new

    def _send_all(self, project: Project, new: Sequence[Local]) -> tuple[str, ...]:
        """Send tasks; the documents whose predictions the server did not take."""
        sent, refused = 0, list[str]()
        predicted = {task.key for task in new if task.is_prefilled}
        for batch in batches(new, self.batch):
            landed, predictions = self._send(project, batch)
            wanted = predicted.intersection(key for key, _ in batch)
            if predictions != len(wanted):
                refused += self._without_predictions(project, landed, wanted)
            sent += len(batch)
            self.progress(f"pushed {sent} of {len(new)} task(s)")
        self._undone |= {*refused}
        return tuple(refused)

    def _without_predictions(
        self, project: Project, ids: Sequence[int], wanted: Collection[str]
    ) -> list[str]:
        """Those of some documents whose tasks came without the prediction that was sent with them."""
        parts = (ids[start : start + api.ASKED] for start in range(0, len(ids), api.ASKED))
        there = (task for part in parts for task in api.tasks(self.client, project.id, api.with_ids(part)))
        return [task.data[KEY] for task in there if task.data[KEY] in wanted and not task.total_predictions]

    def _send(
        self, project: Project, batch: Sequence[tuple[str, bytes]]
    ) -> tuple[tuple[int, ...], int | None]:
        """Send tasks until each is there; their ids, and how many predictions came if the server told."""
        self.journal.add(Sending(keys=tuple(key for key, _ in batch)))
        missing, ids, predictions = dict(batch), list[int](), None
        for _ in range(ROUNDS):
            try:
                made = api.import_tasks(self.client, project.id, [*missing.values()])
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
                self.journal.add(Landed(ids=tuple(ids)))
                return tuple(ids), predictions
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
            if len(copies) > 1:
                self._keep_one(copies)
        self._doubts.clear()

    def _keep_one(self, copies: Sequence[Listed]) -> None:
        """Delete the copies on which nobody has worked but for the oldest, which stays if no other does.

        Whoever else sweeps at the same time keeps the same one.
        """
        oldest = min(task.id for task in copies)
        idle = [task.id for task in copies if self._unworked(task.id) is not None]
        worked = [task.id for task in copies if task.id not in idle and api.find_task(self.client, task.id)]
        for id in idle:
            if worked or id != oldest:
                api.delete_task(self.client, id)


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
