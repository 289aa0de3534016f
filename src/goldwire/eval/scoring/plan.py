"""Plan of a scoring: which layers are scored, by which measures, under which policies."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any, Literal

import msgspec

from goldwire.corpora.codec import BROKEN, with_sorted_sets
from goldwire.corpora.errors import DataError, MeasureError
from goldwire.corpora.formats.tags import Policy
from goldwire.corpora.ontology import Ontology
from goldwire.corpora.views import Asked
from goldwire.eval.counting import attributes, requirements
from goldwire.eval.counting.coverage import Scope
from goldwire.eval.counting.cut import Cut
from goldwire.eval.counting.reading import Wanted
from goldwire.eval.counting.slices import REALIS, AskedSlices, Known
from goldwire.eval.measures import installed
from goldwire.eval.measures.measure import Measure, name, parse
from goldwire.eval.measures.references import Policy as References
from goldwire.eval.measures.slices import Slice
from goldwire.eval.measures.vocabulary import BY_TYPE
from goldwire.eval.scoring.slices import NOTHING, Basis
from goldwire.eval.scoring.views import Sights
from goldwire.eval.scoring.weights import Weighting
from goldwire.eval.statistics.intervals import UNSEEN, Method
from goldwire.eval.statistics.resample import TRIALS


class Best(msgspec.Struct, frozen=True):
    """A threshold that is chosen: on folds of the documents that are scored, or on `documents` besides them.

    `asked` says in words which ones these are.
    """

    asked: str | None = None
    documents: frozenset[str] = frozenset()


At = float | Best


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """What the caller may choose; each shows in the signature where it decides the number.

    `duplicates`: units that repeat another are collapsed as `set`, or `refuse`d. `intervals`: their
    kind (see `statistics.intervals`). `trials`: resamples for them, 0 for none. `seed`: of the resampling.
    `suite`: where the measures are from. `classes`: whether results tell how many units are COR, INC, PAR,
    MIS and SPU. `stream`: the record does not name its documents, so that memory does not grow with them, and
    nothing can be compared by document.

    `scope`: which documents are scored, and what becomes of those that gold does not judge; `asked` says in
    words which ones were asked for. `rejected`: units of a system that were turned away count as `spurious`,
    or are `left-out`. `tags`: the policy by which the tags are read that layers came with, whatever they were
    imported by (see `corpora.formats.tags`). `views`: what layers are seen through. `inside`: a layer in
    whose spans units count. `references`: how several gold layers are one (see `measures.references`).
    `unweighted`: draws of documents are not looked at (see `scoring.weights`).
    `at`: thresholds by system, "" for all others (see `scoring.thresholds`). `slices`: by what documents and
    units are parted.
    """

    duplicates: Literal["set", "refuse"] = "set"
    intervals: Method = UNSEEN
    trials: int = TRIALS
    seed: int = 0
    suite: str | None = None
    classes: bool = False
    stream: bool = False
    scope: Scope = Scope()
    asked: str | None = None
    rejected: Literal["spurious", "left-out"] = "spurious"
    tags: Policy | None = None
    views: Asked = Asked()
    inside: str | None = None
    slices: tuple[Slice, ...] = ()
    references: References | None = None
    at: dict[str, At] = {}
    unweighted: bool = False


class PlannedLayer(msgspec.Struct, frozen=True):
    """What a layer is called in the record, where it is from, and what its runner reported."""

    name: str
    source: str
    facts: dict[str, Any] = {}


class Chosen(msgspec.Struct, frozen=True, kw_only=True):
    """The threshold of a system: what it is called, which kinds of units have no scores, and all count.

    `highest` is the score of its surest unit, if it has one.
    """

    name: str
    cut: Cut
    without: tuple[str, ...] = ()
    highest: float | None = None


class Plan(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """What is scored by what.

    The first `golds` of `layers` are gold's, `corpus` to `language` are the corpus's; `at` are the thresholds
    of layers, none if it is empty; `basis` is what slices rest on; `weighting` says how gold was drawn, None
    of a corpus in which nothing was.
    """

    layers: tuple[PlannedLayer, ...]
    measures: tuple[Measure, ...]
    corpus: str
    version: str = ""
    language: str = "en"
    ontology: Ontology | None
    options: Options
    sights: Sights
    seen: attributes.Seen = frozenset()
    basis: Basis = NOTHING
    golds: int = 1
    at: tuple[Chosen | None, ...] = ()
    weighting: Weighting | None = None

    @cached_property
    def names(self) -> tuple[str, ...]:
        """What the layers are called, gold's first."""
        return tuple(layer.name for layer in self.layers)

    @property
    def systems(self) -> tuple[str, ...]:
        """What the systems are called."""
        return self.names[self.golds :]

    @cached_property
    def counted(self) -> tuple[Measure, ...]:
        """What is counted: measures that differ in their average alone have the same counts."""
        return tuple(dict.fromkeys(measure.counted for measure in self.measures))

    @cached_property
    def wanted(self) -> Wanted:
        """What is to be read."""
        found = self.sights.need(needs(self.measures, self.ontology))
        options, parts = self.options, self.options.slices
        realis = (REALIS,) if any(part.of_units and part.name == REALIS for part in parts) else ()
        return msgspec.structs.replace(
            found,
            rejected=options.rejected == "spurious",
            tags=options.tags,
            texts=found.texts or any(part.looks_at_texts for part in parts),
            meta=any(part.field for part in parts),
            attributes=tuple(sorted({*found.attributes, *realis})),
            references=self.golds,
            scores=bool(self.at),
            cuts=tuple(at and at.cut for at in self.at),
        )

    @cached_property
    def asked(self) -> AskedSlices:
        """The slices of units, and what is to be known of them."""
        return AskedSlices(
            {part: self.basis.known.get(part) for part in self.options.slices if part.of_units},
            frozenset(measure.counted for measure in self.measures if measure.average in BY_TYPE),
        )

    @property
    def sources(self) -> list[str]:
        """The layers to be read."""
        return self.sights.sources([layer.source for layer in self.layers])

    @property
    def measures_named(self) -> list[str]:
        """The measures, by the names that people use."""
        return [name(measure) for measure in self.measures]

    @cached_property
    def digest(self) -> str:
        """A name for all of it: blocks of one plan alone can be added."""
        layers = [(layer.name, layer.source) for layer in self.layers]
        releases = [installed.release(measure) for measure in self.counted if measure.is_extension]
        drawn = () if self.weighting is None else (self.weighting.policy,)
        how = (self.options, self.sights, self.at, self.basis.digest, *drawn)
        parts = (layers, self.golds, self.measures, releases, self.ontology, *how)
        encoded = msgspec.json.encode(parts, enc_hook=str, order="deterministic")
        return hashlib.sha256(encoded).hexdigest()[:12]


