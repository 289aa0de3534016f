"""Krippendorff's alpha for nominal values against the package krippendorff, with values missing."""

import json
from pathlib import Path

import pytest

from goldwire.eval.comparison.coefficients import About, Terms, alpha, alpha_rows, estimate, tally

THEIRS = json.loads(Path(__file__).with_name("alpha.json").read_text(encoding="utf-8"))["cases"]


def units(rows):
    return tally({place: value for place, value in enumerate(row) if value != "."} for row in rows)


@pytest.mark.parametrize("case", THEIRS, ids=range(len(THEIRS)))
def test_alpha_is_that_of_krippendorff(case):
    given = units(case["rows"])
    assert alpha(given) == pytest.approx(case["alpha"], abs=1e-6)
    # In documents of three units each it is the same: rows add up.
    parts = [given[start : start + 3] for start in range(0, len(given), 3)]
    found = estimate(About("alpha", "token", "ab"), alpha_rows(parts), Terms(trials=50))
    assert found.value == pytest.approx(case["alpha"], abs=1e-6)
