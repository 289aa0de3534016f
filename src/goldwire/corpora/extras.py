"""Libraries that are optional: where one is imported, and what is said of one that is missing.

An extra is a set of them that serve one purpose. No release on an index is assumed, so a message names the
libraries themselves: installed beside Goldwire, they serve wherever it came from.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import Any

from goldwire.corpora.errors import CorpusError, GoldwireError

# What pyproject.toml has for each extra; a test holds the two equal. Those that are heavy are not in `all`.
EXTRAS = {
    "labelstudio": ("label-studio-sdk>=2.0.11", "keyring>=25", "httpx>=0.27"),
    "http": ("httpx>=0.27",),
    "spacy": ("spacy>=3.8",),
    "html": ("trafilatura>=2.0", "lxml_html_clean>=0.4"),
    "cas": ("dkpro-cassis>=0.12",),
    "gliner": ("gliner>=0.2.20",),
    "storage": ("obstore>=0.8",),
    "backend": ("starlette>=0.40", "uvicorn>=0.30"),
    "cluster": ("dask>=2024.8", "distributed>=2024.8"),
}
HEAVY = frozenset({"gliner"})  # with torch, which is a gigabyte and more


def load(module: str, extra: str, need: str, error: type[GoldwireError] = CorpusError) -> Any:
    """A module of a library that `extra` brings; `need` begins the message of `error` if it is not there.

    >>> load("no_such_library", "html", "pages need no_such_library")
    Traceback (most recent call last):
    goldwire.corpora.errors.CorpusError: pages need no_such_library, which is not installed ...
    """
    library = module.partition(".")[0]
    try:
        return import_module(module)
    except ImportError as broken:
        absent = isinstance(broken, ModuleNotFoundError) and broken.name in {library, module}
        raise error(missing(need, extra) if absent else _broken(need, extra, broken)) from broken


def is_there(module: str) -> bool:
    """Whether a library is installed, found without importing it."""
    return find_spec(module.partition(".")[0]) is not None


def hint(extra: str) -> str:
    """The command that installs what an extra brings, in the environment that Goldwire runs in.

    >>> hint("html")
    "python -m pip install 'trafilatura>=2.0' 'lxml_html_clean>=0.4'"
    """
    libraries = " ".join(f"'{library}'" for library in EXTRAS[extra])
    return f"python -m pip install {libraries}"


def missing(need: str, extra: str) -> str:
    """A sentence about a library that is not there; "" for `extra` is one that no extra of ours brings."""
    return f"{need}, which is not installed here" + (f" (extra `{extra}`): {hint(extra)}" if extra else "")


def _broken(need: str, extra: str, broken: ImportError) -> str:
    return f"{need}, which is installed but cannot be imported ({broken}); perhaps it helps: {hint(extra)}"
