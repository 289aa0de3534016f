"""The page on which people decide, in real Chromium: by keys, and what it gives is what the layer has."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from playwright.sync_api import Browser, Page, expect

from goldwire.annotate.adjudicate import Disagreement, name
from goldwire.corpora import library
from goldwire.corpora.codec import read_lines
from goldwire.corpora.store import Corpus, Manifest, create_corpus, make_document, open_corpus
from goldwire.corpora.types import Annotations, Argument, Event, Mention, Relation, Span
from goldwire.testing import annotate

pytestmark = pytest.mark.live

Call = Callable[..., Any]
# Before a browser has painted it passes keys over.
PAINTED = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
READY = "document.getElementById('case').getAttribute('aria-busy') !== 'true'"


class Screen:
    """A page in a browser of its own; what it complained of and asked for, and how many keys were pressed."""

    def __init__(self, browser: Browser, file: Path, width: int = 1200, **options: Any) -> None:
        self.context = browser.new_context(viewport={"width": width, "height": 900}, **options)
        self.file, self.said, self.asked, self.pressed = file, [], [], 0
        self.page: Page = self.context.new_page()
        self.page.on("console", lambda message: self.said.append(f"{message.type}: {message.text}"))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.goto(file.as_uri())
        self.page.wait_for_selector("html[data-ready]", state="attached")
        expect(self.page.locator("#case h2")).to_be_visible()
        self.page.evaluate(PAINTED)

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)
            self.pressed += 1
        self.page.wait_for_function(READY)

    @property
    def told(self) -> str:
        return self.page.locator("#told").inner_text()

    def choices(self) -> list[str]:
        return [text.replace("\n", " ") for text in self.page.locator(".choice").all_inner_texts()]

    def download(self, path: Path, by: str = "Eva") -> Path:
        self.page.locator("#by").fill(by)
        self.page.locator("#by").press("Enter")
        with self.page.expect_download() as caught:
            self.page.keyboard.press("d")
        caught.value.save_as(path)
        return path

    def close(self) -> None:
        """No complaint, and nothing asked for but the page and its own download."""
        own = (self.file.as_uri(), "data:,")
        assert self.said == []
        assert [url for url in self.asked if url not in own and not url.startswith("blob:")] == []
        self.context.close()


@pytest.fixture
def screens(browser: Browser) -> Iterator[Call]:
    """Opens pages; each is looked through for complaints at the end."""
    opened = []

    def open_(file: Path, **options: Any) -> Screen:
        opened.append(Screen(browser, file, **options))
        return opened[-1]

    yield open_
    for screen in opened:
        screen.close()


def make_page(said_by: Call, corpus: Corpus, *options: object) -> Path:
    path = corpus.path / "review.html"
    said = said_by("annotate", "adjudicate", corpus.path, "--to", "made", "--html", path, *options)
    assert said.code == 0, said.err
    return path


def take(said_by: Call, corpus: Corpus, *files: Path) -> Any:
    more = [word for file in files for word in ("--decisions", file)]
    said = said_by("annotate", "adjudicate", corpus.path, "--to", "made", "--json", *more)
    assert said.code == 0, said.err
    return said.json


def is_done(screen: Screen) -> bool:
    return screen.page.locator("#case h2").inner_text() == "All is decided"


# ---------------------------------------------------------------- 50 decisions with keys
TEXT = "Rebels shelled Kunduz. " * 50
DIFFERING = 50


@pytest.fixture
def fifty(tmp_path: Path) -> Corpus:
    """50 sentences; Anna says that the second word but one is a GPE, Ben that it is a FAC."""
    document = make_document("d", TEXT)
    corpus = create_corpus(tmp_path / "c", Manifest(name="c", ontology="conflict"), [document])
    for who, type in (("anna", "GPE"), ("ben", "FAC")):
        marks = [
            Mention(id=f"m{n}", type=type, spans=(Span(23 * n + 15, 23 * n + 21),)) for n in range(DIFFERING)
        ]
        rebels = Mention(id="r", type="MIL", spans=(Span(0, 6),))
        corpus.write_layer(f"annotator/{who}", [annotate(document, rebels, *marks)])
    return corpus


def test_fifty_disagreements_are_decided_by_a_key_each_and_stand_in_the_layer(
    said_by: Call, screens: Call, fifty: Corpus, tmp_path: Path
) -> None:
    """Both types of a word are one case. What comes of each key: 1 GPE, 2 FAC, b both, n neither."""
    screen = screens(make_page(said_by, fifty))
    assert screen.told == "0 of 50 decided"
    pressed = [("1", "2", "b", "n")[n % 4] for n in range(DIFFERING)]
    screen.press(*pressed)
    assert is_done(screen)
    assert screen.pressed == DIFFERING  # one each
    said = take(said_by, fifty, screen.download(tmp_path / "eva.jsonl"))
    assert (said["differed"], said["open"], said["stale"], said["conflicts"]) == (100, 0, 0, 0)
    found = {name(m.type, m.spans) for m in fifty.layer("made")["d"].mentions}
    kept = {"1": ["GPE"], "2": ["FAC"], "b": ["GPE", "FAC"], "n": []}
    expected = {
        f"{type} [[{23 * n + 15}, {23 * n + 21}]]" for n, key in enumerate(pressed) for type in kept[key]
    }
    assert found == expected | {"MIL [[0, 6]]"}
    lines = read_lines(fifty.path / "labelstudio" / "decisions-made.jsonl", Disagreement)
    assert {line.by for line in lines} == {"Eva"}
    assert all(line.at.startswith("20") for line in lines)


def test_five_thousand_disagreements_open_soon_and_a_key_is_answered_at_once(
    said_by: Call, screens: Call, tmp_path: Path
) -> None:
    """In one text of 250 kB. Bounds are ten times what it takes on a machine of two cores."""
    sentence, number = "Rebels shelled Kunduz in the north of the country. ", 5000
    document = make_document("d", sentence * number)
    corpus = create_corpus(tmp_path / "c", Manifest(name="c", ontology="conflict"), [document])
    for who, type in (("anna", "GPE"), ("ben", "FAC")):
        starts = (len(sentence) * n + 15 for n in range(number))
        marks = [Mention(id=f"m{at}", type=type, spans=(Span(at, at + 6),)) for at in starts]
        corpus.write_layer(f"annotator/{who}", [annotate(document, *marks)])
    file = make_page(said_by, corpus)
    begun = time.perf_counter()
    screen = screens(file)
    assert screen.told == "0 of 5,000 decided"
    assert time.perf_counter() - begun < 15
    begun = time.perf_counter()
    screen.press(*"12bn" * 5)
    assert screen.told.startswith("20 of 5,000")
    assert (time.perf_counter() - begun) / 20 < 1


# ---------------------------------------------------------------- everything there is, decided at random
def vary(item: Annotations, seed: str) -> Annotations:
    """Gold as somebody might have done it who slips often, in everything that a line can say."""
    chance = random.Random(f"{seed} {item.document}")
    mentions = {}
    filling = {argument.mention for event in item.events for argument in event.arguments}
    for mention in item.mentions:
        fate = chance.random()
        if fate < 0.1:
            continue
        type = "ORG" if fate < 0.2 and mention.id not in filling else mention.type
        cluster = None if fate > 0.8 else mention.cluster
        mentions[mention.id] = msgspec.structs.replace(mention, type=type, cluster=cluster)
    events = tuple(
        msgspec.structs.replace(
            event,
            arguments=tuple(a for a in event.arguments if a.mention in mentions and chance.random() < 0.9),
            attributes={**event.attributes, **({"realis": "planned"} if chance.random() < 0.2 else {})},
        )
        for event in item.events
        if chance.random() < 0.9
    )
    return msgspec.structs.replace(item, mentions=tuple(mentions.values()), events=events, relations=())


@pytest.fixture
def varied(tmp_path: Path) -> Corpus:
    library.copy("mazar-2021", tmp_path / "work")
    corpus = open_corpus(tmp_path / "work")
    gold = list(corpus.layer("gold").values())[:2]
    for who in ("anna", "ben", "cem"):
        corpus.write_layer(f"annotator/{who}", [vary(item, who) for item in gold])
    return corpus


@pytest.mark.parametrize("seed", [1, 2])
def test_one_session_settles_all_that_could_come_up(
    said_by: Call, screens: Call, varied: Corpus, tmp_path: Path, seed: int
) -> None:
    """Arguments, attributes and clusters of what is kept come up on the page just as the command asks for
    them: nothing is open afterwards, and nothing was decided in vain."""
    screen = screens(make_page(said_by, varied, *(["--blind"] if seed == 2 else [])))
    chance = random.Random(seed)
    kinds = set()
    while not is_done(screen):
        kinds.add(screen.page.locator("#case h2").inner_text().split(":")[0])
        keys = [choice[0] for choice in screen.choices() if choice[0] != "e"]
        screen.press(chance.choice(keys))
        if chance.random() < 0.1:
            screen.press("u", chance.choice(keys))
    assert kinds == {"mention", "event", "attribute", "argument", "cluster"}
    said = take(said_by, varied, screen.download(tmp_path / "eva.jsonl"))
    assert (said["open"], said["stale"], said["conflicts"]) == (0, 0, 0)


# ---------------------------------------------------------------- what it does by the way
REBELS = Mention(id="a", type="MIL", spans=(Span(0, 6),))
KUNDUZ = Mention(id="b", type="GPE", spans=(Span(15, 21),))
SHELLED = Event(id="e", type="Attack", trigger=(Span(7, 14),))
SHORT = make_document("d", "Rebels shelled Kunduz.")


def shelled(*roles: tuple[str, str], **attributes: str) -> Event:
    arguments = tuple(Argument(role=role, mention=id) for role, id in roles)
    return msgspec.structs.replace(SHELLED, arguments=arguments, attributes=attributes)


@pytest.fixture
def small(tmp_path: Path) -> Corpus:
    """Anna has an event with two arguments, planned; Ben the same, actual and with one; Cem none."""
    corpus = create_corpus(tmp_path / "c", Manifest(name="c", ontology="conflict"), [SHORT])
    of_anna = shelled(("attacker", "a"), ("target", "b"), realis="planned")
    corpus.write_layer("annotator/anna", [annotate(SHORT, REBELS, KUNDUZ, events=(of_anna,))])
    of_ben = shelled(("attacker", "a"))
    corpus.write_layer("annotator/ben", [annotate(SHORT, REBELS, KUNDUZ, events=(of_ben,))])
    corpus.write_layer("annotator/cem", [annotate(SHORT, REBELS)])
    return corpus


def test_what_hangs_on_an_event_comes_up_with_it_and_goes_with_it(
    said_by: Call, screens: Call, small: Corpus
) -> None:
    """Cem lacks the event and Kunduz: two cases; realis and target hang on them."""
    screen = screens(make_page(said_by, small))
    assert screen.told == "0 of 2 decided, 2 wait"
    screen.press("1", "1")
    assert screen.told == "2 of 4 decided, not downloaded"
    screen.press("u", "2")  # no event after all
    assert is_done(screen)
    assert screen.told == "2 of 2 decided, not downloaded"


def test_edit_gives_another_value_than_anybody_has(
    said_by: Call, screens: Call, small: Corpus, tmp_path: Path
) -> None:
    screen = screens(make_page(said_by, small))
    screen.press("1", "1")
    assert screen.choices() == ["1 anna realis: planned", "2 ben realis: actual", "n no value", "e edit"]
    screen.press("e")
    screen.page.locator("#value").select_option("hypothetical")
    screen.press("Enter", "1")
    take(said_by, small, screen.download(tmp_path / "x"))
    [event] = small.layer("made")["d"].events
    assert event.attributes == {"realis": "hypothetical"}
    assert [argument.role for argument in event.arguments] == ["attacker", "target"]


def test_edit_takes_some_of_the_units(said_by: Call, screens: Call, fifty: Corpus, tmp_path: Path) -> None:
    screen = screens(make_page(said_by, fifty))
    screen.press("e", "1", "2", "Escape", "e", "1", "Enter")  # the second unit is Anna's, and the first
    assert screen.told.startswith("1 of 50")
    take(said_by, fifty, screen.download(tmp_path / "x"))
    assert sorted(m.type for m in fifty.layer("made")["d"].mentions) == ["FAC", "GPE", "MIL"]


def test_undo_leaves_no_trace(said_by: Call, screens: Call, fifty: Corpus, tmp_path: Path) -> None:
    screen = screens(make_page(said_by, fifty))
    stored = "JSON.stringify({...localStorage})"
    screen.press("1")
    before = screen.page.evaluate(stored), screen.page.locator("#case").inner_html()
    screen.press("2", "b", "n", "u", "u", "u")
    assert (screen.page.evaluate(stored), screen.page.locator("#case").inner_html()) == before
    screen.press("u")
    expect(screen.page.locator("#undo")).to_be_disabled()
    file = screen.download(tmp_path / "x")
    assert len(file.read_text().splitlines()) == 1  # what the page was made for, and no decision


def test_decisions_survive_a_reload_and_leaving_is_warned_until_they_are_downloaded(
    said_by: Call, screens: Call, fifty: Corpus, tmp_path: Path
) -> None:
    screen = screens(make_page(said_by, fifty))
    asked: list[str] = []
    screen.page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    screen.press("1", "2")
    expect(screen.page.locator("#told")).to_have_text("2 of 50 decided, not downloaded")
    screen.page.reload()
    expect(screen.page.locator("#told")).to_have_text("2 of 50 decided, not downloaded")
    assert asked == ["beforeunload"]
    screen.download(tmp_path / "x")
    screen.page.reload()
    expect(screen.page.locator("#told")).to_have_text("2 of 50 decided")
    assert asked == ["beforeunload"]


def test_a_name_is_asked_for_before_anything_is_downloaded(
    said_by: Call, screens: Call, fifty: Corpus
) -> None:
    screen = screens(make_page(said_by, fifty))
    screen.press("1", "d")
    expect(screen.page.locator("#warning")).to_contain_text("Your name")
    assert screen.page.evaluate("document.activeElement.id") == "by"


def test_a_note_goes_into_the_file_and_letters_in_it_decide_nothing(
    said_by: Call, screens: Call, fifty: Corpus, tmp_path: Path
) -> None:
    screen = screens(make_page(said_by, fifty))
    screen.press("m", "1", "b", "n", "Escape", "1")
    assert screen.told.startswith("1 of 50")
    lines = [json.loads(line) for line in screen.download(tmp_path / "x").read_text().splitlines()[1:]]
    assert [(line["decision"], line["note"], line["by"]) for line in lines] == [
        (False, "1bn", "Eva"), (True, "1bn", "Eva"),  # FAC, GPE
    ]  # fmt: skip


def test_what_is_decided_already_is_shown_so_and_can_be_changed(
    said_by: Call, screens: Call, fifty: Corpus, tmp_path: Path
) -> None:
    screen = screens(make_page(said_by, fifty))
    screen.press(*"1" * 50)
    take(said_by, fifty, screen.download(tmp_path / "x"))
    again = screens(make_page(said_by, fifty))
    assert again.told == "50 of 50 decided"
    again.page.locator("#of-state").select_option("decided")
    expect(again.page.locator("#case")).to_contain_text("Decided before by Eva.")
    expect(again.page.locator(".choice[aria-pressed=true]")).to_have_attribute("data-key", "1")
    again.page.locator("#case").focus()
    again.press("2")
    said = take(said_by, fifty, again.download(tmp_path / "y"))
    assert (said["open"], said["conflicts"]) == (0, 0)  # the later of one person's


def test_filters_leave_what_they_say(said_by: Call, screens: Call, varied: Corpus) -> None:
    screen = screens(make_page(said_by, varied))
    page = screen.page
    page.locator("#of-unit").select_option("event")
    for _ in range(3):
        assert page.locator("#case h2").inner_text().startswith("event")
        screen.press("ArrowRight")
    page.locator("#of-unit").select_option("")
    page.locator("#of-label").select_option("ORG")
    assert "ORG" in page.locator("#case h2").inner_text()
    page.locator("#of-label").select_option("")
    page.locator("#of-pair").select_option(label="anna / cem")
    for _ in range(5):
        readings = [choice for choice in screen.choices() if choice[0].isdigit()]
        assert not any("anna" in reading and "cem" in reading for reading in readings)
        page.locator("#case").focus()
        screen.press("ArrowRight")


def test_a_blind_page_names_nobody(said_by: Call, screens: Call, varied: Corpus) -> None:
    screen = screens(make_page(said_by, varied, "--blind"))
    whole = screen.page.evaluate("Promise.all([...document.querySelectorAll('[id^=data-]')]"
        ".map((node) => goldwire.load(node.id.slice(5)))).then(JSON.stringify)")  # fmt: skip
    for who in ("anna", "ben", "cem"):
        assert who not in whole.lower()
        assert f"annotator/{who}" not in screen.file.read_text()
    assert {"Person A", "Person B", "Person C"} <= set(screen.page.locator(".lane .who").all_inner_texts())
    expect(screen.page.locator("#of-pair-label")).to_be_hidden()


def test_it_works_by_touch_on_a_phone(said_by: Call, screens: Call, fifty: Corpus) -> None:
    screen = screens(make_page(said_by, fifty), width=420, has_touch=True, color_scheme="dark")
    assert screen.page.evaluate("document.documentElement.scrollWidth") <= 420
    for choice in screen.page.locator(".choice, header button").all():
        assert choice.bounding_box()["height"] >= 36
    for _ in range(3):
        screen.page.locator(".choice").first.tap()
    screen.page.locator("#undo").tap()
    assert screen.told.startswith("2 of 50")


HOSTILE = (
    "</script><script>window.bad = 1</script> <img src=x onerror='window.bad=1'> "
    "e\u0301a\u0308 👩\u200d👩\u200d👧 \u202eabc\u202c \u0000\x1b[31m &amp; ${window.bad=1}"
)


def test_hostile_texts_and_names_are_shown_and_never_obeyed(
    said_by: Call, screens: Call, tmp_path: Path
) -> None:
    document = make_document("<script>", HOSTILE)
    corpus = create_corpus(tmp_path / "c", Manifest(name="<b>c</b>"), [document])
    family = HOSTILE.index("👩")
    bad = Mention(id="m", type="<i>X</i>", spans=(Span(0, 9),))
    faces = Mention(id="n", type="FACE", spans=(Span(family, family + 5),))  # five code points
    corpus.write_layer("annotator/a", [annotate(document, bad, faces)])
    corpus.write_layer("annotator/b", [annotate(document)])
    screen = screens(make_page(said_by, corpus))
    assert screen.page.evaluate("window.bad") is None
    assert screen.page.locator("#case :is(script, img, b:not(.event b), i, u)").count() == 0
    lit = screen.page.locator(".mark.lit")
    assert lit.inner_text() == "</script><i>X</i>"
    assert "U+202E" in screen.page.locator(".lane .text").first.inner_text()
    screen.press("1")
    assert lit.inner_text() == "👩\u200d👩\u200d👧FACE"
    screen.press("1")
    take(said_by, corpus, screen.download(tmp_path / "x", "<Eva>, \u202e"))
    assert len(corpus.layer("made")["<script>"].mentions) == 2


def test_a_text_of_a_megabyte_without_an_end_is_shown_around_the_words(
    said_by: Call, screens: Call, tmp_path: Path
) -> None:
    document = make_document("d", "so " * 170_000 + "Kunduz" + " on" * 170_000)
    corpus = create_corpus(tmp_path / "c", Manifest(name="c", ontology="conflict"), [document])
    there = Mention(id="m", type="GPE", spans=(Span(510_000, 510_006),))
    corpus.write_layer("annotator/a", [annotate(document, there)])
    corpus.write_layer("annotator/b", [annotate(document)])
    file = make_page(said_by, corpus)
    assert file.stat().st_size < 200_000
    screen = screens(file)
    assert screen.page.locator(".mark.lit").inner_text() == "KunduzGPE"
    assert len(screen.page.locator(".lane .text").first.inner_text()) < 1000


def test_relations_and_several_values_come_up_too(said_by: Call, screens: Call, tmp_path: Path) -> None:
    ontology = (
        'name = "x"\nversion = "1"\n[entities.MIL]\n[entities.GPE]\n[relations.in]\n[attributes.colour]\n'
        'on = "mention"\nmultiple = true\nvalues = { red = {}, blue = {}, green = {} }\n'
    )
    (tmp_path / "x.toml").write_text(ontology)
    (tmp_path / "t.jsonl").write_text(json.dumps({"id": "d", "text": SHORT.text}) + "\n")
    said = said_by(
        "corpus", "new", tmp_path / "c", "--from", tmp_path / "t.jsonl", "--ontology", tmp_path / "x.toml"
    )
    assert said.code == 0, said.err
    corpus = open_corpus(tmp_path / "c")
    red = msgspec.structs.replace(REBELS, attributes={"colour": ("green", "red")})
    blue = msgspec.structs.replace(REBELS, attributes={"colour": ("blue", "green")})
    link = Relation(id="r", type="in", source="a", target="b")
    of_anna = msgspec.structs.replace(annotate(SHORT, red, KUNDUZ), relations=(link,))
    corpus.write_layer("annotator/anna", [of_anna])
    corpus.write_layer("annotator/ben", [annotate(SHORT, blue, KUNDUZ)])
    screen = screens(make_page(said_by, corpus))
    assert [screen.page.locator("#case h2").inner_text(), screen.told] == [
        "attribute: colour", "0 of 2 decided",
    ]  # fmt: skip
    screen.press("b")
    assert screen.page.locator("#case h2").inner_text() == "relation: in"
    screen.press("1")
    take(said_by, corpus, screen.download(tmp_path / "y"))
    [made] = corpus.layer("made").values()
    assert made.mentions[0].attributes == {"colour": ("blue", "green", "red")}
    assert len(made.relations) == 1


def test_what_two_people_decided_differently_is_open_on_the_next_page_and_says_so(
    said_by: Call, screens: Call, fifty: Corpus, tmp_path: Path
) -> None:
    page = make_page(said_by, fifty)
    files = []
    for who, key in (("Eva", "1"), ("Fay", "2")):
        screen = screens(page)
        screen.press("n", key)
        files.append(screen.download(tmp_path / who, who))
    said = take(said_by, fifty, *files)
    assert (said["conflicts"], said["open"]) == (2, 98)  # the pair of the second word; 48 pairs were not seen
    again = screens(make_page(said_by, fifty))
    assert again.told == "1 of 50 decided"
    expect(again.page.locator("#case")).to_contain_text("decided differently: Eva: no; Fay: yes")


def test_what_a_vote_decided_is_shown_so(said_by: Call, screens: Call, varied: Corpus) -> None:
    screen = screens(make_page(said_by, varied, "--majority", 2))
    screen.page.locator("#of-state").select_option("decided")
    expect(screen.page.locator("#case")).to_contain_text("Decided by a vote of at least 2.")
    left = said_by("annotate", "adjudicate", varied.path, "--to", "made", "--majority", 2, "--json").json
    done, _, whole, *_ = screen.told.split()
    assert int(whole) - int(done) == left["open"]


def test_a_page_without_anything_to_decide_says_so(said_by: Call, screens: Call, fifty: Corpus) -> None:
    fifty.write_layer("annotator/ben", fifty.layer("annotator/anna").values())
    assert is_done(screens(make_page(said_by, fifty)))


def test_blind_is_of_the_page_alone(said_by: Call, fifty: Corpus) -> None:
    said = said_by("annotate", "adjudicate", fifty.path, "--blind", "--to", "made")
    assert (said.code, "--html" in said.err) == (2, True)
    assert "made" not in fifty.layers()
