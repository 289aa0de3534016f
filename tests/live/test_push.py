"""A push brings each task once, follows the corpus, and leaves what people have worked on alone."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from goldwire.annotate.exchange import controls, graph, results
from goldwire.annotate.sync import api, journal, link, mirror, orders, push, sending
from goldwire.annotate.sync.client import Client, UncertainError
from goldwire.annotate.sync.journal import Creating, Linked, Sending
from goldwire.annotate.sync.orders import Order
from goldwire.annotate.sync.push import Pushed
from goldwire.corpora import build, library, store
from goldwire.corpora.errors import CorpusError, ServerError
from goldwire.corpora.store import Corpus, open_corpus
from goldwire.corpora.types import Annotations, Argument, Event, Mention, Meta, Span

pytestmark = pytest.mark.live

SEVERAL = """
name = "x"
version = "1"
[entities.PER]
[events.Meet.roles]
who = { fillers = ["PER"] }
[attributes.tone]
on = "mention"
multiple = true
values = { neg = {}, generic = {} }
"""
QUIET = 0.8  # seconds that a request whose answer is lost is given here
Push = Callable[..., Pushed]
MakeCorpus = Callable[..., Corpus]


@pytest.fixture
def work(tmp_path: Path, make_corpus: MakeCorpus) -> Corpus:
    return make_corpus(tmp_path / tmp_path.name, 5)


@pytest.fixture
def do_push(client: Client, work: Corpus) -> Push:
    """Push the corpus to a project called like its folder, which is one of the test's own."""

    def call(
        corpus: Corpus | None = None, *, dry_run: bool = False, quiet: float = QUIET, **order: Any
    ) -> Pushed:
        corpus = open_corpus((corpus or work).path)
        ontology, title = corpus.ontology(), corpus.path.name
        assert ontology is not None
        documents = tuple(corpus.documents())
        wanted = Order(**{"title": title, "group": title, "documents": documents, **order})
        return push.push(client, corpus, ontology, wanted, dry_run=dry_run, quiet=quiet)

    return call


def on_server(client: Client, pushed: Pushed) -> dict[str, list[dict[str, Any]]]:
    """All tasks of a project by our id, as the server tells them."""
    assert pushed.project is not None
    params = {"project": pushed.project.id, "fields": "all", "page_size": 1000}
    found: dict[str, list[dict[str, Any]]] = {}
    for task in client.read_as(dict[str, Any], "api/tasks/", params)["tasks"]:
        found.setdefault(task["data"]["goldwire_id"], []).append(task)
    return found


def annotate(client: Client, task: int, result: object = ()) -> int:
    """Annotate a task as the owner of the token; the annotation's id."""
    body = msgspec.json.encode({"result": result, "lead_time": 5.0})
    return int(client.write_once(dict[str, Any], f"api/tasks/{task}/annotations/", body)["id"])


def change_text(corpus: Corpus, id: str, text: str) -> None:
    documents = [store.make_document(id, text) if d.id == id else d for d in corpus.documents()]
    store.write_documents(corpus, documents)
    corpus.layer_path("system/x").unlink(missing_ok=True)


def test_dry_run_tells_the_plan_and_makes_nothing(client: Client, work: Corpus, do_push: Push) -> None:
    told = do_push(dry_run=True)
    assert told.project is None
    assert told.plan.counts()["new"] == 5
    assert api.projects(client, work.path.name) == []


def test_push_brings_every_document_once_and_a_second_push_nothing(
    client: Client, work: Corpus, do_push: Push
) -> None:
    first = do_push(prefill="system/x")
    there = on_server(client, first)
    assert {key: len(tasks) for key, tasks in there.items()} == {d.id: 1 for d in work.documents()}
    for document in work.documents():
        [task] = there[document.id]
        assert task["data"]["text"] == document.text
        assert len(task["predictions"]) == 1
    for again in (do_push(prefill="system/x"), do_push(prefill="system/x")):
        assert again.plan.is_empty
        assert again.plan.unchanged == 5
    assert on_server(client, first) == there


