"""Keys for labels and choices in Label Studio: given ones kept, the rest dealt out, none twice."""

from __future__ import annotations

from collections.abc import Iterable

# The keys that Label Studio 1.23 deals out by itself, in its order: what it needs itself (u to unselect)
# and what it leaves alone (h, r) are not among them.
SINGLE = "1234567890qwetasdfgzxcvbyiopjklnm"
SHIFTED = tuple(f"shift+{key}" for key in SINGLE)


EXPECTED = f"one of {SINGLE} is expected, or one of them after `shift+`"


def is_key(text: str) -> bool:
    """Whether a key can be given to a label: Label Studio has no other use for it."""
    return text.lower() in (*SINGLE, *SHIFTED)


def deal(given: dict[str, str | None], *, taken: Iterable[str] = (), shifted: bool = False) -> dict[str, str]:
    """A key for each name: its own where `given` has one, else the first free one of its letters or of all.

    `shifted` deals out keys with shift, and `taken` are those of other controls. Names that find no free
    key are absent. Those given are keys (see `is_key`), each once.

    >>> deal({"attacker": None, "target": None, "time": None}, taken="t")
    {'attacker': 'a', 'target': 'g', 'time': 'i'}
    """
    dealt = {name: key.lower() for name, key in given.items() if key is not None}
    used = {*taken, *dealt.values()}
    for name in given:
        if name not in dealt and (key := _free(name, used, shifted)) is not None:
            dealt[name] = key
            used.add(key)
    return {name: dealt[name] for name in given if name in dealt}


def _free(name: str, used: set[str], shifted: bool) -> str | None:
    """The first free key: a letter of the name, then any."""
    wanted = [char for char in name.lower() if char in SINGLE] + [*SINGLE]
    keys = [f"shift+{key}" for key in wanted] if shifted else [*wanted, *SHIFTED]
    return next((key for key in keys if key not in used), None)
