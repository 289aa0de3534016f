"""Several references: each policy against counts by hand, what is refused, and records of them in use.

The case of these counts. Document a: reference x has A B C, y has B C D, z has C; the system has A B E.
Document b: x has F, y and z have nothing; the system has nothing. All are mentions of one type, a word each.
"""

from __future__ import annotations

import itertools
import re
import shlex

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from goldwire.cli import app
from goldwire.corpora import tokens
from goldwire.corpora.errors import CorpusError, DataError, JudgementError, MeasureError
from goldwire.corpora.types import Span
from goldwire.eval.comparison.agreement import agree_corpus
from goldwire.eval.comparison.keeping import keep
from goldwire.eval.comparison.same import iter_differences
from goldwire.eval.counting.coverage import Scope
from goldwire.eval.gate.baseline import decode_baseline, encode_baseline, make_baseline
from goldwire.eval.gate.judgement import judge
from goldwire.eval.gate.policy import read as read_policy
from goldwire.eval.measures.references import NAMES, TOLD
from goldwire.eval.scoring.files import decode_record, encode_record, read_record, write_record
from goldwire.eval.scoring.notes import make_notes
from goldwire.eval.scoring.score import Options, score, score_corpus
from goldwire.testing import annotate, corpus, document

A = document("A B C D E F", id="a")
B = document("A B C D E F", id="b")
X, Y, Z = ("ABC", "F"), ("BCD", ""), ("C", "")
SYSTEM = ("ABE", "")


def lines(words, type="PER"):
    return [annotate(of, *((word, type) for word in own)) for of, own in zip((A, B), words, strict=True)]


def scored(policy, golds=(X, Y, Z), system=SYSTEM, measures=("entity",), **options):
    first, *others = map(lines, golds)
    return score(
        first,
        {"s": lines(system)},
        [A, B],
        measures,
        references=dict(zip("yz", others, strict=False)),
        options=Options(trials=0, references=policy, **options),
    )


def sums(record, measure="entity"):
    found = record.result("s", measure).averages["micro"]
    return found.system_hits, found.system, found.gold_hits, found.gold


# ---------------------------------------------------------------- counts by hand
def test_the_mean_averages_the_counts_against_each_reference():
    # hits: x A B = 2, y B = 1, z none; the system has 3; gold: x 3 + 1, y 3, z 1.
    found = scored("mean").result("s", "entity").averages["micro"]
    assert (found.system_hits, found.system, found.gold_hits, found.gold) == pytest.approx((1, 3, 1, 8 / 3))
    assert found.precision == pytest.approx((2 / 3 + 1 / 3 + 0) / 3)  # exactly the mean of the precisions
    assert found.recall == pytest.approx(3 / 8)  # a reference weighs as much as it has units


def test_the_best_is_chosen_for_each_document_by_f():
    # a: F against x 2*2/6, y 2*1/6, z 0, so x. b: x has a unit that is missed (F 0), y has none: right.
    assert sums(scored("best")) == (2, 3, 2, 3)


def test_of_references_equally_near_the_first_is_taken():
    golds = ("ABC", ""), ("A", "")  # the system has B C: against x 2*2/5; put both at the same F
    # system A B: x ABC 2*2/5 = .8; y A 2*1/3 = .667. system A: x 2/4, y 1.
    assert sums(scored("best", golds, ("AB", ""))) == (2, 2, 2, 3)
    assert sums(scored("best", golds, ("A", ""))) == (1, 1, 1, 1)
    even = ("AB", ""), ("AC", "")  # system A: both 2/3
    assert sums(scored("best", even, ("A", ""))) == (1, 1, 1, 2)
    lopsided = ("ABCD", ""), ("EF", "")  # nothing found of either: F 0 and 0, the first has four units
    assert sums(scored("best", lopsided, ("", ""))) == (0, 0, 0, 4)
    assert sums(scored("best", lopsided[::-1], ("", ""))) == (0, 0, 0, 2)


def test_each_system_has_the_reference_that_it_is_nearest_to():
    record = score(
        lines(("AB", "")),
        {"left": lines(("AB", "")), "right": lines(("CDE", ""))},
        [A, B],
        ["entity"],
        references={"y": lines(("CDE", ""))},
        options=Options(trials=0, references="best"),
    )
    golds = [record.result(name, "entity").averages["micro"].gold for name in ("left", "right")]
    assert golds == [2, 3]
    assert [record.result(name, "entity").value for name in ("left", "right")] == [1, 1]


