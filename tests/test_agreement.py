"""Agreement: documents in common only, chance-corrected figures from the literature, and the command."""

import json

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from goldwire import testing
from goldwire.cli import app
from goldwire.corpora.errors import CorpusError, MeasureError
from goldwire.corpora.labels import LabelMap
from goldwire.corpora.ontology import Ontology, RelationType
from goldwire.corpora.store import Manifest, create_corpus, make_document
from goldwire.corpora.tokens import keep
from goldwire.corpora.types import Annotations, Excluded, Mention, Rejected, Relation, Span
from goldwire.corpora.views import Asked, Choice
from goldwire.eval.comparison.agreement import agree, agree_corpus
from goldwire.eval.comparison.coefficients import alpha
from goldwire.eval.comparison.pairs import Mean
from goldwire.eval.measures.measure import parse
from goldwire.eval.report.agreement import summarise
from goldwire.eval.report.build import is_viewed
from goldwire.eval.report.html import render_cell
from goldwire.eval.scoring.score import Options, score

DOCUMENTS = [make_document(f"d{k}", "aa bb cc dd ee") for k in range(4)]


def layer(words, status="submitted"):
    """`{"d0": {0: "PER"}}`: word 0 of document d0 is a PER."""
    units = {id: [((3 * n, 3 * n + 2), type) for n, type in chosen.items()] for id, chosen in words.items()}
    return {line.document: line for line in testing.layer(DOCUMENTS, units, status=status)}


def coefficient(found, name="kappa", of="token", label=""):
    """The coefficient of this name, of which there is one."""
    [one] = [c for c in found.coefficients if (c.name, c.of, c.label) == (name, of, label)]
    return one


ANNA = layer({"d0": {0: "PER", 1: "ORG"}, "d1": {2: "PER"}, "d2": {}})
BEN = layer({"d0": {0: "PER", 1: "PER"}, "d1": {2: "PER"}, "d3": {0: "PER"}})


def test_a_pair_is_scored_on_the_documents_of_both():
    found = agree({"anna": ANNA, "ben": BEN}, DOCUMENTS, ["entity", "untyped"])
    typed, untyped = found.measures
    [pair] = typed.pairs
    assert (pair.documents, found.documents) == (2, 2)
    # d0: one of two agrees; d1: one of one. Two of three on either side.
    assert pair.score.f == pytest.approx(2 / 3)
    assert untyped.pairs[0].score.f == 1
    assert {id: mean.value for id, mean in typed.by_document.items()} == {"d0": 0.5, "d1": 1.0}
    assert typed.labels["ORG"] == Mean(value=0, deviation=None, pairs=1)


@pytest.mark.parametrize("status", ["skipped", "draft"])
def test_what_an_annotator_did_not_finish_says_nothing(status):
    ben = BEN | layer({"d1": {}}, status)
    assert agree({"anna": ANNA, "ben": ben}, DOCUMENTS, ["entity"]).documents == 1


def test_two_who_found_nothing_agree_without_a_figure():
    found = agree({"a": layer({"d0": {}}), "b": layer({"d0": {}})}, DOCUMENTS, ["entity"])
    assert found.measures[0].mean.value is None
    assert [(one.value, one.why) for one in found.coefficients] == [(None, "all have one value")] * 2
    assert [one.name for one in found.coefficients] == ["kappa", "alpha"]


def test_layers_without_a_common_document_cannot_agree():
    with pytest.raises(MeasureError, match="none of 4 documents was annotated in two of the layers"):
        agree({"a": layer({"d0": {}}), "b": layer({"d1": {}})}, DOCUMENTS)
    with pytest.raises(MeasureError, match="agreement needs two layers"):
        agree({"a": ANNA}, DOCUMENTS)


def test_layers_that_have_documents_in_common_elsewhere_are_not_said_to_have_none():
    both = {"a": layer({"d0": {}}), "b": layer({"d0": {}})}
    with pytest.raises(MeasureError, match="none of 3 documents was annotated in two of the layers"):
        agree(both, DOCUMENTS[1:])


