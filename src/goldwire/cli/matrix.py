"""`goldwire eval matrix`: run every prompt with every model, and say what each is worth."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from goldwire.cli.arguments import Batch, OwnDir, Prices
from goldwire.cli.files import source
from goldwire.cli.outcome import Bar, show
from goldwire.cli.output import Json, make_console, note, print_json, say
from goldwire.corpora.visible import word

if TYPE_CHECKING:
    from goldwire.corpora.store import Corpus
    from goldwire.eval.comparison.matrix import MatrixResult
    from goldwire.eval.scoring.record import Record
    from goldwire.eval.systems.config import System
    from goldwire.eval.systems.matrix import Combination
    from goldwire.eval.systems.run import Outcome

NAME = "matrix"  # of the record


def matrix(
    folder: OwnDir,
    *,
    models: Annotated[
        str,
        typer.Option(metavar="M,M,…", help="Models: names of --systems, or NAME=llm:MODEL@URL, by commas."),
    ],
    prompts: Annotated[
        str, typer.Option(metavar="P,P,…", help="Prompts: `own`, FILE or NAME=FILE, divided by commas.")
    ] = "own",
    systems: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE|-", parser=source, help="A TOML file of systems; may be repeated."),
    ] = None,
    option: Annotated[
        list[str] | None,
        typer.Option(metavar="KEY=VALUE", help="An option of all models; may be repeated."),
    ] = None,
    runs: Annotated[int, typer.Option(min=1, help="Runs of each combination, with other seeds.")] = 3,
    gold: Annotated[str, typer.Option(metavar="LAYER", help="The layer to score against.")] = "gold",
    measure: Annotated[str, typer.Option(help="The measure to judge by (see `eval measures`).")] = "entity",
    workers: Annotated[int, typer.Option(min=1, help="Processes for each system.")] = 1,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the first runs, and of the tests.")] = 0,
    prices: Prices = None,
    budget: Annotated[
        float | None,
        typer.Option(min=0, metavar="COST", help="What all combinations together may cost."),
    ] = None,
    batch: Batch = None,
    allow_failures: Annotated[
        str | None, typer.Option(metavar="N|N%", help="Documents that may fail, for each run.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Run every prompt with every model, some times each, and show main effects and the best in one table.

    A combination is the system MODEL.PROMPT, its runs are the layers system/MODEL.PROMPT/1, 2, … What is
    there already is not run again: the same command goes on where it was stopped, and more prompts, models
    or runs add to it. All are scored against gold into the record records/matrix.json.

    The figure of a prompt is the mean over models, that of a model the mean over prompts. Differences are
    tested over documents and runs, and corrected by Holm. Where a prompt is worth more with one model than
    with another one beyond chance, that is said: then judge by the combinations. Exit 2 if a run has no
    layer: what is there is shown, and what is missing is told; 1 if more documents failed than were allowed.

    \b
    Examples:
      goldwire eval matrix work --prompts own,prompts/v2.toml --models small,large --systems systems.toml
      goldwire eval matrix work --prompts v2.toml,v3.toml --models gpt=llm:NAME@https://HOST/v1 --runs 5
    """
    from goldwire.cli.systems import priced
    from goldwire.corpora.lock import check_own
    from goldwire.corpora.store import open_corpus
    from goldwire.eval.measures.measure import parse
    from goldwire.eval.systems.matrix import combine, prompts_of
    from goldwire.eval.systems.run import run as run_systems
    from goldwire.eval.systems.runs import expand

    corpus = open_corpus(folder)
    check_own(corpus.path)
    corpus.layer_file(gold)
    parse(measure)  # what is none is said before anything is paid for
    known = _known(models, systems or [])
    known = [_with(system, option or [], allow_failures) for system in known]
    combined = combine(priced(known, prices), prompts_of(_split(prompts)))
    every = expand([one.system for one in combined], runs, seed).systems
    progress, remarks = Bar(), list[str]()
    how: dict[str, Any] = {"workers": workers, "seed": seed, "budget": budget, "batch": batch}
    try:
        outcomes = run_systems(corpus, every, progress=progress, remark=remarks.append, **how)
    finally:
        progress.end()
    if not as_json:
        show([outcome for outcome in outcomes if outcome.status], folder)
    for told in (*remarks, *_troubles(combined, outcomes)):
        note(told)
    found = _judge(corpus, combined, outcomes, gold, measure, seed=seed, silent=as_json)
    if as_json:
        print_json({"outcomes": outcomes, "result": found})
    if status := max(outcome.status for outcome in outcomes):
        raise typer.Exit(status)


