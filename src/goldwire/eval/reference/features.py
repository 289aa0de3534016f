"""Features of a word, a trigger, or a pair of trigger and mention, for linear models: one string each."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

import msgspec

from goldwire.corpora.sentences import Sentence
from goldwire.eval.reference.lexicon import Lexicon, Phrases, name_entries, nominal_entries, trigger_entries

WINDOW = 2  # words to each side that are features of a word
_BUCKETS = (0, 1, 2, 3, 5, 8, 12, 20)
_NEAR = 6  # words around a trigger that are features of its attributes
_PATH = 4  # the most words between trigger and mention that are taken as one
_GAP = 8  # words between trigger and mention that are features
_BE = frozenset({"was", "were", "been", "be", "being", "is", "are"})


class Unit(msgspec.Struct, frozen=True):
    """A mention or trigger as a model sees it: sentence, first and last word, type."""

    sentence: int
    first: int
    last: int
    type: str


@lru_cache(maxsize=50_000)
def shape(text: str) -> str:
    """The kinds of characters of a word, runs shortened: Mazar is Aa, B-52 is A-0.

    >>> shape("Sheberghan"), shape("4,000"), shape("UN")
    ('Aa', '0,0', 'A')
    """
    kinds = "".join("0" if c.isdigit() else "A" if c.isupper() else "a" if c.isalpha() else c for c in text)
    return re.sub(r"(.)\1+", r"\1", kinds)


def bucket(distance: int) -> str:
    """A distance in words, coarser the farther."""
    return str(next((i for i, limit in enumerate(_BUCKETS) if abs(distance) <= limit), len(_BUCKETS)))


class Lookup:
    """What a lexicon says of each word of a sentence; without a lexicon, nothing."""

    def __init__(self, lexicon: Lexicon | None) -> None:
        self._tables: dict[str, Phrases[str]] = {}
        self._titles: frozenset[str] = frozenset()
        if lexicon is not None:
            triggers = [(phrase, reading.group.event) for phrase, reading in trigger_entries(lexicon)]
            self._tables = {
                "name": Phrases(name_entries(lexicon), fold=False),
                "nominal": Phrases(nominal_entries(lexicon), fold=True),
                "trigger": Phrases(triggers, fold=True),
            }
            rules = lexicon.mentions.values()
            self._titles = frozenset(title for rule in rules for title in (*rule.titles, *rule.given))

    def tags(self, sentence: Sentence) -> list[list[str]]:
        """For each word, the lists it is on, first words marked."""
        found: list[list[str]] = [[] for _ in sentence]
        for table, phrases in self._tables.items():
            for i in range(len(sentence)):
                length, meanings = phrases.at(sentence, i) or (0, [])
                for type in dict.fromkeys(meanings):
                    found[i].append(f"{table}:B-{type}")
                    for j in range(i + 1, i + length):
                        found[j].append(f"{table}:I-{type}")
        for i, word in enumerate(sentence):
            if word.text in self._titles:
                found[i].append("title")
        return found


def word_features(sentence: Sentence, lookup: Lookup, outer: Sequence[str] | None = None) -> list[list[str]]:
    """The features of each word: itself and its neighbours, their shapes and affixes, word lists.

    `outer` are the tags of mentions around, for a model of those inside.
    """
    listed = lookup.tags(sentence)
    return [list(_word(sentence, i, listed, outer)) for i in range(len(sentence))]


def _word(
    sentence: Sentence, i: int, listed: Sequence[Sequence[str]], outer: Sequence[str] | None
) -> Iterator[str]:
    yield "bias"
    lower = sentence[i].lower
    yield from (f"p3={lower[:3]}", f"s2={lower[-2:]}", f"s3={lower[-3:]}", f"s4={lower[-4:]}")
    for offset in range(-WINDOW, WINDOW + 1):
        j = i + offset
        if not 0 <= j < len(sentence):
            yield f"{offset}:edge"
            continue
        yield f"{offset}:w={sentence[j].lower}"
        yield f"{offset}:shape={shape(sentence[j].text)}"
        yield from (f"{offset}:{tag}" for tag in listed[j])
        if outer is not None:
            yield f"{offset}:outer={outer[j]}"
    if i:
        yield f"pair={sentence[i - 1].lower}_{lower}"
    if i + 1 < len(sentence):
        yield f"pair+={lower}_{sentence[i + 1].lower}"


def attribute_features(sentence: Sentence, unit: Unit) -> list[str]:
    """What bears on an attribute of a mention or event: its words and those around."""
    inside = [word.lower for word in sentence[unit.first : unit.last + 1]]
    before = [word.lower for word in sentence[max(0, unit.first - _NEAR) : unit.first]]
    after = [word.lower for word in sentence[unit.last + 1 : unit.last + 1 + _NEAR]]
    quoted = sum(word.text in '“”"' for word in sentence[: unit.first]) % 2
    return [
        "bias",
        f"type={unit.type}",
        f"text={' '.join(inside)}",
        f"type+text={unit.type}+{inside[-1]}",
        f"shape={shape(sentence[unit.last].text)}",
        f"s3={inside[-1][-3:]}",
        f"quoted={quoted}",
        *(f"before={word}" for word in before),
        *(f"after={word}" for word in after),
        *(f"-{n}={word}" for n, word in enumerate(reversed(before[-3:]), start=1)),
        *(f"+{n}={word}" for n, word in enumerate(after[:2], start=1)),
        f"-2-1={' '.join(before[-2:])}",
    ]


def pair_features(
    sentences: Sequence[Sentence],
    trigger: Unit,
    mention: Unit,
    mentions: Sequence[Unit],
    triggers: Sequence[Unit],
) -> list[str]:
    """What bears on the role of a mention in an event: how the two stand, and what lies between."""
    here = sentences[mention.sentence]
    order = _order(trigger, mention)
    before = here[mention.first - 1].lower if mention.first else "^"
    before2 = here[mention.first - 2].lower if mention.first > 1 else "^"
    after = here[mention.last + 1].lower if mention.last + 1 < len(here) else "$"
    words = " ".join(word.lower for word in sentences[trigger.sentence][trigger.first : trigger.last + 1])
    kind = f"{trigger.type}+{mention.type}"
    features = [
        "bias",
        kind,
        f"{kind}+{order}",
        f"{trigger.type}+{order}",
        f"{mention.type}+{order}",
        f"{trigger.type}+before={before}",
        f"{kind}+before={before}",
        f"before={before}",
        f"before2={before2} {before}",
        f"after={after}",
        f"trigger={words}",
        f"trigger={words}+{mention.type}+{order}",
        f"head={here[mention.last].lower}+{trigger.type}",
        f"sentence={mention.sentence - trigger.sentence}+{kind}",
    ]
    if trigger.sentence == mention.sentence:
        others = [unit for unit in mentions if unit.sentence == mention.sentence]
        events = [unit for unit in triggers if unit.sentence == trigger.sentence]
        features += [f"{feature}+{order}" for feature in _between(here, trigger, mention, others, events)]
    return features


def _order(trigger: Unit, mention: Unit) -> str:
    if mention.sentence != trigger.sentence:
        return "earlier" if mention.sentence < trigger.sentence else "later"
    if mention.first <= trigger.last and trigger.first <= mention.last:
        return "around"
    return "left" if mention.last < trigger.first else "right"


def _between(
    here: Sentence, trigger: Unit, mention: Unit, mentions: Sequence[Unit], triggers: Sequence[Unit]
) -> Iterator[str]:
    kind = f"{trigger.type}+{mention.type}"
    first, last = sorted([trigger, mention], key=lambda unit: unit.first)
    gap = range(first.last + 1, last.first)
    words = [here[i].lower for i in gap]
    inside = [unit for unit in mentions if unit.first in gap and unit.last in gap]
    yield f"distance={bucket(len(words))}"
    yield f"distance={bucket(len(words))}+{kind}"
    yield f"between={bucket(len(inside))}"
    yield f"same={bucket(sum(unit.type == mention.type for unit in inside))}+{kind}"
    yield f"events={bucket(sum(unit.first in gap for unit in triggers))}"
    yield f"path={' '.join(words) if len(words) <= _PATH else '…'}"
    yield from (f"gap={word}" for word in words[:_GAP])
    auxiliaries = {word.lower for word in here[max(0, trigger.first - 3) : trigger.first]} & _BE
    yield f"passive={bool(auxiliaries)}+{trigger.type}"
    yield f"passive={bool(auxiliaries)}+{kind}"
