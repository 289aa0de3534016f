"""The report in real Chromium: no error, no request, every view by keyboard, and hostile text stays text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from playwright.sync_api import Browser, Dialog, Page, expect

from goldwire.corpora.codec import from_plain
from goldwire.corpora.store import Manifest, create_corpus, make_document, open_corpus
from goldwire.corpora.types import Annotations, Argument, Event, Excluded, Mention, Meta, Span
from goldwire.eval.report.build import make_report
from goldwire.eval.report.evidence import gather
from goldwire.eval.report.html import render
from goldwire.eval.report.payload import make_blocks
from goldwire.eval.report.sums import with_evidence
from goldwire.eval.scoring.files import encode_record, read_record
from goldwire.eval.scoring.record import Record
from goldwire.eval.scoring.score import score_corpus

pytestmark = pytest.mark.live

WIDTHS = (1440, 768, 390)


def write_page(folder: Path, record: Record, path: Path) -> Path:
    """The page of a record with its corpus, as `eval report --html` writes it."""
    records = {"record": record}
    evidence = gather(open_corpus(folder), records)
    report = with_evidence(make_report(records), evidence)
    path.write_text(render(report, make_blocks(report, evidence, records)), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def page_file(scored: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    record = read_record(scored / "records" / "default.json")
    return write_page(scored, record, tmp_path_factory.mktemp("page") / "report.html")


class Watched:
    """A page, and all that it complained of and asked for."""

    def __init__(self, browser: Browser, file: Path, width: int = 1440, **options: object) -> None:
        context = browser.new_context(viewport={"width": width, "height": 900}, **options)
        self.page: Page = context.new_page()
        self.said: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", lambda message: self.said.append(f"{message.type}: {message.text}"))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on(
            "dialog", lambda dialog: (self.said.append(f"dialog: {dialog.message}"), dialog.dismiss())
        )
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.goto(file.as_uri())
        if options.get("java_script_enabled", True):
            self.page.wait_for_selector("html[data-ready]", state="attached")

    def dismiss(self, dialog: Dialog) -> None:
        self.said.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def check(self, file: Path) -> None:
        """No complaint, and nothing asked for but the page."""
        assert self.said == []
        assert [url for url in self.asked if url not in (file.as_uri(), "data:,")] == []


@pytest.fixture
def opened(browser: Browser, page_file: Path) -> Iterator[Page]:
    watched = Watched(browser, page_file)
    yield watched.page
    watched.check(page_file)
    watched.page.context.close()


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def focused(page: Page) -> str:
    return page.evaluate("document.activeElement.id || document.activeElement.textContent.trim()")


# ---------------------------------------------------------------- every width, light and dark
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_the_page_shows_without_error_or_request(browser, page_file, width, scheme):
    watched = Watched(browser, page_file, width, color_scheme=scheme)
    page = watched.page
    page.locator("#documents-table button").first.click()
    expect(page.locator("#reader .block").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    lightness = sum(map(int, re.findall(r"\d+", paper)[:3])) / 3
    assert (lightness > 200) if scheme == "light" else (lightness < 60)
    for section in page.locator("main > section").all():
        assert section.bounding_box()["height"] > 60
    assert page.locator(".plot svg:visible").count() >= 3
    watched.check(page_file)
    page.context.close()


@pytest.mark.parametrize("width", WIDTHS)
def test_letters_of_a_drawing_keep_their_size_and_none_is_cut_off(browser, page_file, width):
    page = Watched(browser, page_file, width).page
    measure = """drawing => {
      const frame = drawing.getBoundingClientRect();
      return [...drawing.querySelectorAll('text')].map(text => {
        const box = text.getBoundingClientRect();
        return [box.left - frame.left, frame.right - box.right,
                box.top - frame.top, frame.bottom - box.bottom,
                text.getScreenCTM().a * parseFloat(getComputedStyle(text).fontSize)]; }) }"""
    drawings = page.locator(".plot svg:visible").all()
    assert len(drawings) >= 5
    for drawing in drawings:
        for *margins, size in drawing.evaluate(measure):
            assert min(margins) >= -1
            assert 9 <= size <= 16
    page.context.close()


def test_a_drawing_is_one_image_with_a_name(opened):
    drawing = opened.locator("#ranking .plot:visible")
    expect(drawing.get_by_role("img", name="entity (span + type): F1 with 95 % interval")).to_be_visible()


@pytest.mark.parametrize("section", ["ranking", "types", "speed", "signatures"])
def test_tables_are_whole_on_a_laptop(opened, section):
    for table in opened.locator(f"#{section} .scroll:visible").all():
        assert table.evaluate("table => table.scrollWidth <= table.clientWidth")
        wide = "table => [...table.querySelectorAll('th, td')].every(c => c.scrollWidth <= c.clientWidth + 1)"
        assert table.evaluate(wide)  # no cell has more in it than it shows


def test_what_a_reader_touches_is_large_enough_on_a_phone(browser, page_file):
    watched = Watched(browser, page_file, 390)
    for button in watched.page.locator("button:visible").all():
        box = button.bounding_box()
        assert box["height"] >= 24, button.text_content()  # WCAG 2.2, target size (minimum)
    watched.page.context.close()


# ---------------------------------------------------------------- by keyboard alone
def test_the_first_tab_skips_to_the_report(opened):
    press(opened, "Tab")
    assert focused(opened) == "Skip to the report"
    press(opened, "Enter")
    assert opened.url.endswith("#main")


def test_arrows_walk_through_the_measures(opened):
    first = opened.locator("[data-tabs=board] [role=tab]").first
    first.focus()
    press(opened, "ArrowRight")
    second = opened.locator("[data-tabs=board] [role=tab]").nth(1)
    expect(second).to_be_focused()
    expect(second).to_have_attribute("aria-selected", "true")
    expect(opened.locator("#" + second.get_attribute("aria-controls"))).to_be_visible()
    expect(opened.locator("#" + first.get_attribute("aria-controls"))).to_be_hidden()
    press(opened, "End")
    expect(opened.locator("[data-tabs=board] [role=tab]").last).to_be_focused()
    press(opened, "ArrowRight")
    expect(first).to_be_focused()
    assert opened.locator("[data-tabs=board] [tabindex='0']").count() == 1


def test_cells_of_a_confusion_matrix_open_their_examples(opened):
    matrix = opened.locator("[data-matrix]:visible").first
    start = matrix.locator("button[tabindex='0']")
    start.focus()
    press(opened, "ArrowRight", "ArrowDown", "ArrowLeft")
    assert opened.evaluate("document.activeElement.matches('[data-cell]')")
    cell = opened.evaluate("document.activeElement.dataset.cell")
    count = int(opened.evaluate("document.activeElement.textContent").replace(",", ""))
    press(opened, "Enter")
    dialog = opened.locator("#examples")
    expect(dialog).to_be_visible()
    assert dialog.locator(".example").count() == min(count, 20)
    press(opened, "Escape")
    expect(dialog).to_be_hidden()
    assert opened.evaluate("document.activeElement.dataset.cell") == cell


def test_an_example_opens_its_document_at_the_place(opened):
    opened.locator("[data-matrix]:visible button[tabindex='0']").first.focus()
    press(opened, "Enter")
    example = opened.locator("#examples .example").last
    name = example.locator("button").text_content()
    example.locator("button").focus()
    press(opened, "Enter")
    expect(opened.locator("#examples")).to_be_hidden()
    expect(opened.locator("#reader .about")).to_contain_text(name)
    assert focused(opened) == "reader"


def test_documents_are_found_ordered_opened_and_turned(opened):
    opened.locator("#documents-find").focus()
    opened.keyboard.type("termez")
    opened.locator("#documents-find").fill("aircraft")
    expect(opened.locator("#documents-count")).to_have_text("1 document")
    opened.locator("#documents-find").fill("")
    expect(opened.locator("#documents-count")).to_have_text("18 documents")
    opened.locator("#documents-order").focus()
    press(opened, "ArrowDown")
    shown = opened.locator("#documents-table tbody tr").all()
    spreads = []
    for row in shown:
        figures = [float(text) for text in row.locator("td.shade").all_text_contents()]
        spreads.append(max(figures) - min(figures))
    assert spreads == sorted(spreads, reverse=True)  # systems differ most
    opened.locator("#documents-on").focus()
    press(opened, "Enter")
    expect(opened.locator("#documents-page")).to_have_text("2 / 2")
    opened.locator("#documents-back").focus()
    press(opened, "Enter")
    button = opened.locator("#documents-table tbody button").first
    button.focus()
    press(opened, "Enter")
    title = opened.locator("#reader h3")
    expect(title).to_have_text(button.text_content())
    press(opened, "j")
    second = opened.locator("#documents-table tbody button").nth(1).text_content()
    expect(title).to_have_text(second)
    press(opened, "k")
    expect(title).to_have_text(button.text_content())


def test_layers_are_hidden_and_shown_by_the_space_bar(opened):
    opened.locator("#documents-table button").first.click()
    lanes = opened.locator("#reader .block").first.locator(".lane")
    expect(lanes).to_have_count(4)
    opened.locator("#reader input[type=checkbox]").nth(1).focus()
    press(opened, "Space")
    expect(lanes).to_have_count(3)
    press(opened, "Space")
    expect(lanes).to_have_count(4)


def test_two_systems_are_set_against_each_other(opened):
    out = opened.locator("#versus-out")
    straight = out.locator("tbody td:nth-child(2)").all_text_contents()
    opened.locator("#versus-a").select_option("1")
    opened.locator("#versus-b").select_option("0")
    turned = out.locator("tbody td:nth-child(2)").all_text_contents()
    assert turned == [straight[1], straight[0], *straight[2:]]
    out.locator("button").first.focus()
    press(opened, "Enter")
    expect(opened.locator("#examples .example").first).to_be_visible()
    press(opened, "Escape")
    opened.locator("#versus-b").focus()
    press(opened, "ArrowDown")
    expect(out).to_contain_text("Choose two different systems")


def test_the_switch_turns_through_light_and_dark(opened):
    def paper() -> str:
        return opened.evaluate("getComputedStyle(document.body).backgroundColor")

    seen = []
    opened.locator("#theme").focus()
    for _ in range(3):
        press(opened, "Enter")
        seen.append((opened.locator("#theme").get_attribute("aria-label"), paper()))
    assert [label for label, _ in seen] == [
        "Colours: light",
        "Colours: dark",
        "Colours: as the system has them",
    ]
    assert seen[0][1] != seen[1][1]
    assert seen[2][1] == seen[0][1]  # the system is light here


def test_tab_alone_reaches_every_view(opened):
    reached = set()
    for _ in range(400):
        press(opened, "Tab")
        section = opened.evaluate("document.activeElement.closest('section')?.id || ''")
        if section:
            reached.add(section)
        if section == "signatures":
            break
    everything = set(opened.eval_on_selector_all("main > section", "all => all.map(s => s.id)"))
    assert reached == everything


# ---------------------------------------------------------------- paper, and no script
def test_without_script_every_table_can_be_read(browser, page_file):
    watched = Watched(browser, page_file, java_script_enabled=False)
    page = watched.page
    panels = page.locator(".panel")
    assert panels.count() > 10
    for panel in panels.all():
        expect(panel).to_be_visible()
    expect(page.locator("#versus details")).to_be_visible()
    assert watched.said == []
    page.context.close()


def test_on_paper_every_panel_is_there_and_no_control(opened):
    opened.emulate_media(media="print")
    for panel in opened.locator(".panel").all():
        expect(panel).to_be_visible()
    expect(opened.locator(".bar")).to_be_hidden()
    assert len(opened.pdf()) > 50_000
    opened.emulate_media(media="screen")


# ---------------------------------------------------------------- the document view
def test_marks_stand_where_the_annotations_say(opened, scored):
    corpus = open_corpus(scored)
    gold, documents = corpus.layer("gold"), {d.id: d for d in corpus.documents()}
    for row in range(3):
        opened.locator("#documents-table tbody button").nth(row).click()
        about = opened.locator("#reader .about")
        expect(about).to_contain_text("id")
        id = about.locator("dd").first.text_content()
        # What is marked, without the names of types set into it.
        marked = opened.evaluate(
            """() => [...document.querySelectorAll('.lane.gold .mark')].map(mark => {
                 const copy = mark.cloneNode(true);
                 copy.querySelectorAll('.tag, .flag').forEach(tag => tag.remove());
                 return copy.textContent; })"""
        )
        text = documents[id].text
        wanted = [text[s.start : s.end] for m in gold[id].mentions for s in m.spans]
        wanted += [text[s.start : s.end] for e in gold[id].events for s in e.trigger]
        # A crossing mark is cut in pieces: all that is wanted is there, and pieces are of what is wanted.
        assert set(wanted) <= set(marked) | {w for w in wanted if any(m in w for m in marked)}
        assert len(marked) >= len(set(wanted)) * 0.9


def test_a_document_beyond_the_budget_is_named_and_its_figures_stay(browser, scored, tmp_path):
    records = {"record": read_record(scored / "records" / "default.json")}
    evidence = gather(open_corpus(scored), records)
    report = with_evidence(make_report(records), evidence)
    page = tmp_path / "small.html"
    page.write_text(render(report, make_blocks(report, evidence, records), budget=10), encoding="utf-8")
    watched = Watched(browser, page)
    expect(watched.page.locator("#documents .notes")).to_contain_text("18 documents")
    watched.page.locator("#documents-table tbody button").first.click()
    expect(watched.page.locator("#reader")).to_contain_text("not in this file")
    expect(watched.page.locator("#documents-table tbody td.shade").first).to_be_visible()
    watched.check(page)
    watched.page.context.close()


# ---------------------------------------------------------------- hostile text
ATTACK = (
    "<script>window.pwned=1</script><img src=x onerror='window.pwned=2'>\"'><svg/onload=window.pwned=3>"
    "</script></style></textarea>{{7*7}}&lt;b&gt;&#x3c; \u202egnirts\u2066 \u200f \x00 \x1b[31m ]]> --> end"
)


@pytest.fixture(scope="module")
def hostile_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A corpus whose texts, labels, metadata and systems are full of what could do harm."""
    folder = tmp_path_factory.mktemp("hostile")
    text = f"{ATTACK}\n\nThe {ATTACK} fell. Nobody </script> knew.\nSkip this."
    at = len(text)
    documents = [
        make_document(
            f"d{number}",
            text,
            meta=Meta(title=ATTACK, source=ATTACK, url="javascript:alert(1)", language=ATTACK),
            excluded=(Excluded(at - 10, at, ATTACK),),
        )
        for number in range(3)
    ]
    corpus = create_corpus(folder / "corpus", Manifest(name=ATTACK, version=ATTACK), documents)

    def annotated(document, label: str) -> Annotations:
        mentions = (
            Mention(id="m1", type=label, spans=(Span(0, 31),), score=0.5),
            Mention(id="m2", type=ATTACK, spans=(Span(20, 60), Span(70, 80))),
        )
        event = Event(id="e1", type=label, trigger=(Span(40, 50),), arguments=(Argument(ATTACK, "m1"),))
        return Annotations(document=document.id, sha256=document.sha256, mentions=mentions, events=(event,))

    corpus.write_layer("gold", [annotated(document, ATTACK + "gold") for document in documents])
    for system in ("one", "two"):
        corpus.write_layer(
            f"system/{system}",
            [annotated(d, ATTACK + ("gold" if d.id != "d1" else system)) for d in documents],
        )
    record = score_corpus(corpus, "gold", ["one", "two"], ["entity", "TC", "AC+"])
    # Records come from elsewhere too: names in them are anything.
    raw = encode_record(record).decode().replace('"one"', msgspec.json.encode(ATTACK).decode())
    return write_page(
        corpus.path, msgspec.json.decode(raw, type=Record, dec_hook=from_plain), folder / "hostile.html"
    )


