"""Annotated files of other tools, read into documents and layers and written from them.

Each format is a module (or, from outside, an object named by an entry point in `goldwire.formats`) with what
`Format` asks for. Reading and writing say what they could not keep, counted by kind.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from importlib import import_module
from importlib.metadata import entry_points
from inspect import cleandoc
from pathlib import Path
from typing import Any, Literal, Protocol, cast, get_args

import msgspec

from goldwire.corpora.errors import CorpusError, DataError, Fault
from goldwire.corpora.types import Annotations, Document, Rejected

GROUP = "goldwire.formats"
FORMATS = {
    "goldwire": "goldwire.corpora.formats.own",
    "conll": "goldwire.corpora.formats.conll",
    "brat": "goldwire.corpora.formats.brat",
    "tbf": "goldwire.corpora.formats.tbf",
    "re3d": "goldwire.corpora.formats.re3d",
    "plover": "goldwire.corpora.formats.plover",
    "muc": "goldwire.corpora.formats.muc",
}


Covers = Literal["listed", "all"]


class _Struct(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    pass


class Reading(_Struct, frozen=True):
    """What files held. `loss` counts, by kind, what the files say and Goldwire does not keep.

    `covers` is the format's (see `Format`), `source` what the files are called in a message. Units that could
    not be taken are in the line of their document (`Annotations.rejected`), whole; `quarantined` is what has
    no line: of documents that are not there, or lines that say nothing of any.
    """

    annotations: list[Annotations]
    documents: list[Document] = []
    loss: dict[str, int] = {}
    quarantined: list[Rejected] = []
    notes: list[str] = []
    covers: Covers = "listed"
    source: str = "the files"


class Format(Protocol):
    """A file format. Its docstring says how it maps to mentions, events and relations, and what is lost.

    `COVERS` is what its files say of a document that they do not name: nothing (`listed`, and so where a
    format of another package has no such attribute), or that it was looked at and holds nothing (`all`: lists
    of units, in which a document without units cannot be named).
    """

    __doc__: str | None
    COVERS: Covers

    @property
    def Options(self) -> type[msgspec.Struct]:  # noqa: N802 - a class
        """What can be set, each with a default."""

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

        `layer` has a line for each of the `documents`: what it does not cover is not written. Raises
        `CorpusError` if the format cannot be written.
        """


def names() -> list[str]:
    """Every format there is: those of Goldwire, then those of installed packages."""
    return [*FORMATS, *sorted(point.name for point in entry_points(group=GROUP) if point.name not in FORMATS)]


def load(name: str) -> Format:
    """The format of a name; `CorpusError` if there is none."""
    if name in FORMATS:
        return cast(Format, import_module(FORMATS[name]))
    for point in entry_points(group=GROUP):
        if point.name == name:
            return cast(Format, point.load())
    raise CorpusError(f"no format {name!r}; there are: {', '.join(names())}")


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
        "about": (format.__doc__ or "").strip(),
        "covers": covers(name),
        "settings": cleandoc(format.Options.__doc__ or ""),
        "options": {field.name: field.default for field in msgspec.structs.fields(format.Options)},
    }
