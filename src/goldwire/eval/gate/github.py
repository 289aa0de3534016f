"""A judgement for GitHub Actions: annotations on the run, and the step summary."""

from __future__ import annotations

from goldwire.corpora.visible import line
from goldwire.eval.gate import wording
from goldwire.eval.gate.judgement import Check, Judgement
from goldwire.eval.measures.phrases import points, signed
from goldwire.eval.report.markdown import escape, sheet
from goldwire.eval.report.table import Cell, Column, Group, Table

_LEVELS = {"fail": "error", "warn": "warning"}
_SIGNS = {"fail": "❌", "warn": "⚠️", "pass": "✅", "skip": "–"}


def commands(judgement: Judgement) -> str:
    """Workflow commands, a line for each check that failed or warned.

    Source: GitHub Docs, "Workflow commands for GitHub Actions".
    """
    return "".join(
        f"::{_LEVELS[check.verdict]} title={_property(line(check.title))}::{_data(_said(check))}\n"
        for check in judgement.checks
        if check.verdict in _LEVELS
    )


def summary(judgement: Judgement) -> str:
    """Markdown for the page of the run."""
    lines = [f"### {escape(wording.headline(judgement))}", *([""] if judgement.notes else [])]
    lines += [f"- {escape(note)}" for note in judgement.notes]
    lines += sheet(_table(judgement))
    for check in judgement.checks:
        if check.verdict in _LEVELS:
            lines += ["", f"**{escape(wording.summary(check))}**", ""]
            lines += [f"- {escape(detail)}" for detail in wording.details(check)]
    return "\n".join(lines).rstrip() + "\n"


def _table(judgement: Judgement) -> Table:
    """Every check: its figure in the baseline and now, the change, and the rule."""
    rows = tuple(
        tuple(
            Cell(text=text)
            for text in (
                _SIGNS[check.verdict],
                f"{check.title} {wording.FIGURES[check.figure]}",
                points(check.before),
                points(check.now),
                signed(check.difference),
                f"{check.kind} {points(check.limit)}",
            )
        )
        for check in judgement.checks
    )
    titles = ("Baseline", "Now", "Change", "Rule")
    columns = (Column(title="", kind="letters"), Column(title="Figure", kind="name"))
    return Table(
        title="Checks",
        columns=(*columns, *(Column(title=title) for title in titles)),
        groups=(Group(rows=rows),),
        keys=2,
    )


def _said(check: Check) -> str:
    return "\n".join([wording.summary(check), *wording.details(check)])


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
