"""Payment of a run: its ledger, what the budget leaves, and the documents that are put off for want of it."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from goldwire.corpora import predictions
from goldwire.corpora.errors import DataError, ExtractorError
from goldwire.corpora.parts import Part
from goldwire.corpora.store import Corpus
from goldwire.eval.measures.phrases import amount
from goldwire.eval.systems import budget, check, journal, ledger
from goldwire.eval.systems.batch import Answers, Requests, Taken
from goldwire.eval.systems.budget import Purse
from goldwire.eval.systems.config import System
from goldwire.eval.systems.extractor import UNPAID, WAITING
from goldwire.eval.systems.journal import Entry, Line
from goldwire.eval.systems.ledger import Account, Ledger
from goldwire.eval.systems.plan import Plan, state_of
from goldwire.eval.systems.spending import Counted, Spending, total
from goldwire.eval.systems.worker import Result


class UnfinishedError(ExtractorError):
    """A run ended without a layer: what the system has cost all the same, and what became of answers."""

    def __init__(self, message: str, spent: Spending, taken: Taken | None) -> None:
        self.spent, self.taken = spent, taken
        super().__init__(message)


class Terms(msgspec.Struct, frozen=True):
    """What is asked for in all systems of a command: a budget, and answers by way of batch files."""

    purse: Purse | None = None
    answers: Answers | None = None


class Payment:
    """The payment of one system's run."""

    def __init__(self, plan: Plan, book: Ledger, terms: Terms) -> None:
        self._plan, self._book, self._terms = plan, book, terms
        left = terms.purse.left_for(plan.system.name) if terms.purse else None
        self._account = Account(
            path=str(book.path),
            system=plan.system.name,
            budget=left,
            batch=terms.answers is not None,
        )
        self.taken = terms.answers.take(book) if terms.answers else None
        self._requests = Requests(terms.answers.folder, plan.system.name) if terms.answers else None
        self._put_off: Counter[str] = Counter()

    @property
    def plan(self) -> Plan:
        """The plan with the account in it; requests of a batch file stand in the order of documents."""
        context = msgspec.structs.replace(self._plan.job.context, account=self._account)
        job = msgspec.structs.replace(self._plan.job, context=context)
        workers = 1 if self._account.batch else self._plan.workers
        return msgspec.structs.replace(self._plan, job=job, workers=workers)

    def put_off(self, result: Result) -> bool:
        """Whether a document was not asked about, which says nothing of it."""
        if result.cause not in (UNPAID, WAITING):
            return False
        self._put_off[result.cause] += 1
        if result.cause == WAITING and self._requests is not None:
            self._requests.add(result.details["requests"])
        return True

    def spending(self) -> Spending:
        """What the system has cost by now."""
        found = self._book.spending()
        if self._terms.purse:
            self._terms.purse.tell(self._plan.system.name, found)
        return found

    def counted(self) -> Counted:
        """The same in numbers that add up."""
        return self._book.counted()

    def cost(self) -> float | None:
        """The same as a sum of money; None if that is not known."""
        return total(self.spending()) if self._plan.price else None

    def settle(self) -> None:
        """Write the requests that wait; `ExtractorError` if documents were put off."""
        spent = self.spending()
        if self._requests is not None:
            self._requests.put()
        reasons = [*self._beyond(spent), *self._to_come()]
        if reasons:
            raise ExtractorError("; ".join(reasons))

    def _beyond(self, spent: Spending) -> Iterator[str]:
        purse, unpaid = self._terms.purse, self._put_off[UNPAID]
        if purse is None or not unpaid:
            return
        waiting = ""
        if spent.open:
            waiting = f", with {amount(spent.open, 'request')} that have no answer at their most"
        yield (
            f"stopped by --budget {purse.budget:g}: {amount(unpaid, 'document')} of "
            f"{len(self._plan.documents):,} are not asked about yet, and the next could go beyond it; "
            f"{purse.spent:.6g} is spent by the systems named{waiting}. The same command with a larger "
            "budget goes on from here, and what was answered is not paid for again"
        )

    def _to_come(self) -> Iterator[str]:
        waiting, requests = self._put_off[WAITING], self._requests
        if requests is None or not waiting:
            return
        yield (
            f"still to come: {amount(requests.number, 'answer')}, for {waiting:,} of "
            f"{amount(len(self._plan.documents), 'document')}: have {requests.path} answered, "
            "put the answers as *.jsonl "
            f"into {requests.path.parent}, and give the same command again"
        )

    def close(self) -> None:
        """Close the ledger, and tell the purse."""
        self.spending()
        self._book.close()
        if self._requests is not None:
            self._requests.leave()


