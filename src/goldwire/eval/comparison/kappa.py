"""Agreement of two annotators on the tags of tokens, with scikit-learn."""

from __future__ import annotations

from collections.abc import Sequence


def kappa(one: Sequence[str], other: Sequence[str]) -> float | None:
    """Cohen's kappa; None for no items, or if both sides give one and the same tag to all.

    >>> kappa(["PER", "PER", "O", "O"], ["PER", "O", "O", "O"])
    0.5
    """
    from sklearn.metrics import cohen_kappa_score

    if len({*one, *other}) < 2:  # noqa: PLR2004 - one tag: chance alone agrees on everything
        return None
    return float(cohen_kappa_score(list(one), list(other)))
