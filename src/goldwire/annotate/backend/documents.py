"""The document that a task is about: the corpus's where the text is the same, else the task's own text."""

from __future__ import annotations

import threading
from typing import Any, Literal

import msgspec

from goldwire.annotate.exchange import frames
from goldwire.annotate.exchange.tasks import KEY
from goldwire.corpora.codec import BROKEN
from goldwire.corpora.errors import CorpusError, GoldwireError
from goldwire.corpora.integrity import check_id
from goldwire.corpora.offsets import hash_text
from goldwire.corpora.store import DOCUMENTS, Corpus, make_document
from goldwire.corpora.types import Document, Excluded

Origin = Literal["corpus", "changed", "foreign"]
_DIGITS = 16  # of a hash in the name of a text that has none


class Found(msgspec.Struct, frozen=True):
    """The document of a task, and where it is from.

    From the corpus; `changed` if the corpus has another text under its id, `foreign` if it has none.
    """

    document: Document
    origin: Origin


class Documents:
    """The documents of a corpus as they are on the disk at the moment; any thread may ask."""

    def __init__(self, corpus: Corpus) -> None:
        self._corpus, self._lock = corpus, threading.Lock()
        self._seen: tuple[int, int, int] | None = None
        self._by_id: dict[str, Document] = {}

    def find(self, data: dict[str, Any], field: str) -> Found | str:
        """The document of a task's data, or why there is none; the project shows the text of `field`."""
        if frames.is_frame(data):
            return "a task of the layout frames"
        text = data.get(field)
        if not isinstance(text, str) or not text.strip():
            return "no text"
        key = data.get(KEY)
        known = self._read().get(key) if isinstance(key, str) else None
        if known is not None and known.text == text:
            return Found(known, "corpus")
        own = make_document(_name(key, text), text, excluded=_excluded(data, text))
        return Found(own, "foreign" if known is None else "changed")

    def _read(self) -> dict[str, Document]:
        """The documents by id, read again when their file is another; those of before if it is damaged."""
        with self._lock:
            try:
                state = (self._corpus.path / DOCUMENTS).stat()
                seen = (state.st_mtime_ns, state.st_size, state.st_ino)
                if seen != self._seen:
                    self._by_id = {document.id: document for document in self._corpus.documents()}
                    self._seen = seen
            except (OSError, GoldwireError):
                pass
            return self._by_id


def _name(key: object, text: str) -> str:
    """The id that the system is told: the task's own, or one made of the text, the same for the same text."""
    if isinstance(key, str):
        try:
            check_id(key)
        except CorpusError:
            pass
        else:
            return key
    return f"text-{hash_text(text)[:_DIGITS]}"


def _excluded(data: dict[str, Any], text: str) -> tuple[Excluded, ...]:
    """The excluded regions that a task says it has, those that are in its text."""
    try:
        found = msgspec.convert(data.get("excluded", ()), tuple[Excluded, ...])
    except BROKEN:
        return ()
    return tuple(region for region in found if region.start < region.end <= len(text))
