"""Prefill: what annotators of gold were shown before they began, by document, as their lines say.

A document that was done blind was shown nothing. Where some were, F on those and on the others side by side
says how far gold is pulled to what was shown: see the slice `prefill`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import msgspec

from goldwire.corpora.store import Corpus
from goldwire.corpora.types import NOTHING_SHOWN, PREFILL
from goldwire.eval.counting.texts import iter_chunks
from goldwire.eval.measures.slices import Slice

BLIND = "blind (nothing shown)"  # what the slice is called
_CHUNK = 2**16  # bytes that are looked through at a time


class _Provenance(msgspec.Struct, frozen=True):
    details: dict[str, object] = {}


class _Line(msgspec.Struct, frozen=True):
    """What is looked at of a line: the rest of it is passed over."""

    document: str
    provenance: _Provenance = _Provenance()


def shown(corpus: Corpus, gold: str) -> dict[str, str]:
    """By document what its annotator was shown: a layer, or `BLIND`; nothing of those that do not say."""
    path = corpus.layer_file(gold)
    if not _is_said(path):  # as in nearly all layers, which need not be read twice then
        return {}
    found = {
        line.document: line.provenance.details.get(PREFILL)
        for chunk in iter_chunks(path, _Line)
        for line in chunk
    }
    told = ((id, layer) for id, layer in found.items() if isinstance(layer, str) and layer)
    return {id: BLIND if layer == NOTHING_SHOWN else layer for id, layer in told}


def _is_said(path: Path) -> bool:
    """Whether any line may say what was shown; however large a file is, little of it is in memory."""
    sign, end = f'"{PREFILL}"'.encode(), b""
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            if sign in chunk or sign in end + chunk[: len(sign)]:
                return True
            end = chunk[-len(sign) :]
    return False


def times(by_document: Mapping[str, str], documents: Sequence[str], layer: str) -> int:
    """In how many of some documents a layer was shown."""
    return sum(by_document.get(id) == layer for id in documents) if by_document else 0


def sliced(parts: Sequence[Slice], by_document: Mapping[str, str]) -> tuple[Slice, ...]:
    """The slices asked for, and that of what was shown where some documents were done blind and some not."""
    kinds = {*by_document.values()}
    switched = (Slice(PREFILL),) if BLIND in kinds and len(kinds) > 1 else ()
    return tuple(dict.fromkeys((*parts, *switched)))


def notes(values: Collection[str]) -> list[str]:
    """What is to be told of documents parted by what was shown."""
    layers = [value for value in values if value.startswith("system/")]
    if BLIND not in values or not layers:
        return []
    told = f"annotators saw {', '.join(layers)} in some documents and nothing in others"
    return [f"{told}: where gold follows what was shown, that system looks better than it is"]
