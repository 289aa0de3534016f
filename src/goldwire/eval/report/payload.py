"""The blocks of data that a page carries: an index, the documents by the chunk, the examples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isnan
from typing import Any

from goldwire.corpora.garbage import no_collection
from goldwire.corpora.ontology import Ontology
from goldwire.eval.comparison.contender import Contender, contenders
from goldwire.eval.counting.columns import Codes, Ints
from goldwire.eval.measures.measure import parse
from goldwire.eval.report.build import shade
from goldwire.eval.report.evidence import Evidence
from goldwire.eval.report.excerpts import make_examples
from goldwire.eval.report.marked import Index, make_documents
from goldwire.eval.report.values import Report
from goldwire.eval.scoring.record import Record
from goldwire.eval.statistics import figures as statistics

CHUNK = 20  # documents in one block
F = statistics.FIGURES.index("f")
Json = dict[str, Any]
Figures = list[float | None]


@no_collection()
def make_blocks(report: Report, evidence: Evidence, records: Mapping[str, Record]) -> dict[str, Any]:
    """All blocks by name; `docs-0`, `docs-1`, … hold `CHUNK` documents each."""
    index = Index(Codes(), Codes())
    documents = make_documents(evidence, index)
    starts = range(0, len(documents), CHUNK)
    chunks = {f"docs-{number}": documents[start : start + CHUNK] for number, start in enumerate(starts)}
    return {
        "index": make_index(report, evidence, [one.first for one in contenders(records)], index, documents),
        **chunks,
        **make_examples(report, evidence),
    }


def make_index(
    report: Report, evidence: Evidence, systems: Sequence[Contender], index: Index, documents: list[Json]
) -> Json:
    """What the page must know before it unpacks anything else."""
    board = report.boards[0]
    figures = by_document(systems, board.measure, evidence.numbers)
    names = list(report.overview.systems)
    return {
        "systems": names,
        "types": [{"name": name, "colour": colour(evidence.ontology, name)} for name in index.types],
        "roles": list(index.roles),
        "chunk": CHUNK,
        "measure": board.name,
        "documents": [
            [item["i"], item["h"], _units(item["l"][0]), scores, [shade(score) for score in scores]]
            for item, scores in zip(documents, figures, strict=True)
        ],
        "orders": [{"name": name, "ranks": ranks} for name, ranks in make_orders(figures, names)],
        "versus": [
            {
                "key": pair.key,
                "units": pair.units,
                "first": names.index(pair.first),
                "second": names.index(pair.second),
                "fixed": pair.fixed,
                "broken": pair.broken,
                "right": pair.both_right,
                "wrong": pair.both_wrong,
            }
            for pair in report.versus
        ],
    }


def _units(gold: Json) -> int:
    """Mentions, triggers and arguments of a document's gold."""
    return len(gold["m"]) + len(gold["e"]) + sum(len(event[3]) for event in gold["e"])


def by_document(systems: Sequence[Contender], measure: str, numbers: Ints) -> list[Figures]:
    """F of some documents, given by their numbers, for every system; None where it is undefined."""
    parsed = parse(measure)
    found = (statistics.by_document(system.counts(parsed), parsed)[numbers, F] for system in systems)
    columns = [column.tolist() for column in found]
    return [[None if isnan(f) else f for f in row] for row in zip(*columns, strict=True)]


def make_orders(figures: list[Figures], names: Sequence[str]) -> list[tuple[str, list[int] | None]]:
    """Orders of documents: by id; where systems differ most; where each is worst. Ranks by number."""
    orders: list[tuple[str, list[int] | None]] = [("by id", None)]
    if len(names) > 1:
        orders.append(("systems differ most", _ranks([-_range(figure) for figure in figures])))
    for number, name in enumerate(names):
        worst = [1.0 if (value := figure[number]) is None else value for figure in figures]
        orders.append((f"worst of {name} first", _ranks(worst)))
    return orders


def _range(figures: Figures) -> float:
    defined = [figure for figure in figures if figure is not None]
    return max(defined) - min(defined) if defined else 0.0


def _ranks(values: Sequence[float]) -> list[int]:
    """The rank of each value, the least first, equals in their order."""
    ranks = [0] * len(values)
    for rank, number in enumerate(sorted(range(len(values)), key=values.__getitem__)):
        ranks[number] = rank
    return ranks


# For types without a colour of their own: by Okabe and Ito, told apart by the colour-blind too.
_PALETTE = ("#e69f00", "#56b4e9", "#009e73", "#f0e442", "#0072b2", "#d55e00", "#cc79a7", "#999999")


def colour(ontology: Ontology | None, name: str) -> str:
    """The colour of a type: the ontology's, or one by its name."""
    known = None if ontology is None else ontology.entities.get(name) or ontology.events.get(name)
    if known is not None and known.colour:
        return known.colour
    return _PALETTE[sum(name.encode()) % len(_PALETTE)]