def test_annotators_are_shown_predictions_and_the_guidelines(client: Client, do_push: Push) -> None:
    project = do_push(prefill="system/x").project
    assert project is not None
    settings = api.project(client, project.id)
    assert settings.show_instruction
    assert "Mentions" in (settings.expert_instruction or "")
    shown = client.read_as(dict[str, Any], f"api/projects/{project.id}/next/")
    assert len(shown["predictions"]) == 1
    assert {region["type"] for region in shown["predictions"][0]["result"]} == {"labels", "relation"}


def test_frames_are_pushed_one_for_each_event(client: Client, do_push: Push) -> None:
    pushed = do_push(layout="frames", prefill="system/x")
    assert len(on_server(client, pushed)) == 15
    assert do_push(layout="frames", prefill="system/x").plan.is_empty
    with pytest.raises(CorpusError, match="name it with --prefill"):
        do_push(layout="frames")


def test_the_corpus_that_ships_goes_there_with_its_gold_in_both_layouts(
    client: Client, tmp_path: Path, do_push: Push
) -> None:
    library.copy("mazar-2021", tmp_path / "mazar")
    corpus = open_corpus(tmp_path / "mazar")
    events = sum(len(line.events) for line in corpus.layer("gold").values())
    for layout, tasks in (("graph", len(corpus.documents())), ("frames", events)):
        title = f"{tmp_path.name} {layout}"
        pushed = do_push(corpus, title=title, layout=layout, prefill="gold")
        assert pushed.plan.counts()["new"] == tasks
        assert pushed.faults == ()
        assert do_push(corpus, title=title, layout=layout, prefill="gold").plan.is_empty


def test_changed_text_follows_unless_somebody_has_worked_on_the_old(
    client: Client, work: Corpus, do_push: Push
) -> None:
    before = on_server(client, do_push(prefill="system/x"))
    annotate(client, before["d00001"][0]["id"])
    for id in ("d00000", "d00001"):
        change_text(work, id, "Another text.")
    told = do_push()
    assert [conflict.key for conflict in told.plan.conflicting] == ["d00001"]
    after = on_server(client, told)
    assert after["d00000"][0]["data"]["text"] == "Another text."
    assert after["d00000"][0]["id"] == before["d00000"][0]["id"]
    assert after["d00000"][0]["predictions"] == []
    assert after["d00001"][0]["data"] == before["d00001"][0]["data"]
    assert len(after["d00001"][0]["annotations"]) == 1


def test_draft_of_another_person_counts_as_work(
    client: Client, work: Corpus, do_push: Push, annotators: list[Any]
) -> None:
    before = on_server(client, do_push())
    id = before["d00000"][0]["id"]
    annotators[0].client.write("POST", f"api/tasks/{id}/drafts", {"result": [], "lead_time": 1})
    change_text(work, "d00000", "Another text.")
    assert [conflict.key for conflict in do_push().plan.conflicting] == ["d00000"]


def test_predictions_follow_the_layer_unless_somebody_has_worked(
    client: Client, work: Corpus, do_push: Push
) -> None:
    """A prediction of somebody else stays, score and all; ours is replaced, never doubled."""
    first = do_push(prefill="system/x")
    before = on_server(client, first)
    assert first.project is not None
    worked, other = before["d00000"][0]["id"], before["d00001"][0]["id"]
    annotate(client, worked)
    item = {"task": other, "model_version": "theirs", "result": [], "score": 0.25}
    assert api.import_predictions(client, first.project.id, [item]) == 1
    layer = work.layer("system/x")
    work.write_layer("system/x", [msgspec.structs.replace(line, events=()) for line in layer.values()])
    told = do_push(prefill="system/x")
    assert told.plan.kept == ("d00000",)
    assert told.plan.counts()["predictions"] == 4
    after = on_server(client, told)
    assert after["d00000"][0]["predictions"] == before["d00000"][0]["predictions"]
    for key in ("d00001", "d00002", "d00003", "d00004"):
        ours = [p for p in after[key][0]["predictions"] if p["model_version"] != "theirs"]
        assert len(ours) == 1
        assert {region["from_name"] for region in ours[0]["result"]} == {"entity"}
    [theirs] = [p for p in after["d00001"][0]["predictions"] if p["model_version"] == "theirs"]
    assert (theirs["result"], theirs["score"]) == ([], 0.25)
    assert do_push(prefill="system/x").plan.is_empty


