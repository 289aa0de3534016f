"""Coverage: which documents a layer has judged, and which documents a word, a file or a name means.

A line is a judged document, an empty line one judged and found empty. A document without a line, or whose
line was skipped, is not judged; a draft is not finished; where a system failed, it judged nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

import msgspec

from goldwire.corpora import encodings, splits
from goldwire.corpora.codec import read_bytes, read_lines
from goldwire.corpora.errors import CorpusError
from goldwire.corpora.store import SYSTEM, Corpus, writing
from goldwire.corpora.types import NOT_DONE, Annotations, Provenance

SHOWN = 10  # ids named in a message; the rest is counted
LISTED = "listed"  # what is not named was not judged
TOOL = "goldwire corpus cover"  # the provenance of lines that say no more than: looked at, and empty


class Covered(msgspec.Struct, frozen=True, kw_only=True):
    """How many of the documents of a corpus a layer covers.

    `judged` have a line that is somebody's last word, `empty` of them without a unit, given or rejected.
    `skipped`, `drafts` and those on which a system `failed` have a line too and are not judged.
    """

    corpus: int
    judged: int
    empty: int = 0
    skipped: int = 0
    drafts: int = 0
    failed: int = 0

    def __str__(self) -> str:
        """As it is told to people.

        >>> print(Covered(corpus=30, judged=10, empty=4, skipped=2, drafts=3))
        covers 10 of 30 documents (4 empty; not judged: 2 skipped, 3 drafts)
        """
        more = [f"{self.empty} empty"] if self.empty else []
        more += [f"not judged: {self.unfinished}"] if self.unfinished else []
        of_these = f" ({'; '.join(more)})" if more else ""
        return f"covers {self.judged} of {self.corpus} documents{of_these}"

    @property
    def unfinished(self) -> str:
        """The lines that judge nothing, in words; empty where there is none."""
        drafts = "draft" if self.drafts == 1 else "drafts"
        numbers = ((self.skipped, "skipped"), (self.drafts, drafts), (self.failed, "failed"))
        return ", ".join(f"{number} {word}" for number, word in numbers if number)


class Gap(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the documents, of so many of a corpus, that files brought no line for.

    `empty` are taken as judged and empty; of `all_rejected` everything in the files was rejected;
    the `rest` is not judged. `unfinished` tells of lines that came and judge nothing.
    """

    corpus: int
    empty: frozenset[str] = frozenset()
    all_rejected: frozenset[str] = frozenset()
    rest: frozenset[str] = frozenset()
    unfinished: str = ""

    def notes(self, source: str, layer: str, asked: str | None) -> list[str]:
        """What is to be said of it: `source` is what the files are called, `asked` the option if given."""
        of_system = layer.startswith(SYSTEM)
        fate = "count as empty when scored" if of_system else "not judged"
        notes = [f"{self.unfinished} in {source}: {fate}"] if self.unfinished and not of_system else []
        if self.all_rejected:
            notes.append(
                f"nothing could be taken of what {source} has for {named(self.all_rejected)}: {fate}"
            )
        if missing := len(self.empty) + len(self.rest):
            are = "is" if missing == 1 else "are"
            said = self._said(fate, by_default=asked is None)
            notes.append(f"{missing} of {self.corpus} documents {are} not in {source}: {said}")
        return notes

    def _said(self, fate: str, *, by_default: bool) -> str:
        taken = "taken as judged and empty"
        if self.empty and self.rest:
            return f"{len(self.empty)} {taken}, {len(self.rest)} {fate}"
        if self.empty:
            return f"{taken}{'; `--covers listed` if they were not looked at' if by_default else ''}"
        way_out = by_default and fate == "not judged"
        return f"{fate}{'; `--covers all` if they were looked at' if way_out else ''}"


class Covering(msgspec.Struct, frozen=True, kw_only=True):
    """What covering a layer did: documents that got an empty line, and those that were left as they are.

    `skipped` and `drafts` have a line already, which says that it is not done; `all_rejected` have none:
    what there was for them is in the quarantine of the layer.
    """

    layer: str
    written: int
    skipped: tuple[str, ...]
    drafts: tuple[str, ...]
    all_rejected: tuple[str, ...]
    covered: Covered


def finished(layer: Mapping[str, Annotations]) -> dict[str, Annotations]:
    """The documents that a layer has judged."""
    return {id: item for id, item in layer.items() if is_finished(item)}


def is_finished(line: Annotations) -> bool:
    """Whether a line is somebody's last word on its document."""
    return line.provenance.status not in NOT_DONE and not has_failed(line)


def has_failed(line: Annotations) -> bool:
    """Whether a line says no more than that a system failed on its document."""
    return "failed" in line.provenance.details


def describe(lines: Iterable[Annotations], corpus: int) -> Covered:
    """How many of the documents of a corpus of that size the lines of a layer cover."""
    items = list(lines)
    status = Counter(item.provenance.status for item in items)
    done = [item for item in items if is_finished(item)]
    empty = sum(not (item.mentions or item.events or item.relations or item.rejected) for item in done)
    skipped, drafts = (status[name] for name in NOT_DONE)
    return Covered(
        corpus=corpus,
        judged=len(done),
        empty=empty,
        skipped=skipped,
        drafts=drafts,
        failed=len(items) - len(done) - skipped - drafts,
    )


