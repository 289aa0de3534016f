"""How large and how slow is a report on many documents? Seconds, megabytes, and Chromium's time to show it.

The documents are those of mazar-2021 over and over, each time with gold of its own noise, and five systems of
falling quality. Run, with one thread for products of tables as the command has it:
OPENBLAS_NUM_THREADS=1 python benchmarks/report.py --documents 2000 --systems 5
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec

from goldwire.corpora import library
from goldwire.corpora.store import Corpus, Manifest, create_corpus
from goldwire.corpora.types import Annotations
from goldwire.eval.measures.suites import read_suite
from goldwire.eval.report.build import make_report
from goldwire.eval.report.evidence import gather
from goldwire.eval.report.html import render
from goldwire.eval.report.payload import make_blocks
from goldwire.eval.report.sums import with_evidence
from goldwire.eval.scoring.score import score_corpus


def thin(item: Annotations, rate: float, chance: random.Random) -> Annotations:
    """Annotations of which a share is lost, and some mentions have another type."""
    mentions = tuple(
        msgspec.structs.replace(m, type="LOC") if chance.random() < rate / 3 else m
        for m in item.mentions
        if chance.random() > rate
    )
    known = {mention.id for mention in mentions}
    events = tuple(
        msgspec.structs.replace(event, arguments=tuple(a for a in event.arguments if a.mention in known))
        for event in item.events
        if chance.random() > rate
    )
    return msgspec.structs.replace(item, mentions=mentions, events=events, relations=())


def make_corpus(folder: Path, number: int, systems: int) -> Corpus:
    """A corpus of this many documents with gold and systems."""
    source = library.open("mazar-2021")
    texts, gold = source.documents(), source.layer("gold")
    chance = random.Random(0)
    documents = [
        msgspec.structs.replace(texts[k % len(texts)], id=f"{texts[k % len(texts)].id}-{k:05d}")
        for k in range(number)
    ]
    layer = [
        msgspec.structs.replace(thin(gold[texts[k % len(texts)].id], 0.03, chance), document=document.id)
        for k, document in enumerate(documents)
    ]
    manifest = Manifest(name="large", ontology="conflict")
    corpus = create_corpus(folder, manifest, documents)
    corpus.write_layer("gold", layer)
    for system in range(systems):
        rate = 0.15 + 0.1 * system
        corpus.write_layer(f"system/s{system}", [thin(item, rate, chance) for item in layer])
    return corpus


class Watch:
    """Seconds of processor time of named steps: the machine may be shared."""

    def __init__(self) -> None:
        self.steps: dict[str, float] = {}

    def __call__(self, name: str) -> None:
        now = time.process_time()
        if hasattr(self, "begun"):
            self.steps[name] = now - self.begun
        self.begun = now


def show(page: Path) -> Iterator[tuple[str, float]]:
    """What Chromium needs to show the page, to be ready, and to open a document and a cell."""
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        return
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        tab = browser.new_page(viewport={"width": 1440, "height": 900})
        begun = time.perf_counter()
        tab.goto(page.as_uri(), wait_until="domcontentloaded")
        paint = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? null"
        tab.wait_for_function(paint)
        yield "first paint", tab.evaluate(paint) / 1000
        tab.wait_for_selector("html[data-ready]", state="attached")
        yield "page ready", time.perf_counter() - begun
        begun = time.perf_counter()
        tab.locator("#documents-table tbody button").last.click()
        tab.wait_for_selector("#reader .block")
        yield "a document opens", time.perf_counter() - begun
        begun = time.perf_counter()
        tab.locator("[data-matrix]:visible button[tabindex='0']").click()
        tab.wait_for_selector("#examples .example")
        yield "examples of a cell open", time.perf_counter() - begun
        yield "memory of the page, MB", tab.evaluate("performance.memory.usedJSHeapSize") / 1e6
        browser.close()


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=2000)
    parser.add_argument("--systems", type=int, default=5)
    parser.add_argument("--keep", type=Path, help="write the page here")
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        corpus = make_corpus(Path(folder) / "corpus", chosen.documents, chosen.systems)
        watch = Watch()
        watch("")
        names = [f"s{system}" for system in range(chosen.systems)]
        records = {"large": score_corpus(corpus, "gold", names, read_suite("default").measures)}
        watch("score")
        report = make_report(records)
        watch("compare")
        evidence = gather(corpus, records)
        report = with_evidence(report, evidence)
        watch("classify every unit")
        blocks = make_blocks(report, evidence, records)
        watch("documents and examples")
        text = render(report, blocks)
        watch("draw and pack")
        page = chosen.keep or Path(folder) / "report.html"
        page.write_text(text, encoding="utf-8")
        print(f"{chosen.documents} documents, {chosen.systems} systems: {len(text.encode()) / 1e6:.1f} MB")
        for name, seconds in [*watch.steps.items(), *show(page)]:
            print(f"{name:28} {seconds:7.2f}")


if __name__ == "__main__":
    main(sys.argv[1:])
