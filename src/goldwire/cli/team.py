"""Lines that commands print about a team: how far each is, whose documents move, what was withdrawn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import starmap
from typing import TYPE_CHECKING

from goldwire.cli.output import print_json, say

if TYPE_CHECKING:
    from goldwire.annotate.sync.goldtasks import Checked
    from goldwire.annotate.sync.journal import Gone
    from goldwire.annotate.sync.plan import Plan
    from goldwire.annotate.sync.status import Status

NAMED = 10  # tasks named in a line; all of them with --json
# Only this button heeds the locks by which nobody gets what somebody else has open; an address with
# `labeling=1`, and "Label Tasks As Displayed", pass over them (Label Studio 1.23.2).
BUTTON = "annotators open the address and press Label All Tasks"


def named(keys: Sequence[str]) -> str:
    """The first of them, and how many more there are."""
    more = [f"and {len(keys) - NAMED} more"] if len(keys) > NAMED else []
    return ", ".join([*keys[:NAMED], *more])


def departures(plan: Plan, undone: bool) -> Iterator[str]:
    """What leaves a project and who has it now, and what belongs to no document any more."""
    if plan.moved:
        moves = [f"{moved.key} (to {', '.join(moved.to) or 'nobody'})" for moved in plan.moved]
        yield f"{'would leave' if undone else 'left'} for others: {named(moves)}"
    if plan.orphaned:
        yield f"no longer in the corpus, left there: {named(plan.orphaned)}"


def withdrawal(gone: Gone) -> str:
    """What was withdrawn, by whom, how, and where its line is."""
    from goldwire.annotate.sync.withdraw import keeper

    event = "" if gone.event is None else f", event {gone.event}"
    again = "; the next push makes it again" if gone.why == "task deleted" else ""
    return (
        f"withdrawn: {gone.document}{event} by {gone.layer.partition('/')[2]}: {gone.why}{again} "
        f"(annotation {gone.annotation}, kept in {keeper(gone.layer)})"
    )


def tell_status(found: Status, as_json: bool) -> None:
    """How far a group of projects is."""
    if as_json:
        print_json(found)
        return
    from goldwire.cli.shape import columns

    for project in found.projects:
        say(
            f"{project.title}: {project.finished} of {project.tasks} task(s) finished, "
            f"{project.untouched} not begun; {project.url}"
        )
    say("documents done " + ", ".join(starmap(_times, found.documents.items())))
    rows = [("annotator", "done", "skipped", "drafts", "per task", "a day", "open", "hours left", "last")]
    for person in found.people:
        seconds, left = person.seconds, person.open
        hours = None if seconds is None or left is None else seconds * left / 3600
        rows.append(
            (
                person.name,
                str(person.done) if person.tasks is None else f"{person.done} of {person.tasks}",
                str(person.skipped),
                str(person.drafts),
                _minutes(seconds),
                _figure(person.pace),
                "–" if left is None else str(left),
                _figure(hours),
                person.last[:16].replace("T", " "),
            )
        )
    say(columns(rows))
    for line in gold_lines(found.gold):
        say(line)


def gold_lines(gold: Sequence[Checked]) -> Iterator[str]:
    """How each does on gold tasks, and who is below the floor for certain."""
    from goldwire.eval.measures.phrases import interval, points

    if gold:
        yield f"gold tasks (F of mentions and triggers by type and spans; floor {points(gold[0].floor)}):"
    for one in gold:
        ends = "" if one.low is None else f" ({interval(one.low, one.high)})"
        below = "" if one.below is None else f"; below the floor for certain, after {one.below} of them"
        yield f"  {one.person}: {one.done} of {one.of} done, F {points(one.value)}{ends}{below}"


def _minutes(seconds: float | None) -> str:
    return "–" if seconds is None else f"{int(seconds) // 60}:{int(seconds) % 60:02}"


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f}"


def _times(people: int, documents: int) -> str:
    by = {0: "by nobody", 1: "by one person"}.get(people, f"by {people} people")
    return f"{by}: {documents}"
