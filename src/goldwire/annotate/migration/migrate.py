"""Carries a change of the ontology out: on the server, in the layers, in the corpus's manifest.

    CORPUS/labelstudio/NAME/migration-1.json      before and after of all that a project holds
    CORPUS/labelstudio/before-1/                  the layers and the manifest as they were

The plan is on the disk before anything is touched. Killed at any moment, the same command goes on: what is
as it was is changed, what is changed already is passed over, and what somebody has changed meanwhile is named
and left alone. The manifest is written last.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from goldwire.annotate.exchange import frames, tasks
from goldwire.annotate.exchange.store import FOLDER
from goldwire.annotate.exchange.tasks import KEY
from goldwire.annotate.interface import guidelines, labelconfig
from goldwire.annotate.interface.labelconfig import Layout
from goldwire.annotate.migration.plan import Change, Context, Item, Loss, Migration, carry_layer
from goldwire.annotate.migration.plan import plan as plan_project
from goldwire.annotate.sync import api, link, mirror, prefill, pull, put, remembered
from goldwire.annotate.sync.api import Project
from goldwire.annotate.sync.client import Client
from goldwire.annotate.sync.journal import Journal, Migrated, Migrating, open_journal
from goldwire.annotate.sync.mirror import Progress
from goldwire.annotate.sync.prefill import Local
from goldwire.annotate.sync.settings import differences, setting_digest
from goldwire.corpora.atomic import write_atomic
from goldwire.corpora.codec import BROKEN, read_lines
from goldwire.corpora.errors import CorpusError, ServerError
from goldwire.corpora.store import LAYERS, MANIFEST, Corpus, write_manifest, writing
from goldwire.corpora.tokens import path_of
from goldwire.corpora.types import Annotations, Document

_DONE = "done"  # the file that says that a change of the ontology was carried out to its end


class Planned(msgspec.Struct, frozen=True, kw_only=True):
    """What a change of the ontology would do; `projects` by their folders, `layers` by name.

    Projects that an earlier run has finished are not among them.
    """

    change: Change
    projects: dict[str, Migration]
    layers: dict[str, tuple[Annotations, ...]]
    losses: tuple[Loss, ...]

    @property
    def unplanned(self) -> tuple[Loss, ...]:
        """What would be lost that nobody has said may be."""
        return tuple(loss for loss in self.losses if not loss.planned)

    def by_label(self) -> dict[str, int]:
        """How often each label would be lost that nobody has said may be; the most frequent first."""
        return dict(Counter(loss.label or "no label of its own" for loss in self.unplanned).most_common())


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """What was changed: annotations, drafts and predictions by kind; `left` were changed by somebody else."""

    changed: dict[str, int]
    left: tuple[Item, ...]
    layers: tuple[str, ...]


def prepare(
    client: Client, corpus: Corpus, group: str, change: Change, *, progress: Progress = lambda _: None
) -> Planned:
    """Work everything out. Only the raw files of the projects are brought up to date."""
    documents = {document.id: document for document in corpus.documents()}
    layers, lost = _carried(corpus, _unfinished(corpus), change)
    preparer = _Preparer(client, group, corpus, documents, change, layers, progress)
    projects = {}
    for path in pull.folders_of(corpus, group):
        with open_journal(path) as journal:
            migration = preparer.prepare(journal)
        if migration is not None:
            projects[path.name] = migration
            lost += migration.losses
    return Planned(change=change, projects=projects, layers=layers, losses=tuple(lost))


def _carried(
    corpus: Corpus, kept: Path | None, change: Change
) -> tuple[dict[str, tuple[Annotations, ...]], list[Loss]]:
    """The layers as they will be, and what they lose; of those that an earlier run has `kept`, from there."""
    documents = {document.id: document for document in corpus.documents()}
    lost, layers = list[Loss](), dict[str, tuple[Annotations, ...]]()
    for name in corpus.layers():
        path = corpus.layer_path(name)
        if kept is not None and (old := kept / LAYERS / f"{name}.jsonl").is_file():
            path = old
        before = {line.document: line for line in read_lines(path, Annotations)}
        carried, missing = carry_layer(name, before, documents, change)
        layers[name] = tuple(carried)
        lost += missing
    return layers, lost


class _Preparer(msgspec.Struct):
    """Works out what becomes of one project after the other."""

    client: Client
    group: str
    corpus: Corpus
    documents: dict[str, Document]
    change: Change
    layers: dict[str, tuple[Annotations, ...]]
    progress: Progress

    def prepare(self, journal: Journal) -> Migration | None:
        """The plan of a project: the one that was begun, or a new one; None if it is done."""
        begun = _begun(journal)
        if isinstance(begun, Migrating):
            return self._go_on(journal, begun)
        if begun is not None and begun.ontology == self.change.new.fingerprint():
            return None
        project = link.find(self.client, journal, self.group)
        if project is None:
            raise ServerError(f"{self.client.url}: no project {self.group!r}")
        if not link.is_ours(journal, self.corpus, project):
            raise ServerError(
                f"{self.client.url}: project {project.id} ({project.title}) was not made for this corpus; "
                "push to it with --adopt first, if it is the right one"
            )
        layout = link.layout_of(project)
        link.link(self.client, journal, project, group=self.group, layout=layout)
        there = mirror.refresh(self.client, journal, project.id, progress=self.progress)
        framed = self._framed(there.values()) if layout == "frames" else {}
        whole = _with_predictions(there.values(), api.all_predictions(self.client, project.id))
        context = Context(documents=self.documents, change=self.change, framed=framed)
        return plan_project(project, whole, context, self._settings(project, layout))

    def _go_on(self, journal: Journal, begun: Migrating) -> Migration:
        if begun.ontology != self.change.new.fingerprint():
            raise ServerError(
                f"{journal.folder}: a change to another ontology ({begun.ontology}) was begun there and not "
                "finished; run that one again first"
            )
        path = journal.folder / begun.file
        try:
            return msgspec.json.decode(path.read_bytes(), type=Migration)
        except (OSError, *BROKEN) as error:
            raise CorpusError(f"{path}: the plan that was begun cannot be read ({error})") from error

    def _settings(self, project: Project, layout: Layout) -> dict[str, Any]:
        config = labelconfig.build(self.change.new, layout, self.corpus.manifest.language)
        said = remembered.read(project.label_config)
        wanted = {
            "label_config": config if said is None else remembered.write(config, said),
            "expert_instruction": guidelines.fragment(self.change.new),
        }
        return differences(project, wanted).to_set

    def _framed(self, found: Iterable[dict[str, Any]]) -> dict[str, Local]:
        """The frames tasks as they are of the migrated layers."""
        data = (task["data"] for task in found if frames.is_frame(task["data"]))
        local: dict[str, Local] = {}
        for name in {str(each["layer"]).rpartition("@")[0] for each in data}:
            if name not in self.layers:
                raise CorpusError(
                    f"frames of layer {name!r} are there, which the corpus does not have any more"
                )
            layer = {line.document: line for line in self.layers[name]}
            version = tasks.version(name, layer.values())
            encoded = frames.encode(self.documents.values(), self.change.new, layer, version)
            local |= {task.key: task for task in prefill.locals_of(encoded, name)}
        return local


def _begun(journal: Journal) -> Migrating | Migrated | None:
    notes = (note for note in reversed(journal.notes) if isinstance(note, Migrating | Migrated))
    return next(notes, None)


def _with_predictions(
    found: Iterable[dict[str, Any]], predictions: Iterable[dict[str, Any]]
) -> Iterator[dict[str, Any]]:
    """Tasks with their predictions whole, which exports only name."""
    by_task: dict[int, list[dict[str, Any]]] = {}
    for prediction in predictions:
        by_task.setdefault(prediction["task"], []).append(prediction)
    for task in found:
        yield {**task, "predictions": by_task.get(task["id"], [])}


# ---------------------------------------------------------------- carrying it out


def apply(
    client: Client,
    corpus: Corpus,
    planned: Planned,
    source: str,
    *,
    progress: Progress = lambda _: None,
) -> Done:
    """Carry a plan out. `source` is the new ontology: a name that ships, or a file, which is copied in."""
    changed: dict[str, int] = {}
    left = list[Item]()
    for name, migration in planned.projects.items():
        with open_journal(corpus.path / FOLDER / name) as journal:
            worker = _Worker(client, journal, migration, progress)
            left += worker.run()
        for kind, times in worker.changed.items():
            changed[kind] = changed.get(kind, 0) + times
    with writing(corpus, "annotate migrate") as now:
        _change_corpus(now, planned, source)
    return Done(changed=changed, left=tuple(left), layers=tuple(planned.layers))


def _change_corpus(corpus: Corpus, planned: Planned, source: str) -> None:
    """Carry the layers as they are now, which others may have changed while the server was asked.

    Raises `CorpusError`, before any is changed, if they would lose by now what the plan does not know of.
    """
    there = corpus.ontology()
    if there is not None and there.fingerprint() == planned.change.new.fingerprint():
        return  # by another run of this command, meanwhile
    kept = _unfinished(corpus)
    layers, lost = _carried(corpus, kept, planned.change)
    if any(not loss.planned and loss not in planned.losses for loss in lost):
        raise CorpusError(
            f"{corpus.path}: layers were changed while the project was, and now have what cannot be carried "
            "over; the project is done and no layer is: run the same command again, which lists it"
        )
    kept = kept or _keep_layers(corpus, layers)
    for layer, lines in layers.items():
        corpus.write_layer(layer, lines)
    write_manifest(corpus, msgspec.structs.replace(corpus.manifest, ontology=_adopt(corpus, source)))
    write_atomic(kept / _DONE, b"")


class _Worker:
    """Carries out the plan of one project."""

    def __init__(self, client: Client, journal: Journal, migration: Migration, progress: Progress) -> None:
        self.client = client
        self.journal = journal
        self.migration = migration
        self.progress = progress
        self.changed: dict[str, int] = {}

    def run(self) -> list[Item]:
        """Do what is not done; what somebody has changed meanwhile."""
        self._note()
        self._announce()
        api.update_project(self.client, self.migration.project, **self.migration.settings_after)
        current = self._current()
        left = [
            item for number, item in enumerate(self.migration.items) if not self._do(number, item, current)
        ]
        for task in self.migration.tasks:
            api.update_task(self.client, task.id, task.after)
        self.journal.add(Migrated(ontology=self.migration.ontology))
        return left

    def _note(self) -> None:
        """Have the plan on the disk, unless an earlier run has."""
        if isinstance(_begun(self.journal), Migrating):
            return
        number = 1 + len([*self.journal.folder.glob("migration-*.json")])
        file = f"migration-{number}.json"
        write_atomic(self.journal.folder / file, msgspec.json.encode(self.migration))
        self.journal.add(Migrating(file=file, ontology=self.migration.ontology))

    def _announce(self) -> None:
        """Note what is about to be put there, so that the next push does not take it for somebody else's."""
        settings = {
            name: setting_digest(name, value) for name, value in self.migration.settings_after.items()
        }
        tasks = {str(task.after[KEY]): prefill.digest(task.after) for task in self.migration.tasks}
        known = put.read(self.journal.folder)
        if known is not None:
            put.write(self.journal.folder, known.with_more(settings, tasks))

    def _current(self) -> dict[tuple[str, int], Any]:
        """What annotations, drafts and predictions hold now."""
        there = mirror.refresh(self.client, self.journal, self.migration.project, progress=self.progress)
        predictions = api.all_predictions(self.client, self.migration.project)
        current = {("prediction", item["id"]): item["result"] for item in predictions}
        for task in there.tasks():
            current |= {("annotation", item["id"]): item["result"] for item in task.annotations}
            current |= {("draft", item["id"]): item["result"] for item in task.drafts}
        return current

    def _do(self, number: int, item: Item, current: Mapping[tuple[str, int], Any]) -> bool:
        """Change one; false if it is neither as it was nor as it will be."""
        self.progress(f"changed {number + 1} of {len(self.migration.items)}")
        now = current.get((item.kind, item.id))
        if now == item.before:
            _UPDATES[item.kind](self.client, item.id, item.after)
        elif now != item.after:
            return now is None  # deleted: nothing is left to change
        self.changed[item.kind] = self.changed.get(item.kind, 0) + 1
        return True


