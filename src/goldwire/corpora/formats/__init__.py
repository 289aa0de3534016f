"""Annotated files of other tools, read into documents and layers and written from them.

Each format is a module or an object in one (from outside: what an entry point in `goldwire.formats` names),
with what `Format` asks for. Reading and writing say what they could not keep, counted by kind.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from importlib import import_module
from inspect import cleandoc
from pathlib import Path
from typing import Any, Literal, Protocol, cast, get_args

import msgspec

from goldwire import extensions
from goldwire.corpora.errors import CorpusError, DataError, Fault
from goldwire.corpora.formats.head import Head
from goldwire.corpora.types import Annotations, Document, Rejected, Tokens

FORMATS = {
    "goldwire": "goldwire.corpora.formats.native",
    "conll": "goldwire.corpora.formats.conll",
    "brat": "goldwire.corpora.formats.brat",
    "tbf": "goldwire.corpora.formats.tbf",
    "re3d": "goldwire.corpora.formats.re3d",
    "plover": "goldwire.corpora.formats.plover",
    "muc": "goldwire.corpora.formats.muc",
    "spacy": "goldwire.corpora.formats.docbin",
    "huggingface": "goldwire.corpora.formats.huggingface",
    "doccano": "goldwire.corpora.formats.spans:doccano",
    "prodigy": "goldwire.corpora.formats.prodigy:prodigy",
    "langextract": "goldwire.corpora.formats.langextract:langextract",
    "gliner": "goldwire.corpora.formats.tokenised:gliner",
    "dygie": "goldwire.corpora.formats.tokenised:dygie",
    "spacy-train": "goldwire.corpora.formats.spans:spacy_train",
    "cas": "goldwire.corpora.formats.cas",
    "webanno": "goldwire.corpora.formats.webanno",
    "ace": "goldwire.corpora.formats.ace",
    "textee": "goldwire.corpora.formats.textee:textee",
    "maven": "goldwire.corpora.formats.maven:maven",
    "maven-arg": "goldwire.corpora.formats.maven:maven_arg",
    "rams": "goldwire.corpora.formats.rams:rams",
    "casie": "goldwire.corpora.formats.casie:casie",
    "docee": "goldwire.corpora.formats.docee:docee",
    "bioc": "goldwire.corpora.formats.bioc:bioc",
    "pubannotation": "goldwire.corpora.formats.pubannotation:pubannotation",
}


Covers = Literal["listed", "all"]


class _Struct(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    pass


class Reading(_Struct, frozen=True):
    """What files held. `loss` counts, by kind, what the files say and Goldwire does not keep.

    `covers` is the format's (see `Format`), `source` what the files are called in a message. Units that could
    not be taken are in the line of their document (`Annotations.rejected`), whole; `quarantined` is what has
    no line: of documents that are not there, or lines that say nothing of any. `tokens` are those of files
    that have tokens with tags, a `Tokens` for each of `annotations` that has such.
    """

    annotations: list[Annotations]
    documents: list[Document] = []
    loss: dict[str, int] = {}
    quarantined: list[Rejected] = []
    notes: list[str] = []
    covers: Covers = "listed"
    source: str = "the files"
    tokens: list[Tokens] = []


class Facts(_Struct, frozen=True):
    """What people are told of a format, a cell of the table of formats each.

    `about` is one sentence without the full stop: what the files are and whose. `extra` names the part of
    Goldwire's installation that it needs, `texts` is whether its files hold the texts:
    without, they are read into a corpus that is there. `loss` is what is not kept, reading and writing,
    `coverage` what in a file says that a document was judged, `example` a command.
    """

    about: str
    loss: str
    coverage: str
    example: str
    texts: bool = True
    extra: str | None = None


class Format(Protocol):
    """A file format. Its docstring says how it maps to mentions, events and relations, and what is lost.

    A format that writes tokens as they came in has a method `write_kept`: `write`, with the tokens of the
    layer by document behind the options.

    `COVERS` is what its files say of a document that they do not name: nothing (`listed`, and so where a
    format of another package has no such attribute), or that it was looked at and holds nothing (`all`: lists
    of units, in which a document without units cannot be named).
    """

    __doc__: str | None
    COVERS: Covers

    @property
    def Options(self) -> type[msgspec.Struct]:  # noqa: N802 - a class
        """What can be set, each with a default."""

    def recognise(self, head: Head) -> bool:
        """Whether a file or folder is in the format, by its content: sure enough to read it as such unasked.

        It may look for more under `head.path`, raises nothing, and needs no optional library.
        """

    def read(
        self, paths: Sequence[Path], options: Any, documents: Sequence[Document] | None = None
    ) -> Reading:
        """The annotations of files: on `documents` where given, else on documents made from the files.

        Raises `DataError` with every fault of a file that is not in the format.
        """

    def write(
        self, path: Path, documents: Iterable[Document], layer: Mapping[str, Annotations], options: Any
    ) -> dict[str, int]:
        """Write a layer to a file or folder; returns what could not be held, counted by kind.

        `layer` has a line for each of the `documents`: what it does not cover is not written. A format that
        is read only has no such function.
        """


def names() -> list[str]:
    """Every format there is: those of Goldwire, then those of installed packages."""
    theirs = (entry.name for entry in extensions.installed(extensions.FORMATS))
    return list(dict.fromkeys([*FORMATS, *theirs]))


def load(name: str) -> Format:
    """The format of a name; `CorpusError` if there is none, or that of another package cannot be loaded."""
    if name in FORMATS:
        module, _, inside = FORMATS[name].partition(":")
        loaded = import_module(module)
        return cast(Format, getattr(loaded, inside) if inside else loaded)
    entry = extensions.named(extensions.FORMATS, name, CorpusError)
    if entry is None:
        raise CorpusError(f"no format {name!r}; there are: {', '.join(names())}")
    return cast(Format, extensions.load(entry, CorpusError))


def writer(name: str) -> Format:
    """A format that can be written; `CorpusError` if there is none of that name, or it is read only."""
    if not writes(name):
        known = ", ".join(filter(writes, names()))
        raise CorpusError(f"format {name} is read only; to write there are: {known}")
    return load(name)


def writes(name: str) -> bool:
    """Whether a format can be written."""
    return hasattr(load(name), "write")


def recognises(name: str, head: Head) -> bool:
    """Whether a format recognises a file or folder; one that has no say, or cannot be loaded, does not."""
    try:
        test = getattr(load(name), "recognise", None)
    except CorpusError:
        return False
    return test is not None and bool(test(head))


def facts(name: str) -> Facts:
    """What is told of a format; of one that does not say, what can be seen."""
    loaded = load(name)
    seen = Facts(
        about=(loaded.__doc__ or "").strip().partition("\n")[0].rstrip("."),
        loss="not said",
        coverage="what it names" if covers(name) == "listed" else "all documents",
        example=f"goldwire corpus import work FILE --format {name} --layer gold",
    )
    found: Facts = getattr(loaded, "FACTS", seen)
    return found


def covers(name: str) -> Covers:
    """What files of a format say of documents that they do not name: see `Format`."""
    found: Covers = getattr(load(name), "COVERS", "listed")
    if found not in get_args(Covers):
        raise CorpusError(f"format {name}: COVERS is {found!r}; it is one of {', '.join(get_args(Covers))}")
    return found


def options(name: str, values: Mapping[str, str]) -> Any:
    """The options of a format with `values`, as they come from a command line, put over the defaults."""
    kind = load(name).Options
    known = {field.name: field for field in msgspec.structs.fields(kind)}
    faults = [
        Fault(name, key, f"no such option; there are: {', '.join(known)}") for key in values.keys() - known
    ]
    for key in values.keys() & known:
        try:
            msgspec.convert(values[key], known[key].type, strict=False)
        except msgspec.ValidationError as error:
            faults.append(Fault(name, key, str(error)))
    if faults:
        raise DataError(f"format {name}: {len(faults)} wrong option(s)", sorted(faults))
    return msgspec.convert(dict(values), kind, strict=False)


def about(name: str) -> dict[str, Any]:
    """What a format is, and its options with their defaults and meanings."""
    format = load(name)
    return {
        "name": name,
        "writes": writes(name),
        "covers": covers(name),
        **msgspec.structs.asdict(facts(name)),
        "explanation": cleandoc(format.__doc__ or ""),
        "settings": cleandoc(format.Options.__doc__ or ""),
        "options": {field.name: field.default for field in msgspec.structs.fields(format.Options)},
    }
