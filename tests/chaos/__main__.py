"""A campaign against everything that writes: `python tests/chaos`, or `make chaos`.

Each command is killed, refused space, run beside another and by somebody who may not write; afterwards what
is there is sound, the same command completes it, and what it gives is what it gives undisturbed. Counts go to
standard output; a loss, a doubled thing or a traceback is told and ends in exit 1.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # before anything loads it: this process forks

import hooks
from commands import COMMANDS, Command, content, make

# Once, before any fork; and what others load late, from where nobody may look.
LOADED = (
    "tomllib",
    "unittest",
    "polars",
    "scipy.special",
    "sklearn.metrics",
    "goldwire.annotate.adjudicate",
    "goldwire.annotate.migration.migrate",
    "goldwire.annotate.sync.push",
    "goldwire.cli.annotate",
    "goldwire.cli.corpus",
    "goldwire.cli.evaluate",
    "goldwire.eval.comparison.keeping",
    "goldwire.eval.report.html",
    "goldwire.eval.scoring.score",
)
NOBODY = 65534
BUSY = "another"  # is at work on the same project or system: refused, with exit 2
# Of the short form.
SOME = (("add", "add more"), ("set", "split"), ("score", "score"), ("pull", "cover"))


@dataclass
class Done:
    """How a process ended, what it said, and how long it took."""

    status: int
    said: str
    seconds: float

    @property
    def killed(self) -> bool:
        return os.WIFSIGNALED(self.status)

    @property
    def code(self) -> int:
        return os.waitstatus_to_exitcode(self.status)


@dataclass
class Campaign:
    """What was done so far, and what went wrong."""

    states: dict[str, Path]
    scratch: Path
    rng: random.Random
    counts: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    wholes: dict[str, dict[str, bytes]] = field(default_factory=dict)

    @contextmanager
    def trial(self, before: str) -> Iterator[Path]:
        """A fresh copy of a state, always under the same name."""
        root = self.scratch / "trial"
        shutil.copytree(self.states[before], root, symlinks=True)
        try:
            yield root
        finally:
            shutil.rmtree(root)

    def fault(self, what: str) -> None:
        self.faults.append(what)
        print(f"FAULT {what}", flush=True)

    def expect(self, ok: bool, what: str) -> None:
        if not ok:
            self.fault(what)

    def whole(self, command: Command) -> dict[str, bytes]:
        """What a command gives undisturbed."""
        if command.name not in self.wholes:
            with self.trial(command.before) as root:
                done = run(command, root)
                self.expect(done.code == 0, f"{command.name}: undisturbed, exit {done.code}: {done.said}")
                self.wholes[command.name] = content(root, command.varies)
        return self.wholes[command.name]

    # ------------------------------------------------------------ one after the other
    def completes(self, command: Command, root: Path, after: str) -> None:
        """What is there is sound, and the same command makes it what it is undisturbed."""
        sound(self, root, f"{command.name}: {after}")
        again = run(command, root)
        self.expect(again.code == 0, f"{command.name}: {after}, then exit {again.code}: {again.said}")
        differ = differences(content(root, command.varies), self.whole(command))
        self.expect(not differ, f"{command.name}: {after}, then otherwise: {differ}")

    def kill_at(self, command: Command, number: int) -> None:
        with self.trial(command.before) as root:
            done = run(command, root, lambda: hooks.kill(root, number).arm())
            self.counts["kills at a step"] += done.killed
            self.expect(done.killed, f"{command.name}: not reached step {number}")
            self.completes(command, root, f"killed at step {number}")

    def kill_somewhere(self, command: Command, seconds: float) -> None:
        with self.trial(command.before) as root:
            done = run(command, root, kill_after=self.rng.uniform(0, seconds))
            self.counts["kills at random"] += done.killed
            self.completes(command, root, "killed at random")

    def full_disk(self, command: Command, number: int) -> None:
        with self.trial(command.before) as root:
            done = run(command, root, lambda: hooks.fill(root, number).arm())
            self.counts["full disks"] += 1
            told(self, done, f"{command.name}: disk full at step {number}", "No space left")
            self.completes(command, root, f"disk full at step {number}")

    def read_only(self, command: Command) -> None:
        with self.trial(command.before) as root:
            for path in (root, *root.rglob("*")):
                path.chmod(0o555 if path.is_dir() else 0o444)
            before = content(root)
            done = run(command, root, become_nobody)
            self.counts["read-only folders"] += 1
            told(self, done, f"{command.name}: read-only", "ermission denied")
            self.expect(content(root) == before, f"{command.name}: read-only, and something changed")

    def earlier(self, command: Command) -> None:
        with self.trial(command.before) as root:
            first = run(command, root)
            again = run(command, root, set_back)
            self.counts["clocks set back"] += 1
            self.expect((first.code, again.code) == (0, 0), f"{command.name}: clock set back: {again.said}")
            differ = differences(content(root, command.varies), self.whole(command))
            self.expect(not differ, f"{command.name}: clock set back, then otherwise: {differ}")

    def small_disk(self, command: Command) -> None:
        """On a file system of its own that has room for what is there and little more."""
        with self.trial(command.before) as root:
            needed = 4096 * sum(1 + item.stat().st_size // 4096 for item in root.rglob("*"))
            for more in (1, 3, 6):
                with small(root.with_name("disk"), needed + more * 4096) as disk:
                    if disk is None:
                        return
                    inside = Path(shutil.copytree(root, disk / "trial"))
                    done = run(command, inside)
                    self.counts["small disks"] += 1
                    told(self, done, f"{command.name}: small disk", "No space left")
                    subprocess.run(["mount", "-o", "remount,size=64m", disk], check=True)
                    self.completes(command, inside, "small disk")

    def in_locale_c(self, command: Command) -> None:
        """In a process of its own that has no locale but C."""
        with self.trial(command.before) as root:
            words = [sys.executable, "-m", "goldwire", *command.line(root)]
            env = {**os.environ, "LC_ALL": "C"}
            done = subprocess.run(words, env=env, capture_output=True, check=False)
            self.counts["in locale C"] += 1
            differ = differences(content(root, command.varies), self.whole(command))
            ok = done.returncode == 0 and not differ
            self.expect(ok, f"{command.name}: locale C: {differ} {done.stderr!r}")

    # ------------------------------------------------------------ two at once
    def pair(self, one: Command, two: Command) -> None:
        """Two at once give what one after the other gives, in either order."""
        out = (*one.varies, *two.varies, *((*one.reads, *two.reads) if one.name != two.name else ()))
        with self.trial(one.before) as root:
            began = [start(command, root, self._shaken(root)) for command in (one, two)]
            ended = [wait(*each) for each in began]
            name = f"{one.name} + {two.name}"
            self.counts["pairs"] += 1
            for command, done in zip((one, two), ended, strict=True):
                self.expect("Traceback" not in done.said, f"{name}: {done.said}")
                if done.code and BUSY in done.said:  # it was told, and is run again as it was told
                    self.counts["pairs in which one was refused"] += 1
                    done.status = run(command, root).status
            sound(self, root, name)
            found = content(root, out)
        codes = [done.code for done in ended]
        codes_after, there = self._in_order(two, one, out)
        orders = [self._in_order(one, two, out), (codes_after[::-1], there)]
        if not any(codes == wanted and not differences(found, there) for wanted, there in orders):
            nearest = min((differences(found, there) for _, there in orders), key=len)
            said = " | ".join(done.said for done in ended)
            self.fault(f"{name}: not as in either order: {codes}, {nearest}: {said}")

    def _shaken(self, root: Path) -> Callable[[], None]:
        seed = self.rng.random()

        def arm() -> None:
            rng = random.Random(seed)
            hooks.dawdle(root, lambda: rng.choice((0.0, 0.0, 0.002, 0.01))).arm()

        return arm

    def _in_order(self, one: Command, two: Command, out: Sequence[str]) -> tuple[list[int], dict[str, bytes]]:
        key = f"{one.name}\0{two.name}"
        if key not in self.wholes:
            with self.trial(one.before) as root:
                codes = [run(command, root).code for command in (one, two)]
                self.wholes[key] = {**content(root), "codes": bytes(code & 0xFF for code in codes)}
        there = dict(self.wholes[key])
        codes = list(there.pop("codes"))
        return codes, {name: data for name, data in there.items() if not _in(name, out)}


def _in(name: str, folders: Sequence[str]) -> bool:
    return any(f"{name}/".startswith(f"{folder}/") for folder in folders)


def differences(found: dict[str, bytes], wanted: dict[str, bytes]) -> list[str]:
    names = sorted(found.keys() | wanted.keys())
    return [
        f"{name} ({'gone' if name not in found else 'new' if name not in wanted else 'other'})"
        for name in names
        if found.get(name) != wanted.get(name)
    ]


def sound(campaign: Campaign, root: Path, after: str) -> None:
    """Every corpus of a trial can be read, and nothing in it is faulty."""
    from goldwire.corpora.errors import GoldwireError
    from goldwire.corpora.store import open_corpus
    from goldwire.corpora.validate import corpus_faults
    from goldwire.eval.scoring.files import read_record

    for manifest in root.glob("[!.]*/corpus.toml"):
        try:
            faults = corpus_faults(open_corpus(manifest.parent))
            for record in manifest.parent.glob("records/*.json"):
                read_record(record)
        except GoldwireError as error:
            faults = {str(manifest.parent): [str(error)]}  # type: ignore[dict-item]
        campaign.expect(not faults, f"{after}: not sound: {faults}")


def told(campaign: Campaign, done: Done, what: str, reason: str) -> None:
    """A command that could not write ended with 2 and said why."""
    campaign.expect("Traceback" not in done.said, f"{what}: {done.said}")
    if done.code != 0:  # 0: what was refused did not matter, such as bringing a folder to the disk
        campaign.expect(done.code == 2 and reason in done.said, f"{what}: exit {done.code}: {done.said}")


@contextmanager
def small(disk: Path, size: int) -> Iterator[Path | None]:
    """A file system in memory of so many bytes; None where nobody may mount one."""
    disk.mkdir(exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "chaos", disk]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        yield None
        return
    try:
        yield disk
    finally:
        subprocess.run(["umount", disk], check=True)


# ---------------------------------------------------------------- processes
def start(command: Command, root: Path, arm: Callable[[], None] = lambda: None) -> tuple[int, Path, float]:
    """A child that runs a command; what it says goes to a file on another disk than the trial's."""
    sink, name = tempfile.mkstemp(prefix="said-")
    said = Path(name)
    began = time.monotonic()
    child = os.fork()
    if not child:
        status = 70
        try:
            os.dup2(sink, 1)
            os.dup2(sink, 2)
            if command.around is not None:
                command.around(root)
            arm()
            status = _call(command.line(root))
        except BaseException:  # noqa: BLE001 - a child must not go on as its parent
            import traceback

            traceback.print_exc()
        finally:
            with suppress(Exception):
                sys.stdout.flush()
                sys.stderr.flush()
            os._exit(status)
    os.close(sink)
    return child, said, began


