"""Nobody: annotations that do not say who made them, numbered in each document by itself.

`annotator/unknown-1` has the first such annotation of each document, `annotator/unknown-2` the second: that
two of them are in one layer does not make them one person's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

UNKNOWN = "unknown"  # the author of what names none
_NUMBERED = re.compile(rf"(?:.+/)?{UNKNOWN}-[1-9][0-9]*")


def numbered(number: int) -> str:
    """What the author of the n-th annotation of a document without one is called."""
    return f"{UNKNOWN}-{number}"


def told(layers: Iterable[str]) -> str | None:
    """What to say of layers that are nobody's; None if each is somebody's.

    >>> told(["annotator/anna", "annotator/unknowns"]) is None
    True
    """
    names = [layer.rpartition("/")[2] for layer in layers if _NUMBERED.fullmatch(layer)]
    if not names:
        return None
    every = ", ".join(dict.fromkeys(names))
    return (
        f"{every}: annotations without an author, numbered in each document by itself: "
        f"{names[0]} of one document need not be the person who is {names[0]} of another"
    )
