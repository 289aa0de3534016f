"""An ontology is changed under a project in which two people work: counted before and after."""

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from goldwire.annotate.migration import mapping, migrate
from goldwire.annotate.migration.migrate import Planned
from goldwire.annotate.migration.plan import Change
from goldwire.annotate.sync import api, filters, journal, pull, push
from goldwire.annotate.sync.client import Client
from goldwire.annotate.sync.orders import Order
from goldwire.corpora import ontology as ontologies
from goldwire.corpora import store
from goldwire.corpora.ontology import Ontology
from goldwire.corpora.store import Corpus, open_corpus
from goldwire.corpora.types import Annotations
from goldwire.corpora.validate import corpus_faults

pytestmark = pytest.mark.live

OLD = """
name = "small"
version = "1"
[entities.MIL]
[entities.GPE]
[entities.VEH]
[entities.WEA]
[entities.NUM]
[events.Attack.roles]
attacker = { fillers = ["MIL"] }
place = { fillers = ["GPE"] }
instrument = { fillers = ["VEH", "WEA"] }
[attributes.mode]
on = "event"
values = { shelling = {}, ambush = {} }
"""
NEW = """
name = "small"
version = "2"
[entities.FORCE]
[entities.GPE]
[entities.WEA]
[events.Attack.roles]
agent = { fillers = ["FORCE"] }
place = { fillers = ["GPE"] }
instrument = { fillers = ["WEA"] }
[events.Shelling.roles]
agent = { fillers = ["FORCE"] }
place = { fillers = ["GPE"] }
[attributes.mode]
on = "event"
values = { shelling = {}, ambush = {} }
"""
# MIL is renamed, VEH and WEA merge, NUM is given up, an Attack by shelling becomes a Shelling, and so on.
PLAN = """
[entities]
MIL = "FORCE"
VEH = "WEA"
NUM = ""
[roles.Attack]
attacker = "agent"
[[splits]]
kind = "events"
from = "Attack"
to = "Shelling"
attribute = "mode"
values = ["shelling"]
"""


def with_old(corpus: Corpus) -> Corpus:
    """The corpus with the small ontology as its own."""
    (corpus.path / "old.toml").write_text(OLD)
    return store.write_manifest(corpus, msgspec.structs.replace(corpus.manifest, ontology="old.toml"))


@pytest.fixture
def newer(tmp_path: Path) -> Path:
    """A file with the new ontology."""
    path = tmp_path / "newer.toml"
    path.write_text(NEW)
    return path


def region(id: str, control: str, label: str, start: int, end: int) -> dict[str, Any]:
    value = {"start": start, "end": end, "labels": [label]}
    return {"id": id, "from_name": control, "to_name": "text", "type": "labels", "value": value}


def arrow(source: str, target: str, label: str) -> dict[str, Any]:
    return {"type": "relation", "from_id": source, "to_id": target, "direction": "right", "labels": [label]}


def chosen(id: str, start: int, end: int, value: str) -> dict[str, Any]:
    place = {"start": start, "end": end, "choices": [value]}
    return {"id": id, "from_name": "attribute-mode", "to_name": "text", "type": "choices", "value": place}


# "Report 0.\nRebels attacked Kunduz 🙂 on day 0000.\n"
RESULT = [
    region("r", "entity", "MIL", 10, 16),
    region("k", "entity", "GPE", 26, 32),
    region("t", "trigger", "Attack", 17, 25),
    arrow("t", "r", "attacker"),
    arrow("t", "k", "place"),
]
SHELLED = [*RESULT, chosen("t", 17, 25, "shelling")]
WITH_NUMBER = [*RESULT, region("n", "entity", "NUM", 42, 46)]


