"""The backend answers Label Studio: each task in order, in time, from the journal where it can, soundly."""

import http.client
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from goldwire.annotate.backend import app, credentials, predictions, running, training
from goldwire.annotate.backend.predictions import Suggester
from goldwire.annotate.exchange import tasks
from goldwire.annotate.interface import labelconfig
from goldwire.corpora import ontology as ontologies
from goldwire.corpora.errors import ExtractorError, ServerError
from goldwire.corpora.store import Corpus, Manifest, create_corpus, make_document, write_documents
from goldwire.corpora.types import Annotations, Mention, Span
from goldwire.eval.systems.config import System, parse_system
from goldwire.eval.systems.journal import Entry
from goldwire.eval.systems.run import make_plan, run_system
from goldwire.eval.systems.service import Service

TEXT = "Rebels attacked Herat on Monday."
CONFLICT = ontologies.read("conflict")
CONFIG = labelconfig.build(CONFLICT, "graph", "en")


class Reply(msgspec.Struct):
    """An answer of the backend."""

    status: int
    body: Any


class Backend:
    """A backend that runs, and what it said."""

    def __init__(self, url: str, corpus: Corpus, suggester: Suggester, log: list[str]) -> None:
        self.url, self.corpus, self.suggester, self.log = url, corpus, suggester, log
        self.signed = credentials.obtain(corpus)

    def call(self, path: str, body: Any = None, *, sign: str | None = None) -> Reply:
        """Ask as Label Studio does, signed unless another header is given ("" for none)."""
        header = self.signed.basic if sign is None else sign
        data = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data)
        if header:
            request.add_header("Authorization", header)
        try:
            with urllib.request.urlopen(request, timeout=60) as reply:
                return Reply(reply.status, json.loads(reply.read()))
        except urllib.error.HTTPError as error:
            with error:
                return Reply(error.code, error.read())

    def predict(self, *data: dict[str, Any], config: str = CONFIG) -> list[Any]:
        """The results for some tasks."""
        asked = [{"id": number, "data": item, "predictions": []} for number, item in enumerate(data, start=1)]
        reply = self.call(
            "/predict", {"tasks": asked, "label_config": config, "project": "1.1", "params": {}}
        )
        assert reply.status == 200
        return list(reply.body["results"])

    def told(self, words: str) -> bool:
        """Whether it has said so."""
        return any(words in line for line in self.log)

    def entries(self) -> list[Entry]:
        """What the journal has of documents."""
        return [line for line in self.suggester.service._journal.lines if isinstance(line, Entry)]


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    """Six documents, d0 to d5."""
    documents = [make_document(f"d{i}", f"{TEXT} {i}") for i in range(6)]
    return create_corpus(tmp_path / "corpus", Manifest(name="t", ontology="conflict"), documents)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, in which the modules of a test lie."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def serve() -> Iterator[Callable[..., Backend]]:
    """Runs a system as a backend for a corpus until the end of the test."""
    with ExitStack() as stack:
        yield lambda corpus, system, **how: stack.enter_context(serving(corpus, system, **how))


@contextmanager
def serving(
    corpus: Corpus, system: System | str, *, in_time: float = 30.0, longest: int = 1 << 20
) -> Iterator[Backend]:
    system = parse_system(system) if isinstance(system, str) else system
    log: list[str] = []
    with Service(corpus, make_plan(corpus, system), log.append) as service:
        suggester = Suggester(corpus, CONFLICT, service, log.append, in_time=in_time)
        opened = running.listen("127.0.0.1", None)
        ready = threading.Event()
        made = app.make(suggester, credentials.obtain(corpus), lambda: "trained", log.append, longest=longest)
        server = running.Running(made, opened, ready=ready.set)
        thread = threading.Thread(target=server.run)
        thread.start()
        assert ready.wait(10)
        yield Backend(running.address(opened), corpus, suggester, log)
        server.end()
        thread.join()


