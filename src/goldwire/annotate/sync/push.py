"""Brings the tasks of a corpus to a project on a server: each once, whatever is lost on the way.

First the plan (`goldwire.annotate.sync.plan`), then its steps. Each step leaves a state from which a new plan
does the rest: tasks that are new are sent (`sending`), those that are there are changed (`bulk`).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import msgspec

from goldwire.annotate.exchange.tasks import KEY
from goldwire.annotate.sync import api, bulk, follow, link, mirror, orders, plan, prefill, put, remembered
from goldwire.annotate.sync.api import Project
from goldwire.annotate.sync.behind import put_behind
from goldwire.annotate.sync.channel import Channel
from goldwire.annotate.sync.client import Client
from goldwire.annotate.sync.follow import Followed
from goldwire.annotate.sync.journal import Adopted, Bulk, Journal, Remembered, folder, home, open_journal
from goldwire.annotate.sync.mirror import Mirror, Progress
from goldwire.annotate.sync.orders import SHOWN, Order, Unheld, encode, settings
from goldwire.annotate.sync.plan import Plan
from goldwire.annotate.sync.prefill import Local
from goldwire.annotate.sync.put import Put
from goldwire.annotate.sync.remembered import Settings
from goldwire.annotate.sync.sending import BATCH, Sender
from goldwire.annotate.sync.settings import differences, lost_labels, setting_digest
from goldwire.corpora.errors import CorpusError, Fault, ServerError
from goldwire.corpora.ontology import Ontology
from goldwire.corpora.store import Corpus

# The project's fields that are noted, so that a change by somebody else is seen.
SETTINGS = (
    "label_config",
    "expert_instruction",
    "show_instruction",
    SHOWN,
    "maximum_annotations",
    "overlap_cohort_percentage",
    "sampling",
)


class Pushed(msgspec.Struct, frozen=True, kw_only=True):
    """What was done, or in a dry run would be: the project (None if it is to be made), and the plan.

    `lost` counts what of the layer Label Studio cannot hold; `faults` tell what was not sound there,
    `unshown` which events no task shows. Nothing was done in a `foreign_project`: it was neither made
    for this corpus nor adopted. The predictions of the documents `refused` were left out by the server.
    `blind` is how many documents are shown no prefill, and of how many that have one.
    """

    project: Project | None
    plan: Plan
    foreign_project: bool = False
    refused: tuple[str, ...] = ()
    lost: dict[str, int] = {}
    faults: tuple[Fault, ...] = ()
    unshown: tuple[str, ...] = ()
    blind: tuple[int, int] | None = None


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
        pusher = Pusher(Channel(client, journal, progress, quiet), batch)
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
        followed = Followed(tuple(local), {})
        settled = frozenset[str]() if order.ready is None else order.ready.settled
        if settled is not None:
            finished = follow.read_finished(journal.folder)
            documents = order.documents
            followed = follow.follow(
                corpus, ontology, local, there, documents, finished=finished, settled=settled
            )
        local = orders.in_order(followed.local, order)
        known = _put_before(journal, project, order)
        noted = put.read(journal.folder) or Put()
        noted = noted.with_marks(pusher.marked(project, local, there, noted))
        if known is not None:
            known = known.with_more({}, _as_remembered(corpus, ontology, order))
        followed = Followed(tuple(local), followed.left)
        apart = _apart(corpus, order)
        made = _plan(project, followed, there, wanted, known=known, marked=noted.marked, apart=apart)
        made = plan.with_moved(made, order.moved)
        foreign_project = not order.adopt and _is_foreign(journal, corpus, project, made)
        if not dry_run and not foreign_project:
            pusher.adopt(project, order, corpus)
            known = (known or Put()).with_marks(noted.marked)
            known = known.with_more(*_to_be_changed(project, there, made, noted))
            if _is_new_draw(order):
                put_behind(pusher.channel, project.id, _others(there, apart))
            refused = pusher.apply(project, made, local, known)
            if order.remember is not None:
                pusher.remember(order.remember)
    return _pushed(project, made, encoded, foreign_project, refused)


def _to_be_changed(
    project: Project, there: Mirror, made: Plan, noted: Put
) -> tuple[dict[str, str], dict[str, str]]:
    """Digests of what is about to be changed: killed before that, it is not taken for somebody else's."""
    settings = {name: setting_digest(name, getattr(project, name)) for name in made.settings}
    ids = {update.id for update in made.changed}
    tasks = {
        task.data[KEY]: prefill.digest(task.data, prefill.shown_by(task.data, noted.marked))
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
    foreign_project: bool = False,
    refused: tuple[str, ...] = (),
) -> Pushed:
    return Pushed(
        project=project,
        plan=made,
        foreign_project=foreign_project,
        refused=refused,
        lost=encoded.lost,
        faults=encoded.faults,
        unshown=encoded.unshown,
        blind=encoded.blind,
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
    """What this corpus would put there as it was remembered, where something else is asked for now.

    Whoever has put that there has put nothing that this corpus does not say.
    """
    if order.before is None:
        return {}
    try:
        before = orders.as_before(corpus, order, order.before)
        tasks = [] if before == order else encode(corpus, ontology, before)[0]
    except CorpusError:  # a layer or a draw that this clone does not have
        return {}
    return {task.key: prefill.digest(task.data) for task in tasks}


def _apart(corpus: Corpus, order: Order) -> Collection[str]:
    """The documents of the corpus that were not picked, where some were."""
    return () if order.scores is None else corpus.hashes().keys() - order.scores.keys()


def _is_new_draw(order: Order) -> bool:
    """Whether a draw is picked that was not before: killed on the way, it is so again the next time."""
    if order.scores is None:
        return False
    picks = {None if said is None else said.pick for said in (order.before, order.remember)}
    return len(picks) > 1 or None in picks


def _others(there: Mirror, apart: Collection[str]) -> list[int]:
    """The tasks that show something and would come before the drawn ones."""
    return [
        task.id
        for task in there.tasks()
        if task.predictions and not task.worked and task.data.get("document") in apart
    ]


def _is_foreign(journal: Journal, corpus: Corpus, project: Project, made: Plan) -> bool:
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
    marked: prefill.Marked,
    apart: Collection[str] = (),
) -> Plan:
    differing = differences(project, wanted, known)
    lost: tuple[str, ...] = ()
    if "label_config" in differing.to_set and any(task.worked for task in there.tasks()):
        lost = lost_labels(project.label_config, wanted["label_config"])
    left = {id: document for document, ids in followed.left.items() for id in ids}
    current = (task for task in there.tasks() if task.id not in left)
    made = plan.make(
        followed.local, current, differing, lost_labels=lost, put=known, marked=marked, apart=apart
    )
    return msgspec.structs.replace(made, kept=(*made.kept, *left.values()))


