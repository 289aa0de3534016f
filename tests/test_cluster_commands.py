"""`--on dask://…` of commands that read corpora: the output is that of one machine, whatever happens."""

import json
import os
import random
import shutil
import signal
import threading

import msgspec
import pytest
from msgspec.structs import replace

from goldwire.corpora import duplicates
from goldwire.corpora.errors import ClusterError, DataError
from goldwire.corpora.store import Manifest, create_corpus, make_document, open_corpus
from goldwire.corpora.types import Annotations, Mention, Provenance, Span
from goldwire.eval.cluster import files
from goldwire.eval.cluster.dedupe import dedupe_on, sketch_lines
from goldwire.eval.cluster.engine import connected
from goldwire.eval.cluster.lines import iter_results
from goldwire.eval.cluster.score import OnCluster
from goldwire.eval.comparison import cluster as agreed
from goldwire.eval.comparison.agreement import agree, agree_corpus
from goldwire.eval.comparison.coefficients import Terms
from goldwire.eval.counting import chunks
from goldwire.eval.sampling.cluster import ClusterReader
from goldwire.eval.sampling.draw import HERE, Means, make
from goldwire.eval.sampling.wanted import Wanted

pytest.importorskip("distributed")


@pytest.fixture(scope="module")
def hosts(hosts_module, tmp_path_factory):
    """A scheduler with two workers, in processes of their own."""
    with hosts_module.Hosts(tmp_path_factory.mktemp("hosts")) as found:
        yield found


@pytest.fixture
def in_blocks(monkeypatch):
    """Blocks so small that there are dozens of them."""
    monkeypatch.setattr(chunks, "SIZE", 4000)


# ---------------------------------------------------------------- near-duplicates
REPORTS = 40


def reworked(words, changes, random):
    words = [*words]
    for _ in range(changes):
        words[random.randrange(len(words))] = f"new{random.randrange(999)}"
    return " ".join(words)


@pytest.fixture(scope="module")
def reports(tmp_path_factory):
    """Reports, some reworked, and notices of the same few words, in no order of id."""
    by_chance = random.Random(7)
    made = []
    for number in range(REPORTS):
        words = [f"w{by_chance.randrange(3000)}" for _ in range(90)]
        made += [reworked(words, changes, by_chance) for changes in (0, 3, 6)[: 1 + number % 3]]
        made.append("Rain fell in Herat." if number % 9 == 0 else f"Short and alone, {number}.")
    documents = [make_document(f"r{-number % 997:03}", text) for number, text in enumerate(made)]
    return create_corpus(
        tmp_path_factory.mktemp("reports") / "reports", Manifest(name="reports"), duplicates.group(documents)
    )


@pytest.mark.parametrize("form", [[], ["--json"]], ids=["told", "json"])
def test_near_duplicates_are_told_as_on_one_machine(hosts, reports, program, form):
    here = program("corpus", "dedupe", reports.path, *form)
    there = program("corpus", "dedupe", reports.path, *form, "--on", hosts.on)
    assert (there.code, there.err) == (0, "")
    assert there.out == here.out


def test_near_duplicates_are_found_in_whichever_pieces_workers_read(hosts, reports, in_blocks):
    with connected(hosts.on) as cluster:
        groups, pairs = dedupe_on(cluster, reports)
    assert (groups, pairs) == duplicates.dedupe(reports.documents())
    # Two in three reports have copies: 13 one and 13 two; and the notice is there 5 times.
    assert sorted(map(len, groups.values())) == [2] * 13 + [3] * 13 + [5]
    assert len(pairs) == 13 + 2 * 13 + 4


def test_pairs_of_groups_that_do_not_fit_the_texts_are_those_of_one_machine(hosts, reports, tmp_path):
    documents = [
        msgspec.structs.replace(one, group=f"r{number % 5:03}")
        for number, one in enumerate(reports.documents())
    ]
    corpus = create_corpus(tmp_path / "foreign", reports.manifest, documents)
    with connected(hosts.on) as cluster:
        assert dedupe_on(cluster, corpus) == duplicates.dedupe(corpus.documents())


@pytest.mark.parametrize("lines", [0, 1])
def test_a_corpus_without_near_duplicates_or_documents_has_none(hosts, tmp_path, program, lines):
    corpus = create_corpus(tmp_path / "few", Manifest(name="few"), [make_document("a", "Alone.")][:lines])
    found = program("corpus", "dedupe", corpus.path, "--on", hosts.on)
    assert (found.code, found.out.strip()) == (0, "no near-duplicates"), found.err


@pytest.mark.parametrize("kind", ["text", "twice", "broken"])
def test_faulty_documents_are_told_as_on_one_machine(hosts, reports, tmp_path, in_blocks, kind):
    corpus = create_corpus(tmp_path / "faulty", reports.manifest, reports.documents())
    path = corpus.path / "documents.jsonl"
    lines = path.read_text().splitlines()
    wrong = {"text": lines[50].replace("w1", "v1"), "twice": lines[3], "broken": lines[50][:-20]}
    path.write_text("\n".join([*lines[:50], wrong[kind], *lines[51:]]) + "\n")
    with pytest.raises(DataError) as here:
        duplicates.dedupe(corpus.documents())
    with connected(hosts.on) as cluster, pytest.raises(DataError) as there:
        dedupe_on(cluster, corpus)
    assert str(there.value) == str(here.value)


