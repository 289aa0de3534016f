"""Defaults of a project: the table `[tool.goldwire]` of the nearest pyproject.toml that has one.

Looked for in the working directory and above it, up to the root of the repository or the user's home. The
command line wins. `corpus`, and files that `suite` and `policy` name, are relative to the pyproject.toml.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from goldwire.corpora.errors import CorpusError, among

# Each default, by the parameter of commands that it stands for, with the type of its value.
PARAMETERS: dict[str, tuple[str, type]] = {
    "corpus": ("folder", str),
    "suite": ("suite", str),
    "policy": ("policy", str),
    "seed": ("seed", int),
}
FILE, TABLE = "pyproject.toml", "[tool.goldwire]"


def find(start: Path) -> Path | None:
    """The nearest pyproject.toml with the table, from a folder upward."""
    return next((file for file in _iter_files(start) if _mentions(file)), None)


def _iter_files(start: Path) -> Iterator[Path]:
    home = os.path.expanduser("~")  # noqa: PTH111 - `Path.home` raises where nobody has one
    for folder in (start, *start.parents):
        yield folder / FILE
        if os.path.lexists(folder / ".git") or str(folder) == home:
            return


def _mentions(file: Path) -> bool:
    """Whether it is worth being read: another tool's file is nobody's business here, sound or not."""
    try:
        found = b"goldwire" in file.read_bytes()
    except OSError:  # it is not there, or not for us
        return False
    return found and bool(_table(file))


def _table(file: Path) -> dict[str, Any]:
    import tomllib

    try:
        found = tomllib.loads(file.read_bytes().decode("utf-8-sig"))
    except ValueError as error:
        raise CorpusError(f"{file}: cannot be read ({error}); mend it, for it may have {TABLE}") from error
    table = found.get("tool", {}).get("goldwire", {})
    if not isinstance(table, dict):
        raise CorpusError(f"{file}: tool.goldwire is {table!r}; expected a table {TABLE}")
    return table


def read(file: Path) -> dict[str, Any]:
    """What the table says, by name of the default; `CorpusError` for any other name or type."""
    table = _table(file)
    for key, value in table.items():
        if key not in PARAMETERS:
            raise CorpusError(f"{file}: {TABLE} has {key!r}, which is no default{among(key, PARAMETERS)}")
        expected = PARAMETERS[key][1]
        if not _fits(value, expected):
            kind = "a whole number from 0" if expected is int else "text"
            raise CorpusError(f"{file}: {TABLE} {key} is {value!r}; expected {kind}")
    return table


def _fits(value: Any, expected: type) -> bool:
    if isinstance(value, int):
        return expected is int and not isinstance(value, bool) and value >= 0
    return isinstance(value, expected) and value != ""


def resolve(file: Path, table: Mapping[str, Any]) -> dict[str, str]:
    """Values by parameter, as they would be written on the command line in the working directory."""
    return {PARAMETERS[key][0]: _written(file.parent, key, value) for key, value in table.items()}


def _written(folder: Path, key: str, value: Any) -> str:
    place = folder / str(value)
    return os.path.relpath(place) if key == "corpus" or place.is_file() else str(value)


def of(parameters: Mapping[str, Any]) -> tuple[Path | None, dict[str, str]]:
    """Where defaults of a command's parameters come from, and what they are.

    `parameters` are those of the command, by name. Only a corpus that has to be named, and only a seed that
    there is a default for, have one here: a seed that a corpus remembers stays.
    """
    wanted = {name for name, given in parameters.items() if _takes(name, given)}
    try:
        file = find(Path.cwd()) if wanted else None
    except FileNotFoundError:  # the working directory was removed
        file = None
    if file is None:
        return None, {}
    return file, {name: value for name, value in resolve(file, read(file)).items() if name in wanted}


def _takes(name: str, parameter: Any) -> bool:
    if name == "folder":
        return bool(parameter.required)
    return name in ("suite", "policy") or (name == "seed" and parameter.default is not None)
