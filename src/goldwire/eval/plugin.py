"""The pytest plugin: the fixture `goldwire` scores an extractor in a test and holds it against a baseline.

    def test_extractor_is_no_worse(goldwire):
        scored = goldwire.score(my_extractor, "tests/corpus")
        scored.assert_no_worse("baseline.json")

`pytest --goldwire-update` writes the baselines anew in place of comparing. pytest loads this module at
every start, so it imports nothing of weight until a test asks for it.
"""

from __future__ import annotations

import shutil
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from goldwire.corpora.store import Corpus
    from goldwire.corpora.types import Annotations, Document
    from goldwire.eval.gate.judgement import Judgement
    from goldwire.eval.gate.policy import Policy
    from goldwire.eval.scoring.record import Record


class GateWarning(UserWarning):
    """A loss that may be noise."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """The option that writes baselines."""
    group = parser.getgroup("goldwire")
    group.addoption(
        "--goldwire-update", action="store_true", help="write baselines of `assert_no_worse` anew"
    )


@pytest.fixture
def goldwire(request: pytest.FixtureRequest, tmp_path: Path) -> Bench:
    """Score extractors on a corpus and hold them against baselines; see `goldwire.eval.plugin`."""
    return Bench(request.path.parent, tmp_path, update=bool(request.config.getoption("--goldwire-update")))


class Bench:
    """What the fixture gives: paths are relative to the folder of the test."""

    def __init__(self, folder: Path, scratch: Path, *, update: bool = False) -> None:
        self.folder, self.scratch, self.update = folder, scratch, update

    def score(
        self,
        extractor: Any,
        corpus: str | Path,
        *,
        name: str = "extractor",
        gold: str = "gold",
        suite: str = "default",
        documents: str | None = None,
        allow_failures: int | str = 0,
    ) -> Scored:
        """Run an extractor on a corpus and score it against a layer.

        `extractor` is a function of one document, an object with `extract(documents)`, or a spec such as
        `"spacy:en_core_web_sm"`, which may fail on `allow_failures` documents (a number, or a share such as
        "1%") before it cannot be judged. `corpus` is a folder, or the name of a corpus that ships. Works on
        a copy: nothing is written into the corpus. What the extractor raises, the test raises. `documents`
        names those that are scored, as `eval score --documents` does; without it, all that gold judges.
        """
        from goldwire.eval.counting.coverage import Scope
        from goldwire.eval.gate.selection import select
        from goldwire.eval.measures.suites import read_suite
        from goldwire.eval.scoring.score import Options, score_corpus

        copy = self._copy(corpus)
        if isinstance(extractor, str):
            _run(copy, name, extractor, allow_failures)
        else:
            copy.write_layer(f"system/{name}", _extract(copy, extractor))
        chosen = read_suite(suite)
        scope = Scope(documents=None if documents is None else select(copy, self._placed(documents)))
        options = Options(suite=suite, scope=scope, asked=documents, tags=chosen.tags)
        record = score_corpus(copy, gold, [name], chosen.measures, options=options)
        return Scored(self, copy, record)

    def _placed(self, documents: str) -> str:
        """A selection of documents in which a file is relative to the folder of the test."""
        from goldwire.eval.gate.selection import BASELINE

        if documents == "all" or documents.startswith(("split:", "layer:")):
            return documents
        name = documents.removeprefix(BASELINE)
        return documents.removesuffix(name) + str(self.folder / name)

    def _copy(self, corpus: str | Path) -> Corpus:
        from goldwire.corpora import library
        from goldwire.corpora.store import open_corpus

        source = library.open(str(corpus)).path if str(corpus) in library.names() else self.folder / corpus
        open_corpus(source)
        number = len(list(self.scratch.glob("corpus-*")))
        return open_corpus(Path(shutil.copytree(source, self.scratch / f"corpus-{number}")))


class Scored:
    """A scored extractor; `record` has every figure."""

    def __init__(self, bench: Bench, corpus: Corpus, record: Record) -> None:
        self.record = record
        self._bench, self._corpus = bench, corpus

    def f(self, measure: str = "entity") -> float | None:
        """F by one measure of the suite; None is undefined."""
        return self.record.result(self.record.systems[0].name, measure).value

    def assert_no_worse(self, baseline: str | Path, *, policy: str | Path = "default") -> None:
        """Fail the test if the extractor lost what the policy forbids; warn if the loss may be noise."""
        from goldwire.corpora.errors import GoldwireError
        from goldwire.eval.gate import policy as policies
        from goldwire.eval.gate.wording import lines
        from goldwire.eval.scoring.record import failed_runs

        path, own = self._bench.folder / baseline, self._bench.folder / policy
        judgement, unjudged = None, ""
        try:
            judgement = self._judge(path, policies.read(own if own.is_file() else policy))
        except GoldwireError as error:
            hint = "" if failed_runs(self.record) else "\n(`pytest --goldwire-update` writes a baseline)"
            unjudged = f"goldwire: {error}{hint}"
        if judgement is None:
            pytest.fail(unjudged, pytrace=False)
        text = "\n".join(lines(judgement))
        if judgement.verdict == "fail":
            pytest.fail(text, pytrace=False)
        if judgement.verdict == "warn":
            warnings.warn(text, GateWarning, stacklevel=2)

    def _judge(self, path: Path, policy: Policy) -> Judgement:
        from goldwire.eval.gate.baseline import check_runs
        from goldwire.eval.gate.hold import hold, renew
        from goldwire.eval.gate.policy import check

        check_runs(self.record)
        check(policy, self._corpus.ontology())
        if self._bench.update:
            renew(self.record, path, policy, self._corpus)
        return hold(self.record, path, policy, self._corpus)


def _run(corpus: Corpus, name: str, spec: str, allow_failures: int | str) -> None:
    """Run a system by its spec, in a process of its own."""
    import msgspec

    from goldwire.eval.systems.config import parse_system
    from goldwire.eval.systems.run import run_system

    system = msgspec.structs.replace(parse_system(f"{name}={spec}"), allow_failures=allow_failures)
    run_system(corpus, system)


def _extract(corpus: Corpus, extractor: Any) -> list[Annotations]:
    """What an object of the test gives, checked as the output of any system."""
    from goldwire.eval.systems.adapters.object import Plugin

    documents = corpus.documents()
    outputs = list(Plugin("extractor", "", extractor).extract(documents))
    return [_checked(corpus, *pair) for pair in zip(documents, outputs, strict=True)]


def _checked(corpus: Corpus, document: Document, output: Any) -> Annotations:
    import msgspec

    from goldwire.corpora.errors import ExtractorError
    from goldwire.eval.systems.check import check
    from goldwire.eval.systems.journal import Entry

    entry = Entry(key="", characters=0, seconds=0.0, at=0.0, output=msgspec.Raw(msgspec.json.encode(output)))
    found = check(document, entry, ontology=corpus.ontology())
    if found.failed or found.rejected:
        reasons = [found.failed or "", *(f"{item.path}: {item.message}" for item in found.rejected)]
        raise ExtractorError(f"{document.id}: faulty output\n  " + "\n  ".join(filter(None, reasons)))
    return found.annotations
