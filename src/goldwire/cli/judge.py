"""`goldwire eval judge`: a system scored by a judge, corrected by what gold there is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from goldwire.cli.arguments import Dir
from goldwire.cli.output import Json, print_json, say

if TYPE_CHECKING:
    from goldwire.eval.comparison.judged import Judgement


def judge(
    folder: Dir,
    *,
    system: Annotated[str, typer.Option(metavar="NAME", help="The system to be judged.")],
    by: Annotated[
        str,
        typer.Option("--judge", metavar="NAME", help="The judge: the layer of a system that corrected it."),
    ],
    measure: Annotated[
        list[str], typer.Option(help="A measure (see `eval measures`); may be repeated. entity if not given.")
    ] = [],  # noqa: B006 - typer reads it, nobody changes it
    gold: Annotated[str, typer.Option(metavar="LAYER", help="The layer that people made.")] = "gold",
    number: Annotated[
        int | None,
        typer.Option(
            "--gold-docs", min=1, help="Use so many of gold's documents, drawn by chance; all if not given."
        ),
    ] = None,
    agreement: Annotated[
        float,
        typer.Option(min=0, max=1, help="The least F of the judge by gold: below, nothing is corrected."),
    ] = 0.5,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the draw and of the intervals.")] = 0,
    as_json: Json = False,
) -> None:
    """Score a system by a judge on all documents, corrected by gold on some: prediction-powered inference.

    The judge is a layer: best a strong model that was shown what the system found and asked to correct it
    (`eval run`, option `draft`). By itself it is too kind, and by how much is learnt on the documents with
    gold, which must be people's and drawn by chance. Shown are F by gold alone, by the judge alone, and
    corrected, with 95 % intervals, and how many documents with gold would be worth as much. Exit 2 if fewer
    than 20 documents have gold and were judged.

    \b
    Examples:
      goldwire eval run work --system critic=llm:MODEL@https://HOST/v1 --option critic.draft=system/mine
      goldwire eval judge work --system mine --judge critic --measure entity --measure TC
    """
    from goldwire.corpora.store import open_corpus
    from goldwire.eval.comparison.judged import judge as judged_by

    found = judged_by(
        open_corpus(folder),
        (system, by),
        measure or ["entity"],
        gold=gold,
        number=number,
        agreement=agreement,
        seed=seed,
    )
    if as_json:
        print_json(found)
    else:
        say("\n".join(_lines(found)))


def _lines(found: Judgement) -> Iterator[str]:
    """What is said, a line for each measure, and what must be known of it."""
    from goldwire.eval.measures.phrases import amount

    yield f"{found.system}, judged by {found.judge} on {amount(found.documents + found.others, 'document')}"
    yield f"{amount(found.documents, 'document')} have gold ({found.gold}); F with 95 % intervals:"
    for one in found.results:
        f = one.figures["f"]
        yield (
            f"  {one.measure}: by gold alone {_ends(f.gold)}; by the judge alone {_points(f.judged)}; "
            f"corrected {_ends(f.corrected)}"
        )
        if one.refused:
            yield f"    not corrected: {one.refused}"
        elif f.worth is not None:
            yield (
                f"    worth {amount(f.worth, 'document')} with gold; the judge's own F by gold "
                f"{_points(one.agreement)}, its weight {f.weight:.2f}"
            )
    if found.unjudged:
        yield f"left out, with gold and not judged: {amount(found.unjudged, 'document')}"
    if found.partial:
        yield f"left out, judged in part: {amount(found.partial, 'document')}"
    yield "This holds if the documents with gold were drawn by chance from all that were judged."
    yield from (f"signature: {one.signature}" for one in found.results)


def _ends(ends: object) -> str:
    value, low, high = (getattr(ends, name) for name in ("value", "low", "high"))
    return "undefined" if value is None else f"{_points(value)} [{_points(low)}, {_points(high)}]"


def _points(value: float | None) -> str:
    return "undefined" if value is None else f"{100 * value:.1f}"
