"""`python:MODULE:OBJECT` and entry points: other people's systems, in Python.

The object is a function of one document, or a class, made without arguments (with the spec's target, where
there is one), or an object; of the latter two, `extract(documents)` is called. `name`, `version`, `provides`
and `batch` are read where they are there.
"""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib import import_module
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import msgspec

from goldwire import extensions
from goldwire.corpora.errors import ExtractorError
from goldwire.corpora.types import Document
from goldwire.eval.systems.closure import Search, collect
from goldwire.eval.systems.extractor import Context, Output, find_point, options
from goldwire.eval.systems.spec import parse

EVERYTHING = frozenset({"mentions", "triggers", "arguments", "attributes", "relations", "clusters"})


class Options(msgspec.Struct, forbid_unknown_fields=True):
    """None: the object is made by its owner."""


class Plugin:
    """A foreign object behind the protocol."""

    def __init__(self, name: str, version: str, target: Any) -> None:
        self.name = str(getattr(target, "name", name))
        self.version = str(getattr(target, "version", version))
        self.provides = frozenset(getattr(target, "provides", EVERYTHING))
        self.batch = int(getattr(target, "batch", 1))
        self.notes = tuple(getattr(target, "notes", ()))
        self._target = target

    @property
    def processes(self) -> tuple[int, ...]:
        """The programs that the object names as its own."""
        return tuple(getattr(self._target, "processes", ()))

    def extract(self, documents: Sequence[Document]) -> Iterable[Output]:
        """What the object gives: a result of each call, or the results of one."""
        if hasattr(self._target, "extract"):
            found: Iterable[Output] = self._target.extract(documents)
            return found
        return self._called(documents)

    def _called(self, documents: Sequence[Document]) -> Iterator[Output]:
        call: Callable[[Document], Output] = self._target
        for document in documents:
            yield call(document)

    def close(self) -> None:
        """Let the object put its things away, where it wants to."""
        close = getattr(self._target, "close", None)
        if close is not None:
            close()


def load(target: str, context: Context) -> Plugin:
    """The object that a spec names; `ExtractorError` if it is not there or is no extractor."""
    options(context, Options)
    point, argument = _entry_point(target)
    if point is not None:
        name, version = point.name, point.dist.version if point.dist else ""
        return Plugin(name, version, _made(extensions.load(point, ExtractorError), argument, target))
    module, name = _parts(target)
    _add_working_folder()
    found = _loaded(lambda: getattr(import_module(module), name), target)
    return Plugin(target, "", _made(found, "", target))


def identity(target: str, context: Context) -> list[Any]:  # noqa: ARG001 - the corpus does not matter
    """The release of the package, and the closure of the module's imports (see `closure`).

    An entry point of a package that is merely installed is its release alone.
    """
    point, _ = _entry_point(target)
    module = _parts(target)[0] if point is None else point.module
    search = Search(sys.executable, Path.cwd())
    found = collect([module], search)
    if point is not None:
        release = [target, point.value, point.dist.version if point.dist else ""]
        return [*release, found.files, found.packages] if found.files else release
    if not search.has(module):
        raise ExtractorError(f"python:{target}: there is no module {module!r} (looked in {Path.cwd()} too)")
    return [target, found.files, found.packages]


def _entry_point(target: str) -> tuple[EntryPoint | None, str]:
    """The entry point that `NAME` or `NAME:ARGUMENT` names, and the argument."""
    spec = parse(target)
    return find_point(extensions.EXTRACTORS, spec.kind), spec.target


def _parts(target: str) -> tuple[str, str]:
    module, _, name = target.partition(":")
    if not module or not name:
        raise ExtractorError(f"python:{target}: write python:MODULE:OBJECT, for example python:mine:extract")
    return module, name


def _add_working_folder() -> None:
    """Let modules of the working folder be found, as `python -m` does."""
    if os.getcwd() not in sys.path:  # noqa: PTH109 - sys.path holds strings
        sys.path.insert(0, os.getcwd())  # noqa: PTH109


def _loaded(load: Callable[[], Any], target: str) -> Any:
    try:
        return load()
    except Exception as error:
        raise ExtractorError(f"{target}: cannot be loaded ({type(error).__name__}: {error})") from error


def _made(found: Any, argument: str, target: str) -> Any:
    made: Any = found
    if inspect.isclass(found):
        make: Callable[..., Any] = found
        made = _loaded(lambda: make(argument) if argument else make(), target)
    if not (hasattr(made, "extract") or callable(made)):
        raise ExtractorError(f"{target}: neither a function of a document nor an object with `extract`")
    return made
