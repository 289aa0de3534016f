"""People annotate in a real browser on a real server, and `pull` brings back exactly what they did."""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from goldwire.annotate.interface.labelconfig import Layout
from goldwire.annotate.local import server, session
from goldwire.annotate.local.server import Server
from goldwire.annotate.sync import api, recheck, remembered
from goldwire.annotate.sync import group as groups
from goldwire.annotate.sync.client import Client
from goldwire.annotate.sync.orders import Order
from goldwire.annotate.sync.pull import Pulled, Request, pull
from goldwire.annotate.sync.push import push
from goldwire.annotate.sync.remembered import Settings
from goldwire.corpora import ontology as ontologies
from goldwire.corpora.ontology import EntityType, EventType, Ontology
from goldwire.corpora.store import Corpus, Manifest, create_corpus, make_document
from goldwire.corpora.types import (
    Annotations,
    Argument,
    Document,
    Event,
    Excluded,
    Mention,
    Meta,
    Span,
)
from goldwire.corpora.validate import corpus_faults
from goldwire.eval.doubts.find import find

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

pytestmark = pytest.mark.live

PASSWORD = "correct horse battery"
PATIENCE = 30.0  # seconds for the page to follow
#          0 2      9    14           26     33 36     43     50        60 65    74
SIEGE = "😀 Rebels took Sar-i-\nPul on Monday. Afghan troops fled the US-led city. >> More"
TEXTS = {
    "a-siege": SIEGE,
    "b-noise": "Lorem ipsum dolor.",
    "c-talks": "Elders met in Herat.",
    "d-rest": "Later.",
}


class Person:
    """Somebody at Label Studio, with keyboard and mouse."""

    def __init__(self, page: "Page", url: str) -> None:
        self.page = page
        self.url = url

    def open(self, project: int, task: int | None = None) -> None:
        """Open a task, or the stream of tasks that are still to do."""
        where = "labeling=1" if task is None else f"task={task}"
        self.page.goto(f"{self.url}/projects/{project}/data?{where}")
        self.wait_for_text()

    def wait_for_text(self, begins: str = "") -> None:
        pane = self.page.locator(".lsf-htx-richtext", has_text=begins)
        pane.wait_for(timeout=PATIENCE * 1000)
        # Regions are drawn, keys bound and the draft of a prediction made after the text is there.
        self.page.wait_for_load_state("networkidle")
        time.sleep(1)

    def box(self, words: str, nth: int = 0) -> tuple[float, float, float, float]:
        """Where words of the text are on the screen."""
        found = self.page.evaluate(
            """([words, nth]) => {
                const pane = document.querySelector('.lsf-htx-richtext');
                const walker = document.createTreeWalker(pane, NodeFilter.SHOW_TEXT);
                let node, seen = 0;
                while ((node = walker.nextNode())) {
                    let at = -1;
                    while ((at = node.textContent.indexOf(words, at + 1)) >= 0) {
                        if (seen++ < nth) continue;
                        const range = document.createRange();
                        range.setStart(node, at);
                        range.setEnd(node, at + words.length);
                        node.parentElement.scrollIntoView({block: 'center'});
                        const box = range.getBoundingClientRect();
                        return [box.left, box.top, box.right, box.bottom];
                    }
                }
                return null;
            }""",
            [words, nth],
        )
        assert found, f"{words!r} is not on the page"
        return tuple(found)

    def middle(self, words: str, nth: int = 0) -> tuple[float, float]:
        left, top, right, bottom = self.box(words, nth)
        return (left + right) / 2, (top + bottom) / 2

    def press(self, key: str) -> None:
        self.page.keyboard.press(key)
        time.sleep(0.2)

    def mark_word(self, key: str, word: str, nth: int = 0) -> None:
        """Press the key of a label and double-click a word."""
        self.press(key)
        self.page.mouse.dblclick(*self.middle(word, nth))
        time.sleep(0.3)
        self.press("Escape")

    def mark_words(self, key: str, first: str, last: str) -> None:
        """Press the key of a label and drag from one word to another."""
        self.press(key)
        start, end = self.box(first), self.box(last)
        self.page.mouse.move(start[0] + 1, (start[1] + start[3]) / 2)
        self.page.mouse.down()
        self.page.mouse.move(end[2] - 1, (end[1] + end[3]) / 2, steps=10)
        self.page.mouse.up()
        time.sleep(0.3)
        self.press("Escape")

    def select(self, words: str, nth: int = 0) -> None:
        """Click a region."""
        self.page.mouse.click(*self.middle(words, nth))
        time.sleep(0.3)

    def choose(self, value: str) -> None:
        """Click a choice that is shown for the selected region."""
        self.page.locator(".goldwire-foot label", has_text=re.compile(rf"^{value}\[")).click()
        time.sleep(0.2)

    def key_of(self, label: str) -> str:
        """The key that the label bar shows for a label."""
        shown = self.page.locator(".goldwire-bar .lsf-label", has_text=re.compile(rf"^{label}"))
        return shown.locator(".lsf-label__hotkey").inner_text()

    def choices(self) -> list[str]:
        """The attributes that are shown for the selected region."""
        return self.page.locator(".goldwire-row h4:visible").all_inner_texts()

    def draw(self, source: str, label: str, target: str) -> None:
        """Draw an arrow and give it a label in the side panel."""
        self.select(source)
        self.press("Alt+r")
        self.select(target)
        self.press("Escape")
        self.page.locator(".lsf-panel-tabs__tab:visible", has_text="Relations").first.click()
        unlabelled = self.last_relation()
        unlabelled.hover()
        unlabelled.get_by_label("Show Relation Labels").click()
        unlabelled.get_by_text("Select labels").click()
        self.page.get_by_role("option", name=label, exact=True).click()
        self.press("Escape")

    def last_relation(self) -> "Locator":
        return self.page.locator(".lsf-relations__item").last

    def submit(self) -> None:
        with self.page.expect_response(lambda r: "/annotations" in r.url and r.request.method == "POST"):
            self.press("Control+Enter")

    def skip(self) -> None:
        with self.page.expect_response(lambda r: "was_cancelled" in r.url or "/annotations" in r.url):
            self.page.locator("button:visible", has_text="Skip").click()


