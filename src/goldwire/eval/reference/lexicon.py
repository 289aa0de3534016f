"""Words and rules as data: which names, nominals, triggers and cues there are, and what they mean. From TOML.

[mentions.TYPE]   names, demonyms, nominals, titles, given, tails, after, patterns (with `lists`)
[words]           closed lists: modifiers, determiners, prepositions, …
[[triggers]]      event, verbs, nouns, adjectives, attributes, roles, needs, reciprocal
[roles.EVENT]     subject, object and prepositions by role; [roles.default] for every event
[[cues]]          attribute, value, words, reach, after
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Generic, TypeVar

import msgspec

from goldwire.corpora import toml
from goldwire.corpora.errors import ExtractorError
from goldwire.corpora.ontology import Ontology
from goldwire.corpora.sentences import Word, words
from goldwire.eval.reference.inflect import Form, noun_forms, verb_forms

P = TypeVar("P")


class _Struct(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class MentionRules(_Struct, frozen=True):
    """How mentions of one type are known.

    `names` and `demonyms` as written; `nominals` are heads; capitalised words after `titles` or from `given`
    on are a name, and so is a run of them that ends in one of `tails` or stands before one of `after`.
    `patterns` are regular expressions in which {name} stands for an entry of `lists`.
    """

    names: tuple[str, ...] = ()
    demonyms: tuple[str, ...] = ()
    nominals: tuple[str, ...] = ()
    titles: tuple[str, ...] = ()
    given: tuple[str, ...] = ()
    tails: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    lists: dict[str, str] = {}


class Words(_Struct, frozen=True):
    """Closed lists of words, in lower case."""

    modifiers: frozenset[str]
    determiners: frozenset[str]
    prepositions: frozenset[str]
    be: frozenset[str]
    have: frozenset[str]
    auxiliaries: frozenset[str]
    borders: frozenset[str]
    relatives: frozenset[str]
    light: frozenset[str]
    reporting: frozenset[str]


class Group(_Struct, frozen=True):
    """Triggers of one event type that behave alike.

    `roles` overrides the roles of the type ("" for none); without a filler of `needs` there is no event;
    in a `reciprocal` event everybody is a subject.
    """

    event: str
    verbs: tuple[str, ...] = ()
    nouns: tuple[str, ...] = ()
    adjectives: tuple[str, ...] = ()
    attributes: dict[str, str] = {}
    roles: dict[str, str] = {}
    needs: str | None = None
    reciprocal: bool = False


class Cue(_Struct, frozen=True):
    """Words that give an attribute its value, up to `reach` words before a trigger or `after` behind it."""

    attribute: str
    value: str
    words: tuple[str, ...]
    reach: int
    after: int = 0


class Lexicon(_Struct, frozen=True):
    """All of it."""

    name: str
    version: str
    ontology: str
    language: str
    mentions: dict[str, MentionRules]
    words: Words
    triggers: tuple[Group, ...]
    roles: dict[str, dict[str, str]]
    cues: tuple[Cue, ...]

    def roles_of(self, group: Group) -> dict[str, str]:
        """The role of subject, object and each preposition in events of a group; roles by name."""
        roles = {**self.roles.get("default", {}), **self.roles.get(group.event, {}), **group.roles}
        if group.reciprocal:
            roles.update(dict.fromkeys(("object", "with", "between", "against"), roles.get("subject", "")))
        named = {
            key: roles.get(role, role) if role in ("subject", "object") else role
            for key, role in roles.items()
        }
        return {key: role for key, role in named.items() if role}


class Phrases(Generic[P]):
    """Word sequences with what they mean; the longest that begins at a word is found.

    >>> table = Phrases([("air base", "FAC"), ("base", "FAC")], fold=True)
    >>> table.at(words("the Air Base"), 1)
    (2, ['FAC'])
    """

    def __init__(self, entries: Iterable[tuple[str, P]], *, fold: bool) -> None:
        self._fold = fold
        self._table: dict[str, dict[tuple[str, ...], list[P]]] = {}
        for phrase, meaning in entries:
            key = tuple(self._folded(word.text) for word in words(phrase))
            if key:
                self._table.setdefault(key[0], {}).setdefault(key, []).append(meaning)

    def _folded(self, text: str) -> str:
        return text.lower().replace("’", "'") if self._fold else text.replace("’", "'")

    def at(self, sentence: Sequence[Word], i: int) -> tuple[int, list[P]] | None:
        """How many words the longest phrase at word `i` has, and all its meanings; None if there is none."""
        found: tuple[int, list[P]] | None = None
        for key, meanings in self._table.get(self._folded(sentence[i].text), {}).items():
            here = sentence[i : i + len(key)]
            longer = found is None or len(key) > found[0]
            if longer and tuple(self._folded(word.text) for word in here) == key:
                found = len(key), meanings
        return found


def read(source: str | Path) -> Lexicon:
    """The lexicon of a name that ships with Goldwire, or of a TOML file."""
    return decode(*toml.find("lexicons", "lexicon", source, ExtractorError))


def decode(text: str, where: str) -> Lexicon:
    """A lexicon from TOML text; `DataError` if it is not one."""
    return toml.decode(text, Lexicon, "a lexicon", where)


def check(lexicon: Lexicon, ontology: Ontology) -> list[str]:
    """What the lexicon names and the ontology does not have; [] if they fit."""
    found = [f"entity type {name!r}" for name in lexicon.mentions if name not in ontology.entities]
    for group in lexicon.triggers:
        event = ontology.events.get(group.event)
        if event is None:
            found.append(f"event type {group.event!r}")
            continue
        roles = {*lexicon.roles_of(group).values(), *filter(None, [group.needs])}
        general = set(lexicon.roles.get("default", {}).values())  # `place` need not be in every event
        found += [f"role {role!r} of {group.event}" for role in sorted(roles - set(event.roles) - general)]
    return sorted(set(found))


def name_entries(lexicon: Lexicon) -> Iterator[tuple[str, str]]:
    """Each name and demonym with its type."""
    for type, rules in lexicon.mentions.items():
        for name in (*rules.names, *rules.demonyms):
            yield name, type


def nominal_entries(lexicon: Lexicon) -> Iterator[tuple[str, str]]:
    """Each form of each nominal with its type."""
    for type, rules in lexicon.mentions.items():
        for nominal in rules.nominals:
            for form in sorted(noun_forms(nominal)):
                yield form, type


class Reading(msgspec.Struct, frozen=True):
    """What a trigger word may be: a group's verb in some forms, its noun, or its adjective."""

    group: Group
    kind: str
    forms: frozenset[Form] = frozenset()


def trigger_entries(lexicon: Lexicon) -> Iterator[tuple[str, Reading]]:
    """Each form of each trigger with how it may be read, groups in the order of the lexicon."""
    for group in lexicon.triggers:
        for verb in group.verbs:
            for form, forms in verb_forms(verb).items():
                yield form, Reading(group, "verb", frozenset(forms))
        for noun in group.nouns:
            for form in sorted(noun_forms(noun)):
                yield form, Reading(group, "noun")
        for adjective in group.adjectives:
            yield adjective, Reading(group, "adjective")


def pattern(rules: MentionRules) -> list[re.Pattern[str]]:
    """The regular expressions of a type, lists filled in, whole words only, in any case."""
    compiled = []
    for source in rules.patterns:
        filled = source
        for name, words_ in rules.lists.items():
            filled = filled.replace("{" + name + "}", f"(?:{words_})")
        try:
            compiled.append(re.compile(rf"(?<!\w)(?:{filled})(?!\w)", re.IGNORECASE))
        except re.error as error:
            raise ExtractorError(f"lexicon: pattern {source!r}: {error}") from error
    return compiled
