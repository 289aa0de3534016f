"""Splits into train, dev and test: by hash, so that adding documents moves none of those there are."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable

import msgspec

from goldwire.corpora.errors import CorpusError
from goldwire.corpora.store import Corpus, Splits, write_manifest, writing
from goldwire.corpora.types import Document
from goldwire.corpora.visible import word

HASH_BITS = 64


def parse(text: str) -> dict[str, float]:
    """Shares as people write them; `CorpusError` if they are none or do not sum to 1.

    >>> parse("train=0.7,dev=0.1,test=0.2")
    {'train': 0.7, 'dev': 0.1, 'test': 0.2}
    """
    shares: dict[str, float] = {}
    for part in text.split(","):
        name, equals, number = (piece.strip() for piece in part.partition("="))
        try:
            share = float(number)
        except ValueError as error:
            raise CorpusError(f"{part!r} is no share; write for instance train=0.8,test=0.2") from error
        if not equals or not name or name in shares:
            raise CorpusError(f"{part!r} names no split, or one named before; write train=0.8,test=0.2")
        shares[name] = share
    check(shares)
    return shares


def check(shares: dict[str, float]) -> None:
    """Raise `CorpusError` unless shares are positive and sum to 1."""
    total = math.fsum(shares.values())
    if not all(share > 0 for share in shares.values()) or not math.isclose(total, 1, abs_tol=1e-9):
        raise CorpusError(f"shares of splits are above 0 and sum to 1; these sum to {total:g}: {shares}")


def assign(documents: Iterable[Document], splits: Splits) -> dict[str, str]:
    """The split of each document, by id. Near-duplicates (`Document.group`) go together.

    A document's split follows from its group (or its id), the seed and the shares alone. So the shares are
    met in expectation, not to the document.
    """
    check(splits.shares)
    return {document.id: split_of(document.group or document.id, splits) for document in documents}


def _none(corpus: Corpus) -> CorpusError:
    return CorpusError(
        f"{corpus.where}: has no splits; set them with "
        f"`goldwire corpus split {word(corpus.where)} --shares train=0.8,test=0.2`"
    )


def parts(corpus: Corpus) -> dict[str, list[str]]:
    """The ids of each split, in the order of the corpus; `CorpusError` if it has no splits."""
    splits = corpus.manifest.splits
    if splits is None:
        raise _none(corpus)
    found: dict[str, list[str]] = {name: [] for name in splits.shares}
    for id, name in assign(corpus.documents(), splits).items():
        found[name].append(id)
    return found


def set_splits(corpus: Corpus, shares: dict[str, float] | None, seed: int | None) -> Corpus:
    """Write new shares or a new seed to the manifest; what is None stays as it is."""
    with writing(corpus, "corpus split") as now:
        old = now.manifest.splits
        if shares is None and old is None:
            raise _none(corpus)
        new = Splits(
            shares=shares if shares is not None else old.shares if old else {},
            seed=seed if seed is not None else old.seed if old else 0,
        )
        check(new.shares)
        return write_manifest(now, msgspec.structs.replace(now.manifest, splits=new))


def split_of(key: str, splits: Splits) -> str:
    """The split of a document, or of a group of near-duplicates, by its id."""
    place, reached = _place(key, splits.seed), 0.0
    for name, share in sorted(splits.shares.items()):  # the order of lines in a file decides nothing
        reached += share
        if place < reached:
            return name
    return name  # the shares may sum to a hair less than 1


def _place(key: str, seed: int) -> float:
    """A number from 0 up to 1 that key and seed decide."""
    digest = hashlib.blake2b(f"{seed}\0{key}".encode(), digest_size=HASH_BITS // 8).digest()
    return int.from_bytes(digest, "big") / (1 << HASH_BITS)
