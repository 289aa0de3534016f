"""`goldwire demo`: the whole loop on the embedded corpus, by the commands a user would type."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from goldwire.cli.output import say
from goldwire.corpora.visible import visible, word

CORPUS = "mazar-2021"
PREDICTIONS = (
    "predictions/spacy-sm.jsonl"  # what spaCy's small English pipeline found; see the corpus's README
)


def demo(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where the corpus and the report go.")] = Path(
        "goldwire-demo"
    ),
) -> None:
    """Run the whole loop on the embedded corpus: no server, no network, a report at the end.

    Run again in the same folder, it goes on from what is there.

    \b
    Example:
      goldwire demo try && goldwire corpus stats try/corpus
    """
    from goldwire.corpora import library
    from goldwire.corpora.lock import locked
    from goldwire.corpora.store import MANIFEST

    corpus = folder / "corpus"
    with locked(corpus, "demo"):
        if not (corpus / MANIFEST).is_file():
            library.copy(CORPUS, corpus)
    say(f"{corpus}: short reports of August 2021 in northern Afghanistan, with gold\n")
    for title, command in _steps(folder, corpus):
        _run(title, command)
    say(_NEXT.format(report=f"{folder / 'report.html'}  ", corpus=f"{word(corpus)}  "))


def _steps(folder: Path, corpus: Path) -> list[tuple[str, list[str]]]:
    """What is done, and the command that does it."""
    tasks, record, report = folder / "tasks.json", corpus / "records" / "default.json", folder / "report.html"
    systems = ["lexicon=lexicon", f"spacy-sm=file:{corpus / PREDICTIONS}"]
    run = [part for system in systems for part in ("--system", system)]
    return [
        ("The corpus and its gold are sound", ["corpus", "validate", str(corpus)]),
        (
            "Tasks for Label Studio, with the gold drawn in",
            ["annotate", "export", str(corpus), str(tasks), "--prefill", "gold"],
        ),
        ("Read back as an export would be", ["annotate", "import", str(corpus), str(tasks)]),
        ("Two extractors run", ["eval", "run", str(corpus), *run]),
        ("Scored against the gold", ["eval", "score", str(corpus), "--suite", "default"]),
        ("A report to open", ["eval", "report", str(record), "--html", str(report)]),
    ]


def _run(title: str, command: list[str]) -> None:
    from goldwire.cli import app

    typer.secho(visible(f"{title}\n$ goldwire {shlex.join(command)}"), bold=True)
    app(command, prog_name="goldwire", standalone_mode=False)
    say("")


_NEXT = """What next
  open {report:<40}the report in a browser
  goldwire corpus show {corpus:<24}what a corpus is
  goldwire corpus new work --from articles/    a corpus of your own articles
  goldwire annotate serve                      a local Label Studio, ready to label
  goldwire eval run work --system mine="cmd:python extract.py"    your own extractor
"""
