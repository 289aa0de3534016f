"""Signatures of a report's figures, folded: what all share once, and what is each measure's own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from goldwire.corpora.visible import line
from goldwire.eval.report.values import Board


class Folded(msgspec.Struct, frozen=True):
    """The beginning of each signature under its measure; all of them end in `shared`."""

    own: tuple[tuple[str, str], ...]
    shared: str


def fold(boards: Iterable[Board]) -> Folded:
    """The signatures of all figures that are defined; by system where a measure's are not all one."""
    named = list(_named(boards))
    shared = shared_end([signature for _, signature in named])
    own = ((title, text.removesuffix(shared).rstrip("|")) for title, text in named)
    return Folded(tuple(own), shared)


def lines_of(boards: Sequence[Board]) -> list[str]:
    """The signatures as lines: what is each measure's own, what all share, how systems were tested."""
    folded, tested = fold(boards), tests(boards)
    if not folded.own:
        return []
    own = [f"{line(title)}: {line(text)}" for title, text in folded.own]
    return [*own, f"all: …|{line(folded.shared)}", *([f"told apart by: {tested}"] if tested else [])]


def _named(boards: Iterable[Board]) -> Iterator[tuple[str, str]]:
    for board in boards:
        told = [item for item in board.standings if item.f.value is not None]
        if len({item.signature for item in told}) == 1:
            yield board.name, told[0].signature
        else:
            yield from ((f"{board.name}, {item.system}", item.signature) for item in told)


def shared_end(signatures: Sequence[str]) -> str:
    """The longest run of parts that all signatures end in, but for the first part of each: its measure.

    >>> shared_end(["a|avg:micro|seed:0|v:1", "b|avg:macro|seed:0|v:1"])
    'seed:0|v:1'
    """
    parts = [signature.split("|")[:0:-1] for signature in signatures]
    shared = []
    for column in zip(*parts, strict=False):
        if len(set(column)) > 1:
            break
        shared.append(column[0])
    return "|".join(shared[::-1])


def tests(boards: Iterable[Board]) -> str:
    """How systems were tested, as parts of a signature; empty where they were not."""
    return "|".join(dict.fromkeys(f"test:{board.test}" for board in boards if board.test))
