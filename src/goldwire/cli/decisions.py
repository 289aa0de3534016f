"""`goldwire eval decisions`: what people decided on doubts, as a layer and as estimates."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from goldwire.cli.arguments import OwnDir
from goldwire.cli.output import Json, note, print_json, say

if TYPE_CHECKING:
    from goldwire.eval.doubts.decide import Decided
    from goldwire.eval.doubts.estimate import Estimate, Estimates

SHOWN = 20  # decisions that were not followed; --json has all


def decisions(
    folder: OwnDir,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A file of doubts with `decision` filled in.")],
    *,
    to: Annotated[
        str | None, typer.Option(metavar="LAYER", help="Write gold with what was decided as this layer.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the intervals.")] = 0,
    as_json: Json = False,
) -> None:
    """Say how much of gold is wrong by what people decided on doubts, and write gold as it should be.

    A decision is gold, other, both (either will do), neither (with a `correction`, if what is right is
    known) or unclear. With controls among the doubts (`eval doubts --controls`), the error rate of gold and F
    of the systems are estimated for all units. The layer that was doubted stays as it is.

    \b
    Examples:
      goldwire eval decisions work doubts.jsonl
      goldwire eval decisions work doubts.jsonl --to gold-2
      goldwire eval score work --gold gold-2 --was gold
    """
    from goldwire.corpora.store import open_corpus, writing
    from goldwire.eval.doubts import files
    from goldwire.eval.doubts.decide import check_place, decide, foreign
    from goldwire.eval.doubts.estimate import estimate
    from goldwire.eval.doubts.find import fingerprint

    corpus, found = open_corpus(folder), files.read(file)
    with writing(corpus, "eval decisions") as now:
        elsewhere = foreign(now.hashes(), found.doubts)
        gold = now.layer(found.head.gold)
        made = decide(now.documents(), gold, found.doubts, now.ontology())
        if to is not None:
            check_place(now, found.head.gold, to)
            now.write_layer(to, made.lines.values())
    has_changed = found.head.layers.get(found.head.gold) not in (None, fingerprint(gold))
    for text in _since(found.head.gold, len(elsewhere), has_changed):
        note(text)
    made_of = Of(found.head.gold, to, len(elsewhere), has_changed)
    _tell(made_of, made, estimate(found.head, found.doubts, seed=seed), as_json)


class Of(NamedTuple):
    """The layer that was doubted, that which was written, and what is not as it was then."""

    gold: str
    layer: str | None
    foreign: int
    gold_changed: bool


def _since(gold: str, foreign: int, has_changed: bool) -> Iterator[str]:
    """What is not as it was when the doubts were found."""
    as_it_was = f"estimates are of {gold} as it was when it was doubted"
    if foreign:
        yield f"{foreign} doubt(s) on documents that this corpus has not, or with another text; {as_it_was}"
    if has_changed:
        yield f"{gold} has changed since; {as_it_was}"


def _tell(of: Of, made: Decided, found: Estimates, as_json: bool) -> None:
    if as_json:
        changed = [one.id for one in made.followed]
        print_json({**of._asdict(), "changed": changed, "left": made.left, "estimates": found})
        return
    say(f"doubts: {found.doubts}, decided {found.doubts_decided}, gold is wrong in {found.doubts_wrong}")
    say(f"controls: {found.controls}, decided {found.controls_decided}, wrong in {found.controls_wrong}")
    say(f"unclear: {found.unclear}")
    for line in estimates(found):
        say(line)
    if of.layer is not None:
        say(f"layer {of.layer}: {len(made.followed)} of {of.gold}'s readings changed")
    for left in made.left[:SHOWN]:
        say(f"not followed: {left.document} {left.id}: {left.why}")
    if len(made.left) > SHOWN:
        say(f"… and {len(made.left) - SHOWN} more that were not followed; --json has all")


def estimates(found: Estimates) -> list[str]:
    """What decisions say of gold and of systems, a line each."""
    from goldwire.eval.doubts.estimate import LEAST

    if not found.controls:
        return ["no controls: how much of gold is wrong besides is not known (`eval doubts --controls`)"]
    if found.rate.value is None:
        return ["not enough is decided to say how much of gold is wrong"]
    lines = [
        f"wrong in gold: {_number(found.wrong)} of {found.units:,} units, {_points(found.rate)} %",
        f"missing in gold, of what any source has: {_number(found.missing)}",
    ]
    for one in found.systems:
        if one.f is not None:
            now = _points(one.corrected) if one.corrected.value is not None else "not known"
            lines.append(f"{one.system}, {one.unit}s: F1 {100 * one.f:.1f} by gold, corrected {now}")
    if any(one.corrected.value is not None and one.corrected.low is None for one in found.systems):
        lines.append(
            f"fewer than {LEAST} controls are wrong: how far corrected figures may be off is not known; "
            "decide more controls (`eval doubts --controls`)"
        )
    return lines


def _number(found: Estimate) -> str:
    if found.value is None or found.low is None or found.high is None:
        return "not known"
    return f"{found.value:.0f} (95 %: {found.low:.0f} to {found.high:.0f})"


def _points(found: Estimate) -> str:
    value = f"{100 * (found.value or 0):.1f}"
    if found.low is None or found.high is None:
        return value
    return f"{value} (95 %: {100 * found.low:.1f} to {100 * found.high:.1f})"