def test_any_takes_what_some_reference_has_and_asks_for_what_all_have():
    # right of A B E: A (x), B (x, y); to be found: C, which all have, and the system lacks.
    assert sums(scored("any")) == (2, 3, 0, 1)


def test_a_system_that_is_like_one_reference_is_wholly_right_by_any_and_best():
    for policy, own in itertools.product(("any", "best"), (X, Y, Z)):
        assert scored(policy, system=own).result("s", "entity").value == 1


def test_union_intersection_and_majority_are_counted_as_one_gold():
    assert sums(scored("union")) == (2, 3, 2, 5)  # A B C D and F
    assert sums(scored("intersection")) == (0, 3, 0, 1)  # C
    assert sums(scored("majority")) == (1, 3, 1, 2)  # B C: at least two of three


def test_two_references_have_the_intersection_for_a_majority_and_it_is_said():
    found = scored("majority", (X, Y))
    assert sums(found) == sums(scored("intersection", (X, Y))) == (1, 3, 1, 2)  # B C
    assert "Of two references the majority is what both have" in told(found)


def test_a_unit_of_four_references_needs_three_for_a_majority():
    golds = [("A", ""), ("A", ""), ("B", ""), ("B", "")]
    first, *others = map(lines, golds)
    record = score(
        first,
        {"s": lines(("A", ""))},
        [A, B],
        ["entity"],
        references=dict(zip("xyz", others, strict=True)),
        options=Options(trials=0, references="majority"),
    )
    assert sums(record) == (0, 1, 0, 0)


def test_units_are_the_same_as_the_measure_counts_them():
    one, two = lines(("A", "")), lines(("A", ""), type="ORG")
    for measure, gold in (("entity", 2), ("untyped", 1)):
        record = score(
            one,
            {"s": one},
            [A, B],
            [measure],
            references={"y": two},
            options=Options(trials=0, references="union"),
        )
        assert sums(record, measure) == (1, 1, 1, gold)


def test_overlaps_are_matched_with_what_the_references_make():
    text = document("The old Anna Bell", id="a")
    record = score(
        [annotate(text, ("Anna Bell", "PER"))],
        {"s": [annotate(text, ("Bell", "PER"))]},
        [text],
        ["overlap"],
        references={"y": [annotate(text, ("old Anna", "PER"))]},
        options=Options(trials=0, references="union"),
    )
    assert sums(record, "overlap") == (1, 1, 1, 2)


def test_arguments_hang_on_the_triggers_of_each_reference():
    text = document("Anna met Tom, Tom left", id="a")
    met = annotate(text, ("Anna", "PER"), ("Tom", "PER"), events=[("met", "Meet", [("who", 0)])])
    both = annotate(text, ("Tom", "PER"), ("Anna", "PER"), events=[("met", "Meet", [("who", 1), ("who", 0)])])
    for policy, counts in {"union": (2, 2, 2, 2), "intersection": (1, 2, 1, 1), "any": (2, 2, 1, 1)}.items():
        record = score(
            [met],
            {"s": [both]},
            [text],
            ["AC+"],
            references={"y": [both]},
            options=Options(trials=0, references=policy),
        )
        assert sums(record, "AC+") == counts, policy


def test_a_relation_that_is_the_same_either_way_is_one_unit_of_both_references():
    text = document("Anna met Tom", id="a")

    def married(one, other):
        return [annotate(text, ("Anna", "PER"), ("Tom", "PER"), relations=[("spouse", one, other)])]

    for symmetric, counts in ((frozenset({"spouse"}), (1, 1, 1, 1)), (frozenset(), (1, 1, 1, 2))):
        record = score(
            married(0, 1),
            {"s": married(0, 1)},
            [text],
            ["relation"],
            references={"y": married(1, 0)},
            symmetric=symmetric,
            options=Options(trials=0, references="union"),
        )
        assert sums(record, "relation") == counts