def _write_prediction(client: Client, id: int, result: Any) -> None:
    api.update_prediction(client, id, {"result": result})


_UPDATES = {
    "annotation": api.update_annotation,
    "draft": api.update_draft,
    "prediction": _write_prediction,
}


def _unfinished(corpus: Corpus) -> Path | None:
    """Where a run that was killed has kept the layers: some of those in place may be changed already.

    The manifest is written last, so where it has changed the run was through.
    """
    manifest = (corpus.path / MANIFEST).read_bytes()
    for folder in (corpus.path / FOLDER).glob("before-*"):
        if (folder / MANIFEST).is_file() and not (folder / _DONE).exists():
            if (folder / MANIFEST).read_bytes() == manifest:
                return folder
            write_atomic(folder / _DONE, b"")
    return None


def settle(corpus: Corpus) -> None:
    """Note that a change is done whose run was killed between the manifest and that note.

    Else, with the old ontology set again, the next change would begin from the layers that were kept then.
    """
    if _in_doubt(corpus):
        with writing(corpus, "annotate migrate") as now:
            _unfinished(now)


def check_finished(corpus: Corpus) -> None:
    """Raise `CorpusError` if a change was begun and is not done: it goes on from layers of the old texts."""
    settle(corpus)
    if folder := _in_doubt(corpus):
        raise CorpusError(
            f"{folder}: a change of the ontology was begun and is not finished; run the same "
            "`goldwire annotate migrate` again first"
        )


