"""Data that ships with Goldwire: ontologies, suites of measures, gate policies, lexicons.

Only data stands here, read through `read` and listed by `names`.
"""

from __future__ import annotations

from pathlib import Path

_HERE = Path(__file__).parent


def names(kind: str) -> list[str]:
    """The names of all configs of a kind (`ontologies`, `suites`, `gates`, `lexicons`, `skeletons`).

    >>> "conflict" in names("ontologies")
    True
    """
    folder = _HERE / kind
    if not folder.is_dir():
        return []
    return sorted(item.name.removesuffix(".toml") for item in folder.iterdir() if item.name.endswith(".toml"))


def read(kind: str, name: str) -> str:
    """The TOML text of one config; `KeyError` if there is none of that kind and name."""
    if name not in names(kind):
        raise KeyError(f"no {name!r} among {kind}: {', '.join(names(kind)) or 'there are none'}")
    return (_HERE / kind / f"{name}.toml").read_text(encoding="utf-8")
