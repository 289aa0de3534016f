"""Who annotates what: each document to one person, and a share of them to two.

It follows from the names and the ids alone (rendezvous hashing), so it is the same tomorrow and elsewhere. A
new name takes documents from everybody and moves no other; a new document moves none.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

from goldwire.corpora.errors import CorpusError
from goldwire.corpora.types import Document

_RANGE = 2**64


def assign(
    documents: Iterable[Document], names: Sequence[str], overlap: float = 0.0
) -> dict[str, list[Document]]:
    """The documents of each person, in the order given; `overlap` is the share, 0 to 1, for two people.

    Near-duplicates (`Document.group`) stay together. Raises `CorpusError` for a name that comes twice.
    """
    if len(set(names)) < len(names):
        raise CorpusError(f"each annotator is named once: {', '.join(names)}")
    found: dict[str, list[Document]] = {name: [] for name in names}
    for document in documents:
        of = document.group or document.id
        ranked = sorted(names, key=lambda name: _number(f"{name}\n{of}"))
        for name in ranked[: 2 if _number(of) < overlap * _RANGE else 1]:
            found[name].append(document)
    return found


def _number(text: str) -> int:
    """A number below 2**64 that says nothing but is always the same."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8])
