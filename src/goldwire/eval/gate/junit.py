"""A judgement as JUnit XML: a suite for each system, a test case for each check."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from xml.sax.saxutils import escape, quoteattr

from goldwire.corpora.visible import visible
from goldwire.eval.gate import wording
from goldwire.eval.gate.judgement import Check, Judgement


def render(judgement: Judgement) -> str:
    """The XML that CI servers read; warnings pass, and say so in `system-out`."""
    checks = sorted(judgement.checks, key=lambda check: check.system)
    suites = [
        _suite(system, list(items), judgement.notes)
        for system, items in groupby(checks, key=lambda check: check.system)
    ]
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + _element(
        "testsuites", {"name": "goldwire gate", **_counts(checks)}, "".join(suites)
    )


def _suite(system: str, checks: list[Check], notes: tuple[str, ...]) -> str:
    """The cases of a system, and below them what must be known of the figures."""
    said = _element("system-out", {}, _text("\n".join(notes))) if notes else ""
    return _element("testsuite", {"name": system, **_counts(checks)}, "".join(map(_case, checks)) + said)


def _counts(checks: list[Check]) -> dict[str, str]:
    verdicts = [check.verdict for check in checks]
    return {
        "tests": str(len(checks)),
        "failures": str(verdicts.count("fail")),
        "errors": "0",
        "skipped": str(verdicts.count("skip")),
    }


def _case(check: Check) -> str:
    name = " ".join(
        [check.title.removeprefix(check.system).strip(), wording.FIGURES[check.figure], check.kind]
    )
    attributes = {"classname": f"goldwire.{check.system}", "name": name, "time": "0"}
    return _element("testcase", attributes, "".join(_outcome(check)))


def _outcome(check: Check) -> Iterator[str]:
    said = "\n".join([wording.summary(check), *wording.details(check)])
    if check.verdict == "fail":
        yield _element("failure", {"type": check.kind, "message": wording.summary(check)}, _text(said))
    elif check.verdict == "skip":
        yield _element("skipped", {"message": wording.summary(check)}, "")
    else:
        yield _element("system-out", {}, _text(("warning: " if check.verdict == "warn" else "") + said))


def _element(name: str, attributes: dict[str, str], content: str) -> str:
    """An element; attributes are text, content is XML."""
    written = "".join(f" {key}={quoteattr(visible(value))}" for key, value in attributes.items())
    return f"<{name}{written}>{content}</{name}>\n"


def _text(text: str) -> str:
    return escape(visible(text))
