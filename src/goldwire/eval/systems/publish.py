"""Publication of a run: what its journal holds becomes the layer, the quarantine file and the facts."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec

from goldwire import __version__
from goldwire.corpora.atomic import write_atomic
from goldwire.corpora.errors import ExtractorError
from goldwire.corpora.rejected import write_quarantine
from goldwire.corpora.store import Corpus, writing
from goldwire.corpora.types import Annotations, Provenance
from goldwire.eval.measures.phrases import amount
from goldwire.eval.systems import facts, journal, prices
from goldwire.eval.systems.budget import KIND
from goldwire.eval.systems.check import Checked, check, tally
from goldwire.eval.systems.facts import Costs, Facts, Speed
from goldwire.eval.systems.journal import Entry, Line, Session, Start
from goldwire.eval.systems.ledger import Spending
from goldwire.eval.systems.plan import Plan

QUARANTINE = "quarantine.jsonl"
SHOWN = 3  # reasons that are told where all documents failed


def publish(
    corpus: Corpus,
    plan: Plan,
    lines: Sequence[Line],
    known: Mapping[str, Checked],
    *,
    damaged: int,
    spent: Spending | None = None,
) -> Facts:
    """Write quarantine, layer and facts from the journal; the facts come last and name the layer's hash.

    Nothing is written, and `ExtractorError` raised, where no document succeeded.
    """
    last = journal.entries(lines)
    entries = [last[plan.keys[document.id]] for document in plan.documents]
    verdicts = [
        known.get(document.id) or check(document, entry, ontology=plan.ontology, labels=plan.labels)
        for document, entry in zip(plan.documents, entries, strict=True)
    ]
    _check_any(verdicts)
    start = _last(lines, Start) or Start(name=plan.system.spec.shown(), version="", provides=[], seconds=0.0)
    place = journal.folder(corpus, plan.system.name)
    with writing(corpus, f"eval run of {plan.system.name}"):
        write_quarantine(place / QUARANTINE, (item for verdict in verdicts for item in verdict.rejected))
        layer = corpus.write_layer(f"system/{plan.system.name}", [_signed(v, plan, start) for v in verdicts])
        digest = hashlib.sha256(layer.read_bytes()).hexdigest()
        found = _facts(plan, lines, entries, verdicts, damaged=damaged, layer=digest, spent=spent)
        write_atomic(place / facts.FILE, msgspec.json.encode(found))
    return found


def _check_any(verdicts: Sequence[Checked]) -> None:
    """Raise `ExtractorError` if all documents failed, with the most frequent reasons and what was spent."""
    reasons = Counter(verdict.failed for verdict in verdicts if verdict.failed is not None)
    if not reasons or reasons.total() < len(verdicts):
        return
    told = [f"{amount(count, 'document')}: {reason}" for reason, count in reasons.most_common(SHOWN)]
    if len(reasons) > SHOWN:
        told.append(f"and {amount(len(reasons) - SHOWN, 'other reason')}")
    spent = facts.total(verdict.usage for verdict in verdicts)
    if spent:
        told.append("spent: " + ", ".join(f"{name} {value:g}" for name, value in spent.items()))
    raise ExtractorError(f"none of {amount(len(verdicts), 'document')} succeeded ({'; '.join(told)})")


def _signed(verdict: Checked, plan: Plan, start: Start) -> Annotations:
    """A line of the layer. Nothing in it depends on when or how often the system ran."""
    details = {"spec": plan.system.spec.shown(), "fingerprint": plan.state}
    if verdict.failed is not None:
        details["failed"] = verdict.failed
    if verdict.partial:
        details["partial"] = verdict.partial
    if verdict.sent:
        details["sent"] = verdict.sent
    provenance = Provenance(
        author=plan.system.name, tool=f"{start.name} {start.version}".strip(), details=details
    )
    return msgspec.structs.replace(verdict.annotations, provenance=provenance)


def _facts(
    plan: Plan,
    lines: Sequence[Line],
    entries: Sequence[Entry],
    verdicts: Sequence[Checked],
    *,
    damaged: int,
    layer: str,
    spent: Spending | None,
) -> Facts:
    start, session = _last(lines, Start), _last(lines, Session)
    costs = facts.costs([_cost(plan, verdict, spent) for verdict in verdicts])
    return Facts(
        system=plan.system.name,
        spec=plan.system.spec.shown(),
        name=start.name if start else "",
        version=start.version if start else "",
        provides=start.provides if start else [],
        fingerprint=plan.state,
        goldwire=session.goldwire if session else __version__,
        created=session.created if session else now(),
        documents=len(plan.documents),
        characters=sum(len(document.text) for document in plan.documents),
        layer=layer,
        speed=_speed(lines, entries, verdicts),
        spent=spent,
        costs=costs,
        allowed=plan.allowed,
        notes=_notes(start, entries, damaged),
        run=plan.system.run,
        seed=plan.job.context.options.get("seed", plan.job.context.seed) if plan.same else None,
        same=plan.same,
        fixed=plan.fixed,
        **_priced(plan, tally(verdicts), costs),
    )


def _speed(lines: Sequence[Line], entries: Sequence[Entry], verdicts: Sequence[Checked]) -> Speed:
    """How fast it was, as far as it took its time: an answer that was there already took none."""
    timed = [
        entry for entry, verdict in zip(entries, verdicts, strict=True) if not verdict.usage.get(prices.KEPT)
    ]
    found = facts.speed(lines, timed)
    if len(timed) == len(entries):
        return found
    return msgspec.structs.replace(found, documents=None, characters=None)


def _cost(plan: Plan, verdict: Checked, spent: Spending | None) -> float | None:
    """What a document cost; not known of one that failed without a word where a request was lost."""
    if plan.system.spec.kind != KIND:
        return verdict.usage.get("cost")
    lost = verdict.failed is not None and not verdict.usage and spent is not None and spent.open
    return None if plan.price is None or lost else prices.cost(plan.price, verdict.usage)


def _priced(plan: Plan, sums: dict[str, Any], costs: Costs | None) -> dict[str, Any]:
    """The sums with what tokens cost by the price of now, whatever was worked out when they were taken."""
    if plan.system.spec.kind != KIND:
        return sums
    usage = {name: value for name, value in sums["usage"].items() if name != "cost"}
    cost = None if plan.price is None or costs is None else prices.cost(plan.price, usage)
    return {**sums, "usage": dict(sorted({**usage, **({} if cost is None else {"cost": cost})}.items()))}


def _notes(start: Start | None, entries: Sequence[Entry], damaged: int) -> list[str]:
    """What the system had to say, each once, and what its journal has to say."""
    said = [*(start.notes if start else []), *(note for entry in entries for note in entry.notes)]
    if damaged:
        said.append(
            f"{amount(damaged, 'line')} of its journal could not be read, so it ran anew on what they held"
        )
    return list(dict.fromkeys(said))


L = TypeVar("L", Start, Session)


def _last(lines: Sequence[Line], type: type[L]) -> L | None:
    return next((line for line in reversed(lines) if isinstance(line, type)), None)


def now() -> str:
    """This moment, as journals and facts have it."""
    return datetime.now(UTC).isoformat(timespec="seconds")
