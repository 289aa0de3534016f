"""`goldwire annotate adjudicate`: several annotators' layers into one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from goldwire.cli.arguments import Dir
from goldwire.cli.output import Json, note, print_json, say

if TYPE_CHECKING:
    from goldwire.annotate.adjudicate import Adjudicated, Disagreement
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
        Path | None,
        typer.Option(metavar="FILE", help="The file of decisions; what is still open is written to it."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Merge annotators' layers: what all agree on is taken, the rest listed for somebody to decide.

    The list is a file with a line for each disagreement: put true, false or the value of an attribute in
    place of null in "decision", and run the command again. It is done when nothing is open.

    \b
    Example:
      goldwire annotate adjudicate work --layers anna --layers ben --to gold
    """
    from goldwire.annotate.exchange.store import FOLDER
    from goldwire.corpora.store import open_corpus, writing

    with writing(open_corpus(folder), "annotate adjudicate") as corpus:
        path = decisions or corpus.path / FOLDER / f"decisions-{to.replace('/', '-')}.jsonl"
        merged = _merge(corpus, layers, to, path)
    _tell(merged, to, path, as_json)


def _merge(corpus: Corpus, layers: list[str], to: str, path: Path) -> Adjudicated:
    """Read layers and decisions, and write what is open and what is agreed."""
    from goldwire.annotate import adjudicate as merging
    from goldwire.corpora.atomic import write_atomic
    from goldwire.corpora.codec import encode_lines, read_lines
    from goldwire.corpora.coverage import finished
    from goldwire.corpora.errors import CorpusError
    from goldwire.corpora.goldtasks import gold_tasks, without_gold_tasks
    from goldwire.eval.comparison.annotators import layer_names

    corpus.check_new_layer(to)
    given: list[Disagreement] = read_lines(path, merging.Disagreement) if path.is_file() else []
    kept, known = _kept(corpus, to, merging.TOOL), corpus.layer(to) if to in corpus.layers() else {}
    names = layer_names(corpus, layers)
    if layers and to in names:
        raise CorpusError(f"layer {to!r} is the one that is made: name another with --to, or leave it out")
    layers_of = {name: finished(corpus.layer(name)) for name in names if name != to}
    views = {name: without_gold_tasks(layer) for name, layer in layers_of.items()}
    gold = gold_tasks(layers_of.values())
    kept |= {id: known[id] for id in gold & known.keys()}
    if gold:
        note(f"left out, gold tasks whose gold is there already: {len(gold)} document(s)")
    merged = merging.adjudicate(views, corpus.documents(), given, corpus.ontology())
    write_atomic(path, encode_lines([*merged.disagreements, *merged.stale]))
    corpus.write_layer(to, {**kept, **{item.document: item for item in merged.annotations}}.values())
    return merged


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


def _tell(merged: Adjudicated, layer: str, path: Path, as_json: bool) -> None:
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
    if merged.alone:
        say(f"left out, done by one person only: {', '.join(merged.alone)}")
    if merged.stale:
        say(f"decisions on what nobody differs on any more: {len(merged.stale)}")


def _say(view: bool | str | None) -> str:
    return view if isinstance(view, str) else "yes" if view else "no" if view is False else "none"
