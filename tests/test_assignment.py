"""Documents are shared out evenly, and what somebody has begun moves no more, whoever joins or leaves."""

import random
from collections import Counter
from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldwire.annotate.sync.assignment import Held, assign
from goldwire.corpora.errors import CorpusError
from goldwire.corpora.store import make_document
from goldwire.corpora.types import Document

MANY = [make_document(f"d{number}", f"Text {number}.") for number in range(300)]
TWELVE = MANY[:12]
NAMES = ["anna", "ben", "cleo"]

Shares = dict[str, list[Document]]


def holders(shares: Shares) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for name, documents in shares.items():
        for document in documents:
            found.setdefault(document.id, set()).add(name)
    return found


def sizes(shares: Shares) -> list[int]:
    return sorted(len(documents) for documents in shares.values())


def worked(shares: Shares, begun: Mapping[str, Sequence[int]]) -> dict[str, Held]:
    """What people have when each has begun some of their documents, by place."""
    held = {}
    for name, documents in shares.items():
        done = {documents[place].id for place in begun.get(name, ())}
        held[name] = Held(begun=frozenset(done), untouched=frozenset({d.id for d in documents} - done))
    return held


def begun_by(held: Mapping[str, Held]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for name, theirs in held.items():
        for id in theirs.begun:
            found.setdefault(id, set()).add(name)
    return found


def test_every_document_has_one_person_without_overlap_and_shares_are_even() -> None:
    shares = assign(MANY, NAMES)
    assert {len(names) for names in holders(shares).values()} == {1}
    assert sizes(shares) == [100, 100, 100]
    assert sizes(assign(TWELVE[:10], NAMES)) == [3, 3, 4]


@pytest.mark.parametrize(("overlap", "twice"), [(0.2, 60), (0.5, 150), (1.0, 300)])
def test_overlap_is_the_share_that_two_people_do(overlap: float, twice: int) -> None:
    shares = assign(MANY, NAMES, overlap)
    times = Counter(len(names) for names in holders(shares).values())
    assert times == Counter({1: 300 - twice, 2: twice}) - Counter()
    assert max(sizes(shares)) - min(sizes(shares)) <= 1


def test_nothing_moves_when_nothing_changes() -> None:
    shares = assign(MANY, NAMES, 0.3)
    held = worked(shares, {"anna": range(50), "cleo": [1, 2, 3]})
    assert assign(MANY, NAMES, 0.3, held) == shares


def test_newcomer_takes_an_even_part_of_what_nobody_has_begun_and_nothing_else_moves() -> None:
    """Two have begun three each of six: of the six that are left the third takes two."""
    before = assign(TWELVE, ["anna", "ben"])
    held = worked(before, {"anna": [0, 1, 2], "ben": [0, 2, 4]})
    after = assign(TWELVE, NAMES, held=held)
    assert {name: len(documents) for name, documents in after.items()} == {"anna": 5, "ben": 5, "cleo": 2}
    assert not {document.id for document in after["cleo"]} & begun_by(held).keys()
    assert {len(names) for names in holders(after).values()} == {1}
    for name in ("anna", "ben"):
        assert {d.id for d in after[name]} < {d.id for d in before[name]}


def test_newcomer_finds_nothing_where_all_is_begun() -> None:
    held = worked(assign(TWELVE, ["anna", "ben"], 0.5), {"anna": range(9), "ben": range(9)})
    assert assign(TWELVE, NAMES, 0.5, held)["cleo"] == []


def test_newcomer_is_not_handed_what_one_of_two_has_begun() -> None:
    """All for two people, anna through with hers: ben's are begun by one, and cleo takes none of them."""
    held = worked(assign(TWELVE, ["anna", "ben"], 1.0), {"anna": range(12)})
    after = assign(TWELVE, NAMES, 1.0, held)
    assert (len(after["ben"]), after["cleo"]) == (12, [])


def test_what_somebody_who_leaves_has_not_begun_goes_to_the_others_and_the_rest_counts() -> None:
    before = assign(TWELVE, NAMES)
    held = worked(before, {"anna": [0, 1, 2], "ben": [0]})
    after = assign(TWELVE, ["ben", "cleo"], held=held)
    done = {before["anna"][place].id for place in (0, 1, 2)}
    assert holders(after).keys() == {d.id for d in TWELVE} - done
    assert {len(names) for names in holders(after).values()} == {1}
    for name in ("ben", "cleo"):
        assert {d.id for d in before[name]} <= {d.id for d in after[name]}


def test_document_for_two_that_one_who_left_has_done_wants_one_more_alone() -> None:
    before = assign(TWELVE, ["anna", "ben"], 1.0)
    after = assign(TWELVE, ["ben", "cleo"], 1.0, worked(before, {"anna": [0, 1]}))
    done = {before["anna"][0].id, before["anna"][1].id}
    assert [len(names) for id, names in holders(after).items() if id in done] == [1, 1]
    assert {len(names) for id, names in holders(after).items() if id not in done} == {2}


def test_who_comes_back_is_a_newcomer_if_the_last_names_are_known() -> None:
    held = {
        "anna": Held(begun=frozenset({"d0"})),
        "ben": Held(untouched=frozenset(document.id for document in TWELVE[1:])),
    }
    # Eleven that nobody has begun: five are an even part for one of two.
    assert len(assign(TWELVE, ["anna", "ben"], held=held, before=["ben"])["anna"]) == 1 + 5
    assert len(assign(TWELVE, ["anna", "ben"], held=held)["anna"]) == 1


def test_new_documents_go_to_those_with_least_before_them_and_move_nothing() -> None:
    before = assign(TWELVE, ["anna", "ben"])
    held = worked(before, {"anna": range(6)})
    after = assign(MANY[:16], ["anna", "ben"], held=held)
    assert (len(after["anna"]), len(after["ben"])) == (10, 6)
    assert {d.id for d in before["ben"]} == {d.id for d in after["ben"]}


def test_raised_overlap_adds_a_second_person_and_lowered_takes_only_what_is_untouched() -> None:
    before = assign(TWELVE, NAMES)
    raised = assign(TWELVE, NAMES, 0.5, worked(before, {name: [0, 1] for name in NAMES}))
    assert Counter(len(names) for names in holders(raised).values()) == {1: 6, 2: 6}
    for name in NAMES:
        assert {d.id for d in before[name]} <= {d.id for d in raised[name]}
    held = worked(raised, {"anna": range(len(raised["anna"]))})
    lowered = holders(assign(TWELVE, NAMES, 0.0, held))
    assert {len(names) for names in lowered.values()} == {1}
    assert {id for id, names in lowered.items() if "anna" in names} == held["anna"].begun


def test_what_two_have_done_counts_toward_the_overlap() -> None:
    """A sixth of twelve is two, and two documents are done by two already: no other is given to two."""
    shares = assign(TWELVE, NAMES)
    held = worked(shares, {})
    for name, other in (("anna", "ben"), ("ben", "cleo")):
        id = shares[name][0].id
        for who in (name, other):
            held[who] = Held(begun=held[who].begun | {id}, untouched=held[who].untouched - {id})
    after = holders(assign(TWELVE, NAMES, 1 / 6, held))
    assert {id for id, names in after.items() if len(names) == 2} == {
        shares["anna"][0].id,
        shares["ben"][0].id,
    }


def test_document_that_is_untouched_with_two_by_mistake_stays_with_one() -> None:
    held = {name: Held(untouched=frozenset(d.id for d in TWELVE)) for name in ("anna", "ben")}
    assert {len(names) for names in holders(assign(TWELVE, ["anna", "ben"], held=held)).values()} == {1}


def test_documents_that_left_the_corpus_are_nobodys_burden() -> None:
    gone = frozenset(f"gone{number}" for number in range(50))
    held = {"anna": Held(untouched=gone), "ben": Held(untouched=frozenset({"d0"}))}
    assert sizes(assign(TWELVE, ["anna", "ben"], held=held)) == [6, 6]


def test_order_of_names_and_documents_does_not_matter() -> None:
    backwards = assign(MANY[::-1], NAMES[::-1], 0.3)
    assert holders(assign(MANY, NAMES, 0.3)) == holders(backwards)


def test_near_duplicates_go_to_the_same_people() -> None:
    twins = [make_document(f"t{number}", f"Twin {number}.", group="t0") for number in range(20)]
    assert sizes(assign(twins, NAMES)) == [0, 0, 20]
    shares = assign([*twins, *MANY[:60]], ["anna", "ben"])
    added = assign([*twins, *MANY[:60]], NAMES, held=worked(shares, {}))
    assert len({frozenset(names) for id, names in holders(added).items() if id.startswith("t")}) == 1


def test_overlap_of_one_person_is_that_person() -> None:
    assert len(assign(MANY, ["anna"], 0.5)["anna"]) == 300


def test_name_that_comes_twice_is_an_error() -> None:
    with pytest.raises(CorpusError, match="named once"):
        assign(MANY, ["anna", "anna"])


@given(st.integers(0, 10_000))
def test_whatever_happens_nothing_begun_moves_and_nobody_is_a_person_too_many(seed: int) -> None:
    """People work, join, leave and come back, the overlap changes, documents come: five times over."""
    chance = random.Random(seed)
    held: dict[str, Held] = {}
    for _ in range(5):
        names = chance.sample(["anna", "ben", "cleo", "dan"], chance.randint(1, 4))
        documents = MANY[: chance.randint(10, 20)]
        overlap = chance.choice([0.0, 0.2, 1.0])
        shares = assign(documents, names, overlap, held)
        there, begun = holders(shares), begun_by(held)
        twice = 0
        for document in documents:
            now, did = there.get(document.id, set()), begun.get(document.id, set())
            assert now >= did & {*names}, "what somebody has begun is theirs"
            everybody = now | did
            assert everybody, "nothing is left out"
            # More than one, unless they have all begun it: one of those that two are to do.
            twice += len(everybody) > 1 and not len(did) > 1
            assert len(everybody) <= max(2, len(did))
        already = sum(len(did) > 1 for id, did in begun.items() if id in {d.id for d in documents})
        assert twice <= max(0, round(overlap * len(documents)) - already)
        again = assign(documents, names, overlap, {**held, **_kept(held, shares)})
        assert holders(again) == there, "the same again"
        held = {**held, **_kept(held, shares)}
        for name in names:
            some = {d.id for d in shares[name] if chance.random() < 0.3}
            held[name] = Held(begun=held[name].begun | some, untouched=held[name].untouched - some)
        for name in held.keys() - {*names}:  # their untouched documents have left their projects
            held[name] = Held(begun=held[name].begun)


def _kept(held: Mapping[str, Held], shares: Shares) -> dict[str, Held]:
    """What is in people's projects after a push: what they had begun, and their share."""
    found = {}
    for name, documents in shares.items():
        begun = held.get(name, Held()).begun
        found[name] = Held(begun=begun, untouched=frozenset(d.id for d in documents) - begun)
    return found
