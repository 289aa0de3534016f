"""`--on dask://…` on packed corpora: workers read them by themselves, and give what one machine gives."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from goldwire.corpora.errors import ClusterError
from goldwire.corpora.packed.address import parse
from goldwire.corpora.packed.pack import pack
from goldwire.corpora.packed.unpack import unpack
from goldwire.corpora.store import Corpus, open_corpus
from goldwire.eval.cluster.engine import connected
from goldwire.eval.cluster.score import OnCluster
from goldwire.eval.cluster.shared import share_packed
from goldwire.eval.scoring.files import encode_record
from goldwire.eval.scoring.score import score_corpus
from goldwire.testing import builders

pytest.importorskip("distributed")
FIND = """
import json, sys
for line in sys.stdin:
    document = json.loads(line)
    at = document["text"].find("Balkh")
    mentions = [{"type": "GPE", "start": at, "end": at + 5}]
    print(json.dumps({"document": document["document"], "mentions": mentions}), flush=True)
"""


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    documents = [
        builders.document(
            f"Rebels shelled Balkh, report {n}.", f"d{n:02}", group=f"d{n - n % 7:02}" if n % 7 < 2 else None
        )
        for n in range(60)
    ]
    gold = [builders.annotate(one, ("Balkh", "GPE")) for one in documents]
    wrong = [builders.annotate(one, ("Rebels", "GPE")) for one in documents[::3]]
    return builders.corpus(tmp_path / "work", documents, {"gold": gold, "system/a": wrong})


@pytest.fixture
def hosts(
    hosts_module: ModuleType, tmp_path: Path, s3: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Any]:
    """Two workers on two machines: each has a cache of its own, and the credentials of S3."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    with hosts_module.Hosts(tmp_path, workers=0) as found:
        for number in range(2):
            found.add_worker(XDG_CACHE_HOME=str(tmp_path / f"machine-{number}"))
        found.wait(2)
        yield found


@pytest.mark.slow
def test_workers_read_a_packed_corpus_by_themselves(
    hosts: Any, corpus: Corpus, s3: str, tmp_path: Path, said_by: Callable[..., Any]
) -> None:
    find = tmp_path / "find.py"
    find.write_text(FIND)
    pack(corpus, parse(s3), parts=3, tell=lambda _: None)
    there = open_corpus(Path(s3))
    with connected(hosts.on) as cluster:
        count = OnCluster(cluster)
        on = score_corpus(there, "gold", ["a"], ["entity"], count=count)
        assert count.scored == 3
    here = score_corpus(corpus, "gold", ["a"], ["entity"])
    assert encode_record(on) == encode_record(here)

    words = ("--system", f"mine=cmd:{sys.executable} {find}")
    said = said_by("eval", "run", s3, *words, "--on", hosts.on)
    assert said.code == 0, said.out + said.err
    assert said_by("eval", "run", corpus.path, *words).code == 0
    unpack(parse(s3), tmp_path / "back", tell=lambda _: None)
    name = "layers/system/mine.jsonl"
    assert (tmp_path / "back" / name).read_bytes() == (corpus.path / name).read_bytes()
    facts = [
        {k: v for k, v in json.loads(path.read_bytes()).items() if k not in ("created", "speed")}
        for path in (tmp_path / "back/runs/mine/facts.json", corpus.path / "runs/mine/facts.json")
    ]
    assert facts[0] == facts[1]
    for number in range(2):  # each part of the documents came to each machine once at most
        kept = [*(tmp_path / f"machine-{number}/goldwire/packed/objects").glob("*.parquet")]
        assert 1 <= len([path for path in kept if not path.name.startswith(".")]) <= 9
    again = said_by("eval", "run", s3, *words, "--on", hosts.on)
    assert (again.code, "nothing was run" in again.out) == (0, True)
    score = ("eval", "score", s3, "--measure", "entity", "--record", "r.json")
    assert said_by(*score, "--on", hosts.on).code == 0
    paid = said_by("eval", "run", s3, "--system", "m=llm:x@http://127.0.0.1:9/v1", "--on", hosts.on)
    assert (paid.code, "no folder in common" in paid.err) == (2, True)


@pytest.mark.slow
def test_a_worker_that_cannot_read_the_store_is_named_and_nothing_is_sent(
    hosts: Any, corpus: Corpus, s3: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pack(corpus, parse(s3), parts=3, tell=lambda _: None)
    known = set(hosts.known())
    with monkeypatch.context() as without:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            without.delenv(name)
        hosts.add_worker(AWS_METADATA_ENDPOINT="http://127.0.0.1:9", XDG_CACHE_HOME=str(tmp_path / "x"))
    hosts.wait(3)
    [third] = set(hosts.known()) - known
    with connected(hosts.on) as cluster, pytest.raises(ClusterError) as caught:
        share_packed(cluster, open_corpus(Path(s3)), ["documents"])
    assert f"worker {third} cannot read the packed corpus ({s3}" in str(caught.value)
    secret = os.environ["AWS_SECRET_ACCESS_KEY"]
    assert secret not in str(caught.value)
    assert all(secret not in path.read_text(errors="replace") for path in tmp_path.glob("*.log"))


@pytest.mark.slow
def test_a_worker_that_sees_another_corpus_is_named(hosts: Any, corpus: Corpus, tmp_path: Path) -> None:
    pack(corpus, parse(tmp_path / "packed"), parts=3, tell=lambda _: None)
    mine = open_corpus(tmp_path / "packed")
    other = builders.corpus(tmp_path / "other", [builders.document("Other.", "o")])
    shutil.rmtree(tmp_path / "packed")
    with connected(hosts.on) as cluster:
        with pytest.raises(ClusterError, match=r"worker .* cannot read the packed corpus"):
            share_packed(cluster, mine, ["documents"])
        pack(other, parse(tmp_path / "packed"), parts=3, tell=lambda _: None)
        with pytest.raises(ClusterError, match=r"worker .* sees another corpus .*documents"):
            share_packed(cluster, mine, ["documents"])