def _call(words: Sequence[str]) -> int:
    from goldwire.__main__ import main

    sys.argv = ["goldwire", *words]
    try:
        main()
    except SystemExit as error:
        return error.code if isinstance(error.code, int) else 0 if error.code is None else 1
    return 0


def wait(child: int, said: Path, began: float) -> Done:
    _, status = os.waitpid(child, 0)
    seconds = time.monotonic() - began
    text = said.read_text(encoding="utf-8", errors="replace") if said.exists() else ""
    said.unlink(missing_ok=True)
    return Done(status, text.strip()[-2000:], seconds)


def run(
    command: Command, root: Path, arm: Callable[[], None] = lambda: None, kill_after: float | None = None
) -> Done:
    child, said, began = start(command, root, arm)
    if kill_after is not None:
        time.sleep(kill_after)
        os.kill(child, 9)  # it is not waited for yet, so the number is its own
    return wait(child, said, began)


def become_nobody() -> None:
    os.setgroups([])
    os.setgid(NOBODY)
    os.setuid(NOBODY)


def set_back() -> None:
    """A clock a year behind."""
    from goldwire.eval.systems import run as running

    now, year = time.time, 365 * 24 * 3600.0
    time.time = lambda: now() - year  # type: ignore[assignment]
    running._now = lambda: "2001-01-01T00:00:00+00:00"


