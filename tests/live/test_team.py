"""A team in which people join and leave: nothing begun moves, and nobody does what is not wanted of them."""

import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from goldwire.annotate.local import server, session
from goldwire.annotate.local.server import Server
from goldwire.annotate.sync import api, filters, reassign
from goldwire.annotate.sync.client import Client
from goldwire.corpora import store
from goldwire.corpora.store import Corpus

pytestmark = pytest.mark.live

Run = Callable[..., Any]
DONE: list[Any] = []


class Team:
    """A corpus that is shared out by the command line, and people who work on the server."""

    def __init__(self, run: Run, client: Client, corpus: Corpus) -> None:
        self.run = run
        self.client = client
        self.corpus = corpus
        self.group = corpus.path.name

    def push(self, names: str, *options: object) -> dict[str, dict[str, Any]]:
        """Push for these names, parted by space; what was told of each project, by its person."""
        asked = [word for name in names.split() for word in ("--assign", name)]
        said = self.run("push", self.corpus.path, "--project", self.group, *asked, *options, "--json")
        assert said.code == 0, said.err
        return {item["title"][len(self.group) + 2 : -1]: item for item in said.json}

    def tasks(self, pushed: dict[str, Any]) -> dict[str, int]:
        """The tasks in a project, by document."""
        return keys(self.client, pushed["project"])

    def work(self, client: Client, tasks: list[int]) -> None:
        """Do the first, skip the second, and begin the third."""
        annotate(client, tasks[0])
        annotate(client, tasks[1], was_cancelled=True)
        draft(client, tasks[2])

    def pull(self, *options: object) -> Any:
        """Pull, people called by their addresses."""
        words = ("pull", self.corpus.path, "--project", self.group, "--names", "address")
        return self.run(*words, *options)


def keys(client: Client, project: int) -> dict[str, int]:
    return {task.data["document"]: task.id for task in api.tasks(client, project, filters.everything())}


def annotate(client: Client, task: int, **more: Any) -> int:
    body = msgspec.json.encode({"result": DONE, "lead_time": 5.0, **more})
    return int(client.write_once(dict[str, Any], f"api/tasks/{task}/annotations/", body)["id"])


def draft(client: Client, task: int) -> None:
    body = msgspec.json.encode({"result": DONE, "lead_time": 1.0})
    client.write_once(dict[str, Any], f"api/tasks/{task}/drafts", body)


