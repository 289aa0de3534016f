"""Plan of a push, worked out from the tasks here and the tasks there, before anything is touched.

A task is known by `goldwire_id` in its data. What nobody has annotated, skipped or begun follows the corpus;
what somebody has worked on is left exactly as it is. If its text is another one now, that is a conflict for
people to settle; so is what somebody else has put there since this clone last pushed (`put`). Predictions are
compared by `prefill` in the data: a layer's name and, after an `@`, the hash of what they hold; or a mark of
the run that has set them together with others (`bulk`), by which the hash is known here.
"""

from __future__ import annotations

import hashlib
import html
import re
import zlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from goldwire.annotate.exchange import controls as declared
from goldwire.annotate.exchange.results import MARK
from goldwire.annotate.exchange.tasks import MARKS, Encoded
from goldwire.annotate.sync import remembered
from goldwire.annotate.sync.api import KEY, Project
from goldwire.annotate.sync.mirror import Task
from goldwire.annotate.sync.picking import BY_ID
from goldwire.annotate.sync.put import Put
from goldwire.corpora.errors import DataError
from goldwire.corpora.types import PREFILL

NOTHING = "@"  # as `PREFILL`, of no layer and with no hash: nothing is shown
_LAYER = "layer"
_QUICK = 1  # how hard results are compressed: a tenth is left, in a hundredth of the time of what follows
_TEXT = "sha256"
# What parts of a task are called, by the fields of its data; the others go by their own names.
_WORDS = {_TEXT: "text", PREFILL: "prediction", "roles": "event", "question": "event", "event_type": "event"}
_MARK = "?"  # what follows names a run
Marked = Mapping[str, tuple[str, str]]  # by the id of a task: a mark, and the hash that it stands for
NEWER = (
    "{what} was changed there since this corpus was last pushed from here: bring the corpus up to date, or "
    "push with --overwrite to put back what it says"
)


class Local(msgspec.Struct, frozen=True, kw_only=True):
    """A task as it should be: its data, and its prediction if it has one; drawn ones in order of its score.

    The prediction's result is kept as compressed JSON: decoded, those of some thousand tasks fill half a
    gigabyte, and most pushes change few of them.
    """

    key: str
    data: dict[str, Any]
    packed: bytes | None = None
    score: float | None = None
    is_drawn: bool = False

    @property
    def is_prefilled(self) -> bool:
        """Whether it has a prediction."""
        return self.packed is not None

    @property
    def result(self) -> list[Any] | None:
        """What the prediction shows."""
        return None if self.packed is None else msgspec.json.decode(zlib.decompress(self.packed))

    def predictions(self) -> list[dict[str, Any]]:
        """Its prediction as it is sent, if it has one."""
        if self.packed is None:
            return []
        made = {"model_version": MARKS, "result": msgspec.Raw(zlib.decompress(self.packed))}
        return [made if self.score is None else {**made, "score": self.score}]

    def sent(self) -> dict[str, Any]:
        """The task as it is sent, if it is new."""
        made = self.predictions()
        return {"data": self.data, "predictions": made} if made else {"data": self.data}


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


def locals_of(encoded: Encoded, layer: str | None = None) -> list[Local]:
    """The tasks to be pushed, each with the hash of its prediction and the name of the layer it is of.

    One that only marks what is excluded is of no layer.
    """
    return [_local(task, layer) for task in encoded.tasks]


def _local(task: dict[str, Any], layer: str | None) -> Local:
    predictions = task.get("predictions")
    if not predictions:
        return Local(key=task["data"][KEY], data={**task["data"], PREFILL: NOTHING})
    result = predictions[0]["result"]
    encoded = msgspec.json.encode(result)
    digest = hashlib.sha256(encoded).hexdigest()[:12]
    is_shown = any(not str(region.get("id", "")).startswith(MARK) for region in result)
    prefill = f"{(layer or '') if is_shown else ''}@{digest}"
    return Local(
        key=task["data"][KEY],
        data={**task["data"], PREFILL: prefill},
        packed=zlib.compress(encoded, _QUICK),
        score=predictions[0].get("score"),
    )


def scored(local: Local, score: float | None) -> Local:
    """A task with a prediction of this score, an empty one if it had none: people get the least first.

    The score is part of what is compared. As it is without a score.
    """
    if score is None:
        return local
    packed = local.packed or zlib.compress(b"[]", _QUICK)
    digest = hashlib.sha256(zlib.decompress(packed) + f"#{score}".encode()).hexdigest()[:12]
    layer = str(local.data.get(PREFILL, "")).rpartition("@")[0]
    data = {**local.data, PREFILL: f"{layer}@{digest}"}
    return msgspec.structs.replace(local, data=data, packed=packed, score=score, is_drawn=True)


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
        _has_layer(task.data),
        put is None
        or not differs
        or digest(task.data, shown) in put.tasks.get(wanted.key if wanted else "", ()),
    )


