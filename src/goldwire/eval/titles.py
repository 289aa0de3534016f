"""Titles of measures: the name that people type, with what must agree spelled out behind it."""

from __future__ import annotations

from goldwire.eval.measure import Measure, name

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
}


def title(measure: Measure) -> str:
    """A measure as it is headed everywhere; one without a name by its string form.

    >>> from goldwire.eval.measure import parse
    >>> title(parse("TC")), title(parse("iou50")), title(parse("B3"))
    ('TC (trigger + type)', 'iou50 (span + type, IoU ≥ 0.5)', 'B3')
    >>> title(parse("overlap,average=documents"))
    'overlap (span + type, overlapping), average=documents'
    """
    own = name(measure)
    short = own or name(measure.plain)
    if short is None:
        return str(measure)
    options = "" if own else str(measure).removeprefix(str(measure.plain)).replace(",", ", ")
    return f"{short}{_spelled(measure)}{options}"


def _spelled(measure: Measure) -> str:
    """What must agree, where units are compared one by one."""
    if measure.match not in _MATCHES or measure.units in ("token", "document"):
        return ""
    match = _MATCHES[measure.match].format(measure.threshold or 0.0)
    key = " + ".join(measure.key)
    return f" ({key}, {match})" if match else f" ({key})"
