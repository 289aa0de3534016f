"""Spending on a system paid by tokens: what its ledgers hold, in numbers that add up, and what that cost."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from goldwire.eval.systems import prices
from goldwire.eval.systems.prices import Price


class Spending(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was paid for in all, with answers that failed or were made anew.

    `open` requests have no answer: they were lost, or are under way. They may have been charged, and their
    `cost` is counted at its most, as is that of `untold` answers, which do not say their tokens. Costs are
    None without a price, or where the most is not known.
    """

    answers: int = 0
    open: int = 0
    untold: int = 0
    tokens: dict[str, int] = {}
    cost: float | None = None
    open_cost: float | None = None


class Counted(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a ledger holds, in numbers that add up over ledgers of one system.

    `beyond` is the most of `untold` answers, `waiting` that of `open` requests.
    """

    answers: int = 0
    open: int = 0
    untold: int = 0
    tokens: dict[str, int] = {}
    beyond: dict[str, int] = {}
    waiting: dict[str, int] = {}

    def spending(self, price: Price | None) -> Spending:
        """The same with what it costs."""
        return Spending(
            answers=self.answers,
            open=self.open,
            untold=self.untold,
            tokens=dict(sorted(self.tokens.items())),
            cost=cost_of(price, self.tokens, self.beyond),
            open_cost=cost_of(price, self.waiting) if self.waiting else None,
        )


def cost_of(price: Price | None, *parts: Mapping[str, int]) -> float | None:
    """What tokens cost, each part by itself; None if it cannot be known."""
    if price is None:
        return None
    costs = [prices.cost(price, part) for part in parts]
    return None if None in costs else sum(cost for cost in costs if cost is not None)


def total(spending: Spending) -> float | None:
    """All that may have been paid; None if that is not known."""
    if spending.cost is None or (spending.open and spending.open_cost is None):
        return None
    return spending.cost + (spending.open_cost or 0.0)
