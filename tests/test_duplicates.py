"""Near-duplicates share a group, whatever was changed a little; different reports of one event do not."""

import random
import subprocess
import sys
from collections import Counter
from itertools import combinations
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from goldwire.corpora import build, duplicates, ingest, library, splits
from goldwire.corpora.store import Manifest, Splits, make_document
from goldwire.corpora.types import Document, Excluded

WORDS = [f"word{n}" for n in range(5000)]


def report(seed: int, length: int = 200) -> list[str]:
    return random.Random(seed).choices(WORDS, k=length)


def reworded(words: list[str], share: float, seed: int = 1) -> list[str]:
    rng = random.Random(seed)
    return [rng.choice(WORDS) if rng.random() < share else word for word in words]


def document(id: str, words: list[str]) -> Document:
    return make_document(id, " ".join(words))


def grouped(documents: list[Document]) -> dict[str, str | None]:
    return {document.id: document.group for document in duplicates.group(documents)}


def test_reworked_report_goes_with_its_original_and_others_stand_alone() -> None:
    original = report(1)
    documents = [document("a", original), document("b", report(2)), document("c", reworded(original, 0.05))]
    assert grouped(documents) == {"a": "a", "b": None, "c": "a"}


def test_case_punctuation_and_layout_do_not_count() -> None:
    text = " ".join(report(1))
    assert (
        grouped([make_document("a", text), make_document("b", text.upper().replace(" ", ",\n"))])["b"] == "a"
    )


def test_similarity_is_the_share_of_runs_both_have() -> None:
    # 60 different words have 58 runs of three; with the last 20 changed 38 of these remain, and 20 are new
    words = [f"w{n}" for n in range(60)]
    other = words[:40] + [f"x{n}" for n in range(20)]
    documents = [document("a", words), document("b", other), document("c", words[::-1])]
    assert duplicates.links(documents) == []  # 38 of 78
    closer = words[:50] + other[50:]
    assert duplicates.links([documents[0], document("b", closer)]) == [duplicates.Pair("a", "b", 48 / 68)]


def test_short_texts_are_near_duplicates_only_if_their_words_are_the_same() -> None:
    texts = {
        "a": "Rain fell in Herat.",
        "b": "rain fell in Herat",
        "c": "Rain fell in Balkh.",
        "d": "😀",
        "e": "🎉",
    }
    assert grouped([make_document(id, text) for id, text in texts.items()]) == {
        "a": "a", "b": "a", "c": None, "d": None, "e": None,
    }  # fmt: skip


def test_notices_that_every_page_of_a_site_has_make_no_duplicates() -> None:
    notice = " ".join(report(9, 400))
    made = []
    for id in "ab":
        body = " ".join(report(ord(id), 80)) + "\n"
        region = Excluded(start=len(body), end=len(body + notice), reason="cookie notice")
        made.append(make_document(id, body + notice, excluded=(region,)))
    assert grouped(made) == {"a": None, "b": None}
    assert grouped([msgspec.structs.replace(item, excluded=()) for item in made])["b"] == "a"


def test_chain_of_revisions_is_one_group_called_as_the_first() -> None:
    versions = [report(1)]
    for n in range(4):
        versions.append(reworded(versions[-1], 0.1, seed=n))
    documents = [document(f"v{n}", words) for n, words in enumerate(versions)]
    assert set(grouped(documents).values()) == {"v0"}
    ends = duplicates.links([documents[0], documents[-1]])
    assert ends == []  # the first and the last are not alike; what lies between links them


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(0, 3), min_size=1, max_size=8), st.integers(0, 7))
def test_adding_documents_keeps_the_groups_of_those_there_were(seeds: list[int], more: int) -> None:
    made = [document(f"d{n:02}", reworded(report(seed), 0.03, seed=n)) for n, seed in enumerate(seeds)]
    before = {item.id: item.group or item.id for item in duplicates.group(made[: max(1, len(made) - more)])}
    after = {item.id: item.group or item.id for item in duplicates.group(made)}
    assert before.items() <= after.items()


