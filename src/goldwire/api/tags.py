"""Scores of tag sequences, with seqeval beside: mentions of tokens, read from IOB2, IOBES and their like."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any, NamedTuple

from goldwire.api.documents import Documents
from goldwire.api.inputs import Given
from goldwire.api.record import Record
from goldwire.api.score import SYSTEM, Measures, score_given
from goldwire.corpora.errors import DataError, Fault, InputTypeError, InputValueError, nearest
from goldwire.corpora.formats import tags as sequences
from goldwire.corpora.formats.tags import Policy, Scheme
from goldwire.corpora.types import Annotations, Mention, Provenance, Span
from goldwire.corpora.visible import visible
from goldwire.eval.counting.tags import OUTSIDE
from goldwire.eval.measures.phrases import amount, points
from goldwire.eval.statistics.intervals import UNSEEN, Method
from goldwire.eval.statistics.resample import TRIALS

# Those that seqeval reads, as it calls them.
SCHEMES: tuple[Scheme, ...] = ("IOB1", "IOB2", "IOE1", "IOE2", "IOBES", "BILOU")
_SAME = 1e-9  # two roundings of one share differ by less

Tags = Sequence[Sequence[str]]


class Reference(NamedTuple):
    """Precision, recall and F1 as seqeval has them; it gives 0 for what is undefined."""

    precision: float
    recall: float
    f1: float


class TagRecord(Record, frozen=True, kw_only=True, dict=True):
    """The record of tag sequences, each a document, and what seqeval says of the same tags."""

    @property
    def seqeval(self) -> dict[str, Reference]:
        """What seqeval says of each system."""
        found: dict[str, Reference] = self.__dict__.get("_seqeval", {})
        return found

    @property
    def broken(self) -> dict[str, int]:
        """How many tags of gold and of each system break the scheme, and so belong to no mention."""
        found: dict[str, int] = self.__dict__.get("_broken", {})
        return found

    def __repr__(self) -> str:
        return "\n".join([super().__repr__(), *map(visible, self._remarks())])

    def _repr_html_(self) -> str:
        return super()._repr_html_() + "".join(f"<p>{escape(line)}</p>" for line in self._remarks())

    def _remarks(self) -> list[str]:
        """Which tags belong to no mention, and where seqeval says something else."""
        broken = [
            f"{name}: {amount(number, 'tag')} broke the scheme and made no mention"
            for name, number in self.broken.items()
            if number
        ]
        return broken + [
            f"seqeval says something else of {name}: {', '.join(map(points, told))}"
            for name, told in self.seqeval.items()
            if not _is_same(self, name, told)
        ]


def score_tags(
    gold_tags: Any,
    system_tags: Any,
    scheme: str | None = "IOB2",
    *,
    measures: Measures = "entity",
    intervals: Method = UNSEEN,
    trials: int = TRIALS,
    seed: int = 0,
) -> TagRecord:
    """The record of tag sequences, a list of tags for each sentence, of one system or of several by name.

    A mention is right if its tokens and its type are. What breaks the `scheme` (one of `SCHEMES`) is no
    mention, as in seqeval's strict mode; with None a stray `I-` opens one, as in its default mode and in
    conlleval. Every sentence counts as a document, also where nothing is tagged: intervals are drawn over
    sentences, and figures are of all together, as in seqeval.

    >>> found = score_tags([["B-PER", "O"], ["B-LOC", "I-LOC"]], [["B-PER", "O"], ["B-LOC", "O"]])
    >>> found["entity"].f1, found.seqeval["system"].f1
    (0.5, 0.5)

    Raises `InputTypeError` or `InputValueError` for what is no list of tags, for other sentences or tokens on
    the two sides, for strings that are no tags and for an unknown scheme.
    """
    chosen = _scheme(scheme)
    gold = _sequences(gold_tags, "gold_tags")
    given = system_tags if isinstance(system_tags, Mapping) else {SYSTEM: system_tags}
    systems = {str(name): _sequences(tags, str(name)) for name, tags in given.items()}
    for name, tags in systems.items():
        _check_lengths(gold, tags, name)
    right, sides = (
        _given(gold, "gold_tags", chosen),
        {name: _given(tags, name, chosen) for name, tags in systems.items()},
    )
    how: dict[str, Any] = {"duplicates": "set", "intervals": intervals, "trials": trials, "seed": seed}
    found = score_given(right, sides, measures, None, Documents(), **how)
    made = TagRecord.of(found)
    made.__dict__["_broken"] = {
        name: _broken(tags, side)
        for name, tags, side in [
            ("gold", gold, right),
            *((name, tags, sides[name]) for name, tags in systems.items()),
        ]
    }
    made.__dict__["_seqeval"] = {name: ask_seqeval(gold, tags, scheme) for name, tags in systems.items()}
    return made


def _scheme(name: str | None) -> tuple[Scheme, Policy]:
    if name is None:
        return "IOB2", "conlleval"
    for scheme in SCHEMES:
        if scheme == name:
            return scheme, "strict"
    also = "; what is often called BIO is IOB2" if str(name).upper() == "BIO" else nearest(str(name), SCHEMES)
    raise InputValueError(
        f"{name!r} is no tagging scheme{also}; there are {', '.join(SCHEMES)}, "
        "and None for seqeval's default mode"
    )


def _sequences(value: Any, where: str) -> list[list[str]]:
    """Lists of tags; one list of tags is one sentence."""
    expected = "expected a list of tags for each sentence"
    if isinstance(value, str | bytes | Mapping) or not isinstance(value, Iterable):
        raise InputTypeError(f"{where}: got {type(value).__name__}; {expected}")
    found = list(value)
    if found and all(isinstance(item, str) for item in found):
        found = [found]
    for number, item in enumerate(found):
        if isinstance(item, str | bytes | Mapping) or not isinstance(item, Iterable):
            raise InputTypeError(f"{where}[{number}]: got {item!r}; {expected}")
    rows = [list(item) for item in found]
    wrong = [
        (n, i, tag) for n, row in enumerate(rows) for i, tag in enumerate(row) if not isinstance(tag, str)
    ]
    if wrong:
        number, place, tag = wrong[0]
        raise InputTypeError(f"{where}[{number}][{place}]: got {tag!r}; expected a tag such as B-PER or O")
    return rows


def _check_lengths(gold: Tags, system: Tags, name: str) -> None:
    if len(gold) != len(system):
        raise InputValueError(
            f"gold has {amount(len(gold), 'sentence')}, {name} has {len(system):,}; expected the same ones"
        )
    faults = [
        Fault(
            name,
            f"[{number}]",
            f"{amount(len(there), 'tag')}, gold has {len(here)}; expected the same tokens",
        )
        for number, (here, there) in enumerate(zip(gold, system, strict=True))
        if len(here) != len(there)
    ]
    if faults:
        raise InputValueError(
            f"{name}: {amount(len(faults), 'sentence')} of another length than gold's", faults
        )


def _given(tags: Tags, where: str, how: tuple[Scheme, Policy]) -> Given:
    """The mentions of tags; their offsets count tokens."""
    width, faults, lines = len(str(len(tags))), list[Fault](), {}
    provenance = Provenance(details={"tags": sequences.reading(*how)})
    for number, row in enumerate(tags):
        id = f"{number + 1:0{width}}"
        try:
            chunks = sequences.decode(row, *how)
        except DataError as error:
            faults += [Fault(where, f"[{number}][{fault.path}]", fault.message) for fault in error.faults]
            continue
        mentions = tuple(
            Mention(id=f"m{place}", type=type, spans=(Span(start, end),))
            for place, (start, end, type) in enumerate(chunks)
        )
        lines[id] = Annotations(document=id, sha256="", mentions=mentions, provenance=provenance)
    if faults:
        raise InputValueError(f"{where}: {amount(len(faults), 'faulty tag')}; nothing was scored", faults)
    return Given(lines, listed=True)


def _broken(tags: Tags, side: Given) -> int:
    """How many tagged tokens are in no mention."""
    tagged = sum(tag != OUTSIDE for row in tags for tag in row)
    spans = [span for line in side.lines.values() for mention in line.mentions for span in mention.spans]
    return tagged - sum(span.end - span.start for span in spans)


# ---------------------------------------------------------------- seqeval
def ask_seqeval(gold: Tags, system: Tags, scheme: str | None) -> Reference:
    """What seqeval says: in its strict mode with a scheme, in its default mode without."""
    from seqeval import scheme as schemes
    from seqeval.metrics import f1_score, precision_score, recall_score

    if not any(map(len, gold)):
        return Reference(0.0, 0.0, 0.0)  # seqeval cannot take tags of nothing
    how: dict[str, Any] = {} if scheme is None else {"mode": "strict", "scheme": getattr(schemes, scheme)}
    sides = [[list(row) for row in side] for side in (gold, system)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it tells what it sets to 0
        try:
            found = [
                score(*sides, zero_division=0, **how) for score in (precision_score, recall_score, f1_score)
            ]
        except ValueError as error:  # a prefix that the scheme does not have
            raise InputValueError(f"{scheme}: seqeval cannot read these tags: {error}") from error
    return Reference(*map(float, found))


def _is_same(record: Record, system: str, told: Reference) -> bool:
    try:
        ours = record[system, "entity"]
    except ValueError:  # it was scored by other measures
        return True
    figures = (ours.precision, ours.recall, ours.f)
    return all(abs((figure or 0.0) - theirs) < _SAME for figure, theirs in zip(figures, told, strict=True))
