"""`goldwire eval systems`; and systems as commands name them: a specification or a file, and settings."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from goldwire.cli.arguments import pairs
from goldwire.cli.files import source
from goldwire.cli.output import Json, note, print_json, say

if TYPE_CHECKING:
    from goldwire.eval.systems.config import System


def choose(texts: list[str], files: list[Path], only: list[str]) -> list[System]:
    """The systems that are named, and those of files; each under a name of its own."""
    from goldwire.corpora.errors import ExtractorError
    from goldwire.eval.systems import config

    listed = [item for file in files for item in config.read(file)]
    unknown = set(only) - {item.name for item in listed}
    if unknown:
        raise ExtractorError(f"--only {', '.join(sorted(unknown))}: not among the systems of the file")
    found = [item for item in listed if not only or item.name in only]
    found += [config.parse_system(text) for text in texts]
    names = [item.name for item in found]
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled or not found:
        what = f"two systems are called {', '.join(doubled)}" if doubled else "no system was named"
        raise ExtractorError(f"{what}; write --system NAME=SPEC or --systems FILE")
    return found


def with_settings(
    found: list[System], labels: list[str], options: list[str], watch: list[str]
) -> Iterator[System]:
    """The systems with the label maps, options and watched files of the command line."""
    import msgspec

    from goldwire.corpora.errors import ExtractorError

    maps = pairs(labels, "--labels NAME=MAP")
    settings = pairs(options, "--option NAME.KEY=VALUE")
    keys = [(*name.partition(".")[::2], value) for name, value in settings.items()]
    watched = [(name, glob) for text in watch for name, glob in pairs([text], "--watch NAME=GLOB").items()]
    named = {*maps} | {name for name, _, _ in keys} | {name for name, _ in watched}
    unknown = named - {item.name for item in found}
    if unknown:
        raise ExtractorError(f"no system is called {', '.join(sorted(unknown))}")
    for item in found:
        mine = {key: _value(value) for name, key, value in keys if name == item.name}
        yield msgspec.structs.replace(
            item,
            labels=maps.get(item.name, item.labels),
            options={**item.options, **mine},
            watch=(*item.watch, *(glob for name, glob in watched if name == item.name)),
        )


def _value(text: str) -> Any:
    """A value as TOML has it, or the text itself."""
    import tomllib

    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def limited(item: System, timeout: float | None, memory: str | None, allow_failures: str | None) -> System:
    """A system with the limits of the command line, those that are given."""
    import msgspec

    from goldwire.eval.systems.config import allowed, parse_size

    changes: dict[str, Any] = {}
    if timeout is not None:
        changes["timeout"] = timeout
    if memory is not None:
        changes["memory"] = parse_size(memory)
    if allow_failures is not None:
        allowed(allow_failures, 0)  # what is no number or share is said before anything runs
        changes["allow_failures"] = allow_failures
    return msgspec.structs.replace(item, **changes)


def priced(chosen: list[System], path: Path | None) -> list[System]:
    """The systems with the prices of their models in a file."""
    from goldwire.eval.systems import budget, prices

    if path is None:
        return chosen
    known = prices.read(path)
    return [budget.with_price(item, known) for item in chosen]


def _missing(hint: str) -> str:
    return f"   (not installed: {hint})" if hint else "   (cannot be used)"


def _default(option: tuple[str, Any]) -> str:
    name, value = option
    return name if value is None else f"{name} ({value!r})"


def systems(
    files: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[FILE|-]…", parser=source, help="TOML files of systems to show as well."),
    ] = None,
    *,
    as_json: Json = False,
) -> None:
    """List the kinds of system that can be run, those of installed packages, and those of a file.

    \b
    Examples:
      goldwire eval systems
      goldwire eval systems systems.toml
    """
    from goldwire.eval.systems import config as matrix
    from goldwire.eval.systems.extractor import kinds

    listed = [item for file in files or [] for item in matrix.read(file)]
    if as_json:
        print_json({"kinds": kinds(), "systems": [{"name": s.name, "spec": str(s.spec)} for s in listed]})
        return
    for kind in kinds():
        say(kind["form"] + ("" if kind["ready"] else _missing(kind["hint"])))
        say(f"    {kind['about']}")
        if kind["options"]:
            say(f"    options: {', '.join(map(_default, kind['options'].items()))}")
    for item in listed:
        say(f"{item.name} = {item.spec}" + (f", labels {item.labels}" if item.labels else ""))
    if not listed:
        note("Run one with: goldwire eval run DIR --system NAME=SPEC")
