"""Every error that Goldwire raises on purpose, drawn as the tree it is.

    GoldwireError              the root: catch this to catch all of them
    ├── DataError              the content of a file or reply is wrong; carries every `Fault` found
    ├── CorpusError            a corpus, layer or document is missing, misnamed or in the way
    ├── OntologyError          an ontology contradicts itself, or a label is not in it
    ├── MeasureError           a measure or suite does not exist or cannot be applied
    ├── JudgementError         two records cannot be compared (other corpus, measure or policy)
    ├── ExtractorError         a system cannot be found, started or understood
    ├── ServerError            Label Studio is unreachable or refuses
    ├── ClusterError           a cluster is unreachable, or its machines are not as this one
    ├── InputValueError        a value passed from Python is wrong; a `ValueError`
    └── InputTypeError         something else was passed than what is taken; a `TypeError`

`MeasureError` and `JudgementError` are `ValueError`s too.

A message says what is wrong, where, what was got and expected, and what to do.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from difflib import get_close_matches

import msgspec


class GoldwireError(Exception):
    """Root of all errors raised on purpose."""


class Fault(msgspec.Struct, frozen=True, order=True):
    """One thing wrong in one place of an input.

    `where` is `file:line` (lines count from 1) or a document id; `path` is a JSON path such as
    `$.mentions[3].type`; `message` says what was got and what was expected.
    """

    where: str
    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.where} {self.path}: {self.message}" if self.path else f"{self.where}: {self.message}"


class DataError(GoldwireError):
    """The content of an input is wrong; `faults` holds all that was found, in order of place."""

    SHOWN = 20  # faults listed in the message; `faults` has the rest

    def __init__(self, what: str, faults: list[Fault] | tuple[Fault, ...] = ()) -> None:
        self.what = what
        self.faults = tuple(faults)
        shown = [f"  {fault}" for fault in self.faults[: self.SHOWN]]
        if len(self.faults) > self.SHOWN:
            shown.append(f"  … and {len(self.faults) - self.SHOWN} more")
        super().__init__("\n".join([what, *shown]))


class Faults(list[Fault]):
    """Faults as they are found one after the other, so that all of an input are told at once.

    >>> found = Faults()
    >>> with found.noted():
    ...     raise DataError("a.xml: 1 fault(s)", [Fault("a.xml:1", "", "no element")])
    >>> found.check()
    Traceback (most recent call last):
    goldwire.corpora.errors.DataError: 1 fault(s); nothing was taken
      a.xml:1: no element
    """

    @contextmanager
    def noted(self) -> Iterator[None]:
        """Take over the faults of a `DataError` and go on behind the block."""
        try:
            yield
        except DataError as error:
            self.extend(error.faults)

    def check(self, what: str = "fault(s)") -> None:
        """Raise `DataError` with all of them, if there are any; `what` says what they are."""
        if self:
            raise DataError(f"{len(self)} {what}; nothing was taken", self)


def check_sound(where: object, faults: Iterable[Fault]) -> None:
    """Raise `DataError` with all faults of what is at a place, if there are any."""
    if found := [*faults]:
        raise DataError(f"{where}: {len(found)} fault(s)", found)


class CorpusError(GoldwireError):
    """A corpus, layer or document is missing, misnamed or in the way."""


class OntologyError(GoldwireError):
    """An ontology contradicts itself, or a label is not in it."""


class MeasureError(GoldwireError, ValueError):
    """A measure or suite does not exist or cannot be applied."""


class JudgementError(GoldwireError, ValueError):
    """Two records cannot be compared, or a record does not have what is asked of it."""


class ExtractorError(GoldwireError):
    """A system cannot be found, started or understood."""


class ServerError(GoldwireError):
    """Label Studio is unreachable or refuses; the message never holds a token."""


class ClusterError(GoldwireError):
    """A cluster cannot be reached or lost its machines, or these have other versions or files."""


class InputValueError(DataError, ValueError):
    """A value passed from Python is wrong; `faults` holds all that are, in their order."""


class InputTypeError(GoldwireError, TypeError):
    """Something else was passed from Python than what is taken; the message says what that is."""


# ---------------------------------------------------------------- names
NEAREST = 3  # names shown in place of all
_LIKE = 0.4  # of difflib's ratio: below, names have next to nothing in common


def nearest(name: str, known: Iterable[str]) -> str:
    """The end of a message about a name that is not known: up to three that are like it, the nearest first.

    >>> nearest("typ", ["span", "type"]), nearest("ac", ["AC", "AC+", "TI"]), nearest("x", ["span"])
    ('; nearest: type', '; nearest: AC, AC+', '')
    """
    folded: dict[str, str] = {}
    for other in known:
        folded.setdefault(other.casefold(), other)
    close = get_close_matches(name.casefold(), folded, NEAREST, _LIKE)
    return f"; nearest: {', '.join(folded[other] for other in close)}" if close else ""


def among(name: str, known: Iterable[str]) -> str:
    """The end of a message about a name that is not known: those like it, or else all.

    >>> among("typ", ["span", "type"]), among("x", ["span", "type"]), among("x", [])
    ('; nearest: type', '; there are: span, type', '; there are: none')
    """
    names = [*known]
    return nearest(name, names) or f"; there are: {', '.join(names) or 'none'}"