def module(folder: Path, code: str, **how: Any) -> System:
    """A system from Python code with a function `extract`."""
    (folder / "mine.py").write_text("import os, sys, time\nfrom pathlib import Path\n" + code)
    return msgspec.structs.replace(parse_system("mine=python:mine:extract"), **how)


HERAT = 'return {"mentions": [{"type": "GPE", "spans": [[16, 21]], "text": "Herat"}]}'


def words(prediction: dict[str, Any]) -> list[tuple[str, str]]:
    """The words and labels of regions."""
    regions = [item for item in prediction["result"] if item["type"] == "labels"]
    return [(item["value"]["text"], item["value"]["labels"][0]) for item in regions]


# ---------------------------------------------------------------- the protocol


def test_every_request_that_a_real_server_sent_is_answered(
    corpus: Corpus, serve: Callable[..., Backend], shared: Path
) -> None:
    backend = serve(corpus, "lex=lexicon")
    sent = json.loads((shared / "labelstudio" / "ml_webhook_samples.json").read_bytes())
    samples = [item for item in sent.values() if isinstance(item, dict) and "path" in item]
    samples += [
        item
        for file in sorted((shared / "labelstudio" / "samples2").glob("ml_*.json"))
        if "path" in (item := json.loads(file.read_bytes()))
    ]
    assert len(samples) >= 10
    for sample in samples:
        if sample["path"] == "/hook":  # a webhook that somebody else had set up
            continue
        # Webhooks of what people do come unsigned, by the secret path; all else is signed.
        action = (sample["body"] or {}).get("action")
        secret = action not in (None, "START_TRAINING")
        path = f"{sample['path']}/{backend.signed.hook}" if secret else sample["path"]
        reply = backend.call(path, sample["body"], sign="" if secret else None)
        assert reply.status == 200, sample["path"]
        if sample["path"] == "/predict" and "…" not in sample["body"]["label_config"]:
            assert len(reply.body["results"]) == len(sample["body"]["tasks"])
    assert "webhook: trained" in backend.log
    assert not any(word in line for line in backend.log for word in ("Kyiv", "Kunduz", "ui-symbol"))


def test_results_come_in_the_order_of_the_tasks_under_the_version_that_setup_told(
    corpus: Corpus, serve: Callable[..., Backend]
) -> None:
    backend = serve(corpus, "lex=lexicon")
    places = ["Herat", "Kabul", "Kunduz", "Mazar"]
    results = backend.predict(*({"text": f"Rebels attacked {place} on Monday."} for place in places))
    assert [
        ("GPE" if label == "GPE" else "", word) for r in results for word, label in words(r) if word in places
    ] == [("GPE", place) for place in places]
    version = backend.call("/setup", {"project": "1.1", "schema": CONFIG}).body["model_version"]
    assert version == f"lex@{backend.suggester.service.plan.state}"
    assert {result["model_version"] for result in results} == {version}
    assert backend.call("/versions").body == {"versions": [version]}


def test_mentions_triggers_arguments_and_attributes_become_regions_arrows_and_choices(
    corpus: Corpus, serve: Callable[..., Backend], here: Path
) -> None:
    # 0 Rebels 6 7 attacked 15 16 Herat 21
    code = """
def extract(document):
    rebels = {"id": "r", "type": "MIL", "spans": [[0, 6]]}
    herat = {"id": "h", "type": "GPE", "spans": [[16, 21]]}
    attack = {"id": "a", "type": "Attack", "trigger": [[7, 15]], "attributes": {"realis": "planned"}}
    attack["arguments"] = [{"role": "attacker", "mention": "r"}, {"role": "place", "mention": "h"}]
    return {"mentions": [rebels, herat], "events": [attack]}
"""
    (result,) = serve(corpus, module(here, code)).predict({"text": TEXT})
    assert words(result) == [("Rebels", "MIL"), ("Herat", "GPE"), ("attacked", "Attack")]
    choices = [(r["from_name"], r["value"]["choices"]) for r in result["result"] if r["type"] == "choices"]
    assert choices == [("attribute-realis", ["planned"])]
    arrows = [(r["from_id"], r["to_id"], r["labels"]) for r in result["result"] if r["type"] == "relation"]
    assert arrows == [("a", "r", ["attacker"]), ("a", "h", ["place"])]