def steps_of(campaign: Campaign, command: Command) -> tuple[int, float]:
    """How many steps a command takes, and how long undisturbed."""
    with campaign.trial(command.before) as root:
        read, write = os.pipe()
        done = run(command, root, lambda: hooks.count(root, write).arm())
        os.close(write)
        with os.fdopen(read, "rb") as pipe:
            number = len(pipe.read())
        campaign.expect(done.code == 0, f"{command.name}: counted, exit {done.code}: {done.said}")
    return number, done.seconds


# ---------------------------------------------------------------- the whole
def campaign(asked: argparse.Namespace, scratch: Path) -> Campaign:
    scratch.chmod(0o755)

    def goldwire(words: Sequence[str]) -> None:
        done = run(Command("before", [word.replace("{", "{{") for word in words]), scratch / "x")
        if done.code:
            sys.exit(f"cannot begin: {words}: {done.said}")

    whole = Campaign(make(scratch, goldwire), scratch, random.Random(asked.seed))
    chosen = [command for command in COMMANDS if not asked.only or command.name in asked.only]
    for command in chosen:
        alone(whole, command, asked)
    named = {command.name: command for command in chosen}
    some = [(named[one], named[two]) for one, two in SOME] if asked.short else every_pair(chosen, whole.rng)
    for at in range(len(SOME) if asked.short else asked.pairs):
        whole.pair(*some[at % len(some)])
    return whole