def test_the_mean_is_over_pairs_that_have_a_figure():
    empty = layer({"d2": {}})
    found = agree({"anna": ANNA, "ben": BEN, "cleo": empty}, DOCUMENTS, ["entity"])
    scores = [pair.score.f for pair in found.measures[0].pairs]
    assert scores == [pytest.approx(2 / 3), None, None]  # anna and cleo share d2, without a mention
    assert found.measures[0].mean.value == pytest.approx(2 / 3)


def test_labels_and_documents_have_means_over_pairs_with_their_deviation():
    # d0 alone is shared by all three. Anna and Ben: PER at 0; Anna has ORG at 1, Ben PER. F of d0 is .5; PER:
    # one of 1 and 2, 2 * 1 / 3; ORG 0. Anna and Cleo agree on both: 1, 1, 1. Ben and Cleo as Anna and Ben.
    cleo = layer({"d0": {0: "PER", 1: "ORG"}})
    [found] = agree({"anna": ANNA, "ben": BEN, "cleo": cleo}, DOCUMENTS, ["entity"]).measures
    document, per, org = found.by_document["d0"], found.labels["PER"], found.labels["ORG"]
    assert document.value == pytest.approx((0.5 + 1 + 0.5) / 3)
    # Squares of the distances from 2/3: 1/36, 4/36, 1/36; over 3 - 1: 1/12.
    assert document.deviation == pytest.approx((1 / 12) ** 0.5)
    assert org == Mean(value=pytest.approx(1 / 3), deviation=pytest.approx((1 / 3) ** 0.5), pairs=3)
    # Anna and Ben share d1 too, where both have PER: PER is 2 * 2 / (2 + 3) there. Pairs weigh the same.
    assert per.value == pytest.approx((4 / 5 + 1 + 2 / 3) / 3)
    # All: Anna and Ben 2 of 3 and 3, Anna and Cleo 1, Ben and Cleo 1 of 2 and 2.
    assert found.mean.value == pytest.approx((2 / 3 + 1 + 1 / 2) / 3)
    assert found.mean.pairs == 3
    # Pooled counts, in which Anna and Ben weigh more, would be 2 * 5 / (7 + 7) instead of 13/18.
    assert found.mean.value != pytest.approx(5 / 7)


def test_a_misspelt_key_is_refused_though_a_pair_may_lack_an_attribute_that_others_have():
    with pytest.raises(MeasureError, match="'typ' is neither a key of entity nor an attribute of mentions"):
        agree({"anna": ANNA, "ben": BEN}, DOCUMENTS, ["entity:span+typ@exact"])
    marked = {
        id: msgspec.structs.replace(
            item,
            mentions=tuple(msgspec.structs.replace(m, attributes={"form": "nam"}) for m in item.mentions),
        )
        for id, item in ANNA.items()
    }
    # Ben and Cleo have no form and agree on that.
    found = agree({"anna": marked, "ben": BEN, "cleo": BEN}, DOCUMENTS, ["entity:span+type+form@exact"])
    assert [pair.score.f for pair in found.measures[0].pairs] == [0, 0, 1]


mentions = st.dictionaries(st.integers(0, 4), st.sampled_from(["PER", "ORG"]))
layers = st.fixed_dictionaries({d.id: mentions for d in DOCUMENTS}).map(layer)


@settings(max_examples=25)
@given(layers, layers, layers)
def test_the_mean_and_pairs_are_those_of_the_scorer(one, two, three):
    given_ = {"one": one, "two": two, "three": three}
    found = agree(given_, DOCUMENTS, ["entity", "entity:span+type@exact,average=macro"])
    for measure in found.measures:
        for pair in measure.pairs:
            record = score(
                given_[pair.first],
                {"s": given_[pair.second]},
                DOCUMENTS,
                [measure.measure],
                options=Options(trials=0),
            )
            # A scorer says nothing where gold has no unit; two annotators of whom one has none do not agree.
            if any(item.mentions for item in given_[pair.first].values()):
                assert record.results[0].value == pair.score.f
            else:
                assert (record.results[0].value, pair.score.f) in ((None, 0), (None, None))
        values = [pair.score.f for pair in measure.pairs if pair.score.f is not None]
        assert measure.mean.value == pytest.approx(sum(values) / len(values) if values else None, abs=1e-6)


