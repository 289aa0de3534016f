"""What annotators differ in is decided on a server, and comes to the same as decided in the file."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from goldwire.annotate.adjudicate import Disagreement
from goldwire.annotate.sync import api, filters
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
    ids = [task.id for task in api.tasks(client, project, filters.everything())]
    return {task.data["goldwire_id"]: task for task in api.whole_tasks(client, project, ids)}


def submit(client: Client, task: api.Whole, without: set[str] = frozenset(), more: list[Any] = []) -> None:  # noqa: B006
    """Submit what a task shows but for what is on these words, and arrows to it; and something more."""
    [shown] = task.predictions
    gone = {r["id"] for r in shown["result"] if r["type"] == "labels" and name(r) in without}
    kept = [r for r in shown["result"] if not {r.get("id"), r.get("from_id"), r.get("to_id")} & gone]
    body = msgspec.json.encode({"result": [*kept, *more], "lead_time": 9.0})
    client.write_once(dict[str, Any], f"api/tasks/{task.id}/annotations/", body)


def name(region: Any) -> str:
    return f"{region['value']['text']}/{region['value']['labels'][0]}"


def marked(task: api.Whole) -> list[Any]:
    return [one for one in task.predictions[0]["result"] if "text" in one.get("meta", {})]


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


def test_what_is_half_done_or_decided_differently_stays_open_and_is_told(
    run: Run, work: Corpus, client: Client, annotators: list[Any]
) -> None:
    project = run("adjudicate", work.path, "--push", "--blind", "--json").json["project"]
    tasks = tasks_of(client, project)
    assert "1 of 2 marked it" in {text for region in marked(tasks["d2"]) for text in noted(region)}
    body = msgspec.json.encode({"result": tasks["d1"].predictions[0]["result"], "lead_time": 1.0})
    annotators[0].client.write_once(dict[str, Any], f"api/tasks/{tasks['d1'].id}/drafts", body)
    submit(annotators[0].client, tasks["d2"])
    submit(annotators[1].client, tasks["d2"], {"Monday/TIME"})
    pulled = run("adjudicate", work.path, "--pull", "--json").json
    assert (pulled["conflicts"], pulled["server"]["decided"], pulled["server"]["drafts"]) == (1, 0, ["d1"])
    shown = run("adjudicate", work.path, "--pull")
    assert "decided differently by several people, and so left open: 1" in shown.out
    assert "begun and not submitted: d1" in shown.out

    for annotation in tasks_of(client, project)["d2"].annotations:
        client.write("DELETE", f"api/annotations/{annotation['id']}/")
    skip = msgspec.json.encode({"result": [], "was_cancelled": True})
    annotators[1].client.write_once(dict[str, Any], f"api/tasks/{tasks['d2'].id}/annotations/", skip)
    pulled = run("adjudicate", work.path, "--pull", "--json").json
    assert (pulled["conflicts"], pulled["server"]["skipped"], pulled["server"]["finished"]) == (0, ["d2"], [])


def test_commands_for_annotation_keep_away_from_it(run: Run, work: Corpus, client: Client) -> None:
    title = f"{work.manifest.name} adjudication"
    run("push", work.path, "--project", "plain")
    assert (
        "project 'plain' is not for adjudication"
        in run("adjudicate", work.path, "--push", "--project", "plain").err
    )
    assert run("adjudicate", work.path, "--pull").code == 2
    work.write_layer("annotator/cem", work.layer("annotator/anna").values())
    work.write_layer("annotator/dan", work.layer("annotator/anna").values())
    agreed = ("--layers", "cem", "--layers", "dan", "--project", "nothing")
    assert run("adjudicate", work.path, "--push", *agreed, "--json").json["project"] is None
    assert not api.projects(client, "nothing"), "where nobody differs nobody is asked"
    pushed = run("adjudicate", work.path, "--push", "--json").json
    for command in ("push", "pull"):
        for name in (title, pushed["project"]):
            told = run(command, work.path, "--project", name)
            assert (told.code, "is for adjudication, not for annotation" in told.err) == (2, True)
    assert run("status", work.path, "--project", title, "--json").json["projects"][0]["tasks"] == 2


def test_work_that_went_on_and_a_corrected_text_decide_nothing_unseen(
    run: Run, said_by: Run, work: Corpus, client: Client, tmp_path: Path
) -> None:
    """Ben marks the city in d2 after it was shown; the text of d2 gets another day before it is pulled."""
    project = run("adjudicate", work.path, "--push", "--json").json["project"]
    submit(client, tasks_of(client, project)["d2"], {"Monday/TIME"})
    document = next(d for d in work.documents() if d.id == "d2")
    layer = work.layer("annotator/ben")
    again = line(document, "ben", "Rebels/MIL Kunduz/GPE Monday/TIME city/GPE", "attacker=Rebels/MIL")
    work.write_layer("annotator/ben", {**layer, "d2": again}.values())
    corrected = tmp_path / "corrected.txt"
    corrected.write_text(document.text.replace("Day 2", "Week 20"))
    told = said_by("corpus", "correct", str(work.path), "d2", "--text", str(corrected))
    assert told.code == 0, told.err
    pulled = run("adjudicate", work.path, "--pull", "--json")
    assert pulled.code == 0, pulled.err
    assert pulled.json["server"]["changed"] == ["d2"]
    lines = [i for i in read_lines(Path(pulled.json["decisions"]), Disagreement) if i.document == "d2"]
    assert {i.words: i.decision for i in lines} == {"TIME “Monday”": False, "GPE “city”": None}
    pushed = run("adjudicate", work.path, "--push", "--json")
    assert (pushed.code, pushed.json["conflicting"], pushed.json["kept"]) == (0, [], ["d2"])
    [again] = [task for task in tasks_of(client, project).values() if "Week 20" in task.data["text"]]
    assert [name(region) for region in marked(again)] == ["Monday/TIME", "city/GPE"]
    submit(client, again)
    pulled = run("adjudicate", work.path, "--pull", "--json").json
    lines = [i for i in read_lines(Path(pulled["decisions"]), Disagreement) if i.document == "d2"]
    assert {i.words: i.decision for i in lines} == {"TIME “Monday”": True, "GPE “city”": True}, (
        "the last counts"
    )
    settled = run("adjudicate", work.path, "--push", "--json").json
    assert (settled["tasks"]["new"], settled["kept"], settled["orphaned"]) == (0, ["d2"], [])
