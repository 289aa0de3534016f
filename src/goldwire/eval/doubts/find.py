"""Doubts about a layer of a corpus, from systems, annotators and the layer itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

import msgspec

from goldwire.corpora.coverage import is_finished, named
from goldwire.corpora.digest import of_annotations
from goldwire.corpora.errors import CorpusError
from goldwire.corpora.ontology import Ontology
from goldwire.corpora.store import Corpus
from goldwire.corpora.types import Annotations, Document
from goldwire.eval.comparison.annotators import ANNOTATOR
from goldwire.eval.counting.texts import TextRow, Texts, make_texts
from goldwire.eval.doubts.controls import draw, mixed
from goldwire.eval.doubts.look import Gold, View, look, read_gold
from goldwire.eval.doubts.rank import Court, rank
from goldwire.eval.doubts.readings import Base, Doubts, Head
from goldwire.eval.doubts.words import tell
from goldwire.eval.measures.phrases import amount, listed
from goldwire.eval.scoring.score import layer_of
from goldwire.eval.systems.runs import grouped, owners

# A source that is gold but for one unit in fifty is what gold was made from, or was made from gold.
REMEMBERS = 0.98
Lines = Mapping[str, Annotations]


class Source(NamedTuple):
    """One layer that may differ from gold, and which system it is a run of."""

    name: str
    layer: str
    family: str
    lines: Lines


def find(
    corpus: Corpus,
    gold: str,
    systems: Sequence[str] = (),
    number: int | None = None,
    *,
    annotators: Sequence[str] | None = None,
    documents: Collection[str] | None = None,
    controls: float = 0.0,
    seed: int = 0,
) -> Doubts:
    """The `number` greatest doubts about a layer, all if not given; by `annotators`, all layers of such if
    None.

    With `controls`, that share of all is drawn from what is not in doubt, and mixed in.
    Only documents are looked at that gold has finished, of `documents` if they are given. Raises
    `CorpusError` where there is none or a layer is not there.
    """
    lines, ontology = corpus.layer(gold), corpus.ontology()
    people = _people(corpus, gold) if annotators is None else list(annotators)
    sources = _sources(corpus, gold, systems, people)
    here = _documents(corpus, lines, gold, documents)
    made = _court(here, lines, sources, ontology)
    cases = rank(made)
    taken = cases if number is None else cases[:number]
    doubts, frame = tell(made, taken), dict[str, int]()
    if controls:
        drawn, frame = draw(made, taken, round(len(taken) * controls / (1 - controls)), seed)
        doubts = [*mixed(doubts, drawn, seed)]
    used = {one.layer: one.lines for one in sources}
    head = Head(
        doubts=gold,
        corpus=corpus.fingerprint(),
        gold=gold,
        systems=tuple(systems),
        annotators=tuple(people),
        layers={name: fingerprint(one) for name, one in ({gold: lines} | used).items()},
        documents=len(here),
        units=dict(Counter(unit.unit for unit in made.gold.units)),
        found=len(cases),
        asked=len(taken),
        frame=frame,
        base=_bases(made, len(here)) if controls else {},
        notes=tuple(_notes(made, sources, lines, here, len(corpus.hashes()))),
    )
    return Doubts(head, tuple(doubts))


def _bases(court: Court, documents: int) -> dict[str, dict[str, Base]]:
    """What each system that has all documents gets by gold, for mentions and triggers."""
    whole = Counter(unit.unit for unit in court.gold.units)
    return {
        kind: {
            view.name: Base(right=_right(view, kind), system=view.given[kind], gold=whole[kind])
            for view in court.views
            if len(view.documents) == documents
        }
        for kind in ("mention", "trigger")
        if whole[kind]
    }


def _right(view: View, kind: str) -> int:
    return sum(one == said and one.unit == kind for one, said in view.says.items())


def fingerprint(lines: Lines) -> str:
    """That of a layer, as records have it."""
    return of_annotations([*lines.values()]).name


def _people(corpus: Corpus, gold: str) -> list[str]:
    return [name for name in corpus.layers() if name.startswith(ANNOTATOR) and name != gold]


def _sources(corpus: Corpus, gold: str, systems: Sequence[str], people: Sequence[str]) -> list[Source]:
    """The layers, each once; equal ones are of one family, as runs of one system are."""
    layers = {name: layer_of(corpus, name) for name in systems} | {name: name for name in people}
    if gold in layers.values():
        raise CorpusError(f"layer {gold!r} cannot be held against itself: leave it out of --system")
    own = owners(grouped({name: {} for name in systems}))
    read = {name: corpus.layer(layer) for name, layer in layers.items()}
    first: dict[str, str] = {}
    families = {name: first.setdefault(fingerprint(read[name]), own.get(name, name)) for name in layers}
    return [Source(name, layers[name], families[name], read[name]) for name in layers]


def _documents(corpus: Corpus, lines: Lines, gold: str, documents: Collection[str] | None) -> list[Document]:
    here = [
        one
        for one in corpus.documents()
        if one.id in lines and is_finished(lines[one.id]) and (documents is None or one.id in documents)
    ]
    if not here:
        raise CorpusError(
            f"layer {gold!r} has finished none of the documents asked for: nothing to doubt; "
            "`goldwire corpus show` says what layers cover"
        )
    return here


def _court(
    documents: Sequence[Document], lines: Lines, sources: Sequence[Source], ontology: Ontology | None
) -> Court:
    rows = (
        TextRow(id=one.id, sha256=one.sha256, excluded=one.excluded, group=one.group, text=one.text)
        for one in documents
    )
    texts = make_texts(rows)
    ours = read_gold(texts, {id: lines[id] for id in texts.ids}, ontology)
    return Court(ours, [_view(ours, lines, one, ontology) for one in sources], _groups(texts))


def _groups(texts: Texts) -> list[int]:
    """The number of each document's group of near-duplicates."""
    numbers: dict[str, int] = {}
    return [numbers.setdefault(row.group or row.id, len(numbers)) for row in texts.rows]