@settings(max_examples=25)
@given(layers, layers)
def test_agreement_is_the_same_whoever_plays_gold(one, two):
    there = agree({"a": one, "b": two}, DOCUMENTS, ["entity"])
    back = agree({"a": two, "b": one}, DOCUMENTS, ["entity"])
    assert there.measures[0].mean.value == back.measures[0].mean.value
    for first, second in zip(there.coefficients, back.coefficients, strict=True):
        drawn = first.name == "gamma"  # its samples are others then
        assert drawn or first.value == pytest.approx(second.value)
        assert (first.value is None) == (second.value is None)


def test_excluded_tokens_are_no_agreement():
    document = make_document("d0", "aa bb cc dd ee", excluded=(Excluded(start=6, end=14, reason="byline"),))
    given_ = {"a": layer({"d0": {0: "PER"}}), "b": layer({"d0": {1: "PER"}})}
    kappa = coefficient(agree(given_, [document], ["entity"]))
    assert (kappa.count, kappa.value) == (2, -1)


# ---------------------------------------------------------------- alpha
# Krippendorff 2011, "Computing Krippendorff's Alpha-Reliability": section A, two observers, binary values,
# alpha .095; section C, four observers, five values, some missing, alpha .743.
BINARY = ["0100000010", "1110010000"]
FOUR = ["123321412...", "1233224125.3", ".3332342251.", "12332441251."]


@pytest.mark.parametrize(("observers", "printed"), [(BINARY, 0.095), (FOUR, 0.743)])
def test_alpha_of_the_worked_examples(observers, printed):
    units = [{v: values.count(v) for v in values if v != "."} for values in zip(*observers, strict=True)]
    assert alpha(units) == pytest.approx(printed, abs=0.0005)


def test_alpha_is_one_for_full_agreement_and_undefined_without_variation():
    assert alpha([{"a": 3}, {"b": 2}]) == 1
    assert alpha([{"a": 3}, {"a": 2}]) is None
    assert alpha([{"a": 1}, {"b": 1}]) is None  # nothing was seen by two


def test_the_default_measures_exist():
    from goldwire.eval.comparison.agreement import DEFAULTS

    assert all(parse(measure) for measure in DEFAULTS)


# ---------------------------------------------------------------- the command
@pytest.fixture
def corpus(tmp_path):
    made = create_corpus(tmp_path / "c", Manifest(name="c"), DOCUMENTS)
    made.write_layer("annotator/anna", ANNA.values())
    made.write_layer("annotator/ben", BEN.values())
    made.write_layer("gold", ANNA.values())
    return made


def test_the_command_takes_all_annotators_or_those_named(corpus):
    run = CliRunner().invoke(app, ["eval", "agreement", str(corpus.path), "--json"])
    assert run.exit_code == 0, run.output
    assert json.loads(run.output)["layers"] == ["annotator/anna", "annotator/ben"]
    run = CliRunner().invoke(
        app,
        ["eval", "agreement", str(corpus.path), "--layers", "gold", "ben", "--measure", "entity", "--json"],
    )
    assert run.exit_code == 0, run.output
    assert json.loads(run.output)["layers"] == ["gold", "annotator/ben"]
    run = CliRunner().invoke(app, ["eval", "agreement", str(corpus.path)])
    # d0: one of two; d0 and d1 together two of three, in points of a hundred.
    assert "Least agreement by entity: d0 (50.0)" in run.output
    assert "66.7" in run.output
    assert "0.667" not in run.output


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_no_figure_is_cut_however_narrow_the_terminal_is(corpus, width):
    corpus.write_layer("annotator/" + "x" * 60, BEN.values())
    size = {"COLUMNS": str(width), "TERMINAL_WIDTH": str(width)}
    run = CliRunner().invoke(app, ["eval", "agreement", str(corpus.path)], env=size)
    assert run.exit_code == 0, run.output
    assert "…" not in run.output
    lines = run.output.splitlines()
    assert max(map(len, lines)) <= width
    # Three pairs. Of anna's three mentions, d0 and d1 together, ben and x have two: by F1 and by untyped.
    assert sum(line.count("66.7") for line in lines) >= 3