# ---------------------------------------------------------------- draws
@pytest.fixture(scope="module")
def news(tmp_path_factory):
    """200 documents with gold of some, drafts among it, two systems with scores, and one that lacks some."""
    documents = [
        make_document(f"d{n:03}", f"Rebels took Kunduz and Herat on Monday . {n}") for n in range(200)
    ]

    def layer(chosen, seed):
        by_chance = random.Random(seed)
        for one in chosen:
            places = [place for place in ((0, 6), (12, 18), (23, 28)) if by_chance.random() < 0.7]
            yield Annotations(
                document=one.id,
                sha256=one.sha256,
                provenance=Provenance(status="draft" if not seed and by_chance.random() < 0.2 else None),
                mentions=tuple(
                    Mention(
                        id=str(k),
                        type=by_chance.choice(["MIL", "GPE", "GPE", "PER"]),
                        spans=(Span(*place),),
                        score=by_chance.random() if seed else None,
                    )
                    for k, place in enumerate(places)
                ),
            )

    layers = {
        "gold": layer(documents[::4], 0),
        "system/a": layer(documents, 1),
        "system/b": layer(documents, 2),
        "system/c": layer(documents[::3], 3),
        "annotator/anna": layer(documents, 4),
        "annotator/ben": layer(documents[20:], 5),
        "annotator/carl": layer(documents[:90], 6),
    }
    made = {name: [*lines] for name, lines in layers.items()}
    return create_corpus(
        tmp_path_factory.mktemp("news") / "news", Manifest(name="news"), documents, layers=made
    )


def drawn(corpus, by, cluster=None, **more):
    """A draw without the time at which it was made."""
    wanted = Wanted(name="one", number=20, by=by, seed=3, **more)
    means = HERE if cluster is None else Means(ClusterReader(cluster), OnCluster(cluster))
    made = make(corpus, wanted, means=means)
    return replace(made, sample=replace(made.sample, draw=replace(made.sample.draw, made="")))


@pytest.mark.parametrize("by", ["chance", "length", "found", "disagreement", "uncertainty", "rare"])
def test_a_draw_is_that_of_one_machine(hosts, news, in_blocks, by):
    with connected(hosts.on) as cluster:
        there = drawn(news, by, cluster, purpose="training" if by == "rare" else "scoring")
    assert there == drawn(news, by, purpose="training" if by == "rare" else "scoring")
    assert len(there.sample.drawn) == 20
    assert len(there.sample.draw.before) < 50  # of every fourth document those that are no drafts


def test_a_draw_is_kept_and_told_as_on_one_machine(hosts, news, tmp_path, program):
    draws = {}
    for name, where in (("here", []), ("there", ["--on", hosts.on])):
        corpus = tmp_path / name
        shutil.copytree(news.path, corpus)
        found = program("corpus", "sample", corpus, "--name", "x", "--n", 9, "--by", "rare", "--json", *where)
        assert found.code == 0, found.err
        head, *lines = (corpus / "samples" / "x.jsonl").read_text().splitlines()
        draws[name] = {**json.loads(head), "made": ""}, lines, found.out, found.err
    assert draws["there"] == draws["here"]


@pytest.mark.parametrize("kind", ["twice", "broken"])
def test_faulty_lines_are_told_as_on_one_machine(hosts, news, tmp_path, in_blocks, kind):
    shutil.copytree(news.path, tmp_path / "faulty")
    corpus = open_corpus(tmp_path / "faulty")
    path = corpus.layer_path("system/a")
    lines = path.read_text().splitlines()
    lines[150] = lines[3] if kind == "twice" else lines[150][:-9]
    path.write_text("\n".join(lines) + "\n")
    with pytest.raises(DataError) as here:
        drawn(corpus, "rare")
    with connected(hosts.on) as cluster, pytest.raises(DataError) as there:
        drawn(corpus, "rare", cluster)
    assert str(there.value) == str(here.value)


# ---------------------------------------------------------------- agreement
@pytest.fixture
def in_few(monkeypatch):
    """So few cases at once that there are dozens of parts."""
    monkeypatch.setattr(agreed, "CASES", 9)


@pytest.mark.parametrize("layers", [["anna", "ben"], []], ids=["two", "three"])
def test_agreement_is_that_of_one_machine(hosts, news, in_few, layers):
    with connected(hosts.on) as cluster:
        there = agree_corpus(news, layers, ["entity"], terms=agreed.terms_on(cluster, 5))
    here = agree_corpus(news, layers, ["entity"], terms=Terms(seed=5))
    assert msgspec.json.encode(there) == msgspec.json.encode(here)
    assert {one.name for one in there.coefficients if one.value is not None} >= {"gamma", "alpha-u", "kappa"}


