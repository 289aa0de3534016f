"""What a push would do, worked out from the tasks here and the tasks there, before anything is touched.

A task is known by `goldwire_id` in its data. What nobody has annotated, skipped or begun follows the corpus;
what somebody has worked on is left exactly as it is. If its text is another one now, that is a conflict for
people to settle. Predictions are compared by `prefill` in the data, the hash of what they were made of.
"""

from __future__ import annotations

import hashlib
import html
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from goldwire.annotate.exchange import controls as declared
from goldwire.annotate.exchange.tasks import Encoded
from goldwire.annotate.sync.api import KEY, Project
from goldwire.annotate.sync.mirror import Task
from goldwire.corpora.errors import DataError

PREFILL = "prefill"
_LAYER = "layer"


class Local(msgspec.Struct, frozen=True, kw_only=True):
    """A task as it should be: its data, and the result of its prediction if it has one."""

    key: str
    data: dict[str, Any]
    result: list[Any] | None = None


class Update(msgspec.Struct, frozen=True, kw_only=True):
    """A task that is there and should be otherwise; `predictions` if those are what differs."""

    id: int
    local: Local
    predictions: bool


class Conflict(msgspec.Struct, frozen=True, kw_only=True):
    """A task that people have worked on and that is not what it should be any more."""

    key: str
    tasks: tuple[int, ...]
    message: str


class Moved(msgspec.Struct, frozen=True, kw_only=True):
    """A task on which nobody has worked, and which leaves a project because the document is others' now."""

    id: int
    key: str
    document: str
    to: tuple[str, ...] = ()


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What a push would do.

    `kept` are tasks left as they are because somebody has worked on them, though title or predictions
    differ; `orphaned` ones belong to no document any more, and stay; `doubled` ones are second copies on
    which nobody has worked; `moved` ones leave for somebody else. `foreign` counts tasks that Goldwire did
    not make. `settings` are fields of the project to set. `stranded` are labels that the new configuration
    does not have, while people have worked with the old: then nothing may be done.
    """

    new: tuple[Local, ...] = ()
    changed: tuple[Update, ...] = ()
    unchanged: int = 0
    kept: tuple[str, ...] = ()
    conflicting: tuple[Conflict, ...] = ()
    orphaned: tuple[str, ...] = ()
    doubled: tuple[int, ...] = ()
    moved: tuple[Moved, ...] = ()
    foreign: int = 0
    settings: dict[str, Any] = {}
    stranded: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to do."""
        return not (self.new or self.changed or self.doubled or self.moved or self.settings or self.stranded)

    def counts(self) -> dict[str, int]:
        """How many tasks of each kind; predictions to replace are among the changed."""
        return {
            "new": len(self.new),
            "changed": len(self.changed),
            "predictions": sum(update.predictions for update in self.changed),
            "unchanged": self.unchanged,
            "kept": len(self.kept),
            "conflicting": len(self.conflicting),
            "orphaned": len(self.orphaned),
            "doubled": len(self.doubled),
            "moved": len(self.moved),
            "foreign": self.foreign,
        }


def locals_of(encoded: Encoded, layer: str | None = None) -> list[Local]:
    """The tasks to be pushed, each with the hash of its prediction and the name of the layer it is of."""
    return [_local(task, layer) for task in encoded.tasks]


def _local(task: dict[str, Any], layer: str | None) -> Local:
    predictions = task.get("predictions")
    if not predictions:
        return Local(key=task["data"][KEY], data=task["data"])
    result = predictions[0]["result"]
    digest = hashlib.sha256(msgspec.json.encode(result)).hexdigest()[:12]
    return Local(
        key=task["data"][KEY], data={**task["data"], PREFILL: f"{layer or ''}@{digest}"}, result=result
    )