def test_agreement_is_shown_in_the_words_of_scores(corpus):
    run = CliRunner().invoke(app, ["eval", "agreement", str(corpus.path), "--measure", "entity,beta=2"])
    assert run.exit_code == 0, run.output
    lines = run.output.splitlines()
    measures = lines[lines.index("Mean over pairs") + 1]
    assert measures.split() == ["measure", "F2", "deviation", "pairs"]
    assert "entity (span + type), beta=2.0, by type" in lines
    assert any(line.split() == ["pair", "documents", "2.0", "kappa"] for line in lines)
    assert "Points of a hundred, with 95 % intervals." in run.output


def test_an_undefined_agreement_is_a_dash_never_nought(corpus):
    # Nobody has an event.
    run = CliRunner().invoke(app, ["eval", "agreement", str(corpus.path), "--measure", "TC"])
    [row] = [line for line in run.output.splitlines() if line.startswith("TC (trigger + type)")]
    assert row.removeprefix("TC (trigger + type)").split() == ["–", "–", "0"]


def test_what_a_layer_is_called_does_nothing_in_a_notebook(corpus):
    hostile = "annotator/<img src=x onerror=alert(1)>"
    found = agree({"annotator/anna": ANNA, hostile: BEN}, DOCUMENTS, ["entity"])
    page = render_cell(summarise(found), notes=2)
    assert "<img" not in page
    assert "&lt;img src=x onerror=alert(1)&gt;" in page


def test_a_layer_that_is_not_there_is_named(corpus):
    with pytest.raises(CorpusError, match="no layer 'zoe'; there are annotator/anna"):
        agree_corpus(corpus, ["zoe", "ben"])


# ---------------------------------------------------------------- what is compared at all
def test_documents_are_an_upper_bound_and_each_pair_keeps_its_rule(said_by, tmp_path):
    documents = [make_document(f"d{number}", "Anna met Bern there.") for number in range(3)]
    corpus = create_corpus(tmp_path / "c", Manifest(name="c"), documents)

    def lines(*numbers, span=(0, 4)):
        mention = Mention(id="m", type="PER", spans=(Span(*span),))
        chosen = [documents[number] for number in numbers]
        return [Annotations(document=d.id, sha256=d.sha256, mentions=(mention,)) for d in chosen]

    corpus.write_layer("annotator/anna", lines(0, 1, 2))
    corpus.write_layer("annotator/ben", [*lines(0), *lines(1, span=(9, 13))])
    whole = said_by("eval", "agreement", corpus.path, "--measure", "entity", "--json").json
    assert (whole["documents"], whole["measures"][0]["mean"]["value"]) == (2, 0.5)  # one alike of two
    (tmp_path / "ids").write_text("d0\nd2\n")
    chosen = ("--documents", tmp_path / "ids")
    part = said_by("eval", "agreement", corpus.path, "--measure", "entity", "--json", *chosen).json
    assert (part["documents"], part["measures"][0]["mean"]["value"]) == (1, 1.0)