def test_documents_with_too_many_units_are_told_as_on_one_machine(hosts, in_few):
    number = 1001  # and one more: more than a million pairs
    text = "ab " * (number + 1)
    documents = [make_document(id, text) for id in "abc"]

    def layer(size):
        return {
            one.id: Annotations(
                document=one.id,
                sha256=one.sha256,
                mentions=tuple(
                    Mention(id=str(k), type="X", spans=(Span(3 * k, 3 * k + 2),)) for k in range(size)
                ),
            )
            for one in documents
        }

    sides = {"one": layer(number), "two": layer(number + 1)}
    here = agree(sides, documents, ["entity"])
    with connected(hosts.on) as cluster:
        there = agree(sides, documents, ["entity"], terms=agreed.terms_on(cluster, 0))
    assert there == here
    [gamma] = [one for one in there.coefficients if one.name == "gamma"]
    assert "pairs is not sought" in gamma.why


def test_people_one_by_one_are_not_for_a_cluster(news, program):
    found = program("eval", "agreement", news.path, "--people", "--on", "dask://127.0.0.1:1")
    assert found.code == 2
    assert "--on" in found.err
    assert "--people" in found.err


# ---------------------------------------------------------------- what goes wrong
@pytest.fixture(scope="module")
def jobs(reports, news):
    """What each command finds, here and by a cluster."""
    return {
        "dedupe": (
            lambda: duplicates.dedupe(reports.documents()),
            lambda cluster: dedupe_on(cluster, reports),
        ),
        "sample": (lambda: drawn(news, "rare"), lambda cluster: drawn(news, "rare", cluster)),
        "agreement": (
            lambda: agree_corpus(news, [], ["entity"]),
            lambda cluster: agree_corpus(news, [], ["entity"], terms=agreed.terms_on(cluster, 0)),
        ),
    }


@pytest.mark.parametrize("job", ["dedupe", "sample"])
def test_a_worker_that_does_not_see_the_corpus_is_named(hosts, jobs, job, monkeypatch):
    look = files.look

    def moved(paths, whole=False):
        return tuple(msgspec.structs.replace(one, path=one.path + ".gone") for one in look(paths))

    monkeypatch.setattr(files, "look", moved)
    with (
        connected(hosts.on) as cluster,
        pytest.raises(ClusterError, match=r"worker tcp://\S+ does not see .*put the corpus on a folder"),
    ):
        jobs[job][1](cluster)


def test_documents_that_are_written_meanwhile_stop_the_command(hosts, reports, tmp_path, in_blocks):
    corpus = create_corpus(tmp_path / "busy", reports.manifest, reports.documents())
    path = corpus.documents_path()
    with connected(hosts.on) as cluster:
        found = iter_results(cluster, path, sketch_lines)
        next(found)
        path.write_bytes(path.read_bytes() + path.read_bytes()[:10])
        with pytest.raises(ClusterError, match=r"documents\.jsonl has another content there"):
            list(found)


def test_another_version_is_told_before_anything_is_read(hosts_module, reports, tmp_path, program):
    preload = tmp_path / "older.py"
    preload.write_text("import goldwire\ngoldwire.__version__ = '0.0.1'\n")
    with hosts_module.Hosts(tmp_path, workers=0) as some:
        some.add_worker("--preload", str(preload))
        some.wait(1)
        found = program("corpus", "dedupe", reports.path, "--on", some.on)
        assert found.code == 2
        assert "has other versions: goldwire 0.0.1" in found.err


NOTING = """
import os, time
from goldwire.eval.cluster import engine
def noting(expected, check=engine._check_versions):
    if expected:
        with open({log!r}, "a") as log:
            log.write(f"{{os.getpid()}}\\n")
        time.sleep(0.3)
    check(expected)
engine._check_versions = noting
"""


@pytest.mark.slow
def test_what_workers_had_that_are_killed_in_it_is_done_by_others(
    hosts_module, jobs, tmp_path, in_blocks, in_few
):
    preload, log = tmp_path / "noting.py", tmp_path / "parts.log"
    preload.write_text(NOTING.format(log=str(log)))
    with hosts_module.Hosts(tmp_path, workers=0, failures=10) as some:
        for _ in range(2):
            some.add_worker("--preload", str(preload))
        some.wait(2)
        for name, (here, on_cluster) in jobs.items():
            log.write_text("")
            killed = []

            def kill(killed=killed):
                for parts in (2, 5):
                    pids = hosts_module.until(lambda parts=parts: log.read_text().split()[parts:], 60)
                    os.kill(int(pids[-1]), signal.SIGKILL)
                    killed.append(pids[-1])

            killer = threading.Thread(target=kill, daemon=True)
            killer.start()
            with connected(some.on) as cluster:
                there = on_cluster(cluster)
            killer.join(1)
            assert len(killed) == 2, name
            assert there == here()
