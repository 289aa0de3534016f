"""The commands as people type them: two annotators, their shares, how far they are; and no token anywhere."""

import contextlib
import json
import threading
import time
import webbrowser
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from goldwire.annotate.local import server, session
from goldwire.annotate.local.server import Server
from goldwire.annotate.sync import api, filters, status
from goldwire.annotate.sync.client import Client
from goldwire.corpora import store
from goldwire.corpora.store import Corpus

pytestmark = pytest.mark.live


Run = Callable[..., Any]


@pytest.fixture
def work(tmp_path: Path, make_corpus: Callable[..., Corpus]) -> Corpus:
    return make_corpus(tmp_path / tmp_path.name, 10)


def annotate(client: Client, task: int, seconds: float = 30.0) -> None:
    body = msgspec.json.encode({"result": [], "lead_time": seconds})
    client.write_once(dict[str, Any], f"api/tasks/{task}/annotations/", body)


def keys_in(client: Client, project: int) -> dict[str, int]:
    return {task.data["goldwire_id"]: task.id for task in api.tasks(client, project, filters.everything())}


def test_documents_are_shared_out_annotated_counted_and_pulled(
    run: Run, work: Corpus, annotators: list[Any]
) -> None:
    """A project for each of two people, half of the documents in both."""
    share = ("--assign", "anna", "--assign", "ben", "--overlap", "0.5")
    planned = run("push", work.path, "--project", "shared", *share, "--dry-run", "--json")
    assert planned.code == 0, planned.err
    pushed = run("push", work.path, "--project", "shared", *share, "--json")
    assert pushed.code == 0, pushed.err
    assert [item["tasks"] for item in pushed.json] == [item["tasks"] for item in planned.json]
    assert [item["title"] for item in pushed.json] == ["shared (anna)", "shared (ben)"]
    theirs = {}
    for person, item in zip(annotators, pushed.json, strict=True):
        theirs[person.email] = keys_in(person.client, item["project"])
        for task in [*theirs[person.email].values()][:2]:
            annotate(person.client, task)
    shares = [set(keys) for keys in theirs.values()]
    assert shares[0] | shares[1] == {document.id for document in work.documents()}
    assert shares[0] & shares[1]

    told = run("status", work.path, "--project", "shared", "--names", "address", "--json").json
    assert {
        person["name"]: (person["done"], person["open"], person["seconds"]) for person in told["people"]
    } == {
        "anna": (2, len(shares[0]) - 2, 30.0),
        "ben": (2, len(shares[1]) - 2, 30.0),
    }
    assert [project["untouched"] for project in told["projects"]] == [len(keys) - 2 for keys in shares]
    shown = run("status", work.path, "--project", "shared", "--names", "address")
    assert f"2 of {len(shares[0])}" in shown.out
    assert "0:30" in shown.out

    pulled = run("pull", work.path, "--project", "shared", "--names", "address", "--json")
    assert pulled.json["layers"] == {"annotator/anna": 2, "annotator/ben": 2}


def test_in_one_project_the_server_gives_a_share_of_the_documents_to_two_people(
    run: Run, work: Corpus, annotators: list[Any]
) -> None:
    """Each asks for the next document until there is none: no document goes to more people than it should."""
    project = run("push", work.path, "--project", "one for both", "--overlap", "0.3", "--json").json[0][
        "project"
    ]
    done: dict[str, list[int]] = {person.email: [] for person in annotators}
    for _ in range(20):
        for person in annotators:
            with contextlib.suppress(Exception):
                task = person.client.read_as(dict[str, Any], f"api/projects/{project}/next/")["id"]
                annotate(person.client, task)
                done[person.email].append(task)
    times = [
        sum(task in tasks for tasks in done.values())
        for task in keys_in(annotators[0].client, project).values()
    ]
    assert sorted(times) == [1] * 7 + [2] * 3
    assert all(len(set(tasks)) == len(tasks) for tasks in done.values())
    told = run("status", work.path, "--project", "one for both", "--json").json
    assert told["projects"][0]["finished"] == 10
    assert [person["open"] for person in told["people"]] == [None, None]


