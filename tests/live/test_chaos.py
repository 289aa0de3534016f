"""Through a proxy that loses, cuts, refuses and delays, everything still arrives, and once.

GOLDWIRE_CHAOS is the least number of requests; the proxy and what it does are in `proxy.py`.
"""

import contextlib
import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from goldwire.annotate.local import server
from goldwire.annotate.local.server import Server
from goldwire.annotate.sync import api, filters, mirror, orders, pull, push
from goldwire.annotate.sync.client import Client
from goldwire.annotate.sync.orders import Order
from goldwire.annotate.sync.prefill import Local
from goldwire.annotate.sync.push import Pushed
from goldwire.corpora.errors import ServerError
from goldwire.corpora.ontology import Ontology
from goldwire.corpora.store import Corpus
from goldwire.corpora.types import Annotations

pytestmark = [pytest.mark.live, pytest.mark.slow]

REQUESTS = int(os.environ.get("GOLDWIRE_CHAOS", "60"))
SEED = int(os.environ.get("GOLDWIRE_SEED", "1"))
TRIES = 20  # of one push or pull, which gives up when too much goes wrong in a row


class Proxy:
    """The proxy's address and its counts."""

    def __init__(self, url: str) -> None:
        self.url = url

    def counts(self) -> dict[str, int]:
        with urllib.request.urlopen(f"{self.url}/proxy/counts", timeout=10) as answer:
            return dict(json.load(answer))

    def total(self) -> int:
        return sum(self.counts().values())


@pytest.fixture
def proxy(labelstudio: Server) -> Iterator[Proxy]:
    program = Path(__file__).with_name("proxy.py")
    options = ["--seed", str(SEED), "--rate", "0.3", "--hold", "4"]
    with subprocess.Popen(
        [sys.executable, str(program), labelstudio.url, *options], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        yield Proxy(f"http://127.0.0.1:{process.stdout.readline().strip()}")
        process.kill()


@pytest.fixture
def shaky(proxy: Proxy, labelstudio: Server) -> Iterator[Client]:
    """A client behind the proxy that loses patience before the proxy stops holding."""
    connection = Client(proxy.url, server.token(labelstudio.data_dir), timeout=2.5, patience=15)
    yield connection
    connection.close()


def until_done(work: Callable[[], Any]) -> Any:
    """What somebody does whose command failed: run it again."""
    for _ in range(TRIES):
        with contextlib.suppress(ServerError):
            return work()
    pytest.fail(f"not through after {TRIES} attempts")


def there(client: Client, project: int) -> list[tuple[str, list[Any]]]:
    """Our ids and the results of all predictions of every task, asked for without the proxy."""
    params = {"project": project, "fields": "all", "page_size": 1000}
    tasks = client.read_as(dict[str, Any], "api/tasks/", params)["tasks"]
    return sorted(
        (task["data"]["goldwire_id"], [item["result"] for item in task["predictions"]]) for task in tasks
    )


def wanted(local: list[Local]) -> list[tuple[str, list[Any]]]:
    return sorted((task.key, [task.result]) for task in local)


def shortened(layer: dict[str, Annotations]) -> list[Annotations]:
    """The layer with every second document without its events."""
    return [
        msgspec.structs.replace(line, events=()) if number % 2 else line
        for number, line in enumerate(layer.values())
    ]


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Snapshots whose request broke off are believed lost sooner."""
    monkeypatch.setattr(mirror, "_LOST", 2.0)


def test_each_document_and_each_prediction_is_there_once(
    client: Client, proxy: Proxy, shaky: Client, tmp_path: Path, make_corpus: Callable[..., Corpus]
) -> None:
    rounds = 0
    while proxy.total() < REQUESTS:
        rounds += 1
        corpus = make_corpus(tmp_path / f"chaos {SEED}-{rounds}", 24)
        ontology = corpus.ontology()
        assert ontology is not None
        order = Order(
            title=f"{tmp_path.name} {rounds}",
            group=f"{tmp_path.name} {rounds}",
            prefill="system/x",
            documents=tuple(corpus.documents()),
        )
        _round(client, shaky, corpus, ontology, order)
    print(rounds, "rounds,", proxy.total(), "requests:", proxy.counts())
    assert len(api.projects(client, f"{tmp_path.name} 1")) == 1


def _round(client: Client, shaky: Client, corpus: Corpus, ontology: Ontology, order: Order) -> None:
    """Push, push a changed layer, annotate, pull."""

    def do_push() -> Pushed:
        return push.push(shaky, corpus, ontology, order, batch=3, quiet=1.0)

    project = until_done(do_push).project.id
    assert there(client, project) == wanted(orders.encode(corpus, ontology, order)[0])

    corpus.write_layer("system/x", shortened(corpus.layer("system/x")))
    until_done(do_push)
    local = orders.encode(corpus, ontology, order)[0]
    assert there(client, project) == wanted(local)
    assert until_done(do_push).plan.is_empty

    ids = [task.id for task in api.tasks(client, project, filters.everything())]
    for task in api.whole_tasks(client, project, ids[:4]):
        body = {"result": task.predictions[0]["result"], "lead_time": 1.0}
        client.write("POST", f"api/tasks/{task.id}/annotations/", body)
    request = pull.Request(group=order.group, names={"1": "owner"})
    pulled = until_done(lambda: pull.pull(shaky, corpus, ontology, request))
    assert pulled.layers == {"annotator/owner": 4}
    base = corpus.layer("system/x")
    for id, line in corpus.layer("annotator/owner").items():
        assert (line.mentions, line.events) == (base[id].mentions, base[id].events)