def test_heads_are_those_of_the_reference_that_a_unit_is_from():
    text = document("the old mayor of Bern met her", id="a")
    [one] = [annotate(text, ("her", "PER"))]
    other = annotate(text, ("the old mayor of Bern", "PER"))
    head = msgspec.structs.replace(other.mentions[0], head=Span(8, 13))  # mayor
    record = score(
        [one],
        {"s": [annotate(text, ("mayor", "PER"))]},
        [text],
        ["entity:span+type@head"],
        references={"y": [msgspec.structs.replace(other, mentions=(head,))]},
        options=Options(trials=0, references="union"),
    )
    assert sums(record, "entity:span+type@head") == (1, 1, 1, 2)


def test_equal_references_say_what_one_says():
    alone = scored(None, (X,)).result("s", "entity").averages
    for policy in NAMES:
        assert scored(policy, (X, X, X)).result("s", "entity").averages == alone, policy


@pytest.mark.parametrize("measure", ["CoNLL", "TC", "realis", "tokens"])
@pytest.mark.parametrize("policy", ["mean", "best"])
def test_equal_references_say_what_one_says_of_whatever_is_counted(policy, measure):
    text = document("Anna met Tom. She left.", id="a")
    gold = [
        annotate(text, ("Anna", "PER"), ("She", "PER"), events=[("met", "Meet", []), ("left", "Move", [])])
    ]
    system = {"s": [annotate(text, ("Anna", "PER"), events=[("met", "Meet", []), ("left", "Meet", [])])]}
    alone = score(gold, system, [text], [measure], options=Options(trials=0), seen=SEEN)
    two = score(
        gold,
        system,
        [text],
        [measure],
        options=Options(trials=0, references=policy),
        references={"y": gold},
        seen=SEEN,
    )
    assert two.results[0].averages == alone.results[0].averages


SEEN = frozenset({("event", "realis")})


def test_the_agreement_of_references_stands_beside_the_figures():
    record = scored("mean")
    # x and y: B C of 4 and 3; x and z: C of 4 and 1; y and z: C of 3 and 1.
    assert [pair.score.f for pair in record.agreement] == pytest.approx([4 / 7, 2 / 5, 2 / 4])
    assert f"entity {100 * (4 / 7 + 2 / 5 + 1 / 2) / 3:.1f}" in told(record)


def test_the_agreement_is_that_of_annotators_by_the_same_measure(tmp_path):
    made = whole(tmp_path)
    made.write_layer("annotator/b", lines(Y))
    record = score_corpus(made, ["gold", "annotator/b"], ["s"], ["entity", "untyped"], options=MEAN)
    found = agree_corpus(made, ["gold", "annotator/b"], ["entity", "untyped"])
    assert [pair.score for pair in record.agreement] == [item.pairs[0].score for item in found.measures]


def told(record):
    names = {("r", system.name): system.name for system in record.systems}
    return " ".join(note.text for note in make_notes({"r": record}, names))


def test_the_policy_and_every_reference_stand_in_the_signature():
    signature = scored("best").result("s", "entity").signature
    assert "|references:best|" in signature
    assert signature.count("#") >= 3
    assert "gold:gold#" in signature
    assert "+y#" in signature
    assert "references" not in scored(None, (X,)).result("s", "entity").signature


# ---------------------------------------------------------------- against a plain script
scenes = st.lists(
    st.tuples(*[st.frozensets(st.sampled_from("ABCDEF"), max_size=6)] * 4), min_size=1, max_size=4
)


def plain(policy, scene):
    """The sums of a policy by sets of words; a document has those of three references and a system."""
    sums = [0, 0, 0, 0]
    for *golds, system in scene:
        votes = {word: sum(word in gold for gold in golds) for word in "ABCDEF"}
        least = {"union": 1, "majority": 2, "intersection": 3}
        if policy == "mean":
            parts = [[len(system & g) / 3, len(system) / 3, len(system & g) / 3, len(g) / 3] for g in golds]
        elif policy == "best":
            f = [2 * len(system & g) / (len(system) + len(g)) if system or g else 1 for g in golds]
            gold = golds[max(range(3), key=lambda n: (f[n], -n))]
            parts = [[len(system & gold), len(system), len(system & gold), len(gold)]]
        else:
            some, every = ({w for w in votes if votes[w] >= least.get(policy, n)} for n in (1, 3))
            parts = [[len(system & some), len(system), len(system & every), len(every)]]
        sums = [sum(column) for column in zip(sums, *parts, strict=True)]
    return tuple(sums)


