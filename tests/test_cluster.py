"""`--on dask://…`: what workers compute is what one machine computes, and what goes wrong is told."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from functools import partial
from pathlib import Path

import msgspec
import pytest

from goldwire.corpora.errors import ClusterError, CorpusError, DataError, Fault
from goldwire.corpora.parts import place
from goldwire.corpora.store import Manifest, create_corpus, make_document
from goldwire.corpora.types import Annotations, Mention, Span
from goldwire.eval.cluster import answers, engine, files
from goldwire.eval.cluster.address import parse
from goldwire.eval.cluster.engine import Call, connected
from goldwire.eval.cluster.score import OnCluster
from goldwire.eval.counting import chunks
from goldwire.eval.scoring.files import encode_record
from goldwire.eval.scoring.score import Options, score_corpus
from goldwire.eval.systems.pool import DEPTH

pytest.importorskip("distributed")
WORDS = "Rebels took Kunduz and Herat on Monday ."


@pytest.fixture(scope="module")
def hosts(hosts_module, tmp_path_factory):
    """A scheduler with two workers, in processes of their own."""
    with hosts_module.Hosts(tmp_path_factory.mktemp("hosts")) as found:
        yield found


@pytest.fixture(scope="module")
def news(tmp_path_factory):
    """300 documents, near-duplicates among them, with gold and two systems."""
    documents = [
        make_document(f"d{i:03}", f"{WORDS} {i}", group=f"d{i - 1:03}" if i % 7 == 1 else None)
        for i in range(300)
    ]

    def layer(wrong):
        return [
            Annotations(document=one.id, sha256=one.sha256, mentions=tuple(_mentions(number, wrong)))
            for number, one in enumerate(documents)
        ]

    return create_corpus(
        tmp_path_factory.mktemp("news") / "news",
        Manifest(name="news"),
        documents,
        layers={"gold": layer(0), "system/a": layer(5), "system/b": layer(3)},
    )


def _mentions(number, wrong):
    for k, (start, end) in enumerate([(0, 6), (12, 18), (23, 28)]):
        if not wrong or (number + k) % wrong:
            type = "PER" if wrong and (number * k) % 11 == 1 else ("MIL", "GPE", "GPE")[k]
            yield Mention(id=str(k), type=type, spans=(Span(start, end),))


@pytest.fixture
def in_blocks(monkeypatch):
    """Blocks so small that there are dozens of them."""
    monkeypatch.setattr(chunks, "SIZE", 2000)


def score_on(hosts, corpus, **options):
    with connected(hosts.on) as cluster:
        count = OnCluster(cluster)
        made = score_corpus(
            corpus, "gold", ["a", "b"], ["entity", "untyped"], options=Options(**options), count=count
        )
        return made, count.scored


# ---------------------------------------------------------------- the same record
@pytest.mark.parametrize("options", [{}, {"stream": True}, {"classes": True, "intervals": "bca"}], ids=str)
def test_the_record_is_that_of_one_machine_byte_for_byte(hosts, news, in_blocks, options):
    here = score_corpus(news, "gold", ["a", "b"], ["entity", "untyped"], options=Options(**options))
    there, blocks = score_on(hosts, news, **options)
    assert blocks > 20
    assert encode_record(there) == encode_record(here)


def test_the_command_keeps_the_same_record_and_says_nothing_else(hosts, news, program):
    for name, where in (("here", []), ("there", ["--on", hosts.on])):
        found = program("eval", "score", news.path, "--measure", "entity", "--name", name, *where)
        assert (found.code, "Traceback" in found.err) == (0, False), found.err
    here, there = (
        json.loads((news.path / "records" / f"{name}.json").read_text()) for name in ("here", "there")
    )
    assert {**here, "created": ""} == {**there, "created": ""}


def test_a_corpus_that_cannot_be_cut_is_scored_on_this_machine_which_is_said(hosts, news, tmp_path, program):
    documents = news.documents()
    layers = {name: [*news.layer(name).values()] for name in ("gold", "system/a")}
    corpus = create_corpus(tmp_path / "turned", news.manifest, documents[::-1], layers=layers)
    found = program("eval", "score", corpus.path, "--measure", "entity", "--on", hosts.on)
    assert found.code == 0
    assert "scored on this machine: documents or lines are not in order of id" in found.err


def test_faults_of_the_data_are_told_as_on_one_machine(hosts, news, tmp_path, in_blocks):
    corpus = create_corpus(
        tmp_path / "faulty",
        news.manifest,
        news.documents(),
        layers={name: [*news.layer(name).values()] for name in ("gold", "system/a", "system/b")},
    )
    path = corpus.layer_path("system/a")
    lines = path.read_text().splitlines()
    path.write_text(
        "\n".join([*lines[:100], lines[100].replace('"document":"d100"', '"document":"d100x"'), *lines[101:]])
        + "\n"
    )
    with pytest.raises(DataError) as here:
        score_corpus(corpus, "gold", ["a", "b"], ["entity"])
    with pytest.raises(DataError) as there:
        score_on(hosts, corpus)
    assert str(there.value) == str(here.value)
    assert "d100x" in str(there.value)


# ---------------------------------------------------------------- who is there
@pytest.mark.parametrize(
    "text",
    [
        "dask://",
        "host:8786",
        "tcp://host",
        "dask://me:secret@host",
        "dask://host/x",
        "dask://host:99999",
        "http://h",
    ],
)
def test_an_address_that_is_none_is_told_without_repeating_it(text):
    with pytest.raises(ClusterError, match="dask://HOST:PORT") as told:
        parse(text)
    assert "secret" not in str(told.value)


def test_where_nothing_listens_it_is_said_with_the_commands_that_start_a_cluster(hosts_module):
    with (
        pytest.raises(
            ClusterError, match=r"nothing listens there .*refused.* `dask scheduler .* `dask worker"
        ),
        connected(f"dask://127.0.0.1:{hosts_module.free_port()}"),
    ):
        pass


def test_what_is_no_scheduler_is_told_within_seconds(serving):
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer():
            while True:
                try:
                    one, _ = server.accept()
                    one.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                    one.close()
                except OSError:
                    return

        threading.Thread(target=answer, daemon=True).start()
        begun = time.monotonic()
        with (
            pytest.raises(ClusterError, match="is no scheduler of Dask"),
            connected(f"dask://127.0.0.1:{server.getsockname()[1]}"),
        ):
            pass
        assert time.monotonic() - begun < 20


def test_a_scheduler_without_workers_is_told_with_the_command_for_one(hosts_module, tmp_path, monkeypatch):
    monkeypatch.setattr(engine, "FIRST_WORKER", 0.2)
    with (
        hosts_module.Hosts(tmp_path, workers=0) as alone,
        pytest.raises(ClusterError, match=r"the scheduler has no worker; start some, .*`dask worker tcp://"),
        connected(alone.on),
    ):
        pass


def test_other_versions_are_told_before_anything_is_sent(hosts_module, tmp_path):
    preload = tmp_path / "older.py"
    preload.write_text(
        "import numpy\nfrom goldwire.eval.cluster import versions\nversions.here()['numpy'] = '0.9'\n"
    )
    with hosts_module.Hosts(tmp_path, workers=0) as some:
        some.add_worker("--preload", str(preload))
        some.wait(1)
        with (
            pytest.raises(ClusterError, match=r"worker tcp://\S+ has other versions: numpy 0\.9, here \d"),
            connected(some.on),
        ):
            pass


def test_a_worker_of_another_version_that_joins_later_computes_nothing(hosts_module, tmp_path):
    preload = tmp_path / "older.py"
    preload.write_text("import goldwire\ngoldwire.__version__ = '0.0.1'\n")
    with hosts_module.Hosts(tmp_path, workers=1) as some, connected(some.on) as cluster:
        first = some.known()
        some.add_worker("--preload", str(preload))
        some.wait(2)
        [late] = {*some.known()} - {*first}
        calls = [Call(f"part {i}", b"") for i in range(30)]
        with pytest.raises(ClusterError, match=rf"worker {late} has other versions: goldwire 0\.0\.1 \(code"):
            [*cluster.results(_slow, b"", calls)]


def _slow(common, own):
    time.sleep(0.2)
    return own


# ---------------------------------------------------------------- what workers see
def test_files_are_the_same_by_size_and_time_and_copies_by_their_content(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text("one\n")
    seen = files.look([path])
    assert not files.need_hashes(seen)
    os.utime(path, (1, 1))
    assert files.need_hashes(seen)
    known = files.look([path], whole=True)
    os.utime(path, (2, 2))
    files.check(known)
    path.write_text("two\n")
    with pytest.raises(ClusterError, match="has another content there"):
        files.check(known)
    path.write_text("three\n")
    with pytest.raises(ClusterError, match=r"another content there \(6 bytes; 4 on this machine\)"):
        files.need_hashes(seen)
    path.unlink()
    with pytest.raises(ClusterError, match=r"does not see .*a\.jsonl .*share .*or pack it"):
        files.check(known)


def test_workers_that_do_not_see_the_corpus_are_named(hosts, news, monkeypatch):
    there = files.look([news.path / "documents.jsonl"])[0]
    moved = msgspec.structs.replace(there, path=there.path.replace("news", "olds"))
    monkeypatch.setattr(files, "look", lambda paths, whole=False: (moved,))
    with pytest.raises(
        ClusterError, match=r"worker tcp://127\.0\.0\.1:\d+ does not see .*put the corpus on a folder"
    ):
        score_on(hosts, news)


def test_a_layer_that_is_written_meanwhile_stops_the_command(hosts, news, tmp_path, in_blocks):
    corpus = create_corpus(
        tmp_path / "busy",
        news.manifest,
        news.documents(),
        layers={name: [*news.layer(name).values()] for name in ("gold", "system/a", "system/b")},
    )

    def count(places, plan):
        for number, block in enumerate(OnCluster(cluster)(places, plan)):
            if number == 3:
                corpus.write_layer("system/b", corpus.layer("system/a").values())
            yield block

    with (
        connected(hosts.on) as cluster,
        pytest.raises(ClusterError, match=r"system/b\.jsonl (was changed since|has another content)"),
    ):
        score_corpus(corpus, "gold", ["a", "b"], ["entity"], count=count)


# ---------------------------------------------------------------- what goes wrong on the way
@pytest.mark.parametrize(
    "error",
    [CorpusError("no such layer"), DataError("2 faults", [Fault("a:1", "$.x", "is not y")])],
    ids=["corpus", "data"],
)
def test_errors_of_ours_come_back_as_they_were(error):
    data = answers.encode(answers.Answer(failure=answers.fail(error, "tcp://a:1")))
    with pytest.raises(type(error)) as back:
        answers.open_answer(data)
    assert str(back.value) == str(error)
    assert getattr(back.value, "faults", ()) == getattr(error, "faults", ())


def test_other_errors_are_a_fault_with_the_worker_and_without_keys(monkeypatch):
    monkeypatch.setenv("MY_API_KEY", "sk-0123456789abcdef")
    error = ZeroDivisionError("by sk-0123456789abcdef")
    data = answers.encode(answers.Answer(failure=answers.fail(error, "tcp://a:1")))
    with pytest.raises(
        answers.WorkerError, match=r"(?s)ZeroDivisionError: by \*\*\* \(worker tcp://a:1\)"
    ) as back:
        answers.open_answer(data)
    assert "0123456789" not in str(back.value)


def _deadly(common, own):
    if own == b"deadly":
        time.sleep(0.2)
        os._exit(1)
    time.sleep(0.05)
    return own


def test_a_part_that_ends_every_worker_is_told_by_number(hosts_module, tmp_path):
    calls = [Call(f"part {i}/20", b"deadly" if i == 7 else str(i).encode()) for i in range(1, 21)]
    with (
        hosts_module.Hosts(tmp_path, failures=0) as frail,
        connected(frail.on) as cluster,
        pytest.raises(ClusterError, match=r"part 7/20: each worker that worked on it ended"),
    ):
        [*cluster.results(_deadly, b"", calls)]


def test_a_lost_worker_costs_its_part_and_nothing_else(hosts_module, tmp_path):
    calls = [Call(f"part {i}", str(i).encode()) for i in range(40)]
    with hosts_module.Hosts(tmp_path, failures=10) as some, connected(some.on) as cluster:
        found = []
        for number, (call, result) in enumerate(cluster.results(_slow, b"", calls, in_order=True)):
            found.append((call.name, result))
            if number in (3, 9, 15):
                assert hosts_module.kill_worker(some.workers[number % 2])
    assert found == [(call.name, call.own) for call in calls]


def test_a_lost_scheduler_ends_the_command_with_what_to_do(hosts_module, tmp_path):
    calls = [Call(f"part {i}", str(i).encode()) for i in range(40)]
    with hosts_module.Hosts(tmp_path) as some, connected(some.on) as cluster:
        found = cluster.results(_slow, b"", calls)
        next(found)
        hosts_module.end(some.scheduler)
        with pytest.raises(ClusterError, match=r"the scheduler was lost; .*give the same command again"):
            next(found)


def test_what_no_worker_has_is_told_with_the_command_that_gives_it(hosts_module, tmp_path):
    with hosts_module.Hosts(tmp_path, workers=1) as some:
        with (
            connected(some.on) as cluster,
            pytest.raises(ClusterError, match=r'no worker has GPU=1; .*--resources "GPU=1"'),
        ):
            cluster.check_resources({"GPU": 1})
        some.add_worker("--resources", "GPU=1")
        some.wait(2)
        with connected(some.on) as cluster:
            cluster.check_resources({"GPU": 1})
            calls = [Call(f"part {i}", b"") for i in range(6)]
            found = {where for _, where in cluster.results(_where, b"", calls, resources={"GPU": 1})}
        assert len(found) == 1


def test_that_no_worker_is_there_for_a_moment_is_no_lack_of_what_is_not_needed():
    class Alone:
        def scheduler_info(self):
            return {"workers": {}}

    cluster = engine.Cluster(Alone(), "tcp://127.0.0.1:1")
    cluster.check_resources({})
    with pytest.raises(ClusterError, match="no worker has GPU=1"):
        cluster.check_resources({"GPU": 1})


def _where(common, own):
    from distributed import get_worker

    return get_worker().address.encode()


# ---------------------------------------------------------------- systems
@pytest.fixture
def system(tmp_path):
    """A program that takes its time, and finds the capitals."""
    program = tmp_path / "find.py"
    program.write_text(PROGRAM)
    return [f"cmd:{sys.executable} {program}"]


PROGRAM = """
import json, re, sys, time
open(__file__ + ".starts", "a").write("x")
for line in sys.stdin:
    document = json.loads(line)
    time.sleep(0.01)
    found = [m.span() for m in re.finditer(r"[A-Z]\\w+", document["text"])]
    mentions = [{"type": "X", "start": start, "end": end} for start, end in found]
    print(json.dumps({"document": document["document"], "mentions": mentions}), flush=True)
