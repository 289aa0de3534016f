"""`goldwire eval doubts`: units of gold that may be wrong or missing, for people to look at again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from goldwire.cli.arguments import Dir, Documents
from goldwire.cli.files import output
from goldwire.cli.output import Json, note, print_json, say

if TYPE_CHECKING:
    from goldwire.eval.doubts.readings import Doubt, Doubts, Reading

SHOWN = 20  # that are shown; the file has all


def doubts(
    folder: Dir,
    *,
    gold: Annotated[str, typer.Option(metavar="LAYER", help="The layer that may be wrong.")] = "gold",
    system: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME|PATTERN",
            help="A system or layer to hold against it, or those of a pattern; may be repeated. All systems "
            "if not given.",
        ),
    ] = None,
    number: Annotated[
        int, typer.Option("--n", min=1, help="How many doubts to give, the greatest first.")
    ] = 200,
    documents: Documents = None,
    controls: Annotated[
        float,
        typer.Option(min=0, max=0.9, help="The share of controls: units that are not in doubt, at random."),
    ] = 0.0,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the controls.")] = 0,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", parser=output, help="Write them there, a JSON line each, to be decided."
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Rank units of gold, and units missing from it, by how doubtful they are; say why in words.

    Against gold speak systems that read a place otherwise, by how often gold agrees with them elsewhere where
    they say that label (and are as sure of it), annotators who did, and what the same words are labelled
    elsewhere in gold; what reads as gold does speaks for it. Runs of one system count as one. The sum is a
    rank, no probability: how many doubts are right, only people can say. Decide them in the file, then say
    `eval decisions`; with --controls that estimates how much of gold is wrong.

    \b
    Examples:
      goldwire eval doubts work --system lexicon --system mine
      goldwire eval doubts work --gold gold --system "m*" --n 200 --controls 0.3 --out doubts.jsonl
    """
    from goldwire.corpora.store import open_corpus
    from goldwire.eval.doubts import files
    from goldwire.eval.doubts.find import find
    from goldwire.eval.systems import config
    from goldwire.eval.systems.runs import written_out

    corpus = open_corpus(folder)
    if out is not None:
        files.check_free(out)
    chosen = None
    if documents is not None:
        from goldwire.eval.gate.selection import select

        chosen = select(corpus, documents)
    asked = config.matching(corpus, system) if system else _all(corpus.layers())
    systems, notes = written_out(corpus, asked)
    found = find(corpus, gold, systems, number, documents=chosen, controls=controls, seed=seed)
    if out is not None:
        files.check_free(out)  # again: it took time to look, in which others may have decided
        files.write(out, found)
    for told in notes:
        note(told)
    if as_json:
        print_json(found)
        return
    _show(found)
    if out is not None:
        note(f"All {len(found.doubts)} are in {out}.")


def _all(layers: list[str]) -> list[str]:
    from goldwire.corpora.store import SYSTEM

    return [layer.removeprefix(SYSTEM) for layer in layers if layer.startswith(SYSTEM)]


def _show(found: Doubts) -> None:
    from goldwire.eval.measures.phrases import amount, listed

    head = found.head
    units = listed([amount(times, unit) for unit, times in head.units.items()]) or "no unit"
    say(f"{amount(head.found, 'doubt')} about {head.gold}: {amount(head.documents, 'document')}, {units}")
    for told in head.notes:
        say(f"note: {told}")
    asked = [doubt for doubt in found.doubts if doubt.control is None]
    for doubt in asked[:SHOWN]:
        say(f"\n{doubt.doubt:5.1f}  {doubt.document}  {described(doubt)}")
        say(f"       {' '.join(doubt.sentence.split())}")
        for reason in doubt.reasons:
            say(f"       - {reason}")
    if len(asked) > SHOWN:
        say(f"\n… and {len(asked) - SHOWN} more; --out writes all to a file")
    if controls := len(found.doubts) - len(asked):
        say(f"{amount(controls, 'control')} among them in the file")


def described(doubt: Doubt) -> str:
    """What is doubted, in a line."""
    of = f" of “{doubt.on.words}”" if doubt.on else ""
    gold, other = map(_said, (doubt.gold, doubt.other))
    return f"{doubt.name or doubt.unit}{of}, {doubt.kind}: gold {gold}, other {other}"


def _said(reading: Reading | None) -> str:
    return "nothing" if reading is None else f"{reading.label or 'no value'} “{reading.words}”"