class Site:
    """A corpus in a project in which anna and ben have worked."""

    def __init__(self, client: Client, corpus: Corpus, annotators: list[Any]) -> None:
        self.client, self.corpus = client, corpus
        self.title = corpus.path.name
        self.old = ontologies.decode(OLD)
        self.order = Order(
            title=self.title,
            group=self.title,
            prefill="system/x",
            documents=tuple(corpus.documents()),
        )
        project = push.push(client, corpus, self.old, self.order).project
        assert project is not None
        self.project = project.id
        self.tasks = {
            task.data["goldwire_id"]: task.id
            for task in api.tasks(client, self.project, filters.everything())
        }
        anna, ben = annotators
        self.names = {str(anna.id): "anna", str(ben.id): "ben"}
        for key in ("d00000", "d00001"):
            self.do(anna.client, f"api/tasks/{self.tasks[key]}/annotations/", RESULT)
            self.do(ben.client, f"api/tasks/{self.tasks[key]}/annotations/", SHELLED)
        self.do(anna.client, f"api/tasks/{self.tasks['d00002']}/annotations/", WITH_NUMBER)
        self.do(ben.client, f"api/tasks/{self.tasks['d00003']}/drafts", SHELLED)

    def do(self, client: Client, path: str, result: list[Any]) -> None:
        client.write_once(dict[str, Any], path, msgspec.json.encode({"result": result, "lead_time": 9.0}))

    def labels(self) -> Counter[str]:
        """All labels and values in annotations, drafts and predictions of the project, counted."""
        found: Counter[str] = Counter()
        tasks = json.loads(api.export(self.client, self.project, self.tasks.values()))
        items = [(kind, item) for task in tasks for kind in ("annotations", "drafts") for item in task[kind]]
        items += [("predictions", item) for item in api.all_predictions(self.client, self.project)]
        for kind, item in items:
            for result in item["result"]:
                value = result.get("value", result)
                names = value.get("labels", value.get("choices", []))
                found.update(f"{kind} {name}" for name in names)
        return found

    def authors(self) -> list[tuple[str, Any, Any]]:
        """Whose annotations and drafts there are, and how long they took."""
        tasks = json.loads(api.export(self.client, self.project, self.tasks.values()))
        return sorted(
            (kind, item.get("completed_by", item.get("user")), item["lead_time"])
            for task in tasks
            for kind in ("annotations", "drafts")
            for item in task[kind]
        )

    def change(self, newer: Path, plan: str = PLAN) -> Change:
        new = ontologies.read(newer)
        wanted = mapping.decode(plan)
        assert mapping.check(wanted, self.old, new) == []
        return Change(old=self.old, new=new, moves=wanted)

    def prepare(self, change: Change) -> Planned:
        return migrate.prepare(self.client, self.corpus, self.title, change)

    def pull(self, ontology: Ontology) -> dict[str, Annotations]:
        request = pull.Request(group=self.title, names=self.names)
        pulled = pull.pull(self.client, open_corpus(self.corpus.path), ontology, request)
        assert pulled.rejected == {}
        return self.corpus.layer("annotator/ben")


@pytest.fixture
def site(client: Client, tmp_path: Path, make_corpus: Callable[..., Corpus], annotators: list[Any]) -> Site:
    return Site(client, with_old(make_corpus(tmp_path / tmp_path.name, 5)), annotators)


# By hand. Annotations: anna's two and ben's two of RESULT, and anna's with a number; one draft; five
# predictions of three attacks each, from the fixture's layer.
BEFORE = {
    "annotations MIL": 5, "annotations GPE": 5, "annotations Attack": 5, "annotations attacker": 5,
    "annotations place": 5, "annotations NUM": 1, "annotations shelling": 2,
    "drafts MIL": 1, "drafts GPE": 1, "drafts Attack": 1, "drafts attacker": 1, "drafts place": 1,
    "drafts shelling": 1,
    "predictions MIL": 15, "predictions GPE": 15, "predictions Attack": 15, "predictions attacker": 15,
    "predictions place": 15,
}  # fmt: skip
AFTER = {
    "annotations FORCE": 5, "annotations GPE": 5, "annotations Attack": 3, "annotations Shelling": 2,
    "annotations agent": 5, "annotations place": 5, "annotations shelling": 2,
    "drafts FORCE": 1, "drafts GPE": 1, "drafts Shelling": 1, "drafts agent": 1, "drafts place": 1,
    "drafts shelling": 1,
    "predictions FORCE": 15, "predictions GPE": 15, "predictions Attack": 15, "predictions agent": 15,
    "predictions place": 15,
}  # fmt: skip


def test_labels_are_renamed_merged_split_and_given_up_and_nothing_else_changes(
    site: Site, newer: Path
) -> None:
    assert site.labels() == BEFORE
    whose = site.authors()
    planned = site.prepare(site.change(newer))
    assert [(loss.label, loss.planned) for loss in planned.losses] == [("NUM", True)]
    assert site.labels() == BEFORE  # a plan touches nothing

    done = migrate.apply(site.client, site.corpus, planned, str(newer))
    assert done.changed == {"annotation": 5, "draft": 1, "prediction": 5}
    assert done.left == ()
    assert site.labels() == AFTER
    assert site.authors() == whose

    corpus = open_corpus(site.corpus.path)
    ontology = corpus.ontology()
    assert ontology is not None
    assert ontology.fingerprint() == site.change(newer).new.fingerprint()
    assert corpus_faults(corpus) == {}
    ben = site.pull(ontology)["d00000"]
    assert {mention.type for mention in ben.mentions} == {"FORCE", "GPE"}
    assert [(e.type, {(a.role, a.mention) for a in e.arguments}, e.attributes) for e in ben.events] == [
        ("Shelling", {("agent", "r"), ("place", "k")}, {"mode": "shelling"})
    ]
    after = push.push(site.client, corpus, ontology, site.order).plan
    assert (after.lost_labels, after.settings, after.conflicting) == ((), {}, ())


def test_old_state_is_kept(site: Site, newer: Path) -> None:
    layer = site.corpus.layer_path("system/x").read_bytes()
    migrate.apply(site.client, site.corpus, site.prepare(site.change(newer)), str(newer))
    kept = site.corpus.path / "labelstudio" / "before-1"
    assert (kept / "layers" / "system" / "x.jsonl").read_bytes() == layer
    assert b'ontology = "old.toml"' in (kept / "corpus.toml").read_bytes()
    plan = json.loads((journal.folder(site.corpus, site.title) / "migration-1.json").read_bytes())
    before = Counter(
        f"{item['kind']}s {name}"
        for item in plan["items"]
        for result in item["before"]
        for name in result.get("value", result).get("labels", result.get("value", {}).get("choices", []))
    )
    assert before == BEFORE
    assert 'value="MIL"' in plan["settings_before"]["label_config"]


