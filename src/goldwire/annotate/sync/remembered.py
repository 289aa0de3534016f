"""Settings of push and pull that a project remembers, so that nobody has to say them again.

It stands in a comment of the project's labeling configuration, which a save in the browser leaves as it is
(Label Studio 1.23.2), so that a second clone of the corpus has it too; and in the journal, for the day on
which somebody replaces the configuration as a whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Literal

import msgspec

from goldwire.annotate.interface.labelconfig import Layout
from goldwire.corpora.codec import BROKEN
from goldwire.corpora.errors import CorpusError

_COMMENT = re.compile(r"[ \t]*<!-- goldwire (\{[^<>]*\}) -->\n?")
_END = "</View>"
Naming = Literal["id", "address", "pseudonym"]
# What would end a comment, or be taken for markup, is written as JSON's escapes.
_ESCAPES = {"--": "-\\u002d", "<": "\\u003c", ">": "\\u003e", "&": "\\u0026"}

NONE = "none"  # said of what is to be remembered no more


class Adjudicating(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a project for adjudication is made of: the layers (none for all annotators'), and the one to make.

    `blind` hides who said what.
    """

    to: str
    layers: tuple[str, ...] = ()
    blind: bool = False


class Settings(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How the projects of one group are pushed and pulled; `title` is the one project's own.

    `corpus` is the name of the corpus that it belongs to. `pick` is the draw whose documents people get, all
    if None, and `blind` the share of documents that are shown nothing. `revision` grows with every change.
    `run` is the last that has changed many tasks at once (`bulk`). `adjudicating` is there where nobody
    annotates, but somebody decides what annotators differ in. Tasks of a project of `doubts` are no
    documents. `gold_tasks` is the share of gold tasks among each person's, `gold_from` the layer that has
    their gold, `gold_ids` stand for the documents.
    """

    corpus: str
    group: str
    title: str
    revision: int = 1
    layout: Layout = "graph"
    prefill: str | None = None
    assign: tuple[str, ...] = ()
    overlap: float | None = None
    pick: str | None = None
    blind: float = 0.0
    naming: Naming = "id"
    names: dict[str, str] = {}
    run: str = ""
    adjudicating: Adjudicating | None = None
    doubts: bool = False
    gold_tasks: float | None = None
    gold_from: str | None = None
    gold_ids: tuple[str, ...] = ()


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """What a command says of them; None stands for what is remembered."""

    layout: Layout | None = None
    prefill: str | None = None
    assign: tuple[str, ...] | None = None
    overlap: float | None = None
    pick: str | None = None
    blind: float | None = None
    naming: Naming | None = None
    names: dict[str, str] | None = None
    gold_tasks: float | None = None
    gold_from: str | None = None


def settle(known: Settings, given: Given) -> Settings:
    """The settings after a command; `CorpusError` if they cannot be together.

    `NONE` as the layer of `prefill` is that nothing is shown, as `pick` that all documents are wanted.
    """
    said = {name: value for name, value in msgspec.structs.asdict(given).items() if value is not None}
    said |= {name: None for name in ("prefill", "pick") if said.get(name) == NONE}
    new = msgspec.structs.replace(known, **said)
    _check(new, given)
    return new if not list(changes(known, new)) else msgspec.structs.replace(new, revision=known.revision + 1)


def _check(new: Settings, given: Given) -> None:
    """Raise `CorpusError` if some are to be shown nothing where nothing is shown, or all have to be."""
    if new.blind and new.layout == "frames":
        raise CorpusError(
            "frames are made of a layer, which is always shown: --blind is of the layout graph; say --blind 0"
        )
    if given.blind and new.prefill is None:
        raise CorpusError(
            "--blind takes the prefill from a share of documents, and none is shown: name a layer with "
            "--prefill"
        )


def changes(old: Settings, new: Settings) -> Iterator[str]:
    """What is another one now, in words, a line for each."""
    for name in Given.__struct_fields__:
        before, after = getattr(old, name), getattr(new, name)
        if before != after:
            yield f"{name}: {_words(before)} -> {_words(after)}"


def _words(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{who}={name}" for who, name in value.items()) or NONE
    return ", ".join(value) or NONE if isinstance(value, tuple) else NONE if value is None else str(value)


def read(configuration: str) -> Settings | None:
    """What stands in a configuration; None if nothing does, or nothing that can be understood."""
    found = _COMMENT.search(configuration)
    if found is None:
        return None
    try:
        return msgspec.json.decode(found[1], type=Settings)
    except BROKEN:
        return None


def without(configuration: str) -> str:
    """A configuration without what is remembered in it."""
    return _COMMENT.sub("", configuration)


def write(configuration: str, settings: Settings) -> str:
    """A configuration that holds these settings and no others."""
    text = msgspec.json.encode(settings).decode()
    for raw, escaped in _ESCAPES.items():
        text = text.replace(raw, escaped)
    before, end, after = without(configuration).rpartition(_END)
    return f"{before}  <!-- goldwire {text} -->\n{end}{after}"