def test_setup_answers_while_the_system_is_still_being_opened(
    corpus: Corpus, serve: Callable[..., Backend], here: Path
) -> None:
    backend = serve(corpus, module(here, f"time.sleep(4)\ndef extract(document):\n    {HERAT}\n"))
    begun = time.monotonic()
    assert backend.call("/health").body["status"] == "UP"
    assert backend.call("/setup", {}).status == 200
    assert time.monotonic() - begun < 1
    assert words(backend.predict({"text": TEXT})[0]) == [("Herat", "GPE")]


def test_nothing_of_a_request_is_told_but_numbers(corpus: Corpus, serve: Callable[..., Backend]) -> None:
    backend = serve(corpus, "lex=lexicon")
    token = "eyJhbGciOiJIUzI1NiJ9.secretsecretsecret"
    backend.call("/setup", {"access_token": token, "hostname": "http://secret.example.org"})
    backend.predict({"text": "A secret of Kabul.", "note": "secret"})
    backend.predict({"text": "A secret of Kabul."}, config="<View secret")
    backend.call("/predict", b'{"tasks": "secret"}')
    backend.call("/predict?secret=1", b"secret")
    backend.call("/webhook/secret", {"action": "secret"})
    backend.call("/webhook", {"action": "secret"})
    assert len(backend.log) == 6
    assert not any("secret" in line or "Kabul" in line for line in backend.log)


# ---------------------------------------------------------------- journal, time, death


def test_what_was_asked_before_comes_from_the_journal_and_so_does_what_eval_run_did(
    corpus: Corpus, serve: Callable[..., Backend]
) -> None:
    run_system(corpus, parse_system("lex=lexicon"))
    backend = serve(corpus, "lex=lexicon")
    data = [tasks.data(document) for document in corpus.documents()]
    first = backend.predict(*data)
    assert len(backend.entries()) == 6  # those of the run
    assert "6 from the journal" in backend.log[-1]
    assert backend.predict(*data) == first
    backend.predict({"text": "Kabul fell."})
    backend.predict({"text": "Kabul fell."})
    assert len(backend.entries()) == 7


def test_what_is_not_ready_in_time_stores_nothing_and_is_there_at_the_next_opening(
    corpus: Corpus, serve: Callable[..., Backend], here: Path
) -> None:
    code = f"def extract(document):\n    time.sleep(1.5 * ('slow' in document.text))\n    {HERAT}\n"
    backend = serve(corpus, module(here, code), in_time=0.8)
    quick, slow = {"text": TEXT}, {"text": f"{TEXT} slow"}
    assert backend.predict(quick)
    begun = time.monotonic()
    assert backend.predict(slow) == []  # an empty `result` would be stored, and never asked for again
    assert time.monotonic() - begun < 1.3
    done, late = backend.predict(quick, {"text": f"{TEXT} slow too"})
    assert words(done) == [("Herat", "GPE")]
    assert late == {}  # of several, the ready ones are stored, and nothing of this
    time.sleep(3.2)
    assert [words(item) for item in backend.predict(slow, {"text": f"{TEXT} slow too"})] == [
        [("Herat", "GPE")]
    ] * 2
    assert len(backend.entries()) == 3


def test_a_document_asked_for_twice_at_once_is_run_once(
    corpus: Corpus, serve: Callable[..., Backend], here: Path
) -> None:
    backend = serve(corpus, module(here, f"def extract(document):\n    time.sleep(0.5)\n    {HERAT}\n"))
    with ThreadPoolExecutor(4) as people:
        found = list(people.map(lambda _: backend.predict({"text": TEXT}), range(4)))
    assert [words(result) for (result,) in found] == [[("Herat", "GPE")]] * 4
    assert len(backend.entries()) == 1


