"""Drawn documents are given out in their order, and a share of all is shown nothing, always the same."""

from pathlib import Path

import pytest

from goldwire.annotate.sync import picking, reassign
from goldwire.annotate.sync.group import Group
from goldwire.annotate.sync.orders import encode
from goldwire.annotate.sync.plan import Plan
from goldwire.annotate.sync.push import Pushed
from goldwire.annotate.sync.remembered import Settings
from goldwire.cli.push import push_lines
from goldwire.corpora import samples
from goldwire.corpora.errors import CorpusError
from goldwire.corpora.samples import Candidate, Draw, Sample
from goldwire.corpora.store import Corpus, Manifest, create_corpus, make_document
from goldwire.corpora.types import Annotations


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    texts = [make_document(f"d{i}", f"Text {i}.") for i in range(4)]
    corpus = create_corpus(tmp_path / "c", Manifest(name="c", ontology="conflict"), texts)
    ranks = {"d3": 1, "d1": 2, "gone": 3}
    candidates = tuple(
        Candidate(document=id, probability=0.5, rank=ranks.get(id)) for id in ("d0", "d1", "d2", "d3", "gone")
    )
    draw = Draw(draw="r", purpose="scoring", how="by hand", made="2026-01-01")
    samples.write(corpus, Sample(draw, candidates))
    return corpus


def test_least_scores_come_first_and_all_are_what_a_server_takes(corpus: Corpus) -> None:
    found = picking.scores(corpus, "r")
    assert sorted(found, key=lambda id: found[id]) == ["d3", "d1", "gone"]
    assert all(0 <= score < 0.001 for score in found.values())


def orders(corpus: Corpus, **said: object) -> reassign.Shared:
    settings = Settings(corpus="c", group="g", title="g", **said)  # type: ignore[arg-type]
    group = Group(settings=settings, projects={}, known=False)
    return reassign.orders(None, corpus, group, settings)  # type: ignore[arg-type]  # nobody is asked


def test_what_is_picked_is_ordered_alone_and_in_its_order(corpus: Corpus) -> None:
    [order] = orders(corpus, pick="r").orders
    assert [document.id for document in order.documents] == ["d3", "d1"]
    [order] = orders(corpus).orders
    assert ([document.id for document in order.documents], order.scores) == (["d0", "d1", "d2", "d3"], None)


def test_a_draw_that_this_clone_does_not_have_is_an_error(corpus: Corpus) -> None:
    with pytest.raises(CorpusError, match=r"no sample 's' .* there are: r"):
        orders(corpus, pick="s")


def test_the_blind_share_is_about_what_was_asked_for_and_grows_with_it() -> None:
    ids = [f"document-{i}" for i in range(4000)]
    blind = {share: {id for id in ids if picking.is_blind(id, share)} for share in (0.0, 0.2, 0.5, 1.0)}
    assert blind[0.0] < blind[0.2] < blind[0.5] < blind[1.0] == {*ids}
    # 4000 draws of 0.2: the standard error is 0.0063
    assert abs(len(blind[0.2]) / 4000 - 0.2) < 4 * 0.0063


def test_a_push_says_how_many_are_shown_no_prefill_of_those_that_have_one(corpus: Corpus) -> None:
    lines = [Annotations(document=one.id, sha256=one.sha256) for one in corpus.documents()[:3]]
    corpus.write_layer("system/s", lines)
    ontology = corpus.ontology()
    assert ontology is not None
    [order] = orders(corpus, prefill="system/s", blind=1.0).orders
    _, unheld = encode(corpus, ontology, order)
    assert unheld.blind == (3, 3)
    [shown] = orders(corpus, prefill="system/s").orders
    assert encode(corpus, ontology, shown)[1].blind is None
    said = list(push_lines("g", Pushed(project=None, plan=Plan(), blind=unheld.blind), "", dry_run=True))
    assert "would be shown no prefill, by chance (--blind): 3 of 3 documents that have one" in said