def test_hostile_text_appears_as_text_and_nothing_runs(browser, hostile_file):
    watched = Watched(browser, hostile_file)
    page = watched.page
    for number in range(3):
        page.locator("#documents-table tbody button").nth(number).click()
        expect(page.locator("#reader .block").first).to_be_visible()
    for select in page.locator("select").all():
        select.select_option(index=1)
    for tab in page.locator("[role=tab]").all():
        tab.click()
    page.locator("[data-matrix]:visible button").first.click()
    expect(page.locator("#examples .example").first).to_be_visible()
    shown = page.locator("#examples").inner_text()
    assert "<script>window.pwned=1</script>" in shown
    page.locator("#examples .example button").first.click()
    text = page.locator("body").inner_text()
    assert "<img src=x onerror='window.pwned=2'>" in text
    assert "{{7*7}}" in text
    assert "&lt;b&gt;" in text
    page.mouse.move(400, 400)
    assert page.evaluate("document.documentElement.scrollWidth") <= 1440
    assert page.evaluate("window.pwned") is None
    assert (
        page.evaluate("document.querySelectorAll('#main img, #main svg[onload], a[href^=javascript]').length")
        == 0
    )
    watched.check(hostile_file)
    page.context.close()


def test_controls_are_written_out_so_that_nothing_is_reordered(browser, hostile_file):
    watched = Watched(browser, hostile_file)
    page = watched.page
    page.locator("#documents-table tbody button").first.click()
    expect(page.locator("#reader .control").first).to_be_visible()
    controls = set(page.locator("#reader .control").all_text_contents())
    assert {"U+202E", "U+2066", "U+200F", "␀", "␛"} <= controls
    raw = page.evaluate("document.body.innerText")
    assert not re.search("[\x00\u202e\u2066\u200f\x1b]", raw)
    assert not re.search("[\x00\u202e\u2066\u200f\x1b]", hostile_file.read_text(encoding="utf-8"))
    page.context.close()