def test_watching_ends_when_all_is_done(
    run: Run, work: Corpus, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = run("push", work.path, "--project", "watched", "--json").json[0]["project"]
    first, *rest = keys_in(client, project).values()
    for task in rest:
        annotate(client, task)
    seen = threading.Event()
    looked = status.status

    def look(*arguments: Any, **options: Any) -> Any:
        found = looked(*arguments, **options)
        seen.set()
        return found

    monkeypatch.setattr(status, "status", look)

    def finish() -> None:
        assert seen.wait(60)
        annotate(client, first)

    last = threading.Thread(target=finish)
    last.start()
    told = run("status", work.path, "--project", "watched", "--watch", "--every", "1")
    last.join()
    assert told.code == 0
    assert "9 of 10 task(s) finished" in told.out.splitlines()[0]
    assert "10 of 10 task(s) finished" in told.out.splitlines()[-4]


def test_conflict_is_told_and_exits_one(run: Run, work: Corpus, client: Client) -> None:
    project = run("push", work.path, "--project", "conflict", "--json").json[0]["project"]
    annotate(client, keys_in(client, project)["d00003"])
    changed = [store.make_document(d.id, "New text.") if d.id == "d00003" else d for d in work.documents()]
    store.write_documents(work, changed)
    told = run("push", work.path, "--project", "conflict")
    assert told.code == 1
    assert "conflict: d00003" in told.out


def test_local_server_needs_neither_address_nor_token(
    run: Run, labelstudio: Server, work: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[str] = []
    monkeypatch.setattr(webbrowser, "open", shown.append)
    told = run("serve", "--status", "--data-dir", labelstudio.data_dir, "--json")
    assert told.json["running"]["url"] == labelstudio.url
    options = ("--open", "--invite", "--json", "--data-dir", labelstudio.data_dir)
    served = run("serve", work.path, *options).json
    assert served["url"] == labelstudio.url
    assert served["page"].startswith(f"{labelstudio.url}/projects/")
    assert shown == [served["page"]]
    assert served["invitation"].startswith(f"{labelstudio.url}/user/signup/")
    bare = {"LABEL_STUDIO_URL": "", "LABEL_STUDIO_API_KEY": ""}
    command = ["status", work.path, "--data-dir", labelstudio.data_dir, "--json"]
    assert run(*command, **bare).json["projects"][0]["tasks"] == 10


# ---------------------------------------------------------------- secrets


@pytest.fixture
def legacy(labelstudio: Server) -> Iterator[str]:
    """A legacy token of the owner, which the organisation accepts while the test runs."""
    owner = server.account(labelstudio.data_dir)
    signed_in = session.sign_in(labelstudio.url, owner.email, owner.password)
    both = {"api_tokens_enabled": True, "legacy_api_tokens_enabled": True}
    session.call(signed_in, "POST", "api/jwt/settings", both)
    yield json.loads(session.call(signed_in, "GET", "api/current-user/token").body)["token"]
    session.call(signed_in, "POST", "api/jwt/settings", {**both, "legacy_api_tokens_enabled": False})


def test_both_kinds_of_tokens_work_and_a_refusal_tells_which_is_needed(
    run: Run, work: Corpus, labelstudio: Server, legacy: str
) -> None:
    def push(token: str) -> Any:
        return run("push", work.path, "--project", "tokens", "--dry-run", LABEL_STUDIO_API_KEY=token)

    personal = server.token(labelstudio.data_dir)
    assert push(personal).code == push(legacy).code == 0

    owner = server.account(labelstudio.data_dir)
    signed_in = session.sign_in(labelstudio.url, owner.email, owner.password)
    settings = {"api_tokens_enabled": True, "legacy_api_tokens_enabled": False}
    session.call(signed_in, "POST", "api/jwt/settings", settings)
    refused = push(legacy)
    assert (refused.code, "takes no legacy tokens any more: use a personal access token" in refused.err) == (
        2,
        True,
    )
    settings = {"api_tokens_enabled": False, "legacy_api_tokens_enabled": True}
    session.call(signed_in, "POST", "api/jwt/settings", settings)
    refused = push(personal)
    assert (refused.code, "personal access tokens are switched off there" in refused.err) == (2, True)
    assert "does not know this legacy token" in push("0" * 40).err
    head, body, signature = personal.split(".")
    assert "revoked, expired, or another server's" in push(f"{head}.{body}.{signature[::-1]}").err
    for token in (legacy, personal, signature[::-1]):
        assert token not in refused.err + push(token).err


def test_no_token_is_in_anything_written_said_or_listed(
    run: Run, spawn: Run, work: Corpus, labelstudio: Server, leaks: Callable[..., list[bytes]]
) -> None:
    """Files of the corpus, output with -v, and the list of processes, in success and failure."""
    token = server.token(labelstudio.data_dir)
    head, body, signature = token.split(".")
    kept = work.path.with_name("token")
    kept.write_text(token)
    kept.chmod(0o600)
    listed: list[bytes] = []
    over = threading.Event()

    def list_processes() -> None:
        while not over.is_set():
            for process in Path("/proc").glob("[0-9]*"):
                with contextlib.suppress(OSError):
                    listed.append((process / "cmdline").read_bytes())
            time.sleep(0.02)

    watcher = threading.Thread(target=list_processes)
    watcher.start()
    common = ("--project", "secrets", "-v")
    file = ("--token-file", kept)
    said = [
        spawn("push", work.path, *common, "--prefill", "system/x"),
        run("push", work.path, *common, *file),
        spawn("pull", work.path, *common, *file),
        run("status", work.path, *common),
        run("push", work.path, *common, LABEL_STUDIO_API_KEY=f"{head}.{body}.{signature[::-1]}"),
    ]
    over.set()
    watcher.join()
    assert [item.code for item in said] == [0, 0, 0, 0, 2]
    assert "POST api/projects/" in said[0].err
    files = {path: path.read_bytes() for path in work.path.rglob("*") if path.is_file()}
    assert {"journal.jsonl", "000001.json", "config.xml"} <= {path.name for path in files}
    assert any(b"goldwire" in entry and b"secrets" in entry for entry in listed)
    texts = [*files.values(), *listed, *(f"{item.out}{item.err}".encode() for item in said)]
    assert not [found for text in texts for found in leaks(text, token, signature, signature[::-1], body)]
    assert not [text for text in texts if b"eyJ" in text and b"Bearer" in text]
