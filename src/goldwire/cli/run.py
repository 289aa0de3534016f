"""`goldwire eval run`: run extractors."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from goldwire.cli.arguments import PARTS, Batch, On, OwnDir, PartOf, Parts, Prices
from goldwire.cli.clusters import LOCAL, cluster_of
from goldwire.cli.files import output, source
from goldwire.cli.options import refuse
from goldwire.cli.outcome import Bar, show
from goldwire.cli.output import Json, note, print_json
from goldwire.cli.systems import choose, limited, priced, with_settings
from goldwire.corpora.visible import word

if TYPE_CHECKING:
    from goldwire.corpora.store import Corpus
    from goldwire.eval.systems.config import System
    from goldwire.eval.systems.run import Outcome

Matrix = Annotated[
    list[Path] | None,
    typer.Option(
        "--systems", metavar="FILE|-", parser=source, help="A TOML file of systems; may be repeated."
    ),
]


def run(
    ctx: typer.Context,
    folder: OwnDir,
    *,
    system: Annotated[
        list[str] | None, typer.Option(metavar="NAME=SPEC", help="A system to run; may be repeated.")
    ] = None,
    systems: Matrix = None,
    only: Annotated[
        list[str] | None, typer.Option(help="Of FILE run only this system; may be repeated.")
    ] = None,
    labels: Annotated[
        list[str] | None, typer.Option(metavar="NAME=MAP", help="A label map (TOML, or a name that ships).")
    ] = None,
    option: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME.KEY=VALUE", help="An option of a system; may be repeated."),
    ] = None,
    workers: Annotated[int, typer.Option(min=1, help="Processes for each system.")] = 1,
    timeout: Annotated[float | None, typer.Option(help="Seconds a document may take.")] = None,
    memory: Annotated[str | None, typer.Option(help="Memory that a process may use, such as 2GB.")] = None,
    seed: Annotated[int, typer.Option(help="Seed for what a system leaves to chance.")] = 0,
    runs: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            help="Run each system N times, with other seeds: layers NAME/1 to NAME/N.",
        ),
    ] = None,
    save: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", parser=output, help="Train `sklearn` on the whole layer too, and keep the model."
        ),
    ] = None,
    load: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Use the model in FILE for `sklearn`, instead of training."),
    ] = None,
    watch: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=GLOB",
            help="Files that the output depends on: if one changes, all is run again. May be repeated.",
        ),
    ] = None,
    allow_failures: Annotated[
        str | None,
        typer.Option(metavar="N|N%", help="Documents that may fail, for each system; none if not given."),
    ] = None,
    keep_going: Annotated[
        bool,
        typer.Option(
            "--keep-going",
            help="Do not stop when many documents fail in the same way, or when nothing answers.",
        ),
    ] = False,
    prices: Prices = None,
    budget: Annotated[
        float | None,
        typer.Option(min=0, metavar="COST", help="What all systems together may cost, with what they have."),
    ] = None,
    batch: Batch = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Run all documents again, those that succeeded before too.")
    ] = False,
    part: PartOf = None,
    parts: Parts = None,
    on: On = LOCAL,
    as_json: Json = False,
) -> None:
    """Run systems on a corpus; each becomes a layer `system/NAME`.

    A document on which a system crashes, hangs or answers nonsense fails alone and counts as empty. What
    does not fit text or ontology is rejected, and counts against the system. Interrupted and run again, only
    what is missing or failed is run. Exit 1 if more documents failed than were allowed: the layer is written
    all the same. Exit 2 if none succeeded, the run was stopped early or the system could not be run: no layer
    is written, and one that is there stays. Of several systems, the worst counts.

    With --runs, run k has the system's seed and k - 1 more, and becomes the layer `system/NAME/k`; those that
    are done are not run again, so that a larger number adds some. What gives the same each time (lexicon,
    file, `deterministic = true`) is run once. Scored, the runs are one system.

    With --budget, models (`llm:`) are asked only as far as it reaches for the most that an answer can cost,
    and what they have cost before counts. With --batch they are not asked at all: DIR/NAME.requests.jsonl
    holds what has to be answered (as for OpenAI's batch API), and the same command reads the answers that
    were put into DIR. Exit 2 until all answers are there. No answer is paid for twice.

    With --part, systems are run on one part of the documents, near-duplicates together, each into a file in
    a folder; `eval merge` makes the layers when all parts are there. A part goes on where it was, as a run
    does, and how many documents may fail is said of all of them, when they are merged.

    A packed corpus is run part by part, and the layer is added to it; until then what is done is in --parts.

    \b
    Examples:
      goldwire eval run work --system rules=lexicon --system mine="cmd:python extract.py"
      goldwire eval run work --systems systems.toml --workers 2
      goldwire eval run work --system learnt=sklearn --save learnt.npz
      goldwire eval run work --system mine="cmd:./extract" --watch "mine=model/*" --allow-failures 1%
      goldwire eval run work --systems systems.toml --only learnt --runs 5
      goldwire eval run work --systems systems.toml --prices prices.toml --budget 20
      goldwire eval run work --systems systems.toml --only gpt --batch batch/
      goldwire eval run work --system rules=lexicon --part 17/400 --parts parts/run
      goldwire eval run s3://news/gold --system rules=lexicon
      goldwire eval run /shared/work --systems /shared/systems.toml --on dask://head.example:8786
    """
    from goldwire.eval.systems.run import run as run_systems
    from goldwire.eval.systems.runs import expand

    _check_on(ctx, on, part)
    corpus = _opened(ctx, folder, part, parts)
    chosen = choose(system or [], systems or [], only or [])
    for setting in ("seed", "workers"):
        if all(getattr(item, setting) is not None for item in chosen):
            refuse(ctx, (setting,), "where every system has its own in the file")
    chosen = [*with_settings(chosen, labels or [], option or [], watch or [])]
    chosen = [limited(item, timeout, memory, allow_failures) for item in chosen]
    chosen = priced(chosen, prices)
    learners = _learners(chosen, save, load)
    chosen = [_loading(item, load) if item in learners else item for item in chosen]
    expanded = expand(chosen, runs, seed)
    progress, remarks = Bar(), list[str]()
    how: dict[str, Any] = {"workers": workers, "seed": seed, "fresh": fresh, "keep_going": keep_going}
    try:
        if part is not None:
            outcomes = _run_part(corpus, expanded.systems, part, parts or PARTS, progress=progress, **how)
        elif on != LOCAL or corpus.source is not None:
            outcomes = _run_in_parts(on, corpus, expanded.systems, progress, how)
        else:
            more: dict[str, Any] = {"budget": budget, "batch": batch, "remark": remarks.append}
            outcomes = run_systems(corpus, expanded.systems, progress=progress, **how, **more)
    except KeyboardInterrupt:
        progress.end()
        note("interrupted; what is done is kept: the same command goes on from here")
        raise
    progress.end()
    _save_learnt(folder, learners, seed, save, outcomes)
    beside = _beside(_now(corpus, folder), chosen, runs) if part is None else ()
    for told in (*expanded.notes, *beside, *remarks):
        note(told)
    if as_json:
        print_json(outcomes)
    else:
        show(outcomes, None if corpus.source else folder)
        if part is not None:
            note(
                "When all are there, merge them: "
                f"goldwire eval merge {word(parts or PARTS)} --into {word(corpus.where)}"
            )
    if status := max(outcome.status for outcome in outcomes):
        raise typer.Exit(status)


def _opened(ctx: typer.Context, folder: Path, part: str | None, parts: Path | None) -> Corpus:
    """The corpus, with a place for the journals of one that is packed. Options that would be passed over, or
    that cannot be said of a part, are refused.
    """
    import msgspec

    from goldwire.corpora.store import is_packed, open_corpus

    packed = is_packed(folder)
    if part is None and not packed:
        refuse(ctx, ("parts",), "without --part K/N")
        return open_corpus(folder)
    how = "with --part" if part is not None else "on a packed corpus, which is run part by part"
    whole = "run it whole" if not packed else "unpack the corpus, and run it there"
    why = f"parts cannot see what others spend; set a limit where the key comes from, or {whole}"
    refuse(ctx, ("budget",), f"{how}: {why}")
    why = f"the requests of all documents are in one file, which costs no machine time; {whole}"
    refuse(ctx, ("batch",), f"{how}: {why}")
    why = "each part would train the same model; save it by a run without parts, and --load it in all parts"
    refuse(ctx, ("save",), f"{how}: {why}")
    corpus = open_corpus(folder)
    if corpus.source is None:
        return corpus
    return msgspec.structs.replace(corpus, workplace=parts or PARTS)


def _check_on(ctx: typer.Context, on: str, part: str | None) -> None:
    """Refuse what cannot be had on a cluster, and a cluster for one part."""
    if on == LOCAL:
        return
    if part is not None:
        refuse(ctx, ("on",), "with --part, which is computed on the machine where it is asked for")
    why = "parts cannot see what others spend; set a limit where the key comes from, or run it here"
    refuse(ctx, ("budget",), f"with --on: {why}")
    refuse(ctx, ("batch",), "with --on: requests in batch files cost no machine time; run it here")
    refuse(ctx, ("save",), "with --on: each worker would train; save it by a run here, and --load it there")


def _run_in_parts(
    on: str, corpus: Corpus, chosen: list[System], progress: Bar, how: dict[str, Any]
) -> list[Outcome]:
    from goldwire.eval.parts.whole import Terms, run_packed

    with cluster_of(on, corpus, packed=True) as cluster:
        if cluster is None:
            return run_packed(corpus, chosen, Terms(**how), progress=progress)
        from goldwire.eval.cluster.run import run_on

        return run_on(cluster, corpus, chosen, Terms(**how), progress=progress)


def _run_part(corpus: Corpus, chosen: list[System], part: str, folder: Path, **how: Any) -> list[Outcome]:
    from goldwire.corpora.parts import Part
    from goldwire.eval.parts.run import keep_parts

    return keep_parts(corpus, chosen, Part.parse(part), folder, **how)


def _now(corpus: Corpus, folder: Path) -> Corpus:
    """The corpus as it is after the run: layers were added to one that is packed."""
    from goldwire.corpora.store import open_corpus

    return corpus if corpus.source is None else open_corpus(folder)


def _beside(corpus: Corpus, chosen: list[System], number: int | None) -> Iterator[str]:
    """What else is there under the name of a system: runs beyond those of now, or the layer of one run."""
    from goldwire.eval.systems.runs import beside

    for system in chosen:
        yield from beside(corpus, system, number)


def _learners(chosen: list[System], save: Path | None, load: Path | None) -> list[System]:
    """The systems that learn; `--save` needs exactly one, `--load` at least one."""
    from goldwire.corpora.errors import ExtractorError
    from goldwire.eval.systems.extractor import can_save

    if save is None and load is None:
        return []
    found = [item for item in chosen if can_save(item.spec)]
    if (save is not None and len(found) != 1) or not found:
        raise ExtractorError("--save and --load are for systems that learn, such as `sklearn`: name one")
    return found


def _loading(item: System, load: Path | None) -> System:
    import msgspec

    return (
        item if load is None else msgspec.structs.replace(item, options={**item.options, "load": str(load)})
    )


def _save_learnt(
    folder: Path, learners: list[System], seed: int, path: Path | None, outcomes: list[Outcome]
) -> None:
    if path is not None and not any(outcome.error for outcome in outcomes):
        _save(folder, learners[0], seed, path)


def _save(folder: Path, item: System, seed: int, path: Path) -> None:
    from goldwire.eval.systems.extractor import Context, save

    seed = seed if item.seed is None else item.seed
    said = save(item.spec, Context(corpus=str(folder), options=item.options, seed=seed), path)
    note(f"{path}: {said}")
