"""Corrects the text of a document: a new text under the same id, the old one kept with its layers.

All or nothing (see `pending`): the documents, the line of this document in each layer, its tokens, and the
new version (see `versions`). People's annotations are carried over as far as they go (see `carry`). What a
system said of the old text is nothing that it said of the new one: its line is taken out, so that the system
counts as not run on the document until `eval run` has done it again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Literal

import msgspec

from goldwire.corpora import boilerplate, duplicates, pending, versions
from goldwire.corpora import carry as carrying
from goldwire.corpora import tokens as kept_tokens
from goldwire.corpora.carry import Carried, Correction
from goldwire.corpora.codec import encode_lines, read_lines
from goldwire.corpora.coverage import is_finished
from goldwire.corpora.encodings import normalise, text_faults, text_warnings
from goldwire.corpora.errors import CorpusError, DataError, Fault, nearest
from goldwire.corpora.ingest import headline
from goldwire.corpora.names import check_new
from goldwire.corpora.offsets import hash_text
from goldwire.corpora.store import DOCUMENTS, MACHINES, Corpus, encode_layer, writing
from goldwire.corpora.types import Annotations, Document, Excluded, Rejected, Span, Tokens
from goldwire.corpora.versions import FORMAT, Version


class Passage(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a document's line in one layer.

    `left` is one of a text that nobody knows any more: it was of no use before, and is not touched. So many
    `mentions`, `events` and `relations` are in the new line, `lost` are not. `unjudged` is a line that is
    nobody's last word any more, since words came in. `tokens` say whether those beside the layer still fit.
    """

    layer: str
    state: Literal["carried", "dropped", "left"]
    mentions: int = 0
    events: int = 0
    relations: int = 0
    lost: tuple[Rejected, ...] = ()
    unjudged: bool = False
    tokens: Literal["none", "carried", "lost"] = "none"


class Corrected(msgspec.Struct, frozen=True, kw_only=True):
    """A correction: the hashes and lengths of both texts, and where the old one is kept.

    `version` is None where the text is the one that the document has already. `added` words are more than
    stood at their places before.
    """

    document: str
    version: int | None
    old: str
    new: str
    characters: tuple[int, int]
    added: int = 0
    passages: tuple[Passage, ...] = ()
    notes: tuple[str, ...] = ()


def correct(corpus: Corpus, id: str, text: str, *, judged: bool = False, dry_run: bool = False) -> Corrected:
    """Put another text in the place of a document's; with `dry_run` only say what would become of layers.

    `judged` says that the words which came in were looked at and hold nothing. Raises `CorpusError` if there
    is no such document, `DataError` if the text cannot be one of the corpus: then nothing is changed.
    """
    if dry_run:
        return _Plan(corpus, id, normalise(text), judged).done
    with writing(corpus, "corpus correct") as now:
        plan = _Plan(now, id, normalise(text), judged)
        if plan.files:
            pending.replace(now.path, plan.files)
    return plan.done


class _Line(msgspec.Struct, frozen=True):
    """A line of the document in a layer as it was, with its tokens, and what it is now; None if it goes."""

    old: Annotations
    new: Annotations | None
    passage: Passage


