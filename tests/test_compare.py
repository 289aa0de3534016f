"""Comparing records: ranks, groups that cannot be told apart, and refusing what cannot be compared."""

import json

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from goldwire import testing
from goldwire.cli import app
from goldwire.corpora.errors import JudgementError
from goldwire.corpora.store import make_document
from goldwire.eval.comparison.compare import Pair, compare, indistinguishable, results_by_document, sentence
from goldwire.eval.counting.counts import make_counts
from goldwire.eval.measures.measure import parse
from goldwire.eval.scoring.files import encode_record
from goldwire.eval.scoring.score import Options, score

WORDS = 10
DOCUMENTS = [make_document(f"d{k:02}", "abc " * WORDS) for k in range(40)]


def layer(words):
    """One mention for each word numbered, in each document."""
    return testing.layer(
        DOCUMENTS, [[((4 * n, 4 * n + 3), "PER" if n % 2 else "ORG") for n in chosen] for chosen in words]
    )


def found(share, seed):
    random = np.random.default_rng(seed)
    return [np.flatnonzero(random.random(WORDS) < share).tolist() for _ in DOCUMENTS]


GOLD = layer([range(WORDS)] * len(DOCUMENTS))
STRONG, WEAK, ALIKE = (layer(found(share, seed)) for share, seed in ((0.9, 1), (0.5, 2), (0.49, 3)))


def record(systems, measures=("entity", "entity:span+type@exact,average=macro"), documents=DOCUMENTS):
    return score(GOLD, systems, documents, measures)


@pytest.fixture(scope="module")
def three():
    return record({"weak": WEAK, "strong": STRONG, "alike": ALIKE})


def test_systems_are_ranked_and_those_alike_share_a_group(three):
    [comparison, _] = compare({"r": three})
    assert comparison.standings[0].system == "strong"
    assert comparison.groups == (tuple(s.system for s in comparison.standings[1:]),)
    assert comparison.standings[0].groups == ()
    assert not comparison.decided
    assert comparison.sentence.startswith(
        "strong is better than every other system, by more than chance. Of the others, "
    )
    assert "by no more than may be chance." in comparison.sentence


def test_a_pair_tells_difference_interval_p_and_documents(three):
    [comparison, _] = compare({"r": three})
    by_names = {(p.first, p.second): p for p in comparison.pairs}
    pair = by_names["strong", "weak"]
    values = {s.system: s.value for s in comparison.standings}
    assert pair.difference == pytest.approx(values["weak"] - values["strong"])
    assert pair.low <= pair.difference <= pair.high < 0
    assert pair.p <= pair.p_holm <= 0.05
    assert pair.wins + pair.ties + pair.losses == len(DOCUMENTS)
    assert pair.losses > pair.wins


def test_macro_averages_are_compared_by_their_own_statistic(three):
    micro, macro = compare({"r": three})
    values = {s.system: s.value for s in macro.standings}
    for pair in macro.pairs:
        assert pair.difference == pytest.approx(values[pair.second] - values[pair.first])
    assert micro.pairs[0].difference != macro.pairs[0].difference


def test_clear_differences_decide_the_ranking():
    [comparison] = compare({"r": record({"a": STRONG, "b": WEAK}, ["entity"])})
    assert comparison.decided
    assert comparison.sentence == "a is better than b, by more than chance."


def test_a_seed_gives_the_same_comparison(three):
    assert compare({"r": three}, seed=3) == compare({"r": three}, seed=3)


def test_systems_of_one_name_in_two_records_are_told_apart():
    records = {"old": record({"s": WEAK}, ["entity"]), "new": record({"s": STRONG}, ["entity"])}
    [comparison] = compare(records)
    assert [s.system for s in comparison.standings] == ["new:s", "old:s"]


def test_one_system_is_nothing_to_compare():
    [comparison] = compare({"r": record({"a": WEAK}, ["entity"])})
    assert comparison.pairs == ()
    assert not comparison.decided
    assert comparison.sentence == "a is the only system: nothing to compare."


def test_equal_outputs_are_alike():
    [comparison] = compare({"r": record({"a": WEAK, "b": WEAK}, ["entity"])})
    [pair] = comparison.pairs
    assert (pair.difference, pair.p, pair.ties, pair.needed) == (0, 1, len(DOCUMENTS), None)
    assert comparison.groups == (("a", "b"),)
    # What they would show is not known by that they are equal, but by how much they have to lose.
    assert 0 < pair.detectable < pair.whole < 0.2
    assert comparison.sentence == (
        f"No winner yet: a equals b. These 40 documents show a loss from {100 * pair.detectable:.1f} points "
        f"up, or {100 * pair.whole:.1f} where whole documents are lost."
    )