def test_groups_are_the_same_in_every_run_of_python(tmp_path: Path) -> None:
    program = """
import random
from goldwire.corpora import duplicates
from goldwire.corpora.store import make_document
rng = random.Random(5)
words = [f"w{n}" for n in range(300)]
base = rng.choices(words, k=120)
def reworded(share):
    return " ".join(rng.choice(words) if rng.random() < share else word for word in base)
print(duplicates.links([make_document(f"d{n}", reworded(n / 100)) for n in range(40)]))
"""
    runs = [
        subprocess.run(
            [sys.executable, "-c", program], env={"PYTHONHASHSEED": seed}, capture_output=True, check=True
        )
        for seed in ("1", "2")
    ]
    assert runs[0].stdout == runs[1].stdout
    assert b"Pair" in runs[0].stdout


def test_articles_and_the_corpus_that_ships_hold_no_near_duplicates(articles: Path) -> None:
    documents = [*ingest.read([articles]).documents, *library.open("mazar-2021").documents()]
    assert duplicates.links(documents) == []


@pytest.fixture
def revised(tmp_path: Path) -> list[Document]:
    return [document("a", report(1)), document("b", report(2)), document("c", reworded(report(1), 0.05))]


def test_groups_are_stored_with_the_corpus_and_splits_keep_them_together(
    revised: list[Document], tmp_path: Path
) -> None:
    manifest = Manifest(name="c", splits=Splits({"train": 0.5, "test": 0.5}))
    corpus = build.new(tmp_path / "c", manifest, revised).corpus
    assert duplicates.groups(corpus.documents()) == {"a": ["a", "c"]}
    for seed in range(20):
        parts = splits.assign(corpus.documents(), Splits({"train": 0.5, "test": 0.5}, seed=seed))
        assert parts["a"] == parts["c"]


def test_document_that_links_two_groups_joins_them_and_it_is_said(tmp_path: Path) -> None:
    # a shares the first 75 of 100 words with c, b the last 75: with each other they share 50
    words, other = report(1, 100), report(2, 100)
    made = [document("a", words[:75] + other[75:]), document("b", other[:25] + words[25:])]
    corpus = build.new(tmp_path / "c", Manifest(name="c"), made).corpus
    assert duplicates.groups(corpus.documents()) == {}
    built = build.add(corpus, [document("c", words)])
    assert duplicates.groups(corpus.documents()) == {"a": ["a", "b", "c"]}
    assert built.notes == ["b now goes with a, which a new document resembles too: its split may change"]


def compared_all(documents: list[Document]) -> list[str | None]:
    """The groups when every two are compared, by their sets of runs and without MinHash."""
    runs = {}
    for item in documents:
        words = item.text.split()
        if len(words) >= duplicates.SHORT:
            runs[item.id] = {" ".join(words[i : i + 3]) for i in range(len(words) - 2)}
    home = {item.id: item.id for item in documents}
    for (id, own), (other, theirs) in combinations(runs.items(), 2):
        if len(own & theirs) / len(own | theirs) >= duplicates.THRESHOLD:
            one, two = sorted((home[id], home[other]))
            home = {name: one if first == two else first for name, first in home.items()}
    sizes = Counter(home.values())
    return [home[item.id] if sizes[home[item.id]] > 1 else None for item in documents]


