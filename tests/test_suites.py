"""Suites and meanings are data that fit the code."""

import msgspec
import pytest

from goldwire.corpora.errors import DataError, MeasureError
from goldwire.eval.measures.aliases import ALIASES
from goldwire.eval.measures.measure import parse
from goldwire.eval.measures.suites import Meaning, explain, meanings, read_suite, suite_names

NAMED = (
    "default conll seqeval-strict semeval2013 ace textee arguments nugget wikievents muc4 coref hipe wnut17 "
    "bionlp"
)


def test_every_suite_of_the_specification_ships_and_default_comes_first():
    assert sorted(suite_names()) == sorted(NAMED.split())
    assert suite_names()[0] == "default"


@pytest.mark.parametrize("name", NAMED.split())
def test_a_suite_says_what_it_is_and_holds_measures(name):
    suite = read_suite(name)
    assert suite.name == name
    assert all((suite.title, suite.definition, suite.counts, suite.source, suite.agrees, suite.measures))
    assert len({parse(measure) for measure in suite.measures}) == len(suite.measures)


def test_every_name_of_a_measure_has_a_meaning_of_its_own():
    found = meanings()
    assert list(found) == list(ALIASES)
    assert all(m.definition and m.counts and m.source and m.agrees for m in found.values())
    assert len({m.definition for m in found.values()}) == len(found)


def test_no_meaning_is_left_over():
    from goldwire import configs

    text = configs.read("measures", "named")
    assert msgspec.toml.decode(text, type=dict[str, Meaning]).keys() == ALIASES.keys()


def test_a_measure_without_a_name_is_explained_by_its_parts():
    found = explain(parse("argument:trigger+type+span@token-iou>=0.5,triggers=matched,average=macro"))
    for part in ("trigger, type, span", "at least 0.5", "both sides have", "macro average"):
        assert part in found.definition


def test_an_explanation_says_what_is_taken_for_an_attribute_and_what_is_apart():
    assert "typ: of the attributes of mentions" in explain(parse("entity:span+typ@exact")).definition
    assert "Each type of a trigger" in explain(parse("event:trigger@dice,each=type")).definition
    assert "F is recall" in explain(parse("entity,beta=inf")).definition
    both = explain(parse("first-overlap,average=both-sided-documents")).definition
    assert "in which both sides have a unit" in both


def test_a_suite_may_be_a_file(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(
        'title="t"\ndefinition="d"\ncounts="c"\nsource="s"\nagrees="a"\nmeasures=["TC", "AC+,beta=2"]\n'
    )
    assert read_suite(path).name == "mine"
    path.write_text('title="t"\nmeasures=["TC"]\n')
    with pytest.raises(DataError, match="definition"):
        read_suite(path)
    path.write_text('title="t"\ndefinition="d"\ncounts="c"\nsource="s"\nagrees="a"\nmeasures=["TX"]\n')
    with pytest.raises(MeasureError, match=r"mine\.toml: 'TX' is no measure"):
        read_suite(path)


def test_a_suite_that_is_not_there_is_told_with_those_that_are():
    with pytest.raises(MeasureError, match="neither a file nor one that ships; nearest: muc4"):
        read_suite("muc5")
