"""Documents that what is passed from Python is of: named, or with texts by which offsets are checked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from goldwire.corpora.errors import Fault, InputTypeError, InputValueError
from goldwire.corpora.offsets import hash_text
from goldwire.corpora.store import Corpus, make_document
from goldwire.corpora.types import Document

EXPECTED = "expected {id: text}, Documents, or a list of ids"


class Documents:
    """The documents known so far, by id; `closed` if there are no others than those of `documents=`."""

    def __init__(self, given: Any = None) -> None:
        self.closed = given is not None
        self._known: dict[str, Document] = {}
        self._named: dict[str, str] = {}  # hashes of documents whose text is not known
        for id, document in _read(given):
            if id in self:
                raise InputValueError(f"documents: {id!r} occurs twice")
            if document is None:
                self._named[id] = ""
            else:
                self._known[id] = document

    def __contains__(self, id: str) -> bool:
        return id in self._known or id in self._named

    def ids(self) -> list[str]:
        """All documents that are known."""
        return [*self._known, *self._named]

    def document(self, id: str) -> Document | None:
        """A document, if its text is known."""
        return self._known.get(id)

    def add(self, id: str, text: str, where: str) -> None:
        """Learn the text of a document; `InputValueError` if it may not be there, or has another one."""
        self._check(id, where)
        known = self._known.setdefault(id, make_document(id, text))
        if known.text != text:
            raise InputValueError(f"{where}: the text of document {id!r} is not the one that came before")
        self._named.pop(id, None)

    def name(self, id: str, sha256: str, where: str) -> None:
        """Learn of a document, and the hash of its text where that is known.

        `InputValueError` if `documents=` does not have it, or its text is known to be another one.
        """
        self._check(id, where)
        known = self._known[id].sha256 if id in self._known else self._named.get(id, "")
        if known and sha256 and known != sha256:
            raise InputValueError(
                f"{where}: was made for another text of document {id!r}",
                [Fault(where, f"[{id!r}].sha256", f"{sha256[:12]}… is not {known[:12]}…")],
            )
        if id not in self._known:
            self._named[id] = known or sha256

    def _check(self, id: str, where: str) -> None:
        if self.closed and id not in self:
            raise InputValueError(f"{where}: names document {id!r}, which documents= does not have")

    def all(self) -> dict[str, Document]:
        """All documents by id; one whose text is not known is without one, under the hash that came with it.

        `InputValueError` if there is none.
        """
        if not self.ids():
            raise InputValueError(
                "nothing to score: neither gold nor a system names a document; pass documents="
            )
        unknown = hash_text("")
        bare = {id: Document(id=id, text="", sha256=sha or unknown) for id, sha in self._named.items()}
        return {**self._known, **bare}

    def without(self) -> list[str]:
        """The documents whose text is not known."""
        return list(self._named)


def _read(given: Any) -> Iterable[tuple[str, Document | None]]:
    if given is None:
        return
    if isinstance(given, Corpus):
        given = given.documents()
    if isinstance(given, Mapping):
        given = [_with_text(id, text) for id, text in given.items()]
    if isinstance(given, str | bytes) or not isinstance(given, Iterable):
        raise InputTypeError(f"documents: got {type(given).__name__}; {EXPECTED}")
    for number, item in enumerate(given):
        document = item if isinstance(item, Document) else None
        id = item if document is None else document.id
        if not isinstance(id, str | int):
            raise InputTypeError(f"documents[{number}]: got {type(item).__name__}; {EXPECTED}")
        yield str(id), document


def _with_text(id: Any, text: Any) -> Document:
    if isinstance(text, Document):
        return text
    if not isinstance(text, str):
        raise InputTypeError(f"documents[{id!r}]: got {type(text).__name__}; expected the text")
    return make_document(str(id), text)
