"""`goldwire corpus import`, `export` and `formats`: layers in and out of files of other tools."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from goldwire.cli.arguments import Dir, Ignore, Labels, Only, OwnDir, pairs, view_of
from goldwire.cli.files import source, target
from goldwire.cli.options import refuse
from goldwire.cli.output import Json, note, print_json, say
from goldwire.corpora.garbage import no_collection

if TYPE_CHECKING:
    from goldwire.corpora.convert import Imported
    from goldwire.corpora.coverage import Covered
    from goldwire.corpora.formats.recognise import Found

UNNAMED = {"listed": "not judged", "all": "judged and empty"}
Option = Annotated[
    list[str] | None,
    typer.Option(
        "--option", "-o", metavar="NAME=VALUE", help="An option of the format; see `corpus formats`."
    ),
]


@no_collection()
def import_(
    ctx: typer.Context,
    folder: OwnDir,
    paths: Annotated[
        list[Path] | None, typer.Argument(metavar="[PATH|-]…", parser=source, help="Annotated files.")
    ] = None,
    *,
    layer: Annotated[str, typer.Option(help="The layer to write, such as gold or system/x.")],
    format: Annotated[
        str | None, typer.Option(help="Format of the files; recognised by their content if not given.")
    ] = None,
    option: Option = None,
    labels: Labels = None,
    only: Only = None,
    ignore: Ignore = None,
    library: Annotated[
        str | None, typer.Option(help="Import gold that ships with Goldwire for texts you have, by name.")
    ] = None,
    covers: Annotated[
        str | None,
        typer.Option(
            metavar="listed|all|FILE|split:NAME",
            help="Documents that were looked at, beside those in the files; as the format says if not given.",
        ),
    ] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Replace the layer, if it is there.")] = False,
    as_json: Json = False,
) -> None:
    """Read annotated files into a layer of a corpus whose texts they annotate.

    Their format is recognised by their content, and said, where --format names none. Every offset is compared
    with the text and every label with the ontology; what does not fit is rejected, counts against a system,
    and goes to DIR/quarantine with its reason. What the format says and Goldwire does not keep is counted.
    Documents that are not in the files are not judged; those that --covers names get an empty line. Where
    everything was rejected no layer is written: exit 1. With --labels the files' own labels become the
    ontology's; what a map leaves out, or --only and --ignore do, is counted and not kept.

    \b
    Example:
      goldwire corpus import work predictions.jsonl --layer system/x
      goldwire corpus import tweets flytxt --format conll --layer system/flytxt --labels types.toml
    """
    from goldwire.corpora import convert
    from goldwire.corpora.errors import CorpusError
    from goldwire.corpora.store import open_corpus

    if bool(paths) == (library is not None):
        raise CorpusError("name the files to import, or gold that ships with --library")
    if library is not None:
        refuse(ctx, ("format", "option", "labels", "only", "ignore"), "with --library")
    corpus = open_corpus(folder)
    if library is not None:
        imported = [
            convert.import_layer(
                corpus, layer, convert.read_library(library, corpus), covers=covers, replace=replace
            )
        ]
    else:
        asked = columns(layer, pairs(option, "--option NAME=VALUE"))
        found = recognised(paths or [], format)
        for line in found.notes:
            note(line)
        name = found.format or "goldwire"  # whose reader says what is wrong with lines of no known format
        ontology = corpus.ontology()
        view = view_of([("", labels)] if labels else [], only, ignore, ontology, within=True)
        imported = [
            convert.import_layer(
                corpus,
                each,
                convert.read(name, found.paths, options, corpus.documents(), ontology, view=view),
                covers=covers,
                replace=replace,
            )
            for each, options in asked
        ]
    if as_json:
        print_json(imported[0] if len(imported) == 1 else imported)
    tell_imported(folder, imported, note if as_json else say)


def columns(layer: str, options: dict[str, str]) -> list[tuple[str, dict[str, str]]]:
    """Layers and the options by which each is read: one, or one for each column that `tag` names."""
    from goldwire.corpora.errors import CorpusError

    layers, tags = layer.split(","), options.get("tag", "").split(",")
    if len(layers) != len(tags):
        raise CorpusError(
            f"{len(tags)} column(s) of tags and {len(layers)} layer(s): name a layer for each column, as "
            "with `-o tag=3,4 --layer coarse,fine`"
        )
    if len(set(layers)) < len(layers):
        raise CorpusError(f"--layer {layer}: each column needs a layer of its own")
    if len(tags) == 1:
        return [(layer, options)]
    return [(name, {**options, "tag": tag}) for name, tag in zip(layers, tags, strict=True)]


def tell_imported(folder: Path, imported: Sequence[Imported], tell: Callable[[str], None]) -> None:
    """What became of each layer; exit 1 if one was not written."""
    for done in imported:
        for line in done.notes:
            note(line)
        for line in _told(folder, done):
            tell(line)
    if not all(done.written for done in imported):
        raise typer.Exit(1)


def recognised(paths: Sequence[Path], format: str | None, *, texts: bool = False) -> Found:
    """The files and their format, the one that was named or that they are found to be in.

    With `texts`, `CorpusError` if it is one whose files hold no texts.
    """
    from goldwire.corpora import formats as known
    from goldwire.corpora.errors import CorpusError
    from goldwire.corpora.formats.recognise import Found, recognise

    found = Found(format, list(paths), []) if format else recognise(paths)
    if found.format is None:
        return found
    facts = known.facts(found.format)
    if texts and not facts.texts:
        raise CorpusError(
            f"{paths[0]}: this is {found.format} ({facts.about}), which holds no texts: make a corpus of the "
            f"texts, then `goldwire corpus import` this into it"
        )
    said = [] if format or found.format == "goldwire" else [f"read as {found.format}: {facts.about}"]
    return found._replace(notes=[*said, *found.notes])


def _told(folder: Path, done: Imported) -> Iterator[str]:
    from goldwire.corpora import rejected

    if done.written:
        yield f"{folder}: layer {done.layer} with {done.documents} document(s)"
    else:
        yield f"{folder}: everything was rejected; layer {done.layer} was not written"
    if done.failed:
        yield f"failed on {done.failed} of {done.documents} documents, which count as empty"
    yield tell_loss(done.loss)
    yield rejected.tell(done.rejected, *([done.quarantine] if done.quarantine else []))


@no_collection()
def export(
    folder: Dir,
    path: Annotated[
        Path, typer.Argument(metavar="PATH|-", parser=target, help="The file, or folder for brat, to write.")
    ],
    *,
    layer: Annotated[str, typer.Option(help="The layer to write out.")],
    format: Annotated[str, typer.Option(help="See `goldwire corpus formats`.")] = "goldwire",
    option: Option = None,
    labels: Labels = None,
    only: Only = None,
    ignore: Ignore = None,
    as_json: Json = False,
) -> None:
    """Write a layer to files of another format, and tell what the format cannot hold.

    Documents that the layer has not judged are not written, but counted. With --labels the types are those of
    a label map; what that leaves out, or --only and --ignore do, is counted as not kept.

    \b
    Example:
      goldwire corpus export work gold.conll --format conll --layer gold
    """
    from goldwire.corpora import convert
    from goldwire.corpora.store import open_corpus

    corpus, options = open_corpus(folder), pairs(option, "--option NAME=VALUE")
    view = view_of([("", labels)] if labels else [], only, ignore, corpus.ontology())
    done = convert.export_layer(corpus, layer, path, format, options, view=view)
    if as_json:
        said = {"path": str(path), "format": format, "layer": layer}
        print_json({**said, "covered": done.covered, "loss": done.loss})
    else:
        say(f"{path}: layer {layer} of {corpus.where} as {format}, {done.documents} document(s)")
        if left := _left(done.covered, done.documents):
            say(left)
        say(tell_loss(done.loss))


def _left(covered: Covered, written: int) -> str:
    """What an export did not write; empty where it wrote every document."""
    from msgspec.structs import replace

    if not (number := covered.corpus - written):
        return ""
    if written > covered.judged:  # those that failed too
        covered = replace(covered, failed=0)
    some = f" ({covered.unfinished})" if covered.unfinished else ""
    return f"{number} document(s) that the layer does not cover{some} were not written"


def formats(
    name: Annotated[str | None, typer.Argument(metavar="FORMAT", help="The format to explain.")] = None,
    *,
    as_json: Json = False,
) -> None:
    """List the formats, or explain one: how it maps, what it loses, what can be set.

    \b
    Example:
      goldwire corpus formats conll
    """
    from goldwire.corpora import formats as known

    found = [known.about(name)] if name else [known.about(each) for each in known.names()]
    if as_json:
        print_json(found)
    else:
        say(explained(found[0]) if name else listed(found))


def explained(format: Mapping[str, Any]) -> str:
    """All there is to say of a format."""
    needs = f"; needs the extra {format['extra']}" if format["extra"] else ""
    options = [f"  {key}: {value!r}" for key, value in format["options"].items()]
    told = {
        "in and out": f"{_ways(format)}{needs}",
        "not kept": format["loss"],
        "judged is a document by": format["coverage"],
        "documents not in its files": UNNAMED[format["covers"]],
        "example": format["example"],
    }
    lines = [f"{key}: {value}" for key, value in told.items()]
    return "\n".join([format["explanation"], "", *lines, "", format["settings"], "options:", *options])


def listed(formats: Iterable[Mapping[str, Any]]) -> str:
    """Each format: its name, what it is, whether it is written too, and under it what it loses."""
    return "\n".join(
        f"{format['name']:12} {format['about']}\n{'':12} {_ways(format)}"
        f"{', needs the extra ' + format['extra'] if format['extra'] else ''}\n"
        f"{'':12} not kept: {format['loss']}\n{'':12} judged by: {format['coverage']}"
        for format in formats
    )


def _ways(format: Mapping[str, Any]) -> str:
    ways = "in, out" if format["writes"] else "in"
    return ways if format["texts"] else f"{ways}; its files hold no texts: for a corpus that has them"


def tell_loss(loss: Mapping[str, Any]) -> str:
    """A loss report in a line."""
    return f"not kept: {', '.join(f'{count} {kind}' for kind, count in loss.items()) or 'nothing'}"
