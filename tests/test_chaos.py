"""Killed, refused space or run two at once, commands lose nothing and double nothing: the short form."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ONLY = (
    "new",
    "add",
    "add more",
    "import",
    "set",
    "split",
    "cover",
    "correct",
    "annotate import",
    "push",
    "pull",
    "withdrawn",
    "score",
    "score part",
    "merge",
)


def test_a_short_campaign_finds_nothing_lost_doubled_or_untold(root: Path) -> None:
    named = [word for name in ONLY for word in ("--only", name)]
    command = [sys.executable, root / "tests" / "chaos", *named, "--steps", "3", "--random", "1", "--short"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    counts = dict(line.rsplit(": ", 1) for line in done.stdout.splitlines())
    # Each of the 15 commands has more than 3 steps, and kills at a step always hit.
    assert counts["kills at a step"] == counts["full disks"] == "45"
    assert counts["lost, doubled, not told"] == "0"
    assert int(counts["pairs"]) == 4
