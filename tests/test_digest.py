"""Digests add up over parts of any kind and order, and are what their definition says."""

import hashlib

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldwire.corpora.digest import Digest, of_annotations, of_bonds, of_documents
from goldwire.corpora.store import make_document
from goldwire.corpora.types import Annotations, Excluded, Mention, Provenance, Rejected, Span

LINES = st.lists(st.binary(max_size=8))


def added(*lines: bytes) -> int:
    """The definition, directly."""
    return sum(int(hashlib.sha256(line).hexdigest(), 16) for line in lines) % 2**256


@given(LINES)
def test_a_digest_is_the_sum_of_hashes_and_the_number_of_lines(lines):
    found = Digest.of(lines)
    assert (int(found.total.hex(), 16), found.count) == (added(*lines), len(lines))


@given(LINES, st.randoms(use_true_random=False))
def test_order_does_not_count(lines, random):
    other = list(lines)
    random.shuffle(other)
    assert Digest.of(other) == Digest.of(lines)


@given(st.lists(LINES))
def test_digests_of_parts_add_up_to_that_of_the_whole(parts):
    whole = Digest.of([line for part in parts for line in part])
    assert sum(map(Digest.of, parts), Digest()) == whole
    assert sum(map(Digest.of, reversed(parts)), Digest()).name == whole.name


@given(st.lists(st.sampled_from([b"", b"a", b"b"])), st.lists(st.sampled_from([b"", b"a", b"b"])))
def test_other_lines_have_another_name_however_often_they_are_there(one, two):
    assert (Digest.of(one).name == Digest.of(two).name) == (sorted(one) == sorted(two))


def test_nothing_is_not_an_empty_line():
    assert len({Digest().name, Digest.of([b""]).name, Digest.of([b"", b""]).name}) == 3


def test_the_name_is_of_the_sum_and_the_count():
    """Of one line `a`: the SHA-256 of `a`, then 1 as eight bytes, hashed again."""
    inner = hashlib.sha256(b"a").digest() + bytes(7) + b"\1"
    assert Digest.of([b"a"]).name == hashlib.sha256(inner).hexdigest()[:12]


def test_a_sum_beyond_2_to_the_256_begins_again():
    most = Digest(b"\xff" * 32, 1)
    assert int.from_bytes((most + most).total) == 2**256 - 2


@pytest.mark.parametrize("values", [{"total": b"short", "count": 1}, {"total": bytes(32), "count": -1}])
def test_what_is_no_digest_is_not_read_as_one(values):
    with pytest.raises(msgspec.ValidationError, match="no digest"):
        msgspec.msgpack.decode(msgspec.msgpack.encode(values), type=Digest)


def test_documents_are_digested_with_their_excluded_regions():
    one = make_document("d", "Rebels left.", excluded=(Excluded(start=0, end=6, reason="footer"),))
    line = f'["d","{one.sha256}",[[0,6]]]'.encode()
    assert int.from_bytes(of_documents([one]).total) == added(line)
    assert int.from_bytes(of_documents([make_document("d", one.text)]).total) == added(
        f'["d","{one.sha256}",[]]'.encode()
    )


MENTION = Mention(id="m", type="PER", spans=(Span(0, 2),))


def test_annotations_are_digested_without_who_made_them_and_with_what_was_rejected():
    plain = Annotations(document="d", sha256="0" * 64, mentions=(MENTION,))
    by_anna = msgspec.structs.replace(plain, provenance=Provenance(author="anna"))
    unit = Rejected(kind="unknown-type", unit="mention", message="")
    turned_away = msgspec.structs.replace(plain, rejected=(unit,))
    assert of_annotations([plain]) == of_annotations([by_anna]) != of_annotations([turned_away])
    # a line has the same hash beside one with rejected units as by itself
    other = msgspec.structs.replace(plain, document="e")
    both = of_annotations([other, turned_away])
    assert of_annotations([other]) + of_annotations([turned_away]) == both


def test_tokens_are_those_of_their_document():
    assert of_bonds([("a", "1"), ("b", "2")]) != of_bonds([("a", "2"), ("b", "1")])
