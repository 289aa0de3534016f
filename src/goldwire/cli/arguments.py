"""Arguments that several commands take, and how pairs among them are read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from goldwire.cli.files import source

if TYPE_CHECKING:
    from goldwire.corpora.ontology import Ontology
    from goldwire.corpora.views import Asked

Dir = Annotated[
    Path, typer.Argument(metavar="DIR", help="The corpus: its directory, or the address of a packed one.")
]
OwnDir = Annotated[Path, typer.Argument(metavar="DIR", help="The corpus directory.")]
Documents = Annotated[
    str | None,
    typer.Option(
        metavar="FILE|split:NAME|layer:NAME|baseline:FILE",
        help="Only these documents: a file of ids, a split, those that a layer or a baseline has.",
    ),
]
PartOf = Annotated[
    str | None,
    typer.Option(
        "--part",
        metavar="K/N",
        help="Only part K of N, such as 17/400, into a file; `eval merge` makes the whole of all N.",
    ),
]
Parts = Annotated[
    Path | None,
    typer.Option(
        metavar="FOLDER",
        help="Where files of parts go, and journals of a packed corpus; `parts` if not given.",
    ),
]
PARTS = Path("parts")
Prices = Annotated[
    Path | None,
    typer.Option(metavar="FILE|-", parser=source, help="What tokens cost, by model: a TOML file."),
]
Batch = Annotated[
    Path | None,
    typer.Option(metavar="DIR", help="Write requests into batch files there, and read their answers."),
]
On = Annotated[
    str,
    typer.Option(
        metavar="local|dask://HOST:PORT",
        help="Where it is computed: on this machine, or by workers of Dask (see docs/cluster.md).",
    ),
]
Only = Annotated[
    list[str] | None,
    typer.Option(
        metavar="LABEL,…", help="Count these labels only, of the kinds (mentions, events, …) that have them."
    ),
]
Ignore = Annotated[
    list[str] | None, typer.Option(metavar="LABEL,…", help="Do not count what has one of these labels.")
]
Labels = Annotated[
    str | None,
    typer.Option(
        metavar="MAP", help="A label map (TOML, or a name that ships) that the layer is seen through."
    ),
]
Maps = Annotated[
    list[str] | None,
    typer.Option(
        "--labels",
        metavar="MAP|NAME=MAP",
        help="A label map (TOML, or a name that ships) that all layers are seen through, or that of NAME "
        "(gold, a system, an annotator); may be repeated.",
    ),
]
Layout = Annotated[
    Literal["graph", "frames"],
    typer.Option(help="graph: mentions, triggers and arrows; frames: a task for each event, roles by key."),
]
Annotators = Annotated[
    list[str],
    typer.Option(
        "--annotator", metavar="WHO=NAME", help="A name for an id or address there; may be repeated."
    ),
]


def names_of(annotators: Sequence[str]) -> dict[str, str]:
    """Names by id or address; none is empty."""
    from goldwire.corpora.errors import CorpusError

    names = pairs(annotators, form := "--annotator WHO=NAME, such as 1=anna")
    for who, name in names.items():
        if not name:
            raise CorpusError(f"'{who}=': write {form}")
    return names


def maps_of(given: list[str] | None) -> list[tuple[str, str]]:
    """Sources of label maps by layer, "" for all; a file may have `=` in its name."""
    from goldwire.corpora.errors import CorpusError

    found: dict[str, str] = {}
    for text in given or ():
        name, equals, source = text.partition("=")
        whole = not equals or Path(text).is_file()
        name, source = ("", text) if whole else (name, source)
        if name in found:
            option = f"--labels {name}=" if name else "--labels for all layers"
            raise CorpusError(f"{option} was given twice: {found[name]}, {source}; give it once")
        found[name] = source
    return list(found.items())


def view_of(
    maps: Sequence[tuple[str, str]],
    only: Sequence[str] | None,
    ignore: Sequence[str] | None,
    ontology: Ontology | None,
    *,
    within: bool = False,
) -> Asked:
    """What layers are to be seen through: label maps by layer, "" for all, and labels named one by one.

    With `within`, the maps' targets are the ontology's.
    """
    from goldwire.corpora import labels
    from goldwire.corpora.views import Asked, Choice

    return Asked(
        maps={
            name: (Path(source).stem, labels.read(source, ontology, within=within)) for name, source in maps
        },
        choice=Choice(only=_listed(only), ignore=_listed(ignore)),
    )


def _listed(given: Sequence[str] | None) -> tuple[str, ...]:
    return tuple(name for text in given or () for part in text.split(",") if (name := part.strip()))


def pairs(given: Sequence[str] | None, form: str) -> dict[str, str]:
    """Pairs by what stands before the first `=`, each name once; `form` is what was expected."""
    from goldwire.corpora.errors import CorpusError

    found: dict[str, str] = {}
    for text in given or ():
        name, equals, value = text.partition("=")
        if not (name and equals):
            raise CorpusError(f"{text!r}: write {form}")
        if name in found:
            option = form.partition(" ")[0]
            raise CorpusError(f"{option} {name} was given twice: {found[name]}, {value}; give it once")
        found[name] = value
    return found