"""


def copy_of(news, place):
    return create_corpus(place, news.manifest, news.documents())


def layers_of(corpus):
    return {
        name: corpus.layer_path(f"system/{name}").read_bytes()
        for name in ("mine",)
        if "system/mine" in corpus.layers()
    }


def test_a_run_gives_the_layer_of_one_machine_byte_for_byte(hosts, news, tmp_path, system, program):
    here, there = copy_of(news, tmp_path / "here"), copy_of(news, tmp_path / "there")
    for corpus, on in ((here, []), (there, ["--on", hosts.on])):
        found = program("eval", "run", corpus.path, "--system", f"mine={system[0]}", "--json", *on)
        assert found.code == 0, found.err
    assert layers_of(there) == layers_of(here) != {}
    starts = (tmp_path / "find.py.starts").read_text()
    assert len(starts) <= 3, "on one machine once, and once on each of two workers, for 16 parts"
    assert not (there.path / "runs" / "mine" / "parts").exists()


def test_a_run_goes_on_after_the_scheduler_was_lost(hosts_module, news, tmp_path, system, program):
    here, there = copy_of(news, tmp_path / "here"), copy_of(news, tmp_path / "there")
    assert program("eval", "run", here.path, "--system", f"mine={system[0]}").code == 0
    parts = there.path / "runs" / "mine" / "parts"
    with hosts_module.Hosts(tmp_path) as some:

        def lose():
            hosts_module.until(lambda: len([*parts.glob("run-*")]) >= 3, 60)
            hosts_module.end(some.scheduler)

        threading.Thread(target=lose, daemon=True).start()
        found = program("eval", "run", there.path, "--system", f"mine={system[0]}", "--on", some.on)
        assert found.code == 2
        assert "the scheduler was lost" in found.err
        assert layers_of(there) == {}
        done = {path.name: path.stat().st_mtime_ns for path in parts.glob("run-*")}
    with hosts_module.Hosts(tmp_path) as others:
        found = program("eval", "run", there.path, "--system", f"mine={system[0]}", "--on", others.on)
        assert found.code == 0, found.err
    assert len(done) >= 3
    assert layers_of(there) == layers_of(here)


def test_keys_in_what_would_be_sent_are_refused(hosts, news, tmp_path, program):
    corpus = copy_of(news, tmp_path / "there")
    found = program(
        "eval", "run", corpus.path, "--system", "mine=https://me:secret-word@host.example/x", "--on", hosts.on
    )
    assert found.code == 2
    assert "has a password, key or token in its address" in found.err
    assert "secret-word" not in found.err + found.out


# ---------------------------------------------------------------- killed in mid part
KILLS = 3
NOTING = """
import os, time
from goldwire.eval.cluster import score
from goldwire.eval.counting.chunks import read_block as read
def noting(place, *how):
    block = read(place, *how)
    with open({log!r}, "a") as log:
        log.write(f"{{os.getpid()}} {{place.documents.start}}\\n")
    time.sleep(0.4)
    return block