# ---------------------------------------------------------------- written and read
class _Written(msgspec.Struct, frozen=True):
    """A plan as it is sent; `known` are the words of its basis, by slice, since a slice is no key there."""

    plan: Plan
    known: tuple[tuple[Slice, Known], ...]


def encode_plan(plan: Plan) -> bytes:
    """A plan as MessagePack: the same bytes for the same plan, whichever process writes them."""
    known = tuple(sorted(plan.basis.known.items(), key=lambda item: item[0]))
    basis = msgspec.structs.replace(plan.basis, known={})
    written = _Written(msgspec.structs.replace(plan, basis=basis), known)
    return msgspec.msgpack.encode(with_sorted_sets(written))


def decode_plan(data: bytes, where: str = "plan") -> Plan:
    """What `encode_plan` wrote; `DataError` if it is something else."""
    try:
        written = msgspec.msgpack.decode(data, type=_Written)
    except BROKEN as error:
        raise DataError(f"{where}: no plan of a scoring ({error})") from error
    basis = msgspec.structs.replace(written.plan.basis, known=dict(written.known))
    return msgspec.structs.replace(written.plan, basis=basis)


# ---------------------------------------------------------------- measures
def parse_measures(measures: Iterable[Measure | str], ontology: Ontology | None) -> list[Measure]:
    """Measures from their string forms, each once; `MeasureError` if there is none or one cannot be used."""
    found = [item if isinstance(item, Measure) else parse(item) for item in measures]
    if not found:
        raise MeasureError("no measure to score by; name some, or a suite")
    attributes.check_ontology(found, ontology)
    for measure in found:
        if measure.is_extension:
            installed.load(measure.counted)  # before anything is read
    return list(dict.fromkeys(found))


def needs(measures: Sequence[Measure], ontology: Ontology | None) -> Wanted:
    """What measures look at besides types and spans."""
    names = {name for measure in measures for name in measure.attributes}
    return Wanted(
        attributes=tuple(sorted(names)),
        ontology=ontology,
        items=requirements.items_wanted(measures),
        texts=requirements.texts_wanted(measures),
        tokens=requirements.tokens_wanted(measures),
    )
