"""Plans of runs: all that is settled before a system runs, and the fingerprint of what decides its output."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec

from goldwire.corpora import labels
from goldwire.corpora.labels import LabelMap
from goldwire.corpora.ontology import Ontology
from goldwire.corpora.parts import Part
from goldwire.corpora.store import Corpus
from goldwire.corpora.types import Document
from goldwire.eval.systems import budget, journal, runs
from goldwire.eval.systems.config import System, memory_of
from goldwire.eval.systems.extractor import Context, deciding_options, earlier_options, find_kind, identity
from goldwire.eval.systems.prices import Price
from goldwire.eval.systems.spec import Spec
from goldwire.eval.systems.watch import digests
from goldwire.eval.systems.worker import Job

WRITTEN = (journal.RUNS, "records", "layers/system")  # of a corpus, by running and scoring: never watched


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """All that is settled before a system runs.

    `keys` are those of the documents in the journal, by id; `state` is the fingerprint of what decides the
    system's output, `same` that of all of it but the seed; a `fixed` system gives the same each time, and
    `price` is that of its tokens. With a `part`, the documents are those of that part of the corpus.
    """

    system: System
    documents: list[Document]
    keys: dict[str, str]
    ontology: Ontology | None
    labels: LabelMap | None
    job: Job
    state: str
    workers: int
    same: str = ""
    fixed: bool = False
    price: Price | None = None
    part: Part | None = None


class _Settled(NamedTuple):
    """What a system is given, what makes its output, and the fingerprint of that."""

    context: Context
    made_by: Sequence[Any]
    watched: Sequence[Any]
    state: str


def make_plan(
    corpus: Corpus,
    system: System,
    *,
    workers: int = 1,
    seed: int = 0,
    what: Sequence[Any] | None = None,
    part: Part | None = None,
    documents: list[Document] | None = None,
) -> Plan:
    """What is to be run; `what` decides the system's output, where its spec does not say that.

    The `documents` of a `part` are given; without it they are all of the corpus.
    """
    corpus.check_new_layer(f"system/{system.name}")
    settled = _settle(corpus, system, seed, what)
    context, mapping = settled.context, settled.context.labels
    workers = system.workers or workers
    documents = corpus.documents() if documents is None else documents
    return Plan(
        system=system,
        documents=documents,
        keys={document.id: journal.document_key(document) for document in documents},
        ontology=context.ontology,
        labels=None if mapping is None else labels.read(mapping, context.ontology),
        job=Job(spec=system.spec, context=context, memory=memory_of(system, workers)),
        state=settled.state,
        workers=workers,
        same="" if what is not None else _but_for_seed(system.spec, settled),
        fixed=what is None and runs.is_fixed(system),
        price=budget.of(system),
        part=part,
    )


def state_of(corpus: Corpus, system: System, seed: int = 0) -> str:
    """The fingerprint of what decides a system's output, by which its journal is named."""
    return _settle(corpus, system, seed, None).state


def _settle(corpus: Corpus, system: System, seed: int, what: Sequence[Any] | None) -> _Settled:
    ontology = corpus.ontology()
    context = Context(
        corpus=str(corpus.path.resolve()),
        ontology=ontology,
        options=system.options,
        seed=seed if system.seed is None else system.seed,
        labels=system.labels or (default_labels(system.spec, ontology) if what is None else None),
        scratch=str(journal.folder(corpus, system.name).resolve()),
    )
    watched = [digests(system.watch, [corpus.path / name for name in WRITTEN])] if system.watch else []
    made_by = identity(system.spec, context) if what is None else what
    states = [
        journal.fingerprint([made_by, options, context.seed, ontology, *watched])
        for options in (_asking_the_same(system) if what is None else [system.options])
    ]
    return _Settled(context, made_by, watched, _kept(corpus, system.name, states))


def _asking_the_same(system: System) -> list[dict[str, Any]]:
    """The options that decide the output, then those by which earlier versions have named the same."""
    every = [system.options, *earlier_options(system.spec, system.options)]
    deciding = [deciding_options(system.spec, options) for options in every]
    return [*deciding, *(options for options in every if options not in deciding)]


def _kept(corpus: Corpus, name: str, states: Sequence[str]) -> str:
    """The first of some states that give the same which has a journal; the first of all if none has."""
    return next((state for state in states if journal.path_of(corpus, name, state).is_file()), states[0])


def _but_for_seed(spec: Spec, settled: _Settled) -> str:
    """The fingerprint of what decides the output of every run of a system: all of it but the seed."""
    context, made_by = settled.context, settled.made_by
    options = {name: value for name, value in context.options.items() if name != runs.SEED}
    if options != context.options:
        made_by = identity(spec, msgspec.structs.replace(context, options=options))
    return journal.fingerprint([made_by, deciding_options(spec, options), context.ontology, *settled.watched])


def default_labels(spec: Spec, ontology: Ontology | None) -> str | None:
    """The label map that ships for a kind of system and an ontology, or None."""
    kind = find_kind(spec.kind)
    return kind.labels.get(ontology.name) if kind is not None and ontology is not None else None