@pytest.fixture(scope="module")
def client(labelstudio: Server) -> Iterator[Client]:
    with closing(Client(labelstudio.url, server.token(labelstudio.data_dir))) as client:
        yield client


Sign = Callable[[str, str], Person]


@pytest.fixture
def sign_in(browser: "Browser", labelstudio: Server) -> Iterator[Sign]:
    """Sign a person in, each in a browser of their own."""
    contexts = []

    def enter(email: str, password: str) -> Person:
        context = browser.new_context(viewport={"width": 1400, "height": 900})
        contexts.append(context)
        page = context.new_page()
        page.goto(f"{labelstudio.url}/user/login/")
        page.fill("input[name=email]", email)
        page.fill("input[name=password]", password)
        page.click("button[type=submit]")
        page.wait_for_url(lambda url: "/user/login" not in url)
        return Person(page, labelstudio.url)

    yield enter
    for context in contexts:
        context.close()


@pytest.fixture
def owner(sign_in: Sign, labelstudio: Server) -> Person:
    account = server.account(labelstudio.data_dir)
    return sign_in(account.email, account.password)


@pytest.fixture
def gul(sign_in: Sign, labelstudio: Server) -> Person:
    """A second annotator, invited."""
    session.join(server.invite(labelstudio), "gul@example.org", PASSWORD)
    return sign_in("gul@example.org", PASSWORD)


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    start = SIEGE.index(">>")
    documents = [
        make_document(
            id,
            text,
            meta=Meta(title=f"Title of {id}", source="Wire"),
            excluded=(Excluded(start=start, end=len(text), reason="teaser"),) if text == SIEGE else (),
        )
        for id, text in TEXTS.items()
    ]
    return create_corpus(tmp_path / "work", Manifest(name="work", ontology="conflict"), documents)


