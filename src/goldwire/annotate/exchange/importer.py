"""Import of an export into layers: each annotation becomes a reading for a layer of its author.

    submitted    annotator/NAME       skipped     skipped/NAME
    draft        draft/NAME           prediction  prediction/MODEL-VERSION
    frames       frames/NAME, all answers of a person on a document together

A document of frames is done when each event of the layer was answered, and a draft before; one without
events has no task, so nobody judged it. Where a person did a document more than once the last counts. What
cannot be taken is `Rejected`: units are kept in the line as well. What people did with a text that was
corrected since is carried over to the new one (see `corpora.carry`).
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from goldwire.annotate.exchange import controls as controlling
from goldwire.annotate.exchange import exports, frames, graph, results, tasks
from goldwire.annotate.exchange.controls import Controls
from goldwire.annotate.exchange.exports import Bound, Entry, EntryKind
from goldwire.corpora import nobody
from goldwire.corpora.carry import Correction, carry, correction
from goldwire.corpora.errors import CorpusError
from goldwire.corpora.integrity import check_layer
from goldwire.corpora.offsets import by_text
from goldwire.corpora.ontology import Ontology
from goldwire.corpora.rejected import in_line
from goldwire.corpora.types import PREFILL, Annotations, Document, Provenance, Rejected

TOOL = "label-studio"
FOLDERS: dict[EntryKind, str] = {
    "submitted": "annotator",
    "skipped": "skipped",
    "draft": "draft",
    "prediction": "prediction",
}
FRAMES = "frames"
ANNOTATIONS: tuple[EntryKind, ...] = ("submitted", "skipped")  # whose ids are those of annotations


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """One line for one layer."""

    layer: str
    author: str
    kind: EntryKind
    annotations: Annotations


class Imported(msgspec.Struct, frozen=True, kw_only=True):
    """All that an export held: `found` counts by kind, `lost` and `repaired` by what it was.

    `rejected` is all that was, whole: `where` says task, annotation and author, `path` the place in it.
    """

    readings: tuple[Reading, ...]
    rejected: tuple[Rejected, ...]
    found: dict[str, int]
    lost: dict[str, int]
    repaired: dict[str, int]


class Context(msgspec.Struct, frozen=True, kw_only=True):
    """What an export is read against.

    `controls` are those of the project's configuration; `names` maps a person's id or address in Label
    Studio to a layer name, and `made` an annotation's id to the name of who made it, for accounts that are
    there no more; `layer` gives a layer by name, for the answers to frames; `earlier` has the texts that
    documents had before they were corrected, by id and hash.
    """

    documents: dict[str, Document]
    controls: Controls
    ontology: Ontology
    names: dict[str, str] = {}
    made: dict[int, str] = {}
    layer: Callable[[str], dict[str, Annotations]] | None = None
    earlier: exports.Earliers = {}


class _Item(msgspec.Struct, frozen=True, kw_only=True):
    """An entry with all that is known of where it comes from."""

    kind: EntryKind
    entry: Entry
    author: str
    task: Any
    bound: Bound


def decode(found: Iterable[Any], context: Context) -> Imported:
    """What the tasks of an export hold for the layers of a corpus.

    Raises `CorpusError` if `names` has what is no layer name.
    """
    for name in context.names.values():
        check_layer(name)
    reader = _Reader(context, [*found])
    reader.read()
    return Imported(
        readings=tuple(reader.readings),
        rejected=tuple(reader.rejected),
        found=dict(+reader.found),
        lost=dict(+reader.lost),
        repaired=dict(+reader.repaired),
    )


class _Reader:
    """Goes through the tasks of one export."""

    def __init__(self, context: Context, exported: list[Any]) -> None:
        self.context = context
        self.tasks = exported
        self.hashes = {**_by_earlier_text(context.earlier), **by_text(context.documents.values())}
        self.corrections: dict[tuple[str, str], Correction] = {}
        self.addresses = exports.addresses(exported)
        self.readings: list[Reading] = []
        self.items: dict[tuple[str, str], list[_Item]] = defaultdict(list)
        self.answers: dict[tuple[str, str, str], list[_Item]] = defaultdict(list)
        self.rejected: list[Rejected] = []
        self.unnamed: Counter[tuple[EntryKind, str]] = Counter()
        self.found: Counter[str] = Counter()
        self.lost: Counter[str] = Counter()
        self.repaired: Counter[str] = Counter()

    def read(self) -> None:
        for task in self.tasks:
            self.found["tasks"] += 1
            bound = exports.bind(
                task,
                self.context.documents,
                self.hashes,
                self.context.controls.field,
                self.context.earlier,
            )
            there = exports.contents(task)
            for kind in there.named:
                self.found[f"{kind} (its id only)"] += 1
            for kind, rejected in there.damaged:
                self.found[kind] += 1
                self._reject(rejected, kind, task)
            for kind, entry in there.entries:
                self._read_entry(kind, entry, task, bound)
            if isinstance(bound, Rejected) and not there:
                self._reject(bound, "task", task)
        for items in [*self.items.values()]:
            last = self._last(items)
            if not self._is_skipped(last):
                self._read_graph(last)
        for items in self.answers.values():
            self._read_answers(items)

    def _read_entry(self, kind: EntryKind, entry: Entry, task: Any, bound: Bound | Rejected) -> None:
        self.found[kind] += 1
        if isinstance(bound, Rejected):
            self._reject(msgspec.structs.replace(bound, value=entry.result), kind, task, entry)
            return
        if entry.ground_truth:
            self.found["ground truth"] += 1
        author = self._author(kind, entry)
        if author == nobody.UNKNOWN and kind != "prediction" and not frames.is_frame(bound.data):
            # Nothing says that the same person did a document twice.
            self.unnamed[kind, bound.document.id] += 1
            author = nobody.numbered(self.unnamed[kind, bound.document.id])
        item = _Item(kind=kind, entry=entry, author=author, task=task, bound=bound)
        if kind == "prediction" and (entry.model_version == tasks.MARKS or frames.is_frame(bound.data)):
            return  # nobody's annotations: marks of what is excluded, or the layer that frames are made of
        if self._is_earlier(bound.document) and (kind == "prediction" or frames.is_frame(bound.data)):
            self._reject_whole(item, "text-changed", f"the text of {bound.document.id} was corrected since")
            return
        if not frames.is_frame(bound.data):
            self.items[_layer(item), bound.document.id].append(item)
        else:
            self.answers[item.author, bound.data["layer"], bound.document.id].append(item)

    def _author(self, kind: EntryKind, entry: Entry) -> str:
        if kind == "prediction":
            return entry.model_version or nobody.UNKNOWN
        made = self.context.made if kind in ANNOTATIONS else None
        return exports.author(entry, self.context.names, self.addresses, made)

    # ------------------------------------------------------------ graph

    def _last(self, items: list[_Item]) -> _Item:
        """The last that a person did; what they did before is rejected."""
        *earlier, last = sorted(items, key=lambda item: item.entry.updated)
        for item in earlier:
            message = f"{item.author} did it again later, in annotation {last.entry.id}"
            self._reject_whole(item, "superseded", message)
        return last

    def _is_skipped(self, item: _Item) -> bool:
        """Whether who submitted it skipped the document later: then it is not judged; it is quarantined."""
        if item.kind != "submitted":
            return False
        skips = self.items.get((f"{FOLDERS['skipped']}/{_safe(item.author)}", item.bound.document.id), [])
        later = [skip for skip in skips if skip.entry.updated > item.entry.updated]
        if later:
            message = f"{item.author} skipped it later, in annotation {later[-1].entry.id}"
            self._reject_whole(item, "superseded", message)
        return bool(later)

    def _read_graph(self, item: _Item) -> None:
        bound = item.bound
        found = results.sort(item.entry.result, bound.text, self.context.controls, bound.place)
        decoded = graph.decode(
            found,
            bound.document,
            self.context.controls,
            self.context.ontology,
            scores=item.kind == "prediction",
        )
        self.lost += Counter(decoded.lost)
        self.repaired += Counter(decoded.repaired)
        self.found["regions without words, their offsets unverified"] += found.unverified
        for rejected in decoded.rejected:
            self._reject_of(item, rejected)
        annotations = msgspec.structs.replace(decoded.annotations, provenance=_provenance(item))
        self._keep(_layer(item), item, annotations, decoded.rejected)

    def _keep(self, layer: str, item: _Item, annotations: Annotations, rejected: Iterable[Rejected]) -> None:
        units = [found for found in rejected if found.unit != "document"]
        annotations = msgspec.structs.replace(annotations, rejected=in_line(units, item.bound.document))
        if self._is_earlier(item.bound.document):
            annotations = self._carry(item, annotations)
        self.readings.append(
            Reading(layer=layer, author=item.author, kind=item.kind, annotations=annotations)
        )

    # ------------------------------------------------------------ texts that were corrected since

    def _is_earlier(self, document: Document) -> bool:
        return document.sha256 != self.context.documents[document.id].sha256

    def _carry(self, item: _Item, annotations: Annotations) -> Annotations:
        """Annotations of an earlier text as those of the text that the document has now."""
        document = item.bound.document
        key = document.id, document.sha256
        if key not in self.corrections:
            now, before = self.context.documents[document.id], self.context.earlier[key]
            self.corrections[key] = correction(document, now, judged=before.judged)
        self.found["carried over from an earlier text"] += 1
        carried = carry(annotations, self.corrections[key])
        for lost in carried.lost:
            self._reject_of(item, lost)
        return carried.line

    # ------------------------------------------------------------ frames

    def _read_answers(self, items: list[_Item]) -> None:
        """All that one person said of the events of one document, on one layer, as one reading."""
        try:
            base = self._base(items[0].bound)
        except CorpusError as error:
            for item in items:
                self._refuse_answer(item, str(error))
            return
        unfinished: dict[str, list[str]] = defaultdict(list)
        by_event: dict[str, list[_Item]] = defaultdict(list)
        for item in items:
            event = item.bound.data["event"]
            if item.kind == "submitted":
                by_event[event].append(item)
            else:
                unfinished[f"{item.kind} events"].append(event)
        answers = {}
        for event, given in by_event.items():
            item = self._last(given)
            if (answer := self._answer(item, base)) is not None:
                answers[event] = (answer, item)
        if answers:
            self._keep_answers(base, [*answers.values()], unfinished)

    def _base(self, bound: Bound) -> Annotations:
        name = bound.data["layer"].rpartition("@")[0]
        if self.context.layer is None:
            raise CorpusError("no layers are at hand")
        layer = self.context.layer(name)
        if bound.document.id not in layer:
            raise CorpusError(f"layer {name!r} has nothing for {bound.document.id}")
        return layer[bound.document.id]

    def _refuse_answer(self, item: _Item, message: str) -> None:
        self._reject_whole(item, "base-changed", message)

    def _answer(self, item: _Item, base: Annotations) -> frames.Answer | None:
        """One answer, its rejected parts noted; None if it is to an event that has changed."""
        found = results.sort(item.entry.result, item.bound.text, controlling.of_frames(), item.bound.place)
        event = next((event for event in base.events if event.id == item.bound.data["event"]), None)
        problem = frames.base_problem(found, event)
        if event is None or problem is not None:
            self._refuse_answer(item, problem or "")
            return None
        answer = frames.decode(found, event, base, self.context.ontology)
        self.lost += Counter(answer.lost)
        for rejected in answer.rejected:
            self._reject_of(item, rejected)
        return answer

    def _keep_answers(
        self,
        base: Annotations,
        given: list[tuple[frames.Answer, _Item]],
        unfinished: dict[str, list[str]],
    ) -> None:
        annotations, missing = frames.assemble(base, [answer for answer, _ in given])
        last = max((item for _, item in given), key=lambda item: item.entry.updated)
        seconds = [item.entry.lead_time for _, item in given if item.entry.lead_time is not None]
        details: dict[str, Any] = {
            "layer": last.bound.data["layer"],
            "answers": {answer.event: item.entry.id for answer, item in given if item.entry.id is not None},
            "unanswered": missing,
            **unfinished,
            "no events": [answer.event for answer, _ in given if not answer.is_event],
        }
        provenance = Provenance(
            author=last.author,
            tool=TOOL,
            created=last.entry.updated or None,
            seconds=sum(seconds) if seconds else None,
            status="draft" if missing else "submitted",
            details={key: value for key, value in details.items() if value},
        )
        annotations = msgspec.structs.replace(annotations, provenance=provenance)
        rejected = [item for answer, _ in given for item in answer.rejected]
        self._keep(f"{FRAMES}/{_safe(last.author)}", last, annotations, rejected)

    # ------------------------------------------------------------ what is rejected

    def _reject_of(self, item: _Item, rejected: Rejected) -> None:
        found = msgspec.structs.replace(rejected, document=item.bound.document.id)
        self._reject(found, item.kind, item.task, item.entry)

    def _reject_whole(self, item: _Item, kind: str, message: str) -> None:
        whole = Rejected(unit="document", kind=kind, message=message, value=item.entry.result)
        self._reject_of(item, whole)

    def _reject(self, rejected: Rejected, kind: EntryKind, task: Any, entry: Entry | None = None) -> None:
        """Note what was rejected, with where it came from: `task 3, submitted 5 of anna`."""
        id = task.get("id") if isinstance(task, dict) else None
        where = "a task without id" if id is None else f"task {id}"
        if entry is not None:
            where += f", {kind}{'' if entry.id is None else f' {entry.id}'} of {self._author(kind, entry)}"
        elif kind != "task":
            where += f", {kind}"
        self.rejected.append(msgspec.structs.replace(rejected, where=where))


def _by_earlier_text(earlier: exports.Earliers) -> dict[str, list[str]]:
    """The ids of documents by the hash of a text that they had."""
    found: dict[str, list[str]] = {}
    for id, sha256 in earlier:
        found.setdefault(sha256, []).append(id)
    return found


def _layer(item: _Item) -> str:
    return f"{FOLDERS[item.kind]}/{_safe(item.author)}"


def _safe(name: str) -> str:
    """A name as part of a layer's: `gold@1f2e` is gold-1f2e; one that changes more gets a hash behind it."""
    plain = name.replace("@", "-")
    try:
        check_layer(plain)
    except CorpusError:
        kept = re.sub(r"\W+", "-", name, flags=re.ASCII).strip("-_")[:100]
        return f"{kept or 'version'}-{hashlib.sha256(name.encode('utf-8', 'replace')).hexdigest()[:8]}"
    return plain


def _provenance(item: _Item) -> Provenance:
    entry = item.entry
    task = item.task.get("id") if isinstance(item.task, dict) else None
    details = {
        "task": task,
        "annotation": entry.id,
        "ground_truth": entry.ground_truth or None,
        "parent_prediction": entry.parent_prediction,
        PREFILL: None if item.kind == "prediction" else tasks.shown(item.bound.data),
    }
    return Provenance(
        author=item.author,
        tool=TOOL,
        created=entry.updated or None,
        seconds=entry.lead_time,
        status=None if item.kind == "prediction" else item.kind,
        details={key: value for key, value in details.items() if value is not None},
    )
