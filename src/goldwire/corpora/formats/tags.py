"""Tag sequences to mentions and back: IOB1, IOB2, IOE1, IOE2, IOBES (also as BILOU) and IO.

A tag is `O`, or a prefix and a type: `B-LOC`. What a sequence that breaks its scheme means is a policy:

- `conlleval`: every tag but `O` belongs to a mention. One begins at B or S, after E or S, and where the type
  changes; it ends before the next and at O. This is the definition of seqeval's default mode, whatever the
  scheme, and on tags with B and I alone that of the CoNLL-2000 script. The script in Perl knows no S, and for
  it no mention ends between an E and a B: `B-X E-X B-X E-X` is one mention there and two here.
- `discard`: a tag that continues nothing (I or E without a mention of its type before it) is read as O.
- `strict`: a mention whose tags do not follow the scheme from its first to its last is none. For IOB2, IOE2,
  IOBES and BILOU this is seqeval's strict mode.
- `reject`: such a mention is an error.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Literal, get_args

from goldwire.corpora.errors import DataError, Fault

Scheme = Literal["IOB1", "IOB2", "IOE1", "IOE2", "IOBES", "BILOU", "IO"]
Policy = Literal["conlleval", "discard", "strict", "reject"]
Chunk = tuple[int, int, str]  # first token, the token after the last, type

SCHEMES: tuple[Scheme, ...] = get_args(Scheme)
POLICIES: tuple[Policy, ...] = get_args(Policy)
UNTYPED = "_"  # the type of a tag that is a prefix alone, as in seqeval
_TAG = re.compile(r"([BIESLU])(?:-(.+))?")
_SUFFIXED = re.compile(r"(.+)-([BIESLU])")
_SAME = {"L": "E", "U": "S"}  # BILOU's names for what IOBES calls E and S


@lru_cache(maxsize=4096)  # files hold few tags many times; hostile ones cannot fill memory
def parse(tag: str) -> tuple[str, str]:
    """Prefix (O, B, I, E or S) and type of a tag; `ValueError` if it is none.

    >>> parse("U-creative-work"), parse("O")
    (('S', 'creative-work'), ('O', ''))
    """
    if tag == "O":
        return "O", ""
    match = _TAG.fullmatch(tag)
    if match is None:
        raise ValueError(f"{tag!r} is no tag: O, or one of B I E S L U with -TYPE behind it")
    return _SAME.get(match[1], match[1]), match[2] or UNTYPED


def to_prefix(tag: str) -> str:
    """A tag whose type stands first with the prefix in front; anything else as it is.

    >>> to_prefix("work-of-art-B"), to_prefix("O")
    ('B-work-of-art', 'O')
    """
    match = _SUFFIXED.fullmatch(tag)
    return f"{match[2]}-{match[1]}" if match else tag


def bare(tag: str) -> str:
    """A type alone as a tag of IO; what is a tag already, as it is.

    >>> bare("PER"), bare("O"), bare("I-PER")
    ('I-PER', 'O', 'I-PER')
    """
    return tag if tag in ("O", "") or _TAG.fullmatch(tag) else f"I-{tag}"


def decode(tags: Sequence[str], scheme: Scheme = "IOB2", policy: Policy = "conlleval") -> list[Chunk]:
    """The mentions that a sequence of tags marks, in order.

    Raises `DataError` if a string is no tag, and under `reject` if a mention breaks the scheme; the faults'
    paths are indices of tokens.

    >>> decode(["I-LOC", "O", "B-PER", "I-PER", "I-LOC"])
    [(0, 1, 'LOC'), (2, 4, 'PER'), (4, 5, 'LOC')]
    >>> decode(["I-LOC", "O", "B-PER", "I-PER", "I-LOC"], policy="strict")
    [(2, 4, 'PER')]
    """
    if tags.count("O") == len(tags):
        return []
    pairs = parse_all(tags)
    if policy == "discard":
        return chunks(_discarded(pairs, scheme))
    found = chunks(pairs)
    if policy == "conlleval":
        return found
    sound = [chunk for chunk in found if _follows(pairs, chunk, scheme)]
    if policy == "reject" and len(sound) < len(found):
        raise DataError("tags break their scheme", _faults(tags, set(found) - set(sound), scheme))
    return sound


def reading(scheme: Scheme, policy: Policy) -> str:
    """How tags are read, for the signatures of scores; to conlleval the scheme makes no difference."""
    return policy if policy == "conlleval" else f"{policy}-{scheme}"


def parse_all(tags: Sequence[str]) -> list[tuple[str, str]]:
    """Prefix and type of each tag; `DataError` with everything that is no tag."""
    try:
        return list(map(parse, tags))
    except ValueError:
        faults = [Fault("", str(i), str(error)) for i, tag in enumerate(tags) if (error := _error(tag))]
        raise DataError("not all are tags", faults) from None


def _error(tag: str) -> ValueError | None:
    try:
        parse(tag)
    except ValueError as error:
        return error
    return None


def chunks(pairs: Iterable[tuple[str, str]]) -> list[Chunk]:
    """The mentions of parsed tags by the definition of conlleval."""
    found: list[Chunk] = []
    start = after = -1  # of the mention that is open: its first token, and the token behind its last so far
    before = inside = ""
    for i, (prefix, type) in enumerate(pairs):
        if prefix == "O":
            continue
        if i != after or prefix in "BS" or before in "ES" or type != inside:
            if after > 0:
                found.append((start, after, inside))
            start, inside = i, type
        before, after = prefix, i + 1
    if after > 0:
        found.append((start, after, inside))
    return found


_Pairs = Sequence[tuple[str, str]]


def _discarded(pairs: _Pairs, scheme: Scheme) -> list[tuple[str, str]]:
    """The tags with O in place of those that continue nothing or are foreign to the scheme."""
    kept: list[tuple[str, str]] = []
    before = ("O", "")
    for prefix, type in pairs:
        continues = type == before[1] and before[0] in "BI"
        ends = type == before[1] and before[0] in "BIE"
        valid = prefix in _PREFIXES[scheme] and (
            prefix not in _CONTINUE[scheme] or continues or (prefix == "B" and ends)
        )
        before = (prefix, type) if valid else ("O", "")
        kept.append(before)
    return kept


# What a scheme may use, and what needs a mention of the same type before it.
_PREFIXES: Mapping[Scheme, str] = {
    "IOB1": "OIB", "IOB2": "OIB", "IOE1": "OIE", "IOE2": "OIE", "IOBES": "OIBES", "BILOU": "OIBES",
    "IO": "OI",
}  # fmt: skip
_CONTINUE: Mapping[Scheme, str] = {
    "IOB1": "B", "IOB2": "I", "IOE1": "", "IOE2": "", "IOBES": "IE", "BILOU": "IE", "IO": "",
}  # fmt: skip


def _follows(pairs: _Pairs, chunk: Chunk, scheme: Scheme) -> bool:
    """Whether the tags of a chunk, seen with their neighbours, are those that the scheme asks for."""
    start, end, type = chunk
    prefixes = "".join(prefix for prefix, _ in pairs[start:end])
    after_same = start > 0 and pairs[start - 1][1] == type
    before_same = end < len(pairs) and pairs[end][1] == type
    return prefixes == _WRITTEN[scheme](end - start, after_same, before_same)


def _faults(tags: Sequence[str], bad: Iterable[Chunk], scheme: Scheme) -> list[Fault]:
    return [
        Fault("", str(start), f"{' '.join(tags[start:end])} is no mention in {scheme}")
        for start, end, _ in sorted(bad)
    ]


# The prefixes of a mention: its length, and whether one of the same type touches it before and behind.
_WRITTEN: Mapping[Scheme, Callable[[int, bool, bool], str]] = {
    "IOB1": lambda n, after, _: ("B" if after else "I") + "I" * (n - 1),
    "IOB2": lambda n, _, __: "B" + "I" * (n - 1),
    "IOE1": lambda n, _, before: "I" * (n - 1) + ("E" if before else "I"),
    "IOE2": lambda n, _, __: "I" * (n - 1) + "E",
    "IOBES": lambda n, _, __: "S" if n == 1 else "B" + "I" * (n - 2) + "E",
    "BILOU": lambda n, _, __: "S" if n == 1 else "B" + "I" * (n - 2) + "E",
    "IO": lambda n, _, __: "I" * n,
}


def encode(found: Iterable[Chunk], length: int, scheme: Scheme = "IOB2") -> list[str]:
    """The tags of a sequence of `length` tokens with these mentions.

    Raises `ValueError` if two overlap, or if IO would make one mention of two.

    >>> encode([(0, 1, "LOC"), (1, 3, "LOC")], 4, "IOB1")
    ['I-LOC', 'B-LOC', 'I-LOC', 'O']
    """
    items = sorted(found)
    tags = ["O"] * length
    for i, (start, end, type) in enumerate(items):
        after = i > 0 and items[i - 1][1:] == (start, type)
        before = i + 1 < len(items) and (items[i + 1][0], items[i + 1][2]) == (end, type)
        if i > 0 and items[i - 1][1] > start:
            raise ValueError(f"{items[i - 1]} and {items[i]} overlap")
        if scheme == "IO" and after:
            raise ValueError(f"IO cannot part {items[i - 1]} from {items[i]}")
        prefixes = _WRITTEN[scheme](end - start, after, before)
        named = prefixes.replace("E", "L").replace("S", "U") if scheme == "BILOU" else prefixes
        tags[start:end] = [f"{prefix}-{type}" for prefix in named]
    return tags


def detect(sequences: Iterable[Sequence[str]]) -> Scheme:
    """The scheme of tag sequences, by the prefixes that occur; IOB1 and IOE1 only if they alone fit.

    Strings that are no tags say nothing. Whether a mention is begun and ended as a scheme asks can be seen at
    each two tags that follow each other, of which files hold few different ones.

    >>> detect([["O", "B-PER", "I-PER"]]), detect([["I-PER", "B-PER", "O"]])
    ('IOB2', 'IOB1')
    """
    found: set[tuple[str, str]] = set()
    for tags in sequences:
        found.update(pairwise(("O", *tags, "O")))
    known = [(one, other) for one, other in found if not (_error(one) or _error(other))]
    seen = {tag[0] for pair in known for tag in pair} - {"O"}
    if seen & set("LU"):
        return "BILOU"
    if "S" in seen or {"B", "E"} <= seen:
        return "IOBES"
    if seen <= {"I"}:
        return "IO"
    wide: Scheme
    narrow: Scheme
    wide, narrow = ("IOE2", "IOE1") if "E" in seen else ("IOB2", "IOB1")
    pairs = [(parse(one), parse(other)) for one, other in known]
    breaks = {scheme: any(_BREAKS[scheme](*pair) for pair in pairs) for scheme in (wide, narrow)}
    return narrow if breaks[wide] and not breaks[narrow] else wide


_Parsed = tuple[str, str]
# Whether two tags that follow each other break a scheme, of sequences with its prefixes alone.
_BREAKS: Mapping[str, Callable[[_Parsed, _Parsed], bool]] = {
    "IOB2": lambda one, other: other[0] == "I" and one[1] != other[1],
    "IOB1": lambda one, other: other[0] == "B" and one[1] != other[1],
    "IOE2": lambda one, other: one[0] == "I" and one[1] != other[1],
    "IOE1": lambda one, other: one[0] == "E" and one[1] != other[1],
}
