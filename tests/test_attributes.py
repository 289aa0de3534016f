"""A name in a key is a key or an attribute that somebody has; a misspelt one is no silent wildcard."""

import msgspec
import pytest
from typer.testing import CliRunner

from goldwire.cli import app
from goldwire.corpora import ontology as ontologies
from goldwire.corpora.errors import MeasureError
from goldwire.corpora.ontology import Attribute, Value
from goldwire.corpora.store import Manifest, create_corpus, make_document
from goldwire.corpora.types import Event
from goldwire.eval.counting import chunks
from goldwire.eval.counting.attributes import check_ontology, check_seen
from goldwire.eval.measures.measure import parse
from goldwire.eval.measures.suites import read_suite, suite_names
from goldwire.eval.scoring.score import Options, score, score_corpus
from goldwire.testing import annotate, mention, spans

CONFLICT = ontologies.read("conflict")  # realis is an attribute of events
DOCUMENTS = [make_document(f"d{k}", "Rebels shelled Balkh .") for k in range(3)]
QUICK = Options(trials=0)


def line(document, *, form=None, realis=None, events=True):
    rebels = mention("Rebels", "PER", on=document, attributes={"form": form} if form is not None else {})
    attack = Event(
        id="e",
        type="Attack",
        trigger=spans("shelled", document.text),
        attributes={"realis": realis} if realis is not None else {},
    )
    return annotate(document, rebels, events=[attack] if events else [])


LAYER = [line(document) for document in DOCUMENTS]


def refusal(measure, gold=LAYER, system=LAYER, ontology=None):
    with pytest.raises(MeasureError) as caught:
        score(gold, {"s": system}, DOCUMENTS, [measure], ontology=ontology, options=QUICK)
    return str(caught.value)


# ---------------------------------------------------------------- with an ontology
def test_a_name_that_is_neither_a_key_nor_in_the_ontology_is_refused_with_those_like_it():
    assert refusal("entity:span+typ@exact", ontology=CONFLICT) == (
        "entity:span+typ@exact: 'typ' is neither a key of entity nor an attribute of mentions "
        "in the ontology conflict; nearest: type"
    )
    assert refusal("event:trigger+reelis@exact", ontology=CONFLICT).endswith("; nearest: realis")


def test_an_attribute_of_events_is_none_of_mentions():
    assert "'realis' is neither a key of entity nor an attribute of mentions" in refusal(
        "entity:span+realis@exact", ontology=CONFLICT
    )
    assert "attribute of mentions" in refusal("attribute:span+realis@exact", ontology=CONFLICT)


def test_what_the_data_have_does_not_make_up_for_the_ontology():
    layer = [line(document, form="nam") for document in DOCUMENTS]
    bare = msgspec.structs.replace(CONFLICT, attributes={})
    assert "'form'" in refusal("entity:span+form@exact", layer, layer, bare)


def test_an_attribute_of_the_ontology_needs_no_value_in_the_data():
    record = score(LAYER, {"s": LAYER}, DOCUMENTS, ["type+realis"], ontology=CONFLICT, options=QUICK)
    assert record.results[0].value == 1


# ---------------------------------------------------------------- without one
def test_an_attribute_that_no_unit_of_either_side_has_is_refused():
    assert refusal("entity:span+typ@exact") == (
        "entity:span+typ@exact: 'typ' is neither a key of entity nor an attribute of mentions "
        "on either side; nearest: type"
    )


@pytest.mark.parametrize("side", [0, 1])
def test_one_unit_of_one_side_that_has_it_is_enough(side):
    sides = [list(LAYER), list(LAYER)]
    sides[side][2] = line(DOCUMENTS[2], form="nam")
    record = score(sides[0], {"s": sides[1]}, DOCUMENTS, ["entity:span+form@exact"], options=QUICK)
    # Two of three documents are alike.
    assert record.results[0].value == pytest.approx(2 / 3)