def _known(models: str, files: list[Path]) -> list[System]:
    """The models by their names in files of systems, or as they are written."""
    from goldwire.eval.systems import config
    from goldwire.eval.systems.matrix import models_of

    return models_of(_split(models), [system for file in files for system in config.read(file)])


def _split(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _with(system: System, options: list[str], allow_failures: str | None) -> System:
    from goldwire.cli.systems import limited, with_settings

    settings = [f"{system.name}.{text}" for text in options]
    (found,) = with_settings([system], [], settings, [])
    return limited(found, None, None, allow_failures)


def _of(combination: Combination, outcomes: list[Outcome]) -> list[Outcome]:
    """The outcomes of its runs."""
    return [one for one in outcomes if one.system.rpartition("/")[0] == combination.name]


def _troubles(combined: list[Combination], outcomes: list[Outcome]) -> Iterator[str]:
    """Combinations of which runs are missing, or failed on documents."""
    for one in combined:
        runs = _of(one, outcomes)
        gone = [outcome.system for outcome in runs if outcome.facts is None]
        if gone:
            left = len(runs) - len(gone)
            judged = f"is judged by {left} of {len(runs)} runs" if left else "is left out"
            yield f"{one.name} {judged}: no layer of {', '.join(gone)}; the same command runs what is missing"
        for outcome in runs:
            if outcome.facts is not None and (failed := len(outcome.facts.failed)):
                of = outcome.facts.documents
                yield f"{outcome.system} failed on {failed} of {of} documents, which count as empty"


def _judge(
    corpus: Corpus,
    combined: list[Combination],
    outcomes: list[Outcome],
    gold: str,
    measure: str,
    *,
    seed: int,
    silent: bool,
) -> MatrixResult | None:
    """Score what is there and show it; None where that is less than two combinations."""
    from goldwire.eval.comparison.matrix import analyse

    done = [outcome for outcome in outcomes if outcome.facts is not None]
    if sum(bool(_of(one, done)) for one in combined) < 2:  # noqa: PLR2004 - one is nothing to compare
        note("fewer than two combinations have a layer: nothing is compared")
        return None
    record = _score(corpus, [outcome.system for outcome in done], gold, measure, seed)
    found = analyse(record, {(one.model, one.prompt): one.name for one in combined}, seed=seed)
    if not silent:
        _show(record, found)
    return found


def _score(corpus: Corpus, systems: list[str], gold: str, measure: str, seed: int) -> Record:
    """The record of all that is there, in its place."""
    import msgspec

    from goldwire.corpora.store import RECORDS
    from goldwire.eval.comparison.keeping import keep
    from goldwire.eval.scoring.score import Options, score_corpus

    record = score_corpus(corpus, [gold], systems, [measure], options=Options(seed=seed))
    record = msgspec.structs.replace(record, created=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))
    place = corpus.path / RECORDS / f"{NAME}.json"
    keep(record, place, replace=True)
    note(f"The record is {place}; see it with: goldwire eval report {word(place)}")
    return record


def _show(record: Record, found: MatrixResult) -> None:
    from goldwire.eval.comparison.contender import contenders
    from goldwire.eval.comparison.matrix import sentences
    from goldwire.eval.measures.phrases import number
    from goldwire.eval.report.expense import expenses
    from goldwire.eval.report.matrix import table
    from goldwire.eval.report.terminal import print_table

    cost = {item.system: number(item.cost.value) for item in expenses(contenders({"": record}))}
    print_table(table(found, cost), make_console())
    for told in sentences(found):
        say(told)
