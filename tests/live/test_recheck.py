"""Doubts on a real server: each once, decided in the browser by keys, and back in their file."""

from pathlib import Path
from typing import Any

import msgspec
import pytest
from typer.testing import CliRunner

from goldwire.annotate.local.server import Server
from goldwire.annotate.sync import group as groups
from goldwire.annotate.sync import push, recheck
from goldwire.annotate.sync.client import Client
from goldwire.annotate.sync.pull import Request
from goldwire.cli import app
from goldwire.corpora.store import Corpus, Manifest, create_corpus, make_document
from goldwire.corpora.types import Annotations, Mention, Span
from goldwire.eval.doubts import files
from goldwire.eval.doubts.find import find

pytestmark = pytest.mark.live
TEXT = "Rebels took Kunduz on Friday. Troops left the city.\nOn Saturday they returned."
GOLD = ((0, 6, "MIL"), (12, 18, "LOC"), (22, 28, "TIME"))
SYSTEM = ((0, 6, "MIL"), (12, 18, "GPE"), (30, 36, "MIL"))


@pytest.fixture
def work(tmp_path: Path) -> Corpus:
    documents = [make_document(f"d{n}", TEXT.replace("Friday", f"Friday {n}")) for n in range(4)]

    def layer(*units: tuple[int, int, str]) -> list[Annotations]:
        return [
            Annotations(
                document=one.id,
                sha256=one.sha256,
                mentions=tuple(
                    Mention(id=f"m{k}", type=type, spans=(Span(start, end),))
                    for k, (start, end, type) in enumerate(units)
                ),
            )
            for one in documents
        ]

    name = f"recheck-{tmp_path.name}"
    layers = {"gold": layer(*GOLD), "system/s": layer(*SYSTEM)}
    return create_corpus(
        tmp_path / "work", Manifest(name=name, ontology="conflict"), documents, layers=layers
    )


def bring(client: Client, work: Corpus, found: Any) -> push.Pushed:
    ontology = work.ontology()
    assert ontology is not None
    group = groups.find(client, work, work.manifest.name)
    recheck.check(group, doubts=True)
    [order] = recheck.orders(work, ontology, found, group, adopt=False, overwrite=False).orders
    return push.push(client, work, ontology, order)


def test_doubts_go_there_once_and_answers_come_back_as_decisions(client: Client, work: Corpus) -> None:
    found = find(work, "gold", ["s"], controls=0.3, seed=1)
    pushed = bring(client, work, found)
    assert pushed.project is not None
    assert len(pushed.plan.new) == len(found.doubts)
    again = bring(client, work, found)
    assert (again.plan.new, again.plan.changed, again.plan.unchanged) == ((), (), len(found.doubts))
    params = {"project": pushed.project.id, "fields": "all", "page_size": 1000}
    there = client.read_as(dict[str, Any], "api/tasks/", params)["tasks"]
    sent = msgspec.json.encode([task["data"] for task in there]).decode()
    assert "control" not in sent
    first = next(task for task in there if task["data"]["doubt"] == found.doubts[0].id)
    chosen = {"choices": ["second"]}
    result = [{"from_name": "decision", "to_name": "text", "type": "choices", "value": chosen}]
    body = msgspec.json.encode({"result": result, "lead_time": 5.0})
    client.write_once(dict[str, Any], f"api/tasks/{first['id']}/annotations/", body)
    group = groups.find(client, work, work.manifest.name)
    assert group.settings.doubts
    request = Request(group=group.settings.group, projects=group.projects)
    back = recheck.decisions(client, work, found, request)
    assert back.decided == 1
    assert back.doubts.doubts[0].decision in ("gold", "other")
    assert back.doubts.doubts[0].by is not None


def test_the_commands_ask_and_bring_decisions_into_the_file(
    labelstudio: Server, client: Client, work: Corpus, tmp_path: Path
) -> None:
    file = tmp_path / "doubts.jsonl"

    def run(*words: str) -> Any:
        call = [*words, "--data-dir", str(labelstudio.data_dir)] if words[0] == "annotate" else [*words]
        return CliRunner().invoke(app, call)

    at, name = str(work.path), ("--project", f"again {work.manifest.name}")
    made = run("eval", "doubts", at, "--controls", "0.3", "--out", str(file))
    assert made.exit_code == 0, made.output
    pushed = run("annotate", "push", at, *name, "--doubts", str(file))
    assert pushed.exit_code == 0, (pushed.output, pushed.exception)
    shown = run("annotate", "status", at, *name)
    assert shown.exit_code == 0, (shown.output, shown.exception)
    pulled = run("annotate", "pull", at, *name, "--doubts", str(file))
    assert pulled.exit_code == 0, (pulled.output, pulled.exception)
    assert f"decided: 0 of {len(files.read(file).doubts)}" in pulled.output
    for wrong in (("pull", at, *name), ("push", at, *name)):
        refused = run("annotate", *wrong)
        assert "is one of doubts: say --doubts FILE" in str(refused.exception)
    assert not [layer for layer in work.layers() if layer.startswith(("annotator/", "draft/"))]
