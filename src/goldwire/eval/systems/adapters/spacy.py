"""An installed spaCy pipeline: its named entities under its own labels, and what is added on its parse.

What adds to it (events, in `eval.reference`) is given the parsed document and its entities.
"""

from __future__ import annotations

import contextlib
import glob
import warnings
from collections.abc import Iterator, Sequence
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

from goldwire.corpora.errors import ExtractorError
from goldwire.corpora.types import Annotations, Document, Mention, Span
from goldwire.eval.systems.watch import digests

BATCH = 16  # documents handed to `nlp.pipe` at a time
Entity = tuple[int, int, str]  # first and last token, and label


class Rules(Protocol):
    """What makes annotations of a parsed document and its entities; `provides` as an extractor's."""

    provides: frozenset[str]

    def annotate(self, document: Document, parsed: Any, entities: Sequence[Entity]) -> Annotations:
        """The annotations of one document."""
        ...


class PipelineExtractor:
    """Runs a pipeline, and the rules for events where there are any."""

    batch = BATCH

    def __init__(self, nlp: Any, model: str, *, trim: bool, events: Rules | None = None) -> None:
        self.name = f"spacy {model}"
        self.version = f"{nlp.meta.get('version', '')} (spacy {version('spacy')})"
        self.provides = frozenset({"mentions"}) | (events.provides if events else frozenset())
        self._nlp, self._trim, self._events = nlp, trim, events

    def extract(self, documents: Sequence[Document]) -> Iterator[Annotations]:
        """The annotations of each document."""
        texts = (document.text for document in documents)
        for document, parsed in zip(documents, self._nlp.pipe(texts, batch_size=BATCH), strict=True):
            entities = [self._entity(entity) for entity in parsed.ents]
            if self._events is None:
                yield _mentions_only(document, parsed, [e for e in entities if e])
            else:
                yield self._events.annotate(document, parsed, [e for e in entities if e])

    def _entity(self, entity: Any) -> Entity | None:
        """First and last token and label; determiners before and possessive endings behind are cut."""
        first, last = entity.start, entity.end - 1
        if self._trim:
            while first < last and entity.doc[first].pos_ == "DET":
                first += 1
            while last > first and entity.doc[last].tag_ == "POS":
                last -= 1
        return (first, last, entity.label_) if entity.text.strip() else None


def _mentions_only(document: Document, parsed: Any, entities: Sequence[Entity]) -> Annotations:
    mentions = [
        Mention(
            id=f"m{i}",
            type=label,
            spans=(Span(*_ends(parsed[first], parsed[last])),),
        )
        for i, (first, last, label) in enumerate(entities, start=1)
    ]
    return Annotations(document=document.id, sha256=document.sha256, mentions=tuple(mentions))


def _ends(first: Any, last: Any) -> tuple[int, int]:
    return int(first.idx), int(last.idx) + len(last.text)


def read(target: str) -> Any:
    """An installed pipeline; `ExtractorError` if it is not there."""
    import spacy

    with warnings.catch_warnings():  # that a model was made for another minor release is said by its version
        warnings.simplefilter("ignore")
        try:
            return spacy.load(_location(target))
        except (OSError, ValueError, ImportError) as error:
            raise ExtractorError(
                f"spacy:{target}: {error}; install a pipeline first, for example with "
                "`python -m spacy download en_core_web_sm`"
            ) from error


def release(target: str) -> str | dict[str, str]:
    """The release of the package that a pipeline is or lies in; of a folder, the hashes of its files."""
    place = Path(_location(target))
    package, slash, _ = target.partition("/")
    if package and not (slash and Path(target).exists()):
        with contextlib.suppress(PackageNotFoundError):
            return version(package.replace("_", "-"))
    return digests([glob.escape(str(place))]) if place.is_dir() else ""


def _location(target: str) -> str | Path:
    """A package's name, a folder, or PACKAGE/FOLDER for a pipeline that lies inside a package."""
    if not target:
        raise ExtractorError("spacy: name a pipeline, for example spacy:en_core_web_sm")
    package, _, inner = target.partition("/")
    if inner and package.isidentifier() and not Path(target).exists():
        found = find_spec(package)
        if found is not None and found.origin is not None:
            return Path(found.origin).parent / inner
    return target
