"""Plan of a push, worked out from the tasks here and the tasks there, before anything is touched.

A task is known by `goldwire_id` in its data. What nobody has annotated, skipped or begun follows the corpus;
what somebody has worked on is left exactly as it is. If its text is another one now, that is a conflict for
people to settle; so is what somebody else has put there since this clone last pushed (`put`). Predictions are
compared by what tells of them in the data (`prefill`), fields of the project one by one (`settings`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

import msgspec

from goldwire.annotate.exchange.tasks import KEY
from goldwire.annotate.sync.mirror import Task
from goldwire.annotate.sync.prefill import RUN, Local, Marked, digest, has_layer, shown_by
from goldwire.annotate.sync.put import Put
from goldwire.annotate.sync.settings import Differences
from goldwire.corpora.types import PREFILL

_LAYER = "layer"
_TEXT = "sha256"
# What parts of a task are called, by the fields of its data; the others go by their own names.
_WORDS = {_TEXT: "text", PREFILL: "prediction", "roles": "event", "question": "event", "event_type": "event"}
NEWER = (
    "{what} was changed there since this corpus was last pushed from here: bring the corpus up to date, or "
    "push with --overwrite to put back what it says"
)


class Update(msgspec.Struct, frozen=True, kw_only=True):
    """A task that is there and should be otherwise, and `what` of it; `predictions` if those are to change.

    `removes` says that what was shown to be corrected goes, and nothing comes in its place.
    """

    id: int
    local: Local
    predictions: bool
    removes: bool = False
    what: tuple[str, ...] = ()


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
    not make, `unpicked` those of documents that are not of the draw. `settings` are fields of the project to
    set; `newer` those that somebody else has set since, which stay. `gone` are new tasks that were there when
    this clone last pushed. `lost_labels` are those that people have worked with and the new configuration
    does not have: then nothing may be done.
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
    unpicked: int = 0
    settings: dict[str, Any] = {}
    newer: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    lost_labels: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to do."""
        return not (
            self.new or self.changed or self.doubled or self.moved or self.settings or self.lost_labels
        )

    def counts(self) -> dict[str, int]:
        """How many tasks of each kind; predictions to set, and those to take away, are among the changed."""
        removed = sum(update.removes for update in self.changed)
        return {
            "new": len(self.new),
            "changed": len(self.changed),
            "predictions": sum(update.predictions for update in self.changed) - removed,
            "removed predictions": removed,
            "unchanged": self.unchanged,
            "kept": len(self.kept),
            "conflicting": len(self.conflicting),
            "orphaned": len(self.orphaned),
            "doubled": len(self.doubled),
            "moved": len(self.moved),
            "foreign": self.foreign,
            "unpicked": self.unpicked,
        }


def make(
    local: Sequence[Local],
    remote: Iterable[Task],
    settings: Differences | None = None,
    *,
    lost_labels: tuple[str, ...] = (),
    put: Put | None = None,
    marked: Marked | None = None,
    apart: Collection[str] = (),
) -> Plan:
    """The plan for the tasks of one project.

    `settings` are those that differ (`differences`). What is there and not as `put` says is somebody else's;
    None if nothing is known of that: then everything may be changed. `marked` tells what the marks in the
    tasks stand for. Tasks of documents that are `apart`, which were not picked, stay as they are.
    """
    there: dict[str, list[_Seen]] = defaultdict(list)
    foreign = unpicked = 0
    wanted = {task.key: task for task in local}
    for task in remote:
        key = task.data.get(KEY)
        if isinstance(key, str) and key not in wanted and task.data.get("document") in apart:
            unpicked += 1
        elif isinstance(key, str):
            there[key].append(_see(task, wanted.get(key), put, marked or {}))
        else:
            foreign += 1
    sorter = _Sorter()
    for item in local:
        sorter.sort(item, there.get(item.key, []))
    known = put.tasks if put is not None else {}
    settings = settings or Differences()
    return Plan(
        new=tuple(sorter.new),
        changed=tuple(sorter.changed),
        unchanged=sorter.unchanged,
        kept=tuple(sorter.kept),
        conflicting=tuple(sorter.conflicting),
        orphaned=tuple(sorted(there.keys() - wanted.keys())),
        doubled=tuple(sorter.doubled),
        foreign=foreign,
        unpicked=unpicked,
        settings=settings.to_set,
        newer=settings.newer,
        gone=tuple(item.key for item in sorter.new if item.key in known),
        lost_labels=lost_labels,
    )


