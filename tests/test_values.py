"""Several values of one attribute: kept where the ontology says `multiple`, and a unit each when scored."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from goldwire.annotate import adjudicate
from goldwire.annotate.exchange import controls, graph, regions, results
from goldwire.annotate.interface import labelconfig
from goldwire.annotate.migration import mapping, rewrite
from goldwire.corpora import build, convert, predictions
from goldwire.corpora import ontology as ontologies
from goldwire.corpora.labels import LabelMap
from goldwire.corpora.lens import Lens
from goldwire.corpora.ontology import Ontology
from goldwire.corpora.ontology_diff import diff
from goldwire.corpora.statistics import describe_layer
from goldwire.corpora.store import Manifest, make_document
from goldwire.corpora.types import Annotations, Held, Mention, Span
from goldwire.corpora.valid import sound
from goldwire.corpora.values import held, parts
from goldwire.eval.reference.train import values_of
from goldwire.eval.scoring.score import Options, score
from goldwire.eval.systems.adapters import prompt

SOURCE = """
name = "x"
version = "1"
[entities.PER]
[attributes.tone]
on = "mention"
[attributes.tone.values]
neg = {}
generic = {}
odd = {}
"""
ONE = ontologies.decode(SOURCE)
TONE = msgspec.structs.replace(ONE.attributes["tone"], multiple=True)
SEVERAL = msgspec.structs.replace(ONE, attributes={"tone": TONE})
DOCUMENT = make_document("d", "Anna Berg met Tom in Bern.")


def line(tone: Held | None, *, second: Held | None = None) -> Annotations:
    held = {} if tone is None else {"tone": tone}
    more = (
        (Mention(id="n", type="PER", spans=(Span(14, 17),), attributes={"tone": second}),) if second else ()
    )
    anna = Mention(id="m", type="PER", spans=(Span(0, 9),), attributes=held)
    return Annotations(document="d", sha256=DOCUMENT.sha256, mentions=(anna, *more))


def read(tone: Any, ontology: Ontology | None = None) -> Annotations:
    mention = {"id": "m", "type": "PER", "spans": [[0, 9]], "attributes": {"tone": tone}}
    prediction = predictions.decode(json.dumps({"document": "d", "mentions": [mention]}).encode(), "f")
    return predictions.read(prediction, DOCUMENT, ontology).annotations


# ---------------------------------------------------------------- in memory and on disk
def test_one_value_stays_text_on_disk_and_several_are_a_list() -> None:
    assert b'"attributes":{"tone":"neg"}' in msgspec.json.encode(line("neg"))
    several = msgspec.json.encode(line(("generic", "neg")))
    assert b'"attributes":{"tone":["generic","neg"]}' in several
    assert msgspec.json.decode(several, type=Annotations) == line(("generic", "neg"))


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (["neg", "generic"], {"tone": ("generic", "neg")}),
        (["generic", "neg", "neg"], {"tone": ("generic", "neg")}),
        (["neg", "neg"], {"tone": "neg"}),
        (["neg"], {"tone": "neg"}),
        ("neg", {"tone": "neg"}),
        ([], {}),
    ],
)
def test_order_and_repetition_of_values_change_nothing(given: Any, kept: dict[str, Held]) -> None:
    assert read(given).mentions[0].attributes == kept


def test_values_that_are_no_text_are_malformed() -> None:
    assert [item.kind for item in read([1]).rejected] == ["malformed"]


def test_without_multiple_two_values_are_a_contradiction_and_the_mention_stays() -> None:
    kept, rejected = sound(line(("generic", "neg")), DOCUMENT, ONE)
    assert [(item.kind, item.value) for item in rejected] == [("contradiction", {"tone": ("generic", "neg")})]
    assert kept == line(None)
    assert sound(line(("generic", "neg")), DOCUMENT, SEVERAL) == (line(("generic", "neg")), [])


def test_a_value_that_the_ontology_does_not_have_costs_itself() -> None:
    kept, rejected = sound(line(("neg", "zzz")), DOCUMENT, SEVERAL)
    assert kept == line("neg")
    assert [(item.kind, item.value) for item in rejected] == [("unknown-value", {"tone": "zzz"})]


def test_the_fingerprint_of_an_ontology_without_such_attributes_is_what_it_was() -> None:
    assert ONE.fingerprint() != SEVERAL.fingerprint()
    assert ontologies.read("conflict").fingerprint() == "73f63f44e67d"  # as baselines of before have it


# ---------------------------------------------------------------- counted
def hits(gold: Annotations, system: Annotations, measure: str) -> tuple[float, ...]:
    """Hits, units of the system, units of gold."""
    quick = Options(trials=0)
    record = score([gold], {"s": [system]}, [DOCUMENT], [measure], ontology=SEVERAL, options=quick)
    found = record.results[0].averages["micro"]
    return found.system_hits, found.system, found.gold


EACH = "attribute:span+type+tone@exact"
WHOLE = "entity:span+type+tone@exact"


@pytest.mark.parametrize(
    ("gold", "system", "each", "whole"),
    [
        # one of the two is shared
        (("generic", "neg"), ("neg", "odd"), (1, 2, 2), (0, 1, 1)),
        (("generic", "neg"), "neg", (1, 1, 2), (0, 1, 1)),
        (("generic", "neg"), ("generic", "neg"), (2, 2, 2), (1, 1, 1)),
        # neither order nor repetition on disk is a difference
        (("generic", "neg"), ("neg", "generic", "neg"), (2, 2, 2), (1, 1, 1)),
        ("neg", "neg", (1, 1, 1), (1, 1, 1)),
    ],
)
def test_each_value_is_a_unit_of_its_attribute_and_all_together_are_part_of_the_mention(
    gold: Held, system: Held, each: tuple[int, ...], whole: tuple[int, ...]
) -> None:
    assert hits(line(gold), line(system), EACH) == each
    assert hits(line(gold), line(system), WHOLE) == whole


def test_values_are_labels_of_their_own() -> None:
    both, quick = line(("generic", "neg"), second="odd"), Options(trials=0)
    record = score([both], {"s": [both]}, [DOCUMENT], [EACH], ontology=SEVERAL, options=quick)
    assert {label: figures.gold for label, figures in record.results[0].labels.items()} == {
        "generic": 1, "neg": 1, "odd": 1,
    }  # fmt: skip


def test_a_default_stands_for_what_is_absent_and_is_one_of_several() -> None:
    tone = msgspec.structs.replace(TONE, default="neg")
    ontology = msgspec.structs.replace(SEVERAL, attributes={"tone": tone})
    quick = Options(trials=0)
    gold, system = [line(None)], {"s": [line(("generic", "neg"))]}
    record = score(gold, system, [DOCUMENT], [EACH], ontology=ontology, options=quick)
    found = record.results[0].averages["micro"]
    assert (found.system_hits, found.system, found.gold) == (1, 2, 1)


def test_statistics_count_each_value() -> None:
    assert describe_layer([line(("generic", "neg"), second="neg")]).attributes == {
        "tone": {"neg": 2, "generic": 1}
    }


def test_a_view_renames_and_drops_each_value() -> None:
    view = LabelMap(attributes={"tone": {"generic": "neg", "odd": ""}})
    seen = [Lens(view).see(line(tone))[0] for tone in (("generic", "neg"), ("neg", "odd"), ("odd",))]
    assert seen == [line("neg"), line("neg"), line(None)]


# ---------------------------------------------------------------- annotated
def decoded(found: list[Any], ontology: Ontology) -> tuple[Annotations, list[str]]:
    declared = controls.of(ontology)
    made = graph.decode(results.sort(found, DOCUMENT.text, declared), DOCUMENT, declared, ontology)
    return made.annotations, [item.kind for item in made.rejected]


def test_label_studio_shows_boxes_for_several_values_and_gives_them_back() -> None:
    assert 'choice="multiple"' in labelconfig.graph(SEVERAL)
    assert 'choice="multiple"' not in labelconfig.graph(ONE)
    for tone in (("generic", "neg"), "neg", None):
        sent = regions.encode(line(tone), DOCUMENT.text)
        made, rejected = decoded(sent, SEVERAL)
        assert (made.mentions, rejected) == (line(tone).mentions, [])


def test_two_values_of_a_choice_for_one_are_a_contradiction() -> None:
    made, rejected = decoded(regions.encode(line(("generic", "neg")), DOCUMENT.text), ONE)
    assert (made.mentions, rejected) == (line(None).mentions, ["contradiction"])


def test_a_value_that_the_configuration_does_not_have_costs_itself() -> None:
    made, rejected = decoded(regions.encode(line(("neg", "zzz")), DOCUMENT.text), SEVERAL)
    assert (made.mentions, rejected) == (line("neg").mentions, ["unknown-value"])


def test_a_project_made_elsewhere_with_several_choices_is_read() -> None:
    xml = (
        '<View><Labels name="label" toName="text"><Label value="PER"/></Labels>'
        '<Text name="text" value="$text"/>'
        '<Choices name="modal" toName="text" perRegion="true" choice="multiple">'
        '<Choice value="neg"/><Choice value="generic"/></Choices></View>'
    )
    declared = controls.parse(xml)
    span = {"start": 0, "end": 9, "text": "Anna Berg"}
    common = {"id": "a", "to_name": "text"}
    found = [
        {**common, "from_name": "label", "type": "labels", "value": {**span, "labels": ["PER"]}},
        {**common, "from_name": "modal", "type": "choices", "value": {**span, "choices": ["neg", "generic"]}},
    ]
    made = graph.decode(results.sort(found, DOCUMENT.text, declared), DOCUMENT, declared, None)
    assert made.annotations.mentions[0].attributes == {"modal": ("generic", "neg")}
    assert controls.ontology_of(declared, "x").attributes["modal"].multiple


def merged(*tones: Held | None, decisions: Any = (), ontology: Ontology = SEVERAL) -> adjudicate.Adjudicated:
    layers = {f"p{i}": {"d": line(tone)} for i, tone in enumerate(tones)}
    return adjudicate.adjudicate(layers, [DOCUMENT], decisions, ontology)


def test_adjudication_asks_about_each_value_on_which_annotators_differ() -> None:
    found = merged(("generic", "neg"), ("neg", "odd"))
    assert found.annotations[0].mentions[0].attributes == {"tone": "neg"}
    assert [item.key.rpartition("=")[2] for item in found.disagreements] == ["generic", "odd"]
    assert found.disagreements[0].says == {"p0": True, "p1": False}
    decisions = [msgspec.structs.replace(item, decision=True) for item in found.disagreements]
    decided = merged(("generic", "neg"), ("neg", "odd"), decisions=decisions)
    assert decided.annotations[0].mentions[0].attributes == {"tone": ("generic", "neg", "odd")}
    assert decided.open == 0
    again = merged(("generic", "neg"), ("neg", "generic"))
    assert (again.disagreements, again.annotations[0].mentions) == (
        (), (msgspec.structs.replace(line(("generic", "neg")).mentions[0], id="m1"),)
    )  # fmt: skip


def test_a_project_goes_over_to_one_value_with_each_loss_named() -> None:
    sent = regions.encode(line(("generic", "neg")), DOCUMENT.text)
    became = rewrite.rewrite(sent, mapping.Moves(), SEVERAL, ONE)
    assert [gone.label for gone in became.uncarried] == ["generic", "neg"]
    assert "takes one value" in became.uncarried[0].message
    assert rewrite.rewrite(sent, mapping.Moves(), ONE, SEVERAL).results == sent


# ---------------------------------------------------------------- files of others
def test_brat_writes_each_value_and_takes_them_back_where_the_ontology_does(tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_text(SOURCE.replace('on = "mention"', 'on = "mention"\nmultiple = true'))
    manifest = Manifest(name="c", ontology=str(tmp_path / "x.toml"))
    both = line(("generic", "neg"))
    corpus = build.new(tmp_path / "c", manifest, [DOCUMENT], {"gold": [both]}).corpus
    exported = convert.export_layer(corpus, "gold", tmp_path / "brat", "brat", {})
    assert exported.loss == {}
    assert (tmp_path / "brat" / "d.ann").read_text().count("tone T1") == 2
    back = convert.read("brat", [tmp_path / "brat"], {}, [DOCUMENT], SEVERAL)
    assert (back.annotations[0].mentions[0].attributes, back.quarantined) == (
        {"tone": ("generic", "neg")},
        [],
    )
    told = convert.read("brat", [tmp_path / "brat"], {}, [DOCUMENT], ONE)
    assert [item.kind for item in told.quarantined] == ["contradiction"]
    # From the file of brat: T1's second A line, by its number.
    assert told.quarantined[0].where.endswith("d.ann:3")


def test_cas_holds_one_value_and_counts_the_others_as_lost(tmp_path: Path) -> None:
    pytest.importorskip("cassis")
    manifest = Manifest(name="c", ontology=None)
    gold = [line(("generic", "neg"), second="odd")]
    corpus = build.new(tmp_path / "c", manifest, [DOCUMENT], {"gold": gold}).corpus
    exported = convert.export_layer(corpus, "gold", tmp_path / "cas", "cas", {})
    assert exported.loss == {"attributes": 1}


def test_what_changed_between_two_ontologies_says_that_an_attribute_takes_several() -> None:
    (change,) = diff(ONE, SEVERAL)
    assert (change.path, "multiple True" in change.message) == ("attributes.tone", True)


def test_a_model_is_asked_for_a_list_where_several_values_may_hold() -> None:
    def asked(ontology: Ontology) -> str:
        return json.dumps(prompt.schema(ontology))

    values = '{"type": "string", "enum": ["neg", "generic", "odd"]}'
    assert f'"tone": {{"type": "array", "items": {values}}}' in asked(SEVERAL)
    assert f'"tone": {values}' in asked(ONE)
    assert "several may hold" in prompt.instruction(SEVERAL)
    assert "several may hold" not in prompt.instruction(ONE)


def test_learning_takes_several_values_as_a_class_and_gives_them_back() -> None:
    (unit,) = line(("generic", "neg")).mentions
    found = values_of("mention", unit, SEVERAL)["tone"]
    assert held(parts(found)) == ("generic", "neg")