def test_without_units_there_is_nothing_to_misread():
    layer = [line(document, events=False) for document in DOCUMENTS]
    record = score(layer, {"s": layer}, DOCUMENTS, ["type+realis"], options=QUICK)
    assert record.results[0].value is None


def test_realis_of_the_default_suite_is_undefined_where_nobody_has_it():
    bare = msgspec.structs.replace(CONFLICT, attributes={})
    for ontology in (None, bare):
        record = score(
            LAYER, {"s": LAYER}, DOCUMENTS, read_suite("default").measures, ontology=ontology, options=QUICK
        )
        assert {r.measure: r.value for r in record.results}[str(parse("realis"))] is None
    # As part of a key it would be no condition at all.
    assert "'realis'" in refusal("type+realis", ontology=bare)
    assert "'reelis'" in refusal("attribute:trigger+type+reelis@exact", ontology=bare)


@pytest.mark.parametrize("suite", suite_names())
def test_every_suite_that_ships_fits_the_ontology_that_ships(suite):
    check_ontology(map(parse, read_suite(suite).measures), CONFLICT)


def test_the_bearer_is_by_the_key():
    seen = frozenset({("mention", ""), ("mention", "form"), ("event", ""), ("event", "realis")})
    check_seen(map(parse, ["entity:span+form@exact", "attribute:trigger+realis@exact"]), seen)
    for wrong in ("entity:span+realis@exact", "event:trigger+form@exact", "attribute:span+realis@exact"):
        with pytest.raises(MeasureError):
            check_seen([parse(wrong)], seen)


# ---------------------------------------------------------------- on disk, and on the command line
@pytest.fixture
def corpus(tmp_path):
    """A corpus without an ontology."""
    made = create_corpus(tmp_path / "c", Manifest(name="c"), DOCUMENTS)
    made.write_layer("gold", [*LAYER[:2], line(DOCUMENTS[2], form="nam")])
    made.write_layer("system/s", LAYER)
    made.write_layer("annotator/anna", LAYER)
    made.write_layer("annotator/ben", LAYER)
    return made


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("size", [1, 2**20])
def test_blocks_say_together_what_units_have(corpus, stream, size, monkeypatch):
    monkeypatch.setattr(chunks, "SIZE", size)
    options = Options(trials=0, stream=stream)
    with pytest.raises(MeasureError, match="'typ' is neither a key"):
        score_corpus(corpus, "gold", ["s"], ["entity:span+typ@exact"], options=options)
    # The form is in the last document alone.
    record = score_corpus(corpus, "gold", ["s"], ["entity:span+form@exact"], options=options)
    assert record.results[0].value == pytest.approx(2 / 3)


def test_a_misspelt_key_ends_with_2_wherever_a_measure_comes_in(corpus, tmp_path):
    wrong = "entity:span+typ@exact"
    suite = tmp_path / "mine.toml"
    suite.write_text(f'title="t"\ndefinition="d"\ncounts="c"\nsource="s"\nagrees="a"\nmeasures=["{wrong}"]\n')
    folder = str(corpus.path)
    for arguments in (
        ["score", folder, "--measure", wrong],
        ["score", folder, "--suite", str(suite)],
        ["agreement", folder, "--measure", wrong],
    ):
        run = CliRunner().invoke(app, ["eval", *arguments])
        assert isinstance(run.exception, MeasureError), arguments
        assert "'typ' is neither a key of entity" in str(run.exception)
    assert not list(corpus.path.glob("records/*"))


def test_a_policy_of_the_gate_is_held_against_the_ontology(tmp_path):
    ontology = msgspec.structs.replace(
        CONFLICT, attributes={"realis": Attribute(on="event", values={"actual": Value()})}
    )
    from goldwire.eval.gate import policy

    rules = policy.decode('[[rules]]\nmeasure = "entity:span+typ@exact"\nfloor = 0.5')
    with pytest.raises(MeasureError, match="'typ' is neither a key"):
        policy.check(rules, ontology)
    policy.check(rules, None)
