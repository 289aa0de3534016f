"""Mentions by word lists and patterns: names, capitalised runs, times, numbers, nominals."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import msgspec

from goldwire.corpora.sentences import Sentence
from goldwire.eval.reference.lexicon import Lexicon, Phrases, name_entries, nominal_entries, pattern

_JOINTS = frozenset(
    {"of", "for", "the", "and", "al", "-", "bin", "ibn", "de", "van", "von", "ul", "’s", "'s"}
)


class Found(msgspec.Struct, frozen=True, order=True):
    """A mention in a sentence: its first and last word, type and form (name, nominal or value)."""

    first: int
    last: int
    type: str
    form: str

    def holds(self, other: Found) -> bool:
        """Whether another mention lies in this one and is not the same stretch."""
        wider = (self.first, self.last) != (other.first, other.last)
        return wider and self.first <= other.first and other.last <= self.last


class Finder:
    """Finds the mentions of a lexicon's types in the sentences of one document after another."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._words = lexicon.words
        self._names = Phrases(name_entries(lexicon), fold=False)
        self._nominals = Phrases(nominal_entries(lexicon), fold=True)
        self._patterns = {type: pattern(rules) for type, rules in lexicon.mentions.items() if rules.patterns}
        self._tails = {tail: type for type, rules in lexicon.mentions.items() for tail in rules.tails}
        self._after = {word: type for type, rules in lexicon.mentions.items() for word in rules.after}
        self._titles = Phrases(
            [(title, type) for type, rules in lexicon.mentions.items() for title in rules.titles], fold=False
        )
        self._given = {name: type for type, rules in lexicon.mentions.items() for name in rules.given}

    def find(self, sentences: Sequence[Sentence], text: str) -> list[list[Found]]:
        """The mentions of each sentence, sorted; nominals are candidates, whether or not they fill a role."""
        found = [self._in_sentence(sentence, text) for sentence in sentences]
        surnames = {
            sentence[name.last].text: name.type
            for sentence, names in zip(sentences, found, strict=True)
            for name in names
            if name.form == "name" and name.type in self._given.values() and name.last > name.first
        }
        return [
            sorted({*names, *self._again(sentence, names, surnames)})
            for sentence, names in zip(sentences, found, strict=True)
        ]

    def _in_sentence(self, sentence: Sentence, text: str) -> list[Found]:
        values = list(self._values(sentence, text))
        names = [n for n in self._names_in(sentence) if not any(_overlap(n, v) for v in values)]
        nominals = [
            nominal
            for nominal in self._nominals_in(sentence, [*names, *values])
            if not any(_overlap(nominal, v) for v in values)
        ]
        return sorted({*values, *names, *nominals})

    def _values(self, sentence: Sentence, text: str) -> Iterator[Found]:
        """Times and numbers: the longest match at each place, types in the order of the lexicon."""
        taken: list[tuple[int, int]] = []
        begin, end = sentence[0].start, sentence[-1].end
        for type, patterns in self._patterns.items():
            matches = [m.span() for p in patterns for m in p.finditer(text, begin, end)]
            for start, stop in sorted(matches, key=lambda m: (m[0] - m[1], m[0])):
                covered = _covered(sentence, start, stop)
                if covered and not any(start < b and a < stop for a, b in taken):
                    taken.append((start, stop))
                    yield Found(*covered, type, "value")

    def _names_in(self, sentence: Sentence) -> list[Found]:
        listed = list(self._listed(sentence))
        runs = [run for run in self._runs(sentence) if not any(n.holds(run) or _same(n, run) for n in listed)]
        return [n for n in listed if not any(_crosses(n, run) for run in runs)] + runs

    def _listed(self, sentence: Sentence) -> Iterator[Found]:
        i = 0
        while i < len(sentence):
            match = self._names.at(sentence, i)
            if match is not None:
                yield Found(i, i + match[0] - 1, match[1][0], "name")
            i += match[0] if match else 1

    def _runs(self, sentence: Sentence) -> Iterator[Found]:
        """Runs of capitalised words whose type something beside or in them tells."""
        i = 0
        while i < len(sentence):
            if sentence[i].lower in self._words.determiners or sentence[i].lower in self._words.prepositions:
                i += 1  # with a capital at the beginning of a sentence
                continue
            title = self._title(sentence, i)
            begin = i + title
            last = _run_end(sentence, begin)
            if last < begin:
                i += 1
                continue
            found = self._typed_run(sentence, begin, last, after_title=title > 0)
            if found is not None:
                yield found
            i = last + 1

    def _title(self, sentence: Sentence, i: int) -> int:
        """How many words of titles begin at word `i`; several may follow each other."""
        length = 0
        while i + length < len(sentence) and (match := self._titles.at(sentence, i + length)):
            length += match[0]
            if length < len(sentence) - i and sentence[i + length].text == ".":
                length += 1
        return length

    def _typed_run(self, sentence: Sentence, first: int, last: int, *, after_title: bool) -> Found | None:
        person = next(iter(self._given.values()), None)
        if person and (after_title or self._begins_name(sentence, first, last)):
            return Found(first, last, person, "name")
        of = last > first and sentence[first + 1].text in ("of", "for")
        telling = sentence[first if of else last].text  # Ministry of Health, Health Ministry
        if last > first and telling in self._tails:
            return Found(first, last, self._tails[telling], "name")
        follower = sentence[last + 1].lower if last + 1 < len(sentence) else ""
        if follower in self._after and (first > 0 or last > first):
            return Found(first, last, self._after[follower], "name")
        if person and last - first in (1, 2) and self._speaks(sentence, first, last):
            return Found(first, last, person, "name")
        return None

    def _begins_name(self, sentence: Sentence, first: int, last: int) -> bool:
        return last > first and sentence[first].text in self._given

    def _speaks(self, sentence: Sentence, first: int, last: int) -> bool:
        beside = [sentence[i].lower for i in (first - 1, last + 1) if 0 <= i < len(sentence)]
        listed = any(self._names.at(sentence, i) for i in range(first, last + 1))
        return not listed and any(word in self._words.reporting for word in beside)

    def _nominals_in(self, sentence: Sentence, others: Sequence[Found]) -> Iterator[Found]:
        i = 0
        while i < len(sentence):
            match = self._nominals.at(sentence, i)
            inside = any(o.first <= i <= o.last for o in others)
            if match is None or inside or (sentence[i].text[0].isupper() and i > 0):
                i += 1
                continue
            yield Found(self._extent(sentence, i, others), i + match[0] - 1, match[1][0], "nominal")
            i += match[0]

    def _extent(self, sentence: Sentence, head: int, names: Sequence[Found]) -> int:
        """The first word of a nominal: modifiers and names before its head belong to it."""
        first = head
        while first > 0:
            name = next((n for n in names if n.last == first - 1 and n.form == "name"), None)
            if name is not None and sentence[first].text not in ("'s", "’s"):
                first = name.first
            elif sentence[first - 1].lower in self._words.modifiers:
                first -= 1
            else:
                break
        return first

    def _again(self, sentence: Sentence, names: Sequence[Found], surnames: dict[str, str]) -> Iterator[Found]:
        """Single words that are the last word of a person's name elsewhere in the document."""
        for i, word in enumerate(sentence):
            if word.text in surnames and not any(n.first <= i <= n.last and n.form == "name" for n in names):
                yield Found(i, i, surnames[word.text], "name")


