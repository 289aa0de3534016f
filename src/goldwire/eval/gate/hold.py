"""A record held against a baseline on disk, or put in its place; with examples where the corpus is there."""

from __future__ import annotations

from pathlib import Path

from msgspec.structs import replace

from goldwire.corpora.lock import locked
from goldwire.corpora.store import Corpus
from goldwire.eval.gate.baseline import iter_changes, make_baseline, read_baseline, write_baseline
from goldwire.eval.gate.judgement import Judgement, judge
from goldwire.eval.gate.policy import Policy
from goldwire.eval.scoring.record import Record


def hold(record: Record, path: Path, policy: Policy, corpus: Corpus | None) -> Judgement:
    """What the policy says of a record and the baseline in a file.

    Raises `JudgementError` if they were not made for the same thing, or a run failed.
    """
    held = read_baseline(path)
    alike = corpus is None or held.record.documents == record.documents  # then nobody asks for hashes
    judgement = judge(record, held, policy, {} if corpus is None or alike else corpus.hashes())
    if corpus is None or judgement.verdict not in ("fail", "warn"):
        return judgement
    from goldwire.eval.gate.examples import illustrate

    return illustrate(judgement, held, corpus, record)


def renew(record: Record, path: Path, policy: Policy, corpus: Corpus | None) -> list[str]:
    """Write a record as the new baseline; what it changes, a line each."""
    new = make_baseline(record, policy)  # so that what the record lacks is said before units are looked at
    if corpus is not None:
        from goldwire.eval.gate.examples import read_hits

        new = replace(new, hits=read_hits(corpus, record, policy.measures()))
    with locked(path.parent, "eval gate --update"):
        old = read_baseline(path) if path.is_file() else None
        write_baseline(new, path)
    return list(iter_changes(old, new))
