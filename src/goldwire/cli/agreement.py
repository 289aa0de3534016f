"""`goldwire eval agreement`: how far annotators agree."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from goldwire.cli.arguments import Dir, Documents, Ignore, Maps, On, Only, maps_of, view_of
from goldwire.cli.clusters import LOCAL, cluster_of
from goldwire.cli.options import refuse
from goldwire.cli.output import Json, print_json

if TYPE_CHECKING:
    from goldwire.corpora.store import Corpus
    from goldwire.eval.comparison.coefficients import Terms
    from goldwire.eval.comparison.people import People


def agreement(
    ctx: typer.Context,
    folder: Dir,
    more: Annotated[list[str] | None, typer.Argument(metavar="[LAYER]…", hidden=True)] = None,
    *,
    layers: Annotated[
        list[str] | None,
        typer.Option(metavar="LAYER…", help="Layers to compare, two or more; all annotators' if not given."),
    ] = None,
    measure: Annotated[
        list[str] | None, typer.Option(help="A measure (see `eval measures`); may be repeated.")
    ] = None,
    documents: Documents = None,
    labels: Maps = None,
    only: Only = None,
    ignore: Ignore = None,
    people: Annotated[
        bool, typer.Option("--people", help="What each person does instead: agreement, pace, drift.")
    ] = False,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the resampling.")] = 0,
    on: On = LOCAL,
    as_json: Json = False,
) -> None:
    """Say how far annotators agree: F of each pair by measure, and coefficients beyond chance.

    These are kappa and Krippendorff's alpha on tokens, alpha of attributes, alpha for unitizing and Mathet's
    gamma; each with an interval by documents.

    Two layers are compared on the documents that both annotated; skipped documents and drafts are left out.
    The mean over pairs is the human ceiling for systems scored by the same measure. Tokens are those of the
    files where all annotators came with the same ones, else Goldwire's. What a label map leaves out, or
    --only and --ignore do, is no unit of anybody.

    With --people, a line for each person: F to the others (a mean over them), to gold and to the layer that
    they were shown, seconds for a document and a unit, and whether they drift with time, corrected over
    people.

    \b
    Examples:
      goldwire eval agreement work
      goldwire eval agreement work --people
      goldwire eval agreement work --layers anna ben --measure entity --json
      goldwire eval agreement /shared/work --on dask://head.example:8786
    """
    from goldwire.corpora.store import open_corpus
    from goldwire.eval.comparison.agreement import DEFAULTS, agree_corpus
    from goldwire.eval.comparison.people import DEFAULTS as OF_PEOPLE
    from goldwire.eval.comparison.people import people_of
    from goldwire.eval.gate.selection import select

    if people:
        refuse(ctx, ("on",), "with --people, which has no coefficients for a cluster to work at")
    chosen = [*(layers or ()), *(more or ())]
    corpus = open_corpus(folder)
    asked = None if documents is None else select(corpus, documents)
    view = view_of(maps_of(labels), only, ignore, corpus.ontology())
    if people:
        one_by_one = people_of(corpus, chosen, measure or OF_PEOPLE, documents=asked, seed=seed, asked=view)
        _tell_people(one_by_one, as_json)
        return
    with _terms(on, corpus, seed) as terms:
        found = agree_corpus(corpus, chosen, measure or DEFAULTS, documents=asked, terms=terms, asked=view)
    if as_json:
        print_json(found)
    else:
        from goldwire.cli.output import make_console
        from goldwire.eval.report.agreement import summarise
        from goldwire.eval.report.terminal import render

        render(summarise(found), make_console())


@contextmanager
def _terms(on: str, corpus: Corpus, seed: int) -> Iterator[Terms]:
    """What makes coefficients: this process, or a cluster beside it."""
    from goldwire.eval.comparison.coefficients import Terms

    with cluster_of(on, corpus) as cluster:
        if cluster is None:
            yield Terms(seed=seed)
            return
        from goldwire.eval.comparison.cluster import terms_on

        yield terms_on(cluster, seed)


def _tell_people(found: People, as_json: bool) -> None:
    if as_json:
        print_json(found)
        return
    from goldwire.cli.output import make_console
    from goldwire.eval.report.people import summarise
    from goldwire.eval.report.terminal import render

    render(summarise(found), make_console())