@pytest.mark.parametrize("deed", ["os.kill(os.getpid(), 9)", "raise ValueError", "time.sleep(60)"])
def test_a_document_whose_system_died_over_it_stores_nothing_and_is_run_again_at_the_next_opening(
    corpus: Corpus, serve: Callable[..., Backend], here: Path, deed: str
) -> None:
    code = f"""
def extract(document):
    if not Path("done").exists():
        Path("done").touch()
        {deed}
    {HERAT}
"""
    backend = serve(corpus, module(here, code, timeout=1.0))
    assert backend.predict({"text": TEXT}) == []
    assert "1 failed (why is in" in backend.log[-1]
    assert words(backend.predict({"text": TEXT})[0]) == [("Herat", "GPE")]
    assert [entry.error is None for entry in backend.entries()] == [False, True]


def test_a_system_killed_in_mid_request_is_replaced(
    corpus: Corpus, serve: Callable[..., Backend], here: Path
) -> None:
    code = f"""
def extract(document):
    Path('pid').write_text(str(os.getpid()))
    time.sleep(1)
    {HERAT}
"""
    backend = serve(corpus, module(here, code))
    with ThreadPoolExecutor(1) as somebody:
        asked = somebody.submit(backend.predict, {"text": TEXT})
        wait_for(lambda: (here / "pid").exists() and (here / "pid").read_text())
        os.kill(int((here / "pid").read_text()), signal.SIGKILL)
        assert asked.result() == []
    assert words(backend.predict({"text": TEXT})[0]) == [("Herat", "GPE")]


def test_an_idle_system_that_is_killed_is_replaced(
    corpus: Corpus, serve: Callable[..., Backend], here: Path
) -> None:
    code = f"Path('pid').write_text(str(os.getpid()))\ndef extract(document):\n    {HERAT}\n"
    backend = serve(corpus, module(here, code))
    wait_for(lambda: (here / "pid").exists() and (here / "pid").read_text())
    backend.suggester.service.wait_open()
    os.kill(int((here / "pid").read_text()), signal.SIGKILL)
    wait_for(lambda: backend.predict({"text": TEXT}))  # the first may have been given to the dead one


def test_a_system_that_cannot_be_opened_is_told_and_tried_again_with_the_next_document(
    corpus: Corpus, serve: Callable[..., Backend], here: Path
) -> None:
    code = f"Path('there').read_text()\ndef extract(document):\n    {HERAT}\n"
    backend = serve(corpus, module(here, code))
    assert backend.predict({"text": TEXT}) == []
    assert any("No such file" in line for line in backend.log)
    (here / "there").touch()
    wait_for(lambda: backend.predict({"text": TEXT}))


@pytest.mark.slow
def test_of_a_thousand_requests_none_is_lost_or_doubled(
    corpus: Corpus, serve: Callable[..., Backend], here: Path
) -> None:
    code = """
import random
def extract(document):
    time.sleep(random.random() / 100)
    if random.random() < 0.01:
        os.kill(os.getpid(), 9)
    if random.random() < 0.02:
        raise ValueError
    at = document.text.index("N")
    return {"mentions": [{"type": "NUM", "spans": [[at, len(document.text)]]}]}
"""
    backend = serve(corpus, module(here, code, workers=2))
    texts = [f"Day N{number}" for number in range(1000)]
    order = random.Random(4).sample(texts * 2, 2000)

    def ask(text: str) -> None:
        for _ in range(8):
            if results := backend.predict({"text": text}):
                break
        assert words(results[0]) == [(text[4:], "NUM")]

    with ThreadPoolExecutor(16) as people:
        list(people.map(ask, order))
    good = [entry.key for entry in backend.entries() if entry.error is None]
    assert len(good) == len({*good}) == 1000


def wait_for(holds: Callable[[], Any], seconds: float = 15.0) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


# ---------------------------------------------------------------- whose text


