"""Picks the documents of a draw for people, in the order that it says, and those that are shown nothing."""

from __future__ import annotations

import hashlib

from goldwire.corpora import samples
from goldwire.corpora.store import Corpus

ORDERED, BY_ID = "Uncertainty sampling", "Sequential sampling"  # how a project gives out tasks
MOST = 1_000_000  # documents that a draw can order


def scores(corpus: Corpus, pick: str) -> dict[str, float]:
    """The score of the prediction of each drawn document, by which its task is given to people: least first.

    The server takes scores from 0 to 1. These are so small that other predictions come after them, whose
    scores are what systems think of their units. `CorpusError` if there is no such draw.
    """
    return {one.document: number / MOST for number, one in enumerate(samples.read(corpus, pick).drawn)}


def is_blind(document: str, share: float) -> bool:
    """Whether a document is one of the share that is shown nothing: by a hash of its id, so always the same.

    A greater share has all that a smaller one has.
    """
    digest = hashlib.blake2b(f"blind\0{document}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / (1 << 64) < share