def test_what_was_rejected_of_an_annotator_is_told_and_compared_with_nobody():
    document = make_document("d", "Anna met Bern there.")
    mention = Mention(id="m", type="PER", spans=(Span(0, 4),))
    lost = Rejected(
        unit="mention", kind="words-differ", message="", type="LOC", spans=((9, 13),), words="Rome"
    )
    one = Annotations(document="d", sha256=document.sha256, mentions=(mention,))
    other = msgspec.structs.replace(one, rejected=(lost,))
    for layers in ({"a": {"d": one}, "b": {"d": other}}, {"b": {"d": other}, "a": {"d": one}}):
        found = agree(layers, [document], ["entity"])
        assert found.measures[0].mean.value == 1
        assert found.rejected == {"b": {"words-differ": 1}}


# ---------------------------------------------------------------- through a view, on kept tokens
def asked(choice=None, **maps):
    return Asked(maps={name: ("map", table) for name, table in maps.items()}, choice=choice or Choice())


def test_labels_that_a_view_merges_agree():
    view = asked(**{"": LabelMap(mentions={"ORG": "PER"})})
    found = agree({"anna": ANNA, "ben": BEN}, DOCUMENTS, ["entity"], asked=view)
    assert found.measures[0].mean.value == 1  # words 0 and 1 of d0 and word 2 of d1 on both sides
    assert coefficient(found).value == 1
    assert list(found.views) == ["anna", "ben"]


def test_a_map_of_one_annotator_changes_that_one_alone():
    view = asked(ben=LabelMap(mentions={"PER": "ORG"}))
    found = agree({"anna": ANNA, "ben": BEN}, DOCUMENTS, ["entity"], asked=view)
    assert found.measures[0].mean.value == pytest.approx(1 / 3)  # word 1 of d0, of three on either side
    assert list(found.views) == ["ben"]


def test_what_is_not_asked_for_is_no_unit_of_anybody():
    found = agree({"anna": ANNA, "ben": BEN}, DOCUMENTS, ["entity"], asked=asked(Choice(only=("PER",))))
    # PER: anna has word 0 of d0 and word 2 of d1, ben these and word 1 of d0.
    assert found.measures[0].mean.value == pytest.approx(4 / 5)


def test_a_view_that_leaves_nothing_is_refused():
    view = asked(**{"": LabelMap(mentions={"*": ""})})
    with pytest.raises((MeasureError, CorpusError), match="nothing"):
        agree({"anna": ANNA, "ben": BEN}, DOCUMENTS, ["entity"], asked=view)


def test_symmetric_relations_stay_so_under_another_name():
    ontology = Ontology(name="o", version="1", relations={"spouse": RelationType(symmetric=True)})
    ends = [("m0", "m1"), ("m1", "m0")]
    layers = {
        name: {
            "d0": msgspec.structs.replace(
                layer({"d0": {0: "PER", 1: "PER"}})["d0"],
                relations=(Relation(id="r", type="spouse", source=source, target=target),),
            )
        }
        for name, (source, target) in zip(("anna", "ben"), ends, strict=True)
    }
    for view in (Asked(), asked(**{"": LabelMap(relations={"spouse": "family"})})):
        found = agree(layers, DOCUMENTS, ["boundaries"], ontology=ontology, asked=view)
        assert found.measures[0].mean.value == 1


def kept(layers, document, starts, ends, *tags):
    return {
        name: [keep(found[document], starts, ends, [given], "IOB2")]
        for (name, found), given in zip(layers.items(), tags, strict=True)
    }


def test_tokens_are_those_of_the_files_where_all_have_the_same():
    layers = {"anna": layer({"d0": {0: "PER"}}), "ben": layer({"d0": {0: "PER", 1: "PER"}})}
    # "aa bb", "cc", "dd ee": the first is in a mention on both sides, the others on none.
    tokens = kept(layers, "d0", (0, 6, 9), (5, 8, 14), "B-PER\tO\tO", "I-PER\tO\tO")
    found = agree(layers, DOCUMENTS, ["accuracy"], tokens=tokens)
    assert (coefficient(found).count, coefficient(found).value, found.tokens) == (3, 1, "file")
    [pair] = found.measures[0].pairs
    assert pair.score.f == pytest.approx(2 / 3)  # raw tags: B is not I


