"""Plan of a change of the ontology: all annotations, drafts and predictions before and after.

All of it is worked out, and every loss named, before anything is touched. The whole plan is a file: it is
what is carried out, also by a second run after a kill, and it keeps the old state.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal

import msgspec

from goldwire.annotate.exchange import exports, frames
from goldwire.annotate.exchange.exports import Bound, Entry
from goldwire.annotate.exchange.tasks import KEY
from goldwire.annotate.interface.labelconfig import TEXT
from goldwire.annotate.migration import rewrite
from goldwire.annotate.migration.mapping import Moves
from goldwire.annotate.migration.rewrite import Rewritten
from goldwire.annotate.sync.api import Project
from goldwire.annotate.sync.prefill import Local
from goldwire.corpora.offsets import by_text
from goldwire.corpora.ontology import Ontology
from goldwire.corpora.types import Annotations, Document
from goldwire.corpora.valid import sound

HolderKind = Literal["annotation", "draft", "prediction"]
_FIELDS: dict[str, HolderKind] = {"annotations": "annotation", "drafts": "draft", "predictions": "prediction"}
_FRAME_DATA = ("event_type", "question", "roles", "layer")


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """One annotation, draft or prediction, as it is and as it will be."""

    kind: HolderKind
    id: int
    task: int
    before: list[Any]
    after: list[Any]


class TaskChange(msgspec.Struct, frozen=True, kw_only=True):
    """The data of a frames task, as they are and as they will be."""

    id: int
    before: dict[str, Any]
    after: dict[str, Any]


class Loss(msgspec.Struct, frozen=True):
    """Something that does not go over; `planned` if the plan gives it up.

    `where` is a layer, or the kind and id of what is on the server; `key` is the document's or task's id.
    """

    where: str
    key: str
    label: str
    message: str
    planned: bool

    def __str__(self) -> str:
        return f"{self.where}, {self.key}: {f'{self.label}: ' if self.label else ''}{self.message}"


class Migration(msgspec.Struct, frozen=True, kw_only=True):
    """What becomes of one project; `moved` counts labels by what they became."""

    project: int
    ontology: str
    settings_before: dict[str, Any]
    settings_after: dict[str, Any]
    items: tuple[Item, ...] = ()
    tasks: tuple[TaskChange, ...] = ()
    losses: tuple[Loss, ...] = ()
    moved: dict[str, int] = {}


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """The ontology as it is, as it will be, and what becomes of labels."""

    old: Ontology
    new: Ontology
    moves: Moves


class Context(msgspec.Struct, frozen=True, kw_only=True):
    """What a project is planned against.

    `framed` are the frames tasks of the migrated layers by id; {} in the layout `graph`.
    """

    documents: dict[str, Document]
    change: Change
    framed: dict[str, Local] = {}


def plan(
    project: Project, tasks: Iterable[dict[str, Any]], context: Context, settings: dict[str, Any]
) -> Migration:
    """What becomes of a project. `tasks` are as exported, with predictions whole."""
    planner = _Planner(context)
    for task in tasks:
        planner.task(task)
    return Migration(
        project=project.id,
        ontology=context.change.new.fingerprint(),
        settings_before={name: getattr(project, name) for name in settings},
        settings_after=settings,
        items=tuple(planner.items),
        tasks=tuple(planner.tasks),
        losses=tuple(planner.losses),
        moved=dict(planner.moved),
    )


class _Planner:
    """Goes through the tasks of a project."""

    def __init__(self, context: Context) -> None:
        self.documents = context.documents
        self.hashes = by_text(context.documents.values())
        self.change = context.change
        self.framed = context.framed
        self.items: list[Item] = []
        self.tasks: list[TaskChange] = []
        self.losses: list[Loss] = []
        self.moved: Counter[str] = Counter()

    def task(self, task: dict[str, Any]) -> None:
        """Plan what is on one task, and its data if it is a frame."""
        key = str(task["data"].get(KEY, task["id"]))
        for field, kind in _FIELDS.items():
            for found in task.get(field) or []:
                self._item(task, key, kind, found)
        if frames.is_frame(task["data"]) and key in self.framed:
            wanted = {name: self.framed[key].data[name] for name in _FRAME_DATA}
            after = {**task["data"], **wanted}
            if after != task["data"]:
                self.tasks.append(TaskChange(id=task["id"], before=task["data"], after=after))

    def _item(self, task: dict[str, Any], key: str, kind: HolderKind, found: dict[str, Any]) -> None:
        before = found.get("result")
        if not isinstance(before, list):
            return
        rewritten = self._rewrite(task, before)
        self.moved.update(rewritten.moved)
        where = f"{kind} {found['id']} of {_person(found)}"
        self.losses += losses(where, key, rewritten)
        if rewritten.results != before:
            self.items.append(
                Item(kind=kind, id=found["id"], task=task["id"], before=before, after=rewritten.results)
            )

    def _rewrite(self, task: dict[str, Any], before: list[Any]) -> Rewritten:
        old, new, moves = self.change.old, self.change.new, self.change.moves
        if frames.is_frame(task["data"]):
            return rewrite.rewrite(before, moves, old, new, frame=str(task["data"].get("event_type")))
        bound = exports.bind(task, self.documents, self.hashes, TEXT)
        if isinstance(bound, Bound) and bound.text == bound.document.text:
            return rewrite.checked(before, bound.document, moves, old, new)
        return rewrite.rewrite(before, moves, old, new)


def _person(found: dict[str, Any]) -> str:
    if found.get("model_version") is not None:
        return str(found["model_version"])
    return exports.author(msgspec.convert(found, Entry), {}, {})


def losses(where: str, key: str, rewritten: Rewritten) -> list[Loss]:
    """What rewriting left behind."""
    return [Loss(where, key, gone.label, gone.message, gone.planned) for gone in rewritten.uncarried]


def carry_layer(
    name: str, layer: Mapping[str, Annotations], documents: Mapping[str, Document], change: Change
) -> tuple[list[Annotations], list[Loss]]:
    """A layer under the new ontology, and what does not go over."""
    carried, lost = list[Annotations](), list[Loss]()
    for id, line in layer.items():
        before, dropped = sound(line, documents[id], change.old)
        after, rewritten = rewrite.carry(before, documents[id], change.moves, change.old, change.new)
        carried.append(after)
        where = f"layer {name}"
        lost += [Loss(where, id, gone.path, f"not sound: {gone.message}", False) for gone in dropped]
        lost += losses(where, id, rewritten)
        told = {gone.label for gone in rewritten.uncarried}
        lost += [
            Loss(where, id, f"{kind} {gone}", "not carried over", False)
            for kind, gone in _gone(before, after, told)
        ]
    return carried, lost


def _gone(before: Annotations, after: Annotations, told: set[str]) -> Iterator[tuple[str, str]]:
    """Mentions, events and relations that are left behind without a word about their label."""
    for kind in ("mentions", "events", "relations"):
        there = {item.id for item in getattr(after, kind)}
        for item in getattr(before, kind):
            if item.id not in there and item.type not in told:
                yield kind.removesuffix("s"), item.id
