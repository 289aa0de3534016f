"""Gathering: what files say of documents, put where it belongs, on texts of the files or of a corpus.

Shared by the formats in which a record is a document with its text, or with the tokens of it.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from operator import lt
from typing import Any, NamedTuple

from goldwire.corpora.encodings import composed, normalise, text_faults
from goldwire.corpora.errors import CorpusError
from goldwire.corpora.formats import Reading, loss, tags
from goldwire.corpora.offsets import hash_text
from goldwire.corpora.rejected import raw_spans
from goldwire.corpora.tokens import keep, untagged
from goldwire.corpora.types import (
    Annotations,
    Document,
    Event,
    Mention,
    Meta,
    Provenance,
    Rejected,
    Relation,
    Span,
    Tokens,
)

_SHOWN = 10  # ids in a note
FILLER = "FILLER"  # the type of what fills a role, where files give it none
_SPACE = re.compile(r"\s+")
NO_PLACE = "documents' tokens, some of which have no visible character"
NO_TAGS = "documents' tokens, with tabs in tags"


class Place(NamedTuple):
    """A document, and where in it the offsets of a record lead.

    `starts` and `ends` are those of the record's tokens, where it has some, and `sentences` the numbers of
    tokens in each sentence. `pairs` are the places of CRLF in the record's own text.
    """

    document: Document
    where: str
    starts: Sequence[int] = ()
    ends: Sequence[int] = ()
    pairs: Sequence[int] = ()
    sentences: Sequence[int] = ()

    def span(self, start: int, end: int) -> Span:
        """A span of the record's text, in code points, as one of the document. It may be outside."""
        return Span(start - bisect_left(self.pairs, start), end - bisect_left(self.pairs, end))

    def tokens(self, first: int, after: int) -> Span:
        """The span of tokens from `first` to the one before `after`; of none that are there, one outside."""
        if not 0 <= first < after <= len(self.starts):
            return Span(-1, -1)
        return Span(self.starts[first], max(self.starts[first], *self.ends[first:after]))