def test_a_changed_text_has_suggestions_of_its_own_without_its_excluded_parts(
    corpus: Corpus, serve: Callable[..., Backend], here: Path
) -> None:
    code = """
def extract(document):
    at = document.text.index("Herat")
    return {"mentions": [{"type": "GPE", "spans": [[at, at + 5]]}]}
"""
    backend = serve(corpus, module(here, code))
    data = {**tasks.data(corpus.documents()[0]), "text": f"Later: {TEXT}"}
    data["excluded"] = [{"start": 0, "end": 5, "reason": "dateline"}, {"start": 7, "end": 999, "reason": "x"}]
    (result,) = backend.predict(data)
    assert words(result) == [("Herat", "GPE"), ("Later", "excluded")]


def test_the_documents_are_read_again_when_the_corpus_changes(
    corpus: Corpus, serve: Callable[..., Backend], here: Path
) -> None:
    code = """
def extract(document):
    return {"mentions": [{"type": "GPE", "spans": [[16, 21]]}] if document.meta.title else []}
"""
    backend = serve(corpus, module(here, code))
    data = tasks.data(corpus.documents()[0])
    assert words(backend.predict(data)[0]) == []
    first, *others = corpus.documents()
    titled = msgspec.structs.replace(first, meta=msgspec.structs.replace(first.meta, title="War"))
    write_documents(corpus, [titled, *others])
    assert words(backend.predict(data)[0]) == [("Herat", "GPE")]


def test_tasks_without_a_text_and_frames_have_no_suggestions_and_it_is_told(
    corpus: Corpus, serve: Callable[..., Backend]
) -> None:
    backend = serve(corpus, "lex=lexicon")
    frame = {"text": TEXT, "event": "e1", "layer": "gold@1"}
    assert backend.predict({"text": ""}, {"other": "x"}, frame) == []
    assert "2 no text, 1 a task of the layout frames" in backend.log[-1]
    assert backend.entries() == []


def test_where_there_is_nothing_to_mark_that_is_an_answer_which_is_kept(
    corpus: Corpus, serve: Callable[..., Backend]
) -> None:
    (result,) = serve(corpus, "lex=lexicon").predict({"text": "Lorem ipsum."})
    assert result["result"] == []


# ---------------------------------------------------------------- who may ask, and how much


@pytest.mark.parametrize("path", ["/health", "/versions", "/setup", "/predict", "/webhook"])
@pytest.mark.parametrize("sign", ["", "Basic Z29sZHdpcmU6eA==", "Bearer x", "Basic é"])
def test_without_the_password_nothing_is_answered(
    corpus: Corpus, serve: Callable[..., Backend], path: str, sign: str
) -> None:
    body = None if path in ("/health", "/versions") else {}
    assert serve(corpus, "lex=lexicon").call(path, body, sign=sign).status == 401


def test_webhooks_come_by_the_secret_path_alone_and_train_nothing(
    corpus: Corpus, serve: Callable[..., Backend]
) -> None:
    backend = serve(corpus, "lex=lexicon")
    hook = {"action": "START_TRAINING"}
    assert backend.call("/webhook/wrong", hook, sign="").status == 404
    assert backend.call(f"/webhook/{backend.signed.hook}", hook, sign="").status == 200
    assert not any("trained" in line for line in backend.log)
    assert backend.call("/webhook", hook).status == 200
    assert backend.log[-1] == "webhook: trained"


def test_a_body_beyond_the_limit_is_refused(corpus: Corpus, serve: Callable[..., Backend]) -> None:
    backend = serve(corpus, "lex=lexicon")
    asked = http.client.HTTPConnection("127.0.0.1", int(backend.url.rpartition(":")[2]))
    asked.putrequest("POST", "/predict")
    asked.putheader("Authorization", backend.signed.basic)
    asked.putheader("Content-Length", str((1 << 20) + 1))
    asked.endheaders()
    assert asked.getresponse().status == 413
    asked.close()
    assert "more than 1 MB" in backend.log[-1]


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"null", b'{"tasks": [{}], "label_config": ""}', b"\xff"])
def test_what_is_no_request_is_refused_and_the_next_one_answered(
    corpus: Corpus, serve: Callable[..., Backend], body: bytes
) -> None:
    backend = serve(corpus, "lex=lexicon")
    assert backend.call("/predict", body).status == 400
    assert backend.predict({"text": TEXT})


