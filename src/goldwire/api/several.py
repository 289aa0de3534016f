"""Checks of what is passed beside inputs: names, one or several, whole numbers, a corpus."""

from __future__ import annotations

import operator
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from goldwire.corpora.errors import InputTypeError, InputValueError
from goldwire.corpora.store import Corpus, open_corpus
from goldwire.eval.statistics.intervals import METHODS


def one_or_several(value: Any, what: str, kinds: type | tuple[type, ...] = str) -> list[Any]:
    """What was passed as a list; `InputTypeError` if something in it is of another type.

    >>> one_or_several("entity", "measures"), one_or_several(("TI", "TC"), "measures")
    (['entity'], ['TI', 'TC'])
    """
    if isinstance(value, kinds):
        return [value]
    names = kinds if isinstance(kinds, tuple) else (kinds,)
    expected = f"expected {' or '.join(kind.__name__ for kind in names)}, one or several"
    if isinstance(value, bytes) or not isinstance(value, Iterable):
        raise InputTypeError(f"{what}: got {type(value).__name__}; {expected}")
    found = list(value)
    for number, item in enumerate(found):
        if not isinstance(item, kinds):
            raise InputTypeError(f"{what}[{number}]: got {item!r}; {expected}")
    return found


def check_whole(**given: Any) -> None:
    """Raise `InputTypeError` or `InputValueError` for what is no whole number of 0 or more.

    A seed of None would give other figures each time, under a signature that cannot say which.
    """
    for name, value in given.items():
        if isinstance(value, bool) or not hasattr(value, "__index__"):
            raise InputTypeError(f"{name}: got {value!r}; expected a whole number, 0 or more")
        if operator.index(value) < 0:
            raise InputValueError(f"{name}: got {value!r}; expected a whole number, 0 or more")


def corpus_of(item: Any) -> Corpus | None:
    """A corpus, or the one in a folder; None for none."""
    if item is None or isinstance(item, Corpus):
        return item
    if isinstance(item, str | Path):
        return open_corpus(Path(item))
    raise InputTypeError(f"got {type(item).__name__}; expected a corpus or its folder")


_WORDS = {
    "unjudged": ("left-out", "empty"),
    "drafts": ("left-out", "counted"),
    "rejected": ("spurious", "left-out"),
    "duplicates": ("set", "refuse"),
    "intervals": METHODS,
}


def check_words(**given: str) -> None:
    """Raise `InputValueError` if a choice is none of the words it is made from."""
    for name, value in given.items():
        if value not in _WORDS[name]:
            raise InputValueError(f"{name}: got {value!r}; expected {' or '.join(map(repr, _WORDS[name]))}")