def test_predictions_may_come_later_and_go_again(client: Client, do_push: Push) -> None:
    def predictions(pushed: Pushed) -> set[int]:
        return {len(tasks[0]["predictions"]) for tasks in on_server(client, pushed).values()}

    assert predictions(do_push()) == {0}
    assert predictions(do_push(prefill="system/x")) == {1}
    assert predictions(do_push()) == {0}


def test_document_that_is_gone_is_named_and_its_task_stays(
    client: Client, work: Corpus, do_push: Push
) -> None:
    do_push()
    store.write_documents(work, work.documents()[1:])
    work.layer_path("system/x").unlink()
    told = do_push()
    assert told.plan.orphaned == ("d00000",)
    assert "d00000" in on_server(client, told)


def test_title_of_a_document_follows(client: Client, work: Corpus, do_push: Push) -> None:
    do_push()
    documents = [msgspec.structs.replace(d, meta=Meta(title=f"Title of {d.id}")) for d in work.documents()]
    store.write_documents(work, documents)
    after = on_server(client, do_push())
    assert after["d00002"][0]["data"]["title"] == "Title of d00002"


def test_second_copies_made_by_others_are_removed_unless_worked_on(
    client: Client, work: Corpus, do_push: Push
) -> None:
    pushed = do_push()
    assert pushed.project is not None
    before = on_server(client, pushed)
    copies = [{"data": before[key][0]["data"]} for key in ("d00000", "d00001", "d00002")]
    ids = api.import_tasks(client, pushed.project.id, [msgspec.json.encode(copy) for copy in copies]).task_ids
    annotate(client, ids[1])  # the copy of d00001
    annotate(client, before["d00002"][0]["id"])
    annotate(client, ids[2])  # and both of d00002
    told = do_push()
    assert {*told.plan.doubled} == {ids[0], before["d00001"][0]["id"]}
    assert [conflict.key for conflict in told.plan.conflicting] == ["d00002"]
    after = {key: [task["id"] for task in tasks] for key, tasks in on_server(client, told).items()}
    assert after["d00000"] == [before["d00000"][0]["id"]]
    assert after["d00001"] == [ids[1]]
    assert len(after["d00002"]) == 2


def test_tasks_of_others_in_the_project_are_left_alone(client: Client, do_push: Push) -> None:
    project = do_push().project
    assert project is not None
    api.import_tasks(client, project.id, [b'{"data":{"text":"Theirs.","title":"t","byline":"b"}}'])
    told = do_push()
    assert told.plan.foreign == 1
    assert told.plan.is_empty


def test_configuration_that_would_lose_labels_in_use_is_refused(
    client: Client, work: Corpus, do_push: Push
) -> None:
    pushed = do_push(prefill="system/x")
    project = pushed.project
    assert project is not None
    toml = (Path(store.__file__).parents[1] / "configs" / "ontologies" / "conflict.toml").read_text()
    (work.path / "mine.toml").write_text(toml.replace('key = "1"', 'key = "n"'))
    manifest = msgspec.structs.replace(work.manifest, ontology="mine.toml")
    store.write_manifest(work, manifest)
    assert "label_config" in do_push(prefill="system/x").plan.settings  # a key may change at any time

    (work.path / "mine.toml").write_text(toml.replace("VEH", "VEHICLE"))
    assert do_push(dry_run=True).plan.lost_labels == ()  # nobody has worked
    annotate(client, next(iter(on_server(client, pushed).values()))[0]["id"])
    assert do_push(dry_run=True).plan.lost_labels == ("entity: VEH",)
    with pytest.raises(ServerError, match=r"entity: VEH.*migrate"):
        do_push()
    assert "VEHICLE" not in api.project(client, project.id).label_config


