"""`goldwire corpus`: look at corpora and check them; what else is done with them is named here."""

from __future__ import annotations

from typing import Annotated

import typer

from goldwire.cli import build, convert, correct, cover, dedupe, ontology, pack, sample, shape
from goldwire.cli.arguments import Dir
from goldwire.cli.options import App
from goldwire.cli.output import Json, print_json, say
from goldwire.corpora.garbage import no_collection

app = App()
app.add_typer(ontology.app, name="ontology")
app.command("import")(convert.import_)
app.command("cover")(cover.cover)
app.command("correct")(correct.correct)
app.command("dedupe")(dedupe.dedupe)
app.command("sample")(sample.sample)
app.command("export")(convert.export)
app.command("formats")(convert.formats)
app.command("pack")(pack.pack)
app.command("unpack")(pack.unpack)
app.command("new")(build.new)
app.command("set")(build.set_)
app.command("add")(build.add)


@app.command("show")
def show(
    folder: Dir,
    document: Annotated[
        str | None, typer.Argument(metavar="[DOCUMENT]", help="The id of one document, to read it.")
    ] = None,
    *,
    as_json: Json = False,
) -> None:
    """Show what a corpus is, or one document with its excluded regions.

    \b
    Example:
      goldwire corpus show work
    """
    from goldwire.corpora.store import open_corpus

    corpus = open_corpus(folder)
    if document is None:
        facts = shape.facts(corpus)
        print_json(facts) if as_json else say(shape.overview(facts))
    else:
        one = corpus.document(document)
        print_json(one) if as_json else say(shape.page(one))


@app.command("validate")
@no_collection()
def validate(
    folder: Dir,
    *,
    layer: Annotated[list[str] | None, typer.Option(help="Only these layers; may be repeated.")] = None,
    as_json: Json = False,
) -> None:
    """Check texts, hashes and every layer against text and ontology; exit 1 if anything is wrong.

    \b
    Example:
      goldwire corpus validate work
    """
    from goldwire.corpora.store import open_corpus
    from goldwire.corpora.validate import corpus_faults

    corpus = open_corpus(folder)
    found = corpus_faults(corpus, layer or None)
    if as_json:
        print_json({"sound": not found, "faults": found})
    else:
        for name, faults in found.items():
            say("\n".join([f"{name}: {len(faults)} fault(s)", *(f"  {fault}" for fault in faults)]))
        checked = layer or corpus.layers()
        say(f"{'faults' if found else 'sound'}: {corpus.where}, layers {', '.join(checked) or 'none'}")
    if found:
        raise typer.Exit(1)


@app.command("stats")
def stats(folder: Dir, *, as_json: Json = False) -> None:
    """Count documents and tokens, and each layer's mentions, events, arguments and attributes by type.

    \b
    Example:
      goldwire corpus stats work
    """
    from goldwire.corpora.statistics import describe
    from goldwire.corpora.store import open_corpus

    statistics = describe(open_corpus(folder))
    print_json(statistics) if as_json else say(shape.statistics(statistics))


@app.command("split")
def split(
    folder: Dir,
    *,
    shares: Annotated[str | None, typer.Option(help="New shares, such as train=0.8,test=0.2.")] = None,
    seed: Annotated[
        int | None, typer.Option(help="Seed that decides which document goes where; 0 at first.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Show which document is in which split; with --shares, set the splits first.

    A document's place follows from its id and the seed, so that adding documents moves none. Near-duplicates
    stay together.

    \b
    Example:
      goldwire corpus split work --shares train=0.7,dev=0.1,test=0.2
    """
    from goldwire.corpora import splits
    from goldwire.corpora.store import open_corpus

    corpus = open_corpus(folder)
    if shares is not None or seed is not None:
        corpus = splits.set_splits(corpus, splits.parse(shares) if shares else None, seed)
    parts = splits.parts(corpus)
    if as_json:
        print_json({"splits": corpus.manifest.splits, "documents": parts})
        return
    for name, ids in parts.items():
        say("\n".join([f"{name}: {len(ids)} document(s)", *(f"  {id}" for id in ids)]))