class _Plan:
    """What a correction does, and the files that it puts in their places; none if there is nothing to do."""

    def __init__(self, corpus: Corpus, id: str, text: str, judged: bool) -> None:
        self.corpus, self.judged = corpus, judged
        self.documents = corpus.documents()
        self.old = _find(corpus, self.documents, id)
        self.files: dict[str, bytes] = {}
        if hash_text(text) == self.old.sha256:
            self.done = self._told(None, self.old)
            return
        _check(text, id, self.documents)
        check_new(corpus.path, versions.place(corpus, id, 1).relative_to(corpus.path))
        drawn = _document(self.old, text)
        self.correction = carrying.correction(self.old, drawn, judged=judged)
        grouped, moved = _grouped(self.documents, _with_regions(self.correction))
        self.correction = msgspec.structs.replace(self.correction, new=_find(corpus, grouped, id))
        self.kept: dict[str, list[Annotations]] = {}
        self.tokens: dict[str, Tokens] = {}
        passages = [passage for name in corpus.layers() for passage in self._layer(name)]
        number = max((version.number for version in versions.of(corpus, id)), default=0) + 1
        self.files[DOCUMENTS] = encode_lines(grouped)
        self.files |= versions.files(corpus, self._version(number), self.old, self.kept, self.tokens)
        self.done = self._told(number, self.correction.new, passages, self._notes(moved))

    def _version(self, number: int) -> Version:
        return Version(
            format=FORMAT,
            document=self.old.id,
            number=number,
            sha256=self.old.sha256,
            replaced_by=self.correction.new.sha256,
            replaced=datetime.now(UTC).isoformat(timespec="seconds"),
            unjudged=bool(self.correction.difference.added) and not self.judged,
        )

    def _told(
        self,
        number: int | None,
        new: Document,
        passages: Iterable[Passage] = (),
        notes: Iterable[str] = (),
    ) -> Corrected:
        return Corrected(
            document=self.old.id,
            version=number,
            old=self.old.sha256,
            new=new.sha256,
            characters=(len(self.old.text), len(new.text)),
            added=0 if number is None else self.correction.difference.added,
            passages=tuple(passages),
            notes=tuple(notes),
        )

    def _notes(self, moved: Iterable[str]) -> Iterator[str]:
        yield from text_warnings(self.correction.new.text)
        before, after = len(self.old.excluded), len(self.correction.new.excluded)
        if before != after:
            yield f"excluded regions: {after}, where there were {before}"
        yield from moved

    # ------------------------------------------------------------ layers

    def _layer(self, name: str) -> Iterator[Passage]:
        """What becomes of one layer, if it has the document."""
        lines = read_lines(self.corpus.layer_path(name), Annotations)
        mine = [self._line(name, line) for line in lines if line.document == self.old.id]
        if not mine:
            return
        self.kept[name] = [one.old for one in mine]
        others = [line for line in lines if line.document != self.old.id]
        new = [one.new for one in mine if one.new is not None]
        self.files[_within(self.corpus, name)] = encode_layer([*others, *new])
        carried = self._keep_tokens(name, mine)
        yield from (msgspec.structs.replace(one.passage, tokens=carried) for one in mine)

    def _line(self, layer: str, line: Annotations) -> _Line:
        correction = self._of(line)
        if correction is None:
            return _Line(line, line, Passage(layer=layer, state="left"))
        if layer.startswith(MACHINES):
            return _Line(line, None, Passage(layer=layer, state="dropped"))
        carried = carrying.carry(line, correction)
        return _Line(line, carried.line, _passage(layer, line, carried))

    def _of(self, line: Annotations) -> Correction | None:
        """What became of the text that a line is of, which may be an earlier one; None if nobody knows it."""
        if line.sha256 == self.old.sha256:
            return self.correction
        before = versions.earlier(self.corpus, self.old.id).get((self.old.id, line.sha256))
        if before is None:
            return None
        judged = before.judged and (self.judged or not self.correction.difference.added)
        return carrying.correction(before.document, self.correction.new, judged=judged)

    def _keep_tokens(self, layer: str, mine: Sequence[_Line]) -> Literal["none", "carried", "lost"]:
        """See to the tokens beside a layer; those that cannot be read are believed by nobody."""
        path = self.corpus.tokens_path(layer)
        try:
            every = kept_tokens.read(path)
        except DataError:
            return "none"
        (old, new), there = (mine[0].old, mine[0].new), [one for one in every if one.document == self.old.id]
        if not there:
            return "none"
        carried = (
            None if new is None or new is old else carrying.carry_tokens(there[0], old, new, self.correction)
        )
        self.tokens[layer] = there[0]
        staying = [one for one in every if one.document != self.old.id]
        name = path.relative_to(self.corpus.path).as_posix()
        self.files[name] = kept_tokens.encode([*staying, *([carried] if carried else [])])
        return "lost" if carried is None else "carried"


