"""Prefill: the prediction that a task shows people to be corrected, and what in its data tells which it is.

That is a layer's name and, after an `@`, the hash of what the prediction holds; or a mark of the run that has
set it together with others (`bulk`), by which the hash is known here.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from goldwire.annotate.exchange.results import MARK
from goldwire.annotate.exchange.tasks import KEY, MARKS, Encoded
from goldwire.annotate.sync.mirror import Task
from goldwire.corpora.types import PREFILL

NOTHING = "@"  # as `PREFILL`, of no layer and with no hash: nothing is shown
_QUICK = 1  # how hard results are compressed: a tenth is left, in a hundredth of the time of what follows
RUN = "?"  # what follows, in place of a hash, names a run
Marked = Mapping[str, tuple[str, str]]  # by the id of a task: a mark, and the hash that it stands for


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


def digest(data: dict[str, Any], shown: str | None = None) -> str:
    """What a task's data comes to, whatever the layer is called that its prediction was made of.

    `shown` is what the prediction holds, if the data has only a mark for it.
    """
    plain = sorted({**data, PREFILL: shown_by(data) if shown is None else shown}.items())
    return hashlib.sha256(msgspec.json.encode(plain)).hexdigest()[:16]


def shown_by(data: dict[str, Any], marked: Marked | None = None) -> str:
    """The hash of the prediction that goes with a task's data; "" if none does; the mark if it is unknown."""
    shown = str(data.get(PREFILL, "")).rpartition("@")[2]
    if not shown.startswith(RUN):
        return shown
    mark, known = (marked or {}).get(str(data.get(KEY)), ("", ""))
    return known if mark == shown else shown


def marker(local: Local, run: str) -> str:
    """What a run of bulk changes writes in place of the hash, since it is the same for many tasks."""
    return f"{str(local.data.get(PREFILL, '')).rpartition('@')[0]}@{RUN}{run}"


def unknown_marks(tasks: Iterable[Task], marked: Marked) -> dict[int, str]:
    """The tasks, by their ids there, whose marks are of a run that is not known here, and the marks."""
    found = {task.id: shown_by(task.data, marked) for task in tasks}
    return {id: shown for id, shown in found.items() if shown.startswith(RUN)}


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


def has_layer(data: dict[str, Any]) -> bool:
    """Whether a task shows more than what is excluded."""
    return not str(data.get(PREFILL, "@")).startswith("@")