def test_one_document_is_told_as_one():
    gold, strong, weak = (side[:1] for side in (GOLD, STRONG, WEAK))
    [comparison] = compare({"r": score(gold, {"a": strong, "b": weak}, DOCUMENTS[:1], ["entity"])})
    assert comparison.sentence.endswith("One document shows no difference, however large.")


def test_a_streamed_record_has_as_many_documents_as_were_scored():
    made = score(GOLD, {"a": WEAK}, DOCUMENTS, ["entity"], options=Options(stream=True))
    assert made.documents == ()
    [comparison] = compare({"r": made})
    assert comparison.documents == len(DOCUMENTS)


def test_systems_are_not_compared_by_what_gold_has_none_of():
    nothing = layer([[]] * len(DOCUMENTS))
    made = score(nothing, {"a": STRONG, "b": WEAK}, DOCUMENTS, ["entity"])
    [comparison] = compare({"r": made})
    assert [s.value for s in comparison.standings] == [None, None]
    [pair] = comparison.pairs
    assert (pair.p, pair.difference, pair.detectable) == (None, None, None)
    assert "No difference can be tested" in comparison.sentence


def test_distinct_surfaces_cannot_be_tested():
    [comparison] = compare({"r": record({"a": STRONG, "b": WEAK}, ["entity:surface+type@exact"])})
    assert comparison.pairs[0].p is None


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            lambda r: msgspec.structs.replace(r, corpus=msgspec.structs.replace(r.corpus, fingerprint="0")),
            "corpus: one has",
        ),
        (
            lambda r: msgspec.structs.replace(r, gold=msgspec.structs.replace(r.gold, fingerprint="0")),
            "gold: one has",
        ),
        (
            lambda r: msgspec.structs.replace(r, policies={**r.policies, "duplicates": "refuse"}),
            "policy duplicates: one has set, two has refuse",
        ),
    ],
)
def test_records_of_different_things_are_refused_with_the_difference(three, change, words):
    with pytest.raises(JudgementError, match=words):
        compare({"one": three, "two": change(three)})


def test_a_measure_that_is_not_there_is_named(three):
    with pytest.raises(JudgementError, match="not all records have event:trigger\\+type@exact"):
        compare({"r": three}, ["TC"])


def test_near_duplicates_are_swapped_and_drawn_together():
    def judged(group):
        documents = [make_document(d.id, d.text, group=group(k)) for k, d in enumerate(DOCUMENTS)]
        made = score(GOLD, {"a": WEAK, "b": ALIKE}, documents, ["entity"])
        return compare({"r": made})[0].pairs[0]

    alone, grouped = judged(lambda k: None), judged(lambda k: str(k % 2))
    assert alone.difference == grouped.difference
    # Two groups of documents are two things to swap: at least half of all swaps are as extreme.
    assert grouped.p == pytest.approx(0.5, abs=0.03)
    assert alone.p < 0.3


# ---------------------------------------------------------------- groups
def pair(first, second, p):
    blank = dict.fromkeys(("difference", "low", "high", "p_bootstrap", "detectable", "whole", "needed"))
    return Pair(first=first, second=second, p=p, p_holm=p, wins=0, ties=0, losses=0, **blank)


def test_overlapping_groups_by_hand():
    # A and B are alike, B and C are alike, A and C are not: two groups, B in both.
    pairs = [pair("A", "B", 0.5), pair("B", "C", 0.5), pair("A", "C", 0.01)]
    assert indistinguishable("ABC", pairs) == [("A", "B"), ("B", "C")]


@given(st.lists(st.booleans(), min_size=10, max_size=10))
def test_groups_are_largest_sets_without_a_decided_pair(decided):
    names = "ABCDE"
    edges = [(a, b) for i, a in enumerate(names) for b in names[i + 1 :]]
    apart = {frozenset(edge) for edge, d in zip(edges, decided, strict=True) if d}
    pairs = [pair(*edge, 0.01 if frozenset(edge) in apart else 0.5) for edge in edges]
    groups = [set(group) for group in indistinguishable(names, pairs)]

    def alike(group):
        return not any(edge <= group for edge in apart)

    every = [{n for k, n in enumerate(names) if bits >> k & 1} for bits in range(32)]
    largest = [
        g for g in every if len(g) > 1 and alike(g) and not any(alike(g | {n}) for n in set(names) - g)
    ]
    assert sorted(map(sorted, groups)) == sorted(map(sorted, largest))


