"""Parts of a corpus: each document in one, near-duplicates together."""

from __future__ import annotations

import pytest

from goldwire.corpora.errors import CorpusError
from goldwire.corpora.parts import Part, place


def test_each_document_is_in_one_part_and_parts_are_about_as_large():
    sizes = [0] * 10
    for number in range(10_000):
        taken = [part for part in range(1, 11) if Part(part, 10).takes(f"d{number}", None)]
        assert len(taken) == 1
        sizes[taken[0] - 1] += 1
    assert min(sizes) > 900  # 1,000 on average, with a standard deviation of 30


def test_near_duplicates_are_in_one_part():
    assert len({place("g1", 400) for _ in ("a", "b")}) == 1
    assert Part(place("g1", 400), 400).takes("a", "g1")
    assert Part(place("g1", 400), 400).takes("b", "g1")


def test_a_part_of_many_lies_in_one_part_of_few():
    for key in ("a", "b", "ü", "\ud800"):
        assert (place(key, 400) - 1) % 100 == place(key, 100) - 1


@pytest.mark.parametrize("text", ["0/400", "401/400", "17", "17/0", "1/1000001", "-1/4", "١/٢", "1/2/3", ""])
def test_what_is_no_part_is_refused(text):
    with pytest.raises(CorpusError, match="no part"):
        Part.parse(text)


def test_a_part_is_read_as_it_is_written():
    assert Part.parse(str(Part(17, 400))) == Part(17, 400)
