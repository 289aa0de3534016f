"""`goldwire corpus new`, `add` and `set`: make a corpus, add to it, change what it says of itself."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from goldwire.cli import convert, shape
from goldwire.cli.arguments import Ignore, Labels, Only, OwnDir, pairs, view_of
from goldwire.cli.convert import Option, recognised, tell_loss
from goldwire.cli.files import source
from goldwire.cli.options import given, refuse
from goldwire.cli.output import Json, note, print_json, say
from goldwire.corpora.garbage import no_collection
from goldwire.corpora.visible import word

if TYPE_CHECKING:
    from goldwire.corpora.build import Built
    from goldwire.corpora.columns import Columns
    from goldwire.corpora.formats.recognise import Found
    from goldwire.corpora.ingest import Equal

# What files are taken for that could be annotated, for all that is known of them.
ARTICLES = "articles, as which files are read whose format is neither recognised nor named by --format"
SETTINGS = ("ontology", "name", "language", "licence", "split")  # what a manifest says that can be asked for

From = Annotated[
    list[Path],
    typer.Option(
        "--from",
        metavar="PATH|ADDRESS|-",
        parser=source,
        help="File or folder of articles, or Parquet at s3://…, gs://…, az://… or file://…; may be repeated.",
    ),
]
More = Annotated[
    list[Path] | None, typer.Argument(metavar="[PATH]…", help="More files, as a shell expands news/*.")
]
Encoding = Annotated[
    str | None,
    typer.Option(help="Encoding of files that are not UTF-8, such as cp1252. A byte order mark wins."),
]
Boilerplate = Annotated[
    bool, typer.Option("--boilerplate/--no-boilerplate", help="Mark cookie notices, teasers, bylines.")
]
Column = Annotated[
    list[str] | None,
    typer.Option(
        metavar="FIELD=COLUMN",
        help="The column of .jsonl, .csv and .parquet that holds text, id, title, source, published, url or "
        "language, if called otherwise; more=A,B for others to keep, all if not given. May be repeated.",
    ),
]
SkipDuplicates = Annotated[
    bool, typer.Option("--skip-duplicates", help="Take the first of equal texts, instead of refusing them.")
]
KeepDuplicates = Annotated[
    bool, typer.Option("--keep-duplicates", help="Take all of equal texts, as one group of near-duplicates.")
]


@no_collection()  # till all that was read is let go again
def new(
    ctx: typer.Context,
    folder: OwnDir,
    more: More = None,
    *,
    from_: From,
    format: Annotated[
        str | None, typer.Option(help="Format of annotated files; recognised by their content if not given.")
    ] = None,
    layer: Annotated[str, typer.Option(help="The layer for what annotated files say.")] = "gold",
    option: Option = None,
    labels: Labels = None,
    only: Only = None,
    ignore: Ignore = None,
    ontology: Annotated[
        str | None,
        typer.Option(
            help="A name that ships, a TOML file, or none; conflict for articles and none for a format if "
            "not given."
        ),
    ] = None,
    name: Annotated[str | None, typer.Option(help="The corpus's name; that of DIR if not given.")] = None,
    language: Annotated[str, typer.Option(help="Language of the texts, as a code such as en.")] = "en",
    licence: Annotated[str, typer.Option(help="Licence under which the texts may be used.")] = "",
    split: Annotated[str | None, typer.Option(help="Shares, such as train=0.8,test=0.2.")] = None,
    encoding: Encoding = None,
    column: Column = None,
    boilerplate: Boilerplate = True,
    skip_duplicates: SkipDuplicates = False,
    keep_duplicates: KeepDuplicates = False,
    as_json: Json = False,
) -> None:
    """Make a corpus of articles: .txt, .jsonl, .csv, .html, .parquet, or folders of them.

    Texts are decoded, frozen and hashed; boilerplate is marked, never deleted. Nothing is written if
    anything is wrong. Run it again after a crash: it completes, and changes nothing that is complete; what
    a corpus that is there says otherwise is an error (see `corpus set`). Annotated files give the texts and a
    layer of labels; their format is recognised by their content, and said, where --format names none.
    --labels, --only and --ignore are those of `corpus import`.

    \b
    Example:
      goldwire corpus new work --from articles/
      goldwire corpus new news --from 's3://archive/news/*.parquet' --column text=body
      goldwire corpus new tweets --from test.conll --layer gold
    """
    from goldwire.corpora import build, ingest, splits
    from goldwire.corpora import convert as importing
    from goldwire.corpora import ontology as ontologies
    from goldwire.corpora.manifest import chosen
    from goldwire.corpora.rejected import by_kind, is_all_rejected
    from goldwire.corpora.spool import Spool
    from goldwire.corpora.store import Manifest, Splits, open_corpus

    given_paths = [*from_, *(more or [])]
    columns, found = _columns(column), _found(ctx, given_paths, column, format)
    default = "conflict" if found.format is None else None
    manifest = Manifest(
        name=folder.resolve().name if name is None else name,
        language=language,
        licence=licence,
        ontology=default if ontology is None else chosen(ontology),
        splits=None if split is None else Splits(splits.parse(split)),
    )
    asked = [field for field in SETTINGS if given(ctx, [field])]
    if found.format is None:
        refuse(ctx, ("layer", "option", "labels", "only", "ignore"), f"with {ARTICLES}")
        equal = _equal(ctx, skip_duplicates, keep_duplicates)
        with Spool(folder) as spool:
            intake = ingest.read(
                found.paths, encoding=encoding, mark=boilerplate, equal=equal, columns=columns, spool=spool
            )
            built = build.new(folder, manifest, intake.documents, asked=asked)
        _tell(built, intake.notes, as_json)
    else:
        annotated = f"with --format {format}" if format else f"with files in the format {found.format}"
        refuse(ctx, ("encoding", "skip_duplicates", "keep_duplicates"), annotated)
        if boilerplate:
            refuse(ctx, ("boilerplate",), f"{annotated}, where none is marked")
        (layer, options), *others = convert.columns(layer, pairs(option, "--option NAME=VALUE"))
        own = ontologies.read(manifest.ontology) if manifest.ontology else None
        view = view_of([("", labels)] if labels else [], only, ignore, own, within=True)
        built, reading = build.new_from(
            folder,
            manifest,
            found.paths,
            format=found.format,
            options=options,
            layer=layer,
            asked=asked,
            view=view,
        )
        told = {"loss": reading.loss, "rejected": by_kind(reading.quarantined)}
        _tell(built, [*found.notes, *reading.notes], as_json, told)
        if is_all_rejected(reading.annotations, reading.quarantined):
            note(f"everything was rejected; layer {layer} was not written")
            raise typer.Exit(1)
        corpus = open_corpus(folder)
        imported = [
            importing.import_layer(
                corpus,
                each,
                importing.read(found.format, found.paths, values, corpus.documents(), own, view=view),
                replace=True,
            )
            for each, values in others
        ]
        convert.tell_imported(folder, imported, note if as_json else say)


def set_(
    ctx: typer.Context,
    folder: OwnDir,
    *,
    ontology: Annotated[
        str | None, typer.Option(help="A name that ships, a TOML file (it is copied), or none.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="What the corpus is called.")] = None,
    language: Annotated[str | None, typer.Option(help="Language of the texts, as a code such as en.")] = None,
    licence: Annotated[str | None, typer.Option(help="Licence under which the texts may be used.")] = None,
    as_json: Json = False,
) -> None:
    """Change what a corpus says of itself. Texts and layers stay as they are.

    With --ontology it is told how many labels of each layer the new one does not have. (Layers, and a
    project on a server, go over to another ontology with `annotate migrate`.)

    \b
    Example:
      goldwire corpus set work --ontology company.toml --licence CC-BY-4.0
    """
    from goldwire.corpora.manifest import alter, chosen
    from goldwire.corpora.store import open_corpus

    values = {"ontology": chosen(ontology), "name": name, "language": language, "licence": licence}
    changes = {field: value for field, value in values.items() if given(ctx, [field])}
    if not changes:
        ctx.fail("nothing to set: give --ontology, --name, --language or --licence")
    altered = alter(open_corpus(folder), changes)
    if as_json:
        print_json({"corpus": str(folder), "changed": altered.changed, "unfit": altered.unfit})
    else:
        say(shape.altered(altered))


def add(
    ctx: typer.Context,
    folder: OwnDir,
    more: More = None,
    *,
    from_: From,
    encoding: Encoding = None,
    column: Column = None,
    boilerplate: Boilerplate = True,
    skip_duplicates: SkipDuplicates = False,
    keep_duplicates: KeepDuplicates = False,
    as_json: Json = False,
) -> None:
    """Add articles to a corpus; those that are there already are passed over.

    \b
    Example:
      goldwire corpus add work --from newer/
    """
    from goldwire.corpora import build, ingest
    from goldwire.corpora.spool import Spool
    from goldwire.corpora.store import DOCUMENTS, open_corpus

    corpus = open_corpus(folder)
    equal = _equal(ctx, skip_duplicates, keep_duplicates)
    with Spool(corpus.path / DOCUMENTS) as spool:
        intake = ingest.read(
            [*from_, *(more or [])],
            encoding=encoding,
            mark=boilerplate,
            equal=equal,
            columns=_columns(column),
            spool=spool,
        )
        built = build.add(corpus, intake.documents, equal)
    _tell(built, intake.notes, as_json)


def _columns(given: list[str] | None) -> Columns:
    from goldwire.corpora.columns import parse

    return parse(pairs(given, "--column FIELD=COLUMN, such as text=body"))


def _found(ctx: typer.Context, paths: list[Path], column: list[str] | None, format: str | None) -> Found:
    """The files and their format; columns or addresses say that they are articles."""
    from goldwire.corpora.formats.recognise import Found
    from goldwire.corpora.packed.address import is_address

    if column or any(map(is_address, paths)):
        refuse(ctx, ("format",), "with --column, or an address: what is there are articles")
        return Found(None, paths, [])
    return recognised(paths, format, texts=True)


def _equal(ctx: typer.Context, skip: bool, keep: bool) -> Equal:
    if skip and keep:
        ctx.fail("--skip-duplicates and --keep-duplicates exclude each other; leave one out")
    return "skip" if skip else "keep" if keep else "refuse"


def _tell(built: Built, said: list[str], as_json: bool, more: dict[str, Any] | None = None) -> None:
    from goldwire.corpora.duplicates import independent
    from goldwire.corpora.rejected import tell
    from goldwire.corpora.statistics import count
    from goldwire.corpora.store import QUARANTINE

    corpus = built.corpus
    with corpus.stored() as documents:
        excluded = count(region.reason for document in documents for region in document.excluded)
        number, groups = len(documents), independent(documents)
    notes = [*said, *built.notes]
    for line in notes:
        note(line)
    if as_json:
        print_json(
            {
                "corpus": str(corpus.path),
                "fingerprint": corpus.fingerprint(),
                "documents": number,
                "independent": groups,
                "added": built.added,
                "excluded": excluded,
                "layers": corpus.layers(),
                "notes": notes,
                **(more or {}),
            }
        )
        return
    regions = ", ".join(f"{times} {reason}" for reason, times in excluded.items()) or "none"
    say(f"{corpus.path}: {shape.size(number, groups)}, {built.added} of them new")
    say(f"boilerplate marked: {regions}")
    say(f"layers: {', '.join(corpus.layers()) or 'none'}")
    if more is not None:
        say(tell_loss(more["loss"]))
        say(tell(more["rejected"], *([corpus.path / QUARANTINE] if more["rejected"] else [])))
    then = f"annotate export {word(corpus.path)} tasks.json"
    if corpus.manifest.ontology is None:  # tasks are made of one
        then = f"corpus set {word(corpus.path)} --ontology NAME|FILE"
    say(f"next: goldwire corpus show {word(corpus.path)}, goldwire {then}")
