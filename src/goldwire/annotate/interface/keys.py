"""Keys for labels and choices in Label Studio: given ones kept, the rest dealt out, none twice."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from goldwire.corpora.errors import OntologyError

# The keys that Label Studio 1.23 deals out by itself, in its order: what it needs itself (u to unselect)
# and what it leaves alone (h, r) are not among them.
SINGLE = "1234567890qwetasdfgzxcvbyiopjklnm"
SHIFTED = tuple(f"shift+{key}" for key in SINGLE)


def deal(given: dict[str, str | None], *, taken: Iterable[str] = (), shifted: bool = False) -> dict[str, str]:
    """A key for each name: its own where `given` has one, else the first free one of its letters or of all.

    `shifted` deals out keys with shift, and `taken` are those of other controls. Names that find no free
    key are absent. Raises `OntologyError` for keys that are double or Label Studio's own.

    >>> deal({"attacker": None, "target": None, "time": None}, taken="t")
    {'attacker': 'a', 'target': 'g', 'time': 'i'}
    """
    own = {name: key.lower() for name, key in given.items() if key is not None}
    used = {*taken}
    faults = [*_bad_keys(own, used)]
    if faults:
        raise OntologyError("; ".join(faults))
    used |= {*own.values()}
    dealt = dict(own)
    for name in given:
        if name not in dealt and (key := _free(name, used, shifted)) is not None:
            dealt[name] = key
            used.add(key)
    return {name: dealt[name] for name in given if name in dealt}


def _bad_keys(own: dict[str, str], taken: set[str]) -> Iterator[str]:
    owners: dict[str, str] = {}
    for name, key in own.items():
        if key not in (*SINGLE, *SHIFTED):
            yield (
                f"key {key!r} of {name} cannot be used in Label Studio: "
                f"one of {SINGLE} is expected, or one of them after `shift+`"
            )
        elif key in taken or owners.setdefault(key, name) != name:
            yield f"key {key!r} of {name} is already that of {owners.get(key, 'another control')}"


def _free(name: str, used: set[str], shifted: bool) -> str | None:
    """The first free key: a letter of the name, then any."""
    wanted = [char for char in name.lower() if char in SINGLE] + [*SINGLE]
    keys = [f"shift+{key}" for key in wanted] if shifted else [*wanted, *SHIFTED]
    return next((key for key in keys if key not in used), None)
