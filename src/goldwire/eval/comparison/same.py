"""Comparability of two records, or of a record and a corpus: the facts that must agree, and the words for it.

Results are compared where nothing differs that decided them (`iter_differences`): where no document is
unjudged, it does not matter what becomes of those that are. Results stand in one record where nothing differs
at all (`iter_unlike`). What is read beside a record must be what it was made from (`check_corpus`). Where
fingerprints are of different kinds, something else is compared in their place (see `comparison.kinds`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import msgspec

from goldwire.corpora.digest import Digest
from goldwire.corpora.errors import JudgementError
from goldwire.corpora.store import Corpus
from goldwire.eval.comparison import kinds
from goldwire.eval.comparison.contender import contenders
from goldwire.eval.counting import earlier
from goldwire.eval.counting.reading import Layer
from goldwire.eval.counting.texts import Texts
from goldwire.eval.measures.measure import name, parse
from goldwire.eval.measures.phrases import amount
from goldwire.eval.measures.signature import FORMAT_1, TAGS, release
from goldwire.eval.scoring.parts import CorpusFacts, OntologyFacts
from goldwire.eval.scoring.record import LayerFacts, Record, Slicing
from goldwire.eval.scoring.rejections import rejections

SHOWN = 10  # documents named in a message
Facts = CorpusFacts | OntologyFacts | LayerFacts | None


class Difference(msgspec.Struct, frozen=True):
    """What two records differ in, and what each has."""

    what: str
    first: str
    second: str

    def told(self, first: str, second: str) -> str:
        """The difference in words; `first` and `second` are what the records are called."""
        return f"{self.what}: {first} has {self.first}, {second} has {self.second}"

    def changed(self) -> str:
        """The difference in words, where the second record takes the place of the first."""
        return f"{self.what}: {self.first}, now {self.second}"


def iter_differences(first: Record, second: Record) -> Iterator[Difference]:
    """What keeps two records from being compared."""
    yield from _texts(first, second)
    yield from _documents(first, second)
    for what in ("corpus", "ontology", "gold"):
        one, two = getattr(first, what), getattr(second, what)
        if _fingerprint(one) != _fingerprint(two) and (what == "ontology" or _name_content(first, second)):
            yield Difference(what, named(one), named(two))
    yield from _references(first, second)
    if _name_content(first, second):
        yield from _tokens(first, second)
    elif not _differ(first, second):
        yield from (Difference(*found) for found in kinds.iter_differences(first, second))
    yield from _policies(first, second)
    yield from _packages(first, second)


def _references(first: Record, second: Record) -> Iterator[Difference]:
    """Other references beside the first, or the same as they are not any more."""
    one, two = ([gold.layer for gold in record.references] for record in (first, second))
    prints = ([gold.fingerprint for gold in record.references] for record in (first, second))
    if one != two or (_name_content(first, second) and next(prints) != next(prints)):
        yield Difference("further references", _further(first), _further(second))


def _further(record: Record) -> str:
    return ", ".join(map(named, record.references)) or "none"


def _packages(first: Record, second: Record) -> Iterator[Difference]:
    """Measures of both that other releases of their package counted."""
    before = dict(_releases(first))
    for measure, now in _releases(second):
        if before.get(measure, now) != now:
            yield Difference(f"package of {measure}", before[measure], now)


def _releases(record: Record) -> Iterator[tuple[str, str]]:
    seen = {result.measure: result.signature for result in record.results}
    for measure, signature in seen.items():
        if (found := release(signature)) is not None:
            yield measure, found


def iter_unlike(first: Record, second: Record) -> Iterator[Difference]:
    """What keeps results of two records from standing side by side in one."""
    yield from _texts(first, second)
    told = named
    if not kinds.are_alike(first, second):
        told = called
        yield Difference("format, with fingerprints of another kind", str(first.format), str(second.format))
    one, two = _terms(first, told), _terms(second, told)
    for what in one | two:
        if one.get(what) != two.get(what):
            yield Difference(what, one.get(what, "none"), two.get(what, "none"))
    if first.documents != second.documents:
        yield Difference("documents", *_both(first.documents, second.documents))
    elif first.groups != second.groups:
        yield Difference("groups of near-duplicates", *_groups(first, second))
    if set(first.measures) != set(second.measures):
        names = ([name(parse(measure)) for measure in record.measures] for record in (first, second))
        yield Difference("measures", *_both(*names))


def _terms(record: Record, told: Callable[[Facts], str]) -> dict[str, str]:
    """What a record was made of, so `told`, and how, but for documents and measures."""
    policies = {f"policy {policy}": value for policy, value in record.policies.items() if policy != "tags"}
    return {
        "goldwire": record.goldwire,
        "suite": record.suite or "none",
        "corpus": told(record.corpus),
        "ontology": named(record.ontology),
        "gold": ", ".join(map(told, record.golds)),
        **policies,
        **({"slices": ", ".join(map(named_slice, record.slices))} if record.slices else {}),
    }


def named_slice(slicing: Slicing) -> str:
    """A slice by its string form, and what tells its values or words from others."""
    values = msgspec.json.encode((slicing.values, slicing.documents) if slicing.documents else ())
    digest = slicing.words or hashlib.sha256(values).hexdigest()[:12]
    return f"{slicing.slice} ({digest})" if slicing.words or slicing.documents else slicing.slice


def _groups(*records: Record) -> tuple[str, str]:
    """How many groups of near-duplicates two records have; as many may be others."""
    one, two = ("none" if groups is None else str(len({*groups})) for groups in (r.groups for r in records))
    return one, f"{two} others" if one == two else two


def _fingerprint(facts: Facts) -> str | None:
    return None if facts is None else facts.fingerprint


def named(facts: Facts) -> str:
    """A corpus, ontology or layer by name, version and fingerprint."""
    return "none" if facts is None else f"{called(facts)} ({facts.fingerprint})"


def called(facts: Facts) -> str:
    """The same by name and version alone."""
    if facts is None:
        return "none"
    return facts.layer if isinstance(facts, LayerFacts) else f"{facts.name} {facts.version}"


def _tokens(first: Record, second: Record) -> Iterator[Difference]:
    """Other tokens beside gold, where both records were to look at them."""
    one, two = first.gold.tokens, second.gold.tokens
    if one != two and _looks_at_tokens(first) and _looks_at_tokens(second):
        yield Difference("tokens of gold", one or "none", two or "none")


def _looks_at_tokens(record: Record) -> bool:
    return TAGS in record.policies or any(parse(measure).units == "token" for measure in record.measures)


# ---------------------------------------------------------------- documents
def _differ(first: Record, second: Record) -> bool:
    """Whether the records are of different documents; those that name none are known by the fingerprint."""
    return bool(first.documents and second.documents) and first.documents != second.documents


def _name_content(first: Record, second: Record) -> bool:
    """Whether equal fingerprints say that the content is the same, and other ones that it is not."""
    return kinds.are_alike(first, second) and not _differ(first, second)


def _documents(first: Record, second: Record) -> Iterator[Difference]:
    if _differ(first, second):
        yield Difference("documents", *_both(first.documents, second.documents))


def _both(first: Sequence[str], second: Sequence[str]) -> tuple[str, str]:
    """How many items two records have, and which of them the other does not have."""
    return _own(first, second), _own(second, first)


def _own(items: Sequence[str], others: Sequence[str]) -> str:
    if not items:
        return "not named (--stream)"
    alone = sorted({*items} - {*others}) if others else []
    rest = f" and {len(alone) - SHOWN} more" if len(alone) > SHOWN else ""
    names = f" ({', '.join(alone[:SHOWN])}{rest} only there)" if alone else ""
    return f"{len(items)}{names}"


def corrected(record: Record, texts: Mapping[str, str]) -> list[str]:
    """The documents of a record that have another text in `texts`: hashes or their first digits, by document.

    Documents that are not in `texts` are none of them; nor are any of a record that names none.
    """
    known = zip(record.documents, record.texts, strict=False)
    return [id for id, text in known if not texts.get(id, text).startswith(text)]


def texts_of(record: Record) -> dict[str, str]:
    """The first digits of the hashes of a record's texts, by document."""
    return dict(zip(record.documents, record.texts, strict=False))


