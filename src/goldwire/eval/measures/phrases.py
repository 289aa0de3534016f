"""Phrases for figures and amounts, alike in every form of a report."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

UNDEFINED = "–"


def points(value: float | None) -> str:
    """A share of one in points of a hundred, one decimal.

    >>> points(0.7123), points(1.0), points(None)
    ('71.2', '100.0', '–')
    """
    return UNDEFINED if value is None else f"{100 * value:.1f}"


def signed(value: float | None) -> str:
    """A difference in points, with its sign.

    >>> signed(0.0131), signed(-0.2), signed(0.0)
    ('+1.3', '−20.0', '0.0')
    """
    if value is None:
        return UNDEFINED
    text = f"{abs(100 * value):.1f}"
    if text == "0.0":
        return text
    return f"+{text}" if value > 0 else f"−{text}"


def interval(low: float | None, high: float | None) -> str:
    """The ends of an interval of a share, in points.

    >>> interval(0.68, 0.741), interval(None, None)
    ('68.0–74.1', '–')
    """
    return UNDEFINED if low is None or high is None else f"{points(low)}–{points(high)}"


def span(low: float | None, high: float | None) -> str:
    """The ends of an interval of a difference, in points.

    >>> span(-0.02, 0.013)
    '−2.0 to +1.3'
    """
    return UNDEFINED if low is None or high is None else f"{signed(low)} to {signed(high)}"


def chance(p: float | None) -> str:
    """A p-value to three decimals.

    >>> chance(0.0421), chance(0.0001), chance(None)
    ('0.042', '<0.001', '–')
    """
    if p is None:
        return UNDEFINED
    return "<0.001" if p < 0.001 else f"{p:.3f}"  # noqa: PLR2004 - three decimals show no less


def number(value: float | None) -> str:
    """A count, or a quantity with as many digits as one reads.

    >>> number(12345), number(2.5), number(51538.52), number(0.01234), number(None)
    ('12,345', '2.5', '51,539', '0.012', '–')
    """
    if value is None:
        return UNDEFINED
    if value == int(value) or abs(value) >= 100:  # noqa: PLR2004 - three digits are read, not more
        return f"{round(value):,}"
    return f"{value:,.1f}" if abs(value) >= 1 else f"{value:.2g}"


def seconds(value: float | None) -> str:
    """A time in the unit that one would say it in.

    >>> seconds(46.69), seconds(0.0177), seconds(0.0000041), seconds(None)
    ('46.7 s', '17.7 ms', '<0.1 ms', '–')
    """
    if value is None:
        return UNDEFINED
    if value >= 1:
        return f"{value:,.1f} s"
    return f"{1000 * value:.1f} ms" if value >= 1e-4 else "<0.1 ms"  # noqa: PLR2004 - as one decimal shows


def sized(documents: int, independent: int) -> str:
    """How many documents, and in how many groups where some are near-duplicates of others.

    >>> sized(1, 1), sized(2000, 18)
    ('1 document', '2,000 documents in 18 groups of near-duplicates')
    """
    told = amount(documents, "document")
    return (
        told if independent == documents else f"{told} in {amount(independent, 'group')} of near-duplicates"
    )


def moment(iso: str) -> str:
    """A moment of ISO 8601 to the minute, as people read it; what is none as it stands.

    >>> moment("2026-11-28T18:50:32Z"), moment("yesterday")
    ('2026-11-28 18:50 UTC', 'yesterday')
    """
    try:
        found = datetime.fromisoformat(iso)
    except ValueError:
        return iso
    return found.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC") if found.tzinfo else iso


def amount(count: int, one: str, many: str | None = None) -> str:
    """A count with its noun.

    >>> amount(1, "document"), amount(3, "type"), amount(2, "mean", "means")
    ('1 document', '3 types', '2 means')
    """
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def listed(items: Sequence[str]) -> str:
    """Items as one says them.

    >>> listed(["a", "b", "c"]), listed(["a"])
    ('a, b and c', 'a')
    """
    return f"{', '.join(items[:-1])} and {items[-1]}" if len(items) > 1 else "".join(items)
