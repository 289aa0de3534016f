"""Measures are values with a string form that parses back; what does not fit together is refused."""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldwire.corpora.errors import MeasureError
from goldwire.eval.measures.aliases import ALIASES
from goldwire.eval.measures.measure import Measure, make, name, parse
from goldwire.eval.measures.vocabulary import (
    ATTRIBUTED,
    DICES,
    FORMS,
    KEYS,
    MATCHES,
    MEANS,
    THRESHOLDS,
    Average,
)


@st.composite
def measures(draw):
    """Any measure that can be made."""
    units = draw(st.sampled_from(sorted(MATCHES)))
    match = draw(st.sampled_from(MATCHES[units]))
    needed = {
        "entity": ("span",),
        "event": ("trigger",),
        "argument": ("span",),
        "attribute": (draw(st.sampled_from(["span", "trigger"])), "realis"),
        "relation": ("type", "source", "target"),
        "cluster": (draw(st.sampled_from(["span", "trigger"])),),
        "template": ("role",),
        "token": ("type",),
        "document": ("type",),
    }[units]
    if match in FORMS:
        needed = ("form",) if units == "entity" else ("type",)
    others = [key for key in KEYS[units] if key not in (*needed, "surface", "span", "trigger")]
    if units in ATTRIBUTED and units != "attribute" and match not in ("first-overlap", *FORMS):
        others += ["form", "Polarity-2"]
    key = (*needed, *draw(st.lists(st.sampled_from(others), unique=True) if others else st.just([])))
    threshold = draw(st.floats(0.001, 1)) if match in THRESHOLDS else None
    averages = ["macro"] if match in MEANS else list(get_args(Average))
    options = draw(
        st.fixed_dictionaries(
            {},
            optional={
                "labels": st.sampled_from(["gold", "all"]),
                "average": st.sampled_from(averages),
                "beta": st.floats(0.01, 100).map(repr) | st.just("inf"),
                **({"words": st.just("exact")} if needed == ("form",) else {}),
                **({"triggers": st.sampled_from(["gold", "matched"])} if units == "argument" else {}),
                **(
                    {"each": st.just("type")}
                    if units == "event" and match in DICES and "type" not in key
                    else {}
                ),
            },
        )
    )
    return make(units, draw(st.permutations(key)), match, threshold, options)


@given(measures())
def test_a_measure_parses_back(measure):
    assert parse(str(measure)) == measure
    assert hash(parse(str(measure))) == hash(measure)


@given(measures())
def test_the_counted_measure_has_no_averages_left(measure):
    assert measure.counted == measure.counted.counted
    assert measure.counted.triggers == measure.triggers
    assert measure.counted.each == measure.each
    assert measure.counted.words == measure.words
    assert measure.counted.beta == 1


@pytest.mark.parametrize("alias", ALIASES)
def test_a_name_is_short_for_a_canonical_form(alias):
    assert str(parse(alias)) == ALIASES[alias]
    assert parse(name(parse(alias))) == parse(alias)


@pytest.mark.parametrize("form", ["AC+,triggers=matched", "overlap,average=documents,beta=2.0", "CoNLL"])
def test_the_name_of_a_measure_with_options_is_the_short_one_with_them(form: str) -> None:
    assert name(parse(form)) == form
    assert name(parse(str(parse(form)))) == form


def test_a_measure_of_no_name_is_called_by_its_string_form() -> None:
    assert name(parse("entity:span@dice")) == "entity:span@dice"


def test_the_order_of_keys_does_not_matter():
    assert parse("argument:span+role+type+trigger@exact") == parse("AC+")


def test_form_is_an_attribute_but_where_mentions_are_matched_by_their_words():
    assert parse("entity:form+span@exact").attributes == ("form",)
    assert parse("entity:type+form@bag").attributes == ()
    assert str(parse("entity:type+form@bag,words=exact")) == "entity:form+type@bag,words=exact"


