"""Files of decisions that come back: from pages, bound to the layers these were made for, or by hand."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from goldwire.annotate.adjudicate.decisions import Disagreement, Key, Say, decision_faults, key_of
from goldwire.annotate.adjudicate.votes import is_by_vote
from goldwire.corpora.codec import BOM, BROKEN, decode_lines, read_bytes
from goldwire.corpora.errors import CorpusError, DataError
from goldwire.corpora.ontology import Ontology
from goldwire.corpora.types import Annotations

Layers = Mapping[str, Mapping[str, Annotations]]
BOUND = b'{"page":'  # how the first line of a page's file begins
AND = ", "  # between people who decided the same


class Origin(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a page was made for: the first line of the files that it gives.

    `layers` has a hash of what each says on `documents`, which are those where anything differs; by names
    that are hashes too where the page hides who is who.
    """

    page: str
    to: str
    documents: tuple[str, ...]
    layers: dict[str, str]
    ontology: str = ""


class Conflict(msgspec.Struct, frozen=True, kw_only=True):
    """One unit on which people decided differently: who said what."""

    item: Disagreement
    said: tuple[tuple[str, Say], ...]


class Joined(msgspec.Struct, frozen=True, kw_only=True):
    """Decisions of several files as one list, and what stays open because they contradict each other."""

    decisions: tuple[Disagreement, ...]
    conflicts: tuple[Conflict, ...]


def hidden(name: str) -> str:
    """What a layer is called where people are not to be known by their names."""
    return _digest(name.encode())[:16]


def origin_of(
    layers: Layers, documents: Iterable[str], to: str, ontology: Ontology | None, *, blind: bool = False
) -> Origin:
    """What a page on these documents is made for."""
    ids = tuple(documents)
    origin = Origin(
        page="",
        to=to,
        documents=ids,
        layers={hidden(name) if blind else name: _said(layers[name], ids) for name in sorted(layers)},
        ontology=ontology.fingerprint() if ontology else "",
    )
    return msgspec.structs.replace(origin, page=_digest(msgspec.json.encode(origin))[:16])


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _said(layer: Mapping[str, Annotations], documents: Iterable[str]) -> str:
    """A hash of what a layer says of documents, and of their texts; not of who said it, when and how."""
    there = [layer[id] for id in documents if id in layer]
    return _digest(
        msgspec.json.encode([[a.document, a.sha256, a.mentions, a.events, a.relations] for a in there])
    )


def read_decisions(path: Path, layers: Layers, to: str, ontology: Ontology | None) -> list[Disagreement]:
    """The decisions of a file; `CorpusError` if it comes from a page that was made for other layers."""
    lines = read_bytes(path).removeprefix(BOM).split(b"\n")
    origins = {number: origin for number, line in enumerate(lines) if (origin := _origin(line))}
    faults = [fault for origin in origins.values() for fault in _changes(origin, layers, to, ontology)]
    if faults:
        raise CorpusError(
            f"{path}: decided on a page that was made for something else; nothing was taken\n"
            + "\n".join(f"  {fault}" for fault in dict.fromkeys(faults))
            + "\nmake a new page with --html and decide there; or, to have those taken that are on the same "
            "units and words all the same, delete the first line of the file, which binds it to the page"
        )
    rest = b"\n".join(b"" if number in origins else line for number, line in enumerate(lines))
    found = decode_lines(rest, Disagreement, str(path))
    wrong = [fault for item in found for fault in decision_faults(item)]
    if wrong:
        raise DataError(f"{path}: {len(wrong)} decision(s) that cannot be followed", wrong)
    return found


def _origin(line: bytes) -> Origin | None:
    if not line.startswith(BOUND):
        return None
    try:
        return msgspec.json.decode(line, type=Origin)
    except BROKEN:
        return None  # which reading it as a decision tells


def _changes(origin: Origin, layers: Layers, to: str, ontology: Ontology | None) -> Iterator[str]:
    """What is no longer as it was when the page was made."""
    if origin.to != to:
        yield f"it is for layer {origin.to!r}, not for {to!r}"
    if origin.ontology != (ontology.fingerprint() if ontology else ""):
        yield "the ontology changed"
    known = {name: origin.layers.get(name, origin.layers.get(hidden(name))) for name in layers}
    for name, before in known.items():
        now = _said(layers[name], origin.documents)
        if before is None and now != _said({}, ()):
            yield f"layer {name} has come to documents on the page"
        elif before not in (None, now):
            yield f"layer {name} changed on documents on the page"
    yield from (
        f"layer {name} is not among those that are merged"
        for name in origin.layers
        if name not in {*layers, *map(hidden, layers)}
    )


def join(lists: Iterable[Sequence[Disagreement]]) -> Joined:
    """One list of several: the later of one person's decisions counts; those of several must be equal.

    What they decide differently is left open, with who said what in its note.
    """
    found: dict[Key, list[Disagreement]] = defaultdict(list)
    for item in (item for items in lists for item in items):
        found[key_of(item)].append(item)
    decisions, conflicts = [], []
    for items in found.values():
        said = _by_person(item for item in items if item.decision is not None and not is_by_vote(item))
        if len({item.decision for item in said}) > 1:
            told = tuple(sorted({(item.by or "somebody", item.decision) for item in said}, key=repr))
            conflicts.append(Conflict(item=items[0], said=told))
            note = "decided differently: " + "; ".join(f"{who}: {spoken(what)}" for who, what in told)
            decisions.append(
                msgspec.structs.replace(items[0], decision=None, note=note, by="", at="", vote=0)
            )
        else:
            decisions.append(_one(said) if said else max(items, key=lambda i: (i.vote, i.note, i.by, i.at)))
    return Joined(decisions=tuple(decisions), conflicts=tuple(conflicts))


def _by_person(items: Iterable[Disagreement]) -> list[Disagreement]:
    """The last that each person decided; lines without a name are anybody's, and all count."""
    of: dict[object, list[Disagreement]] = defaultdict(list)
    for number, item in enumerate(items):
        of[item.by or number].append(item)
    last = {who: max(item.at for item in theirs) for who, theirs in of.items()}
    return [item for who, theirs in of.items() for item in theirs if item.at == last[who]]


def _one(equal: Sequence[Disagreement]) -> Disagreement:
    """Equal decisions of several people as one of theirs all."""
    people = sorted({name for item in equal for name in item.by.split(AND) if name})
    notes = sorted({item.note for item in equal if item.note})
    last = max(equal, key=lambda item: item.at)
    return msgspec.structs.replace(last, by=AND.join(people), note=AND.join(notes))


def spoken(view: Say) -> str:
    """A view or decision in words."""
    return view if isinstance(view, str) else "yes" if view else "no" if view is False else "none"
