"""Says which way a language is written, by its code (BCP 47)."""

from __future__ import annotations

# Languages whose usual script is written from right to left, and scripts that are (ISO 639, ISO 15924).
_LANGUAGES = frozenset("ar arc ckb dv fa glk he iw khw ks lrc mzn nqo pnb ps sd syr ug ur yi".split())  # noqa: SIM905
_SCRIPTS = frozenset("adlm arab aran hebr mand mend nkoo rohg samr syrc thaa".split())  # noqa: SIM905
_SCRIPT = 4  # letters of a script's code


def is_right_to_left(code: str) -> bool:
    """Whether texts of a language begin at the right.

    >>> [is_right_to_left(code) for code in ("ar", "az-Arab", "ks-Deva", "en")]
    [True, True, False, False]
    """
    language, *more = code.lower().replace("_", "-").split("-")
    script = next((part for part in more if len(part) == _SCRIPT and part.isalpha()), None)
    return language in _LANGUAGES if script is None else script in _SCRIPTS
