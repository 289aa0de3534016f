"""`goldwire eval score`: score layers against gold, and keep the record."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from goldwire.cli.arguments import (
    PARTS,
    Dir,
    Documents,
    Ignore,
    Maps,
    On,
    Only,
    PartOf,
    Parts,
    maps_of,
    view_of,
)
from goldwire.cli.clusters import LOCAL, cluster_of
from goldwire.cli.options import refuse
from goldwire.cli.output import Json, note, print_json, say
from goldwire.corpora.garbage import no_collection
from goldwire.corpora.visible import word

if TYPE_CHECKING:
    from goldwire.corpora.store import Corpus
    from goldwire.eval.scoring.blockwise import ScoredBlock
    from goldwire.eval.scoring.plan import Plan
    from goldwire.eval.scoring.record import Record
    from goldwire.eval.scoring.score import Counting, Options


@no_collection()
def score(
    ctx: typer.Context,
    folder: Dir,
    *,
    gold: Annotated[
        list[str] | None,
        typer.Option(
            metavar="LAYER",
            help="The layer to score against: gold if not given; several with --references.",
            show_default=False,
        ),
    ] = None,
    references: Annotated[
        Literal["mean", "best", "any", "union", "intersection", "majority"] | None,
        typer.Option(help="What is right where several gold layers differ (see docs/references.md)."),
    ] = None,
    was: Annotated[
        str | None,
        typer.Option(metavar="LAYER", help="The gold layer before: say what changed since, and who turned."),
    ] = None,
    system: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME|PATTERN",
            help="A system or any layer, or those of a pattern ('lex*', in quotes); may be repeated. All "
            "systems if not given.",
        ),
    ] = None,
    suite: Annotated[
        str | None, typer.Option(help="A name that ships (see `eval suites`), or a TOML file.")
    ] = None,
    measure: Annotated[
        list[str] | None, typer.Option(help="A measure (see `eval measures`); may be repeated.")
    ] = None,
    name: Annotated[
        str | None, typer.Option(help="The record is DIR/records/NAME.json; the suite's name if not given.")
    ] = None,
    record_file: Annotated[
        Path | None,
        typer.Option(
            "--record",
            metavar="FILE",
            help="Keep the record there; not given, of a packed corpus: NAME.json.",
        ),
    ] = None,
    documents: Documents = None,
    unjudged: Annotated[
        Literal["left-out", "empty"],
        typer.Option(help="Documents without a line in gold, or skipped: left out, or nothing to be found."),
    ] = "left-out",
    drafts: Annotated[
        Literal["left-out", "counted"], typer.Option(help="Drafts in gold: left out, or as they stand.")
    ] = "left-out",
    rejected: Annotated[
        Literal["spurious", "left-out"],
        typer.Option(help="Rejected units of a system: counted as wrong, or left out."),
    ] = "spurious",
    labels: Maps = None,
    only: Only = None,
    ignore: Ignore = None,
    inside: Annotated[
        str | None,
        typer.Option(metavar="LAYER", help="Count only units in the place of a mention or trigger of LAYER."),
    ] = None,
    slices: Annotated[
        list[str] | None,
        typer.Option(
            "--slice",
            metavar="SLICE",
            help="Part documents (source, published:month, length:4, split, prefill) or units "
            "(seen:layer=gold,split=train, nested, …); may be repeated.",
        ),
    ] = None,
    at: Annotated[
        list[str] | None,
        typer.Option(
            metavar="SCORE|best|best:DOCUMENTS|NAME=…",
            help="Count only units of systems, or of NAME, from this score on; best: chosen on other "
            "documents. May be repeated.",
        ),
    ] = None,
    duplicates: Annotated[
        Literal["set", "refuse"], typer.Option(help="Equal units: counted once, or an error.")
    ] = "set",
    intervals: Annotated[
        Literal["unseen", "expanded", "percentile", "bca"],
        typer.Option(help="Kind of interval: allowing for documents unlike those seen, or resampled alone."),
    ] = "unseen",
    trials: Annotated[int, typer.Option(min=0, help="Resamples for the intervals; 0 for none.")] = 1000,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the resampling.")] = 0,
    replace: Annotated[
        bool, typer.Option("--replace", help="Replace a record of this name, whatever it holds.")
    ] = False,
    unweighted: Annotated[
        bool,
        typer.Option("--unweighted", help="Count documents alike, however they were drawn."),
    ] = False,
    stream: Annotated[
        bool,
        typer.Option(
            "--stream", help="Keep no counts by document: memory stays the same, however many there are."
        ),
    ] = False,
    part: PartOf = None,
    parts: Parts = None,
    on: On = LOCAL,
    as_json: Json = False,
) -> None:
    """Score systems against gold, by a suite or by measures; the record is kept with the corpus.

    Scored are the documents that gold has a line for, also an empty one. A document that a system has no line
    for, or failed on, counts as empty; what was rejected of its output counts as spurious. Units in excluded
    regions are not counted. A streamed record has all figures and intervals, but cannot be compared with
    another by document.

    What a label map leaves out, or --only and --ignore do, is no unit on either side: neither missed nor
    spurious nor rejected. Signature and record name the view.

    Documents that were drawn (`corpus sample`) weigh as much as they stand for, so that figures are of the
    corpus and not of what was picked from it; --unweighted leaves that.

    With --slice, the figures of each slice stand beside those of the whole: documents parted by a field of
    their metadata, a date, their length or split, units by what they are. Each is held against the rest.

    Where a record of the name is kept already, what it has of other systems stays, if gold, documents,
    measures and policies are the same; if they are not, that is an error. What moved is told.

    With --part, one part of the documents is scored, near-duplicates together, into a file in a folder; what
    lies there already, made of the very same, is not made again. No record is kept: `eval merge` makes it.

    \b
    Examples:
      goldwire eval score work --system lexicon --system mine
      goldwire eval score work --system mine --documents split:test
      goldwire eval score work --system mine --measure AC+ --measure "entity:span+type@iou>=0.5"
      goldwire eval score work --slice source --slice nested
      goldwire eval score work --labels mine=labels.toml --only PER,ORG
      goldwire eval score work --system mine --at 0.5
      goldwire eval score work --gold gold-2 --was gold
      goldwire eval score work --gold annotator/a --gold annotator/b --references best --measure entity
      goldwire eval score work --part 17/400
      goldwire eval score /shared/work --on dask://head.example:8786
    """
    from goldwire.corpora.store import open_corpus
    from goldwire.eval.counting.coverage import Scope
    from goldwire.eval.measures.slices import parse_slices
    from goldwire.eval.measures.suites import choose
    from goldwire.eval.scoring import thresholds
    from goldwire.eval.scoring.score import Options, make_plan, score_corpus
    from goldwire.eval.systems import config
    from goldwire.eval.systems.runs import written_out

    _check_use(ctx, part)
    corpus = open_corpus(folder)
    wanted, chosen = choose(suite, measure or ())
    chosen_documents = None if documents is None else _selected(corpus, documents)
    options = Options(
        duplicates=duplicates,
        intervals=intervals,
        trials=trials,
        seed=seed,
        suite=None if chosen is None else chosen.name,
        classes=chosen is not None and chosen.classes,
        tags=None if chosen is None else chosen.tags,
        stream=stream,
        scope=Scope(documents=chosen_documents, unjudged=unjudged, drafts=drafts),
        asked=documents,
        rejected=rejected,
        views=view_of(maps_of(labels), only, ignore, corpus.ontology()),
        inside=inside,
        references=references,
        at=thresholds.parse(at or (), partial(_selected, corpus)),
        slices=parse_slices(slices or ()),
        unweighted=unweighted,
    )
    systems, notes = written_out(corpus, config.matching(corpus, system) if system else config.names(corpus))
    golds = gold or ["gold"]
    if part is not None:
        plan = make_plan(corpus, golds, systems, wanted, options)
        for told in notes:
            note(told)
        _score_part(corpus, plan, part, parts or PARTS, as_json=as_json)
        return
    place = record_place(corpus, options.suite if name is None else name, record_file)
    with _counting(on, corpus) as count:
        record = score_corpus(corpus, golds, systems, wanted, options=options, count=count)
        if was is not None:
            from goldwire.eval.comparison.earlier import with_was

            record = with_was(corpus, record, was, options, count=count)
    put(record, place, corpus, options, notes, replace=replace, as_json=as_json)


def _check_use(ctx: typer.Context, part: str | None) -> None:
    """Refuse options that would be passed over."""
    if part is None:
        refuse(ctx, ("parts",), "without --part K/N")
        return
    refuse(
        ctx,
        ("name", "replace", "record_file"),
        "with --part: they are of the record, which `eval merge` writes",
    )
    refuse(ctx, ("on",), "with --part, which is computed on the machine where it is asked for")
    refuse(ctx, ("was",), "with --part: it looks at all documents under two gold layers")


def put(
    record: Record,
    place: Path,
    corpus: Corpus | None,
    options: Options,
    notes: Sequence[str] = (),
    *,
    replace: bool,
    as_json: bool,
) -> None:
    """Keep a record that was made now, and show what it says."""
    import msgspec

    from goldwire.eval.comparison.keeping import keep
    from goldwire.eval.scoring.files import plain

    record = msgspec.structs.replace(record, created=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))
    kept = keep(record, place, replace=replace)
    if corpus is not None and corpus.source is not None:
        note(f"{corpus.where} is packed and not changed: the record is {place}")
    for told in (*notes, *_lost(record, options), *kept.notes):
        note(told)
    if as_json:
        print_json(plain(msgspec.structs.replace(kept.record, findings=())))
        return
    _show(kept.record, place, corpus)
    note(f"The record is {place}; see it again with: goldwire eval report {word(place)}")


@contextmanager
def _counting(on: str, corpus: Corpus) -> Iterator[Counting]:
    """What counts: processes of this machine, or a cluster. It is told where a cluster was not asked."""
    with cluster_of(on, corpus, packed=True) as cluster:
        if cluster is None:
            yield _count
            return
        from goldwire.eval.cluster.score import OnCluster

        yield (count := OnCluster(cluster))
        if not count.scored:
            note(
                "scored on this machine: documents or lines are not in order of id, or a measure has no "
                "counts that add up"
            )


def _count(corpus: Corpus, plan: Plan) -> Iterator[ScoredBlock]:
    """Blocks, counted by processes of this machine; what shows a record is loaded while they count."""
    from goldwire.eval.scoring.score import count_here

    for block in count_here(corpus, plan, os.cpu_count() or 1):
        yield block
        from goldwire.eval.comparison import keeping  # noqa: F401 - as are the others
        from goldwire.eval.report import build, ceilings, summary, terminal  # noqa: F401


def _score_part(corpus: Corpus, plan: Plan, part: str, folder: Path, *, as_json: bool) -> None:
    """Put a part into its folder, and say what was done."""
    from goldwire.corpora.parts import Part
    from goldwire.eval.measures.phrases import amount
    from goldwire.eval.parts.score import keep_part

    made = keep_part(corpus, plan, Part.parse(part), folder, workers=os.cpu_count() or 1)
    if as_json:
        print_json(made)
        return
    if made.replaced:
        note(f"{made.path} was damaged, and was made anew")
    told = "scored" if made.made else "is there already, and sound: nothing was computed"
    say(f"part {made.part} {told} ({amount(made.documents, 'document')}): {made.path}")
    note(f"When all are there, merge them: goldwire eval merge {word(folder)} --into {word(corpus.where)}")


def _selected(corpus: Corpus, documents: str) -> frozenset[str]:
    from goldwire.eval.gate.selection import (
        select,  # with all that reads baselines: only where it is asked for
    )

    return select(corpus, documents)


TYPES = 30  # that are shown; the record has all


def _show(record: Record, place: Path, corpus: Corpus | None) -> None:
    from goldwire.cli.output import make_console
    from goldwire.eval.report.build import make_report
    from goldwire.eval.report.ceilings import with_ceilings
    from goldwire.eval.report.summary import of_score, summarise
    from goldwire.eval.report.terminal import render

    records = {str(place): record}
    report = with_ceilings(make_report(records, quick=True), records, corpus)
    render(summarise(report, of_score(report, TYPES)), make_console())


def _lost(record: Record, options: Options) -> Iterator[str]:
    """What was asked for and could not be had."""
    if options.trials and record.policies["intervals"] == "none":
        yield "no intervals: near-duplicates are drawn together, and with --stream it is forgotten which are"


def record_place(corpus: Corpus, name: str | None, chosen: Path | None = None) -> Path:
    """Where a record of a name is kept: with its corpus, or here if that is packed, and so is not changed."""
    from goldwire.corpora.integrity import check_layer
    from goldwire.corpora.store import RECORDS

    found = "measures" if name is None else name
    check_layer(found)
    if chosen is not None:
        return chosen
    return Path(f"{found}.json") if corpus.source is not None else corpus.path / RECORDS / f"{found}.json"