score.read_block = noting
"""
PART_PROGRAM = """
import json, os, sys, time
for line in sys.stdin:
    document = json.loads(line)
    with open(__file__ + ".log", "a") as log:
        log.write(f"{os.getpid()} {document['document']}\\n")
    time.sleep(0.04)
    mentions = [{"type": "X", "start": 0, "end": 6}]
    print(json.dumps({"document": document["document"], "mentions": mentions}), flush=True)
"""


def begun(log):
    """What is in a log: which process began what, in that order."""
    lines = log.read_text().split("\n")[:-1] if log.exists() else []
    return [tuple(line.split()) for line in lines]


@pytest.fixture
def noted(hosts_module, tmp_path):
    """Two workers that note which block each of them is in, and stay there for a while; and their log."""
    preload, log = tmp_path / "noting.py", tmp_path / "blocks.log"
    preload.write_text(NOTING.format(log=str(log)))
    with hosts_module.Hosts(tmp_path, workers=0, failures=10) as some:
        for _ in range(2):
            some.add_worker("--preload", str(preload))
        some.wait(2)
        yield some, log


def kill_within_blocks(hosts_module, log):
    """Kill workers, each as soon as it has begun a block that nobody had begun."""
    for _ in range(KILLS):
        known = {block for _, block in begun(log)}
        os.kill(int(hosts_module.until(partial(next_new, log, known), 60)), signal.SIGKILL)


def next_new(log, known):
    return next((pid for pid, block in begun(log) if block not in known), None)


@pytest.mark.slow
def test_a_score_whose_workers_are_killed_within_blocks_is_that_of_one_machine(
    hosts_module, noted, news, in_blocks
):
    here = score_corpus(news, "gold", ["a", "b"], ["entity", "untyped"], options=Options())
    some, log = noted
    killer = threading.Thread(target=kill_within_blocks, args=[hosts_module, log], daemon=True)
    killer.start()
    there, blocks = score_on(some, news)
    killer.join(1)
    assert not killer.is_alive()
    assert encode_record(there) == encode_record(here)
    twice = [block for block, times in Counter(block for _, block in begun(log)).items() if times > 1]
    assert blocks > 20
    assert len(twice) >= KILLS, "each kill hit a block, which was begun anew"


@pytest.mark.slow
def test_a_score_begins_anew_after_the_scheduler_was_lost_within_a_block(
    hosts_module, noted, hosts, news, in_blocks
):
    here = score_corpus(news, "gold", ["a", "b"], ["entity", "untyped"], options=Options())
    some, log = noted

    def lose():
        hosts_module.until(lambda: len(begun(log)) > 3, 60)
        hosts_module.end(some.scheduler)

    threading.Thread(target=lose, daemon=True).start()
    with pytest.raises(ClusterError, match="the scheduler was lost"):
        score_on(some, news)
    there, _ = score_on(hosts, news)
    assert encode_record(there) == encode_record(here)


def worker_above(pid):
    """The worker that a process of a system belongs to: the nearest above that a nanny has started."""
    while b"spawn_main" not in Path(f"/proc/{pid}/cmdline").read_bytes():
        pid = int(re.search(r"PPid:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())[1])
    return int(pid)


def kill_within_parts(hosts_module, log, part_of):
    """Kill workers, each in the midst of a part that nobody was killed in."""
    hit = set()
    for _ in range(KILLS):
        pid, part = hosts_module.until(partial(within, log, part_of, hit), 60)
        os.kill(worker_above(pid), signal.SIGKILL)
        hit.add(part)


def within(log, part_of, hit):
    """The process that began a document last, and its part, if it is in the midst of that."""
    lines = begun(log)
    if not lines:
        return None
    pid, document = lines[-1]
    part = part_of[document]
    done = sum(part_of[one] == part for _, one in lines)
    left = sum(one == part for one in part_of.values()) - done
    return (pid, part) if part not in hit and done > 3 and left > 5 else None


@pytest.mark.slow
def test_a_run_whose_workers_are_killed_within_parts_is_that_of_one_machine(
    hosts_module, news, tmp_path, program
):
    here, there = copy_of(news, tmp_path / "here"), copy_of(news, tmp_path / "there")
    (tmp_path / "find.py").write_text(PART_PROGRAM)
    command = ["--system", f"mine=cmd:{sys.executable} {tmp_path / 'find.py'}"]
    assert program("eval", "run", here.path, *command).code == 0
    log = tmp_path / "find.py.log"
    log.unlink()
    part_of = {one.id: place(one.group or one.id, 16) for one in news.documents()}
    with hosts_module.Hosts(tmp_path, failures=10) as some:
        killer = threading.Thread(target=kill_within_parts, args=[hosts_module, log, part_of], daemon=True)
        killer.start()
        found = program("eval", "run", there.path, *command, "--on", some.on)
        killer.join(1)
    assert found.code == 0, found.err
    assert not killer.is_alive()
    assert layers_of(there) == layers_of(here) != {}
    processes = {part: {pid for pid, one in begun(log) if part_of[one] == part} for part in part_of.values()}
    assert sum(len(found) == 2 for found in processes.values()) == KILLS, "begun by one, ended by another"
    twice = len(begun(log)) - len(part_of)
    assert twice <= KILLS * DEPTH, "what a part has in its journal is not asked again"


@pytest.mark.slow
def test_runs_and_scores_are_those_of_one_machine_whoever_is_killed_meanwhile():
    campaign = Path(__file__).parent / "chaos" / "cluster.py"
    command = [sys.executable, campaign, "--workers", "4", "--schedulers", "1", "--seconds", "1"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    told = {
        what: int(number)
        for what, number in re.findall(r"^(\w+) killed .* work.*: (\d+) \(", done.stdout, re.MULTILINE)
    }
    assert told["schedulers"] == 1
    assert told["workers"] > 0
    blocks = re.search(r"1 runs of 16 parts and scores of (\d+) blocks", done.stdout)
    assert blocks, done.stdout
    assert int(blocks[1]) > 20, "a score has blocks to lose"
