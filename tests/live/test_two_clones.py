"""Two managers with a clone each: settings are said once, nobody turns back what the other has put there."""

import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from goldwire.annotate.sync import api, remembered
from goldwire.annotate.sync.client import Client
from goldwire.corpora import store
from goldwire.corpora.store import Corpus, open_corpus

pytestmark = pytest.mark.live

Run = Callable[..., Any]
DOCUMENTS = 6


@pytest.fixture
def first(tmp_path: Path, make_corpus: Callable[..., Corpus]) -> Corpus:
    """A corpus called like the test's folder, so that it is of this test alone."""
    return make_corpus(tmp_path / "first" / tmp_path.name, DOCUMENTS)


@pytest.fixture
def clone(first: Corpus, tmp_path: Path) -> Callable[[], Corpus]:
    """Makes a clone as from version control, without what is known of servers."""

    def call() -> Corpus:
        number = len([*tmp_path.iterdir()])
        path = tmp_path / f"clone-{number}" / first.path.name
        shutil.copytree(first.path, path, ignore=shutil.ignore_patterns("labelstudio"))
        return open_corpus(path)

    return call


def change_title(corpus: Corpus, id: str, title: str) -> None:
    documents = [
        msgspec.structs.replace(d, meta=msgspec.structs.replace(d.meta, title=title)) if d.id == id else d
        for d in corpus.documents()
    ]
    store.write_documents(corpus, documents)


def tasks_of(client: Client, project: int) -> dict[str, Any]:
    params = {"project": project, "fields": "all", "page_size": 100}
    found = client.read_as(dict[str, Any], "api/tasks/", params)["tasks"]
    assert len({task["data"]["goldwire_id"] for task in found}) == len(found)
    return {task["data"]["goldwire_id"]: task for task in found}


def test_what_was_said_once_holds_in_every_clone_until_it_is_said_otherwise(
    run: Run, client: Client, first: Corpus, clone: Callable[[], Corpus]
) -> None:
    pushed = run("push", first.path, "--prefill", "system/x", "--overlap", "0.5", "--json").json
    project = pushed[0]["project"]
    for corpus in (first, clone()):
        again = run("push", corpus.path, "--json")
        assert (again.code, again.json[0]["project"]) == (0, project), again.err
        assert again.json[0]["tasks"]["unchanged"] == DOCUMENTS
        assert all(task["predictions"] for task in tasks_of(client, project).values())
    second = clone()
    told = run("push", second.path, "--prefill", "none", "--dry-run")
    assert "would be remembered from now on: prefill: system/x -> none" in told.err
    assert f"{DOCUMENTS} prediction(s) would be removed: d00000, d00001" in told.out
    run("push", second.path, "--prefill", "none")
    assert not any(task["predictions"] for task in tasks_of(client, project).values())
    after = run("push", first.path, "--json")
    assert (after.code, after.json[0]["tasks"]["unchanged"]) == (0, DOCUMENTS)
    assert not any(task["predictions"] for task in tasks_of(client, project).values())
    settings = remembered.read(api.project(client, project).label_config)
    assert settings is not None
    assert (settings.prefill, settings.overlap) == (None, 0.5)


def test_people_and_their_names_are_known_to_a_second_clone(
    run: Run, first: Corpus, clone: Callable[[], Corpus], annotators: list[Any]
) -> None:
    share = ("--assign", "anna", "--assign", "ben")
    pushed = {item["title"]: item["project"] for item in run("push", first.path, *share, "--json").json}
    for person, project in zip(annotators, pushed.values(), strict=True):
        task = next(iter(tasks_of(person.client, project).values()))
        person.client.write_once(dict[str, Any], f"api/tasks/{task['id']}/annotations/", b'{"result": []}')
    assert sorted(run("pull", first.path, "--names", "address", "--json").json["layers"]) == [
        "annotator/anna",
        "annotator/ben",
    ]
    second = clone()
    again = run("push", second.path, "--json").json
    assert {item["title"]: item["project"] for item in again} == pushed
    assert sorted(run("pull", clone().path, "--json").json["layers"]) == ["annotator/anna", "annotator/ben"]
    told = run("status", clone().path, "--json").json
    assert {person["name"] for person in told["people"]} >= {"anna", "ben"}


