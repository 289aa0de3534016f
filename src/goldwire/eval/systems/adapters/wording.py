"""Prompts as files: the instruction, the wording of types, and examples from another corpus.

instruction = "…"                  # before the ontology's types; that of Goldwire if not given
policy = "…"                       # in place of the ontology's; "" leaves it out
[entities]
GPE = "…"                          # in place of the ontology's definition; so are events and attributes
[examples]
corpus = "../train"                # a folder, beside this file
layer = "gold"                     # if not given
documents = ["a1", "a7"]
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from goldwire.corpora import toml
from goldwire.corpora.errors import CorpusError, ExtractorError, among
from goldwire.corpora.ontology import Attribute, EntityType, EventType, Ontology
from goldwire.corpora.store import open_corpus
from goldwire.corpora.types import Document
from goldwire.eval.systems.adapters import prompt
from goldwire.eval.systems.adapters.prompt import Message, Shown

DIGITS = 12  # of the hash that tells prompts apart
T = TypeVar("T", EntityType, EventType, Attribute)


class Examples(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Documents that are shown with their annotations, by id."""

    corpus: str
    documents: list[str]
    layer: str = "gold"


class Prompt(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file; what it does not say is as in the ontology, and as Goldwire has it."""

    instruction: str = prompt.TASK
    policy: str | None = None
    entities: dict[str, str] = {}
    events: dict[str, str] = {}
    attributes: dict[str, str] = {}
    examples: Examples | None = None


class Worded(msgspec.Struct, frozen=True):
    """A prompt made: the messages before a text, the documents they show, and what it is called.

    `ontology` is the corpus's in the words of the prompt.
    """

    ontology: Ontology
    messages: list[Message]
    shown: list[Shown]
    name: str = ""


def make(ontology: Ontology, path: str | None = None) -> Worded:
    """The prompt of a file, or Goldwire's own; `ExtractorError` or `DataError` if the file is faulty."""
    if path is None:
        return Worded(ontology, prompt.messages(ontology), [])
    given = toml.decode(toml.read(Path(path), ExtractorError), Prompt, "a prompt", path)
    worded = _worded(ontology, given, path)
    shown = _shown(given.examples, Path(path)) if given.examples else []
    messages = prompt.messages(worded, given.instruction, shown)
    digest = hashlib.sha256(msgspec.json.encode(messages)).hexdigest()[:DIGITS]
    return Worded(worded, messages, shown, f"{Path(path).name}#{digest}")


def _worded(ontology: Ontology, given: Prompt, path: str) -> Ontology:
    """The ontology with the words of a prompt in place of its own."""
    return msgspec.structs.replace(
        ontology,
        policy=ontology.policy if given.policy is None else given.policy,
        entities=_defined(ontology.entities, given.entities, f"{path}: entities"),
        events=_defined(ontology.events, given.events, f"{path}: events"),
        attributes=_defined(ontology.attributes, given.attributes, f"{path}: attributes"),
    )


def _defined(types: Mapping[str, T], words: Mapping[str, str], where: str) -> dict[str, T]:
    for name in words:
        if name not in types:
            raise ExtractorError(f"{where}: the ontology has no {name!r}{among(name, types)}")
    return {
        name: msgspec.structs.replace(type, definition=words.get(name, type.definition))
        for name, type in types.items()
    }


def _shown(examples: Examples, path: Path) -> list[Shown]:
    """The documents that are shown, each with its line of the layer."""
    try:
        corpus = open_corpus(path.parent / examples.corpus)
        layer = corpus.layer(examples.layer)
    except CorpusError as error:
        raise ExtractorError(f"{path}: examples: {error}") from error
    documents = {document.id: document for document in corpus.documents()}
    for id in examples.documents:
        if id not in documents or id not in layer:
            what = f"layer {examples.layer} has no line" if id in documents else "there is no document"
            raise ExtractorError(f"{path}: examples: in {corpus.where} {what} of the id {id!r}")
    return [Shown(documents[id], layer[id]) for id in examples.documents]


def check_apart(worded: Worded, corpus: Path) -> None:
    """Raise `ExtractorError` if an example is one of the documents that are run, or nearly one."""
    from goldwire.corpora import duplicates  # loads numpy

    if not worded.shown:
        return
    documents = open_corpus(corpus).documents()
    shown = [
        msgspec.structs.replace(one.document, id=f"/{i}", group=None) for i, one in enumerate(worded.shown)
    ]
    every = duplicates.group([*(_alone(document) for document in documents), *shown])
    ours = {document.group for document in every[: len(documents)]} - {None}
    pairs = zip(worded.shown, every[len(documents) :], strict=True)
    known = [one.document.id for one, grouped in pairs if grouped.group in ours]
    if known:
        raise ExtractorError(
            f"the prompt {worded.name} shows {', '.join(known)}, which the corpus has too, or nearly so: "
            "what is scored there was in the prompt. Take examples from another corpus"
        )


def _alone(document: Document) -> Document:
    return msgspec.structs.replace(document, group=None)


# ---------------------------------------------------------------- written out
def write(ontology: Ontology) -> str:
    """Goldwire's own prompt of an ontology as a file, to be changed."""
    tables: Sequence[tuple[str, Mapping[str, Any]]] = (
        ("entities", ontology.entities),
        ("events", ontology.events),
        ("attributes", ontology.attributes),
    )
    lines = [f"instruction = {_text(prompt.TASK)}", f"policy = {_text(ontology.policy)}"]
    for name, types in tables:
        if types:
            lines += ["", f"[{name}]"]
            lines += [f"{_quoted(key)} = {_text(type.definition)}" for key, type in types.items()]
    return "\n".join(lines) + "\n"


def _text(text: str) -> str:
    """A string of TOML: over several lines, as it is, where it has some."""
    if "\n" not in text or "'''" in text or text.endswith("'") or not _plain(text):
        return _quoted(text)
    return f"'''\n{text}'''"


def _plain(text: str) -> bool:
    return all(char.isprintable() or char == "\n" for char in text)


def _quoted(text: str) -> str:
    return msgspec.json.encode(text).decode().replace("\x7f", "\\u007f")
