"""Follow the part of docs/quickstart.md that needs a server, with somebody who annotates one article."""

import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from goldwire.annotate.sync import api, filters
from goldwire.annotate.sync.client import Client
from goldwire.corpora.store import open_corpus

pytestmark = pytest.mark.live

# "Ana Silva met Tom Reed …": the person at 0, the meeting at 10.
RESULT = [
    {
        "id": id, "from_name": control, "to_name": "text", "type": "labels",
        "value": {"start": start, "end": end, "labels": [label]},
    }
    for id, control, label, start, end in (("p", "entity", "PERSON", 0, 9), ("t", "trigger", "Meet", 10, 13))
]  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, to be worked in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def annotate(client: Client) -> None:
    """Submit an annotation of the article a01, as the browser does."""
    (project,) = api.projects(client, "news")
    (task,) = [
        found.id
        for found in api.tasks(client, project.id, filters.everything())
        if found.data["goldwire_id"] == "a01"
    ]
    body = msgspec.json.encode({"result": RESULT, "lead_time": 20.0})
    client.write_once(dict[str, Any], f"api/tasks/{task}/annotations/", body)


def commands(page: str, heading: str) -> list[str]:
    """The lines of a section's first block of commands."""
    section = page.partition(f"## {heading}\n")[2]
    (block, *_) = re.findall(r"^```sh\n(.*?)^```", section, re.MULTILINE | re.DOTALL)
    return block.splitlines()


@pytest.mark.usefixtures("variables")
def test_what_is_submitted_in_the_browser_becomes_gold(
    client: Client, said_by: Callable[..., Any], folder: Path
) -> None:
    page = (Path(__file__).parents[2] / "docs" / "quickstart.md").read_text("utf-8")
    (articles,) = re.findall(r"^`articles\.jsonl`:\n\n```json\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    (folder / "articles.jsonl").write_text(articles, "utf-8")
    for line in (
        *commands(page, "1. Say what is to be found"),
        *commands(page, "2. Put the articles into a corpus"),
        *commands(page, "Or make it in the browser"),
    ):
        words = shlex.split(line, comments=True)[1:]
        if words[:2] == ["annotate", "serve"]:  # one runs
            continue
        if words[:2] == ["annotate", "pull"]:
            annotate(client)
        local = ["--data-dir", "nowhere"] if words[0] == "annotate" else []
        said = said_by(*words, *local)
        assert said.code == 0, (line, said)
    gold = open_corpus(folder / "work").layer("gold")
    assert list(gold) == ["a01"]
    assert [mention.type for mention in gold["a01"].mentions] == ["PERSON"]
    assert [event.type for event in gold["a01"].events] == ["Meet"]
