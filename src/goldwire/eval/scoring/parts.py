"""Parts of a record: corpus, ontology and coverage, references and thresholds, findings by unit."""

from __future__ import annotations

import msgspec

from goldwire.eval.statistics.figures import Score

BEST = "best"  # what names of thresholds begin with that were chosen


class _Struct(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    pass


class CorpusFacts(_Struct, frozen=True, kw_only=True):
    """Which texts were scored: `fingerprint` covers ids, texts and excluded regions of all documents."""

    name: str
    version: str
    fingerprint: str
    language: str = "en"


class OntologyFacts(_Struct, frozen=True, kw_only=True):
    """Which ontology gave the labels their meaning and attributes their defaults."""

    name: str
    version: str
    fingerprint: str


class Coverage(_Struct, frozen=True, kw_only=True):
    """Which documents of the corpus were scored, and why the others were not.

    Of `corpus` documents, `outside` were not among those asked for (`asked` says how: `split:test`, a file);
    of the rest gold has no line for `unjudged`, a line that says `skipped`, or a draft that is not finished
    for `drafts`. Where documents not judged are scored as they stand (`--unjudged empty`), `skipped` counts
    those among them. `empty` of the scored documents have a line in gold without a unit.
    """

    corpus: int
    asked: str | None = None
    outside: int = 0
    unjudged: int = 0
    skipped: int = 0
    drafts: int = 0
    empty: int = 0


class Threshold(_Struct, frozen=True, kw_only=True):
    """Below which score units of a system were left out.

    `name` is what stands in signatures: the threshold, or how it was chosen. `values` are the threshold, or
    that of each fold; `folds` are then those of `Record.documents`. All units of the kinds `without` scores
    count. `below` units were left out, or hung on such; where nothing is left, `highest` is the score of the
    surest unit that there was. `gold` says whether gold has scores too, which decide nothing.
    """

    name: str
    values: tuple[float, ...]
    folds: tuple[int, ...] = ()
    without: tuple[str, ...] = ()
    below: int = 0
    highest: float | None = None
    gold: bool = False


class DrawFacts(_Struct, frozen=True, kw_only=True):
    """A draw of documents: its name, `how` in words, and what became of it.

    Of so many `candidates` (in the whole corpus) so many of the documents asked for were `drawn`, of which
    `scored` are done; of the others so many were `skipped`.
    """

    name: str
    candidates: int
    drawn: int
    scored: int
    how: str = ""
    skipped: int = 0


class DrawnGold(_Struct, frozen=True, kw_only=True):
    """What each document of a record stands for, of gold that was drawn (see `scoring.weights`).

    `each` and `strata` are those of `Record.documents`, these by number in `names`. `before` of them were
    annotated before the first draw, `between` draws without being drawn. `unknown` documents that gold judges
    came by no draw, and were left out.
    """

    each: tuple[float, ...]
    strata: tuple[int, ...]
    names: tuple[str, ...]
    draws: tuple[DrawFacts, ...]
    before: int = 0
    between: int = 0
    unknown: int = 0


class ReferencePair(_Struct, frozen=True, kw_only=True):
    """How far two references agree by a measure, on the documents that were scored; `first` plays gold."""

    first: str
    second: str
    measure: str
    score: Score


class UnitFindings(_Struct, frozen=True, kw_only=True, dict=True):
    """What became of each unit of one kind (entity, event or argument) of gold and a system, as columns.

    A row for each gold unit with its partner, and for each unit that only the system has, in order of
    document, there from left to right. `documents` are the numbers of documents in `Record.documents`, each
    less the one before; `classes` are those of `errors.classes.CLASSES`. `partners`, of rows that are pairs,
    say how much further on the system's unit is among those of its document than gold's; `causes`, of wrong
    rows, are those of `errors.causes.CAUSES`, 255 where there is none. See `scoring.kept` for the bytes.
    """

    system: str
    units: str
    rows: int
    documents: bytes
    classes: bytes
    partners: bytes
    causes: bytes = b""