class Gathering:
    """Takes records one after the other; `lost`, `notes` and `quarantined` go into the reading.

    `options` are the format's, for whoever takes a record.
    """

    def __init__(self, documents: Sequence[Document] | None = None, options: Any = None) -> None:
        self.options = options
        self.known = None if documents is None else {document.id: document for document in documents}
        self.made: dict[str, Document] = {}
        self.lines: dict[str, Annotations] = {}
        self.kept: list[tuple[Place, str | None]] = []  # tokens of records, and their tags
        self.texts: set[str] = set()  # for formats in which a text is all that names a document
        self.lost: Counter[str] = Counter()
        self.notes: list[str] = []
        self.quarantined: list[Rejected] = []
        self._free: dict[str, OrderedDict[str, Document]] | None = None
        self._in_order: list[OrderedDict[str, Document]] = []  # of one text, given out by their order alone
        self._number = 0

    # ------------------------------------------------------------ documents

    def text(
        self, id: str | None, text: str, where: str, value: Any = None, meta: Meta | None = None
    ) -> Place | None:
        """The place of a record with a text; None, and the reason in quarantine, where there is none.

        In a corpus it is the document with that text: the one of that id, else the next that is free.
        """
        plain = normalise(text)
        document = self._document(id, plain, where, value, meta, squeezed=False)
        # Offsets count the text as it came: a byte order mark and each CRLF are a character more.
        pairs = [match.start() for match in re.finditer("\r\n", text)]
        pairs = [-1, *pairs] if text.startswith("\ufeff") else pairs
        return None if document is None else Place(document, where, pairs=pairs)

    def tokens(
        self,
        id: str | None,
        sentences: Iterable[Sequence[str]],
        where: str,
        value: Any = None,
        meta: Meta | None = None,
    ) -> Place | None:
        """The place of a record with tokens, as `text`; white space between them is that of the document.

        A text that is made has a sentence a line, and a space between tokens.
        """
        lines = [[normalise(word) for word in sentence] for sentence in sentences]
        text = normalise("\n".join(" ".join(line) for line in lines))
        document = self._document(id, text, where, value, meta, squeezed=True)
        if document is None:
            return None
        starts, ends = _places([word for line in lines for word in line], document.text)
        return Place(document, where, starts, ends, sentences=[len(words) for words in lines if words])

    def _document(
        self, id: str | None, text: str, where: str, value: Any, meta: Meta | None, *, squeezed: bool
    ) -> Document | None:
        self._number += 1
        if faults := text_faults(text):
            self.refuse("no-text", "; ".join(faults), where, id, value)
            return None
        if self.known is None:
            return self._make(id or f"{self._number:06d}", text, where, value, meta or Meta())
        if self._free is None:
            self._free = _by_text(self.known.values(), squeezed=squeezed)
        same = self._free.get(_squeeze(text) if squeezed else text, OrderedDict())
        if not same:
            self._unknown(self.known.get(id or ""), text, where, id, value, squeezed=squeezed)
            return None
        if id is not None and id in same:
            return same.pop(id)
        if len(same) > 1:
            self._in_order.append(same)
        return same.popitem(last=False)[1]

    def _make(self, id: str, text: str, where: str, value: Any, meta: Meta) -> Document | None:
        if id in self.made:
            self.refuse("repeated-document", "the id is that of an earlier record", where, id, value)
            return None
        self.made[id] = Document(id=id, text=text, sha256=hash_text(text), meta=meta)
        return self.made[id]

    def _unknown(
        self, there: Document | None, text: str, where: str, id: str | None, value: Any, *, squeezed: bool
    ) -> None:
        if there is None:
            kind, message = "unknown-document", "the corpus has no document with this text that is still free"
        elif (_squeeze(there.text) == _squeeze(text)) if squeezed else there.text == text:
            kind, message = "repeated-document", f"{id!r} has an earlier record, which is kept"
        else:
            hint = composed(_squeeze(there.text), _squeeze(text)) if squeezed else composed(there.text, text)
            kind, message = "text-changed", f"{id!r} has another text in the corpus{hint}"
        self.refuse(kind, message, where, id, value)

    # ------------------------------------------------------------ what is kept and what is not

    def add(
        self,
        place: Place,
        mentions: Iterable[Mention] = (),
        events: Iterable[Event] = (),
        relations: Iterable[Relation] = (),
        *,
        rejected: Iterable[Rejected] = (),
        provenance: Provenance = Provenance(),  # noqa: B008 - frozen
        tags: Sequence[str] | None = None,
    ) -> None:
        """The line of a document; units that do not fit its text are sorted out later.

        Tokens of the place are kept, with their `tags` where they have some.
        """
        document = place.document
        if place.sentences:
            self._keep(place, None if tags is None else "\t".join(tags))
        self.lines[document.id] = Annotations(
            document=document.id,
            sha256=document.sha256,
            mentions=tuple(mentions),
            events=tuple(events),
            relations=tuple(relations),
            rejected=tuple(rejected),
            provenance=provenance,
        )

    def _keep(self, place: Place, tags: str | None) -> None:
        if tags is not None and tags.count("\t") != len(place.starts) - 1:  # a tag with a tab in it
            self.lost[NO_TAGS] += 1
        elif all(map(lt, place.starts, place.ends)):
            self.kept.append((place, tags))
        else:
            self.lost[NO_PLACE] += 1

    def _tokens(self) -> list[Tokens]:
        """The tokens of all lines, bound to these; the scheme of their tags is that of all."""
        scheme = tags.detect(given.split("\t") for _, given in self.kept if given is not None)
        found = []
        for place, given in self.kept:
            line = self.lines[place.document.id]
            if given is None:
                found.append(untagged(line, place.starts, place.ends, place.sentences))
            else:
                found.append(keep(line, place.starts, place.ends, [given], scheme))
        return found

    def refuse(self, kind: str, message: str, where: str, id: str | None, value: Any) -> None:
        """Note a record that has no line."""
        found = Rejected(unit="document", kind=kind, message=message, where=where, document=id, value=value)
        self.quarantined.append(found)

    def reading(self) -> Reading:
        """What came of all records; `CorpusError` if there was none."""
        if not self._number and not self.quarantined:
            raise CorpusError("the files hold no document that could be read")
        return Reading(
            annotations=list(self.lines.values()),
            documents=list(self.made.values()) if self.known is None else [],
            tokens=self._tokens(),
            loss=loss.report(self.lost),
            quarantined=self.quarantined,
            notes=[*self.notes, *self._doubts()],
        )

    def _doubts(self) -> Iterator[str]:
        """That records were given to the first of several documents, and others went without."""
        left = {id for same in self._in_order for id in same}
        if left:
            ids = ", ".join(sorted(left)[:_SHOWN])
            yield (
                f"{len(left)} document(s) have the text of another that a record was given to, which does not"
                f" say which it means, and got none: {ids}"
            )


def reject(
    place: Place, unit: Any, kind: str, message: str, spans: Iterable[Any] = (), **more: Any
) -> Rejected:
    """A unit of a document that could not be taken; `more` are fields of `Rejected`."""
    return Rejected(
        unit=unit,
        kind=kind,
        message=message,
        where=place.where,
        document=place.document.id,
        spans=raw_spans([tuple(span) for span in spans]),
        **more,
    )


def _squeeze(text: str) -> str:
    return _SPACE.sub("", text)


def _by_text(documents: Iterable[Document], *, squeezed: bool) -> dict[str, OrderedDict[str, Document]]:
    """Documents by their text, in order."""
    found: dict[str, OrderedDict[str, Document]] = defaultdict(OrderedDict)
    for document in documents:
        found[_squeeze(document.text) if squeezed else document.text][document.id] = document
    return dict(found)


def _places(words: Sequence[str], text: str) -> tuple[list[int], list[int]]:
    """Where tokens start and end in a text with the same visible characters.

    A token without any starts where the next one does and ends where the last one did: alone it is empty.
    """
    visible = [place for place, char in enumerate(text) if not char.isspace()]
    cuts = [0, *accumulate(len(_squeeze(word)) for word in words)]
    starts = [visible[min(cut, len(visible) - 1)] for cut in cuts[:-1]]
    ends = [visible[cut - 1] + 1 if cut else 0 for cut in cuts[1:]]
    return starts, ends
