"""`goldwire eval report`: show records as a page, a table, a paper's table, or data."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from goldwire.cli.arguments import pairs
from goldwire.cli.files import source, target
from goldwire.cli.options import refuse
from goldwire.cli.output import Json, note, print_json
from goldwire.corpora.garbage import no_collection

if TYPE_CHECKING:
    from goldwire.corpora.store import Corpus
    from goldwire.eval.report.installed import Render
    from goldwire.eval.report.values import Report
    from goldwire.eval.scoring.record import Record


@no_collection()
def report(
    ctx: typer.Context,
    records: Annotated[
        list[Path],
        typer.Argument(metavar="RECORD|-…", parser=source, help="Records of `eval score` on the same gold."),
    ],
    *,
    html: Annotated[
        Path | None, typer.Option(metavar="FILE|-", parser=target, help="Write one self-contained page.")
    ] = None,
    markdown: Annotated[
        Path | None, typer.Option(metavar="FILE|-", parser=target, help="Write Markdown with tables.")
    ] = None,
    latex: Annotated[
        Path | None, typer.Option(metavar="FILE|-", parser=target, help="Write a LaTeX table (booktabs).")
    ] = None,
    csv: Annotated[Path | None, typer.Option(metavar="DIR", help="Write CSV tables into a folder.")] = None,
    parquet: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write Parquet tables into a folder.")
    ] = None,
    form: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=FILE", help="Write a form of an installed package; may be repeated."),
    ] = None,
    corpus: Annotated[
        Path | None,
        typer.Option(help="The corpus, for texts and examples; found by itself if the records are in it."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of the random swaps and resamples.")] = 0,
    as_json: Json = False,
) -> None:
    """Show one or more records: who is ahead, whether that is decided, what goes wrong and where.

    Without a form, a summary in the terminal. With the corpus at hand, the page has confusion matrices,
    error classes and the documents with gold and systems one above the other. Records of several runs on
    the same gold are shown together. Exit 2 if they are of different corpora, gold layers or policies.

    \b
    Examples:
      goldwire eval report work/records/all.json --html report.html
      goldwire eval report work/records/all.json --markdown report.md --latex table.tex
    """
    from goldwire.eval.report.build import is_streamed
    from goldwire.eval.scoring.files import read_record

    forms = _forms(form or [])
    named = {key: read_record(path) for key, path in keys_of(records).items()}
    if is_streamed(named):
        refuse(ctx, ("corpus",), "with records made with --stream, which do not name their documents")
    made, blocks = _make(named, _corpus(corpus, records), seed, page=html is not None)
    if html is not None:
        from goldwire.eval.report.html import render

        _write(html, render(made, blocks).encode())
    _write_texts(made, markdown, latex)
    _write_tables(made, csv, parquet)
    _write_forms(made, forms)
    if as_json:
        print_json(made)
    elif not any((html, markdown, latex, csv, parquet, forms)):
        _show(made)


def _corpus(given: Path | None, records: list[Path]) -> Corpus | None:
    """The corpus that is named, or the one whose `records` folder the first record is in."""
    from goldwire.corpora.store import open_corpus
    from goldwire.eval.comparison.keeping import home_of

    folder = given or home_of(records[0])
    return None if folder is None else open_corpus(folder)


def keys_of(records: list[Path]) -> dict[str, Path]:
    """What records are called where their systems must be told apart: by their names, if those differ."""
    short = {path.stem: path for path in records}
    return short if len(short) == len(records) else {str(path): path for path in records}


def _make(
    records: dict[str, Record], corpus: Corpus | None, seed: int, *, page: bool
) -> tuple[Report, dict[str, Any]]:
    """The report and, for a page, the texts and examples that go into it."""
    from goldwire.eval.report.build import is_several, is_streamed
    from goldwire.eval.report.whole import make_whole

    if corpus is None:
        note("no corpus named, so the report has no texts and no examples; name it with --corpus")
    elif is_streamed(records):
        note("the record was made with --stream, so the report has no texts and no examples")
    elif is_several(records):
        note("the record is of several references, so the report has no texts and no examples")
    return make_whole(records, corpus, seed=seed, page=page, tell=note)


def _write(path: Path, content: bytes) -> None:
    from goldwire.corpora.atomic import write_output

    write_output(path, content)
    note(f"wrote {path}")


def _write_texts(report: Report, markdown: Path | None, latex: Path | None) -> None:
    from goldwire.eval.report import latex as paper
    from goldwire.eval.report import markdown as text

    if markdown is not None:
        _write(markdown, text.render(report).encode())
    if latex is not None:
        _write(latex, paper.render(report).encode())


def _write_tables(report: Report, csv: Path | None, parquet: Path | None) -> None:
    if csv is None and parquet is None:
        return
    from goldwire.eval.report import frames

    if csv is not None:
        note("wrote " + ", ".join(map(str, frames.write(report, csv, "csv"))))
    if parquet is not None:
        note("wrote " + ", ".join(map(str, frames.write(report, parquet, "parquet"))))


def _forms(texts: list[str]) -> dict[str, tuple[Path, Render]]:
    """The files that forms of installed packages are written to, and the forms, by name."""
    from goldwire.corpora.errors import CorpusError
    from goldwire.eval.report.installed import load

    named = pairs(texts, "--form NAME=FILE")
    for name, file in named.items():
        if file == "-":
            raise CorpusError(f"--form {name}=-: of these forms none goes to standard output; name a file")
    return {name: (Path(file), load(name)) for name, file in named.items()}


def _write_forms(report: Report, forms: dict[str, tuple[Path, Render]]) -> None:
    from goldwire.eval.report.installed import render

    contents = [(path, render(name, form, report)) for name, (path, form) in forms.items()]
    for path, content in contents:
        _write(path, content)


def _show(report: Report) -> None:
    from goldwire.cli.output import make_console
    from goldwire.eval.report.summary import of_report, summarise
    from goldwire.eval.report.terminal import render

    render(summarise(report, of_report(report)), make_console())
