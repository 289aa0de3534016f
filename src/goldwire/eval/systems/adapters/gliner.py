"""`gliner:MODEL`: a zero-shot extractor (Zaratiana and others 2024): units by the words of their types.

A text is read sentence by sentence, as many at once as the model takes. Types and their words come from the
ontology: titles in lower case, unless the option `words` has others.
"""

from __future__ import annotations

import glob
import warnings
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import msgspec

from goldwire.corpora import extras
from goldwire.corpora.errors import ExtractorError, among
from goldwire.corpora.ontology import Ontology
from goldwire.corpora.sentences import Word, sentences
from goldwire.corpora.types import Annotations, Document, Event, Mention, Span
from goldwire.eval.systems.extractor import Context, options
from goldwire.eval.systems.watch import digests

BATCH = 8  # documents, and pieces of text, at a time
FILLED = 0.75  # of what a model takes: its words are not quite ours
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]


class Options(msgspec.Struct, forbid_unknown_fields=True):
    """`threshold` is the score from which a unit counts, `thresholds` those of single types.

    `words` name types to the model. With `triggers` event types are looked for too. `nested` units may stand
    within others. `revision` is that of a model that is fetched.
    """

    threshold: Share = 0.5
    thresholds: dict[str, Share] = {}
    words: dict[str, str] = {}
    triggers: bool = False
    nested: bool = False
    revision: str | None = None


class Label(NamedTuple):
    """A type of mention or event, and the score from which its units count."""

    type: str
    is_event: bool
    least: float


class GlinerExtractor:
    """Runs a model; `labels` are by the words that it is given."""

    batch = BATCH

    def __init__(self, model: Any, target: str, labels: Mapping[str, Label], *, nested: bool) -> None:
        self.name, self.version = f"gliner {target}", f"{version('gliner')} (torch {version('torch')})"
        self.provides = frozenset({"mentions", *(["triggers"] if _has_events(labels) else [])})
        self._model, self._labels, self._nested = model, labels, nested
        self._most = max(1, int(model.config.max_len * FILLED))

    def extract(self, documents: Sequence[Document]) -> Iterator[Annotations]:
        """What the model finds in each document, with its scores."""
        each = [list(pieces(document, self._most)) for document in documents]
        texts = [
            document.text[piece.start : piece.end]
            for document, own in zip(documents, each, strict=True)
            for piece in own
        ]
        found = iter(self._find(texts))
        for document, own in zip(documents, each, strict=True):
            yield self._annotated(document, [(piece.start, unit) for piece in own for unit in next(found)])

    def _find(self, texts: list[str]) -> list[list[dict[str, Any]]]:
        if not texts:
            return []
        least = min(label.least for label in self._labels.values())
        with warnings.catch_warnings():  # of the libraries below, which are nothing that a user could change
            warnings.simplefilter("ignore")
            found: list[list[dict[str, Any]]] = self._model.inference(
                texts, [*self._labels], threshold=least, flat_ner=not self._nested, batch_size=BATCH
            )
        return found

    def _annotated(self, document: Document, found: Sequence[tuple[int, dict[str, Any]]]) -> Annotations:
        """The units of a document, each with where its piece begins."""
        mentions, events = list[Mention](), list[Event]()
        for number, (start, unit) in enumerate(found, 1):
            label, score = self._labels[unit["label"]], min(max(float(unit["score"]), 0.0), 1.0)
            spans = (Span(start + unit["start"], start + unit["end"]),)
            if score < label.least:
                continue
            if label.is_event:
                events.append(Event(id=f"e{number}", type=label.type, trigger=spans, score=score))
            else:
                mentions.append(Mention(id=f"m{number}", type=label.type, spans=spans, score=score))
        return Annotations(
            document=document.id, sha256=document.sha256, mentions=tuple(mentions), events=tuple(events)
        )


def _has_events(labels: Mapping[str, Label]) -> bool:
    return any(label.is_event for label in labels.values())


# ---------------------------------------------------------------- texts
def pieces(document: Document, most: int) -> Iterator[Span]:
    """Runs of whole sentences of at most so many words; a longer sentence in parts.

    >>> from goldwire.corpora.store import make_document
    >>> document = make_document("a", "One two. Three four. Five six seven eight nine.")
    >>> [document.text[piece.start : piece.end] for piece in pieces(document, 6)]
    ['One two. Three four.', 'Five six seven eight nine.']
    """
    run: list[Word] = []
    for sentence in sentences(document.text, document.excluded):
        parts = [sentence[i : i + most] for i in range(0, len(sentence), most)]
        for part in parts:
            if run and len(run) + len(part) > most:
                yield Span(run[0].start, run[-1].end)
                run = []
            run += part
    if run:
        yield Span(run[0].start, run[-1].end)


# ---------------------------------------------------------------- types
def labels(ontology: Ontology, chosen: Options) -> dict[str, Label]:
    """The types by the words that name them; `ExtractorError` for two of the same, or types that are none."""
    events = dict.fromkeys(ontology.events, True) if chosen.triggers else {}
    types = {**dict.fromkeys(ontology.entities, False), **events}
    for option in ("words", "thresholds"):
        for name in getattr(chosen, option):
            if name not in types:
                raise ExtractorError(f"gliner: {option}: no type {name!r} is looked for{among(name, types)}")
    found = dict[str, Label]()
    for name, is_event in types.items():
        said = chosen.words.get(name) or _title(ontology, name, is_event=is_event)
        if said in found:
            raise ExtractorError(
                f"gliner: {found[said].type} and {name} are both called {said!r}; name one otherwise by the "
                f"option words.{name}"
            )
        found[said] = Label(name, is_event, chosen.thresholds.get(name, chosen.threshold))
    return found


def _title(ontology: Ontology, name: str, *, is_event: bool) -> str:
    type = ontology.events[name] if is_event else ontology.entities[name]
    return (type.title or name.replace("_", " ")).lower()


# ---------------------------------------------------------------- models
def load(target: str, context: Context) -> GlinerExtractor:
    """The extractor of a model: a folder, or a name that is fetched."""
    chosen = options(context, Options)
    if context.ontology is None:
        raise ExtractorError("`gliner` looks for the types of an ontology, and the corpus names none")
    wanted = labels(context.ontology, chosen)
    gliner = extras.load("gliner", "gliner", "models of GLiNER need gliner", ExtractorError)
    try:
        model = gliner.GLiNER.from_pretrained(target, revision=chosen.revision)
    except Exception as error:
        why = str(error).strip().splitlines()
        raise ExtractorError(
            f"gliner:{target}: cannot be loaded ({why[0] if why else type(error).__name__}); name a folder "
            "with a model, or one that can be fetched"
        ) from error
    return GlinerExtractor(model.eval(), target, wanted, nested=chosen.nested)


def identity(target: str, context: Context) -> list[Any]:
    """The types and their words, and the model: the hashes of a folder's files, or its name and revision."""
    chosen = options(context, Options)
    wanted = labels(context.ontology, chosen) if context.ontology is not None else {}
    try:
        release = version("gliner")
    except PackageNotFoundError:
        release = ""
    return [release, _model(target, chosen), [[words, *label] for words, label in wanted.items()]]


def _model(target: str, chosen: Options) -> Any:
    if Path(target).is_dir():
        return digests([glob.escape(target)])
    return [target, chosen.revision]