def tell_corrected(ids: Sequence[str]) -> str:
    """What is said of documents whose text is another one now.

    >>> tell_corrected(["d7"]), tell_corrected(["a", "b"])
    ('d7 was corrected', 'a, b were corrected')
    """
    more = f" and {len(ids) - SHOWN} more" if len(ids) > SHOWN else ""
    return f"{', '.join(ids[:SHOWN])}{more} {'was' if len(ids) == 1 else 'were'} corrected"


def _texts(first: Record, second: Record) -> Iterator[Difference]:
    """Documents whose text is another one; of corpora that only have ids in common nobody corrected any."""
    if (first.documents, first.texts) == (second.documents, second.texts):
        return  # as mostly, and at once
    sides = texts_of(first), texts_of(second)
    ids = corrected(first, sides[1])
    if ids and first.corpus.name == second.corpus.name:
        told = ("text " + ", ".join(side[id] for id in ids[:SHOWN]) for side in sides)
        yield Difference(tell_corrected(ids), *told)


# ---------------------------------------------------------------- policies
def _policies(first: Record, second: Record) -> Iterator[Difference]:
    """Policies that differ and decided something. How intervals were drawn decides no count; how tags were to
    be read shows in how they were.
    """
    one, two = ({**FORMAT_1, **record.policies} for record in (first, second))
    for policy in sorted({*one, *two} - {"intervals", TAGS}):
        if one.get(policy) != two.get(policy):
            sides = one.get(policy, "none"), two.get(policy, "none")
            if policy not in _TOUCHED:
                yield Difference(f"policy {policy}", *sides)
            elif touched := _TOUCHED[policy](first, second):
                yield Difference(f"policy {policy}, which decides on {touched}", *sides)


