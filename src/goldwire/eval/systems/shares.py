"""Shares of the facts of a run: what some documents add to them, so that those of parts make the whole.

However the documents are parted, the same facts come of it to the last digit, but for what depends on time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple, TypeVar

import msgspec

from goldwire import __version__
from goldwire.corpora.errors import ExtractorError
from goldwire.corpora.rejected import by_kind
from goldwire.eval.measures.phrases import amount
from goldwire.eval.systems import exact, facts, prices
from goldwire.eval.systems.budget import KIND
from goldwire.eval.systems.check import Checked
from goldwire.eval.systems.config import allowed
from goldwire.eval.systems.exact import Sum
from goldwire.eval.systems.facts import Costs, Facts, Latency, Timing, now, total
from goldwire.eval.systems.journal import Entry, Line, Session, Start
from goldwire.eval.systems.plan import Plan
from goldwire.eval.systems.prices import Price
from goldwire.eval.systems.spending import Counted

SHOWN = 3  # reasons that are told where all documents failed
Sums = dict[str, str]  # exact sums by name, as text (see `exact`)


class _Struct(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    pass


class Head(_Struct, frozen=True):
    """What is settled in the facts before anything runs, alike in all parts (see `Facts`).

    `failures` are those that are allowed, of all documents; a `paid` system is one that is paid by tokens.
    """

    system: str
    spec: str
    state: str
    failures: int | str | None = None
    run: int | None = None
    seed: int | None = None
    same: str = ""
    fixed: bool = False
    paid: bool = False
    price: Price | None = None


class Made(_Struct, frozen=True):
    """What the system says that it is."""

    name: str
    version: str
    provides: list[str]


class Paid(_Struct, frozen=True):
    """The costs of documents: how many are known and not, and the sums of them and their squares."""

    known: int = 0
    unknown: int = 0
    sum: str = "0"
    squares: str = "0"


class Share(_Struct, frozen=True):
    """What some documents add to the facts (see `Facts`).

    `made` and `session` are those of the last start and session, None where nothing ran. `silent` documents
    failed and do not say what they cost. `notes` come with the document that they are of, "" for those of
    the start. `damaged` lines of the journal could not be read.
    """

    documents: int
    characters: int
    made: Made | None = None
    session: Session | None = None
    timing: Timing = Timing()
    failed: dict[str, str] = {}
    silent: int = 0
    rejected: dict[str, int] = {}
    unmapped: dict[str, int] = {}
    dropped: dict[str, int] = {}
    excluded: int = 0
    repaired: int = 0
    lost: dict[str, int] = {}
    usage: Sums = {}
    partial: dict[str, int] = {}
    sent: dict[str, int] = {}
    notes: list[tuple[str, str]] = []
    damaged: int = 0
    spent: Counted | None = None
    costs: Paid = Paid()


class Counts(NamedTuple):
    """A share, and the seconds of documents that did not fail, of which the latency is made."""

    share: Share
    seconds: list[float]


# ---------------------------------------------------------------- from documents
def head_of(plan: Plan) -> Head:
    """The head of the facts of a plan."""
    context = plan.job.context
    return Head(
        system=plan.system.name,
        spec=plan.system.spec.shown(),
        state=plan.state,
        failures=plan.system.allow_failures,
        run=plan.system.run,
        seed=context.options.get("seed", context.seed) if plan.same else None,
        same=plan.same,
        fixed=plan.fixed,
        paid=plan.system.spec.kind == KIND,
        price=plan.price,
    )


def count(
    head: Head,
    lines: Sequence[Line],
    entries: Sequence[Entry],
    verdicts: Sequence[Checked],
    *,
    damaged: int,
    spent: Counted | None,
) -> Counts:
    """The share of documents, given the journal, their entries in it and what was found, by order of id."""
    start, session = last(lines, Start), last(lines, Session)
    timed = [
        entry for entry, verdict in zip(entries, verdicts, strict=True) if not verdict.usage.get(prices.KEPT)
    ]
    timing = facts.timing(lines, timed)
    share = Share(
        documents=len(entries),
        characters=sum(entry.characters for entry in entries),
        made=Made(name=start.name, version=start.version, provides=start.provides) if start else None,
        session=session,
        # An answer that was there already took no time.
        timing=msgspec.structs.replace(timing, kept=len(timed) < len(entries)),
        notes=[*_notes(start, entries, verdicts)],
        damaged=damaged,
        spent=spent,
        silent=sum(verdict.failed is not None and not verdict.usage for verdict in verdicts),
        costs=paid(_cost(head, verdict) for verdict in verdicts),
        **_sums(verdicts),
    )
    return Counts(share, [entry.seconds for entry in timed if entry.error is None])


def _sums(verdicts: Sequence[Checked]) -> dict[str, Any]:
    readings = [verdict.reading for verdict in verdicts if verdict.reading]
    return {
        "failed": {verdict.annotations.document: verdict.failed for verdict in verdicts if verdict.failed},
        "rejected": by_kind(item for verdict in verdicts for item in verdict.annotations.rejected),
        "unmapped": total(reading.unmapped for reading in readings),
        "dropped": total(reading.dropped for reading in readings),
        "excluded": sum(verdict.excluded for verdict in verdicts),
        "lost": total(reading.lost for reading in readings),
        "repaired": sum(reading.repaired for reading in readings),
        "usage": _encoded(exact.total(verdict.usage for verdict in verdicts)),
        "partial": total({verdict.partial: 1} for verdict in verdicts if verdict.partial),
        "sent": total({verdict.sent: 1} for verdict in verdicts if verdict.sent),
    }


def _encoded(sums: dict[str, Sum]) -> Sums:
    return {name: exact.encode(number) for name, number in sums.items()}


def _cost(head: Head, verdict: Checked) -> float | None:
    """What a document cost, as far as it says."""
    if not head.paid:
        return verdict.usage.get("cost")
    return None if head.price is None else prices.cost(head.price, verdict.usage)


def paid(costs: Iterable[float | None]) -> Paid:
    """The sums of costs.

    >>> costs_of(paid([1.0, 3.0])), costs_of(paid([1.0, None])), costs_of(paid([0.5])).deviation
    (Costs(documents=2, mean=2.0, deviation=1.4142135623730951), None, 0.0)
    """
    found = list(costs)
    known = [exact.exact(cost) for cost in found if cost is not None]
    return Paid(
        known=len(known),
        unknown=len(found) - len(known),
        sum=exact.encode(sum(known)),
        squares=exact.encode(sum(cost * cost for cost in known)),
    )


def _notes(
    start: Start | None, entries: Sequence[Entry], verdicts: Sequence[Checked]
) -> Iterator[tuple[str, str]]:
    """What the system had to say, each thing once."""
    said = [("", note) for note in (start.notes if start else ())]
    for entry, verdict in zip(entries, verdicts, strict=True):
        said += [(verdict.annotations.document, note) for note in entry.notes]
    return _each_once(said)


def _each_once(said: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    seen: set[str] = set()
    for document, note in said:
        if note not in seen:
            seen.add(note)
            yield document, note


L = TypeVar("L", Start, Session)


def last(lines: Sequence[Line], type: type[L]) -> L | None:
    """The last line of a type."""
    return next((line for line in reversed(lines) if isinstance(line, type)), None)


# ---------------------------------------------------------------- and back
def add(shares: Sequence[Share]) -> Share:
    """The share of all documents together, in whichever order the shares of some come."""
    spent = [share.spent for share in shares if share.spent is not None]
    return Share(
        documents=sum(share.documents for share in shares),
        characters=sum(share.characters for share in shares),
        made=next((share.made for share in shares if share.made is not None), None),
        session=max((share.session for share in shares if share.session), key=_moment, default=None),
        timing=facts.add(share.timing for share in shares),
        failed=dict(sorted(pair for share in shares for pair in share.failed.items())),
        silent=sum(share.silent for share in shares),
        rejected=_frequent(total(share.rejected for share in shares)),
        unmapped=total(share.unmapped for share in shares),
        dropped=total(share.dropped for share in shares),
        excluded=sum(share.excluded for share in shares),
        repaired=sum(share.repaired for share in shares),
        lost=total(share.lost for share in shares),
        usage=_encoded(_total(share.usage for share in shares)),
        partial=total(share.partial for share in shares),
        sent=total(share.sent for share in shares),
        notes=[*_each_once(sorted((pair for share in shares for pair in share.notes), key=_document))],
        damaged=sum(share.damaged for share in shares),
        spent=_all_spent(spent) if spent else None,
        costs=_all_paid([share.costs for share in shares]),
    )


def _moment(session: Session) -> tuple[str, str]:
    return session.created, session.goldwire


def _document(note: tuple[str, str]) -> str:
    return note[0]


def _frequent(counts: dict[str, int]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))


def _total(sums: Iterable[Sums]) -> dict[str, Sum]:
    found: dict[str, Sum] = {}
    for one in sums:
        for name, number in one.items():
            found[name] = found.get(name, 0) + exact.decode(number)
    return dict(sorted(found.items()))


def _all_paid(costs: Sequence[Paid]) -> Paid:
    return Paid(
        known=sum(one.known for one in costs),
        unknown=sum(one.unknown for one in costs),
        sum=exact.encode(sum(exact.decode(one.sum) for one in costs)),
        squares=exact.encode(sum(exact.decode(one.squares) for one in costs)),
    )


def _all_spent(spent: Sequence[Counted]) -> Counted:
    return Counted(
        answers=sum(one.answers for one in spent),
        open=sum(one.open for one in spent),
        untold=sum(one.untold for one in spent),
        tokens=total(one.tokens for one in spent),
        beyond=total(one.beyond for one in spent),
        waiting=total(one.waiting for one in spent),
    )


# ---------------------------------------------------------------- the facts
def check_any(share: Share) -> None:
    """Raise `ExtractorError` if all documents failed, with the most frequent reasons and what was spent."""
    reasons = Counter(share.failed.values())
    if not reasons or reasons.total() < share.documents:
        return
    told = [f"{amount(count, 'document')}: {reason}" for reason, count in reasons.most_common(SHOWN)]
    if len(reasons) > SHOWN:
        told.append(f"and {amount(len(reasons) - SHOWN, 'other reason')}")
    if share.usage:
        told.append("spent: " + ", ".join(f"{name} {value:g}" for name, value in _usage(share).items()))
    raise ExtractorError(f"none of {amount(share.documents, 'document')} succeeded ({'; '.join(told)})")


def make_facts(head: Head, share: Share, latency: Latency | None, layer: str) -> Facts:
    """The facts of all documents, of which a layer of that SHA-256 was made."""
    made, session = share.made, share.session
    costs = _known_costs(head, share)
    return Facts(
        system=head.system,
        spec=head.spec,
        name=made.name if made else "",
        version=made.version if made else "",
        provides=made.provides if made else [],
        fingerprint=head.state,
        goldwire=session.goldwire if session else __version__,
        created=session.created if session else now(),
        documents=share.documents,
        characters=share.characters,
        layer=layer,
        speed=facts.speed(share.timing, latency),
        failed=share.failed,
        allowed=allowed(head.failures, share.documents),
        rejected=share.rejected,
        unmapped=share.unmapped,
        dropped=share.dropped,
        excluded=share.excluded,
        repaired=share.repaired,
        lost=share.lost,
        usage=_priced(head, _usage(share), costs),
        partial=share.partial,
        sent=share.sent,
        notes=_told(share),
        run=head.run,
        seed=head.seed,
        same=head.same,
        fixed=head.fixed,
        spent=share.spent.spending(head.price) if share.spent else None,
        costs=costs,
    )


def _usage(share: Share) -> dict[str, float]:
    return {name: exact.plain(exact.decode(number)) for name, number in share.usage.items()}


def _known_costs(head: Head, share: Share) -> Costs | None:
    """The costs of documents; not known where a request was lost and a document failed without a word."""
    lost = head.paid and share.silent and share.spent is not None and share.spent.open
    return None if lost else costs_of(share.costs)


def costs_of(paid: Paid) -> Costs | None:
    """The costs of documents; None if there is none, or any is not known."""
    if not paid.known or paid.unknown:
        return None
    whole, squares = exact.decode(paid.sum), exact.decode(paid.squares)
    return Costs(
        documents=paid.known,
        mean=float(whole) / paid.known,
        deviation=exact.deviation(paid.known, whole, squares),
    )


def _priced(head: Head, usage: dict[str, float], costs: Costs | None) -> dict[str, float]:
    """The usage with what tokens cost by the price of now, whatever was worked out when they were taken."""
    if not head.paid:
        return usage
    tokens = {name: value for name, value in usage.items() if name != "cost"}
    cost = None if head.price is None or costs is None else prices.cost(head.price, tokens)
    return dict(sorted({**tokens, **({} if cost is None else {"cost": cost})}.items()))


def _told(share: Share) -> list[str]:
    """What the system had to say, each once, and what its journal has to say."""
    said = [note for _, note in share.notes]
    if share.damaged:
        lines = amount(share.damaged, "line")
        said.append(f"{lines} of its journal could not be read, so it ran anew on what they held")
    return list(dict.fromkeys(said))
