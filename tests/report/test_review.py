"""The page on which people decide, in real Chromium: by keys, and what it gives is what the layer has."""

from __future__ import annotations

import random
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
from goldwire.corpora.types import Annotations, Mention, Span
from goldwire.testing import annotate

pytestmark = pytest.mark.live

Call = Callable[..., Any]
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
