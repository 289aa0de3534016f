"""Extension points: what an installed package can add to Goldwire, each a group of entry points.

A package names an object of its own under one of these groups in its pyproject.toml; it is found where it is
installed, loaded when it is asked for, and whatever it raises is told with its name. docs/extending.md has an
example of each, which the tests run.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint


class Point(msgspec.Struct, frozen=True):
    """A group of entry points: what the object is called like, and where that is written down in full."""

    group: str
    signature: str
    about: str
    protocol: str


EXTRACTORS = Point(
    "goldwire.extractors",
    "extract(document: Document) -> Annotations | dict, or a class with extract(documents)",
    "A system, run as `--system mine=NAME`: a document in, its annotations or the simple form out.",
    "goldwire.eval.systems.extractor:Extractor",
)
SYSTEMS = Point(
    "goldwire.systems",
    "a SystemKind, whose module has Options, load(target, context) and identity(target, context)",
    "A kind of system with options and an identity of its own, run as `--system mine=NAME:TARGET`.",
    "goldwire.eval.systems.extractor:SystemKind",
)
FORMATS = Point(
    "goldwire.formats",
    "a module or object with Options, recognise(head), read(paths, options, documents), write(path, …)",
    "A file format, read and written as `--format NAME`; it counts by kind what it cannot keep.",
    "goldwire.corpora.formats:Format",
)
MEASURES = Point(
    "goldwire.measures",
    "count(gold: Annotations, system: Annotations, text: str) -> "
    "{label: (system_hits, system, gold_hits, gold)}",
    "A measure, named `PACKAGE:NAME`: the four numbers of one document by label, which are added up.",
    "goldwire.eval.measures.installed:CountFunction",
)
REPORTS = Point(
    "goldwire.reports",
    "render(report: Report) -> str | bytes",
    "A form of the report, written as `--form NAME=FILE`: the report's values in, the file's content out.",
    "goldwire.eval.report.installed:Render",
)
POINTS = (EXTRACTORS, SYSTEMS, FORMATS, MEASURES, REPORTS)


def installed(point: Point) -> list[EntryPoint]:
    """What installed packages register there, in order of name and package."""
    from importlib.metadata import entry_points  # slow to import, and most commands never come here

    return sorted(entry_points(group=point.group), key=lambda entry: (entry.name, package(entry)))


def named(point: Point, name: str, error: type[Exception]) -> EntryPoint | None:
    """What is registered under a name, if anything; `error` if two packages register it."""
    return only(point, name, [entry for entry in installed(point) if entry.name == name], error)


def only(point: Point, name: str, found: Sequence[EntryPoint], error: type[Exception]) -> EntryPoint | None:
    """The one that was `found` under a name: to look for all that there are takes long."""
    if len(found) > 1:
        whose = ", ".join(f"{package(entry)} ({entry.value})" for entry in found)
        raise error(f"{name!r} is registered under {point.group} more than once: {whose}; uninstall one")
    return found[0] if found else None


_UNKNOWN = "unknown"  # what metadata that is damaged does not say


def package(entry: EntryPoint) -> str:
    """The package that registered an entry point, its name as indexes compare it."""
    return normal((entry.dist.name if entry.dist else None) or _UNKNOWN)


def version(entry: EntryPoint) -> str:
    """The version of the package that registered an entry point."""
    return (entry.dist.version if entry.dist else None) or _UNKNOWN


def normal(name: str) -> str:
    """The name of a package as indexes compare it (PEP 503).

    >>> normal("Acme_Tools")
    'acme-tools'
    """
    return re.sub(r"[-_.]+", "-", name).lower()


class RaisedError(Exception):
    """What an object of a package raised, in words."""


def call(function: Callable[..., Any], *given: Any) -> Any:
    """What a function of a package gives; `RaisedError` says what it raised.

    What it prints goes to standard error, since standard output is for results.
    """
    with redirect_stdout(sys.stderr):
        try:
            return function(*given)
        except (Exception, SystemExit) as error:
            raise RaisedError(f"raised {type(error).__name__}: {error}") from error


def load(entry: EntryPoint, error: type[Exception]) -> Any:
    """What an entry point gives; `error` says what went wrong, and whose it is."""
    try:
        return call(entry.load)
    except RaisedError as cause:
        whose = f"{entry.value} of the package {package(entry)} {version(entry)}"
        raise error(f"{entry.name}: cannot be loaded ({whose} {cause}); mend or uninstall it") from cause
