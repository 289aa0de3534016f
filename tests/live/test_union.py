"""What annotators differ in is decided on a server, and comes to the same as decided in the file."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from goldwire.annotate.adjudicate import Disagreement
from goldwire.annotate.sync import api
from goldwire.annotate.sync.client import Client
from goldwire.corpora import store
from goldwire.corpora.codec import encode_lines, read_lines
from goldwire.corpora.store import Corpus, Manifest, create_corpus, make_document
from goldwire.corpora.types import Annotations, Argument, Document, Event, Mention, Provenance, Span

pytestmark = pytest.mark.live

Run = Callable[..., Any]
TEXT = "Rebels shelled Kunduz on Monday. The city fell."


def line(document: Document, who: str, words: str, *roles: str, **attributes: str) -> Annotations:
    """Mentions of these words (`WORD/TYPE`), and an attack with these roles (`role=WORD/TYPE`)."""
    mentions = {each: mention(document.text, each) for each in words.split()}
    at = document.text.index("shelled")
    arguments = tuple(
        Argument(role=role, mention=name) for role, _, name in (r.partition("=") for r in roles)
    )
    event = Event(
        id="e", type="Attack", trigger=(Span(at, at + 7),), arguments=arguments, attributes={**attributes}
    )
    return Annotations(
        document=document.id,
        sha256=document.sha256,
        mentions=tuple(mentions.values()),
        events=(event,),
        provenance=Provenance(author=who, status="submitted"),
    )


def mention(text: str, name: str) -> Mention:
    word, _, type = name.partition("/")
    at = text.index(word)
    return Mention(id=name, type=type, spans=(Span(at, at + len(word)),))


@pytest.fixture
def work(tmp_path: Path) -> Corpus:
    """Four documents that Anna and Ben did. In d1 they differ in much, in d2 in one mention."""
    made = [make_document(f"d{n}", f"{TEXT} Day {n}.") for n in range(1, 5)]
    agreed = ("Rebels/MIL Kunduz/GPE", "attacker=Rebels/MIL")
    anna = [line(d, "anna", *agreed) for d in made]
    ben = [line(d, "ben", *agreed) for d in made]
    anna[0] = line(made[0], "anna", "Rebels/MIL Kunduz/GPE city/GPE", "attacker=Rebels/MIL", mode="shelling")
    ben[0] = line(made[0], "ben", "Rebels/PER Kunduz/GPE", "place=Kunduz/GPE", mode="airstrike")
    ben[1] = line(made[1], "ben", "Rebels/MIL Kunduz/GPE Monday/TIME", "attacker=Rebels/MIL")
    layers = {"annotator/anna": anna, "annotator/ben": ben}
    manifest = Manifest(name=tmp_path.name, ontology="conflict")
    return create_corpus(tmp_path / tmp_path.name, manifest, made, layers=layers)


def tasks_of(client: Client, project: int) -> dict[str, api.Whole]:
    ids = [task.id for task in api.tasks(client, project, api.everything())]
    return {task.data["document"]: task for task in api.whole_tasks(client, project, ids)}


def submit(client: Client, task: api.Whole, without: set[str] = frozenset(), more: list[Any] = []) -> None:  # noqa: B006
    """Submit what a task shows but for what is on these words, and arrows to it; and something more."""
    [shown] = task.predictions
    gone = {r["id"] for r in shown["result"] if r["type"] == "labels" and name(r) in without}
    kept = [r for r in shown["result"] if not {r.get("id"), r.get("from_id"), r.get("to_id")} & gone]
    body = msgspec.json.encode({"result": [*kept, *more], "lead_time": 9.0})
    client.write_once(dict[str, Any], f"api/tasks/{task.id}/annotations/", body)


def name(region: Any) -> str:
    return f"{region['value']['text']}/{region['value']['labels'][0]}"


def noted(region: Any) -> list[str]:
    return str(region["meta"]["text"][0]).splitlines()


def plain(corpus: Corpus, layer: str) -> list[Any]:
    return [msgspec.structs.replace(one, provenance=Provenance()) for one in corpus.layer(layer).values()]


def test_what_is_decided_on_the_server_is_gold_as_if_decided_in_the_file(
    run: Run, said_by: Run, work: Corpus, client: Client, annotators: list[Any]
) -> None:
    pushed = run("adjudicate", work.path, "--push", "--json")
    assert pushed.code == 0, pushed.err
    assert pushed.json["title"] == f"{work.manifest.name} adjudication"
    project = pushed.json["project"]
    tasks = tasks_of(client, project)
    assert set(tasks) == {"d1", "d2"}, "where nothing differs nobody is asked"
    scores = {id: task.predictions[0]["score"] for id, task in tasks.items()}
    assert scores["d1"] < scores["d2"]
    first = annotators[0].client.read_as(dict[str, Any], f"api/projects/{project}/next/")
    assert first["id"] == tasks["d1"].id, "the most disputed comes first"
    regions = {name(r): r for r in tasks["d1"].predictions[0]["result"] if r["type"] == "labels"}
    assert {word: region["score"] for word, region in regions.items()} == {
        "Rebels/MIL": 0.5,
        "Rebels/PER": 0.5,
        "Kunduz/GPE": 1.0,
        "city/GPE": 0.5,
        "shelled/Attack": 0.5,
    }
    assert regions["Rebels/PER"]["meta"]["text"] == ["anna: MIL; ben: PER"]
    assert regions["city/GPE"]["meta"]["text"] == ["anna: GPE; ben: not marked"]
    assert "mode of Attack “shelled” (anna: shelling; ben: airstrike)" in noted(regions["shelled/Attack"])
    assert not any(r["type"] == "choices" for r in tasks["d1"].predictions[0]["result"]), "one of each"

    trigger = regions["shelled/Attack"]
    chosen = {
        "id": trigger["id"],
        "from_name": "attribute-mode",
        "to_name": "text",
        "type": "choices",
        "value": {**{k: trigger["value"][k] for k in ("start", "end", "text")}, "choices": ["airstrike"]},
    }
    submit(annotators[0].client, tasks["d1"], {"Rebels/PER", "city/GPE"}, [chosen])
    submit(annotators[1].client, tasks["d2"])
    pulled = run("adjudicate", work.path, "--pull", "--names", "address", "--json")
    assert pulled.code == 0, pulled.err
    assert (pulled.json["open"], pulled.json["stale"], pulled.json["conflicts"]) == (0, 0, 0)
    assert {i.by for i in read_lines(Path(pulled.json["decisions"]), Disagreement)} == {"anna", "ben"}
    gold = plain(work, "gold")

    # The same in the file: what hangs on what is decided comes up one run later.
    said: dict[str, Any] = {
        "MIL “Rebels”": True,
        "PER “Rebels”": False,
        "GPE “city”": False,
        "TIME “Monday”": True,
    }
    said |= {"mode of Attack “shelled”": "airstrike"}
    for _ in range(3):
        told = said_by("annotate", "adjudicate", str(work.path), "--to", "by-hand", "--json").json
        path = Path(told["decisions"])
        lines = [
            msgspec.structs.replace(i, decision=said.get(i.words, True))
            for i in read_lines(path, Disagreement)
        ]
        path.write_bytes(encode_lines(lines))
    assert told["open"] == 0
    assert plain(work, "by-hand") == gold

    again = said_by("annotate", "adjudicate", str(work.path), "--json").json
    assert (again["open"], again["stale"]) == (0, 0)
    assert plain(work, "gold") == gold
    assert store.open_corpus(work.path).layers() == ["annotator/anna", "annotator/ben", "by-hand", "gold"]
    settled = run("adjudicate", work.path, "--push", "--json").json
    assert settled["tasks"]["unchanged"] == 2
    assert settled["tasks"]["orphaned"] == settled["tasks"]["new"] == settled["tasks"]["kept"] == 0
