"""`goldwire annotate`: Label Studio: what goes in, what comes out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from goldwire.cli import adjudicate, backend, migrate, push, serve, shape, sync
from goldwire.cli.arguments import Annotators, Dir, Layout, OwnDir, names_of
from goldwire.cli.files import source, target
from goldwire.cli.options import App, refuse
from goldwire.cli.output import Json, note, print_json, say
from goldwire.cli.sync import exit_if_refused
from goldwire.corpora.visible import word

if TYPE_CHECKING:
    from goldwire.annotate.exchange.importer import Imported
    from goldwire.annotate.exchange.store import Stored
    from goldwire.annotate.exchange.tasks import Encoded
    from goldwire.corpora.ontology import Ontology
    from goldwire.corpora.store import Corpus

app = App()


OntologyName = Annotated[str, typer.Option("--ontology", help="A name that ships, or a TOML file.")]
Out = Annotated[
    Path | None,
    typer.Option("--out", metavar="FILE|-", parser=target, help="Write there instead of to the terminal."),
]


@app.command("config")
def config(
    *, ontology: OntologyName = "conflict", layout: Layout = "graph", out: Out = None, as_json: Json = False
) -> None:
    """The labeling configuration of an ontology, to be pasted into a Label Studio project.

    \b
    Example:
      goldwire annotate config --ontology conflict --out config.xml
    """
    from goldwire.annotate.interface import labelconfig
    from goldwire.corpora import ontology as ontologies

    found = ontologies.read(ontology)
    _show(labelconfig.build(found, layout, found.language), "config", out, as_json)


@app.command("guidelines")
def guidelines(*, ontology: OntologyName = "conflict", out: Out = None, as_json: Json = False) -> None:
    """The guidelines for annotators: every type, role and attribute with an example, as one HTML page.

    \b
    Example:
      goldwire annotate guidelines --ontology conflict --out guidelines.html
    """
    from goldwire.annotate.interface import guidelines as pages
    from goldwire.corpora import ontology as ontologies

    _show(pages.page(ontologies.read(ontology)), "guidelines", out, as_json)


def _show(text: str, what: str, out: Path | None, as_json: bool) -> None:
    from goldwire.corpora.atomic import write_output

    if out is not None:
        write_output(out, text.encode("utf-8"))
        note(f"{what} written to {out}")
    if as_json:
        print_json({what: text} if out is None else {"written": str(out)})
    elif out is None:
        say(text, end="")


@app.command("export")
def export(
    folder: Dir,
    out: Annotated[Path, typer.Argument(metavar="OUT.json|-", parser=target, help="Where the tasks go.")],
    *,
    prefill: Annotated[
        str | None, typer.Option(metavar="LAYER", help="Add this layer as predictions.")
    ] = None,
    layout: Layout = "graph",
    as_json: Json = False,
) -> None:
    """Write the corpus as Label Studio tasks, to be imported into a project there. No server is needed.

    In the layout frames the layer given by --prefill is what the frames are made of.

    \b
    Example:
      goldwire annotate export work tasks.json --prefill system/lexicon
    """
    import msgspec

    from goldwire.annotate.exchange import frames, tasks
    from goldwire.corpora.atomic import write_output
    from goldwire.corpora.store import open_corpus

    corpus = open_corpus(folder)
    ontology = _ontology(corpus)
    encoded, version = (
        tasks.of_corpus(corpus, ontology, prefill)
        if layout == "graph"
        else frames.of_corpus(corpus, corpus.documents(), ontology, prefill)
    )
    write_output(out, msgspec.json.format(msgspec.json.encode(encoded.tasks), indent=1))
    _tell_export(encoded, out, version, as_json)


def _ontology(corpus: Corpus) -> Ontology:
    from goldwire.corpora.errors import CorpusError

    ontology = corpus.ontology()
    if ontology is None:
        raise CorpusError(
            f"{corpus.where}: the corpus has no ontology; give it one with "
            f"`goldwire corpus set {word(corpus.where)} --ontology NAME|FILE`"
        )
    return ontology


def _tell_export(encoded: Encoded, out: Path, version: str | None, as_json: bool) -> None:
    predictions = sum("predictions" in task for task in encoded.tasks)
    for fault in encoded.faults:
        note(f"left out, not sound: {fault}")
    for line in shape.unshown(encoded.unshown):
        note(line)
    if as_json:
        print_json(
            {
                "written": str(out),
                "tasks": len(encoded.tasks),
                "predictions": predictions,
                "model_version": version,
                "lost": encoded.lost,
                "unshown": encoded.unshown,
            }
        )
        return
    say(f"{out}: {len(encoded.tasks)} task(s), {predictions} with predictions{_of(version)}")
    say(f"cannot be shown in Label Studio: {_counts(encoded.lost)}")


def _of(version: str | None) -> str:
    return "" if version is None else f" ({version})"


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{times} {kind}" for kind, times in counts.items()) or "nothing"


@app.command("import")
def import_(
    ctx: typer.Context,
    folder: OwnDir,
    export_file: Annotated[
        Path, typer.Argument(metavar="EXPORT.json|-", parser=source, help="What Label Studio exported.")
    ],
    *,
    config_file: Annotated[
        Path | None,
        typer.Option(
            "--config",
            metavar="FILE|-",
            parser=source,
            help="The project's configuration, if Goldwire did not make it.",
        ),
    ] = None,
    entities: Annotated[
        list[str], typer.Option(metavar="CONTROL", help="A control with entities; may be repeated.")
    ] = [],  # noqa: B006 - typer reads it, nobody changes it
    triggers: Annotated[
        list[str], typer.Option(metavar="CONTROL", help="A control with triggers; may be repeated.")
    ] = [],  # noqa: B006
    same: Annotated[
        str | None, typer.Option(metavar="ARROW", help="The name of the arrow that means coreference.")
    ] = None,
    annotators: Annotators = [],  # noqa: B006
    add_texts: Annotated[
        bool,
        typer.Option(
            "--add-texts", help="Add texts that the corpus lacks; make the corpus if it is not there."
        ),
    ] = False,
    as_json: Json = False,
) -> None:
    """Read a Label Studio export into layers: annotator/NAME, skipped/NAME, draft/NAME, prediction/VERSION.

    Everything is checked against text and ontology; what fails is rejected, kept in the line of its document
    and written to a quarantine file. A layer of which everything was rejected is left as it is: exit 1.

    \b
    Example:
      goldwire annotate import work export.json --annotator 1=anna --annotator ben@example.org=ben
    """
    from goldwire.annotate.exchange import controls as declared
    from goldwire.annotate.exchange import exports, importer, store
    from goldwire.corpora import versions
    from goldwire.corpora.codec import read_bytes

    if config_file is None:
        refuse(ctx, ("entities", "triggers", "same"), "without --config: Goldwire knows its own controls")
    names, raw_tasks = names_of(annotators), exports.read(export_file)
    xml = None if config_file is None else _read_config(config_file)
    field = "text" if xml is None else declared.field(xml)
    # A refusal leaves nothing behind: all is read before anything is written.
    corpus = store.opened(folder, make=add_texts)
    ontology = corpus.ontology()
    if xml is not None:
        controls = declared.parse(xml, entities=entities, triggers=triggers, same=same, ontology=ontology)
        ontology = ontology or declared.ontology_of(controls)
    else:
        ontology = _ontology(corpus)
        controls = declared.of(ontology)
    context = importer.Context(
        documents=store.documents(corpus, raw_tasks if add_texts else (), field),
        controls=controls,
        ontology=ontology,
        names=names,
        layer=lambda name: corpus.fitting(name)[0],
        earlier=versions.earlier(corpus),
    )
    imported = importer.decode(raw_tasks, context)
    if add_texts:
        corpus = _add_texts(folder, raw_tasks, field)
    stored = store.write(corpus, imported, read_bytes(export_file), export_file.name)
    for who, name in names.items():
        if not any(layer.endswith(f"/{name}") for layer in stored.layers):
            note(f"--annotator {who}={name}: {export_file} has nothing of anybody of this id or address")
    _tell_import(imported, stored, as_json)


def _read_config(path: Path) -> str:
    from goldwire.corpora.codec import read_bytes
    from goldwire.corpora.encodings import decode

    return decode(read_bytes(path), str(path))


def _add_texts(folder: Path, tasks: list[object], field: str) -> Corpus:
    from goldwire.annotate.exchange import store

    built = store.add_texts(folder, tasks, field)
    note(f"{folder}: {built.added} text(s) added")
    for line in built.notes:
        note(line)
    return built.corpus


def _tell_import(imported: Imported, stored: Stored, as_json: bool) -> None:
    from goldwire.corpora import rejected

    if as_json:
        print_json(
            {
                "found": imported.found,
                "layers": stored.layers,
                "refused": stored.refused,
                "rejected": rejected.by_kind(imported.rejected),
                "lost": imported.lost,
                "repaired": imported.repaired,
                "raw": str(stored.raw),
                "quarantine": str(stored.quarantine) if stored.quarantine else None,
            }
        )
    else:
        _show_import(imported, stored)
    exit_if_refused(stored.refused, stored.taken, imported.rejected)


def _show_import(imported: Imported, stored: Stored) -> None:
    from goldwire.corpora import nobody, rejected

    kinds = rejected.by_kind(imported.rejected)
    say(f"found: {_counts(imported.found)}")
    for layer, size in stored.layers.items():
        say(f"layer {layer}: {size} document(s)")
    if said := nobody.told(stored.layers):
        say(said)
    say(f"not imported: {_counts(imported.lost)}")
    say(f"repaired: {_counts(imported.repaired)}")
    say(rejected.tell(kinds, *([stored.quarantine] if stored.quarantine else [])))
    say(f"kept as it came: {stored.raw}")


app.command("serve")(serve.serve)
app.command("backend")(backend.backend)
app.command("push")(push.push)
app.command("pull")(sync.pull)
app.command("status")(sync.status)
app.command("migrate")(migrate.migrate)
app.command("adjudicate")(adjudicate.adjudicate)