def alone(whole: Campaign, command: Command, asked: argparse.Namespace) -> None:
    """All that is done to one command by itself."""
    whole.whole(command)
    number, seconds = steps_of(whole, command)
    whole.counts["steps"] += number
    most = min([number, *(limit for limit in (asked.steps, command.steps) if limit is not None)])
    for at in sorted(whole.rng.sample(range(1, number + 1), most)):
        whole.kill_at(command, at)
        whole.full_disk(command, at)
    for _ in range(asked.random):
        whole.kill_somewhere(command, seconds)
    if not asked.short:
        others(whole, command)
    print(f"{command.name}: {number} steps, {seconds:.2f} s", file=sys.stderr, flush=True)


def others(whole: Campaign, command: Command) -> None:
    if os.getuid() == 0:
        whole.read_only(command)
        whole.small_disk(command)
    whole.earlier(command)
    if command.around is None:  # a server in files is in this process alone
        whole.in_locale_c(command)


def every_pair(chosen: Sequence[Command], rng: random.Random) -> list[tuple[Command, Command]]:
    """Every pair of commands that begin alike, also of one with itself, in a random order."""
    every = [(one, two) for n, one in enumerate(chosen) for two in chosen[n:] if one.before == two.before]
    rng.shuffle(every)
    return every


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, help="of each command, by chance; all if not given")
    parser.add_argument("--random", type=int, default=20, help="kills of each command at any moment")
    parser.add_argument("--pairs", type=int, default=300, help="pairs at once")
    parser.add_argument("--short", action="store_true", help="kills, full disks and a few pairs alone")
    parser.add_argument("--only", action="append", help="this command; may be repeated")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    for module in LOADED:
        import_module(module)
    place = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=place) as scratch:
        done = campaign(asked, Path(scratch))
    for what, times in done.counts.items():
        print(f"{what}: {times}")
    print(f"lost, doubled, not told: {len(done.faults)}")
    return 1 if done.faults else 0


if __name__ == "__main__":
    sys.exit(main())