def test_the_policy_of_the_page_stops_what_escaping_would_have_missed(browser, page_file):
    watched = Watched(browser, page_file)
    page, failures = watched.page, []
    page.on("requestfailed", lambda request: failures.append((request.url, request.failure)))
    directives, pwned = page.evaluate(
        """async () => {
          const seen = [];
          document.addEventListener('securitypolicyviolation', e => seen.push(e.effectiveDirective));
          const script = document.createElement('script');
          script.textContent = 'window.pwned = 1';
          document.body.append(script);
          const image = document.createElement('div');
          image.innerHTML = '<img src="x" onerror="window.pwned = 2"><style>body { color: red }</style>';
          document.body.append(image);
          const remote = document.createElement('script');
          remote.src = 'https://example.org/x.js';
          document.body.append(remote);
          await fetch('https://example.org/').catch(() => {});
          await new Promise(resolve => setTimeout(resolve, 300));
          return [seen, window.pwned ?? null];
        }"""
    )
    assert pwned is None
    assert {"script-src-elem", "style-src-elem", "connect-src", "img-src"} <= set(directives)
    # What the browser announced, it refused itself, by this policy.
    assert {failure for _, failure in failures} == {"csp"}
    asked = [url for url in watched.asked if url not in (page_file.as_uri(), "data:,")]
    assert sorted(asked) == sorted(url for url, _ in failures)
    page.context.close()