@settings(max_examples=60, deadline=None)
@given(scenes)
def test_every_policy_counts_what_a_plain_script_counts(scene):
    texts = [document("A B C D E F", id=f"d{n}") for n in range(len(scene))]
    first, *others, system = (
        [
            annotate(one, *((word, "PER") for word in sorted(row)))
            for one, row in zip(texts, rows, strict=True)
        ]
        for rows in zip(*scene, strict=True)
    )
    for policy in NAMES:
        record = score(
            first,
            {"s": system},
            texts,
            ["entity"],
            references=dict(zip("yz", others, strict=True)),
            options=Options(trials=0, references=policy),
        )
        assert sums(record) == pytest.approx(plain(policy, scene)), policy


# ---------------------------------------------------------------- what is refused
def test_references_without_a_policy_are_refused_with_all_of_them():
    with pytest.raises(MeasureError) as error:
        scored(None)
    assert all(f"--references {name}: {sentence}" in str(error.value) for name, sentence in TOLD.items())


def test_a_policy_with_one_gold_layer_is_refused():
    with pytest.raises(MeasureError, match="there is one gold layer"):
        scored("best", (X,))


@pytest.mark.parametrize("measure", ["CoNLL", "MUC"])
def test_no_clustering_is_made_of_several(measure):
    with pytest.raises(MeasureError, match=r"cannot be put together.*or best"):
        scored("union", measures=[measure])


@pytest.mark.parametrize("policy", ["union", "intersection", "majority", "any"])
def test_measures_whose_units_hang_on_the_other_side_are_refused(policy):
    with pytest.raises(MeasureError, match=r"AC\+"):
        scored(policy, measures=["entity", "AC+,triggers=gold"])


def test_distinct_forms_have_no_best_document_by_document():
    with pytest.raises(MeasureError, match="--references mean"):
        scored("best", measures=["surface"])


def test_a_reference_is_no_system(tmp_path):
    made = whole(tmp_path)
    with pytest.raises(MeasureError, match="scored against itself"):
        score_corpus(made, ["gold", "annotator/b"], ["annotator/b"], ["entity"], options=MEAN)


def test_the_same_reference_twice_is_refused(tmp_path):
    with pytest.raises(MeasureError, match="given twice"):
        score_corpus(whole(tmp_path), ["gold", "gold"], ["s"], ["entity"], options=MEAN)


def test_documents_not_judged_are_not_scored_as_empty(tmp_path):
    options = msgspec.structs.replace(MEAN, scope=msgspec.structs.replace(MEAN.scope, unjudged="empty"))
    with pytest.raises(MeasureError, match="--unjudged empty"):
        score_corpus(whole(tmp_path), ["gold", "annotator/b"], ["s"], ["entity"], options=options)


# ---------------------------------------------------------------- corpora and records
MEAN = Options(references="mean", trials=50)


def whole(folder, more=()):
    made = corpus(folder / "c", [A, B, *more])
    made.write_layer("gold", lines(X))
    made.write_layer("annotator/b", lines(Y)[:1])
    made.write_layer("system/s", lines(SYSTEM))
    return made


def test_only_documents_that_all_references_judge_are_scored_and_the_others_told(tmp_path):
    record = score_corpus(whole(tmp_path), ["gold", "annotator/b"], ["s"], ["entity"], options=MEAN)
    assert record.documents == ("a",)
    assert "the 1 of 2 documents that all references cover (1 not judged)" in told(record)


def test_what_one_reference_skipped_or_left_as_a_draft_is_not_scored(tmp_path):
    made = whole(tmp_path)
    for status, why in (("skipped", "1 skipped"), ("draft", "1 draft")):
        second = annotate(B, ("A", "PER"), status=status)
        made.write_layer("annotator/b", [lines(Y)[0], second])
        record = score_corpus(made, ["gold", "annotator/b"], ["s"], ["entity"], options=MEAN)
        assert record.documents == ("a",)
        assert f"the 1 of 2 documents that all references cover ({why})" in told(record)
    counted = msgspec.structs.replace(MEAN, scope=Scope(drafts="counted"))
    record = score_corpus(made, ["gold", "annotator/b"], ["s"], ["entity"], options=counted)
    assert record.documents == ("a", "b")


