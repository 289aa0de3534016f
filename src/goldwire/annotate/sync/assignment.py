"""Decides who annotates what: each document one person, and a share of them two, evenly.

What somebody has begun, skipped or done stays theirs, also when they have left. The rest stays where it is as
long as its person is there: it goes on to others only from somebody who has left, to bring a newcomer an even
part of all that nobody has begun, or where more people have it than should. Chance is decided by hashes of
names and ids, so the same documents, names and work give the same shares everywhere.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

import msgspec

from goldwire.corpora.errors import CorpusError
from goldwire.corpora.types import Document

TWO = 2  # people at most do one document


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """The ids of the documents that one person has: those begun, skipped or done, and those untouched."""

    begun: frozenset[str] = frozenset()
    untouched: frozenset[str] = frozenset()


def assign(
    documents: Iterable[Document],
    names: Sequence[str],
    overlap: float = 0.0,
    held: Mapping[str, Held] | None = None,
    before: Collection[str] | None = None,
    *,
    everyone: Collection[str] = (),
) -> dict[str, list[Document]]:
    """The documents of each person, in the order given; `overlap` is the share, 0 to 1, for two people.

    Those of `everyone` are for all, besides the others.

    `held` is what people have already, also of those who are not among `names` any more; `before` are the
    names of the last time, None if they are not known. Who is not among them, or has nothing, is a newcomer.
    Near-duplicates (`Document.group`) stay together as far as nobody has begun them. Raises `CorpusError` for
    a name that comes twice.
    """
    if len(set(names)) < len(names):
        raise CorpusError(f"each annotator is named once: {', '.join(names)}")
    given = [*documents]
    shared = [document for document in given if document.id not in everyone]
    sharing = _Sharing(shared, sorted(names), overlap, held or {}, before)
    sharing.keep()
    sharing.deal()
    sharing.bring_newcomers_their_part()
    sharing.of |= {id: {*names} for id in everyone}
    return {name: [item for item in given if name in sharing.of[item.id]] for name in names}


class _Sharing:
    """Who has what, while it is being decided: `of` names the people of each document."""

    def __init__(
        self,
        documents: Sequence[Document],
        names: Sequence[str],
        overlap: float,
        held: Mapping[str, Held],
        before: Collection[str] | None,
    ) -> None:
        self.names = names
        self.units = _units(documents)
        ids = {document.id for document in documents}
        self.begun = _holders({name: theirs.begun & ids for name, theirs in held.items()})
        self.waiting = _holders({name: held[name].untouched & ids for name in names if name in held})
        self.before = names if before is None else before
        self.newcomers: list[str] = []
        self.of: dict[str, set[str]] = {}
        self.open: Counter[str] = Counter()
        for theirs in self.waiting.values():
            self.open.update(theirs)
        self.twice = self._chosen(round(overlap * len(documents))) if len(names) >= TWO else set[str]()

    # ------------------------------------------------------------ how many each is to have

    def _chosen(self, wanted: int) -> set[str]:
        """The documents for two people: those that two have done count, then those that two have."""
        done = {id for unit in self.units.values() for id in unit if len(self.begun[id]) >= TWO}
        found = set(done)
        for unit in sorted(self.units, key=lambda unit: (not self._with_two(unit), _number(unit))):
            more = set(self.units[unit]) - found
            if len(found) + len(more) <= wanted:
                found |= more
        return found

    def _with_two(self, unit: str) -> bool:
        return all(len(self.begun[id] | self.waiting[id]) >= TWO for id in self.units[unit])

    def _missing(self, id: str) -> int:
        """How many people a document still needs."""
        return (TWO if id in self.twice else 1) - len(self.of[id])

    # ------------------------------------------------------------ three passes

    def keep(self) -> None:
        """Leave with people what they have begun, and of the rest what does not exceed what is wanted."""
        for unit, ids in self.units.items():
            together: Counter[str] = Counter()
            for id in ids:
                self.of[id] = set(self.begun[id])
                others = sorted(
                    self.waiting[id] - self.of[id],
                    key=lambda name: (-together[name], self.open[name], _rank(name, unit)),
                )
                stay = others[: max(0, self._missing(id))]
                self.of[id].update(stay)
                self.open.subtract(self.waiting[id].difference(stay))
                together.update(self.of[id])
        has = {name for people in self.of.values() for name in people}
        self.newcomers = [name for name in self.names if name not in has or name not in self.before]

    def deal(self) -> None:
        """Give what is still to be done to whoever has least before them."""
        for unit, ids in self.units.items():
            together = Counter(name for id in ids for name in self.of[id])
            for id in ids:
                while self._missing(id) > 0 and (free := set(self.names) - self.of[id]):
                    is_begun = bool(self.begun[id])
                    chosen = min(
                        free,
                        key=lambda name: (
                            -together[name],
                            is_begun and name in self.newcomers,
                            self.open[name],
                            _rank(name, unit),
                        ),
                    )
                    self.of[id].add(chosen)
                    self.open[chosen] += 1
                    together[chosen] += 1

    def bring_newcomers_their_part(self) -> None:
        """Take what nobody has begun from those with most before them, until a newcomer has an even part."""
        places = sum(len(people) for id, people in self.of.items() if not self.begun[id])
        part = places // max(1, len(self.names))
        for name in self.newcomers:
            sources = {other: self._to_give(other, name) for other in self.names if other != name}
            while sources and self.open[name] < part:
                source = max(sources, key=lambda other: (self.open[other], _rank(other, name)))
                ids = next(sources[source], None)
                if ids is None or self.open[source] < self.open[name] + TWO:
                    del sources[source]
                elif self.open[name] + len(ids) <= part:
                    self._hand_on(ids, source, name)

    def _to_give(self, source: str, to: str) -> Iterator[Sequence[str]]:
        """What one may hand on to another, near-duplicates at once, in an order by chance."""
        for ids in self.units.values():
            theirs = [id for id in ids if source in self.of[id]]
            if theirs and not any(self.begun[id] or to in self.of[id] for id in ids):
                yield theirs

    def _hand_on(self, ids: Sequence[str], source: str, to: str) -> None:
        for id in ids:
            self.of[id] = self.of[id] - {source} | {to}
        self.open.subtract({source: len(ids), to: -len(ids)})


def _units(documents: Iterable[Document]) -> dict[str, list[str]]:
    """Ids of documents that stay together, in an order by chance that is always the same."""
    units: dict[str, list[str]] = defaultdict(list)
    for document in sorted(documents, key=lambda document: document.id):
        units[document.group or document.id].append(document.id)
    return dict(sorted(units.items(), key=lambda unit: _number(unit[0])))


def _holders(of: Mapping[str, Iterable[str]]) -> dict[str, set[str]]:
    """People by document, from documents by person."""
    found: dict[str, set[str]] = defaultdict(set)
    for name, ids in of.items():
        for id in ids:
            found[id].add(name)
    return found


def _rank(name: str, unit: str) -> int:
    return _number(f"{name}\n{unit}")


def _number(text: str) -> int:
    """A number below 2**64 that says nothing but is always the same."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8])
