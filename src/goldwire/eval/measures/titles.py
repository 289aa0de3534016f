"""Titles of measures: the name that people type, with what must agree spelled out behind it."""

from __future__ import annotations

from goldwire.eval.measures.measure import Measure, alias, name

_MATCHES = {
    "exact": "",
    "overlap": "overlapping",
    "iou": "IoU ≥ {0:g}",
    "token-iou": "IoU of tokens ≥ {0:g}",
    "dice": "Dice",
    "token-dice": "Dice of tokens",
    "partial": "partial credit",
    "extended": "within a token",
    "head": "same head",
    "coref": "any of the cluster",
    "bag": "bag",
    "any-place": "any place",
}


def title(measure: Measure) -> str:
    """A measure as it is headed everywhere: its name, and what must agree; one without by its string form.

    >>> from goldwire.eval.measures.measure import parse
    >>> title(parse("TC")), title(parse("iou50")), title(parse("B3"))
    ('TC (trigger + type)', 'iou50 (span + type, IoU ≥ 0.5)', 'B3')
    >>> title(parse("overlap,average=documents"))
    'overlap (span + type, overlapping), average=documents'
    """
    whole = name(measure)
    plain = alias(measure) or alias(measure.plain)
    if plain is None:
        return whole
    return f"{plain}{_spelled(measure)}{whole.removeprefix(plain).replace(',', ', ')}"


def _spelled(measure: Measure) -> str:
    """What must agree, where units are compared one by one."""
    if measure.match not in _MATCHES or measure.units in ("token", "document"):
        return ""
    match = "by entity" if measure.by_entity else _MATCHES[measure.match].format(measure.threshold or 0.0)
    key = " + ".join(measure.key)
    return f" ({key}, {match})" if match else f" ({key})"
