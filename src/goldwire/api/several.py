"""One or several: a name alone is one name, not its letters."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from goldwire.corpora.errors import InputTypeError


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
