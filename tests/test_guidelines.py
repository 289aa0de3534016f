"""The guidelines have everything the ontology has, and nothing in them gets out of hand."""

import re
from html.parser import HTMLParser

import msgspec

from goldwire.annotate.interface import guidelines, labelconfig
from goldwire.corpora import ontology as ontologies
from goldwire.corpora.ontology import EntityType, Ontology, RelationType

CONFLICT = ontologies.read("conflict")


class Page(HTMLParser):
    """The words of a page without its markup, and its tags as they open and close."""

    VOID = ("meta", "br")

    def __init__(self, html: str) -> None:
        super().__init__()
        self.text, self.tags, self.open, self.attributes = "", [""], [""], [("", "")]
        self.feed(html)
        self.text = " ".join(self.text.split())

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_every_type_role_and_attribute_has_its_definition_and_an_example() -> None:
    text = Page(guidelines.fragment(CONFLICT)).text
    for name, entity in CONFLICT.entities.items():
        assert name in text
        assert entity.definition in text
        assert plain(entity.example) in text
    for name, event in CONFLICT.events.items():
        assert name in text
        assert event.definition in text
        for role, rule in event.roles.items():
            assert f"{role} {', '.join(sorted(CONFLICT.fillers(name, role)))} {rule.definition}" in text
    for attribute in CONFLICT.attributes.values():
        assert attribute.definition in text
        for value in attribute.values.values():
            assert value.definition in text
            assert plain(value.example) in text
    policy = CONFLICT.policy.split()
    assert " ".join(policy) in text


def plain(example: str) -> str:
    return re.sub(r"\[([^\]|]+)\]|\{([^}]+)\}", r"\1\2", example)


def test_example_of_an_event_shows_its_trigger_and_roles() -> None:
    html = guidelines.fragment(CONFLICT)
    assert "<u>Insurgents</u> <small>(attacker)</small> <b>shelled</b> the <u>army base</u>" in html


def test_keys_in_the_guidelines_are_those_of_the_configuration() -> None:
    html, xml = guidelines.fragment(CONFLICT), labelconfig.graph(CONFLICT)
    told = re.findall(r"<kbd>([^<]+)</kbd>", html)
    given = re.findall(r'hotkey="([^"]+)"', xml)
    pressed = [key for key in given if not key.startswith("ctrl")]
    assert sorted(key for key in told if key not in ("Alt", "R")) == sorted(pressed)


def test_page_is_well_formed_and_loads_nothing() -> None:
    page = Page(guidelines.page(CONFLICT))
    assert page.open == [""]
    assert not {"script", "link", "img", "iframe"} & {*page.tags}
    assert not [value for name, value in page.attributes if name in ("src", "href") or name.startswith("on")]


def test_markup_in_an_ontology_is_shown_not_obeyed() -> None:
    evil = '<script>alert("x")</script>'
    ontology = Ontology(
        name=evil, version=evil, title=evil, description=evil, policy=f"{evil}\n\n{evil}. {evil}",
        entities={evil: EntityType(title=evil, definition=evil, example=f"[{evil}] {{{evil}}}")},
        relations={evil: RelationType(title=evil, definition=evil, source=(evil,))},
    )  # fmt: skip
    page = Page(guidelines.page(ontology))
    assert "script" not in page.tags
    assert page.text.count("<script>") >= 10


def test_small_ontologies_have_no_empty_sections() -> None:
    tiny = Ontology(name="tiny", version="1", entities={"PER": EntityType()})
    text = Page(guidelines.fragment(tiny)).text
    assert [word for word in ("Events", "Attributes", "Relations", "Policy", "Example") if word in text] == []


def test_same_ontology_same_page() -> None:
    assert guidelines.page(CONFLICT) == guidelines.page(msgspec.structs.replace(CONFLICT))


def test_paragraphs_of_the_policy_keep_their_headings() -> None:
    assert "<b>Mentions.</b> Mark every name" in guidelines.fragment(CONFLICT)
