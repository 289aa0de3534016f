"""Asking of a model that is paid for: an answer that is there already, else one within the budget."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from goldwire.eval.systems import prices
from goldwire.eval.systems.adapters import completion
from goldwire.eval.systems.adapters.completion import Reply
from goldwire.eval.systems.adapters.web import REFUSED_SHOWN, Caller, RefusalError, refusal
from goldwire.eval.systems.extractor import UNPAID, WAITING, DocumentError
from goldwire.eval.systems.ledger import OK, Account, Kept, Ledger, identify, is_told
from goldwire.eval.systems.prices import Price

LIMITS = ("max_tokens", "max_completion_tokens")
BEYOND = "the budget does not reach for it"
REQUESTS = "requests"  # in the details of a document that waits: what is to be asked


class WaitingError(DocumentError):
    """Answers are still to come; `requests` ask for them, each under a name of its own."""

    def __init__(self, requests: list[dict[str, Any]]) -> None:
        self.requests = requests
        super().__init__("its answers are still to come", {REQUESTS: requests}, cause=WAITING)


class Asker:
    """Asks one model, and keeps a ledger of it where there is an account."""

    def __init__(self, caller: Caller, account: Account | None = None, price: Price | None = None) -> None:
        self._caller, self._account = caller, account
        self._ledger = Ledger(Path(account.path), price) if account else None
        self._last = ""  # the request that the last answer was to

    def begin(self) -> None:
        """A document begins, with all answers that are there."""
        if self._ledger is not None:
            self._ledger.begin()

    def ask(self, document: str, request: dict[str, Any]) -> Reply | str:
        """A reply, or why what came is none.

        Raises as `Caller.post`, and `DocumentError` beyond the budget.
        """
        body = msgspec.json.encode(request)
        if self._ledger is None or self._account is None:
            return counted(completion.decode(self._caller.post(body)))
        name, self._last = identify(self._account.system, document, body), ""
        if (kept := self._ledger.take(name)) is not None:
            self._last = name
            return _replayed(kept)
        largest = most(request, len(body))
        if self._account.batch:
            raise self._to_come(self._ledger, name, request, largest)
        sending = _Sending(self._ledger, name, largest, self._account.budget)
        data = self._caller.post(body, sending)
        reply = completion.decode(data)
        self._ledger.answer(sending.ticket, name, {} if isinstance(reply, str) else reply.tokens, data)
        self._last = name
        return counted(reply)

    def _to_come(
        self, ledger: Ledger, name: str, request: dict[str, Any], largest: dict[str, int]
    ) -> DocumentError:
        """That an answer comes from a batch file, or that the budget does not reach for it."""
        budget = self._account.budget if self._account else None
        ticket = ledger.ask(name, prices.of_batch(largest), budget, ledger.name(name))
        if ticket is None:
            return DocumentError(BEYOND, cause=UNPAID)
        ledger.pass_over(name)
        return WaitingError([{"custom_id": ticket, "body": request}])

    def drop(self) -> None:
        """Have what was answered last asked anew the next time: the answer was of no use."""
        if self._ledger is not None and self._last:
            self._ledger.drop(self._last)

    def close(self) -> None:
        """Close the connections and the ledger."""
        self._caller.close()
        if self._ledger is not None:
            self._ledger.close()


class _Sending:
    """The trial of one request: each time that it is sent has a ticket of its own."""

    def __init__(self, ledger: Ledger, name: str, most: dict[str, int], budget: float | None) -> None:
        self._ledger, self._name, self._most, self._budget = ledger, name, most, budget
        self.ticket = ""

    def begin(self) -> None:
        """A ticket for it; `DocumentError` if the budget does not reach."""
        ticket = self._ledger.ask(self._name, self._most, self._budget)
        if ticket is None:
            raise DocumentError(BEYOND, cause=UNPAID)
        self.ticket = ticket

    def free(self) -> None:
        """Nothing is to be paid."""
        self._ledger.free(self.ticket)


def most(request: dict[str, Any], size: int) -> dict[str, int]:
    """The most tokens that a request of so many bytes can take: none is shorter than a byte.

    >>> most({"max_tokens": 10}, 500), most({"n": 2}, 500)
    ({'tokens_in': 500, 'tokens_out': 10}, {'tokens_in': 500, 'unlimited': 2})
    """
    number = request.get("n")
    times = number if isinstance(number, int) and number > 0 else 1
    limits = [limit for name in LIMITS if isinstance(limit := request.get(name), int)]
    if not limits:
        return {"tokens_in": size, prices.UNLIMITED: times}
    return {"tokens_in": size, "tokens_out": max(limits) * times}


def counted(reply: Reply | str) -> Reply | str:
    """A reply, with a count of those that do not say their tokens."""
    if isinstance(reply, str) or is_told(reply.tokens):
        return reply
    return msgspec.structs.replace(reply, tokens={**reply.tokens, prices.UNTOLD: 1})


def _replayed(kept: Kept) -> Reply | str:
    """What an answer of then says now."""
    data = kept.text.encode()
    if kept.status != OK:
        cause = refusal(kept.status, data)
        said = f"the server answered {kept.status} {kept.text[:REFUSED_SHOWN]}"
        raise RefusalError(said, kept.status, kept.text, cause=cause)
    reply = completion.decode(data)
    if isinstance(reply, str):
        return reply
    return counted(msgspec.structs.replace(reply, tokens={**kept.tokens, prices.KEPT: 1}))