def test_the_sentence_says_how_many_documents_would_settle_it():
    near = msgspec.structs.replace(
        pair("A", "B", 0.3), difference=-0.012, detectable=0.031, whole=0.08, needed=668
    )
    assert sentence(["A", "B"], [near], 100) == (
        "No winner yet: A leads B by no more than may be chance. These 100 documents show a loss from "
        "3.1 points up, or 8.0 where whole documents are lost; about 668 would settle one of 1.2."
    )


def test_of_near_duplicates_the_sentence_counts_groups():
    near = msgspec.structs.replace(
        pair("A", "B", 0.3), difference=-0.012, detectable=0.031, whole=0.08, needed=1668
    )
    assert sentence(["A", "B"], [near], 2000, 18) == (
        "No winner yet: A leads B by no more than may be chance. These 2,000 documents in 18 groups of "
        "near-duplicates show a loss from 3.1 points up, or 8.0 where whole documents are lost; about 1,668 "
        "groups would settle one of 1.2."
    )
    settled = msgspec.structs.replace(near, needed=12, whole=None)
    assert sentence(["A", "B"], [settled], 2000, 18).endswith(
        "show a loss from 3.1 points up, none that is of whole documents."
    )


def test_copies_of_documents_show_and_need_what_the_documents_alone_do():
    # Each document five times, in one group: 40 documents tell as much as 40 groups of five.
    copies = [make_document(f"{d.id}-{k}", d.text, group=d.id) for d in DOCUMENTS for k in range(5)]

    def copied(layer):
        return [
            msgspec.structs.replace(item, document=f"{item.document}-{k}") for item in layer for k in range(5)
        ]

    alone = compare({"r": record({"a": WEAK, "b": ALIKE}, ["entity"])})[0]
    made = score(copied(GOLD), {"a": copied(WEAK), "b": copied(ALIKE)}, copies, ["entity"])
    grouped = compare({"r": made})[0]
    assert (alone.documents, alone.independent) == (40, 40)
    assert (grouped.documents, grouped.independent) == (200, 40)
    assert grouped.pairs[0].needed == alone.pairs[0].needed
    assert grouped.detectable == pytest.approx(alone.detectable)
    assert "These 200 documents in 40 groups of near-duplicates show" in grouped.sentence


def test_documents_are_compared_where_both_have_a_figure():
    # In b gold has nothing: the silent system has no figure there, so b is neither better, worse nor equal.
    # In a both have 1 of 2 and 2 of 2: better. In c both have nothing right: the same.
    names = ("a", "b", "c")
    rows = [[1, 1, 1, 2], [0, 1, 0, 2]]
    silent = make_counts(names, ("PER",), [0, 2], [0, 0], rows)
    noisy = make_counts(names, ("PER",), [0, 1, 2], [0, 0, 0], [[2, 2, 2, 2], [0, 1, 0, 0], [0, 3, 0, 2]])
    assert results_by_document(silent, noisy, parse("entity")) == (1, 1, 0)
    assert results_by_document(noisy, silent, parse("entity")) == (0, 1, 1)


def test_a_system_without_a_figure_leaves_the_others_decided():
    nothing = [msgspec.structs.replace(pair(*two, None), difference=None) for two in (("A", "C"), ("B", "C"))]
    found = sentence(["A", "B", "C"], [pair("A", "B", 0.01), *nothing], 100)
    assert found == "A is better than B, by more than chance."


# ---------------------------------------------------------------- the command
def test_the_command_prints_json_and_text(three, tmp_path):
    path = tmp_path / "r.json"
    path.write_bytes(encode_record(three))
    run = CliRunner().invoke(app, ["eval", "compare", str(path), "--measure", "entity", "--json"])
    assert run.exit_code == 0, run.output
    [printed] = json.loads(run.output)
    assert printed == json.loads(msgspec.json.encode(compare({str(path): three}, ["entity"])[0]))
    run = CliRunner().invoke(app, ["eval", "compare", str(path)])
    assert run.exit_code == 0
    assert "by no more than may be chance" in " ".join(run.output.split())
    assert three.results[0].signature[:20] in run.output


def test_people_are_shown_points_of_a_hundred_and_programs_shares_of_one(tmp_path):
    # Five of ten mentions and nothing else, in each of 40 documents: F1 is 2 * 5 / (5 + 10).
    half = layer([range(5)] * len(DOCUMENTS))
    path = tmp_path / "r.json"
    path.write_bytes(encode_record(record({"all": GOLD, "half": half}, ["entity"])))
    run = CliRunner(env={"COLUMNS": "120"}).invoke(app, ["eval", "compare", str(path)])
    rows = [line.split() for line in run.output.splitlines()]
    assert ["all", "100.0", "100.0", "100.0", "400", "400", "400"] in rows
    assert ["half", "100.0", "50.0", "66.7", "200", "200", "400"] in rows
    [row] = [row for row in rows if row[:3] == ["half", "−", "all"]]
    assert row[3] == "−33.3"
    assert row[7:10] == ["<0.001", "0/0/40", "yes"]
    assert row[-1] == "11"  # no fewer: see docs/size.md
    run = CliRunner().invoke(app, ["eval", "compare", str(path), "--json"])
    assert json.loads(run.output)[0]["pairs"][0]["difference"] == pytest.approx(-1 / 3)