def ontology(corpus: Corpus) -> Ontology:
    found = corpus.ontology()
    assert found is not None
    return found


def bring(
    client: Client, corpus: Corpus, title: str, layout: Layout = "graph", prefill: str | None = None
) -> int:
    """Push a corpus; the id of its project."""
    order = Order(
        title=title,
        group=title,
        layout=layout,
        prefill=prefill,
        overlap=1.0,
        documents=tuple(corpus.documents()),
    )
    project = push(client, corpus, ontology(corpus), order).project
    assert project is not None
    api.update_project(client, project.id, show_instruction=False)
    return project.id


def fetch(client: Client, corpus: Corpus, title: str) -> Pulled:
    return pull(client, corpus, ontology(corpus), Request(group=title, naming="address"))


def said(annotations: Annotations, document: Document) -> dict[str, Any]:
    """Annotations with words in place of the ids that Label Studio made up."""
    words = {
        mention.id: (mention.type, *(document.text[slice(*span)] for span in mention.spans))
        for mention in annotations.mentions
    }
    clusters: dict[str, set[Any]] = {}
    for mention in annotations.mentions:
        if mention.cluster is not None:
            clusters.setdefault(mention.cluster, set()).add(words[mention.id])
    return {
        "mentions": {(words[m.id], tuple(m.spans), *m.attributes.items()) for m in annotations.mentions},
        "events": {
            (event.type, *(document.text[slice(*span)] for span in event.trigger)): (
                {(argument.role, words[argument.mention]) for argument in event.arguments},
                event.attributes,
            )
            for event in annotations.events
        },
        "clusters": sorted(map(sorted, clusters.values())),
    }


def span(words: str, text: str = SIEGE) -> tuple[Span]:
    start = text.index(words)
    return (Span(start, start + len(words)),)


REBELS, PUL, AFGHAN = ("MIL", "Rebels"), ("GPE", "Sar-i-\nPul"), ("GPE", "Afghan")
TROOPS, US, MONDAY = ("MIL", "Afghan troops"), ("GPE", "US"), ("TIME", "Monday")


def test_what_two_people_do_in_graph_comes_back_field_by_field(
    client: Client, corpus: Corpus, owner: Person, gul: Person
) -> None:
    project = bring(client, corpus, "graph by hand")

    owner.open(project)
    owner.wait_for_text("Rebels")
    assert "Title of a-siege" in owner.page.inner_text(".goldwire-bar")
    owner.mark_word("2", "Rebels")  # after an emoji
    owner.mark_words("4", "Sar-i-", "Pul")  # over a line break
    owner.mark_words("2", "Afghan", "troops")
    owner.mark_word("4", "Afghan")  # nested
    owner.mark_word("4", "US")  # inside a compound
    owner.mark_word("9", "Monday")
    owner.mark_word("t", "took")
    owner.mark_word("w", "fled")
    owner.select("took")
    assert owner.choices() == ["realis", "polarity", "historical"]  # mode is for Attack alone
    owner.press("Shift+P")  # realis: planned
    owner.choose("negative")
    owner.select("Rebels")
    assert owner.choices() == ["form"]
    owner.choose("name")
    owner.press("Shift+P")  # realis again, which is not shown and does not apply here
    owner.draw("took", "captor", "Rebels")
    owner.draw("took", "territory", "Pul")
    owner.draw("fled", "mover", "troops")
    owner.draw("US", "same", "Pul")
    owner.submit()

    owner.wait_for_text("Lorem")
    owner.skip()

    owner.wait_for_text("Elders")
    with owner.page.expect_response(lambda r: "/drafts" in r.url and r.request.method == "POST"):
        owner.mark_word("1", "Elders")
    owner.page.goto(f"{owner.url}/projects/")

    gul.open(project)
    gul.wait_for_text("Rebels")
    gul.mark_word("1", "Rebels")  # she takes them for unarmed
    gul.mark_word("t", "took")
    gul.draw("took", "captor", "Rebels")
    gul.submit()

    pulled = fetch(client, corpus, "graph by hand")
    assert pulled.layers == {"annotator/owner": 1, "annotator/gul": 1, "draft/owner": 1, "skipped/owner": 1}
    assert (pulled.rejected, pulled.lost, pulled.repaired) == ({}, {}, {})
    assert corpus_faults(corpus) == {}
    document = corpus.document("a-siege")
    by_owner = corpus.layer("annotator/owner")["a-siege"]
    assert said(by_owner, document) == {
        "mentions": {
            (REBELS, span("Rebels"), ("form", "name")),
            (PUL, span("Sar-i-\nPul")),
            (TROOPS, span("Afghan troops")),
            (AFGHAN, span("Afghan")),
            (US, span("US")),
            (MONDAY, span("Monday")),
        },
        "events": {
            ("TakeTerritory", "took"): (
                {("captor", REBELS), ("territory", PUL)},
                {"realis": "planned", "polarity": "negative"},
            ),
            ("Withdraw", "fled"): ({("mover", TROOPS)}, {}),
        },
        "clusters": [[PUL, US]],
    }
    provenance = by_owner.provenance
    assert (provenance.author, provenance.status) == ("owner", "submitted")
    assert provenance.seconds is not None
    assert 1 < provenance.seconds < 600
    assert said(corpus.layer("annotator/gul")["a-siege"], document) == {
        "mentions": {(("PER", "Rebels"), span("Rebels"))},
        "events": {("TakeTerritory", "took"): ({("captor", ("PER", "Rebels"))}, {})},
        "clusters": [],
    }
    assert corpus.layer("skipped/owner")["b-noise"].provenance.status == "skipped"
    draft = corpus.layer("draft/owner")["c-talks"]
    assert said(draft, corpus.document("c-talks"))["mentions"] == {
        (("PER", "Elders"), span("Elders", TEXTS["c-talks"]))
    }


