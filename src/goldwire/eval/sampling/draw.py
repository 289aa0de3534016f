"""Draws of documents from a frame: who is drawn of each stratum, and in which order to work on them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

import msgspec
import numpy as np

from goldwire.corpora.samples import Candidate, Draw, Sample
from goldwire.corpora.store import Corpus
from goldwire.eval.measures.phrases import amount
from goldwire.eval.sampling import design, lines, spread
from goldwire.eval.sampling.counted import counting_of, in_disagreement, in_found
from goldwire.eval.sampling.design import Drawn, Floats
from goldwire.eval.sampling.frame import Frame, read_frame
from goldwire.eval.sampling.interest import BY_CHANCE, Interest, in_length, in_nothing
from goldwire.eval.sampling.lines import Reader
from goldwire.eval.sampling.rarity import in_rarity
from goldwire.eval.sampling.strata import Part, part_out
from goldwire.eval.sampling.systems import read_systems, resolve
from goldwire.eval.sampling.uncertainty import in_uncertainty
from goldwire.eval.sampling.wanted import OF_SYSTEMS, Wanted, check, words
from goldwire.eval.scoring.score import Counting

Progress = Callable[[str], None]


class Stratum(msgspec.Struct, frozen=True):
    """A part of the frame: its documents, its units (near-duplicates are one), and how many were drawn."""

    name: str
    documents: int
    units: int
    drawn: int


class Made(msgspec.Struct, frozen=True):
    """A draw that was made, by stratum, and what is to be said of it."""

    sample: Sample
    strata: tuple[Stratum, ...]
    notes: tuple[str, ...]


class Means(NamedTuple):
    """What reads the lines of layers, and what counts units, in place of this process; see `score_corpus`."""

    read: Reader = lines.read
    counter: Counting | None = None


HERE = Means()


def make(corpus: Corpus, wanted: Wanted, *, progress: Progress = lambda _: None, means: Means = HERE) -> Made:
    """Draw documents; nothing is written. `CorpusError` if there is nothing to draw, or not so few strata."""
    if wanted.by in OF_SYSTEMS:
        systems = resolve(corpus, wanted.systems, OF_SYSTEMS[wanted.by])
        wanted = msgspec.structs.replace(wanted, systems=systems)
    check(corpus, wanted)
    frame = read_frame(corpus, wanted.gold, documents=wanted.documents, per=wanted.per, read=means.read)
    progress(f"{amount(len(frame.documents), 'document')} can be drawn")
    interest = _interest(corpus, frame, wanted, progress, means)
    random = np.random.default_rng([wanted.seed, *wanted.name.encode()])
    notes = [*frame.notes, *interest.notes]
    parts = part_out(frame, frame.of_units(interest.values), wanted, notes)
    drawn = [_of_part(frame, part, wanted, random) for part in parts]
    notes += _more_chance(drawn, wanted)
    candidates = _candidates(frame, interest, [*zip(parts, drawn, strict=True)], wanted, random)
    draw = Draw(
        draw=wanted.name,
        purpose=wanted.purpose,
        how=words(wanted),
        made=datetime.now(UTC).isoformat(timespec="seconds"),
        seed=wanted.seed,
        layer=wanted.gold,
        before=frame.before,
        documents=len(frame.documents),
    )
    strata = tuple(
        Stratum(part.name, int(np.isin(frame.unit, part.units).sum()), len(part.units), len(found.units))
        for part, found in zip(parts, drawn, strict=True)
    )
    return Made(Sample(draw, tuple(candidates)), strata, tuple(notes))


def _interest(corpus: Corpus, frame: Frame, wanted: Wanted, progress: Progress, means: Means) -> Interest:
    if wanted.by == "chance":
        return in_nothing(frame)
    if wanted.by == "length":
        return in_length(frame)
    systems = read_systems(corpus, wanted.systems, frame, means.read)
    if wanted.by == "rare":
        return in_rarity(corpus, frame, systems, wanted.gold, means.read)
    if wanted.by == "uncertainty":
        return in_uncertainty(corpus, frame, systems, wanted.gold, means.read)
    counting = counting_of(corpus, frame, systems, wanted.measures, means.counter)
    return in_found(counting) if wanted.by == "found" else in_disagreement(counting, progress)


def _of_part(frame: Frame, part: Part, wanted: Wanted, random: np.random.Generator) -> Drawn:
    """Who is drawn of a stratum, by place in it."""
    values = part.values
    if wanted.spread:
        sure = part.number - design.reserved(part.number, len(values), wanted.chance)
        picked = spread.pick(values, [frame.documents[i] for i in frame.firsts[part.units]], sure)
        return design.with_chance(design.certain(picked, len(values)), part.number, random)
    if wanted.purpose == "training":
        return design.by_value(values, part.number, wanted.chance, random)
    if wanted.allocation == "neyman":
        values = np.ones(len(values))
    return design.by_size(values, part.number, wanted.chance, random)


def _more_chance(drawn: Sequence[Drawn], wanted: Wanted) -> Iterator[str]:
    """Say so where many small strata leave more to chance than was asked for."""
    number = sum(len(one.units) for one in drawn)
    by_chance = sum(len(one.by_chance) for one in drawn)
    if by_chance > wanted.chance * number + 1:
        yield f"{by_chance} of {number} come by chance: one at least of each stratum that is not drawn whole"


# ---------------------------------------------------------------- documents
class _One(NamedTuple):
    """A document that was drawn: its number, its value, and whether it came by chance alone."""

    document: int
    value: float
    by_chance: bool


def _candidates(
    frame: Frame,
    interest: Interest,
    parts: Sequence[tuple[Part, Drawn]],
    wanted: Wanted,
    random: np.random.Generator,
) -> Iterator[Candidate]:
    """Every document that could be drawn, in the order of the corpus; of a unit each alike."""
    probability = np.zeros(len(frame.strata))
    chosen = dict[int, bool]()
    for part, drawn in parts:
        probability[part.units] = drawn.probability
        chosen |= {int(part.units[i]): i in drawn.by_chance for i in drawn.units.tolist()}
    members = np.bincount(frame.unit)
    ranked = _order(_ones(frame, chosen, interest.values, random), wanted, random)
    rank = {one.document: (number, one.by_chance) for number, one in enumerate(ranked, 1)}
    for i, (document, unit) in enumerate(zip(frame.documents, frame.unit.tolist(), strict=True)):
        place, by_chance = rank.get(i, (None, False))
        yield Candidate(
            document=document.id,
            probability=float(probability[unit] / members[unit]),
            stratum=frame.strata[unit],
            rank=place,
            reason="" if place is None else BY_CHANCE if by_chance else interest.reason(i),
        )


def _ones(
    frame: Frame, chosen: dict[int, bool], values: Floats, random: np.random.Generator
) -> Iterator[_One]:
    """One document of each unit that was drawn."""
    own: dict[int, list[int]] = {unit: [] for unit in sorted(chosen)}
    for i, unit in enumerate(frame.unit.tolist()):
        if unit in own:
            own[unit].append(i)
    for unit, documents in own.items():
        i = documents[int(random.integers(len(documents)))]
        yield _One(i, float(values[i]), chosen[unit])


def _order(drawn: Iterator[_One], wanted: Wanted, random: np.random.Generator) -> list[_One]:
    """The order to work in: for training the greatest values first, with those by chance strewn among them.

    For scoring it is by chance, so that what is done when time is up is again a part by chance.
    """
    ones = [*drawn]
    ones = [ones[i] for i in random.permutation(len(ones)).tolist()]
    if wanted.purpose == "scoring":
        return ones
    picked = sorted((one for one in ones if not one.by_chance), key=lambda one: -one.value)
    others = [one for one in ones if one.by_chance]
    places = {*random.choice(len(ones), len(others), replace=False).tolist()}
    first, second = iter(picked), iter(others)
    return [next(second if place in places else first) for place in range(len(ones))]