def _unjudged(*records: Record) -> str:
    counts = [record.gold.missing for record in records]
    counts += [r.coverage.unjudged + r.coverage.skipped for r in records if r.coverage is not None]
    return amount(max(counts), "document") if any(counts) else ""


def _drafts(*records: Record) -> str:
    counts = [record.coverage.drafts for record in records if record.coverage is not None]
    return amount(max(counts), "document") if any(counts) else ""


def _rejected(*records: Record) -> str:
    counts = [sum(map(rejections, record.systems)) for record in records]
    return amount(max(counts), "unit") if any(counts) else ""


# What a policy decided on in two records, in words; "" for nothing.
_TOUCHED: dict[str, Callable[[Record, Record], str]] = {
    "unjudged": _unjudged,
    "drafts": _drafts,
    "rejected": _rejected,
}


def iter_other_views(first: Record, second: Record) -> Iterator[Difference]:
    """The systems of both records that saw through another view of their own, or at another threshold."""
    yield from _of_systems(first, second, "labels", _view)
    yield from iter_other_thresholds(first, second)


def iter_other_thresholds(first: Record, second: Record) -> Iterator[Difference]:
    """The systems of both records whose units count from another score on, or one otherwise chosen."""
    yield from _of_systems(first, second, "threshold", _at)


def _of_systems(
    first: Record, second: Record, what: str, told: Callable[[LayerFacts], str]
) -> Iterator[Difference]:
    before, now = (
        {system.name: system.facts for system in contenders({"": record})} for record in (first, second)
    )
    for system, facts in before.items():
        if system in now and told(facts) != told(now[system]):
            yield Difference(f"{what} of {system}", told(facts), told(now[system]))


def _at(layer: LayerFacts) -> str:
    return "none" if layer.at is None else layer.at.name


def _view(layer: LayerFacts) -> str:
    return "none" if layer.view is None else layer.view.name


# ---------------------------------------------------------------- a record and a corpus
def check_corpus(
    corpus: Corpus, texts: Texts, record: Record, pairs: Iterable[tuple[LayerFacts, Layer]]
) -> None:
    """Raise `JudgementError` if texts or layers are not those that a record was made from."""
    are_sums, tagged = record.format >= kinds.SUMS, TAGS in record.policies
    of = _digests if are_sums else _earlier_digests
    changed = []
    for facts, layer in pairs:
        content, tokens = of(corpus, texts, facts.layer, layer)
        if facts.fingerprint != content or (tagged and facts.tokens != tokens):
            changed.append(facts.layer)
    if record.corpus.fingerprint != (texts.digest.name if are_sums else earlier.of_texts(texts)):
        ids = corrected(record, dict(zip(texts.ids, texts.hashes, strict=True)))
        changed.append(f"the texts ({tell_corrected(ids)})" if ids else "the texts")
    if changed:
        raise JudgementError(
            f"{corpus.where}: changed since the record was made: {', '.join(changed)}; score again"
        )


def is_of(record: Record, texts: Digest, layers: Iterable[tuple[LayerFacts, Digest, Digest]]) -> bool:
    """Whether digests of texts, of layers and of the tokens beside each are those a record was made from.

    Of a record whose fingerprints are no sums they say nothing.
    """
    tagged = TAGS in record.policies
    return (
        record.format >= kinds.SUMS
        and record.corpus.fingerprint == texts.name
        and all(
            facts.fingerprint == content.name and (not tagged or facts.tokens == _bound(bonds))
            for facts, content, bonds in layers
        )
    )


def _bound(bonds: Digest) -> str | None:
    """The fingerprint of tokens that were looked at; None if there were none."""
    return bonds.name if bonds.count else None


def _digests(_corpus: Corpus, _texts: Texts, _name: str, layer: Layer) -> tuple[str, str | None]:
    """The fingerprints of a layer and of the tokens beside it that were looked at."""
    return layer.digest.name, _bound(layer.bonds)


def _earlier_digests(corpus: Corpus, texts: Texts, name: str, _layer: Layer) -> tuple[str, str | None]:
    """The same, as records of earlier formats have them."""
    return earlier.of_layer(corpus, name, texts), earlier.of_tokens(corpus, name, texts)