def test_a_stale_clone_turns_nothing_back(
    run: Run, client: Client, first: Corpus, clone: Callable[[], Corpus]
) -> None:
    project = run("push", first.path, "--json").json[0]["project"]
    second = clone()
    run("push", second.path)
    change_title(second, "d00001", "Newer")
    api.update_project(client, project, expert_instruction="<p>Newer</p>")
    assert run("push", second.path).code == 1  # the instruction is newer than what it put there
    stale = run("push", first.path)
    assert stale.code == 1
    assert "conflict: d00001" in stale.out
    assert "title was changed there since" in stale.out
    assert "conflict: expert_instruction was changed there" in stale.out
    assert tasks_of(client, project)["d00001"]["data"]["title"] == "Newer"
    assert "Newer" in (api.project(client, project).expert_instruction or "")
    for corpus in (clone(), first):
        assert run("push", corpus.path).code == 1
    set_back = run("push", first.path, "--overwrite", "--json")
    assert set_back.code == 0
    assert [item["id"] for item in set_back.json[0]["changed"]] == ["d00001"]
    assert "Newer" not in (api.project(client, project).expert_instruction or "")


def test_a_clone_that_is_brought_up_to_date_pushes_on(
    run: Run, first: Corpus, clone: Callable[[], Corpus]
) -> None:
    run("push", first.path)
    second = clone()
    run("push", second.path)
    change_title(second, "d00002", "Newer")
    assert run("push", second.path).code == 0
    change_title(first, "d00002", "Newer")
    change_title(first, "d00003", "Newer still")
    done = run("push", first.path, "--json")
    assert (done.code, [item["id"] for item in done.json[0]["changed"]]) == (0, ["d00003"])


def test_two_first_pushes_at_once_end_in_one_project_with_every_document_once(
    spawn: Run, client: Client, first: Corpus, clone: Callable[[], Corpus]
) -> None:
    corpora = [first, clone(), clone()]
    done: list[Any] = []
    threads = [
        threading.Thread(target=lambda path=corpus.path: done.append(spawn("push", path, "--json")))
        for corpus in corpora
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [said.code for said in done] == [0, 0, 0], [said.err for said in done]
    projects = api.projects(client, first.manifest.name)
    assert len(projects) == 1
    for corpus in corpora:
        again = spawn("push", corpus.path, "--json")
        assert again.json[0]["project"] == projects[0].id
        assert again.json[0]["tasks"]["unchanged"] == DOCUMENTS
    assert len(tasks_of(client, projects[0].id)) == DOCUMENTS


@pytest.mark.parametrize("theirs", ["", '<View><Text name="t" value="$text"/></View>'])
def test_a_project_of_others_is_never_written_to_unless_adopted(
    run: Run, client: Client, first: Corpus, theirs: str
) -> None:
    fields = {"label_config": theirs} if theirs else {}
    made = api.create_project(client, title=f"theirs {first.path.name}", description="Ours!", **fields)
    before = client.read_as(dict[str, Any], f"api/projects/{made.id}/")
    for arguments in (("--project", made.id), ("--project", made.title), ("--project", made.id, "--dry-run")):
        said = run("push", first.path, *arguments)
        assert said.code == 1
        assert f"would be: {DOCUMENTS} new" in said.out
        assert "push with --adopt" in said.out
        assert client.read_as(dict[str, Any], f"api/projects/{made.id}/") == before
    assert run("push", first.path, "--project", made.id, "--adopt").code == 0
    assert len(tasks_of(client, made.id)) == DOCUMENTS
    assert run("push", first.path, "--project", made.id).code == 0


def test_a_project_of_another_corpus_of_the_same_name_is_not_written_to(
    run: Run, client: Client, first: Corpus, tmp_path: Path
) -> None:
    project = run("push", first.path, "--json").json[0]["project"]
    path = tmp_path / "other" / first.path.name
    other = store.create_corpus(path, first.manifest, [store.make_document("elsewhere", "Another text.")])
    said = run("push", other.path)
    assert said.code == 1
    assert "did not make this project for this corpus" in said.out
    assert len(tasks_of(client, project)) == DOCUMENTS
