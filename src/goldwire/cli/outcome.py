"""Progress of systems that run, and what came of them, as the terminal shows it."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from goldwire.cli.output import is_quiet, say
from goldwire.corpora.visible import visible

if TYPE_CHECKING:
    from goldwire.eval.systems.facts import Facts, Speed
    from goldwire.eval.systems.journal import Reused
    from goldwire.eval.systems.run import Outcome, Progress

SHOWN = 10  # documents that are named as failed for one reason
SAY_EVERY = 5.0  # seconds between two lines of progress where the line cannot be written over


class Bar:
    """Shows rate and time left on standard error: one line written over, or a line now and then."""

    def __init__(self) -> None:
        self._terminal, self._last, self._open = sys.stderr.isatty(), -math.inf, False

    def __call__(self, progress: Progress) -> None:
        """Show it, unless the last was shown just now."""
        if is_quiet():
            return
        now, complete = time.monotonic(), progress.done == progress.total
        if not complete and now - self._last < (0.1 if self._terminal else SAY_EVERY):
            return
        self._last, self._open = now, self._terminal and not complete
        start, end = "\r\x1b[K" if self._terminal else "", "" if self._open else "\n"
        sys.stderr.write(start + visible(_line(progress)) + end)
        sys.stderr.flush()

    def end(self) -> None:
        """Leave a line that would be written over."""
        if self._open:
            sys.stderr.write("\n")
            self._open = False


def _line(progress: Progress) -> str:
    rate = progress.done / progress.seconds if progress.seconds else 0.0
    left = ""
    if rate and progress.done < progress.total:
        left = f", {(progress.total - progress.done) / rate:.0f} s left"
    failed = f", {progress.failed} failed" if progress.failed else ""
    spent = "" if progress.cost is None else f", cost at most {progress.cost:.4g}"
    return f"{progress.system}: {progress.done}/{progress.total} documents, {rate:.1f}/s{left}{failed}{spent}"


def show(outcomes: list[Outcome], folder: Path | None) -> None:
    """Say what came of each system; what was rejected is in the folder of the corpus, where it has one."""
    for outcome in outcomes:
        lines = _failure(outcome) if outcome.facts is None else _report(outcome, outcome.facts, folder)
        for line in lines:
            say(line)


def _failure(outcome: Outcome) -> Iterator[str]:
    yield f"{outcome.system}: {'no part' if outcome.part else 'no layer'} written: {outcome.error}"
    yield from _paid(outcome)
    if outcome.kept is not None:
        made = f": made {_time(outcome.kept)}" if outcome.kept else ""
        yield f"  layer system/{outcome.system} stays as it was{made}"


def _report(outcome: Outcome, facts: Facts, folder: Path | None) -> Iterator[str]:
    from goldwire.corpora.rejected import tell

    by = f"{facts.name} {facts.version}".strip()
    yield f"{facts.system}: {_what(outcome, facts)}{f' by {by}' if by else ''}"
    there = "is there already, and sound: nothing was run" if outcome.there else ""
    if told := "; ".join(filter(None, (there, outcome.path))):
        yield f"  {told}"
    if outcome.reused is not None:
        yield f"  {_reused(outcome.reused)}"
    if speed := ", ".join(_speed(facts.speed)):
        yield f"  {speed}"
    if facts.usage:
        yield "  " + ", ".join(f"{name} {value:g}" for name, value in facts.usage.items())
    yield from _paid(outcome)
    yield from (f"  sent: {what} ({_documents(number)})" for what, number in facts.sent.items())
    for what, number in facts.partial.items():
        yield f"  {_documents(number)} {what}: the items that came whole are kept, there may be more"
    if examples := int(facts.usage.get("prompt_examples", 0)):
        yield f"  {examples} item{' is' if examples == 1 else 's are'} words of the prompt's own examples"
    for reason, ids in _by_reason(facts.failed).items():
        yield f"  failed, scored as empty: {reason}: {_some(ids)}"
    if facts.failed:
        yield f"  {_failures(outcome, facts)}"
    if facts.rejected:
        kept = () if folder is None else (folder / "runs" / facts.system / "quarantine.jsonl",)
        yield f"  {tell(facts.rejected, *(() if outcome.part else kept))}"
    yield from _passed_over(facts)
    yield from (f"  {line}" for line in facts.notes)


def _paid(outcome: Outcome) -> Iterator[str]:
    """What a model has cost in all, and what became of the answers in batch files."""
    spent, taken = outcome.spent, outcome.taken
    if taken is not None:
        found = {"taken": taken.taken, "of them refused": taken.refused, "doubled": taken.doubled}
        said = ", ".join(f"{n} {what}" for what, n in (found | {"missing": taken.missing}).items() if n)
        yield f"  answers in batch files: {said or 'none new'}"
        yield from (f"  not answered, asked for again: {n} {why}" for why, n in taken.failed.items())
    if spent is None:
        return
    if spent.cost is not None:
        yield f"  paid in all, with answers of no use: {spent.cost:.6g} for {_answers(spent.answers)}"
    if spent.untold:
        yield f"  {_answers(spent.untold)} did not say the tokens: each counts with the most that it can have"
    if spent.open:
        most = "" if spent.open_cost is None else f", {spent.open_cost:.6g} at the most"
        yield (
            f"  {spent.open} request{'' if spent.open == 1 else 's'} without an answer (lost, or in a batch "
            f"file) may be charged too{most}"
        )


def _answers(number: int) -> str:
    return f"{number} answer{'' if number == 1 else 's'}"


def _passed_over(facts: Facts) -> Iterator[str]:
    """What became of the output besides what was rejected."""
    from goldwire.corpora.labels import leaving_out

    if facts.unmapped:
        yield "  no counterpart in the ontology; a label map with these lines leaves them out:"
        yield from (f"    {line}" for line in leaving_out(facts.unmapped))
    if facts.dropped:
        yield f"  left out by the label map: {_counts(facts.dropped)}"
    if facts.excluded:
        yield f"  in excluded regions, not counted: {facts.excluded}"
    if facts.lost:
        yield f"  not kept: {_counts(facts.lost)}"
    if facts.repaired:
        yield f"  offsets in UTF-16 units or bytes, repaired: {facts.repaired}"


def _documents(number: int) -> str:
    return f"{number} document{'' if number == 1 else 's'}"


def _reused(reused: Reused) -> str:
    """What was not run again, and when it was."""
    first, last = _time(reused.first), _time(reused.last)
    when = first if first == last else f"{first} to {last}"
    return f"reused {reused.documents} of {reused.of} documents of {when}; --fresh runs them again"


def _time(text: str) -> str:
    """A time of a journal as people here say it; the year where it is not this one."""
    from datetime import datetime

    try:
        time = datetime.fromisoformat(text).astimezone()
    except (ValueError, OverflowError):  # a journal that was damaged
        return text
    year = "" if time.year == datetime.now(time.tzinfo).year else f" {time.year}"
    return f"{time.day} {time:%B}{year}, {time:%H:%M}"


def _what(outcome: Outcome, facts: Facts) -> str:
    if outcome.part is not None:
        return f"part {outcome.part}, {_documents(facts.documents)}"
    return f"layer system/{facts.system}, {facts.documents} documents"


def _failures(outcome: Outcome, facts: Facts) -> str:
    """How many failed and may fail, and what to do about it."""
    failed, allowed = len(facts.failed), facts.allowed
    if outcome.part is not None:
        return (
            f"failed on {failed} of {facts.documents} documents; the same command runs them again, and how "
            "many may fail is said of all parts, when they are merged"
        )
    said = f"failed on {failed} of {facts.documents} documents (allowed: {allowed}); the same command runs "
    said += "them again"
    return said if failed <= allowed else f"{said}, --allow-failures {failed} lets it pass"


def _some(ids: list[str]) -> str:
    more = len(ids) - SHOWN
    return ", ".join(ids[:SHOWN]) + (f" and {more} more" if more > 0 else "")


def _speed(speed: Speed) -> Iterator[str]:
    if speed.documents is not None and speed.characters is not None:
        yield f"{speed.documents:.1f} documents/s, {speed.characters:.0f} characters/s"
    if speed.latency is not None:
        p50, p95, p99 = (1000 * value for value in (speed.latency.p50, speed.latency.p95, speed.latency.p99))
        yield f"p50 {p50:.1f} ms, p95 {p95:.1f} ms, p99 {p99:.1f} ms"
    if speed.startup is not None:
        yield f"start-up {speed.startup:.2f} s"
    if speed.memory is not None:
        yield f"peak {speed.memory / 1e6:.0f} MB"


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{number} {name}" for name, number in counts.items())


def _by_reason(failed: dict[str, str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for document, reason in failed.items():
        found.setdefault(reason, []).append(document)
    return found