def make(
    local: Sequence[Local],
    remote: Iterable[Task],
    settings: dict[str, Any] | None = None,
    stranded: tuple[str, ...] = (),
) -> Plan:
    """The plan for the tasks of one project. `settings` are those that differ (`differences`)."""
    there: dict[str, list[_Seen]] = defaultdict(list)
    foreign = 0
    wanted = {task.key: task for task in local}
    for task in remote:
        key = task.data.get(KEY)
        if isinstance(key, str):
            there[key].append(_see(task, wanted.get(key)))
        else:
            foreign += 1
    sorter = _Sorter()
    for item in local:
        sorter.sort(item, there.get(item.key, []))
    return Plan(
        new=tuple(sorter.new),
        changed=tuple(sorter.changed),
        unchanged=sorter.unchanged,
        kept=tuple(sorter.kept),
        conflicting=tuple(sorter.conflicting),
        orphaned=tuple(sorted(there.keys() - wanted.keys())),
        doubled=tuple(sorter.doubled),
        foreign=foreign,
        settings=settings or {},
        stranded=stranded,
    )


class _Seen(msgspec.Struct, frozen=True):
    """What of a task on the server matters, so that its text need not be kept."""

    id: int
    worked: bool
    same: bool
    same_text: bool
    same_predictions: bool


def _see(task: Task, wanted: Local | None) -> _Seen:
    data = {} if wanted is None else wanted.data
    prefilled = wanted is None or wanted.result is None or bool(task.predictions)
    return _Seen(
        task.id,
        task.worked,
        task.data == data and prefilled,
        _bound(task.data) == _bound(data),
        task.data.get(PREFILL) == data.get(PREFILL) and prefilled,
    )


def _bound(data: dict[str, Any]) -> list[Any]:
    """What answers are bound to: the text and, in frames, the event and the layer that it is of."""
    layer = str(data.get(_LAYER, "")).rpartition("@")[0]
    return [data.get("sha256"), data.get("event"), data.get("event_type"), layer]


class _Sorter:
    """Sorts tasks by what is to be done with them."""

    def __init__(self) -> None:
        self.new: list[Local] = []
        self.changed: list[Update] = []
        self.unchanged = 0
        self.kept: list[str] = []
        self.conflicting: list[Conflict] = []
        self.doubled: list[int] = []

    def sort(self, local: Local, seen: list[_Seen]) -> None:
        if not seen:
            self.new.append(local)
            return
        first, *others = sorted(seen, key=lambda task: (not task.worked, task.id))
        self.doubled += [task.id for task in others if not task.worked]
        worked = tuple(task.id for task in seen if task.worked)
        if len(worked) > 1:
            message = "is there more than once, and people have worked on each: delete all but one there"
            self.conflicting.append(Conflict(key=local.key, tasks=worked, message=message))
        elif first.same:
            self.unchanged += 1
        elif not first.worked:
            self.changed.append(Update(id=first.id, local=local, predictions=not first.same_predictions))
        elif first.same_text:
            self.kept.append(local.key)
        else:
            message = (
                "the text is another one now, and people have worked on the old: pull, then delete the task"
            )
            self.conflicting.append(Conflict(key=local.key, tasks=worked, message=message))


# ---------------------------------------------------------------- the project's settings


def differences(project: Project, wanted: dict[str, Any]) -> dict[str, Any]:
    """The fields of a project that are not as they should be.

    The server takes styles and some white space away from what it is given; that is no difference.
    """
    return {
        name: value
        for name, value in wanted.items()
        if _plain(name, getattr(project, name)) != _plain(name, value)
    }


_TAG = re.compile(r"<[^>]*>")


def _plain(name: str, value: Any) -> Any:
    """An instruction as its words, a configuration without the space around it."""
    if not isinstance(value, str):
        return value
    is_page = name == "expert_instruction"
    return " ".join(html.unescape(_TAG.sub(" ", value)).split()) if is_page else value.strip()


def lost_labels(old: str, new: str) -> tuple[str, ...]:
    """The labels, arrows and values of a configuration that another one does not have, by control.

    Label Studio takes such a configuration without a word, and shows what was labelled so no more.
    """
    before, after = _vocabulary(old), _vocabulary(new)
    return tuple(sorted(before - after))


def _vocabulary(xml: str) -> set[str]:
    try:
        found = declared.parse(xml)
    except DataError:
        return set()  # nothing that could hold annotations of text
    values = {f"{c.name}: {value}" for c in found.controls.values() for value in c.values}
    return {*values, *(f"arrow: {arrow}" for arrow in found.arrows)}
