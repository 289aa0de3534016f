"""Budgets: what the systems of a command may cost together, with what they have cost before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from goldwire.corpora.errors import ExtractorError
from goldwire.eval.measures.phrases import listed
from goldwire.eval.systems.config import System
from goldwire.eval.systems.prices import Price
from goldwire.eval.systems.spending import Spending, total

KIND = "llm"  # of the systems that are paid by tokens
OPTION = "price"  # of a system, by which it has its price


def of(system: System) -> Price | None:
    """The price that a system has among its options; None if it has none, or is not paid by tokens."""
    given = system.options.get(OPTION)
    if system.spec.kind != KIND or given is None:
        return None
    try:
        return msgspec.convert(given, Price)
    except msgspec.ValidationError as error:
        raise ExtractorError(
            f"system {system.name!r}: option {OPTION}: {error}; it is what a million tokens cost, such as "
            "{ input = 0.5, output = 1.5 }"
        ) from error


def model_of(system: System) -> str:
    """The model of a system that is paid by tokens; "" of others."""
    return system.spec.target.rpartition("@http")[0] if system.spec.kind == KIND else ""


def with_price(system: System, prices: Mapping[str, Price]) -> System:
    """A system with the price of its model, unless it has its own."""
    found = prices.get(model_of(system))
    if found is None or OPTION in system.options:
        return system
    return msgspec.structs.replace(system, options={**system.options, OPTION: msgspec.to_builtins(found)})


class Purse:
    """A budget over the systems of a command; what each has spent is told as it changes."""

    def __init__(self, budget: float, spent: Mapping[str, float]) -> None:
        self.budget, self._spent = budget, dict(spent)

    def left_for(self, system: str) -> float:
        """What a system may have spent in all, given what the others have."""
        return self.budget - sum(spent for name, spent in self._spent.items() if name != system)

    def tell(self, system: str, spending: Spending) -> None:
        """Take in what a system has spent."""
        self._spent[system] = total(spending) or 0.0

    @property
    def spent(self) -> float:
        """What all have spent."""
        return sum(self._spent.values())


def check(systems: Sequence[System]) -> None:
    """Raise `ExtractorError` unless what each system costs can be known, and be known before it is asked."""
    paid = [system for system in systems if system.spec.kind == KIND]
    if not paid:
        raise ExtractorError(
            "--budget: none of the systems is paid by tokens (`llm:`), so there is nothing to count"
        )
    if unpriced := [system for system in paid if of(system) is None]:
        models = listed(list(dict.fromkeys(map(model_of, unpriced))))
        raise ExtractorError(
            f"--budget: there is no price of {models}: give it by --prices FILE, or by the option `price` of "
            f"{listed([system.name for system in unpriced])}"
        )
    if endless := [system.name for system in paid if not _has_end(system)]:
        raise ExtractorError(
            f"--budget: what an answer to {listed(endless)} costs at most is not known: give the option "
            "`max_tokens`, or beside the price `longest`, the tokens that an answer of the model can have"
        )


def _has_end(system: System) -> bool:
    from goldwire.eval.systems.adapters import chat  # with all that asks the web: for a budget alone
    from goldwire.eval.systems.adapters.asking import LIMITS

    price = of(system)
    within = chat.more(system.options.get("body") or {})
    return (
        (price is not None and price.longest is not None)
        or system.options.get("max_tokens") is not None
        or any(isinstance(within.get(name), int) for name in LIMITS)
    )
