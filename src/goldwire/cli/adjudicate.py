"""`goldwire annotate adjudicate`: several annotators' layers into one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from goldwire.cli.arguments import Dir
from goldwire.cli.files import source
from goldwire.cli.output import Json, note, print_json, say

if TYPE_CHECKING:
    from goldwire.annotate.adjudicate import Adjudicated, Disagreement
    from goldwire.annotate.adjudicate.returned import Conflict
    from goldwire.corpora.store import Corpus
    from goldwire.corpora.types import Annotations

SHOWN = 10  # disagreements shown on the terminal; the file has all


def adjudicate(
    folder: Dir,
    *,
    layers: Annotated[
        list[str],
        typer.Option(
            metavar="LAYER", help="A layer to merge; may be repeated. All annotators' if not given."
        ),
    ] = [],  # noqa: B006 - typer reads it, nobody changes it
    to: Annotated[str, typer.Option(metavar="LAYER", help="The layer to write.")] = "gold",
    decisions: Annotated[
        list[Path],
        typer.Option(
            metavar="FILE|-",
            parser=source,
            help="Decisions to take besides those in the corpus's own list; may be repeated.",
        ),
    ] = [],  # noqa: B006
    majority: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help="Take what N or more say, in documents that three or more annotated, unless it was decided.",
        ),
    ] = None,
    accept_single: Annotated[
        bool, typer.Option("--accept-single", help="Take documents that one person annotated as they are.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Merge annotators' layers: what all agree on is taken, the rest listed for somebody to decide.

    The list is a file with a line for each disagreement: put true, false or the value of an attribute in
    place of null in "decision", and run the command again. It is done when nothing is open.

    \b
    Examples:
      goldwire annotate adjudicate work --layers anna --layers ben --to gold
      goldwire annotate adjudicate work --majority 2 --accept-single
    """
    from goldwire.annotate.exchange.store import FOLDER
    from goldwire.corpora.store import open_corpus, writing

    with writing(open_corpus(folder), "annotate adjudicate") as corpus:
        path = corpus.path / FOLDER / f"decisions-{to.replace('/', '-')}.jsonl"
        done = _merge(corpus, layers, to, path, decisions, majority=majority, accept_single=accept_single)
    _tell(done, to, path, as_json)


class Done(NamedTuple):
    """What was merged, and decisions that contradict each other."""

    merged: Adjudicated
    conflicts: tuple[Conflict, ...]


def _merge(
    corpus: Corpus,
    layers: list[str],
    to: str,
    path: Path,
    decisions: list[Path],
    *,
    majority: int | None,
    accept_single: bool,
) -> Done:
    """Read layers and decisions, and write what is open and what is agreed."""
    from goldwire.annotate import adjudicate as merging
    from goldwire.annotate.adjudicate import returned, votes
    from goldwire.corpora.atomic import write_atomic
    from goldwire.corpora.codec import encode_lines, read_lines
    from goldwire.corpora.coverage import finished
    from goldwire.corpora.errors import CorpusError
    from goldwire.eval.comparison.annotators import layer_names

    corpus.check_new_layer(to)
    own: list[Disagreement] = read_lines(path, merging.Disagreement) if path.is_file() else []
    kept = _kept(corpus, to, merging.TOOL)
    names = layer_names(corpus, layers)
    if layers and to in names:
        raise CorpusError(f"layer {to!r} is the one that is made: name another with --to, or leave it out")
    views = {name: finished(corpus.layer(name)) for name in names if name != to}
    if majority is not None:
        votes.check(majority, views)
        if 2 * majority <= len(views):
            note(f"{majority} of {len(views)} is not more than half: two readings may both be taken")
    ontology = corpus.ontology()
    given = [returned.read_decisions(file, views, to, ontology) for file in decisions]
    joined = returned.join([own, *given])
    merged = merging.adjudicate(
        views,
        corpus.documents(),
        joined.decisions,
        ontology,
        majority=majority,
        accept_single=accept_single,
    )
    write_atomic(path, encode_lines([*merged.disagreements, *merged.stale]))
    corpus.write_layer(to, {**kept, **{item.document: item for item in merged.annotations}}.values())
    return Done(merged, joined.conflicts)


def _kept(corpus: Corpus, layer: str, tool: str) -> dict[str, Annotations]:
    """The lines that stay: of documents said to be empty. A layer made by anything else is not replaced."""
    from goldwire.corpora import coverage
    from goldwire.corpora.errors import CorpusError

    if layer not in corpus.layers():
        return {}
    there = corpus.layer(layer)
    covered = {d: item for d, item in there.items() if item.provenance.tool == coverage.TOOL}
    others = [d for d, item in there.items() if d not in covered and item.provenance.tool != tool]
    if others:
        raise CorpusError(
            f"layer {layer!r} was not made by adjudication ({others[0]} …) and would be replaced: "
            "name another with --to"
        )
    return covered


def _tell(done: Done, layer: str, path: Path, as_json: bool) -> None:
    merged = done.merged
    if as_json:
        print_json(
            {
                "layer": layer,
                "documents": len(merged.annotations),
                "agreed": merged.agreed,
                "differed": len(merged.disagreements),
                "open": merged.open,
                "decisions": str(path),
                "alone": merged.alone,
                "single": merged.single,
                "voted": merged.voted,
                "unvoted": merged.unvoted,
                "conflicts": len(done.conflicts),
                "stale": len(merged.stale),
            }
        )
        return
    agreed = ", ".join(f"{times} {unit}" for unit, times in merged.agreed.items()) or "nothing"
    say(f"layer {layer}: {len(merged.annotations)} document(s); agreed: {agreed}")
    say(f"differed: {len(merged.disagreements)}, of which open: {merged.open} -> {path}")
    for item in [item for item in merged.disagreements if item.decision is None][:SHOWN]:
        says = ", ".join(f"{name}: {_say(view)}" for name, view in item.says.items())
        say(f"  {item.document}  {item.unit}  {item.words}  ({says})")
    for line in _others(done):
        say(line)


def _others(done: Done) -> Iterator[str]:
    """What was taken, left open or left out otherwise than by agreement and decisions."""
    merged = done.merged
    if merged.voted:
        yield f"decided by vote: {merged.voted}"
    if merged.unvoted:
        yield f"not voted on, as fewer than three people did them: {merged.unvoted} document(s) that differ"
    if merged.single:
        yield f"taken as one person did them: {len(merged.single)} document(s)"
    if merged.alone:
        yield f"left out, done by one person only: {', '.join(merged.alone)}"
    if done.conflicts:
        yield f"decided differently by several people, and so left open: {len(done.conflicts)}"
    for conflict in done.conflicts[:SHOWN]:
        said = ", ".join(f"{who}: {_say(what)}" for who, what in conflict.said)
        yield f"  {conflict.item.document}  {conflict.item.unit}  {conflict.item.words}  ({said})"
    if merged.stale:
        yield f"decisions on what nobody differs on any more: {len(merged.stale)}"


def _say(view: bool | str | None) -> str:
    from goldwire.annotate.adjudicate.returned import spoken

    return spoken(view)