def test_few_documents_are_told_of_before_the_figures(tmp_path):
    ten, eleven = (
        score(GOLD[:n], {"all": GOLD[:n], "weak": WEAK[:n]}, DOCUMENTS[:n], ["entity"]) for n in (10, 11)
    )
    path = tmp_path / "r.json"
    path.write_bytes(encode_record(ten))
    run = CliRunner().invoke(app, ["eval", "compare", str(path)])
    said = " ".join(run.output.split())
    assert 0 < said.index("These figures rest on 10 documents.") < said.index("100.0")
    path.write_bytes(encode_record(eleven))
    assert "rest on" not in CliRunner().invoke(app, ["eval", "compare", str(path)]).output


def test_one_system_is_shown_and_it_is_said_that_there_is_nothing_to_compare(tmp_path):
    path = tmp_path / "r.json"
    # Half of ten mentions in each document and nothing else: F1 is 2 * 5 / (5 + 10).
    half = layer([range(5)] * len(DOCUMENTS))
    path.write_bytes(encode_record(record({"half": half}, ["entity", "TC"])))
    run = CliRunner().invoke(app, ["eval", "compare", str(path)])
    said, _, figures = run.output.partition("\nhalf\n")
    assert "half is the only system: nothing to compare." in said
    assert "66.7" in figures.split()
    assert "Each against each" not in run.output
    assert (
        json.loads(CliRunner().invoke(app, ["eval", "compare", str(path), "--json"]).output)[0]["pairs"] == []
    )


def test_groups_of_near_duplicates_are_told_of_before_the_figures(tmp_path):
    documents = [make_document(d.id, d.text, group=f"g{k % 18}") for k, d in enumerate(DOCUMENTS)]
    path = tmp_path / "r.json"
    path.write_bytes(encode_record(record({"a": WEAK, "b": ALIKE}, ["entity"], documents)))
    run = CliRunner(env={"COLUMNS": "120"}).invoke(app, ["eval", "compare", str(path)])
    said = " ".join(run.output.split())
    assert "40 documents in 18 groups of near-duplicates: intervals, tests and what is needed" in said


def test_two_records_of_one_system_are_two_contenders_called_by_their_files(tmp_path):
    paths = [tmp_path / "deep" / "folder" / f"{name}.json" for name in ("before", "after")]
    paths[0].parent.mkdir(parents=True)
    for path, words in zip(paths, (WEAK, STRONG), strict=True):
        path.write_bytes(encode_record(record({"rules": words}, ["entity"])))
    run = CliRunner(env={"COLUMNS": "80"}).invoke(app, ["eval", "compare", *map(str, paths)])
    rows = [line.split() for line in run.output.splitlines()]
    assert {"before:rules", "after:rules"} <= {row[0] for row in rows if row}
    assert "after:rules is better than before:rules, by more than chance." in " ".join(run.output.split())
    assert max(map(len, run.output.partition("\nSignatures")[0].splitlines())) <= 80


def test_records_of_one_name_in_two_folders_are_called_by_their_paths(tmp_path):
    paths = [tmp_path / name / "default.json" for name in ("monday", "tuesday")]
    for path, words in zip(paths, (WEAK, STRONG), strict=True):
        path.parent.mkdir()
        path.write_bytes(encode_record(record({"rules": words}, ["entity"])))
    run = CliRunner().invoke(app, ["eval", "compare", *map(str, paths), "--json"])
    [found] = json.loads(run.output)
    assert [item["system"] for item in found["standings"]] == [f"{path}:rules" for path in paths[::-1]]


def test_a_pipe_is_as_wide_whatever_terminal_is_near(tmp_path):
    path = tmp_path / "r.json"
    path.write_bytes(encode_record(record({"a": STRONG, "b": WEAK}, ["entity"])))
    free = CliRunner(env={"COLUMNS": None}).invoke(app, ["eval", "compare", str(path)])
    wide = CliRunner(env={"COLUMNS": "100"}).invoke(app, ["eval", "compare", str(path)])
    narrow = CliRunner(env={"COLUMNS": "60"}).invoke(app, ["eval", "compare", str(path)])
    assert free.output == wide.output != narrow.output
