"""Goldwire: gold annotation of entities and events in news, and scores of extractors that can be defended.

>>> import goldwire as gw
>>> gw.score([("a", 0, 4, "PER")], [("a", 0, 4, "PER")])["entity"].f1
1.0

The names of the front door are loaded when they are asked for; docs/python.md shows each.
"""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

# Where each name is; `__init__.pyi` says the same to type checkers, and a test holds the two together.
_HOMES = {
    "Annotations": "goldwire.api.structs",
    "Argument": "goldwire.api.structs",
    "Document": "goldwire.api.structs",
    "Event": "goldwire.api.structs",
    "GoldwireError": "goldwire.corpora.errors",
    "Measure": "goldwire.eval.measures.measure",
    "Mention": "goldwire.api.structs",
    "Record": "goldwire.api.record",
    "Relation": "goldwire.api.structs",
    "Span": "goldwire.api.structs",
    "agreement": "goldwire.api.comparison",
    "compare": "goldwire.api.comparison",
    "gate": "goldwire.api.comparison",
    "open": "goldwire.api.corpus",
    "read_record": "goldwire.api.record",
    "score": "goldwire.api.score",
    "score_tags": "goldwire.api.tags",
}

__all__ = [
    "Annotations",
    "Argument",
    "Document",
    "Event",
    "GoldwireError",
    "Measure",
    "Mention",
    "Record",
    "Relation",
    "Span",
    "__version__",
    "agreement",
    "compare",
    "gate",
    "open",
    "read_record",
    "score",
    "score_tags",
]


def __getattr__(name: str) -> Any:
    """A name of the front door, loaded now (PEP 562)."""
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'goldwire' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