def test_the_password_is_made_once_for_its_owner_alone(corpus: Corpus) -> None:
    first, again = credentials.obtain(corpus), credentials.obtain(corpus)
    assert first == again
    assert len(first.password) >= 32
    assert credentials.path(corpus).stat().st_mode & 0o777 == 0o600
    assert first.password not in repr(first)
    credentials.path(corpus).chmod(0o644)
    with pytest.raises(ServerError, match="chmod 600"):
        credentials.obtain(corpus)


# ---------------------------------------------------------------- two at once, and the end


def test_a_second_backend_of_a_system_is_refused_and_so_is_a_run(
    corpus: Corpus, serve: Callable[..., Backend]
) -> None:
    backend = serve(corpus, "lex=lexicon")
    with (
        pytest.raises(ExtractorError, match="another process is running this system"),
        serving(corpus, "lex=lexicon"),
    ):
        pass
    assert backend.predict({"text": TEXT})
    other = serve(corpus, "other=lexicon")
    assert other.predict({"text": TEXT})


def test_a_taken_port_is_refused_where_it_was_named_and_passed_over_where_not() -> None:
    with running.listen("127.0.0.1", None) as first:
        port = first.getsockname()[1]
        with pytest.raises(ServerError, match="is taken"):
            running.listen("127.0.0.1", port)
        with running.listen("127.0.0.1", None) as second:
            assert second.getsockname()[1] != port


