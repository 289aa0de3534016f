"""Corpora on a terminal: plain lines and aligned columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from goldwire.corpora.visible import word

if TYPE_CHECKING:
    from goldwire.corpora.duplicates import Pair
    from goldwire.corpora.manifest import Altered
    from goldwire.corpora.ontology import Ontology
    from goldwire.corpora.statistics import LayerStatistics, Statistics
    from goldwire.corpora.store import Corpus
    from goldwire.corpora.types import Document

SHOWN = 20  # documents listed; the rest is counted


def columns(rows: Sequence[Sequence[object]], indent: int = 2) -> str:
    """Rows as aligned columns: numbers to the right, the rest to the left.

    >>> print(columns([("GPE", 12), ("MIL", 7)]))
      GPE  12
      MIL   7
    """
    widths = [max(len(str(cell)) for cell in column) for column in zip(*rows, strict=True)]
    lines = ["  ".join(map(_padded, row, widths)) for row in rows]
    return "\n".join(" " * indent + line.rstrip() for line in lines)


def _padded(cell: object, width: int) -> str:
    return str(cell).rjust(width) if isinstance(cell, int | float) else str(cell).ljust(width)


def facts(corpus: Corpus) -> dict[str, Any]:
    """What a corpus is, for `--json` and for `overview`."""
    from goldwire.corpora import coverage

    documents = corpus.documents()
    lines = {name: corpus.layer(name) for name in corpus.layers()}
    return {
        "corpus": corpus.where,
        "manifest": corpus.manifest,
        "fingerprint": corpus.fingerprint(),
        "documents": [
            {"id": d.id, "title": d.meta.title, "sha256": d.sha256, "excluded": len(d.excluded)}
            for d in documents
        ],
        "layers": {name: len(layer) for name, layer in lines.items()},
        "covered": {name: coverage.describe(layer.values(), len(documents)) for name, layer in lines.items()},
    }


def size(number: int, groups: int) -> str:
    """How many documents, and in how many groups of near-duplicates where some are alike."""
    return f"{number} document(s)" + (f" in {groups} group(s) of near-duplicates" if groups < number else "")


def altered(found: Altered) -> str:
    """What a corpus says otherwise now, and what no longer fits."""
    lines = [f"{field}: {before} -> {now}" for field, (before, now) in found.changed.items()]
    lines = lines or ["nothing changed: the corpus says so already"]
    for layer, kinds in found.unfit.items():
        told = ", ".join(f"{times} {kind}" for kind, times in kinds.items())
        lines.append(f"layer {layer} does not fit the ontology: {told}")
    if found.unfit:
        lines.append(f"see each of them: goldwire corpus validate {word(found.corpus.where)}")
    return "\n".join(lines)


def overview(facts: Mapping[str, Any]) -> str:
    """`facts` for people."""
    manifest, documents = facts["manifest"], facts["documents"]
    ontology, licence = manifest.ontology or "none", manifest.licence or "not given"
    lines = [
        f"{manifest.name} {manifest.version}: {len(documents)} document(s)",
        f"ontology {ontology}, language {manifest.language}, licence {licence}",
        f"fingerprint {facts['fingerprint']}",
        columns([(d["id"], d["sha256"][:8], d["title"] or "") for d in documents[:SHOWN]]),
    ]
    if len(documents) > SHOWN:
        lines.append(f"  … and {len(documents) - SHOWN} more")
    layers = facts["covered"].items()
    lines += ["layers:", columns([(name, str(covered)) for name, covered in layers]) or "  none"]
    return "\n".join(lines)


def page(document: Document) -> str:
    """A document to read, excluded regions between marks with their reasons."""
    text = document.text
    for region in sorted(document.excluded, key=lambda region: -region.start):
        inside = f"⟦{region.reason}: {text[region.start : region.end]}⟧"
        text = text[: region.start] + inside + text[region.end :]
    known = [(name, value) for name, value in _fields(document.meta) if name != "more" and value]
    meta = [f"{name}: {value}" for name, value in [*known, *document.meta.more.items()]]
    return "\n".join([f"{document.id} ({document.sha256})", *meta, "", text])


def _fields(struct: Any) -> list[tuple[str, Any]]:
    return [(name, getattr(struct, name)) for name in struct.__struct_fields__]


def statistics(statistics: Statistics) -> str:
    """The statistics of a corpus and its layers for people."""
    texts = statistics.texts
    lines = [
        f"{texts.documents} document(s), {texts.tokens} tokens, {texts.code_points} code points",
        f"excluded: {texts.excluded_code_points} code points {_inline(texts.excluded)}".rstrip(),
    ]
    if texts.splits:
        lines.append(f"splits: {_inline(texts.splits)}")
    if texts.groups:
        lines.append(f"groups of near-duplicates: {texts.groups}")
    for name, layer in statistics.layers.items():
        lines += ["", f"layer {name} {statistics.covered[name]}", *_layer(layer)]
    return "\n".join(lines)


def _layer(layer: LayerStatistics) -> list[str]:
    lines = []
    for title, counts in (
        ("mentions", layer.mentions),
        ("events", layer.events),
        ("arguments", layer.arguments),
        ("relations", layer.relations),
    ):
        if counts:
            lines += [f"{title}: {sum(counts.values())}", columns(list(counts.items()))]
    lines += [f"{attribute}: {_inline(values)}" for attribute, values in layer.attributes.items()]
    if layer.failed:
        lines.append(f"failed: {layer.failed} document(s)")
    if layer.rejected:
        lines.append(f"rejected: {_inline(layer.rejected)}")
    return [
        *lines,
        f"clusters: {layer.clusters} ({layer.singletons} of one)",
        f"nested mentions: {layer.nested}, same span: {layer.same_span}",
        f"discontinuous: {layer.discontinuous} mention(s), {layer.discontinuous_triggers} trigger(s)",
    ]


def _inline(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items())


def groups(groups: Mapping[str, Sequence[str]], pairs: Sequence[Pair]) -> str:
    """Groups of near-duplicates for people, each with the pairs that link it and how alike they are."""
    lines = []
    home = {id: name for name, ids in groups.items() for id in ids}
    by_group: dict[str, list[Pair]] = {name: [] for name in groups}
    for pair in pairs:
        by_group[home[pair.first]].append(pair)
    for name, ids in groups.items():
        lines.append(f"{name}: {len(ids)} documents")
        inside = by_group[name]
        lines.append(columns([(pair.first, pair.second, f"{pair.similarity:.0%} alike") for pair in inside]))
    return "\n".join(lines)


def ontology(ontology: Ontology) -> str:
    """An ontology for people: types, roles with their fillers, attributes with their values."""
    lines = [f"{ontology.name} {ontology.version}: {ontology.title}", "", "entity types"]
    lines.append(columns([(name, type.title) for name, type in ontology.entities.items()]))
    lines += ["", "event types, with roles and who may fill them"]
    for name, event in ontology.events.items():
        lines.append(f"  {name}: {event.title}")
        lines.append(columns([(r, ", ".join(role.fillers)) for r, role in event.roles.items()], 6))
    for name, relation in ontology.relations.items():
        ends = [", ".join(fillers) or "any" for fillers in (relation.source, relation.target)]
        arrow = "<->" if relation.symmetric else "->"
        lines.append(f"  relation {name}: {ends[0]} {arrow} {ends[1]}")
    lines += ["", "attributes (the default first where there is one)"]
    for name, attribute in ontology.attributes.items():
        values = sorted(attribute.values, key=lambda value: value != attribute.default)
        of = f" of {', '.join(attribute.events)}" if attribute.events else ""
        some = ", several at once" if attribute.multiple else ""
        lines.append(f"  {name} ({attribute.on}{of}{some}): {', '.join(values)}")
    return "\n".join(lines)


def unshown(events: Sequence[str]) -> list[str]:
    """Events that no task shows, a line each, and where there are some what shows them."""
    if not events:
        return []
    more = [f"  … and {len(events) - SHOWN} more"] if len(events) > SHOWN else []
    first = "not shown, since they have no trigger (in --layout frames each is a task):"
    return [first, *(f"  {event}" for event in events[:SHOWN]), *more]