@pytest.fixture
def run(labelstudio: Server, said_by: Run, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Call `goldwire annotate …` as the server's owner."""
    monkeypatch.setenv("LABEL_STUDIO_URL", labelstudio.url)
    monkeypatch.setenv("LABEL_STUDIO_API_KEY", server.token(labelstudio.data_dir))
    return lambda *words: said_by("annotate", *map(str, words), "--data-dir", "nowhere")


@pytest.fixture
def team(run: Run, client: Client, tmp_path: Path, make_corpus: Callable[..., Corpus]) -> Team:
    return Team(run, client, make_corpus(tmp_path / tmp_path.name, 12))


def test_somebody_who_joins_takes_an_even_part_of_what_nobody_has_begun(
    team: Team, annotators: list[Any]
) -> None:
    pushed = team.push("anna ben")
    begun = {}
    for name, person in zip(("anna", "ben"), annotators, strict=True):
        tasks = team.tasks(pushed[name])
        assert len(tasks) == 6
        team.work(person.client, [*tasks.values()])
        begun[name] = dict([*tasks.items()][:3])

    planned = team.push("anna ben cleo", "--dry-run")
    assert {name: len(team.tasks(pushed[name])) for name in pushed} == {"anna": 6, "ben": 6}
    pushed = team.push("anna ben cleo")
    # Six documents are begun by nobody, so an even part is two.
    assert {name: item["tasks"] for name, item in pushed.items()} == {
        name: item["tasks"] for name, item in planned.items()
    }
    assert {name: item["moved"] for name, item in pushed.items()} == {
        name: item["moved"] for name, item in planned.items()
    }
    theirs = {name: team.tasks(pushed[name]) for name in pushed}
    assert {name: len(tasks) for name, tasks in theirs.items()} == {"anna": 5, "ben": 5, "cleo": 2}
    assert not theirs["cleo"].keys() & {*begun["anna"], *begun["ben"]}
    for name, tasks in begun.items():
        assert tasks.items() <= theirs[name].items(), "the same tasks as before"
    assert {*Counter(key for tasks in theirs.values() for key in tasks).values()} == {1}
    moved = [item for name in ("anna", "ben") for item in pushed[name]["moved"]]
    assert {item["key"] for item in moved} == theirs["cleo"].keys()
    assert [item["to"] for item in moved] == [["cleo"], ["cleo"]]
    assert not pushed["anna"]["orphaned"]

    again = team.push("anna ben cleo")
    assert {name: team.tasks(again[name]) for name in again} == theirs


def test_second_clone_shares_out_as_the_first_would(
    team: Team, annotators: list[Any], tmp_path: Path
) -> None:
    """It has no journals: the server tells which projects there are, and what is begun in them."""
    pushed = team.push("anna ben", "--overlap", "0.25")
    before = {name: team.tasks(pushed[name]) for name in pushed}
    for person, name in zip(annotators, before, strict=True):
        team.work(person.client, [*before[name].values()])
    planned = team.push("ben cleo", "--overlap", "0.25", "--dry-run")
    shutil.copytree(team.corpus.path, tmp_path / "clone")
    shutil.rmtree(tmp_path / "clone" / "labelstudio")
    clone = Team(team.run, team.client, store.open_corpus(tmp_path / "clone"))
    clone.group = team.group
    pushed = clone.push("ben cleo", "--overlap", "0.25")
    assert {name: item["moved"] for name, item in pushed.items()} == {
        name: item["moved"] for name, item in planned.items()
    }
    theirs = {name: team.tasks(pushed[name]) for name in pushed}
    assert theirs["anna"] == dict([*before["anna"].items()][:3])
    assert Counter(Counter(key for tasks in theirs.values() for key in tasks).values()) == {1: 9, 2: 3}
    again = team.push("ben cleo", "--overlap", "0.25")
    assert {name: team.tasks(again[name]) for name in again} == theirs, "and the first sees it so"


def test_what_somebody_who_leaves_has_not_begun_goes_to_the_others(team: Team, annotators: list[Any]) -> None:
    anna = annotators[0]
    pushed = team.push("anna ben")
    before = {name: team.tasks(pushed[name]) for name in pushed}
    team.work(anna.client, [*before["anna"].values()])
    pushed = team.push("ben cleo")
    theirs = {name: team.tasks(pushed[name]) for name in pushed}
    assert theirs["anna"] == dict([*before["anna"].items()][:3])
    assert pushed["anna"]["kept"] == sorted(theirs["anna"])
    assert pushed["anna"]["tasks"]["moved"] == 3
    assert sorted(Counter(key for tasks in theirs.values() for key in tasks).values()) == [1] * 12
    # Nine are begun by nobody: four are an even part of them for cleo, and ben has the rest.
    assert (len(theirs["ben"]), len(theirs["cleo"])) == (5, 4)

    told = team.run("push", team.corpus.path, "--project", team.group, "--assign", "ben", "--assign", "cleo")
    assert f"left as they are, worked on: {', '.join(sorted(theirs['anna']))}" in told.out


def test_renamed_annotator_takes_over_what_was_not_begun(team: Team, annotators: list[Any]) -> None:
    before = team.tasks(team.push("anna ben")["anna"])
    annotate(annotators[0].client, before["d00000" if "d00000" in before else next(iter(before))])
    pushed = team.push("anna2 ben")
    assert (len(team.tasks(pushed["anna"])), len(team.tasks(pushed["anna2"]))) == (1, 5)
    assert len(team.tasks(pushed["ben"])) == 6


def test_overlap_that_is_raised_and_lowered_gives_and_takes_only_untouched_documents(
    team: Team, annotators: list[Any]
) -> None:
    pushed = team.push("anna ben", "--overlap", "0.5")
    theirs = {name: team.tasks(pushed[name]) for name in pushed}
    both = sorted(theirs["anna"].keys() & theirs["ben"].keys())
    assert len(both) == 6
    for person, name in zip(annotators, theirs, strict=True):
        annotate(person.client, theirs[name][both[0]])
    draft(annotators[1].client, theirs["ben"][both[1]])
    pushed = team.push("anna ben", "--overlap", "0")
    lowered = {name: team.tasks(pushed[name]) for name in pushed}
    assert lowered["anna"].keys() & lowered["ben"].keys() == {both[0]}
    assert both[1] in lowered["ben"]
    assert len(lowered["anna"].keys() | lowered["ben"].keys()) == 12


def test_document_begun_while_it_is_taken_away_stays_and_goes_to_nobody_else(
    team: Team, annotators: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Anna begins a document between the plan and its deletion."""
    before = team.tasks(team.push("anna ben")["anna"])
    deleted = api.delete_untouched
    seen: list[int] = []

    def delete(client: Client, project: int, ids: list[int]) -> None:
        chosen = [id for id in ids if id in before.values()]
        if chosen and not seen:
            seen.append(chosen[0])
            draft(annotators[0].client, chosen[0])
        deleted(client, project, ids)

    monkeypatch.setattr(api, "delete_untouched", delete)
    pushed = team.push("anna ben cleo")
    [late] = [key for key, id in before.items() if id in seen]
    theirs = {name: team.tasks(pushed[name]) for name in pushed}
    assert theirs["anna"][late] == seen[0]
    assert late not in theirs["cleo"]
    assert len(theirs["cleo"]) == 11 // 3
    assert late not in [item["key"] for item in pushed["anna"]["moved"]]
    assert {*Counter(key for tasks in theirs.values() for key in tasks).values()} == {1}


def test_many_tasks_are_taken_away_in_slices(
    team: Team, annotators: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reassign, "SLICE", 2)
    pushed = team.push("anna ben", "--overlap", "1")
    annotate(annotators[0].client, team.tasks(pushed["anna"])["d00003"])
    pushed = team.push("ben")
    assert (set(team.tasks(pushed["anna"])), len(team.tasks(pushed["ben"]))) == ({"d00003"}, 11)


@pytest.mark.parametrize("naming", ["address", "pseudonym"])
def test_those_who_have_not_begun_are_shown_and_called_as_a_pull_calls_them(
    team: Team, annotators: list[Any], naming: str
) -> None:
    anna, ben = annotators
    pushed = team.push("anna ben cleo", "--overlap", "0.5")
    theirs = {name: team.tasks(pushed[name]) for name in pushed}
    twice = [key for key in theirs["anna"] if key in theirs["ben"]]
    annotate(anna.client, theirs["anna"][twice[0]])
    words = (team.corpus.path, "--project", team.group, "--names", naming)
    told = team.run("status", *words, "--json").json
    [layer] = team.run("pull", *words, "--json").json["layers"]
    sizes = {name: len(tasks) for name, tasks in theirs.items()}
    people = {person["name"]: (person["done"], person["open"]) for person in told["people"]}
    called = layer.removeprefix("annotator/")
    assert people.pop(called) == (1, sizes["anna"] - 1)
    assert people.pop("cleo") == (0, sizes["cleo"]), "nobody on the server is called so"
    [(waiting, numbers)] = people.items()
    assert numbers == (0, sizes["ben"])
    assert told["documents"] == {"0": 11, "1": 1, "2": 0}

    annotate(ben.client, theirs["ben"][twice[0]])
    told = team.run("status", *words, "--json").json
    assert told["documents"] == {"0": 11, "1": 0, "2": 1}
    pulled = team.run("pull", *words, "--json").json["layers"]
    named = {person["name"] for person in told["people"]} - {"cleo"}
    assert {layer.removeprefix("annotator/") for layer in pulled} == named
    assert naming == "pseudonym" or waiting in named
    shown = team.run("status", *words).out
    assert f"0 of {sizes['cleo']}" in shown
    assert "documents done by nobody: 11, by one person: 0, by 2 people: 1" in shown


# ---------------------------------------------------------------- what is deleted in the browser


@pytest.mark.parametrize("how", [(), ("--full",)], ids=["what has changed", "everything"])
def test_what_is_deleted_or_skipped_there_is_named_and_kept_until_accepted(
    team: Team, annotators: list[Any], how: tuple[str, ...]
) -> None:
    """One annotation, those of many tasks, a task, and one turned into a skip."""
    anna, ben = annotators
    project = team.push("anna")["anna"]["project"]
    tasks = [*keys(team.client, project).items()]
    made = [[annotate(person.client, id) for person in (anna, ben)] for _, id in tasks[:6]]
    first = team.pull("--json", *how)
    assert (first.code, first.json["withdrawn"]) == (0, [])
    before = {name: team.corpus.layer(f"annotator/{name}") for name in ("anna", "ben")}

    team.client.write("DELETE", f"api/annotations/{made[0][0]}/")
    chosen = {"selectedItems": {"all": False, "included": [tasks[1][1], tasks[2][1]]}}
    team.client.write("POST", f"api/dm/actions/?id=delete_tasks_annotations&project={project}", chosen)
    team.client.write("POST", f"api/dm/actions/?id=delete_tasks&project={project}", {
        "selectedItems": {"all": False, "included": [tasks[3][1]]}
    })  # fmt: skip
    anna.client.write("PATCH", f"api/annotations/{made[4][0]}/", {"was_cancelled": True})
    team.client.write("DELETE", f"api/annotations/{made[5][0]}/")
    annotate(anna.client, tasks[5][1])
    expected = [
        (tasks[0][0], "annotator/anna", "annotation deleted"),
        (tasks[1][0], "annotator/anna", "annotation deleted"),
        (tasks[1][0], "annotator/ben", "annotation deleted"),
        (tasks[2][0], "annotator/anna", "annotation deleted"),
        (tasks[2][0], "annotator/ben", "annotation deleted"),
        (tasks[3][0], "annotator/anna", "task deleted"),
        (tasks[3][0], "annotator/ben", "task deleted"),
        (tasks[4][0], "annotator/anna", "skipped"),
    ]
    for _ in range(2):
        told = team.pull("--json", *how)
        named = [(item["document"], item["layer"], item["why"]) for item in told.json["withdrawn"]]
        assert (told.code, named) == (1, expected)
    assert sorted(team.corpus.layer("annotator/anna")) == [tasks[5][0]]
    assert sorted(team.corpus.layer("annotator/ben")) == sorted(tasks[n][0] for n in (0, 4, 5))
    for name, lines in before.items():
        kept = {id for id, layer, _ in expected if layer == f"annotator/{name}"}
        assert team.corpus.layer(f"withdrawn/{name}") == {id: lines[id] for id in kept}

    told = team.pull(*how)
    assert f"withdrawn: {tasks[0][0]} by anna: annotation deleted (annotation {made[0][0]}" in told.out
    assert "--accept-withdrawn" in told.err
    accepted = team.pull("--accept-withdrawn", *how)
    assert (accepted.code, accepted.out.count("withdrawn: ")) == (0, 8)
    assert (team.pull(*how).code, "withdrawn: " in team.pull(*how).out) == (0, False)
    assert team.push("anna")["anna"]["tasks"]["new"] == 1, "the task that was deleted"


def test_annotations_of_an_account_that_was_deleted_stay_their_persons(
    team: Team, labelstudio: Server
) -> None:
    """The server keeps them without an author, and notes no time for that."""
    project = team.push("anna")["anna"]["project"]
    address = f"guest-{project}@annotators.example.org"
    token = session.make_token(session.join(server.invite(labelstudio), address, "correct horse battery"))
    guest = Client(labelstudio.url, token)
    [key, *_], [task, *_] = zip(*keys(team.client, project).items(), strict=True)
    annotate(guest, task)
    guest.close()
    layer = f"annotator/guest-{project}"
    assert team.pull("--json").json["layers"] == {layer: 1}
    [id] = [id for id, known in api.people(team.client).items() if known == address]
    team.client.write("DELETE", f"api/users/{id}/")
    for how in ((), ("--full",), ()):
        told = team.pull("--json", *how)
        assert (told.code, told.json["layers"], told.json["withdrawn"]) == (0, {layer: 1}, [])
    assert team.corpus.layer(layer)[key].provenance.author == f"guest-{project}"