def _in_doubt(corpus: Corpus) -> Path | None:
    """A folder of layers that were kept for a change of which nobody has noted that it is done."""
    kept = (corpus.path / FOLDER).glob(f"before-*/{MANIFEST}")
    return next((path.parent for path in kept if not (path.parent / _DONE).exists()), None)


def _keep_layers(corpus: Corpus, layers: Iterable[str]) -> Path:
    """Keep the layers as they are; the manifest comes last and says that all are there."""
    number = 1 + len([*(corpus.path / FOLDER).glob(f"before-*/{MANIFEST}")])
    folder = corpus.path / FOLDER / f"before-{number}"
    for name in layers:
        write_atomic(folder / LAYERS / f"{name}.jsonl", corpus.layer_path(name).read_bytes())
        if (tokens := corpus.tokens_path(name)).is_file():
            write_atomic(path_of(folder, name), tokens.read_bytes())
    write_atomic(folder / MANIFEST, (corpus.path / MANIFEST).read_bytes())
    return folder


def _adopt(corpus: Corpus, source: str) -> str:
    """What the manifest calls the new ontology; a file from elsewhere is copied into the corpus."""
    path = Path(source)
    if not path.is_file():
        return source
    if path.resolve().is_relative_to(corpus.path.resolve()):
        return path.resolve().relative_to(corpus.path.resolve()).as_posix()
    target = corpus.path / path.name
    if target.exists() and target.read_bytes() != path.read_bytes():
        raise CorpusError(f"{target} is there and another one; give the new ontology's file another name")
    write_atomic(target, path.read_bytes())
    return path.name
