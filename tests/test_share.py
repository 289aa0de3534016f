"""Documents are shared out by their ids alone: the same tomorrow, and little moves when somebody joins."""

import math

import pytest

from goldwire.annotate.sync.share import assign
from goldwire.corpora.errors import CorpusError
from goldwire.corpora.store import make_document
from goldwire.corpora.types import Document

MANY = [make_document(f"d{number}", f"Text {number}.") for number in range(2000)]
NAMES = ["anna", "ben", "cleo"]


def holders(shares: dict[str, list[Document]]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {document.id: set() for document in MANY}
    for name, documents in shares.items():
        for document in documents:
            found[document.id].add(name)
    return found


def test_every_document_has_one_person_without_overlap() -> None:
    assert {len(names) for names in holders(assign(MANY, NAMES)).values()} == {1}


def test_overlap_is_the_share_that_two_people_do() -> None:
    sizes = [len(names) for names in holders(assign(MANY, NAMES, 0.2)).values()]
    assert set(sizes) == {1, 2}
    # Five standard deviations of a binomial distribution: 2000 draws at 0.2.
    assert abs(sizes.count(2) - 400) < 5 * math.sqrt(2000 * 0.2 * 0.8)
    assert {len(names) for names in holders(assign(MANY, NAMES, 1.0)).values()} == {2}


def test_shares_are_even() -> None:
    for documents in assign(MANY, NAMES).values():
        assert abs(len(documents) - 2000 / 3) < 5 * math.sqrt(2000 / 3 * 2 / 3)


def test_new_name_takes_its_share_and_moves_nothing_else() -> None:
    before, after = holders(assign(MANY, NAMES)), holders(assign(MANY, [*NAMES, "dan"]))
    moved = [id for id in before if before[id] != after[id]]
    assert {name for id in moved for name in after[id]} == {"dan"}
    assert abs(len(moved) - 500) < 5 * math.sqrt(2000 / 4 * 3 / 4)


def test_order_of_names_and_documents_does_not_matter() -> None:
    backwards = assign(MANY[::-1], NAMES[::-1], 0.3)
    assert holders(assign(MANY, NAMES, 0.3)) == holders(backwards)


def test_near_duplicates_go_to_the_same_people() -> None:
    twins = [make_document(f"t{number}", f"Twin {number}.", group="t0") for number in range(20)]
    assert sorted(len(documents) for documents in assign(twins, NAMES).values()) == [0, 0, 20]


def test_overlap_of_one_person_is_that_person() -> None:
    assert len(assign(MANY, ["anna"], 0.5)["anna"]) == 2000


def test_name_that_comes_twice_is_an_error() -> None:
    with pytest.raises(CorpusError, match="named once"):
        assign(MANY, ["anna", "anna"])