def _differing(old: dict[str, Any], new: dict[str, Any]) -> Iterator[str]:
    """The fields of a task's data that are not the same, but for what says which prediction goes with it."""
    for name in old.keys() | new.keys():
        if name != PREFILL and (name not in old or name not in new or old[name] != new[name]):
            yield name


def digest(data: dict[str, Any], shown: str | None = None) -> str:
    """What a task's data comes to, whatever the layer is called that its prediction was made of.

    `shown` is what the prediction holds, if the data has only a mark for it.
    """
    plain = sorted({**data, PREFILL: shown_by(data) if shown is None else shown}.items())
    return hashlib.sha256(msgspec.json.encode(plain)).hexdigest()[:16]


def shown_by(data: dict[str, Any], marked: Marked | None = None) -> str:
    """The hash of the prediction that goes with a task's data; "" if none does; the mark if it is unknown."""
    shown = str(data.get(PREFILL, "")).rpartition("@")[2]
    if not shown.startswith(_MARK):
        return shown
    mark, known = (marked or {}).get(str(data.get(KEY)), ("", ""))
    return known if mark == shown else shown


def marker(local: Local, run: str) -> str:
    """What a run of bulk changes writes in place of the hash, since it is the same for many tasks."""
    return f"{str(local.data.get(PREFILL, '')).rpartition('@')[0]}@{_MARK}{run}"


def marks(updates: Iterable[Update], run: str) -> dict[str, tuple[str, str]]:
    """What the marks of a run will stand for."""
    return {
        update.local.key: (f"{_MARK}{run}", shown_by(update.local.data))
        for update in updates
        if is_shown_alone(update)
    }


def unknown_marks(tasks: Iterable[Task], marked: Marked) -> dict[int, str]:
    """The tasks, by their ids there, whose marks are of a run that is not known here, and the marks."""
    found = {task.id: shown_by(task.data, marked) for task in tasks}
    return {id: shown for id, shown in found.items() if shown.startswith(_MARK)}


def shown_of(predictions: Sequence[Mapping[str, Any]], wanted: Local) -> str:
    """The hash of what a task shows, if that is what it should; else another one."""
    if not predictions:
        return ""
    results = [item["result"] for item in predictions]
    same = len(results) == 1 and _sorted(results[0]) == _sorted(wanted.result)
    same = same and (not wanted.is_drawn or predictions[0].get("score") == wanted.score)
    return shown_by(wanted.data) if same else hashlib.sha256(_sorted(results)).hexdigest()[:12]


def _sorted(result: Any) -> bytes:
    return msgspec.json.encode(result, order="sorted")


def is_shown_alone(update: Update) -> bool:
    """Whether nothing of a task is to change but its prediction."""
    return update.what == (_WORDS[PREFILL],)


def _has_layer(data: dict[str, Any]) -> bool:
    """Whether a task shows more than what is excluded."""
    return not str(data.get(PREFILL, "@")).startswith("@")


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
                removes=task.shown and not _has_layer(local.data),
                what=task.differs,
            )
        )


# ---------------------------------------------------------------- the project's settings


class Differences(msgspec.Struct, frozen=True):
    """Fields of a project that are not as they should be, and the names of those that are somebody else's."""

    to_set: dict[str, Any] = {}
    newer: tuple[str, ...] = ()


def differences(project: Project, wanted: dict[str, Any], put: Put | None = None) -> Differences:
    """The fields of a project that are not as they should be, and of them those that are not as `put` says.

    The server takes styles and some white space away from what it is given; that is no difference. What the
    configuration remembers is one, and never somebody else's: the newest of it is what is wanted.
    """
    to_set, newer = {}, list[str]()
    for name, value in wanted.items():
        there = getattr(project, name)
        if plain(name, there) == plain(name, value):
            if name == "label_config" and remembered.read(there) != remembered.read(value):
                to_set[name] = value
        elif put is not None and not _is_ours(name, there, put):
            newer.append(name)
        else:
            to_set[name] = value
    return Differences(to_set, tuple(newer))


def _is_ours(name: str, there: Any, put: Put) -> bool:
    """Whether a field is as this clone has put it, or as the server makes it."""
    return (name, there) == ("sampling", BY_ID) or setting_digest(name, there) in put.settings.get(name, ())


def setting_digest(name: str, value: Any) -> str:
    """What a field of a project comes to, as far as the server keeps it."""
    return hashlib.sha256(msgspec.json.encode(plain(name, value))).hexdigest()[:16]


_TAG = re.compile(r"<[^>]*>")


def plain(name: str, value: Any) -> Any:
    """An instruction as its words, a configuration without the space around it and what it remembers."""
    if not isinstance(value, str):
        return value
    if name == "expert_instruction":
        return " ".join(html.unescape(_TAG.sub(" ", value)).split())
    return remembered.without(value).strip()


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