BASE = {
    "mentions": (
        Mention(
            id="m.1", type="MIL", spans=span("Rebels"), attributes={"form": "name"}, cluster="rebels",
            head=span("Rebels")[0],
        ),
        Mention(id="é#2", type="GPE", spans=span("Sar-i-\nPul"), cluster="pul", score=0.5),
        Mention(id="m3", type="MIL", spans=(*span("Afghan"), *span("city"))),
        Mention(id="m4", type="GPE", spans=span("US"), cluster="pul"),
        Mention(id="m5", type="TIME", spans=span("Monday")),
    ),
    "events": (
        Event(
            id="m5",  # an event may have the id of a mention
            type="TakeTerritory",
            trigger=span("took"),
            arguments=(Argument(role="captor", mention="m.1"), Argument(role="territory", mention="é#2")),
            attributes={"realis": "planned"},
        ),
        Event(
            id="e2", type="Withdraw", trigger=(*span("fled"), *span("city")),
            arguments=(Argument(role="mover", mention="m3"),),
        ),
    ),
}  # fmt: skip


def lay(corpus: Corpus, **parts: Any) -> Annotations:
    document = corpus.document("a-siege")
    base = Annotations(document=document.id, sha256=document.sha256, **{**BASE, **parts})
    corpus.write_layer("base", [base])
    return base


def test_prefilled_task_submitted_as_it_is_comes_back_identical_but_for_scores(
    client: Client, corpus: Corpus, owner: Person
) -> None:
    """Ids, attributes, arrows, parts, heads and cluster names go through the browser and come back."""
    lay(corpus)
    project = bring(client, corpus, "graph prefilled", prefill="base")
    owner.open(project)
    owner.wait_for_text("Rebels")
    owner.submit()
    pulled = fetch(client, corpus, "graph prefilled")
    assert (pulled.rejected, pulled.lost, pulled.repaired) == ({}, {}, {})
    back, base = corpus.layer("annotator/owner")["a-siege"], corpus.layer("base")["a-siege"]
    assert {m.id: (m.type, m.spans, m.head, m.attributes, m.cluster, m.score) for m in back.mentions} == {
        m.id: (m.type, m.spans, m.head, m.attributes, m.cluster, None) for m in base.mentions
    }
    assert {e.id: (e.type, e.trigger, {*e.arguments}, e.attributes, e.cluster) for e in back.events} == {
        e.id: (e.type, e.trigger, {*e.arguments}, e.attributes, e.cluster) for e in base.events
    }