def with_moved(made: Plan, moved: tuple[Moved, ...]) -> Plan:
    """A plan that says what leaves the project for somebody else: that is not orphaned."""
    keys = {item.key for item in moved}
    orphaned = tuple(key for key in made.orphaned if key not in keys)
    return msgspec.structs.replace(made, moved=moved, orphaned=orphaned)


class _Seen(msgspec.Struct, frozen=True):
    """What of a task on the server matters, so that its text need not be kept."""

    id: int
    worked: bool
    differs: tuple[str, ...]
    same_text: bool
    same_predictions: bool
    shown: bool
    ours: bool


def _see(task: Task, wanted: Local | None, put: Put | None, marked: Marked) -> _Seen:
    data = {} if wanted is None else wanted.data
    prefilled = wanted is None or not wanted.is_prefilled or bool(task.predictions)
    shown = shown_by(task.data, marked)
    same_predictions = shown == shown_by(data) and prefilled
    differs = {_WORDS.get(name, name) for name in _differing(task.data, data)}
    if not same_predictions:
        differs.add(_WORDS[PREFILL])
    return _Seen(
        task.id,
        task.worked,
        tuple(sorted(differs)),
        _bound(task.data) == _bound(data),
        same_predictions,
        has_layer(task.data),
        put is None
        or not differs
        or digest(task.data, shown) in put.tasks.get(wanted.key if wanted else "", ()),
    )


def _differing(old: dict[str, Any], new: dict[str, Any]) -> Iterator[str]:
    """The fields of a task's data that are not the same, but for what says which prediction goes with it."""
    for name in old.keys() | new.keys():
        if name != PREFILL and (name not in old or name not in new or old[name] != new[name]):
            yield name


def marks(updates: Iterable[Update], run: str) -> dict[str, tuple[str, str]]:
    """What the marks of a run will stand for."""
    return {
        update.local.key: (f"{RUN}{run}", shown_by(update.local.data))
        for update in updates
        if is_shown_alone(update)
    }


def is_shown_alone(update: Update) -> bool:
    """Whether nothing of a task is to change but its prediction."""
    return update.what == (_WORDS[PREFILL],)


def _bound(data: dict[str, Any]) -> list[Any]:
    """What answers are bound to: the text and, in frames, the event and the layer that it is of."""
    layer = str(data.get(_LAYER, "")).rpartition("@")[0]
    return [data.get(_TEXT), data.get("event"), data.get("event_type"), layer]


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
        elif not first.differs:
            self.unchanged += 1
        elif not first.worked:
            self._sort_idle(local, first)
        elif first.same_text:
            self.kept.append(local.key)
        else:
            message = (
                "the text is another one now, and what people did with the old is not in the corpus: run "
                "`annotate pull`, then push again; what is not wanted is deleted there"
            )
            self.conflicting.append(Conflict(key=local.key, tasks=worked, message=message))

    def _sort_idle(self, local: Local, task: _Seen) -> None:
        """A task that differs, and on which nobody has worked."""
        if not task.ours:
            message = NEWER.format(what=", ".join(task.differs))
            self.conflicting.append(Conflict(key=local.key, tasks=(task.id,), message=message))
            return
        self.changed.append(
            Update(
                id=task.id,
                local=local,
                predictions=not task.same_predictions,
                removes=task.shown and not has_layer(local.data),
                what=task.differs,
            )
        )
