"""Weights of drawn gold: how its documents came to be annotated, and what each stands for.

Figures of gold that was drawn with unequal probability are of sums in which each document stands for those
that it was drawn among (Horvitz and Thompson 1952): of one draw, 1/p. Of several, each draw estimates the
whole by itself, with what had been drawn or annotated before it counting once; the whole is the mean of these
estimates, each weighing by the number of its documents that are done. So nothing must be known of the
probability with which a later draw would have taken what an earlier one took.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING

import msgspec

from goldwire.corpora import samples
from goldwire.corpora.errors import MeasureError
from goldwire.corpora.samples import Sample
from goldwire.corpora.store import Corpus
from goldwire.corpora.types import DRAFT, SKIPPED
from goldwire.eval.counting import requirements
from goldwire.eval.counting.coverage import Scope
from goldwire.eval.counting.texts import iter_chunks, read_texts
from goldwire.eval.measures.measure import Measure, name
from goldwire.eval.measures.phrases import amount, listed
from goldwire.eval.scoring.parts import DrawFacts, DrawnGold

if TYPE_CHECKING:
    from goldwire.eval.scoring.record import Record

POLICY = "weights"
NONE = "none"  # the value of the policy where draws are not looked at
_BEFORE = "before"  # the stratum of what was annotated before a draw,
_CERTAIN = "certain"  # and of what it took for certain


class _Provenance(msgspec.Struct, frozen=True):
    status: str | None = None


class _Line(msgspec.Struct, frozen=True):
    """What is looked at of a line of gold: the rest of it is passed over."""

    document: str
    provenance: _Provenance = _Provenance()


class Weighting(msgspec.Struct, frozen=True, kw_only=True):
    """How gold was drawn; `samples` are in the order in which they were made, none where they do not count.

    `unknown` documents were annotated though no draw took them, `elsewhere` are draws made for other layers.
    """

    samples: tuple[Sample, ...] = ()
    skipped: frozenset[str] = frozenset()
    unknown: frozenset[str] = frozenset()
    elsewhere: tuple[str, ...] = ()

    @property
    def is_even(self) -> bool:
        """Whether all that was drawn is known to stand for as many."""
        [first, *others] = self.samples
        return not (others or first.draw.before) and len({one.probability for one in first.drawn}) == 1

    @property
    def policy(self) -> str:
        """What stands in signatures: the draws by name, and a digest of all that they say."""
        if not self.samples:
            return NONE
        content = msgspec.json.encode(self.samples, order="deterministic")
        names = "+".join(sample.draw.draw for sample in self.samples)
        return f"{names}#{hashlib.sha256(content).hexdigest()[:12]}"

    def scope(self, scope: Scope, corpus: Corpus) -> Scope:
        """The documents to be scored: without those that have no known probability."""
        if not self.unknown:
            return scope
        asked = scope.documents
        documents = frozenset(read_texts(corpus).ids) if asked is None else asked
        return msgspec.structs.replace(scope, documents=documents - self.unknown)


# ---------------------------------------------------------------- which draws count
def prepare(corpus: Corpus, golds: Sequence[str], scope: Scope, *, unweighted: bool) -> Weighting | None:
    """How the gold of a corpus was drawn; None of a corpus without draws.

    Those count that were made for the layer. Of a layer that none was made for all count, if they tell of
    each of its documents how it came to be annotated; else none does.
    """
    found = [samples.read(corpus, name) for name in samples.names(corpus)]
    if not found:
        return None
    if unweighted:
        return Weighting()
    own = tuple(sample for sample in found if sample.draw.layer in golds)
    each = [_judged(corpus, gold, scope) for gold in golds]
    judged = set.intersection(*(done for done, _ in each))
    skipped = frozenset[str]().union(*(one for _, one in each))
    known = _known(own or found, judged)
    if own:
        return Weighting(samples=own, skipped=skipped, unknown=frozenset(judged - known))
    if judged <= known:
        return Weighting(samples=tuple(found), skipped=skipped)
    return Weighting(elsewhere=tuple(sample.draw.draw for sample in found))


def _judged(corpus: Corpus, gold: str, scope: Scope) -> tuple[set[str], set[str]]:
    """The documents that a gold layer judges, of those asked for, and those that it skipped."""
    undone = {SKIPPED, *([DRAFT] if scope.drafts == "left-out" else [])}
    judged, skipped = set[str](), set[str]()
    for chunk in iter_chunks(corpus.layer_file(gold), _Line):
        for line in chunk:
            status = line.provenance.status
            if status == SKIPPED:
                skipped.add(line.document)
            if status not in undone and (scope.documents is None or line.document in scope.documents):
                judged.add(line.document)
    return judged, skipped


def _known(found: Sequence[Sample], judged: Collection[str]) -> set[str]:
    """The documents that came by a draw, or were there before one: a later one, if any of its own is done."""
    known = set(found[0].draw.before)
    for sample in found:
        drawn = {one.document for one in sample.drawn}
        known |= drawn
        known.update(() if drawn.isdisjoint(judged) else sample.draw.before)
    return known


def check(weighting: Weighting, measures: Sequence[Measure], scope: Scope, *, stream: bool) -> None:
    """Raise `MeasureError` if something cannot be weighted."""
    if not weighting.samples:
        return
    draws = listed([sample.draw.draw for sample in weighting.samples])
    told = f"gold was drawn, and is weighted ({draws})"
    if stream:
        raise MeasureError(
            f"{told}; --stream forgets which document is which: leave it out, or score --unweighted"
        )
    if scope.unjudged == "empty":
        raise MeasureError(
            f"{told}; --unjudged empty would count documents that nobody was to do as empty: leave it out, "
            "or score --unweighted"
        )
    fixed = [name(measure) for measure in measures if not requirements.is_additive(measure)]
    if fixed and not weighting.is_even:
        raise MeasureError(
            f"{told}; counts of documents do not add up under {listed(fixed)}, so that they cannot be "
            f"weighted: leave {'it' if len(fixed) == 1 else 'them'} out, or score --unweighted"
        )


# ---------------------------------------------------------------- what documents weigh
def policies_of(weighting: Weighting | None) -> dict[str, str]:
    """The policy that stands in signatures: none of a corpus without draws."""
    return {} if weighting is None else {POLICY: weighting.policy}


def weights(
    weighting: Weighting | None, documents: Sequence[str], asked: Collection[str] | None
) -> DrawnGold | None:
    """What scored documents weigh, in the order in which they are given; and what became of each draw.

    `asked` are those that were asked for, None being all. None where no draw counts.
    """
    if weighting is None or not weighting.samples:
        return None
    scored = set(documents)
    before = scored & set(weighting.samples[0].draw.before)
    facts = tuple(_facts(sample, scored, weighting.skipped, asked) for sample in weighting.samples)
    done = sum(one.scored for one in facts)
    shares = [one.scored / done if done else 1 / len(facts) for one in facts]
    each = _each(weighting.samples, shares)
    strata = _strata(weighting.samples)
    names = sorted({strata[document] for document in documents})
    number = {name: place for place, name in enumerate(names)}
    return DrawnGold(
        each=tuple(each[document] for document in documents),
        strata=tuple(number[strata[document]] for document in documents),
        names=tuple(names),
        draws=facts,
        before=len(before),
        between=len(scored - before - {one.document for sample in weighting.samples for one in sample.drawn}),
        unknown=len(weighting.unknown),
    )


def _facts(
    sample: Sample, scored: Collection[str], skipped: Collection[str], asked: Collection[str] | None
) -> DrawFacts:
    drawn = [one.document for one in sample.drawn if asked is None or one.document in asked]
    return DrawFacts(
        name=sample.draw.draw,
        how=sample.draw.how,
        candidates=len(sample.candidates),
        drawn=len(drawn),
        scored=sum(document in scored for document in drawn),
        skipped=sum(document in skipped and document not in scored for document in drawn),
    )


def _each(found: Sequence[Sample], shares: Sequence[float]) -> dict[str, float]:
    """What each document stands for: the mean over the draws that it was there for, by the shares of these.

    By a draw that took it, it stands for 1/p; by one that could have and did not, for none; by one that found
    it drawn or annotated already, for itself.
    """
    sums, parts = dict[str, float](), dict[str, float]()
    there = set(found[0].draw.before)
    for sample, share in zip(found, shares, strict=True):
        there.update(sample.draw.before)
        stands = dict.fromkeys(there, 1.0)
        stands |= {
            one.document: 0.0 if one.rank is None else 1 / one.probability for one in sample.candidates
        }
        for document, weight in stands.items():
            sums[document] = sums.get(document, 0.0) + share * weight
            parts[document] = parts.get(document, 0.0) + share
        there.update(one.document for one in sample.drawn)
    return {document: part and sums[document] / part for document, part in parts.items()}


def _strata(found: Sequence[Sample]) -> dict[str, str]:
    """The part of the corpus that each document was drawn from, by the first draw that took it.

    Those that came for certain are a part of their own: no other could have come in their place.
    """
    strata: dict[str, str] = {}
    for sample in found:
        for document in sample.draw.before:
            strata.setdefault(document, f"{sample.draw.draw}: {_BEFORE}")
        for one in sample.drawn:
            part = _CERTAIN if one.probability >= 1 else one.stratum
            strata.setdefault(one.document, f"{sample.draw.draw}: {part}".removesuffix(": "))
    return strata


# ---------------------------------------------------------------- in words
def tell(record: Record) -> Iterator[str]:
    """What is to be said of a record: how its gold was drawn; nothing of a corpus without draws."""
    if record.weights is not None:
        yield _drawn(record.weights)
    elif record.policies.get(POLICY) == NONE:
        yield _undrawn(record.undrawn, record.gold.name)


def _drawn(found: DrawnGold) -> str:
    """How gold was drawn, who is missing, and what the figures are of."""
    draws = [
        f"{one.scored:,} of {amount(one.drawn, 'document')} drawn from {one.candidates:,} by {one.name}"
        f"{f' ({one.how})' if one.how else ''}"
        for one in found.draws
    ]
    texts = [f"Weighted, each by what it stands for: {listed(draws)}."]
    if found.before:
        texts.append(f"{found.before:,} annotated before the first draw are a stratum of their own.")
    if found.between:
        texts.append(f"{found.between:,} annotated between draws, and not drawn, count for the later ones.")
    texts += [*_not_done(found.draws), *_unknown(found.unknown)]
    if len({*found.each}) == 1:
        texts.append("All stand for as many: figures are those without weights.")
    texts.append("Units right, found and in gold are weighted too; errors and rejected units are not.")
    return " ".join(texts)


def _not_done(draws: Sequence[DrawFacts]) -> Iterator[str]:
    missing = sum(one.drawn - one.scored for one in draws)
    skipped = sum(one.skipped for one in draws)
    if missing:
        which = f" ({skipped:,} skipped)" if skipped else ""
        yield f"{missing:,} drawn and not done{which}: weights are not made up for them."


def _unknown(unknown: int) -> Iterator[str]:
    if unknown:
        which = "document was" if unknown == 1 else "documents were"
        yield f"{unknown:,} {which} annotated though no draw took them: left out (--unweighted takes all)."


def _undrawn(draws: Sequence[str], gold: str) -> str:
    """What is said of gold of a corpus with draws that were not looked at."""
    if not draws:
        return "Not weighted (--unweighted): figures are of the documents at hand, however they were drawn."
    return (
        f"Not weighted: {listed(list(draws))} {'was' if len(draws) == 1 else 'were'} not drawn for "
        f"{gold!r}, which has documents that came by no draw."
    )