def test_share_of_documents_that_two_people_do_is_set(client: Client, do_push: Push) -> None:
    project = do_push(overlap=0.4).project
    assert project is not None
    answer = client.read_as(dict[str, Any], "api/tasks/", {"project": project.id})
    assert sorted(task["overlap"] for task in answer["tasks"]) == [1, 1, 1, 2, 2]
    assert do_push(overlap=0.4).plan.is_empty
    assert do_push().plan.is_empty  # not given, the setting stays
    assert do_push(overlap=0.0).plan.settings == {"maximum_annotations": 1, "overlap_cohort_percentage": 100}


def test_predictions_of_new_tasks_that_the_server_leaves_out_are_named_and_come_with_the_next_push(
    client: Client, do_push: Push, monkeypatch: pytest.MonkeyPatch
) -> None:
    send = api.import_tasks

    def leave_out_two(connection: Client, project: int, tasks: Any) -> api.Imported:
        data = [{"data": msgspec.json.decode(task)["data"]} for task in tasks[:2]]
        return send(connection, project, [*map(msgspec.json.encode, data), *tasks[2:]])

    monkeypatch.setattr(api, "import_tasks", leave_out_two)
    first = do_push(prefill="system/x")
    assert first.refused == ("d00000", "d00001")
    predictions = {key: len(tasks[0]["predictions"]) for key, tasks in on_server(client, first).items()}
    assert predictions == {"d00000": 0, "d00001": 0, "d00002": 1, "d00003": 1, "d00004": 1}
    monkeypatch.undo()
    second = do_push(prefill="system/x")
    assert (second.refused, second.plan.counts()["predictions"]) == ((), 2)
    assert {len(tasks[0]["predictions"]) for tasks in on_server(client, second).values()} == {1}


# ---------------------------------------------------------------- which project


def test_project_that_is_gone_is_told_and_not_made_anew(client: Client, do_push: Push) -> None:
    project = do_push().project
    assert project is not None
    api.delete_project(client, project.id)
    with pytest.raises(ServerError, match="not on that server any more"):
        do_push()


def test_project_of_the_same_title_is_taken_and_two_of_them_are_an_error(
    client: Client, tmp_path: Path, do_push: Push
) -> None:
    made = api.create_project(client, title=tmp_path.name, label_config="<View></View>")
    pushed = do_push()
    assert pushed.project is not None
    assert pushed.project.id == made.id
    twins = [api.create_project(client, title=f"{tmp_path.name} twin") for _ in range(2)]
    with pytest.raises(ServerError, match=f"name one by id: {twins[0].id}, {twins[1].id}"):
        do_push(title=f"{tmp_path.name} twin")
    by_id = do_push(title=str(twins[1].id)).project
    assert by_id is not None
    assert by_id.id == twins[1].id


def test_project_whose_making_got_no_answer_is_found_again(
    client: Client, work: Corpus, do_push: Push
) -> None:
    """Killed between the request and its answer; and the request was carried out twice."""
    title = work.path.name
    with journal.open_journal(journal.folder(work, title)) as notes:
        notes.add(Creating(title=title, mark="goldwire 1234"))
    made = [api.create_project(client, title=title, description="goldwire 1234") for _ in range(2)]
    pushed = do_push()
    assert pushed.project is not None
    assert pushed.project.id == made[0].id
    assert [project.id for project in api.projects(client, title)] == [made[0].id]
    assert len(on_server(client, pushed)) == 5