def _passage(layer: str, before: Annotations, carried: Carried) -> Passage:
    line = carried.line
    return Passage(
        layer=layer,
        state="carried",
        mentions=len(line.mentions),
        events=len(line.events),
        relations=len(line.relations),
        lost=carried.lost,
        unjudged=is_finished(before) and not is_finished(line),
    )


def _within(corpus: Corpus, layer: str) -> str:
    return corpus.layer_path(layer).relative_to(corpus.path).as_posix()


# ---------------------------------------------------------------- the document
def _find(corpus: Corpus, documents: Iterable[Document], id: str) -> Document:
    known = {document.id: document for document in documents}
    if id not in known:
        told = nearest(id, known) or "; `goldwire corpus show` lists them"
        raise CorpusError(f"{corpus.where}: no document {id!r}{told}")
    return known[id]


def _check(text: str, id: str, documents: Iterable[Document]) -> None:
    """Raise `DataError` if a text cannot be annotated, or is that of another document."""
    faults = [Fault(id, "$.text", message) for message in text_faults(text)]
    digest = "" if faults else hash_text(text)
    faults += [
        Fault(id, "$.text", f"is the text of {document.id!r} in the corpus")
        for document in documents
        if document.sha256 == digest
    ]
    if faults:
        raise DataError(f"{len(faults)} fault(s) in the new text; nothing was changed", faults)


def _document(old: Document, text: str) -> Document:
    """The document with its new text, without regions; a title that was its first line follows it."""
    follows = old.meta.title is not None and old.meta.title == headline(old.text)
    meta = msgspec.structs.replace(old.meta, title=headline(text)) if follows else old.meta
    return msgspec.structs.replace(old, text=text, sha256=hash_text(text), meta=meta, excluded=())


def _with_regions(correction: Correction) -> Document:
    """The new document with what is excluded: by the rules where they marked the old one, else as it was.

    A region that people marked moves if its first and last characters do, with whatever is between.
    """
    old, new = correction.old, correction.new
    if old.excluded == boilerplate.find(old.text):
        return msgspec.structs.replace(new, excluded=boilerplate.find(new.text))
    ends = (
        (
            correction.difference.move(Span(region.start, region.start + 1)),
            correction.difference.move(Span(region.end - 1, region.end)),
            region.reason,
        )
        for region in old.excluded
    )
    regions = (
        Excluded(start=first.start, end=last.end, reason=reason)
        for first, last, reason in ends
        if first is not None and last is not None
    )
    return msgspec.structs.replace(new, excluded=tuple(regions))


def _grouped(documents: Sequence[Document], new: Document) -> tuple[list[Document], list[str]]:
    """All documents with the new one among them, its near-duplicates found anew, and who changes groups.

    Those of its group before are compared again; all others keep theirs.
    """
    replaced = [new if document.id == new.id else document for document in documents]
    again = {one.id for one in replaced if one.id == new.id or (one.group and one.group == new.group)}
    known = [document for document in replaced if document.id not in again]
    order = [*known, *(document for document in replaced if document.id in again)]
    found = {one.id: one.group for one in duplicates.group(order, known=len(known))}
    touched = {found[id] for id in again} - {None}
    first: dict[str | None, str] = {}
    for one in replaced:  # a group is called by the first of them in the corpus
        first.setdefault(found[one.id], one.id)
    after = [
        msgspec.structs.replace(one, group=first[found[one.id]] if found[one.id] in touched else None)
        if one.id in again or found[one.id] in touched
        else one
        for one in replaced
    ]
    return after, list(_moves(documents, after))


def _moves(before: Iterable[Document], after: Iterable[Document]) -> Iterator[str]:
    for old, new in zip(before, after, strict=True):
        if (old.group or old.id) != (new.group or new.id):
            told = f"goes with {new.group} now" if new.group else f"does not go with {old.group} any more"
            yield f"{new.id} {told}, being a near-duplicate or not: its split may change"