def empty_lines(hashes: Mapping[str, str], ids: Iterable[str]) -> list[Annotations]:
    """A line for each document that says: judged, and nothing found."""
    return [
        Annotations(document=id, sha256=hashes[id], provenance=Provenance(tool=TOOL)) for id in sorted(ids)
    ]


def gap(corpus: Corpus, lines: Iterable[Annotations], all_rejected: Iterable[str | None], covers: str) -> Gap:
    """What becomes of the documents that `lines` are not for.

    `covers` is `listed` (none of them was judged) or what `select` takes; `all_rejected` are documents of
    what was rejected.
    """
    ids, items = frozenset(corpus.hashes()), list(lines)
    missing = ids - {line.document for line in items}
    lost = missing & frozenset(all_rejected)
    asked = frozenset[str]() if covers == LISTED else select(corpus, covers)
    return Gap(
        corpus=len(ids),
        empty=missing & asked - lost,
        all_rejected=lost,
        rest=missing - asked - lost,
        unfinished=describe(items, len(ids)).unfinished,
    )


def cover(corpus: Corpus, layer: str, text: str) -> Covering:
    """Write an empty line for each document that `text` names (see `select`), where the layer has no line."""
    with writing(corpus, "corpus cover") as now:
        return _cover(now, layer, text)


def _cover(corpus: Corpus, layer: str, text: str) -> Covering:
    there, ids = corpus.layer(layer), select(corpus, text)
    all_rejected = (ids - there.keys()) & _turned_away(corpus, layer)
    lines = [*there.values(), *(new := empty_lines(corpus.hashes(), ids - there.keys() - all_rejected))]
    if new:
        corpus.write_layer(layer, lines)
    skipped, drafts = (
        tuple(sorted(id for id in ids & there.keys() if there[id].provenance.status == status))
        for status in NOT_DONE
    )
    return Covering(
        layer=layer,
        written=len(new),
        skipped=skipped,
        drafts=drafts,
        all_rejected=tuple(sorted(all_rejected)),
        covered=describe(lines, len(corpus.hashes())),
    )


class _Away(msgspec.Struct, frozen=True):
    """What of a line of a quarantine file says which document it was for."""

    document: str | None = None


def _turned_away(corpus: Corpus, layer: str) -> frozenset[str | None]:
    path = corpus.quarantine_path(layer)
    return frozenset(item.document for item in read_lines(path, _Away)) if path.is_file() else frozenset()


class _Line(msgspec.Struct, frozen=True):
    """What of a layer's line says which document it is for."""

    document: str


def select(corpus: Corpus, text: str) -> frozenset[str]:
    """The ids of the documents that `text` names: `all`, `split:NAME`, `layer:NAME`, or a file of ids.

    `layer:NAME` are the documents that have a line in that layer, whatever the line holds; a file has an id
    a line. Raises `CorpusError` where there is no such split, layer, file or document, and where no document
    is left; `all` and `split:` in front of a file's name are told apart from it by `./`.
    """
    kind, colon, name = text.partition(":")
    if text == "all":
        found = frozenset(corpus.hashes())
    elif colon and kind == "split":
        found = _of_split(corpus, name)
    elif colon and kind == "layer":
        found = _of_layer(corpus, name)
    else:
        found = _of_file(corpus, Path(text))
    if not found:
        raise CorpusError(f"{text!r} names none of the {len(corpus.hashes())} document(s) of {corpus.where}")
    return found


def named(ids: Collection[str]) -> str:
    """Ids for a message, sorted: the first few by name, the rest by number.

    >>> named(["b", "a"])
    'a, b'
    """
    return shown(sorted(ids))


def shown(items: Sequence[str]) -> str:
    """The first few of what there is to name, and how many more there are."""
    more = f" and {len(items) - SHOWN} more" if len(items) > SHOWN else ""
    return f"{', '.join(items[:SHOWN])}{more}"


def _of_split(corpus: Corpus, name: str) -> frozenset[str]:
    parts = splits.parts(corpus)
    if name not in parts:
        raise CorpusError(f"{corpus.where}: no split {name!r}; there are: {', '.join(parts)}")
    return frozenset(parts[name])


def _of_layer(corpus: Corpus, name: str) -> frozenset[str]:
    path = corpus.layer_path(name)
    if not path.is_file():
        there = ", ".join(corpus.layers()) or "none"
        raise CorpusError(f"{corpus.where}: no layer {name!r}; there are: {there}")
    return _known(corpus, frozenset(line.document for line in read_lines(path, _Line)), str(path))


def _of_file(corpus: Corpus, path: Path) -> frozenset[str]:
    if not path.is_file():
        raise CorpusError(f"{path}: no file of ids, and not `all`, `split:NAME` or `layer:NAME` either")
    lines = encodings.decode(read_bytes(path), str(path)).split("\n")
    return _known(corpus, frozenset(line.strip() for line in lines if line.strip()), str(path))


def _known(corpus: Corpus, ids: frozenset[str], where: str) -> frozenset[str]:
    if unknown := ids - corpus.hashes().keys():
        raise CorpusError(
            f"{where}: {len(unknown)} of {len(ids)} ids are not in {corpus.where}: {named(unknown)}; "
            f"`goldwire corpus show` lists its documents"
        )
    return ids