def test_tasks_whose_sending_got_no_answer_are_found_again(
    client: Client, work: Corpus, do_push: Push
) -> None:
    """Killed between the request and its answer: half of the batch is there, and one task twice."""
    title, ontology = work.path.name, work.ontology()
    assert ontology is not None
    order = Order(title=title, group=title, documents=tuple(work.documents()))
    local, _ = orders.encode(work, ontology, order)
    with journal.open_journal(journal.folder(work, title)) as notes:
        project = link.create(client, notes, title, orders.settings(ontology, order, local, work.manifest))
        link.link(client, notes, project, group=title, layout="graph")
        notes.add(Sending(keys=tuple(item.key for item in local)))
    [batch] = sending.batches(local, 10)
    api.import_tasks(client, project.id, [task for _, task in [*batch[:3], batch[0]]])
    pushed = do_push()
    assert {key: len(tasks) for key, tasks in on_server(client, pushed).items()} == {
        item.key: 1 for item in local
    }


def test_request_believed_lost_that_is_carried_out_after_all_leaves_one_copy(
    client: Client, work: Corpus, do_push: Push, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer is lost, nothing is there, all is sent again: then the first request comes through."""
    send, late = api.import_tasks, list[threading.Timer]()

    def lose_first(connection: Client, project: int, tasks: Any) -> api.Imported:
        if late:
            return send(connection, project, tasks)
        late.append(threading.Timer(2.5, send, (connection, project, tasks)))
        late[0].start()
        raise UncertainError("lost", pending=False)

    monkeypatch.setattr(api, "import_tasks", lose_first)
    pushed = do_push(quiet=2.0)  # a busy machine takes the late one in after a second or two
    late[0].join()
    assert {key: len(tasks) for key, tasks in on_server(client, pushed).items()} == {
        document.id: 1 for document in work.documents()
    }


def test_the_link_follows_a_server_that_moves_to_another_port(
    client: Client, work: Corpus, do_push: Push
) -> None:
    do_push()
    folder = journal.folder(work, work.path.name)
    with journal.open_journal(folder) as notes:
        known = notes.link
        assert known is not None
        notes.add(msgspec.structs.replace(known, url="http://127.0.0.1:1"))
    assert do_push().plan.is_empty
    links = [note for note in journal.read(folder) if isinstance(note, Linked)]
    assert [note.url for note in links] == [client.url, "http://127.0.0.1:1", client.url]


def test_only_what_has_changed_is_asked_for(client: Client, work: Corpus, do_push: Push) -> None:
    pushed = do_push()
    do_push()
    raw = journal.folder(work, work.path.name) / "raw"
    assert [path.name for path in sorted(raw.iterdir())] == ["000001.json"]
    annotate(client, next(iter(on_server(client, pushed).values()))[0]["id"])
    do_push()
    newest = mirror.load(raw, journal.read(raw.parent))
    assert sum(task.worked for task in newest.tasks()) == 1
    assert (raw / "000002.json").exists()


def test_several_values_go_there_and_events_without_a_trigger_are_tasks(
    client: Client, tmp_path: Path, do_push: Push
) -> None:
    ontology = tmp_path / "x.toml"
    ontology.write_text(SEVERAL)
    document = store.make_document("d", "Anna Berg met Tom in Bern.")
    anna = Mention(id="m", type="PER", spans=(Span(0, 9),), attributes={"tone": ("generic", "neg")})
    met = Event(id="e1", type="Meet", arguments=(Argument(role="who", mention="m"),))
    gold = [Annotations(document="d", sha256=document.sha256, mentions=(anna,), events=(met,))]
    manifest = store.Manifest(name="c", ontology=str(ontology))
    corpus = build.new(tmp_path / "c", manifest, [document], {"gold": gold}).corpus
    made = corpus.ontology()
    assert made is not None
    for layout in ("graph", "frames"):
        pushed = do_push(corpus, title=f"{tmp_path.name} {layout}", layout=layout, prefill="gold")
        assert pushed.unshown == (("d: Meet (who “Anna Berg”)",) if layout == "graph" else ())
        ((task,),) = on_server(client, pushed).values()
        result = task["predictions"][0]["result"]
        if layout == "frames":
            assert task["data"]["question"] == "Meet (who “Anna Berg”): the document as a whole (e1)"
            continue
        declared = controls.of(made)
        found = graph.decode(results.sort(result, document.text, declared), document, declared, made)
        assert (found.annotations.mentions, found.rejected) == ((anna,), ())
