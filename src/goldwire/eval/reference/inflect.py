"""Forms of English verbs and nouns: regular ones made, others given as `base|he|past|participle|-ing`,
four where past and participle are one."""

from __future__ import annotations

import re
from typing import Literal

Form = Literal["base", "he", "past", "participle", "ing"]
FORMS: tuple[Form, ...] = ("base", "he", "past", "participle", "ing")
_SIBILANT = re.compile(r"(?:s|x|z|ch|sh|o)$")
_CONSONANT_Y = re.compile(r"[^aeiou]y$")


def verb_forms(entry: str) -> dict[str, set[Form]]:
    """The forms of a verb, each with what it can be; words after the first stay as they are.

    >>> sorted(verb_forms("pull out"))
    ['pull out', 'pulled out', 'pulling out', 'pulls out']
    >>> verb_forms("take|takes|took|taken|taking over")["taken over"]
    {'participle'}
    """
    given, space, rest = entry.partition(" ")
    forms: dict[str, set[Form]] = {}
    for form, name in zip(_verb(given.split("|")), FORMS, strict=True):
        forms.setdefault(form + space + rest, set()).add(name)
    return forms


def noun_forms(entry: str) -> set[str]:
    """A noun and its plural, made from its last word where none is given.

    >>> sorted(noun_forms("border post")), sorted(noun_forms("city|cities"))
    (['border post', 'border posts'], ['cities', 'city'])
    """
    if "|" in entry:
        return set(entry.split("|"))
    return {entry, plural(entry)}


def plural(noun: str) -> str:
    """The regular plural of a noun."""
    if _CONSONANT_Y.search(noun):
        return noun[:-1] + "ies"
    return noun + ("es" if _SIBILANT.search(noun) and not noun.endswith("o") else "s")


def _verb(given: list[str]) -> tuple[str, str, str, str, str]:
    if len(given) == len(FORMS):
        base, he, past, participle, ing = given
    elif len(given) == len(FORMS) - 1:
        base, he, past, ing = given
        participle = past
    else:
        base = given[0]
        he, past, ing = _regular(base)
        participle = past
    return base, he, past, participle, ing


def _regular(base: str) -> tuple[str, str, str]:
    if base.endswith("e"):
        return base + "s", base + "d", base[:-1] + "ing"
    if _CONSONANT_Y.search(base):
        return base[:-1] + "ies", base[:-1] + "ied", base + "ing"
    return base + ("es" if _SIBILANT.search(base) else "s"), base + "ed", base + "ing"
