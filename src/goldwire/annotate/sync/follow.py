"""Follows texts that were corrected to the server: what becomes of tasks that have the text of before.

A task on which nobody has worked gets the new text. One that somebody has worked on stays as it is, and
beside it comes a task with the new text, with what its annotator did carried over as its prediction; until
that is in the corpus it does not come. The new task has an id of its own, `ID@` and digits of the hash of its
text, so that neither is taken for the other.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from goldwire.annotate.exchange import exports, frames, tasks
from goldwire.annotate.exchange.exports import Entry
from goldwire.annotate.exchange.importer import FOLDERS, TOOL
from goldwire.annotate.exchange.tasks import KEY
from goldwire.annotate.sync import prefill
from goldwire.annotate.sync.mirror import Mirror, Task
from goldwire.annotate.sync.prefill import Local
from goldwire.corpora.codec import read_lines
from goldwire.corpora.ontology import Ontology
from goldwire.corpora.store import Corpus
from goldwire.corpora.types import Annotations, Document

FINISHED = "finished.jsonl"  # beside the journal of a project: what was read there for no layer
DIGITS = 8  # of the hash of a text: they need only tell the texts of one document apart
_Pulled = Mapping[tuple[int, int], Annotations]  # by task and annotation
_OF_PEOPLE = tuple(f"{FOLDERS[kind]}/" for kind in ("submitted", "skipped", "draft"))


class Followed(msgspec.Struct, frozen=True):
    """The tasks as they should be, and those of earlier texts that stay as they are, by document.

    A document whose old task holds what is not in the corpus yet is left as it was: the plan tells of it.
    """

    local: tuple[Local, ...]
    left: dict[str, tuple[int, ...]]


def follow(
    corpus: Corpus,
    ontology: Ontology,
    local: Sequence[Local],
    there: Mirror,
    documents: Iterable[Document],
    *,
    finished: Iterable[Annotations] = (),
    settled: Collection[str] = (),
) -> Followed:
    """Work out which task of the server is that of each document. Frames are left to the plan.

    What is `finished` was read as well, though it is in no layer. For `settled` documents that have no task
    of today's text none is made.
    """
    differing = _differing(local, there)
    if not differing:
        return Followed(tuple(local), {})
    known = {document.id: document for document in documents}
    pulled = _pulled(corpus) | dict(_keyed(finished))
    follower = _Follower(ontology, known, differing, pulled)
    followed = (follower.follow(item) for item in local)
    return Followed(tuple(item for item in followed if not follower.is_done(item, settled)), follower.left)


class _Data(msgspec.Struct):
    goldwire_id: Any = None
    document: Any = None
    sha256: Any = None
    event: Any = None


class _Outline(msgspec.Struct):
    """What of a task says whose it is, and which text it has; decoded for all, so without the text."""

    data: _Data


def _differing(local: Iterable[Local], there: Mirror) -> dict[str, list[Task]]:
    """The tasks of those documents of which some have another text, or an id that was given for it."""
    texts = {item.data["document"]: item.data["sha256"] for item in local}
    decoder, found = msgspec.json.Decoder(_Outline), defaultdict[str, list[int]](list)
    differ = set[str]()
    for id, raw in there.raw.items():
        data = decoder.decode(raw).data
        ours = isinstance(data.document, str) and isinstance(data.goldwire_id, str) and data.event is None
        if ours and data.document in texts:
            found[data.document].append(id)
            if (data.goldwire_id, data.sha256) != (data.document, texts[data.document]):
                differ.add(data.document)
    whole = msgspec.json.Decoder(Task)
    return {document: [whole.decode(there.raw[id]) for id in sorted(found[document])] for document in differ}


class _Follower:
    """Goes through the tasks as they should be; `left` are those of the server that stay as they are."""

    def __init__(
        self,
        ontology: Ontology,
        documents: Mapping[str, Document],
        there: Mapping[str, Sequence[Task]],
        pulled: _Pulled,
    ) -> None:
        self.ontology, self.documents, self.there, self.pulled = ontology, documents, there, pulled
        self.left: dict[str, tuple[int, ...]] = {}

    def follow(self, item: Local) -> Local:
        """The task as it should be, under the key that it has or is to have."""
        id = item.data["document"]
        if id not in self.there or frames.is_frame(item.data):
            return item
        key, old = _choose(item, self.there[id])
        if not old:
            return item if key is None else _called(item, key)
        if key is None and not all(_is_pulled(old, self.pulled)):
            return item  # which has the key of the old task, so that the plan finds a conflict
        self.left[id] = tuple(task.id for task in old)
        theirs = _theirs(old, self.pulled)
        wanted = item if theirs is None else self.carried(id, theirs)
        return _called(wanted, key or f"{id}@{item.data['sha256'][:DIGITS]}")

    def is_done(self, item: Local, settled: Collection[str]) -> bool:
        """Whether a task is not needed: nothing is to be done, and what was done stays where it is."""
        id = item.data["document"]
        there = {task.data[KEY] for task in self.there.get(id, ())}
        return id in settled and id in self.left and item.key not in there

    def carried(self, id: str, theirs: Annotations) -> Local:
        """The task with what its annotator did as its prediction."""
        encoded = tasks.encode([self.documents[id]], self.ontology, prefill={id: theirs})
        return prefill.locals_of(encoded, f"carried/{theirs.provenance.author}")[0]


def _called(item: Local, key: str) -> Local:
    return msgspec.structs.replace(item, key=key, data={**item.data, KEY: key})


def _choose(item: Local, there: Sequence[Task]) -> tuple[str | None, list[Task]]:
    """The id of the task that is this document's, None if there is none; and those that stay as they are.

    It is the one with the text, else one on which nobody has worked, which gets it.
    """
    same = [task for task in there if task.data.get("sha256") == item.data["sha256"]]
    old = [task for task in there if task.data.get("sha256") != item.data["sha256"]]
    idle = [task for task in old if not task.worked]
    chosen = next(iter(sorted(same, key=lambda task: (not task.worked, task.id)) or idle), None)
    return (None if chosen is None else chosen.data[KEY]), [task for task in old if task.worked]


# ---------------------------------------------------------------- what was pulled of it
def _pulled(corpus: Corpus) -> dict[tuple[int, int], Annotations]:
    """The lines that came from Label Studio for texts of the corpus, by task and annotation."""
    found = dict[tuple[int, int], Annotations]()
    for name in corpus.layers():
        if name.startswith(_OF_PEOPLE):
            for line in corpus.fitting(name)[0].values():
                details = line.provenance.details
                task, annotation = details.get("task"), details.get("annotation")
                if line.provenance.tool == TOOL and isinstance(task, int) and isinstance(annotation, int):
                    found[task, annotation] = line
    return found


def read_finished(folder: Path) -> list[Annotations]:
    """What was read of a project for no layer: how somebody adjudicated."""
    path = folder / FINISHED
    return read_lines(path, Annotations) if path.is_file() else []


def _keyed(finished: Iterable[Annotations]) -> Iterator[tuple[tuple[int, int], Annotations]]:
    """Such lines by task and annotation; of nobody, for nothing of them is to be carried over."""
    for line in finished:
        details, provenance = line.provenance.details, msgspec.structs.replace(line.provenance, author=None)
        key = int(details["task"]), int(details["annotation"])
        yield key, msgspec.structs.replace(line, provenance=provenance)


def _is_pulled(old: Iterable[Task], pulled: _Pulled) -> Iterator[bool]:
    """Whether the last that each person did with the old tasks is in the corpus as it is there."""
    for task, entry in _last(old):
        line = pulled.get((task, entry.id))
        yield line is not None and line.provenance.created == (entry.updated or None)


def _last(old: Iterable[Task]) -> list[tuple[int, Entry]]:
    """The last that each person has submitted or skipped, and the last that they have begun, by task."""
    last: dict[tuple[Any, bool], tuple[int, Entry]] = {}
    for task in old:
        for kind, entry in exports.entries({"annotations": task.annotations, "drafts": task.drafts}):
            who = exports.person(entry), kind == "draft"
            before = last.get(who)
            if before is None or before[1].updated <= entry.updated:
                last[who] = task.id, entry
    return [*last.values()]


def _theirs(old: Sequence[Task], pulled: _Pulled) -> Annotations | None:
    """What the one person who has worked on the old tasks did; None where there are none or several."""
    ids = {task.id for task in old}
    lines = [
        line for (task, _), line in pulled.items() if task in ids and line.provenance.status != "skipped"
    ]
    done = [line for line in lines if line.provenance.author is not None]
    if len({line.provenance.author for line in done}) != 1:
        return None
    return max(done, key=lambda line: line.provenance.created or "")