def test_other_tokens_of_one_annotator_are_told_and_none_are_used():
    layers = {"anna": layer({"d0": {0: "PER"}}), "ben": layer({"d0": {0: "PER", 1: "PER"}})}
    tokens = kept(layers, "d0", (0, 6, 9), (5, 8, 14), "B-PER\tO\tO", "I-PER\tO\tO")
    for other in (
        {"anna": tokens["anna"]},
        tokens | kept({"ben": layers["ben"]}, "d0", (0,), (14,), "B-PER"),
    ):
        found = agree(layers, DOCUMENTS, ["accuracy"], tokens=other)
        assert (coefficient(found).count, found.tokens) == (5, "goldwire-1")  # aa bb cc dd ee
        assert found.measures[0].pairs[0].score.f == pytest.approx(4 / 5)


def test_the_command_sees_annotators_through_views_and_says_so(tmp_path):
    made = create_corpus(tmp_path / "work", Manifest(name="w"), DOCUMENTS)
    made.write_layer("annotator/anna", ANNA.values())
    made.write_layer("annotator/ben", BEN.values())
    (tmp_path / "m.toml").write_text('[mentions]\nORG = "PER"\n')
    run = CliRunner().invoke(
        app, ["eval", "agreement", str(tmp_path / "work"), "--labels", f"anna={tmp_path / 'm.toml'}"]
    )
    assert run.exit_code == 0, run.output
    assert "annotator/anna is seen through m#" in run.output
    assert "Tokens are as Goldwire counts them." in run.output
    run = CliRunner().invoke(
        app, ["eval", "agreement", str(tmp_path / "work"), "--labels", f"eva={tmp_path / 'm.toml'}"]
    )
    assert "no layer of that name is compared; compared are anna, ben" in str(run.exception)


def test_a_report_of_a_view_has_no_ceiling_of_annotators_without_it():
    record = score(ANNA, {"s": BEN}, DOCUMENTS, ["entity"], options=Options(trials=0))
    viewed = score(
        ANNA, {"s": BEN}, DOCUMENTS, ["entity"], options=Options(trials=0, views=asked(Choice(only=("PER",))))
    )
    assert [is_viewed({"r": one}) for one in (record, viewed)] == [False, True]


def test_through_a_view_tokens_of_the_files_are_compared_by_type():
    layers = {"anna": layer({"d0": {0: "PER"}}), "ben": layer({"d0": {0: "ORG", 1: "ORG"}})}
    # As above, three tokens: PER, outside, outside and ORG, outside, outside.
    tokens = kept(layers, "d0", (0, 6, 9), (5, 8, 14), "B-PER\tO\tO", "I-ORG\tO\tO")
    view = asked(**{"": LabelMap(mentions={"ORG": "PER"})})
    found = agree(layers, DOCUMENTS, ["accuracy"], tokens=tokens, asked=view)
    assert (coefficient(found).count, found.tokens) == (3, "file")
    assert found.measures[0].pairs[0].score.f == 1


def test_layers_that_are_nobodys_are_told_not_to_be_one_person():
    layers = {"annotator/unknown-1": ANNA, "annotator/unknown-2": BEN}
    told = agree(layers, DOCUMENTS).nobody
    assert told is not None
    assert told.startswith("unknown-1, unknown-2: annotations without an author")
    assert agree({"annotator/anna": ANNA, "annotator/unknown": BEN}, DOCUMENTS).nobody is None


def test_agreement_of_layers_that_are_nobodys_says_so(tmp_path):
    layers = {f"annotator/unknown-{n}": list(made.values()) for n, made in ((1, ANNA), (2, BEN))}
    create_corpus(tmp_path / "c", Manifest(name="c"), DOCUMENTS, layers=layers)
    said = CliRunner().invoke(app, ["eval", "agreement", str(tmp_path / "c"), "--measure", "entity"])
    assert said.exit_code == 0
    assert "a pair of such layers is no pair of people" in " ".join(said.output.split())
