"""Tag sequences mean what conlleval and seqeval say, and come back through every scheme."""

import warnings
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from seqeval.metrics.sequence_labeling import get_entities
from seqeval.scheme import BILOU, IOB2, IOBES, IOE2, Entities

from goldwire.corpora.errors import DataError
from goldwire.corpora.formats.tags import (
    POLICIES,
    SCHEMES,
    Chunk,
    Scheme,
    chunks,
    decode,
    detect,
    encode,
    parse_all,
)

any_tag = st.sampled_from(["O", *(f"{prefix}-{type}" for prefix in "BIES" for type in "AB")])
STRICT = {"IOB2": (IOB2, "BI"), "IOE2": (IOE2, "IE"), "IOBES": (IOBES, "BIES"), "BILOU": (BILOU, "BILU")}


@given(st.lists(any_tag, max_size=12))
def test_conlleval_is_the_default_mode_of_seqeval(tags: list[str]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = [(start, end + 1, type) for type, start, end in get_entities(tags)]
    assert decode(tags, policy="conlleval") == theirs


def perl(tags: list[str]) -> list[Chunk]:
    """The mentions of conlleval.pl: its endOfChunk and startOfChunk, as pairs of prefixes."""
    ends = {"BB", "BO", "IB", "IO", "EE", "EI", "EO"}
    starts = {"BB", "IB", "OB", "OI", "EE", "EI", "OE"}
    found, start, before, inside = [], -1, "O", ""
    for i, tag in enumerate([*tags, "O"]):
        prefix, type = (tag[0], tag[2:]) if tag != "O" else ("O", "")
        if start >= 0 and (before + prefix in ends or (before != "O" and inside != type)):
            found.append((start, i, inside))
            start = -1
        if before + prefix in starts or (prefix != "O" and inside != type):
            start = i
        before, inside = prefix, type
    return found


@given(st.lists(st.sampled_from(["O", "B-A", "I-A", "B-B", "I-B"]), max_size=10))
def test_conlleval_is_the_script_in_perl_on_tags_with_b_and_i(tags: list[str]) -> None:
    assert decode(tags, policy="conlleval") == perl(tags)


def test_an_e_before_a_b_ends_a_mention_here_and_not_in_the_script() -> None:
    # "East Alpine Winter Games" as two mentions in gold and one of the system: none of two is right here; to
    # the script both are one mention of four tokens, and all is right.
    gold, system = ["B-MISC", "E-MISC"] * 2, ["B-MISC", "I-MISC", "I-MISC", "E-MISC"]
    assert decode(gold) == [(0, 2, "MISC"), (2, 4, "MISC")]
    assert decode(system) == [(0, 4, "MISC")]
    assert perl(gold) == perl(system) == [(0, 4, "MISC")]


@pytest.mark.parametrize("scheme", STRICT)
@given(data=st.data())
def test_strict_is_the_strict_mode_of_seqeval(scheme: Scheme, data: st.DataObject) -> None:
    theirs, prefixes = STRICT[scheme]
    tag = st.sampled_from(["O", *(f"{prefix}-{type}" for prefix in prefixes for type in "AB")])
    tags = data.draw(st.lists(tag, max_size=12))
    expected = [(entity.start, entity.end, entity.tag) for entity in Entities([tags], theirs).entities[0]]
    assert decode(tags, scheme, "strict") == expected


def conlleval(tags: list[str]) -> list[Chunk]:
    """Written from the prose of the CoNLL-2000 evaluation alone, for IOB: a phrase starts at B, and at an I
    that follows O or another type; it ends before the next start and before O."""
    starts = [
        i
        for i, tag in enumerate(tags)
        if tag[0] == "B" or (tag[0] == "I" and (i == 0 or tags[i - 1] == "O" or tags[i - 1][2:] != tag[2:]))
    ]
    ends = [
        next((j for j in range(i + 1, len(tags)) if tags[j] == "O" or j in starts), len(tags)) for i in starts
    ]
    return [(start, end, tags[start][2:]) for start, end in zip(starts, ends, strict=True)]


@given(st.lists(st.sampled_from(["O", "B-A", "I-A", "B-B", "I-B"]), max_size=12))
def test_conlleval_is_what_the_task_said(tags: list[str]) -> None:
    assert decode(tags) == conlleval(tags)


@st.composite
def sequences(draw: st.DrawFn) -> tuple[list[Chunk], int]:
    """Mentions that do not overlap, and the length of their sentence."""
    found, end = [], 0
    for gap, size, type in draw(
        st.lists(st.tuples(st.integers(0, 2), st.integers(1, 3), st.sampled_from("AB")))
    ):
        found.append((end + gap, end + gap + size, type))
        end += gap + size
    return found, end + draw(st.integers(0, 2))


@pytest.mark.parametrize("scheme", [scheme for scheme in SCHEMES if scheme != "IO"])
@given(given_=sequences())
def test_mentions_come_back_through_every_scheme_and_policy(
    scheme: Scheme, given_: tuple[list[Chunk], int]
) -> None:
    found, length = given_
    tags = encode(found, length, scheme)
    assert [decode(tags, scheme, policy) for policy in POLICIES] == [found] * len(POLICIES)


@given(sequences())
def test_io_gives_back_mentions_that_do_not_touch(given_: tuple[list[Chunk], int]) -> None:
    found, length = given_
    touching = any(a[1:] == (b[0], b[2]) for a, b in pairwise(found))
    if touching:
        with pytest.raises(ValueError, match="IO cannot part"):
            encode(found, length, "IO")
    else:
        assert decode(encode(found, length, "IO"), "IO", "reject") == found


@pytest.mark.parametrize(
    ("tags", "scheme", "policy", "found"),
    [
        ("I-A I-A O", "IOB2", "conlleval", [(0, 2, "A")]),
        ("I-A I-A O", "IOB2", "discard", []),
        ("I-A I-A O", "IOB2", "strict", []),
        ("B-A I-B I-B", "IOB2", "conlleval", [(0, 1, "A"), (1, 3, "B")]),
        ("B-A I-B I-B", "IOB2", "discard", [(0, 1, "A")]),
        ("B-A I-A O", "IOBES", "discard", [(0, 2, "A")]),
        ("B-A I-A O", "IOBES", "strict", []),
        ("B-A I-B E-B", "IOBES", "discard", [(0, 1, "A")]),
        ("O B-A I-A", "IOB1", "discard", [(2, 3, "A")]),
        ("O B-A I-A", "IOB1", "strict", []),
        ("I-A B-A I-A", "IOB1", "strict", [(0, 1, "A"), (1, 3, "A")]),
        ("I-A E-A I-A", "IOE1", "strict", [(0, 2, "A"), (2, 3, "A")]),
        ("I-A I-A", "IOE2", "strict", []),
        ("I-A I-A", "IOE2", "discard", [(0, 2, "A")]),
        ("B-A U-A", "IOB2", "discard", [(0, 1, "A")]),
        ("I-A I-A I-B", "IO", "strict", [(0, 2, "A"), (2, 3, "B")]),
        ("B I O S", "IOBES", "conlleval", [(0, 2, "_"), (3, 4, "_")]),
    ],
)
def test_policies_differ_as_their_definitions_say(tags: str, scheme, policy, found: list[Chunk]) -> None:  # type: ignore[no-untyped-def]
    assert decode(tags.split(), scheme, policy) == found


def test_reject_names_every_mention_that_breaks_the_scheme() -> None:
    with pytest.raises(DataError) as caught:
        decode(["I-A", "O", "B-A", "I-A", "I-B"], "IOB2", "reject")
    assert [(fault.path, fault.message) for fault in caught.value.faults] == [
        ("0", "I-A is no mention in IOB2"),
        ("4", "I-B is no mention in IOB2"),
    ]


def test_what_is_no_tag_is_refused_by_every_policy_at_its_place() -> None:
    for policy in POLICIES:
        with pytest.raises(DataError) as caught:
            decode(["O", "PER", "B-A", "B_A", "-"], "IOB2", policy)
        assert [fault.path for fault in caught.value.faults] == ["1", "3", "4"]


def test_mentions_that_overlap_cannot_be_tags() -> None:
    with pytest.raises(ValueError, match="overlap"):
        encode([(0, 2, "A"), (1, 3, "B")], 3)


@pytest.mark.parametrize(
    ("tags", "scheme"),
    [
        ("O O", "IO"),
        ("I-A O", "IO"),
        ("B-A I-A", "IOB2"),
        ("B-A I-B", "IOB2"),
        ("I-A B-A", "IOB1"),
        ("I-A O B-A", "IOB2"),
        ("I-A E-A", "IOE2"),
        ("I-A E-A I-A", "IOE1"),
        ("S-A", "IOBES"),
        ("B-A E-A", "IOBES"),
        ("U-A", "BILOU"),
        ("B-A L-A", "BILOU"),
    ],
)
def test_scheme_is_told_from_the_tags(tags: str, scheme: Scheme) -> None:
    assert detect([tags.split()]) == scheme


@given(st.sampled_from([scheme for scheme in SCHEMES if scheme != "IO"]), sequences())
def test_scheme_that_is_told_decodes_what_was_written(
    scheme: Scheme, given_: tuple[list[Chunk], int]
) -> None:
    found, length = given_
    tags = encode(found, length, scheme)
    assert decode(tags, detect([tags]), "strict") == found == chunks(parse_all(tags))
