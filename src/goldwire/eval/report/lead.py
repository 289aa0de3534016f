"""Letters and leads: which systems are told apart, by one measure and over all of them."""

from __future__ import annotations

from collections.abc import Sequence
from string import ascii_lowercase

from goldwire.eval.comparison.compare import Comparison
from goldwire.eval.measures.measure import name, parse
from goldwire.eval.report.values import Board


def leader(comparison: Comparison) -> str | None:
    """The system that is ahead of every other one that has a figure, by more than chance; None if none is."""
    first = comparison.standings[0].system
    tested = [pair for pair in comparison.pairs if pair.first == first and pair.p is not None]
    return first if tested and all(pair.decided for pair in tested) else None


def make_letters(comparison: Comparison) -> dict[str, str]:
    """For each system a letter for each set of systems that it cannot be told apart from.

    A system without a figure is told apart from none, and is left out.
    """
    defined = {standing.system for standing in comparison.standings if standing.value is not None}
    groups = [[system for system in group if system in defined] for group in comparison.groups]
    letters: dict[str, str] = {}
    for place, group in enumerate(group for group in groups if len(group) > 1):
        # After z come numbers.
        letter = ascii_lowercase[place] if place < len(ascii_lowercase) else f"({place + 1})"
        for system in group:
            letters[system] = letters.get(system, "") + letter
    return letters


def overall(boards: Sequence[Board]) -> str:
    """Who leads, over all measures, and by which of them by more than chance; or why that is not known."""
    tested = [board for board in boards if any(pair.p is not None for pair in board.pairs)]
    if not tested:
        said = {board.verdict for board in boards}
        return said.pop() if len(said) == 1 else ""
    leads: dict[str, list[str]] = {}
    for board in tested:
        for standing in board.standings:
            if standing.lead:
                leads.setdefault(standing.system, []).append(name(parse(board.measure)))
    whole = _whole(len(tested), len(boards))
    even = [board for board in tested if not any(item.lead for item in board.standings)]
    unsure = [name(parse(board.measure)) for board in even]
    told = [_leads(system, names, len(tested), whole) for system, names in leads.items()]
    if unsure:
        told.append(f"By {_listed(unsure, len(tested), whole)} no system leads by more than chance.")
    return " ".join(told)


def _whole(tested: int, number: int) -> str:
    """What all measures that are tested are called."""
    return f"all {tested} measures" + ("" if tested == number else " that can be tested")


def _leads(system: str, names: list[str], number: int, whole: str) -> str:
    return f"{system} leads by {_listed(names, number, whole)}, by more than chance."


def _listed(names: list[str], number: int, whole: str) -> str:
    """Measures by name, or all of them."""
    if len(names) < number:
        return f"{len(names)} of {number} measures ({', '.join(names)})"
    return names[0] if number == 1 else whole