class Pusher:
    """Carries out plans in one project."""

    def __init__(self, channel: Channel, batch: int = BATCH) -> None:
        self.channel = channel
        self.run = bulk.new_run()
        self.sender = Sender(channel, batch)
        self._undone = set[str]()  # documents whose tasks are not as the plan said

    def settle(self, project: Project) -> None:
        """Find out what became of what an earlier run has sent without seeing the answer."""
        self.sender.settle(project)

    def refresh(self, project: Project) -> Mirror:
        """The tasks as they are there now."""
        there = mirror.refresh(
            self.channel.client, self.channel.journal, project.id, progress=self.channel.progress
        )
        said = remembered.read(project.label_config)
        notes = (note for note in reversed(self.channel.journal.notes) if isinstance(note, Bulk))
        if said is not None and said.run and next(notes, None) != Bulk(run=said.run):
            mirror.catch_up(
                self.channel.client, self.channel.journal, project.id, there, progress=self.channel.progress
            )
            self.channel.journal.add(Bulk(run=said.run))
        return there

    def marked(self, project: Project, local: Sequence[Local], there: Mirror, noted: Put) -> prefill.Marked:
        """What the marks in tasks stand for; those of runs that are not known here are looked up."""
        unknown = prefill.unknown_marks(there.tasks(), noted.marked)
        wanted = {task.key: task for task in local}
        asked = {
            task.id: wanted[task.data[KEY]]
            for task in there.tasks()
            if task.id in unknown and task.data.get(KEY) in wanted
        }
        if not asked:
            return noted.marked
        shown = bulk.read_shown(self.channel.client, project.id, asked, self.channel.progress)
        return {
            **noted.marked,
            **{item.key: (unknown[id], shown.get(item.key, "")) for id, item in asked.items()},
        }

    def create(self, order: Order, wanted: dict[str, Any]) -> Project:
        """Make the project, with its configuration from the beginning."""
        return link.create(
            self.channel.client, self.channel.journal, order.title, wanted, quiet=self.channel.quiet
        )

    def adopt(self, project: Project, order: Order, corpus: Corpus) -> None:
        """Note that the project may be written to, if that had to be said."""
        if order.adopt and not link.is_ours(self.channel.journal, corpus, project):
            self.channel.journal.add(Adopted(project=project.id))

    def remember(self, settings: Settings) -> None:
        """Note how the project is pushed from now on, if that has changed."""
        notes = (note for note in reversed(self.channel.journal.notes) if isinstance(note, Remembered))
        if next(notes, None) != Remembered(settings=settings):
            self.channel.journal.add(Remembered(settings=settings))

    def apply(self, project: Project, made: Plan, local: Sequence[Local], known: Put) -> tuple[str, ...]:
        """Carry out a plan; the documents whose predictions the server did not take.

        Raises `ServerError` if labels in use would be lost.
        """
        if made.lost_labels:
            raise ServerError(
                "the configuration would lose labels that people have worked with: "
                f"{', '.join(made.lost_labels)}. Change it with `goldwire annotate migrate`"
            )
        self._changer(project).restore()
        known = self._announce(made, known)
        self._set(project, {name: value for name, value in made.settings.items() if name != SHOWN})
        for id in made.doubled:
            self._delete(id)
        unchanged = self._change(project, made)
        unsent = self.sender.send_all(project, made.new)
        self._undone |= {*unsent}
        self.sender.look_for_others(project, made)
        self.sender.sweep(project)
        # The server refuses a version of which it has no predictions yet.
        self._set(project, {name: value for name, value in made.settings.items() if name == SHOWN})
        self._note_put(project, made, local, known)
        return (*unchanged, *unsent)

    def _change(self, project: Project, made: Plan) -> tuple[str, ...]:
        """Change tasks that are there; the documents whose predictions the server did not take.

        The project remembers the run before and after, for other clones see no time of it.
        """
        if not made.changed:
            return ()
        marked = any(map(plan.is_shown_alone, made.changed))
        if marked:
            self._remember_run(project, f"{self.run} begun")
        done = self._changer(project).change(made.changed)
        if marked:
            self._remember_run(project, self.run)
        self._undone |= {*done.left, *done.refused}
        return done.refused

    def _changer(self, project: Project) -> bulk.Changer:
        return bulk.Changer(self.channel, project.id, self.run)

    def _remember_run(self, project: Project, run: str) -> None:
        config = api.project(self.channel.client, project.id).label_config
        said = remembered.read(config)
        if said is not None:
            said = msgspec.structs.replace(said, run=run)
            api.update_project(self.channel.client, project.id, label_config=remembered.write(config, said))

    def _announce(self, made: Plan, known: Put) -> Put:
        """Note what is about to be put, beside what was."""
        sent = [*made.new, *(update.local for update in made.changed)]
        settings = {name: setting_digest(name, value) for name, value in made.settings.items()}
        known = known.with_more(settings, {item.key: prefill.digest(item.data) for item in sent})
        known = known.with_marks(plan.marks(made.changed, self.run))
        put.write(self.channel.journal.folder, known)
        return known

    def _note_put(self, project: Project, made: Plan, local: Sequence[Local], known: Put) -> None:
        """Note what is there now, but for what somebody else has put there or is at work on."""
        now = api.project(self.channel.client, project.id)
        settings = {name: setting_digest(name, getattr(now, name)) for name in SETTINGS}
        others = {*self._undone, *made.kept, *(conflict.key for conflict in made.conflicting)}
        tasks = {item.key: prefill.digest(item.data) for item in local if item.key not in others}
        settings = {name: digest for name, digest in settings.items() if name not in made.newer}
        put.write(self.channel.journal.folder, known.replaced(settings, tasks))

    def _set(self, project: Project, fields: dict[str, Any]) -> None:
        if fields:
            api.update_project(self.channel.client, project.id, **fields)
            self.channel.progress(f"set {', '.join(fields)}")

    def _delete(self, id: int) -> None:
        if self.sender.unworked(id) is not None:
            api.delete_task(self.channel.client, id)
