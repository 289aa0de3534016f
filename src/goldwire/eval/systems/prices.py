"""Prices of models: what a million tokens cost, from a TOML file, and what some tokens cost by them.

[prices."some-model"]
input = 0.15                # for a million tokens, in whatever currency, the same for all
output = 0.60
cached = 0.075              # of the input that the server had; as the input if not given
longest = 16384             # tokens that an answer can have, for a budget without `max_tokens`
batch = { input = 0.075, output = 0.30 }   # of answers from batch files; as others if not given
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import msgspec

from goldwire.corpora import toml
from goldwire.corpora.errors import CorpusError

PER = 1_000_000  # tokens that a price is for
BATCH = "batch_"  # before the name of tokens: those of them that came from batch files
UNTOLD = "untold"  # in a usage: answers that did not say what they took
KEPT = "kept"  # in a usage: answers that were there already
UNLIMITED = "unlimited"  # answers as long as the model makes them
_DIGITS = 9  # of a cost that are kept
Amount = Annotated[float, msgspec.Meta(ge=0, lt=1e12)]


class Rates(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a million tokens cost; `cached` those of the input that the server had."""

    input: Amount
    output: Amount
    cached: Amount | None = None


class Price(Rates, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The rates of a model, those of batches, and how many tokens an answer can have."""

    batch: Rates | None = None
    longest: Annotated[int, msgspec.Meta(gt=0)] | None = None


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    prices: dict[str, Price]


def read(path: Path) -> dict[str, Price]:
    """The prices of a TOML file by model; `DataError` if it is not one."""
    return toml.decode(toml.read(path, CorpusError), _File, "a list of prices", str(path)).prices


def cost(price: Price, usage: Mapping[str, float]) -> float | None:
    """What the tokens of a usage cost; None if some answers did not say, or have no known limit.

    Tokens of batch files are among all others, and counted apart by `batch_`.

    >>> cost(Price(input=1.0, output=2.0, batch=Rates(0.5, 1.0)), {"tokens_in": 3_000_000})
    3.0
    >>> usage = {"tokens_in": 3_000_000, "batch_tokens_in": 1_000_000}
    >>> cost(Price(input=1.0, output=2.0, batch=Rates(0.5, 1.0)), usage)
    2.5
    """
    if usage.get(UNTOLD) or (usage.get(UNLIMITED) and price.longest is None):
        return None
    batch = _taken(price, usage, BATCH)
    at_once = {name: number - batch[name] for name, number in _taken(price, usage, "").items()}
    return round((_millions(price, at_once) + _millions(price.batch or price, batch)) / PER, _DIGITS)


def _taken(price: Price, usage: Mapping[str, float], kind: str) -> dict[str, float]:
    """The tokens of all answers, or of a kind; one without a limit has the most that the model gives."""
    found = {name: usage.get(kind + name, 0) for name in ("tokens_in", "tokens_out", "tokens_cached")}
    found["tokens_out"] += usage.get(kind + UNLIMITED, 0) * (price.longest or 0)
    return found


def _millions(rates: Rates, tokens: Mapping[str, float]) -> float:
    """A cost in millionths; those of a cached input have their own price."""
    cached = min(tokens["tokens_cached"], tokens["tokens_in"])
    apart = rates.input if rates.cached is None else rates.cached
    return rates.input * (tokens["tokens_in"] - cached) + apart * cached + rates.output * tokens["tokens_out"]


def of_batch(tokens: Mapping[str, Any]) -> dict[str, Any]:
    """Tokens of an answer from a batch file: among all others, and apart."""
    return {**tokens, **{BATCH + name: number for name, number in tokens.items()}}
