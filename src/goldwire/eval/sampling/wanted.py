"""Wishes for a draw: how many documents, for what, by what, and of which parts of the corpus."""

from __future__ import annotations

from typing import Literal

import msgspec

from goldwire.corpora import samples
from goldwire.corpora.errors import CorpusError
from goldwire.corpora.store import Corpus
from goldwire.eval.measures.phrases import listed

By = Literal["found", "disagreement", "uncertainty", "rare", "length", "chance"]
# By what systems say, and how many of them it takes.
OF_SYSTEMS = {"found": 1, "disagreement": 2, "uncertainty": 1, "rare": 1}
Purpose = Literal["training", "scoring"]
Allocation = Literal["proportional", "neyman"]
PHRASES = {"found": "units found", "rare": "rare types"}
CHANCE = 0.2  # of a draw is left to chance if nothing else is said


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be drawn: `number` documents for a `purpose`, `by` what.

    Where that is what `systems` say, these are named or meant by patterns, all of the corpus if none is;
    units are counted by `measures`.

    `per` says by what the corpus is parted into strata, `allocation` how many each gives: in proportion to
    its documents, or to these times the standard deviation of what is drawn by (Neyman 1934), with documents
    of a stratum alike when drawn for scoring. With `spread`, those picked for training
    are unlike each other. `chance` is the share of the draw that is left to chance. `gold` is the layer whose
    finished lines say which documents are annotated, `documents` are those that may be drawn, all if None,
    and `asked` says which in words.
    """

    name: str
    number: int
    purpose: Purpose = "scoring"
    by: By = "chance"
    systems: tuple[str, ...] = ()
    measures: tuple[str, ...] = ()
    per: str | None = None
    allocation: Allocation = "proportional"
    spread: bool = False
    chance: float = CHANCE
    seed: int = 0
    gold: str = "gold"
    documents: frozenset[str] | None = None
    asked: str | None = None


def check(corpus: Corpus, wanted: Wanted) -> None:
    """Raise `CorpusError` unless a draw can be made so, under a name that is free."""
    if wanted.number < 1:
        raise CorpusError(f"{wanted.number} documents cannot be drawn; ask for one at least")
    if not 0 < wanted.chance <= 1:
        raise CorpusError(
            f"a share of chance of {wanted.chance:g} would leave documents without any probability to be "
            "drawn; expected is more than 0, at most 1"
        )
    if wanted.allocation == "neyman" and (wanted.per is None or wanted.by == "chance"):
        raise CorpusError(
            "neyman shares a draw out by how much a value varies within strata: say by what the corpus is "
            "parted (--per) and by what documents are drawn (--by, not chance)"
        )
    if wanted.spread and (wanted.purpose == "scoring" or wanted.by == "chance"):
        raise CorpusError(
            "spread over texts picks without chance, of documents of great values: draw --for training, and "
            "say by what (--by, not chance)"
        )
    if not _is_again(corpus, wanted):
        samples.check_free(corpus, wanted.name)


def _is_again(corpus: Corpus, wanted: Wanted) -> bool:
    """Whether a draw of that name was asked for in the same words; if it comes out as it was will be seen."""
    if not samples.path_of(corpus, wanted.name).is_file():
        return False
    kept = samples.read(corpus, wanted.name).draw
    asked = wanted.purpose, words(wanted), wanted.seed, wanted.gold
    return (kept.purpose, kept.how, kept.seed, kept.layer) == asked


def words(wanted: Wanted) -> str:
    """A draw in words."""
    parts = [f"by {_by(wanted)}"]
    if wanted.by != "chance":
        parts.append(f"{wanted.chance:g} of it by chance")
    if wanted.per is not None:
        parts.append(f"per {wanted.per} ({wanted.allocation})")
    if wanted.spread:
        parts.append("spread over texts")
    if wanted.asked is not None:
        parts.append(f"of {wanted.asked}")
    return ", ".join(parts)


def _by(wanted: Wanted) -> str:
    if wanted.by not in OF_SYSTEMS:
        return wanted.by
    of = f"{PHRASES.get(wanted.by, wanted.by)} of {listed(wanted.systems)}"
    return f"{of} under {listed(wanted.measures)}" if wanted.measures else of