@pytest.mark.parametrize(
    ("both", "each", "low", "high"),
    # Of 1,000 pairs of similarity s = both / (both + 2 each), 1000 (1 - s**3)**37 have no band in common:
    [
        (100, 50, 1, 17),  # s = 0.5: 7.1 expected, and four standard deviations are 10.7
        (120, 40, 0, 2),  # s = 0.6: 0.12
        (60, 70, 302, 424),  # s = 0.3: 363, and four are 61
        (20, 90, 943, 992),  # s = 0.1: 963.7, and four are 24
    ],
)
def test_pairs_are_missed_as_seldom_as_theory_says(both: int, each: int, low: int, high: int) -> None:
    def shared(seed: int) -> bool:
        runs = [f"{seed} {n}" for n in range(both + 2 * each)]
        one, other = runs[: both + each], runs[:both] + runs[both + each :]
        return bool({*duplicates._bands(one)} & {*duplicates._bands(other)})

    assert low <= sum(not shared(seed) for seed in range(1000)) <= high


def test_long_texts_have_the_same_values_in_blocks_as_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    runs = [f"run {n}" for n in range(1000)]
    at_once = duplicates._bands(runs)
    monkeypatch.setattr(duplicates, "BLOCK", 7)
    assert duplicates._bands(runs[::-1]) == at_once


def family(seed: int) -> list[Document]:
    """Up to forty reports, most of them reworked from one before."""
    rng = random.Random(seed)
    pool = [rng.choices(WORDS[:2000], k=rng.randint(60, 120)) for _ in range(rng.randint(1, 5))]
    made = []
    for n in range(rng.randint(2, 40)):
        words = reworded(rng.choice(pool), rng.random() * 0.3, seed=seed + n)
        pool += [words] * rng.randint(0, 1)
        made.append(document(f"d{n:02}", words))
    return made


@pytest.mark.parametrize("seed", range(30))
def test_groups_are_those_of_all_pairs_and_the_same_when_documents_come_later(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(duplicates, "KEPT", [duplicates.KEPT, 0, 2000][seed % 3])
    documents = family(seed)
    found = duplicates.group(documents)
    assert [item.group for item in found] == compared_all(documents)
    known = seed % len(documents)
    later = [*duplicates.group(documents[:known]), *documents[known:]]
    assert duplicates.group(later, known=known) == found


@given(st.lists(st.tuples(st.integers(0, 11), st.integers(0, 11)), max_size=40))
def test_what_was_linked_once_stays_linked(pairs: list[tuple[int, int]]) -> None:
    linker = duplicates._Linker(lambda _: np.array([], np.uint64))
    members = {linker.add(): {i} for i in range(12)}
    for i, j in pairs:
        linker.unite(i, j)
        both = members[i] | members[j]
        members |= dict.fromkeys(both, both)
    assert [linker.root(i) for i in range(12)] == [min(members[i]) for i in range(12)]


@pytest.mark.parametrize("seed", range(20))
def test_a_chain_of_reworked_reports_in_any_order_has_the_groups_of_all_pairs(seed: int) -> None:
    """Each is like the one before it and few others, so that groups are joined again and again."""
    reports = [report(seed)]
    for n in range(15):
        reports.append(reworded(reports[-1], 0.07, seed=100 * seed + n))
    order = random.Random(seed).sample(range(16), 16)
    documents = [document(f"d{place:02}", reports[n]) for place, n in enumerate(order)]
    found = [item.group for item in duplicates.group(documents)]
    assert found == compared_all(documents)


def measured(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """The pairs that are measured from now on."""
    pairs, measure = [], duplicates._Linker.similarity

    def similarity(linker: duplicates._Linker, i: int, j: int) -> float:
        pairs.append((i, j))
        return measure(linker, i, j)

    monkeypatch.setattr(duplicates._Linker, "similarity", similarity)
    return pairs


def test_documents_that_are_linked_already_are_not_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    copies = [document(f"d{n:03}", reworded(report(1), 0.02, seed=n)) for n in range(200)]
    pairs = measured(monkeypatch)
    found = duplicates.group(copies[:150])
    assert 0 < len(pairs) < 150  # those of equal words are linked without
    pairs.clear()
    duplicates.group([*found, *copies[150:]], known=150)
    assert 0 < len(pairs) <= 50