def test_a_reference_without_a_unit_in_any_document_is_still_one(tmp_path):
    nothing = ("", "")
    assert sums(scored("union", (X, nothing))) == sums(scored(None, (X,)))
    assert sums(scored("intersection", (X, nothing))) == (0, 3, 0, 0)
    assert scored("intersection", (X, nothing)).results[0].value is None  # gold has no unit: undefined


def test_references_without_a_document_in_common_are_refused(tmp_path):
    made = whole(tmp_path)
    made.write_layer("annotator/c", lines(Y)[1:])
    with pytest.raises(CorpusError, match="judge no document in common"):
        score_corpus(made, ["annotator/c", "annotator/b"], ["s"], ["entity"], options=MEAN)


@pytest.mark.parametrize("policy", NAMES)
def test_blocks_and_processes_change_nothing(tmp_path, monkeypatch, policy):
    made = whole(tmp_path)
    made.write_layer("annotator/b", lines(Y))
    options = msgspec.structs.replace(MEAN, references=policy)
    once = score_corpus(made, ["gold", "annotator/b"], ["s"], ["entity"], options=options)
    monkeypatch.setattr("goldwire.eval.counting.chunks.SIZE", 1)
    many = score_corpus(made, ["gold", "annotator/b"], ["s"], ["entity"], options=options, workers=2)
    assert many == once
    streamed = msgspec.structs.replace(options, stream=True)
    forgetful = score_corpus(made, ["gold", "annotator/b"], ["s"], ["entity"], options=streamed)
    assert forgetful.results[0].averages == once.results[0].averages


def test_records_of_other_references_or_policies_are_not_compared(tmp_path):
    made = whole(tmp_path)
    made.write_layer("annotator/c", lines(Z)[:1])

    def of(*golds, policy):
        options = Options(references=policy, trials=0)
        return score_corpus(made, golds, ["s"], ["entity"], options=options)

    first = of("gold", "annotator/b", policy="mean")
    assert not list(iter_differences(first, of("gold", "annotator/b", policy="mean")))
    whats = [found.what for found in iter_differences(first, of("gold", "annotator/c", policy="mean"))]
    assert whats == ["further references"]
    whats = [found.what for found in iter_differences(first, of("gold", "annotator/b", policy="best"))]
    assert whats == ["policy references"]
    alone = score_corpus(made, "gold", ["s"], ["entity"], options=Options(trials=0))
    assert {"further references", "policy references"} <= {f.what for f in iter_differences(first, alone)}


def test_a_baseline_holds_references_and_policy(tmp_path):
    made = whole(tmp_path)
    record = score_corpus(made, ["gold", "annotator/b"], ["s"], ["entity"], options=MEAN)
    policy = msgspec.structs.replace(read_policy("default"), rules=RULES)
    held = decode_baseline(encode_baseline(make_baseline(record, policy)))
    assert [gold.layer for gold in held.record.golds] == ["gold", "annotator/b"]
    assert judge(record, held, policy).passed
    best = msgspec.structs.replace(MEAN, references="best")
    other = score_corpus(made, ["gold", "annotator/b"], ["s"], ["entity"], options=best)
    with pytest.raises(JudgementError, match="policy references"):
        judge(other, held, policy)


RULES = tuple(rule for rule in read_policy("default").rules if rule.measure == "entity")


def test_results_of_other_references_do_not_stand_in_one_record(tmp_path):
    made = whole(tmp_path)
    made.write_layer("system/t", lines(X))
    place = made.path / "records" / "r.json"
    place.parent.mkdir(exist_ok=True)
    both = ["gold", "annotator/b"]
    keep(score_corpus(made, both, ["s"], ["entity"], options=MEAN), place)
    with pytest.raises(JudgementError, match="cannot stand beside"):
        keep(score_corpus(made, both[::-1], ["t"], ["entity"], options=MEAN), place)
    kept = keep(score_corpus(made, both, ["t"], ["entity"], options=MEAN), place).record
    assert [system.name for system in kept.systems] == ["s", "t"]


def test_views_of_references_are_told_and_sign(tmp_path):
    from goldwire.corpora.views import Asked, Choice

    made = whole(tmp_path)
    options = msgspec.structs.replace(MEAN, views=Asked(maps={}, choice=Choice(only=("PER",), ignore=())))
    record = score_corpus(made, ["gold", "annotator/b"], ["s"], ["entity"], options=options)
    assert "annotator/b is seen through" in told(record)
    assert "labels:" in record.results[0].signature


