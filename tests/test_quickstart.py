"""Follow docs/quickstart.md literally: every file is written, every command run, every output looked for."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from goldwire.eval.scoring.record import Record, read_record

PAGE = Path(__file__).resolve().parents[1] / "docs" / "quickstart.md"
PART = re.compile(
    r"^#{2,3} (?P<heading>[^\n]*)$"
    r"|^`(?P<file>[\w.]+)`:\n\n```\w+\n(?P<content>.*?)^```"
    r"|^```(?P<language>sh|text)\n(?P<code>.*?)^```",
    re.MULTILINE | re.DOTALL,
)
BROWSER = "Or make it in the browser"  # done in tests/live, with a server


class Followed(NamedTuple):
    """The folder in which the page was followed, what was said there, and what the page says is said."""

    folder: Path
    said: str
    promised: list[str]

    def record(self, name: str) -> Record:
        return read_record(self.folder / "work" / "records" / f"{name}.json")


def run(command: str, folder: Path) -> str:
    """What a block of commands says, in the order of the terminal; each must succeed."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-euc", command],
        cwd=folder, env={**os.environ, "PATH": path}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, f"{command}\n{done.stdout}"
    return done.stdout


@pytest.fixture(scope="module")
def followed(tmp_path_factory: pytest.TempPathFactory) -> Followed:
    folder = tmp_path_factory.mktemp("quickstart")
    heading, said, promised = "", "", list[str]()
    for part in PART.finditer(PAGE.read_text("utf-8")):
        heading = part["heading"] or heading
        if part["file"]:
            (folder / part["file"]).write_text(part["content"], "utf-8")
        elif part["language"] == "sh" and heading != BROWSER:
            said += run(part["code"], folder)
        elif part["language"] == "text":
            promised += part["code"].splitlines()
    return Followed(folder, said, promised)


def test_what_the_page_says_is_said_is_said(followed: Followed) -> None:
    assert len(followed.promised) == 9
    assert [line for line in followed.promised if line not in followed.said.splitlines()] == []


# Counted by hand in gold.jsonl and mine.jsonl, as right, found, in gold. Gold has 31 mentions, 8 events and
# 22 arguments. `mine` begins the council of a02 and the union of a07 a word late, calls the company of a04 a
# person and misses Oslo in a06: 27 of its 30 mentions are right, 28 by their span alone, 29 by type and an
# overlap. Its 6 triggers are right. Of its 16 arguments those two fillers are wrong. Of 8 events it has
# 6, and of these the realis of a02 and a04 is not gold's.
@pytest.mark.parametrize(
    ("measure", "right", "found", "gold"),
    [
        ("entity:span+type@exact", 27, 30, 31),
        ("entity:span@exact", 28, 30, 31),
        ("entity:span+type@overlap", 29, 30, 31),
        ("event:trigger+type@exact", 6, 6, 8),
        ("argument:trigger+type+role+span@exact", 14, 16, 22),
        ("attribute:trigger+type+realis@exact", 4, 6, 6),
    ],
)
def test_the_figures_are_those_counted_by_hand(
    followed: Followed, measure: str, right: int, found: int, gold: int
) -> None:
    micro = followed.record("first").result("mine", measure).averages["micro"]
    assert (micro.gold_hits, micro.system, micro.gold) == (right, found, gold)


def test_the_next_version_has_lost_one_article(followed: Followed) -> None:
    # a08 had three mentions, all right, and one event.
    for measure, counts in (
        ("entity:span+type@exact", (24, 27, 31)),
        ("event:trigger+type@exact", (5, 5, 8)),
    ):
        micro = followed.record("next").result("mine", measure).averages["micro"]
        assert (micro.gold_hits, micro.system, micro.gold) == counts


def test_the_gate_is_open_for_the_same_build_and_shut_for_the_next(followed: Followed) -> None:
    open_, shut = followed.said.index("The gate is open"), followed.said.index("The gate is shut")
    assert open_ < shut
    assert followed.said.rstrip().endswith("exit code 1")


def test_nothing_is_rejected_and_everything_is_judged(followed: Followed) -> None:
    assert "rejected: nothing" in followed.said
    assert "sound: work, layers gold" in followed.said
    assert (followed.folder / "report.html").stat().st_size > 10_000