@contextlib.contextmanager
def opened(
    corpus: Corpus, plan: Plan, lines: Sequence[Line], terms: Terms, *, fresh: bool
) -> Iterator[Payment | None]:
    """The payment of a run, with the ledger beside its journal; None for what is not paid by tokens."""
    if plan.system.spec.kind != budget.KIND:
        yield None
        return
    path = _path(corpus, plan.system.name, plan.state, plan.part)
    if not fresh:
        _check_divided(path, plan)
    book = Ledger(path, plan.price)
    if not book.size:
        _carry(book, lines)
    elif fresh:
        book.renew()
    payment = Payment(plan, book, terms)
    try:
        yield payment
    except ExtractorError as error:
        raise UnfinishedError(str(error), payment.spending(), payment.taken) from error
    finally:
        payment.close()


def _path(corpus: Corpus, system: str, state: str, part: Part | None = None) -> Path:
    return journal.path_of(corpus, system, state, part).with_suffix(ledger.ENDING)


def _check_divided(path: Path, plan: Plan) -> None:
    """Raise `ExtractorError` where answers were paid for in another division of the corpus, and none here."""
    if path.is_file() and path.stat().st_size:
        return
    own = f"-of-{plan.part.of}{ledger.ENDING}" if plan.part else None
    found = [
        other.name
        for other in sorted(path.parent.glob(f"{plan.state}*{ledger.ENDING}"))
        if other != path and other.stat().st_size and not (own and other.name.endswith(own))
    ]
    if found:
        how = "--part, by as many parts as they name" if "-of-" in found[0] else "no --part"
        raise ExtractorError(
            f"answers of {plan.system.name} were paid for in another division of the corpus ({found[0]}"
            f"{f' and {len(found) - 1:,} more' if found[1:] else ''} in {path.parent}), and would be paid "
            f"for again: go on with {how}, or pay anew with --fresh"
        )


def _carry(book: Ledger, lines: Sequence[Line]) -> None:
    """Put down what the answers of a journal took that is older than its ledger."""
    tokens = Counter[str]()
    for line in lines:
        if isinstance(line, Entry):
            used = check.usage(line.details if line.error is not None else _details(line))
            tokens.update({name: int(number) for name, number in used.items() if name.startswith("tokens_")})
    if tokens:
        book.carry(tokens)


def _details(entry: Entry) -> dict[str, object]:
    try:
        return predictions.decode(bytes(entry.output), "").provenance.details
    except DataError:
        return {}


def make_purse(corpus: Corpus, systems: Sequence[System], limit: float, seed: int) -> Purse:
    """A purse that knows what each system has cost before; `ExtractorError` where that cannot be known."""
    budget.check(systems)
    spent: dict[str, float] = {}
    for system in systems:
        if system.spec.kind == budget.KIND:
            spent[system.name] = _spent(corpus, system, seed)
    return Purse(limit, spent)


def _spent(corpus: Corpus, system: System, seed: int) -> float:
    path = _path(corpus, system.name, state_of(corpus, system, seed))
    if not path.is_file():
        return 0.0
    book = Ledger(path, budget.of(system))
    try:
        spending = book.spending()
    finally:
        book.close()
    found = total(spending)
    if found is None:
        raise ExtractorError(
            f"--budget: what {system.name} has cost before is not known: {amount(spending.untold, 'answer')} "
            "did not say how many tokens they took; leave the budget out"
        )
    return found