def test_tokens_of_references_that_differ_are_refused():
    one, two = [annotate(A)], [annotate(A)]
    fine = tokens.keep(one[0], (0, 2), (1, 3), ["O\tO"], "IOB2")
    coarse = tokens.keep(two[0], (0,), (3,), ["O"], "IOB2")

    def counted(other):
        return score(
            one,
            {"s": one},
            [A],
            ["tokens"],
            references={"y": two},
            tokens=[[fine], [other], [fine]],
            options=Options(trials=0, references="mean"),
        )

    assert counted(fine).results
    with pytest.raises(DataError, match="'a': the references came with different tokens"):
        counted(coarse)


def test_duplicates_of_a_reference_are_counted_in_it_and_not_across():
    record = scored("union", (X, X))
    assert record.result("s", "entity").gold_collapsed == 0


@pytest.mark.parametrize("policies", [{}, {"references": "worst"}])
def test_a_record_of_references_without_their_policy_is_damaged(policies):
    record = scored("mean")
    others = {key: value for key, value in record.policies.items() if key != "references"}
    broken = msgspec.structs.replace(record, policies={**others, **policies})
    with pytest.raises(DataError, match="of 3 gold layers"):
        decode_record(encode_record(broken))


def test_a_faulty_line_of_a_reference_is_told_with_its_layer(tmp_path):
    made = whole(tmp_path)
    path = made.layer_path("annotator/b")
    path.write_text(path.read_text().replace(A.sha256, "0" * 64))
    with pytest.raises(DataError, match="annotator/b"):
        score_corpus(made, ["gold", "annotator/b"], ["s"], ["entity"], options=MEAN)


# ---------------------------------------------------------------- the command and the page
def test_the_example_of_the_page_gives_its_counts(root, tmp_path, monkeypatch):
    page = (root / "docs" / "references.md").read_text(encoding="utf-8").partition("## An example")[2]
    monkeypatch.chdir(tmp_path)
    for name, content in re.findall(r"^`([\w.]+)`:\n\n```\w+\n(.*?)^```", page, re.MULTILINE | re.DOTALL):
        (tmp_path / name).write_text(content, encoding="utf-8")
    [commands] = re.findall(r"^```sh\n(goldwire corpus new .*?)^```", page, re.MULTILINE | re.DOTALL)
    for command in commands.splitlines():
        assert goldwire(*shlex.split(command)[1:]).exit_code == 0, command
    [shown] = re.findall(r"^```text\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    for policy, *rest in map(str.split, shown.splitlines()):
        result = read_record(tmp_path / "work" / "records" / f"{policy}.json").results[0]
        found = result.averages["micro"]
        numbers = [found.system_hits, found.system, found.gold_hits, found.gold]
        assert numbers == pytest.approx(list(map(float, rest[1::2])), abs=5e-4), policy
        assert f"|references:{policy}|" in result.signature


def goldwire(*words):
    return CliRunner().invoke(app, list(words))


@pytest.mark.parametrize("form", ["--markdown", "--html", "--latex"])
def test_reports_say_the_policy_and_the_agreement(tmp_path, form):
    made = whole(tmp_path)
    path = write_record(
        score_corpus(made, ["gold", "annotator/b"], ["s"], ["entity"], options=MEAN), tmp_path / "r.json"
    )
    done = goldwire("eval", "report", str(path), "--corpus", str(made.path), form, str(tmp_path / "out"))
    assert done.exit_code == 0, done.output
    text = (tmp_path / "out").read_text()
    assert "2 references (gold, annotator/b), mean" in text
    assert "entity 66.7" in text  # A B C against B C D


def test_two_gold_layers_on_the_command_line_need_a_policy(tmp_path):
    made = whole(tmp_path)
    done = goldwire("eval", "score", str(made.path), "--gold", "gold", "--gold", "annotator/b")
    assert isinstance(done.exception, MeasureError)
    assert "--references intersection: gold has the units that all references have" in str(done.exception)


def test_the_command_offers_every_policy():
    assert tuple(TOLD) == NAMES
    assert "|".join(NAMES) in goldwire("eval", "score", "--help").output
