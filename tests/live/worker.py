"""A push or a pull in a process of its own, to be killed.

`python worker.py push|pull CORPUS URL TITLE [by-id]` or `share CORPUS URL TITLE NAME …`, the token in
LABEL_STUDIO_API_KEY. Says `ready` when it begins and `done` when it is through. Small batches, so that there
are many moments to be killed at.
"""

import sys
from pathlib import Path

from goldwire.annotate.local import access
from goldwire.annotate.sync import api, group, mirror, orders, pull, push, reassign, remembered
from goldwire.annotate.sync.client import Client, RefusedError
from goldwire.corpora.store import Corpus, open_corpus


def do_push(client: Client, corpus: Corpus, title: str) -> None:
    ontology = corpus.ontology()
    assert ontology is not None
    order = orders.Order(title=title, group=title, prefill="system/x", documents=tuple(corpus.documents()))
    push.push(client, corpus, ontology, order, batch=4, quiet=2.0)


def do_share(client: Client, corpus: Corpus, title: str, names: list[str]) -> None:
    ontology = corpus.ontology()
    assert ontology is not None
    reassign.SLICE = 2
    found = group.find(client, corpus, title)
    settings = remembered.settle(found.settings, remembered.Given(assign=tuple(names), overlap=0.25))
    for order in reassign.orders(client, corpus, found, settings).orders:
        push.push(client, corpus, ontology, order, batch=4, quiet=2.0)


def do_pull(client: Client, corpus: Corpus, title: str, *, by_id: bool) -> None:
    if by_id:
        api.create_snapshot = refuse  # type: ignore[assignment]  # it raises whatever it is given
        api.ASKED = 4
    ontology = corpus.ontology()
    assert ontology is not None
    pull.pull(client, corpus, ontology, pull.Request(group=title, naming="address"))


def refuse(*_: object) -> None:
    raise RefusedError("no snapshots here", 404)


if __name__ == "__main__":
    action, path, url, title, *more = sys.argv[1:]
    mirror._LOST = 3.0
    client = Client(*access.find(url, data_dir=Path(path)))
    corpus = open_corpus(Path(path))
    print("ready", flush=True)
    if action == "push":
        do_push(client, corpus, title)
    elif action == "share":
        do_share(client, corpus, title, more)
    else:
        do_pull(client, corpus, title, by_id="by-id" in more)
    print("done", flush=True)