def test_roles_given_by_key_in_frames_come_back_as_arguments(
    client: Client, corpus: Corpus, owner: Person
) -> None:
    events: Any = BASE["events"]
    bare = tuple(Event(id=e.id, type=e.type, trigger=e.trigger, attributes=e.attributes) for e in events)
    base = lay(corpus, events=bare)
    project = bring(client, corpus, "frames by hand", "frames", prefill="base")

    owner.open(project)  # TakeTerritory, the first trigger of the text
    owner.wait_for_text("Rebels")
    assert "TakeTerritory: … 😀 Rebels ▸took◂ Sar-i- …" in owner.page.inner_text(".goldwire-bar")
    bar = owner.page.locator(".goldwire-bar .lsf-label__text").all_inner_texts()
    assert bar == ["captor", "territory", "loser", "place", "time", "mention"]
    owner.press("1")  # no key of this bar: nothing may be marked with a hidden label
    owner.page.mouse.dblclick(*owner.middle("the"))
    for words, role in (("Rebels", "captor"), ("Pul", "territory"), ("Monday", "time")):
        owner.select(words)
        owner.press(owner.key_of(role))
    owner.press("Escape")
    owner.mark_word(owner.key_of("loser"), "Rebels")  # a second role: the mention is marked once more
    owner.submit()

    owner.wait_for_text("Rebels")  # Withdraw: not an event, says the owner
    assert "Withdraw" in owner.page.inner_text(".goldwire-bar")
    owner.press("Shift+N")
    owner.submit()

    pulled = fetch(client, corpus, "frames by hand")
    assert pulled.layers == {"frames/owner": 1}
    assert pulled.rejected == {}
    back = corpus.layer("frames/owner")["a-siege"]
    assert back.mentions == base.mentions
    (event,) = back.events
    assert (event.id, event.trigger, event.attributes) == ("m5", span("took"), {"realis": "planned"})
    assert {(a.role, a.mention) for a in event.arguments} == {
        ("captor", "m.1"),
        ("loser", "m.1"),
        ("territory", "é#2"),
        ("time", "m5"),
    }
    assert back.provenance.status == "submitted"
    assert back.provenance.details["no events"] == ["e2"]


HEBREW = "כוחות תקפו את קונדוז ביום שני."
ENGLISH = "Troops attacked Kunduz on Monday."


def test_each_paragraph_is_read_from_the_side_on_which_its_language_begins(
    client: Client, owner: Person, tmp_path: Path
) -> None:
    text = f"{HEBREW}\n{ENGLISH}\n"
    manifest = Manifest(name="work", ontology="conflict", language="he")
    corpus = create_corpus(tmp_path / "work", manifest, [make_document("mixed", text)])
    start = text.index("קונדוז")
    mention = Mention(id="m", type="GPE", spans=(Span(start, start + len("קונדוז")),))
    document = corpus.documents()[0]
    corpus.write_layer("base", [Annotations(document="mixed", sha256=document.sha256, mentions=(mention,))])
    owner.open(bring(client, corpus, "right to left", prefill="base"))
    owner.wait_for_text("Troops")
    pane = owner.page.locator(".lsf-htx-richtext").bounding_box()
    assert pane is not None
    first, mentioned, last = owner.box("כוחות"), owner.box("קונדוז"), owner.box("שני")
    assert (
        first[0] > mentioned[2] > mentioned[0] > last[2]
    )  # a region in between does not part the line in two
    assert pane["x"] + pane["width"] - first[2] < pane["width"] / 4  # the line begins at the right
    troops, monday = owner.box("Troops"), owner.box("Monday")
    assert troops[2] < monday[0]
    assert troops[0] - pane["x"] < pane["width"] / 4


