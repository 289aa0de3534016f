"""`goldwire eval gate`: hold a record against a baseline, as CI does."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from goldwire.cli.files import source, target
from goldwire.cli.options import refuse
from goldwire.cli.output import Json, note, print_json, say

if TYPE_CHECKING:
    from goldwire.corpora.store import Corpus
    from goldwire.eval.gate.judgement import Judgement
    from goldwire.eval.gate.policy import Policy
    from goldwire.eval.scoring.record import Record


def gate(
    ctx: typer.Context,
    record: Annotated[
        Path, typer.Argument(metavar="RECORD|-", parser=source, help="The record of this build.")
    ],
    *,
    baseline: Annotated[Path, typer.Option(help="The baseline, a file kept in the repository.")],
    policy: Annotated[
        str, typer.Option(help="A policy that ships (default, entities, floors, strict) or a TOML file.")
    ] = "default",
    update: Annotated[
        bool, typer.Option("--update", help="Write this record as the new baseline and show what changes.")
    ] = False,
    corpus: Annotated[
        Path | None,
        typer.Option(help="The corpus, for examples in the text; found by itself if the record is in it."),
    ] = None,
    junit: Annotated[
        Path | None, typer.Option(metavar="FILE|-", parser=target, help="Write the outcome as JUnit XML.")
    ] = None,
    markdown: Annotated[
        Path | None, typer.Option(metavar="FILE|-", parser=target, help="Write the outcome as Markdown.")
    ] = None,
    github: Annotated[
        bool, typer.Option("--github", help="Print annotations for GitHub Actions and add a step summary.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Fail if this build is worse than the baseline.

    Exit 0: open, perhaps with a warning that a loss may be noise. Exit 1: shut; the message names what broke,
    by how much, with examples. Exit 2: could not judge, since a system failed on more documents than it was
    allowed, or baseline and record were not made for the same corpus, gold, ontology, measures or policy.
    `--update` refuses a record with such a run too.

    \b
    Examples:
      goldwire eval gate work/records/now.json --baseline baseline.json
      goldwire eval gate work/records/now.json --baseline baseline.json --update
    """
    from goldwire.eval.gate import policy as policies
    from goldwire.eval.gate.baseline import check_runs
    from goldwire.eval.gate.hold import hold
    from goldwire.eval.scoring.record import read_record

    if update:
        refuse(ctx, ("junit", "markdown", "github", "as_json"), "with --update: nothing is judged")
    rules, scored = policies.read(policy), read_record(record)
    check_runs(scored)  # before it is said that a baseline is missing, which could not be made
    home = _corpus(corpus, record)
    policies.check(rules, None if home is None else home.ontology())
    if update:
        _update(scored, baseline, rules, home)
        return
    judgement = hold(scored, baseline, rules, home)
    _write(judgement, junit, markdown, github)
    _show(judgement, as_json)
    if not judgement.passed:
        raise typer.Exit(1)


def _corpus(given: Path | None, record: Path) -> Corpus | None:
    """The corpus that is named, or the one whose `records` folder the record is in."""
    from goldwire.corpora.store import open_corpus
    from goldwire.eval.comparison.keeping import home_of

    folder = given or home_of(record)
    return None if folder is None else open_corpus(folder)


def _update(record: Record, path: Path, policy: Policy, corpus: Corpus | None) -> None:
    from goldwire.eval.gate.hold import renew

    if corpus is None:
        note("no corpus named, so failures will be told without examples; name it with --corpus")
    for line in renew(record, path, policy, corpus):
        say(line)
    note(f"wrote {path}; commit it")


def _write(judgement: Judgement, junit: Path | None, markdown: Path | None, github: bool) -> None:
    import os

    from goldwire.corpora.store import write_output
    from goldwire.eval.gate import github as forms
    from goldwire.eval.gate.junit import render

    if junit is not None:
        write_output(junit, render(judgement).encode())
    if markdown is not None:
        write_output(markdown, forms.summary(judgement).encode())
    if github:
        say(forms.commands(judgement), end="")
        summary = os.environ.get("GITHUB_STEP_SUMMARY")
        if summary:
            with Path(summary).open("a", encoding="utf-8") as file:
                file.write(forms.summary(judgement) + "\n")


def _show(judgement: Judgement, as_json: bool) -> None:
    from goldwire.eval.gate.wording import lines

    if as_json:
        print_json(judgement)
    else:
        say("\n".join(lines(judgement)))