def test_what_the_plan_says_nothing_of_is_named_before_anything_is_touched(site: Site, newer: Path) -> None:
    planned = site.prepare(site.change(newer, PLAN.replace('MIL = "FORCE"', "")))
    # MIL in five annotations, a draft and five predictions (three each), and in the layer of the corpus.
    told = Counter(loss.where.partition(" ")[0] for loss in planned.unplanned if loss.label == "MIL")
    assert told == {"annotation": 5, "draft": 1, "prediction": 15, "layer": 15}
    assert site.labels() == BEFORE


class Death(BaseException):
    """A kill, as far as the code can notice one."""


def test_killed_in_the_middle_it_goes_on(site: Site, newer: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After some of the annotations, after the server, and after some of the layers."""
    change = site.change(newer)

    def dying(times: int, function: Callable[..., Any]) -> Callable[..., Any]:
        left = [times]

        def call(*arguments: Any, **options: Any) -> Any:
            left[0] -= 1
            if left[0] < 0:
                raise Death
            return function(*arguments, **options)

        return call

    site.corpus.write_layer("gold", site.corpus.layer("system/x").values())
    deaths: list[tuple[Any, str, Callable[..., Any]]] = [
        (api, "update_project", dying(0, api.update_project)),
        (Client, "write", dying(4, Client.write)),
        (Client, "write", dying(5, Client.write)),
        (Corpus, "write_layer", dying(1, Corpus.write_layer)),
        (migrate, "write_manifest", dying(0, store.write_manifest)),
    ]
    for where, name, deadly in deaths:
        planned = site.prepare(change)
        with monkeypatch.context() as patch:
            patch.setattr(where, name, deadly)
            with pytest.raises(Death):
                migrate.apply(site.client, site.corpus, planned, str(newer))
    migrate.apply(site.client, site.corpus, site.prepare(change), str(newer))
    assert site.labels() == AFTER
    corpus = open_corpus(site.corpus.path)
    assert corpus_faults(corpus) == {}
    assert corpus.layer("gold") == corpus.layer("system/x")
    assert len(corpus.layer("gold")["d00000"].events) == 3


def test_what_somebody_changes_meanwhile_is_left_alone_and_named(
    site: Site, annotators: list[Any], newer: Path
) -> None:
    planned = site.prepare(site.change(newer))
    [migration] = planned.projects.values()
    mine = next(item for item in migration.items if item.kind == "annotation")
    theirs = [region("new", "entity", "GPE", 26, 32)]
    api.update_annotation(annotators[0].client, mine.id, theirs)
    done = migrate.apply(site.client, site.corpus, planned, str(newer))
    assert [item.id for item in done.left] == [mine.id]
    assert client_result(site.client, mine.id) == theirs


def client_result(client: Client, annotation: int) -> Any:
    return client.read_as(dict[str, Any], f"api/annotations/{annotation}/")["result"]


def test_frames_get_the_roles_of_their_new_types(
    client: Client, tmp_path: Path, newer: Path, make_corpus: Callable[..., Corpus], annotators: list[Any]
) -> None:
    corpus = with_old(make_corpus(tmp_path / tmp_path.name, 1))
    old = ontologies.decode(OLD)
    title, documents = corpus.path.name, tuple(corpus.documents())
    order = Order(title=title, group=title, layout="frames", prefill="system/x", documents=documents)
    project = push.push(client, corpus, old, order).project
    assert project is not None
    first = next(api.tasks(client, project.id, filters.everything()))
    answer = [region("r0", "role", "attacker", 10, 16), region("k0", "role", "place", 26, 32)]
    body = msgspec.json.encode({"result": answer, "lead_time": 4.0})
    annotators[0].client.write_once(dict[str, Any], f"api/tasks/{first.id}/annotations/", body)

    change = Change(old=old, new=ontologies.read(newer), moves=mapping.decode(PLAN))
    planned = migrate.prepare(client, corpus, title, change)
    assert planned.losses == ()
    migrate.apply(client, corpus, planned, str(newer))
    there = list(api.tasks(client, project.id, filters.everything()))
    assert {role["value"] for role in there[0].data["roles"]} == {
        "agent", "instrument", "place", "mention",
    }  # fmt: skip
    corpus = open_corpus(corpus.path)
    pull.pull(client, corpus, change.new, pull.Request(group=title, naming="address"))
    [event] = [e for e in corpus.layer("frames/anna")["d00000"].events if e.id == "e0"]
    assert {(a.role, a.mention) for a in event.arguments} == {("agent", "r0"), ("place", "k0")}
    after = push.push(client, corpus, change.new, order).plan
    assert (after.conflicting, after.lost_labels, after.settings) == ((), (), {})
    assert push.push(client, corpus, change.new, order).plan.is_empty
