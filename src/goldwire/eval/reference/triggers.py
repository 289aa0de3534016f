"""Triggers by word lists, and how each is used: as an active or passive verb, before a noun, or as a noun."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec

from goldwire.corpora.sentences import Sentence
from goldwire.eval.reference.lexicon import Group, Lexicon, Phrases, Reading, trigger_entries
from goldwire.eval.reference.mentions import Found

Use = Literal["active", "passive", "attributive", "noun", "adjective"]
_LOOK_BACK = 4  # words before a participle in which its auxiliary stands


class Trigger(msgspec.Struct, frozen=True):
    """A trigger in a sentence, how it is used, and the groups it may belong to, likeliest first."""

    first: int
    last: int
    use: Use
    groups: tuple[Group, ...]


class Spotter:
    """Finds the triggers of a lexicon."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._words = lexicon.words
        self._phrases = Phrases(trigger_entries(lexicon), fold=True)

    def find(self, sentence: Sentence, mentions: Sequence[Found]) -> list[Trigger]:
        """The triggers of a sentence, in order; none inside a name or value."""
        fixed = [m for m in mentions if m.form != "nominal"]
        found: list[Trigger] = []
        i = 0
        while i < len(sentence):
            match = self._phrases.at(sentence, i)
            if match is None or any(m.first <= i <= m.last for m in fixed):
                i += 1
                continue
            length, readings = match
            trigger = self._trigger(sentence, i, i + length - 1, readings, mentions)
            if trigger is not None:
                found.append(trigger)
            i += length
        return found

    def _trigger(
        self,
        sentence: Sentence,
        first: int,
        last: int,
        readings: Sequence[Reading],
        mentions: Sequence[Found],
    ) -> Trigger | None:
        verbs = [reading for reading in readings if reading.kind == "verb"]
        others = [reading for reading in readings if reading.kind != "verb"]
        as_verb = bool(verbs) and self._is_verb(sentence, first, verbs, bool(others), mentions)
        chosen = verbs if as_verb else others
        if not chosen:
            return None
        # What is chosen is no verb here, and the other kinds of reading are uses.
        use: Use = self._voice(sentence, first, last, verbs, mentions) if as_verb else chosen[0].kind  # type: ignore[assignment]
        return Trigger(first, last, use, tuple(reading.group for reading in chosen))

    def _is_verb(
        self, sentence: Sentence, i: int, verbs: Sequence[Reading], noun_too: bool, mentions: Sequence[Found]
    ) -> bool:
        forms = frozenset().union(*(reading.forms for reading in verbs))
        before = sentence[i - 1].lower if i else ""
        if before in self._words.auxiliaries:
            return True
        if "past" in forms or "participle" in forms:
            return not (noun_too and self._is_noun_place(before))
        if self._is_noun_place(before) or before in ("’s", "'s"):
            return False
        if "ing" in forms:
            return not noun_too or before in self._words.be
        if noun_too:
            return self._has_subject(i, mentions) and not self._noun_follows(sentence, i)
        return self._has_subject(i, mentions) or before in (*self._words.relatives, "and", "")

    def _is_noun_place(self, before: str) -> bool:
        words = self._words
        return before in words.determiners or before in words.prepositions or before in words.modifiers

    def _has_subject(self, i: int, mentions: Sequence[Found]) -> bool:
        return any(m.last == i - 1 for m in mentions)

    def _noun_follows(self, sentence: Sentence, i: int) -> bool:
        """Whether what follows suits a noun: an attack ON, BY, IN …, or the end of a phrase."""
        after = sentence[i + 1].lower if i + 1 < len(sentence) else "."
        return after in self._words.prepositions or not after[0].isalnum() or after in self._words.be

    def _voice(
        self, sentence: Sentence, first: int, last: int, verbs: Sequence[Reading], mentions: Sequence[Found]
    ) -> Use:
        forms = frozenset().union(*(reading.forms for reading in verbs))
        if "participle" not in forms:
            return "active"
        before = [word.lower for word in sentence[max(0, first - _LOOK_BACK) : first]]
        if _ends_with_auxiliary(before, self._words.be):
            return "passive"
        if _ends_with_auxiliary(before, self._words.have):
            return "active"
        if self._is_attributive(before, last, mentions):
            return "attributive"
        after = sentence[last + 1].lower if last + 1 < len(sentence) else ""
        return "passive" if after == "by" or "past" not in forms else "active"

    def _is_attributive(self, before: Sequence[str], last: int, mentions: Sequence[Found]) -> bool:
        """Whether a participle stands before its noun: the besieged city."""
        noun_follows = any(m.first <= last + 1 <= m.last or m.first == last + 1 for m in mentions)
        return (
            bool(before)
            and noun_follows
            and (before[-1] in self._words.determiners or before[-1] in self._words.prepositions)
        )


def _ends_with_auxiliary(before: Sequence[str], auxiliaries: frozenset[str]) -> bool:
    """Whether an auxiliary comes last but for adverbs, negation and other auxiliaries."""
    for word in reversed(before):
        if word in auxiliaries:
            return True
        if not (
            word.endswith("ly")
            or word in ("not", "n't", "n’t", "also", "now", "already", "since", "again", "both")
        ):
            return False
    return False
