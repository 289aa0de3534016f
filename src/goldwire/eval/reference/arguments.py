"""Arguments by position: what stands before and after a trigger, and behind which preposition."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from goldwire.corpora.ontology import Ontology
from goldwire.corpora.sentences import Sentence
from goldwire.eval.reference.lexicon import Group, Lexicon, Words
from goldwire.eval.reference.mentions import Found
from goldwire.eval.reference.triggers import Trigger

# Rules of thumb, in words of a sentence; none is fitted to a corpus.
REACH = 14  # behind a trigger, within which a prepositional phrase is taken to belong to it
LIGHT = 5  # before a noun, within which its light verb is looked for: "carried out another deadly raid"
FARTHER = 2  # that a time is taken to be farther from a noun than from a verb
_BETWEEN = frozenset({",", "and", "or", "&"})
_POSSESSIVE = frozenset({"'s", "’s", "'", "’"})


Draft = tuple[Trigger, Group, list[tuple[str, Found]]]
"""An event in a sentence: its trigger, the group it is read as, its arguments."""


class Chain(msgspec.Struct, frozen=True):
    """Mentions joined by "and" or commas, the words before the first of them that belong to it, and the
    preposition that governs them all.
    """

    mentions: tuple[Found, ...]
    start: int
    governor: str | None

    @property
    def end(self) -> int:
        """The last word of the last mention."""
        return self.mentions[-1].last


def chains(sentence: Sentence, mentions: Sequence[Found], words: Words) -> list[Chain]:
    """The outermost mentions of a sentence, joined."""
    outer = [m for m in mentions if not any(other.holds(m) for other in mentions)]
    starts = [_phrase_start(sentence, mention, outer, words) for mention in outer]
    groups: list[list[int]] = []
    for i in range(len(outer)):
        joined = i > 0 and _coordinated(sentence, outer[i - 1], outer[i], starts[i])
        if joined:
            groups[-1].append(i)
        else:
            groups.append([i])
    return [
        Chain(tuple(outer[i] for i in group), starts[group[0]], _governor(sentence, starts[group[0]], words))
        for group in groups
    ]


def _phrase_start(sentence: Sentence, mention: Found, others: Sequence[Found], words: Words) -> int:
    """Where the noun phrase of a mention begins: determiners, modifiers and numbers before it are its own."""
    start = mention.first
    while start > 0:
        number = next((m for m in others if m.last == start - 1 and m.form == "value"), None)
        before = sentence[start - 1].lower
        if number is not None and mention.form != "value":
            start = number.first
        elif before in words.determiners or before in words.modifiers or before == "’s":
            start -= 1
        else:
            break
    return start


def _governor(sentence: Sentence, start: int, words: Words) -> str | None:
    before = sentence[start - 1].lower if start else ""
    return before if before in words.prepositions else None


def _coordinated(sentence: Sentence, before: Found, mention: Found, start: int) -> bool:
    """Whether only commas and "and" stand between two mentions of like type."""
    gap = [word.lower for word in sentence[before.last + 1 : start]]
    if (
        not gap
        or any(word not in _BETWEEN for word in gap)
        or (before.form == "value") != (mention.form == "value")
    ):
        return False
    return gap != [","] or before.type == mention.type  # a comma alone joins a list, or parts two phrases


class Attacher:
    """Attaches mentions to triggers by the roles of a lexicon, where an ontology allows them."""

    def __init__(self, lexicon: Lexicon, ontology: Ontology) -> None:
        self._words, self._ontology = lexicon.words, ontology
        self._roles = {id(group): lexicon.roles_of(group) for group in lexicon.triggers}
        self._allowed = {
            (event, role): ontology.fillers(event, role)
            for event, type in ontology.events.items()
            for role in type.roles
        }

    def roles(self, group: Group) -> Mapping[str, str]:
        """The roles of a group (see `Lexicon.roles_of`)."""
        return self._roles[id(group)]

    def attach(
        self,
        sentence: Sentence,
        trigger: Trigger,
        group: Group,
        found: Sequence[Chain],
        others: Sequence[Trigger],
    ) -> list[tuple[str, Found]]:
        """The arguments of a trigger read as a group, times left out."""
        pairs = [
            (role, mention)
            for key, chain in self._placed(sentence, trigger, found, others)
            for role, mention in self.fill(group, key, chain.mentions)
        ]
        return sorted(set(pairs), key=lambda pair: (pair[1], pair[0]))

    def _placed(
        self, sentence: Sentence, trigger: Trigger, found: Sequence[Chain], others: Sequence[Trigger]
    ) -> Iterator[tuple[str, Chain]]:
        """Chains with the place they hold: subject, object, or a preposition."""
        if trigger.use in ("active", "passive"):
            subject = self._subject(sentence, trigger.first, found)
            if subject is not None:
                yield ("object" if trigger.use == "passive" else "subject"), subject
        if trigger.use in ("noun", "adjective"):
            yield from self._around_noun(sentence, trigger, found)
        yield from self._behind(sentence, trigger, found, others)
        yield from self._in_front(trigger, found, others)

    def _subject(self, sentence: Sentence, first: int, found: Sequence[Chain]) -> Chain | None:
        """The nearest chain before a verb that no preposition governs, in its clause."""
        words = self._words
        for chain in reversed([c for c in found if c.end < first and c.mentions[-1].form != "value"]):
            between = [word.lower for word in sentence[chain.end + 1 : first]]
            if between[:1] and between[0] in words.relatives and not words.borders & set(between[1:]):
                return chain
            if words.borders & set(between):
                return None
            if chain.governor is None:
                return chain
        return next(
            (c for c in found if c.end < first and c.governor is None and c.mentions[0].type == "NUM"), None
        )

    def _around_noun(
        self, sentence: Sentence, trigger: Trigger, found: Sequence[Chain]
    ) -> Iterator[tuple[str, Chain]]:
        for chain in found:
            gap = (
                [word.lower for word in sentence[chain.end + 1 : trigger.first]]
                if chain.end < trigger.first
                else None
            )
            if gap is not None and all(word in _POSSESSIVE or word in self._words.modifiers for word in gap):
                yield "subject", chain
        before = [sentence[i].lower for i in range(max(0, trigger.first - LIGHT), trigger.first)]
        light = [i for i, word in enumerate(before) if word in self._words.light]
        if light:
            subject = self._subject(sentence, trigger.first - len(before) + light[-1], found)
            if subject is not None:
                yield "subject", subject

    def _behind(
        self, sentence: Sentence, trigger: Trigger, found: Sequence[Chain], others: Sequence[Trigger]
    ) -> Iterator[tuple[str, Chain]]:
        end = min(
            [t.first for t in others if t.first > trigger.last and t.use in ("active", "passive")],
            default=len(sentence),
        )
        last = trigger.last
        for chain in found:
            if chain.start <= trigger.last or chain.start >= min(end, trigger.last + 1 + REACH):
                if trigger.use == "attributive" and chain.mentions[0].first <= trigger.last + 1 <= chain.end:
                    yield "object", chain
                continue
            if self._words.borders & {sentence[i].lower for i in range(last + 1, chain.start - 1)}:
                return
            last = chain.end
            if (
                chain.governor is None
                and chain.start == trigger.last + 1
                and trigger.use in ("active", "attributive")
            ):
                yield "object", chain
            elif chain.governor is not None and not (chain.governor == "of" and trigger.use != "noun"):
                yield chain.governor, chain

    def _in_front(
        self, trigger: Trigger, found: Sequence[Chain], others: Sequence[Trigger]
    ) -> Iterator[tuple[str, Chain]]:
        """A prepositional phrase that opens the sentence belongs to its first verb."""
        if any(other.first < trigger.first and other.use in ("active", "passive") for other in others):
            return
        if found and found[0].start == 1 and found[0].governor is not None and found[0].end < trigger.first:
            yield found[0].governor, found[0]

    def fill(self, group: Group, key: str, mentions: Sequence[Found]) -> Iterator[tuple[str, Found]]:
        """The roles of mentions that stand as subject, object or behind a preposition, where types allow."""
        roles = self.roles(group)
        role = roles.get(key)
        for mention in mentions:
            if role and mention.type in self._allowed.get((group.event, role), ()):
                yield role, mention
            elif key in ("subject", "object") and self._fits(group, roles.get("number"), mention):
                yield roles["number"], mention

    def _fits(self, group: Group, role: str | None, mention: Found) -> bool:
        return role is not None and mention.type in self._allowed.get((group.event, role), ())

    def complete(
        self,
        drafts: Sequence[Draft],
        mentions: Sequence[Found],
        owners: Mapping[Found, int] | None = None,
    ) -> list[Draft]:
        """Events with the numbers of their arguments and the times of the sentence besides.

        `owners` gives the place among the drafts of the event that a time belongs to, where that is known.
        """
        times = self._times(drafts, mentions, owners or {})
        return [
            (trigger, group, [*dict.fromkeys([*found, *self._numbers(group, found, mentions), *when])])
            for (trigger, group, found), when in zip(drafts, times, strict=True)
        ]

    def _numbers(
        self, group: Group, arguments: Sequence[tuple[str, Found]], mentions: Sequence[Found]
    ) -> Iterator[tuple[str, Found]]:
        """Numbers that stand directly before a subject or object: seven shopkeepers."""
        role = self.roles(group).get("number")
        for mention in mentions:
            counted = any(m.first == mention.last + 1 for _, m in arguments)
            if role and counted and self._fits(group, role, mention):
                yield role, mention

    def _times(
        self, drafts: Sequence[Draft], mentions: Sequence[Found], owners: Mapping[Found, int]
    ) -> list[list[tuple[str, Found]]]:
        """Each time of a sentence with its owner, or with the event whose trigger is nearest."""
        found: list[list[tuple[str, Found]]] = [[] for _ in drafts]
        for mention in mentions:
            near = [
                (i != owners.get(mention, i), _distance(trigger, mention), i)
                for i, (trigger, group, _) in enumerate(drafts)
                if self._fits(group, self.roles(group).get("time"), mention)
            ]
            if near:
                i = min(near)[-1]
                found[i].append((self.roles(drafts[i][1])["time"], mention))
        return found


def _distance(trigger: Trigger, mention: Found) -> int:
    """Words from one to the other; a noun counts as farther than a verb."""
    farther = 0 if trigger.use in ("active", "passive") else FARTHER
    return max(mention.first - trigger.last, trigger.first - mention.last) + farther