CONTRASTS = """name => {
    const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
    const numbers = colour => {
        canvas.clearRect(0, 0, 1, 1);
        canvas.fillStyle = colour;
        canvas.fillRect(0, 0, 1, 1);
        return [...canvas.getImageData(0, 0, 1, 1).data];
    };
    const over = (top, below) => [0, 1, 2].map(k => top[k] * top[3] / 255 + below[k] * (1 - top[3] / 255));
    const paper = node => {
        if (!node) return [255, 255, 255];
        const own = numbers(getComputedStyle(node).backgroundColor);
        return own[3] === 255 ? own.slice(0, 3) : over(own, paper(node.parentElement));
    };
    const light = rgb => {
        const linear = v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4;
        const [r, g, b] = rgb.map(v => linear(v / 255));
        return .2126 * r + .7152 * g + .0722 * b;
    };
    const contrast = (one, other) => {
        const [a, b] = [light(one), light(other)].sort((x, y) => y - x);
        return (a + .05) / (b + .05);
    };
    return [...document.querySelectorAll('*')]
        .filter(node => !node.children.length && node.textContent.trim() === name && node.offsetParent)
        .map(node => {
            const below = paper(node);
            return contrast(over(numbers(getComputedStyle(node).color), below), below);
        });
}"""


def test_names_of_labels_can_be_read_in_light_and_dark(client: Client, corpus: Corpus, owner: Person) -> None:
    """Web Content Accessibility Guidelines 2.2, success criterion 1.4.3: 4.5 to 1."""
    lay(corpus)
    owner.open(bring(client, corpus, "colours", prefill="base"))
    owner.wait_for_text("Rebels")
    owner.select("Rebels")
    for theme in ("light", "dark"):
        owner.page.evaluate("theme => document.documentElement.dataset.colorScheme = theme", theme)
        time.sleep(1)
        found = owner.page.evaluate(CONTRASTS, "MIL")
        assert len(found) >= 3, theme  # above the text, in the list of regions, with its details
        assert min(found) >= 4.5, theme


def test_half_of_a_small_screen_is_text_however_many_labels_there_are(
    client: Client, owner: Person, tmp_path: Path
) -> None:
    entities = {f"ENTITY-TYPE-{n}": EntityType() for n in range(40)}
    events = {f"EventTypeNumber{n}": EventType() for n in range(80)}
    many = msgspec.structs.replace(ontologies.read("conflict"), entities=entities, events=events)
    text = "\n".join(f"Line {n} of a long article." for n in range(80))
    corpus = create_corpus(tmp_path / "work", Manifest(name="work"), [make_document("long", text)])
    order = Order(title="many labels", group="many labels", documents=tuple(corpus.documents()))
    project = push(client, corpus, many, order).project
    assert project is not None
    api.update_project(client, project.id, show_instruction=False)
    owner.page.set_viewport_size({"width": 1280, "height": 720})
    owner.open(project.id)
    owner.wait_for_text("Line 0")
    owner.mark_word("1", "article")
    owner.select("article")  # so that its attributes are shown at the foot
    seen = owner.page.evaluate(
        """() => {
            let rows = 0;
            for (let y = 0; y < innerHeight; y++) {
                const at = document.elementFromPoint(300, y);
                rows += Boolean(at && at.closest('.lsf-htx-richtext'));
            }
            return rows;
        }"""
    )
    assert seen >= 360


def test_doubts_are_decided_and_corrected_by_keys(client: Client, corpus: Corpus, owner: Person) -> None:
    """Neither of two readings of a place is right, and the words that are get marked."""
    document = corpus.documents()[0]
    at = document.text.index("took")

    def layer(type: str) -> list[Annotations]:
        mention = Mention(id="m", type=type, spans=(Span(at, at + 4),))
        return [Annotations(document=document.id, sha256=document.sha256, mentions=(mention,))]

    corpus.write_layer("gold", layer("GPE"))
    corpus.write_layer("system/s", layer("ORG"))
    found = find(corpus, "gold", ["s"])
    [order] = recheck.orders(
        corpus,
        ontology(corpus),
        found,
        groups.find(client, corpus, "doubts by keys"),
        adopt=False,
        overwrite=False,
    ).orders
    project = push(client, corpus, ontology(corpus), order).project
    assert project is not None
    api.update_project(client, project.id, show_instruction=False)
    owner.open(project.id)
    owner.press("4")
    labels = order.ready.tasks[0]["data"]["labels"] if order.ready is not None else []
    key = next(one["hotkey"] for one in labels if one["value"] == "MIL")
    owner.mark_word(key, "Rebels")
    owner.submit()
    back = recheck.decisions(client, corpus, found, Request(group=order.group))
    [doubt] = back.doubts.doubts
    assert (doubt.decision, doubt.correction and doubt.correction.label) == ("neither", "MIL")
    assert doubt.correction is not None
    assert doubt.correction.words == "Rebels"