def _run_end(sentence: Sentence, first: int) -> int:
    """The last word of the run of capitalised words that begins at `first`; `first - 1` if there is none."""
    last, i = first - 1, first
    while i < len(sentence):
        if _is_capital(sentence[i].text):
            last = i
        elif not (last >= first and sentence[i].text in _JOINTS and _joins(sentence, i)):
            break
        i += 1
    return last


def _joins(sentence: Sentence, i: int) -> bool:
    """Whether a capitalised word follows a joint, perhaps after one more joint."""
    if sentence[i].text in ("and", "’s", "'s", "the"):
        return False
    rest = [word.text for word in sentence[i + 1 : i + 3]]
    return bool(rest) and (
        _is_capital(rest[0]) or (rest[0] in _JOINTS and len(rest) > 1 and _is_capital(rest[1]))
    )


def _is_capital(text: str) -> bool:
    return re.match(r"[^\W\d_]", text) is not None and text[0].isupper()


def _covered(sentence: Sentence, start: int, stop: int) -> tuple[int, int] | None:
    """The words that begin and end just where a match does; None if it cuts one."""
    first = next((i for i, word in enumerate(sentence) if word.start == start), None)
    last = next((i for i, word in enumerate(sentence) if word.end == stop), None)
    return (first, last) if first is not None and last is not None else None


def _overlap(one: Found, other: Found) -> bool:
    return one.first <= other.last and other.first <= one.last


def _same(one: Found, other: Found) -> bool:
    return (one.first, one.last) == (other.first, other.last)


def _crosses(one: Found, other: Found) -> bool:
    return _overlap(one, other) and not (one.holds(other) or other.holds(one) or _same(one, other))