def _view(gold: Gold, lines: Lines, source: Source, ontology: Ontology | None) -> View:
    """A source's view; it remembers documents that gold was prefilled with it, and all if it is all but
    gold."""
    here = {id: line for id, line in source.lines.items() if id in gold.texts.number}

    prefilled = {id for id in here if lines[id].provenance.details.get("prefill") == source.layer}
    view = look(gold, here, ontology, name=source.name, family=source.family, remembers=prefilled)
    return msgspec.structs.replace(view, remembers=view.documents) if likeness(view) >= REMEMBERS else view


def likeness(view: View) -> float:
    """F of a source against gold over all its units, 0 where there is none."""
    same = sum(one == said for one, said in view.says.items())
    given = sum(said is not None for said in view.says.values()) + len(view.extra)
    return 2 * same / whole if (whole := len(view.says) + given) else 0.0


# ---------------------------------------------------------------- what must be told
def _notes(
    court: Court, sources: Sequence[Source], lines: Lines, here: Sequence[Document], size: int
) -> Iterator[str]:
    finished = sum(map(is_finished, lines.values()))
    if finished < size:
        yield (
            f"{size - finished} of {size} documents are not looked at: gold has no line for them, a draft, "
            "or they were skipped"
        )
    if not any(not one.layer.startswith(ANNOTATOR) for one in sources):
        yield (
            "no system: only annotators and the same words elsewhere in gold speak"
            if sources
            else "no system and no annotator: only the same words elsewhere in gold speak"
        )
    elif len({view.family for view in court.views}) == 1:
        yield "one system alone: most doubts will be its own errors; two or more made unlike are better"
    yield from _of_families(sources)
    for view in court.views:
        yield from _of_view(view, court, len(here))
    if triggerless := sum(not event.trigger for one in here for event in lines[one.id].events):
        yield f"{amount(triggerless, 'event')} without a trigger in gold: not looked at, nor their arguments"


def _of_families(sources: Sequence[Source]) -> Iterator[str]:
    families: dict[str, list[str]] = {}
    for one in sources:
        families.setdefault(one.family, []).append(one.name)
    for names in families.values():
        if len(names) > 1:
            yield f"{listed(names)} count as one: they are runs of one system, or equal"


def _of_view(view: View, court: Court, size: int) -> Iterator[str]:
    judged = len(view.documents) + len(view.left_out)
    if judged < size:
        yield f"{view.name} has {judged} of the {size} documents; on the others it has no say"
    if view.left_out:
        ids = named([court.gold.texts.ids[number] for number in view.left_out])
        yield f"{view.name}: too many units overlap in {ids}; it has no say there"
    if view.documents and view.remembers >= view.documents:
        yield (
            f"{view.name} agrees with gold in {100 * likeness(view):.1f} % (F over all units): gold was made "
            "from it, or it from gold; its agreement is memory and says nothing, what it has otherwise counts"
        )
    elif view.remembers:
        told = amount(len(view.remembers), "document")
        yield f"gold was prefilled with {view.name} on {told}; its agreement there says nothing"
