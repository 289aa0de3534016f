"""Publication of a run: what its journal holds becomes the layer, the quarantine file and the facts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from goldwire.corpora.atomic import write_atomic
from goldwire.corpora.codec import hash_file
from goldwire.corpora.rejected import write_quarantine
from goldwire.corpora.store import SYSTEM, Corpus, writing
from goldwire.corpora.types import Annotations, Provenance
from goldwire.eval.systems import facts, journal, shares
from goldwire.eval.systems.check import Checked, check
from goldwire.eval.systems.facts import Facts
from goldwire.eval.systems.journal import Line, Start
from goldwire.eval.systems.plan import Plan
from goldwire.eval.systems.shares import Counts, Head
from goldwire.eval.systems.spending import Counted

QUARANTINE = "quarantine.jsonl"


class Findings(msgspec.Struct, frozen=True):
    """What came of the documents of a run, by order of id: lines of the layer, what was rejected, numbers."""

    head: Head
    lines: list[Annotations]
    verdicts: list[Checked]
    counts: Counts

    def facts(self, layer: str) -> Facts:
        """The facts of these documents, of which a layer of that SHA-256 was made."""
        return shares.make_facts(self.head, self.counts.share, facts.latency(self.counts.seconds), layer)


def find(
    plan: Plan,
    lines: Sequence[Line],
    known: Mapping[str, Checked],
    *,
    damaged: int,
    spent: Counted | None = None,
) -> Findings:
    """What the journal holds of the documents of a plan; what is `known` of some need not be worked out."""
    last, head = journal.entries(lines), shares.head_of(plan)
    documents = sorted(plan.documents, key=lambda document: document.id)
    entries = [last[plan.keys[document.id]] for document in documents]
    verdicts = [
        known.get(document.id) or check(document, entry, ontology=plan.ontology, labels=plan.labels)
        for document, entry in zip(documents, entries, strict=True)
    ]
    start = shares.last(lines, Start) or Start(name=head.spec, version="", provides=[], seconds=0.0)
    return Findings(
        head,
        [_signed(verdict, head, start) for verdict in verdicts],
        verdicts,
        shares.count(head, lines, entries, verdicts, damaged=damaged, spent=spent),
    )


def publish(corpus: Corpus, found: Findings) -> Facts:
    """Write quarantine, layer and facts; the facts come last and name the layer's hash.

    Nothing is written, and `ExtractorError` raised, where no document succeeded.
    """
    shares.check_any(found.counts.share)
    name = found.head.system
    place = journal.folder(corpus, name)
    with writing(corpus, f"eval run of {name}"):
        write_quarantine(
            place / QUARANTINE, (item for verdict in found.verdicts for item in verdict.rejected)
        )
        layer = corpus.write_layer(SYSTEM + name, found.lines)
        made = found.facts(hash_file(layer))
        write_atomic(place / facts.FILE, msgspec.json.encode(made))
    return made


def _signed(verdict: Checked, head: Head, start: Start) -> Annotations:
    """A line of the layer. Nothing in it depends on when or how often the system ran."""
    details = {"spec": head.spec, "fingerprint": head.state}
    if verdict.failed is not None:
        details["failed"] = verdict.failed
    if verdict.partial:
        details["partial"] = verdict.partial
    if verdict.sent:
        details["sent"] = verdict.sent
    provenance = Provenance(author=head.system, tool=f"{start.name} {start.version}".strip(), details=details)
    return msgspec.structs.replace(verdict.annotations, provenance=provenance)
