"""A gate's judgement in plain words, for every place it is shown in."""

from __future__ import annotations

from goldwire.corpora.visible import line
from goldwire.eval.gate.judgement import Check, Judgement
from goldwire.eval.gate.losers import Change
from goldwire.eval.gate.policy import LimitKind
from goldwire.eval.measures.phrases import amount, chance, points, signed, sized

HEADLINES = {
    "pass": "The gate is open: no limit is broken.",
    "warn": "The gate is open, with a warning: there is a loss that may be noise.",
    "fail": "The gate is shut: this build is worse.",
}
FIGURES = {"f": "F1", "precision": "precision", "recall": "recall", "rejected": "rejected units"}


def headline(judgement: Judgement) -> str:
    """The outcome in a sentence, with how many checks ended how."""
    counts = {
        word: sum(check.verdict == verdict for check in judgement.checks)
        for verdict, word in (
            ("fail", "failed"),
            ("warn", "warned"),
            ("pass", "passed"),
            ("skip", "undefined"),
        )
    }
    tally = ", ".join(f"{count} {word}" for word, count in counts.items() if count)
    return f"{HEADLINES[judgement.verdict]} {amount(len(judgement.checks), 'check')}: {tally}."


def lines(judgement: Judgement) -> list[str]:
    """The whole judgement: the outcome, what must be known first, then what failed, warned, passed."""
    told = [headline(judgement), *(f"note  {line(note)}" for note in judgement.notes)]
    for verdict in ("fail", "warn", "pass", "skip"):
        for check in judgement.checks:
            if check.verdict == verdict:
                told.append(f"{verdict:4}  {summary(check)}")
                told += [f"        {detail}" for detail in details(check) if verdict in ("fail", "warn")]
    return told


def summary(check: Check) -> str:
    """What happened to one figure, and what the rule says of it, in a line."""
    figure = f"{line(check.title)} {FIGURES[check.figure]}"
    if check.runs is not None:
        figure += f" ({amount(check.runs[0], 'run')} before, {check.runs[1]:,} now)"
    change = f"{points(check.before)} -> {points(check.now)}"
    if check.difference is not None:
        change += f" ({signed(check.difference)})"
    return f"{figure}: {change}; {_reason(check)}"


def details(check: Check) -> list[str]:
    """The lines below the summary: where it was lost, in the types and in the text."""
    told = [line(example) for example in check.examples]
    if check.losers:
        told.insert(0, "lost most in " + ", ".join(_loser(change) for change in check.losers))
    return told


def _loser(change: Change) -> str:
    return f"{line(change.label)} ({points(change.before)} -> {points(change.now)})"


def _reason(check: Check) -> str:
    if check.verdict == "skip":
        return "undefined on both sides"
    return _margin(check) if check.kind == "margin" else _limit(check)


def _limit(check: Check) -> str:
    words: dict[LimitKind, str] = {
        "floor": f"the floor is {points(check.limit)}",
        "drop": f"a drop of {points(check.limit)} points is allowed",
        "ceiling": f"the ceiling is {points(check.limit)} % of all that was given",
        "relative": f"a drop of {points(check.limit)} % of the baseline is allowed",
    }
    return words[check.kind]


def _margin(check: Check) -> str:
    margin = f"the margin is {points(check.limit)} points"
    if check.verdict == "fail":
        return f"{margin} and the loss is real (p {chance(check.p)}, up to {signed(check.low)})"
    if check.verdict == "warn":
        return f"{margin}; the loss may be noise (p {chance(check.p)}); {_settle(check)}"
    if check.low is not None and check.low < -check.limit:
        return f"{margin}; no loss was seen, though {_settle(check)}"
    return f"{margin}; a loss of that size is ruled out"


def _settle(check: Check) -> str:
    """What these documents and runs can show, and how many would show more."""
    found = sized(check.documents, check.independent)
    if check.spread is not None:
        found += f", with {points(check.spread)} points between runs,"
    more = [*_documents(check), *([f"{check.needed_runs:,} runs on each side"] if check.needed_runs else [])]
    if check.power is None or not (more or check.spread is not None):
        return f"{found} cannot settle it"
    often = f"{check.power:.0%} of the time" if check.power else "hardly ever"
    seen = f"{found} show a loss of the margin {often}"
    if not more:
        return f"{seen}; for four cases of five it takes both more documents and more runs"
    return f"{seen}; about {' or '.join(more)} would in four cases of five"


def _documents(check: Check) -> list[str]:
    """How many documents would show more; of near-duplicates how many groups."""
    if check.needed is None:
        return []
    unit = " groups" if check.independent < check.documents else ""
    return [f"{check.needed:,}{unit or (' documents' if check.needed_runs else '')}"]
