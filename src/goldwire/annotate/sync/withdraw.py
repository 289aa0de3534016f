"""Finds annotations that were pulled and have been withdrawn on the server since, and keeps their lines.

    CORPUS/layers/withdrawn/NAME.jsonl            lines as they were in annotator/NAME
    CORPUS/layers/withdrawn/frames/NAME.jsonl     and as they were in frames/NAME
    CORPUS/labelstudio/NAME/journal.jsonl         what was withdrawn, and what of it was accepted

A line says which annotations it is made of, so the layers themselves tell what was there. Withdrawn is one
that was deleted, alone or with its task, or turned into a skip; not one that its person has done again. It is
noted before its line is kept, and the line is kept before it leaves its layer: killed in between, the next
pull finds the same.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from goldwire.annotate.exchange import store
from goldwire.annotate.exchange.importer import FOLDERS, FRAMES, TOOL
from goldwire.annotate.exchange.tasks import KEY
from goldwire.annotate.sync.journal import Accepted, Gone, Journal, Why, Withdrawn
from goldwire.annotate.sync.mirror import Mirror
from goldwire.corpora.store import Corpus
from goldwire.corpora.types import Annotations

WITHDRAWN = "withdrawn"
_JUDGED = (FOLDERS["submitted"], FRAMES)
Place = tuple[str, str, str | None]  # a layer, a document, and in frames an event
Layers = Mapping[str, Mapping[str, Annotations]]


class There(msgspec.Struct, kw_only=True):
    """The annotations on the server by id, submitted ones and skips; and the tasks, by id and by key."""

    submitted: set[int] = msgspec.field(default_factory=set)
    skipped: set[int] = msgspec.field(default_factory=set)
    tasks: set[int | str] = msgspec.field(default_factory=set)

    def add(self, mirror: Mirror) -> None:
        """Take in the tasks of a project."""
        decoder = msgspec.json.Decoder(_Task)
        for raw in mirror.raw.values():
            task = decoder.decode(raw)
            self.tasks |= {task.id, *([task.data[KEY]] if isinstance(task.data.get(KEY), str) else [])}
            for item in task.annotations:
                (self.skipped if item.was_cancelled else self.submitted).add(item.id)


class _Annotation(msgspec.Struct):
    id: int
    was_cancelled: bool | None = None


class _Task(msgspec.Struct):
    id: int
    data: dict[str, Any] = {}
    annotations: list[_Annotation] = []


# ---------------------------------------------------------------- what layers are made of


def is_judged(layer: str) -> bool:
    """Whether a layer holds what people have submitted."""
    return layer.partition("/")[0] in _JUDGED


def judged(corpus: Corpus, pulled: Mapping[str, Collection[str]]) -> dict[str, dict[str, Annotations]]:
    """The lines that were pulled, by layer, of what people had submitted."""
    found = {}
    for layer, documents in pulled.items():
        if is_judged(layer) and corpus.layer_path(layer).is_file():
            theirs = {*documents}
            found[layer] = {id: line for id, line in corpus.layer(layer).items() if id in theirs}
    return found


def annotations_of(layers: Layers) -> dict[Place, int]:
    """The annotation on the server that is at each place; of lines that came otherwise nothing is told."""
    return {
        (layer, document, event): id
        for layer, lines in layers.items()
        for document, line in lines.items()
        if line.provenance.tool == TOOL
        for event, id in _made_of(line)
    }


def _made_of(line: Annotations) -> Iterator[tuple[str | None, int]]:
    details = line.provenance.details
    answers = details.get("answers")
    held = [*answers.items()] if isinstance(answers, dict) else [(None, details.get("annotation"))]
    return ((event, id) for event, id in held if isinstance(id, int))


def tasks_of(layers: Layers) -> dict[int, int]:
    """The task of each annotation, as far as lines tell it."""
    details = [line.provenance.details for lines in layers.values() for line in lines.values()]
    pairs = [(item.get("annotation"), item.get("task")) for item in details]
    return {id: task for id, task in pairs if isinstance(id, int) and isinstance(task, int)}


def made(held: Mapping[Place, int]) -> dict[int, str]:
    """Who made each annotation."""
    return {id: layer.partition("/")[2] for (layer, _, _), id in held.items()}


# ---------------------------------------------------------------- what was withdrawn


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """What a pull finds: what is where now, what was withdrawn, and the lines to put aside for that."""

    now: dict[Place, int]
    gone: tuple[Gone, ...]
    aside: dict[str, store.Lines]


def see(corpus: Corpus, held: Layers, lines: Mapping[str, store.Lines], there: There) -> Seen:
    """Compare the layers as they are with the lines that they are to get, and with what is on the server."""
    now = annotations_of(_after(held, lines))
    gone = tuple(find(held, now, there, _skips(lines)))
    return Seen(now=now, gone=gone, aside=_aside(corpus, gone, held, now))


def _after(held: Layers, lines: Mapping[str, store.Lines]) -> Layers:
    """The layers as they will be, as far as a pull knows them."""
    after = {layer: {**held.get(layer, {}), **lines.get(layer, {})} for layer in {*held, *lines}}
    return {
        layer: {id: line for id, line in documents.items() if line is not None}
        for layer, documents in after.items()
        if is_judged(layer)
    }


def _skips(lines: Mapping[str, store.Lines]) -> set[tuple[str, str]]:
    """The layers and documents of what came as skipped."""
    skipped = {layer: new for layer, new in lines.items() if layer.startswith(f"{FOLDERS['skipped']}/")}
    return {(layer, id) for layer, new in skipped.items() for id, line in new.items() if line is not None}


def find(
    held: Layers, now: Mapping[Place, int], there: There, skips: Collection[tuple[str, str]]
) -> Iterator[Gone]:
    """What was at its place before, is nowhere now, and was not done again.

    `held` are the layers of before; `skips` are layers and documents of `skipped/`: a skip that is later than
    what was submitted counts.
    """
    before, tasks = annotations_of(held), tasks_of(held)
    everywhere = {*now.values()}
    for (layer, document, event), id in before.items():
        after = now.get((layer, document, event))
        if id in everywhere or (after is not None and (after > id or id in there.submitted)):
            continue
        name = layer.partition("/")[2]
        why: Why | None = None  # where it is submitted still, it was rejected, and is told there
        if id in there.skipped or (id in there.submitted and (f"skipped/{name}", document) in skips):
            why = "skipped"
        elif id not in there.submitted:
            key = document if event is None else f"{document}/{event}"
            why = "annotation deleted" if tasks.get(id, key) in there.tasks else "task deleted"
        if why is not None:
            yield Gone(layer=layer, document=document, annotation=id, event=event, why=why)


def unaccepted(journals: Sequence[Journal], now: Mapping[Place, int]) -> list[Gone]:
    """What was withdrawn and is neither accepted, nor taken back, nor done again; the last of each place."""
    everywhere = {*now.values()}
    found: dict[Place, Gone] = {}
    for gone in _noted(journals):
        place = (gone.layer, gone.document, gone.event)
        is_back = gone.annotation in everywhere or now.get(place, 0) > gone.annotation
        if is_back or (place in found and found[place].annotation > gone.annotation):
            continue
        found[place] = gone
    return [found[place] for place in sorted(found, key=lambda place: (place[1], place[0], place[2] or ""))]


def _noted(journals: Iterable[Journal]) -> list[Gone]:
    """What is noted as withdrawn, in its order, without what was accepted after that."""
    open_: list[Gone] = []
    for journal in journals:
        for note in journal.notes:
            if isinstance(note, Withdrawn):
                open_ += note.gone
            elif isinstance(note, Accepted):
                open_ = [gone for gone in open_ if gone not in note.gone]
    return open_


def note(journals: Sequence[Journal], found: Iterable[Gone]) -> None:
    """Note what was withdrawn, unless that is noted already."""
    noted = _noted(journals)
    new = tuple(gone for gone in found if gone not in noted)
    if new:
        journals[0].add(Withdrawn(gone=new))


def accept(journals: Sequence[Journal], told: Sequence[Gone]) -> None:
    """Note that what was told needs no more to be told, in each journal that has it."""
    for journal in journals:
        theirs = tuple(gone for gone in _noted([journal]) if gone in told)
        if theirs:
            journal.add(Accepted(gone=theirs))


# ---------------------------------------------------------------- the lines that are kept


def keeper(layer: str) -> str:
    """The layer that keeps what was withdrawn from a layer.

    >>> keeper("annotator/anna"), keeper("frames/anna")
    ('withdrawn/anna', 'withdrawn/frames/anna')
    """
    return f"{WITHDRAWN}/{layer.removeprefix(FOLDERS['submitted'] + '/')}"


def _aside(
    corpus: Corpus, found: Iterable[Gone], held: Layers, now: Mapping[Place, int]
) -> dict[str, store.Lines]:
    """The lines to keep under `withdrawn/`, and orders to take away those of what is in its layer again.

    Of a document that was withdrawn, done again and withdrawn again, the last is kept.
    """
    lines: dict[str, store.Lines] = defaultdict(dict)
    everywhere = {*now.values()}
    for layer in {keeper(place[0]) for place in now}:
        lines[layer] |= dict.fromkeys(_back(corpus, layer, everywhere))
    for gone in found:
        if (line := held.get(gone.layer, {}).get(gone.document)) is not None:
            lines[keeper(gone.layer)][gone.document] = line
    return {layer: new for layer, new in lines.items() if new}


def _back(corpus: Corpus, layer: str, now: set[int]) -> list[str]:
    """The documents kept in a layer whose annotations are there again: a skip may be taken back."""
    there = corpus.layer(layer) if corpus.layer_path(layer).is_file() else {}
    made = {document: {id for _, id in _made_of(line)} for document, line in there.items()}
    return [document for document, ids in made.items() if ids and ids <= now]
