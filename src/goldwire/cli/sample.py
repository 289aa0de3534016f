"""`goldwire corpus sample`: which documents to annotate next."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from goldwire.cli.arguments import Documents, On, OwnDir
from goldwire.cli.clusters import LOCAL, cluster_of
from goldwire.cli.options import refuse
from goldwire.cli.output import Json, note, print_json, say
from goldwire.corpora.visible import word

if TYPE_CHECKING:
    from goldwire.corpora.store import Corpus
    from goldwire.eval.sampling.draw import Made, Means

SHOWN = 5  # documents that are named on the terminal; all are in the file


def sample(
    ctx: typer.Context,
    folder: OwnDir,
    *,
    name: Annotated[str, typer.Option(help="What the draw is called; it is kept in samples/NAME.jsonl.")],
    number: Annotated[int, typer.Option("--n", min=1, help="How many documents to draw.")],
    purpose: Annotated[
        Literal["scoring", "training"],
        typer.Option(
            "--for",
            help="scoring: by chance, with probability in proportion to what is said by --by; "
            "training: the greatest values of that first.",
        ),
    ] = "scoring",
    by: Annotated[
        Literal["found", "disagreement", "uncertainty", "rare", "length", "chance"] | None,
        typer.Option(
            help="By what: units that systems found, units on which they differ, units of unsure "
            "scores, rare types, length, or chance alone; found where --system is given, else chance."
        ),
    ] = None,
    system: Annotated[
        list[str],
        typer.Option(
            metavar="NAME", help="A system, or several by a pattern; may be repeated. All if not given."
        ),
    ] = [],  # noqa: B006 - typer reads it, nobody changes it
    measure: Annotated[
        list[str],
        typer.Option(
            help="A measure by which units are counted (see `eval measures`); may be repeated. "
            "entity, TC and AC+ if not given."
        ),
    ] = [],  # noqa: B006
    per: Annotated[
        str | None,
        typer.Option(
            metavar="FIELD",
            help="Draw of each part: a field of the metadata, published:month, length:4 or split.",
        ),
    ] = None,
    allocation: Annotated[
        Literal["proportional", "neyman"],
        typer.Option(help="How many each part gives: by its documents, or also by how much --by varies."),
    ] = "proportional",
    spread: Annotated[
        Literal["text"] | None,
        typer.Option(help="Of documents that are picked for training take those whose texts are unlike."),
    ] = None,
    chance: Annotated[
        float, typer.Option(min=0, max=1, help="The share of the draw that is left to chance; above 0.")
    ] = 0.2,
    gold: Annotated[
        str, typer.Option(metavar="LAYER", help="Documents that this layer has finished are not drawn.")
    ] = "gold",
    documents: Documents = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the draw.")] = 0,
    on: On = LOCAL,
    as_json: Json = False,
) -> None:
    """Draw documents to be annotated, and keep with which probability each could have been.

    Of near-duplicates one at most is drawn. No document has probability 0, so that scores of what is drawn
    can be weighted. A draw is never changed; `annotate push --pick NAME` brings it to people.

    \b
    Examples:
      goldwire corpus sample work --name round-1 --n 100
      goldwire corpus sample work --name round-2 --n 100 --system lexicon --system sklearn --per source
      goldwire corpus sample work --name round-3 --n 100 --for training --by disagreement
      goldwire corpus sample /shared/work --name round-4 --n 100 --by rare --on dask://head.example:8786
    """
    from goldwire.corpora import samples
    from goldwire.corpora.store import open_corpus, writing
    from goldwire.eval.gate.selection import select
    from goldwire.eval.sampling.draw import make
    from goldwire.eval.sampling.wanted import OF_SYSTEMS, Wanted

    by = by or ("found" if system else "chance")
    if by == "chance":
        refuse(ctx, ("chance",), "with --by chance, which is chance alone")
    if by not in OF_SYSTEMS:
        refuse(ctx, ("system", "measure"), f"with --by {by}")
    if by in ("rare", "uncertainty"):
        refuse(ctx, ("measure",), f"with --by {by}, which looks at all mentions and events")
    if per is None:
        refuse(ctx, ("allocation",), "without --per")
    corpus = open_corpus(folder)
    wanted = Wanted(
        name=name,
        number=number,
        purpose=purpose,
        by=by,
        systems=tuple(system),
        measures=tuple(measure),
        per=per,
        allocation=allocation,
        spread=spread is not None,
        chance=chance,
        seed=seed,
        gold=gold,
        documents=None if documents is None else select(corpus, documents),
        asked=documents,
    )
    with _means(on, corpus, counts=by in ("found", "disagreement")) as means:
        made = make(corpus, wanted, progress=note, means=means)
    with writing(corpus, "corpus sample") as now:
        samples.write(now, made.sample)
    for told in made.notes:
        note(told)
    if as_json:
        print_json(_facts(made))
    else:
        say("\n".join(_lines(made, folder)))


@contextmanager
def _means(on: str, corpus: Corpus, *, counts: bool) -> Iterator[Means]:
    """What reads layers and counts units: this process, or a cluster."""
    from goldwire.eval.sampling.draw import Means

    with cluster_of(on, corpus) as cluster:
        if cluster is None:
            yield Means()
            return
        from goldwire.eval.cluster.score import OnCluster
        from goldwire.eval.sampling.cluster import ClusterReader

        yield Means(ClusterReader(cluster), count := OnCluster(cluster))
        if counts and not count.scored:
            note("units were counted on this machine: documents or lines are not in order of id")


def _facts(made: Made) -> dict[str, object]:
    draw = made.sample.draw
    return {
        "name": draw.draw,
        "purpose": draw.purpose,
        "how": draw.how,
        "seed": draw.seed,
        "layer": draw.layer,
        "before": len(draw.before),
        "frame": len(made.sample.candidates),
        "strata": made.strata,
        "drawn": made.sample.drawn,
        "notes": made.notes,
    }


def _lines(made: Made, folder: Path) -> Iterator[str]:
    """A draw as it is told to people: how many of how many, of which parts, and what to begin with."""
    draw, drawn = made.sample.draw, made.sample.drawn
    chances = [one.probability for one in made.sample.candidates]
    yield (
        f"{draw.draw}: {len(drawn)} of {len(chances):,} documents drawn for {draw.purpose}, {draw.how}; "
        f"each could be with probability {_range(min(chances), max(chances))}"
    )
    if draw.before:
        yield f"annotated before in {draw.layer}, not drawn: {len(draw.before):,}"
    if len(made.strata) > 1:
        yield from (f"  {part.name}: {part.drawn} of {part.documents:,}" for part in made.strata)
    yield from (f"  {one.rank}. {one.document}: {one.reason}" for one in drawn[:SHOWN])
    if len(drawn) > SHOWN:
        yield f"  … and {len(drawn) - SHOWN} more, in samples/{draw.draw}.jsonl"
    yield f"bring them to people: goldwire annotate push {word(folder)} --pick {word(draw.draw)}"


def _range(low: float, high: float) -> str:
    return f"{low:.3g}" if f"{low:.3g}" == f"{high:.3g}" else f"{low:.3g} to {high:.3g}"