def test_what_a_project_remembers_survives_a_save_in_the_browser(
    client: Client, corpus: Corpus, owner: Person
) -> None:
    """A manager adds a label in the settings of the project, by hand; 900 characters are remembered."""
    title = "settings by hand"
    people = tuple(f"a person of the team, number {n}" for n in range(25))
    settings = Settings(corpus="work", group=title, title=title, assign=people, overlap=0.2)
    order = Order(title=title, group=title, documents=tuple(corpus.documents()), remember=settings)
    project = push(client, corpus, ontology(corpus), order).project
    assert project is not None
    page = owner.page
    page.goto(f"{owner.url}/projects/{project.id}/settings/labeling")
    page.get_by_text("Visual", exact=True).click(timeout=PATIENCE * 1000)
    page.locator("textarea:visible").first.fill("CREATURE")
    page.get_by_role("button", name="Add labels").first.click()
    with page.expect_response(lambda r: r.request.method == "PATCH" and f"projects/{project.id}" in r.url):
        page.get_by_text("Save", exact=True).click()
    saved = api.project(client, project.id).label_config
    assert 'value="CREATURE"' in saved
    assert remembered.read(saved) == settings
    told = push(client, corpus, ontology(corpus), order).plan
    assert told.newer == ("label_config",)  # a label that somebody has added there is not taken away
    assert 'value="CREATURE"' in api.project(client, project.id).label_config


def test_in_adjudication_two_actions_reject_and_none_keep(
    client: Client, corpus: Corpus, owner: Person, run: Callable[..., Any]
) -> None:
    """What is at two words is told in their note."""
    document, other = (next(d for d in corpus.documents() if d.id == id) for id in ("a-siege", "c-talks"))
    rebels, monday, us = (
        Mention(id=f"m{n}", type=type, spans=span(words))
        for n, (type, words) in enumerate([("MIL", "Rebels"), ("TIME", "Monday"), ("GPE", "US")])
    )
    elders = Mention(id="m0", type="PER", spans=span("Elders", other.text))
    for name, mentions, more in (("anna", (rebels, monday), (elders,)), ("ben", (rebels, us), ())):
        done = ((document, mentions), (other, more))
        lines = [Annotations(document=d.id, sha256=d.sha256, mentions=given) for d, given in done]
        corpus.write_layer(f"annotator/{name}", lines)
    pushed = run("adjudicate", corpus.path, "--push", "--project", "by hand adjudication", "--json")
    assert pushed.code == 0, pushed.err
    api.update_project(client, pushed.json["project"], show_instruction=False)
    owner.open(pushed.json["project"])
    owner.wait_for_text("Rebels")
    owner.select("Monday")
    assert "anna: TIME; ben: not marked" in owner.page.inner_text("body")
    owner.press("Backspace")
    owner.submit()
    owner.wait_for_text("Elders")
    pulled = run("adjudicate", corpus.path, "--pull", "--project", "by hand adjudication", "--json")
    assert pulled.code == 0, pulled.err
    assert (pulled.json["open"], pulled.json["server"]["decided"], pulled.json["amended"]) == (1, 2, 0)
    gold = corpus.layer("gold")
    assert said(gold["a-siege"], document)["mentions"] == {
        (("MIL", "Rebels"), span("Rebels")),
        (("GPE", "US"), span("US")),
    }
