"""What a project remembers is said once, survives in its configuration, and cannot break it."""

import xml.etree.ElementTree as ET
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldwire.annotate.exchange import controls
from goldwire.annotate.interface import labelconfig
from goldwire.annotate.sync import remembered
from goldwire.annotate.sync.remembered import Given, Settings
from goldwire.corpora import ontology as ontologies
from goldwire.corpora.errors import CorpusError

CONFIG = labelconfig.graph(ontologies.read("conflict"))
FRESH = Settings(corpus="news", group="round 1", title="round 1")
words = st.text(min_size=1, max_size=20)


@given(st.builds(Settings, corpus=words, group=words, title=words, assign=st.lists(words).map(tuple)))
def test_whatever_the_names_are_the_configuration_stays_xml_and_gives_them_back(settings: Settings) -> None:
    written = remembered.write(CONFIG, settings)
    assert remembered.read(written) == settings
    assert remembered.without(written) == CONFIG
    assert controls.parse(written) == controls.parse(CONFIG)
    ET.fromstring(written)


def test_names_that_would_end_a_comment_do_not() -> None:
    hostile = msgspec.structs.replace(FRESH, title="a --> <View/> <!-- b ---")
    written = remembered.write(CONFIG, hostile)
    assert written.count("-->") == 1
    assert remembered.read(written) == hostile


def test_settings_are_replaced_not_added() -> None:
    twice = remembered.write(remembered.write(CONFIG, FRESH), msgspec.structs.replace(FRESH, revision=2))
    assert twice.count("<!--") == 1
    assert remembered.read(twice) == msgspec.structs.replace(FRESH, revision=2)


@pytest.mark.parametrize("comment", ["{}", '{"corpus": 1}', '{"corpus"', "[]", '{"layout": "spiral"}'])
def test_a_comment_that_cannot_be_understood_is_nothing(comment: str) -> None:
    config = CONFIG.replace("</View>\n", f"<!-- goldwire {comment} --></View>\n")
    assert remembered.read(config) is None


def test_other_comments_stay() -> None:
    config = "<View><!-- ours: do not touch --></View>"
    assert "<!-- ours: do not touch -->" in remembered.write(config, FRESH)
    assert remembered.without(remembered.write(config, FRESH)) == config


def test_a_command_that_says_nothing_changes_nothing() -> None:
    known = msgspec.structs.replace(FRESH, prefill="gold", assign=("anna", "ben"), overlap=0.2, revision=4)
    assert remembered.settle(known, Given()) == known
    assert list(remembered.changes(known, known)) == []


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"prefill": "none"}, "prefill: gold -> none"),
        ({"prefill": "silver"}, "prefill: gold -> silver"),
        ({"layout": "frames"}, "layout: graph -> frames"),
        ({"assign": ("anna", "cleo")}, "assign: anna, ben -> anna, cleo"),
        ({"overlap": 0.0}, "overlap: 0.2 -> 0.0"),
        ({"pick": "round-2"}, "pick: none -> round-2"),
        ({"blind": 0.2}, "blind: 0.0 -> 0.2"),
        ({"naming": "pseudonym"}, "naming: id -> pseudonym"),
        ({"names": {"1": "anna"}}, "names: none -> 1=anna"),
    ],
)
def test_what_a_command_says_is_told_as_a_change(said: dict[str, Any], told: str) -> None:
    known = msgspec.structs.replace(FRESH, prefill="gold", assign=("anna", "ben"), overlap=0.2, revision=4)
    new = remembered.settle(known, Given(**said))
    assert list(remembered.changes(known, new)) == [told]
    assert new.revision == 5


def test_a_draw_is_let_go_of_by_none_and_what_is_not_asked_for_is_not_written() -> None:
    known = msgspec.structs.replace(FRESH, pick="round-1")
    assert remembered.settle(known, Given(pick="none")).pick is None
    written = remembered.write(CONFIG, FRESH)
    assert "pick" not in written
    assert "blind" not in written


@pytest.mark.parametrize(
    ("known", "given", "said"),
    [
        ({}, {"blind": 0.2}, "name a layer with --prefill"),
        ({"prefill": "gold"}, {"blind": 0.2, "layout": "frames"}, "always shown"),
        ({"prefill": "gold", "blind": 0.2}, {"layout": "frames"}, "say --blind 0"),
    ],
)
def test_nothing_is_hidden_where_nothing_or_always_something_is_shown(
    known: dict[str, Any], given: dict[str, Any], said: str
) -> None:
    with pytest.raises(CorpusError, match=said):
        remembered.settle(msgspec.structs.replace(FRESH, **known), Given(**given))