@pytest.mark.parametrize("library", ["uvicorn", "starlette"])
def test_a_missing_library_is_told_with_the_extra_that_brings_it(
    corpus: Corpus, said_by: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, library: str
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    said = said_by("annotate", "backend", corpus.path, "--system", "lexicon")
    assert said.code == 2
    assert "(extra `backend`)" in said.err


def test_listening_for_others_is_warned_of_and_an_address_of_another_machine_refused(
    corpus: Corpus, said_by: Callable[..., Any]
) -> None:
    said = said_by("annotate", "backend", corpus.path, "--system", "lexicon", "--host", "192.0.2.1")
    assert said.code == 2
    assert "others can reach it" in said.err
    assert "192.0.2.1, port 9090: cannot listen there" in said.err


def test_what_is_said_of_a_server_is_refused_where_it_registers_nowhere(
    corpus: Corpus, said_by: Callable[..., Any]
) -> None:
    said = said_by("annotate", "backend", corpus.path, "--system", "lexicon", "--project", "x")
    assert said.code == 2
    assert "--project" in said.err
    assert "--connect" in said.err


WITH_A_CHILD = """
import subprocess
child = subprocess.Popen(["sleep", "600"])
Path("pids").write_text(f"{os.getpid()} {child.pid}")
def extract(document):
    time.sleep(600 * document.text.endswith("long"))
    return {"mentions": [{"type": "GPE", "spans": [[16, 21]]}]}
"""


@contextmanager
def started(corpus: Corpus) -> Iterator[tuple["subprocess.Popen[str]", dict[str, Any]]]:
    """`goldwire annotate backend` as a process of its own, with the system of mine.py, and what it says."""
    line = ["annotate", "backend", str(corpus.path), "--system", "mine=python:mine:extract", "--json"]
    with subprocess.Popen(
        [sys.executable, "-m", "goldwire", *line], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        facts = json.loads(_rest(process.stdout))
        wait_for(lambda: Path("pids").exists() and Path("pids").read_text())
        yield process, facts
        process.kill()


@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_and_all_that_it_started(corpus: Corpus, here: Path, kind: signal.Signals) -> None:
    module(here, WITH_A_CHILD)
    with started(corpus) as (process, facts):
        threading.Thread(target=_ask, args=(facts, corpus, f"{TEXT} long"), daemon=True).start()
        time.sleep(0.5)
        process.send_signal(kind)
        _, said = process.communicate(timeout=15)
    assert process.returncode == 0, said
    assert said.splitlines()[-1] == "stopped"
    assert "Traceback" not in said
    assert [pid for pid in (here / "pids").read_text().split() if _lives(int(pid))] == []


def test_killed_it_leaves_no_process_and_what_was_done_is_there_when_it_is_started_again(
    corpus: Corpus, here: Path
) -> None:
    module(here, WITH_A_CHILD)
    with started(corpus) as (process, facts):
        done = _ask(facts, corpus, TEXT)
        threading.Thread(target=_ask, args=(facts, corpus, f"{TEXT} long"), daemon=True).start()
        time.sleep(0.5)
        process.kill()
        process.communicate(timeout=15)
    wait_for(lambda: not any(_lives(int(pid)) for pid in (here / "pids").read_text().split()))
    with started(corpus) as (process, facts):
        assert done is not None
        assert _ask(facts, corpus, TEXT) == done
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=15)
    assert "1 from the journal" in said


def _rest(lines: Any) -> str:
    """The lines of an object that was printed over several, up to its end."""
    found = ""
    for line in lines:
        found += line
        if line.startswith("}"):
            break
    return found


def _ask(facts: dict[str, Any], corpus: Corpus, text: str) -> Any:
    """The results for one text; None if the backend ends meanwhile."""
    signed = credentials.obtain(corpus)
    body = json.dumps({"tasks": [{"id": 1, "data": {"text": text}}], "label_config": CONFIG}).encode()
    request = urllib.request.Request(f"{facts['url']}/predict", body, {"Authorization": signed.basic})
    try:
        with urllib.request.urlopen(request, timeout=30) as reply:
            return json.loads(reply.read())["results"]
    except (OSError, http.client.HTTPException):
        return None


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


# ---------------------------------------------------------------- training


@pytest.fixture
def annotated(corpus: Corpus) -> Corpus:
    """Anna has finished d0 to d3, Ben d3 and d4; of d4 there is gold."""

    def line(id: str, type: str) -> Annotations:
        document = corpus.document(id)
        mention = Mention(id="m", type=type, spans=(Span(16, 21),))
        return Annotations(document=id, sha256=document.sha256, mentions=(mention,))

    corpus.write_layer("annotator/anna", [line(f"d{n}", "GPE") for n in range(4)])
    corpus.write_layer("annotator/ben", [line("d3", "LOC"), line("d4", "LOC")])
    corpus.write_layer("gold", [line("d4", "FAC")])
    return corpus


def test_it_learns_from_gold_and_then_from_whoever_has_finished_the_most(annotated: Corpus) -> None:
    found = {id: line.mentions[0].type for id, line in training.finished(annotated).items()}
    assert found == {"d0": "GPE", "d1": "GPE", "d2": "GPE", "d3": "GPE", "d4": "FAC"}


def trainer(backend: Backend, spec: str, pull: Callable[[], None] = lambda: None) -> training.Trainer:
    return training.Trainer(
        backend.corpus, backend.suggester, parse_system(spec), pull=pull, tell=backend.log.append
    )


def test_a_training_takes_over_and_what_is_asked_meanwhile_is_answered(
    annotated: Corpus, serve: Callable[..., Backend]
) -> None:
    backend = serve(annotated, "lex=lexicon")
    old = backend.suggester.service
    with trainer(backend, "learnt=sklearn") as trained:
        assert trained.start() == "training begins"
        versions = []
        while backend.suggester.service is old:
            versions.append(backend.predict({"text": TEXT})[0]["model_version"])
        assert {*versions[:-1]} == {old.version}  # the last may have been asked of the new one
        wait_for(lambda: backend.told("takes over"))
        new = backend.call("/setup", {}).body["model_version"]
        assert new.startswith("learnt@")
        assert backend.predict({"text": TEXT})[0]["model_version"] == new
        trained.start()
        wait_for(lambda: backend.told("nothing new to learn"))
        assert backend.suggester.service.version == new
    backend.suggester.service.close()


@pytest.mark.parametrize("why", ["pull", "nothing", "open"])
def test_a_training_that_fails_leaves_the_old_system_and_is_told(
    corpus: Corpus, serve: Callable[..., Backend], why: str
) -> None:
    def pull() -> None:
        if why == "pull":
            raise ServerError("no server")

    if why == "open":  # annotations without a unit: nothing can be learnt from them
        document = corpus.document("d0")
        corpus.write_layer("gold", [Annotations(document="d0", sha256=document.sha256)])
    backend = serve(corpus, "lex=lexicon")
    old = backend.suggester.service
    with trainer(backend, "learnt=sklearn", pull) as trained:
        trained.start()
        wait_for(
            lambda: any(line.startswith(f"training failed, {old.version} goes on") for line in backend.log)
        )
    assert backend.suggester.service is old
    assert backend.predict({"text": TEXT})


def test_a_second_training_follows_the_first(annotated: Corpus, serve: Callable[..., Backend]) -> None:
    backend = serve(annotated, "lex=lexicon")
    begun, go = threading.Event(), threading.Event()

    def pull() -> None:
        begun.set()
        assert go.wait(10)

    with trainer(backend, "learnt=sklearn", pull) as trained:
        trained.start()
        assert begun.wait(10)
        assert [trained.start(), trained.start()] == ["training goes on; another one follows"] * 2
        go.set()
        wait_for(lambda: backend.told("nothing new to learn"))
    assert sum(line.startswith("training: learnt on") for line in backend.log) == 2
    backend.suggester.service.close()


@pytest.mark.parametrize("spec", ["x=lexicon", "x=file:x.jsonl"])
def test_what_learns_nothing_is_no_system_to_train(spec: str) -> None:
    with pytest.raises(ExtractorError, match="it learns nothing; `sklearn` does"):
        training.check(parse_system(spec))


def test_pauses_between_requests_do_not_make_a_system_slow(
    corpus: Corpus, serve: Callable[..., Backend], here: Path
) -> None:
    backend = serve(corpus, module(here, f"def extract(document):\n    {HERAT}\n"))
    for number in range(3):
        backend.predict({"text": f"{TEXT} {number}"})
        time.sleep(1)
    assert backend.entries()[-1].at < 1.0


def test_an_answer_is_not_later_than_45_seconds_however_many_tasks_are_asked_for() -> None:
    assert predictions.IN_TIME + predictions.MORE <= 45  # Label Studio gives up after 100


def test_of_many_tasks_the_ready_ones_are_answered_beside_one_that_hangs(
    corpus: Corpus, serve: Callable[..., Backend], here: Path
) -> None:
    code = f"def extract(document):\n    time.sleep(9 * document.text.endswith(' 0'))\n    {HERAT}\n"
    backend = serve(corpus, module(here, code, workers=2), in_time=3.0)
    begun = time.monotonic()
    found = backend.predict(*({"text": f"{TEXT} {number}"} for number in range(120)))
    assert time.monotonic() - begun < 6
    assert found[0] == {}
    assert [words(item) for item in found[1:]] == [[("Herat", "GPE")]] * 119


def test_a_task_that_somebody_opens_goes_before_many_that_were_chosen(
    corpus: Corpus, serve: Callable[..., Backend], here: Path
) -> None:
    backend = serve(corpus, module(here, f"def extract(document):\n    time.sleep(0.1)\n    {HERAT}\n"))
    many = [{"text": f"{TEXT} {number}"} for number in range(50)]
    with ThreadPoolExecutor(1) as somebody:
        chosen = somebody.submit(backend.predict, *many)
        wait_for(lambda: len(backend.entries()) > 2)
        assert backend.predict({"text": f"{TEXT} another"})
        assert backend.predict(many[-1])  # which waits already
        assert len(backend.entries()) < 15
        assert len(chosen.result()) == 50
    assert len(backend.entries()) == 51