def test_options_go_with_names_too():
    assert parse("AC+,triggers=gold,beta=2") == make(
        "argument", ("trigger", "type", "role", "span"), options={"triggers": "gold", "beta": "2"}
    )


def test_means_are_macro_averages_over_their_parts():
    assert parse("CoNLL").average == parse("BLANC").average == "macro"
    assert str(parse("cluster:span@conll,average=macro,labels=all")) == "cluster:span@conll"
    assert str(parse("cluster:span@blanc,average=macro,labels=gold")) == "cluster:span@blanc"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no measure"),
        ("TC+", "no measure"),
        ("entity:span", "no measure"),
        ("mention:span@exact", "are no units"),
        ("entity:span+role@sloppy", "not matched by"),
        ("entity:type@exact", "needs span or surface"),
        ("entity:span+span@exact", "a key twice"),
        ("entity:span@iou", "iou needs a threshold, as in iou>=0.5"),
        ("entity:span@gold-overlap", "needs a threshold"),
        ("entity:span@exact>=0.5", "exact takes no threshold"),
        ("entity:span@iou>=1.5", "not above 0 and up to 1"),
        ("entity:span@iou>=0", "not a number above 0"),
        ("entity:span@iou>=1.2.3", "not a number above 0"),
        ("entity:surface@overlap", "in place of span"),
        ("entity:span+surface@exact", "in place of span"),
        ("argument:type+realis+span@exact", "'realis' is no key of argument"),
        ("argument:type+role@exact", "needs span"),
        ("attribute:trigger+type@exact", "needs the name of an attribute"),
        ("attribute:trigger+realis+polarity@exact", "one attribute"),
        ("attribute:span+trigger+realis@exact", "not both"),
        ("relation:source+target@exact", "needs type"),
        ("entity:span@exact,triggers=gold", "of arguments only"),
        ("entity:span@exact,average=median", "no option"),
        ("entity:span@exact,colour=red", "no option"),
        ("entity:span@exact,beta=-1", "not a number above 0"),
        ("entity:span@exact,beta=nan", "not a number above 0"),
        ("entity:span@exact,average=micro,average=macro", "the option average twice"),
        ("CoNLL,average=micro", "no average=micro"),
        ("BLANC,average=documents", "no average=documents"),
        ("entity:span@dice,each=type", "of events only"),
        ("event:trigger+type@dice,each=type", "a key without type"),
        ("event:trigger@exact,each=type", "matched by dice or token-dice"),
        ("entity:form@exact", "needs span or surface"),
        ("entity:type@bag", "needs form"),
        ("entity:span+form@bag", "'span' is no key"),
        ("entity:form+realis@any-place", "'realis' is no key"),
        ("entity:span@exact,words=exact", "an option of form only"),
        ("event:trigger@bag", "'trigger' is no key"),
        ("entity:span+form@first-overlap", "span and type alone"),
    ],
)
def test_what_does_not_fit_is_refused_with_what_would(text, message):
    with pytest.raises(MeasureError, match=message):
        parse(text)


@pytest.mark.parametrize(
    ("text", "nearest"),
    [
        ("TX", "TI, TC"),
        ("entitty:span@exact", "entity, event, relation"),
        ("entity:span@overlp", "overlap, gold-overlap, first-overlap"),
        ("argument:typ+span@exact", "type"),
        ("entity,averge=micro", "average, triggers"),
        ("entity,average=docs", "documents"),
    ],
)
def test_an_unknown_name_is_told_in_a_sentence_with_up_to_three_that_are_like_it(text, nearest):
    with pytest.raises(MeasureError) as caught:
        parse(text)
    message = str(caught.value)
    assert message.endswith(f"; nearest: {nearest}")
    assert len(message) < 160
    assert "\n" not in message


def test_measures_are_immutable():
    with pytest.raises(AttributeError):
        parse("TC").beta = 2
    assert isinstance(parse("TC"), Measure)
