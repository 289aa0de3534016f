"""`make fuzz`: as many faulty inputs as there is time for, at everything that reads.

    python tests/fuzz --seconds 600 [--reader NAME]… [--seed N] [--count N] [--commands]

Whatever is no `GoldwireError`, takes over 5 seconds or over a gigabyte is written to tests/fuzz/crashes, from
where the ordinary tests read it. Where atheris is installed, `python tests/fuzz/guided.py` lets
coverage choose the bytes.
"""

import argparse
import random
import sys
import time
from collections import Counter
from collections.abc import Callable
from itertools import cycle
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from fuzz import commands
from fuzz.readers import READERS
from fuzz.run import CRASHES, Found, attempt, choose, keep, limit, scratch


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--seconds", type=float, default=60.0)
    asked.add_argument("--count", type=int, help="inputs of each reader, whatever the time")
    asked.add_argument("--seed", type=int, default=int(time.time()))
    asked.add_argument("--reader", action="append", choices=READERS)
    asked.add_argument(
        "--guided", action="store_true", help="bytes chosen by coverage; needs atheris and one reader"
    )
    asked.add_argument("--commands", action="store_true", help="through the command line")
    given = asked.parse_args()
    names = given.reader or list(commands.LINES if given.commands else READERS)
    limit()
    print(f"seed {given.seed}")
    found = 0
    for name in names:
        tries = _in_turn(name) if given.commands else attempt
        found += campaign(name, tries, given.seed, given.seconds / len(names), given.count)
    return int(found > 0)


Try = Callable[[str, dict[str, bytes], str, Path], Found | str]


def _in_turn(name: str) -> Try:
    """One command line of the reader after the other."""
    lines = cycle(commands.LINES[name])
    return lambda name, files, at, folder: commands.attempt(name, next(lines), files, at, folder / "trial")


def campaign(name: str, tries: Try, seed: int, seconds: float, count: int | None) -> int:
    """One reader; prints how many inputs it was given, how many it took, and what was found."""
    dice, began, tried, taken, slowest = random.Random(f"{name}-{seed}"), time.perf_counter(), 0, 0, 0.0
    crashes: dict[str, Found] = {}
    with scratch() as folder:
        while (tried < count) if count else (time.perf_counter() - began < seconds):
            files, at = choose(name, dice)
            one = time.perf_counter()
            what = tries(name, files, at, folder)
            slowest = max(slowest, time.perf_counter() - one)
            tried += 1
            taken += what == "taken"
            if isinstance(what, Found) and what.key not in crashes:
                crashes[what.key] = what
                keep(name, files, at, what)
    told = Counter(found.key for found in crashes.values())
    print(
        f"{name:14} {tried:>8,} inputs, {taken:>7,} taken, slowest {slowest:5.2f} s, {len(told)} found",
        flush=True,
    )
    for key in told:
        print(f"    {key}", flush=True)
    return len(told)


if __name__ == "__main__":
    print(f"crashes go to {CRASHES}")
    sys.exit(main())
