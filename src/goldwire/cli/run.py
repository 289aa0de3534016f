"""`goldwire eval run` and `goldwire eval systems`: run extractors, and say which there are."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from goldwire.cli.arguments import Dir, pairs
from goldwire.cli.files import source
from goldwire.cli.options import refuse
from goldwire.cli.output import Json, is_quiet, note, print_json, say
from goldwire.corpora.visible import visible

if TYPE_CHECKING:
    from goldwire.corpora.store import Corpus
    from goldwire.eval.systems.config import System
    from goldwire.eval.systems.facts import Facts, Speed
    from goldwire.eval.systems.journal import Reused
    from goldwire.eval.systems.run import Outcome, Progress

SHOWN = 10  # documents that are named as failed for one reason
SAY_EVERY = 5.0  # seconds between two lines of progress where the line cannot be written over
Matrix = Annotated[
    list[Path] | None,
    typer.Option(
        "--systems", metavar="FILE|-", parser=source, help="A TOML file of systems; may be repeated."
    ),
]


def run(
    ctx: typer.Context,
    folder: Dir,
    *,
    system: Annotated[
        list[str] | None, typer.Option(metavar="NAME=SPEC", help="A system to run; may be repeated.")
    ] = None,
    systems: Matrix = None,
    only: Annotated[
        list[str] | None, typer.Option(help="Of FILE run only this system; may be repeated.")
    ] = None,
    labels: Annotated[
        list[str] | None, typer.Option(metavar="NAME=MAP", help="A label map (TOML, or a name that ships).")
    ] = None,
    option: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME.KEY=VALUE", help="An option of a system; may be repeated."),
    ] = None,
    workers: Annotated[int, typer.Option(min=1, help="Processes for each system.")] = 1,
    timeout: Annotated[float | None, typer.Option(help="Seconds a document may take.")] = None,
    memory: Annotated[str | None, typer.Option(help="Memory that a process may use, such as 2GB.")] = None,
    seed: Annotated[int, typer.Option(help="Seed for what a system leaves to chance.")] = 0,
    runs: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            help="Run each system N times, with other seeds: layers NAME/1 to NAME/N.",
        ),
    ] = None,
    save: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Train `sklearn` on the whole layer too, and keep the model."),
    ] = None,
    load: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Use the model in FILE for `sklearn`, instead of training."),
    ] = None,
    watch: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=GLOB",
            help="Files that the output depends on: if one changes, all is run again. May be repeated.",
        ),
    ] = None,
    allow_failures: Annotated[
        str | None,
        typer.Option(metavar="N|N%", help="Documents that may fail, for each system; none if not given."),
    ] = None,
    keep_going: Annotated[
        bool,
        typer.Option(
            "--keep-going",
            help="Do not stop when many documents fail in the same way, or when nothing answers.",
        ),
    ] = False,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Run all documents again, those that succeeded before too.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Run systems on a corpus; each becomes a layer `system/NAME`.

    A document on which a system crashes, hangs or answers nonsense fails alone and counts as empty. What
    does not fit text or ontology is rejected, and counts against the system. Interrupted and run again, only
    what is missing or failed is run. Exit 1 if more documents failed than were allowed: the layer is written
    all the same. Exit 2 if none succeeded, the run was stopped early or the system could not be run: no layer
    is written, and one that is there stays. Of several systems, the worst counts.

    With --runs, run k has the system's seed and k - 1 more, and becomes the layer `system/NAME/k`; those that
    are done are not run again, so that a larger number adds some. What gives the same each time (lexicon,
    file, `deterministic = true`) is run once. Scored, the runs are one system.

    \b
    Examples:
      goldwire eval run work --system rules=lexicon --system mine="cmd:python extract.py"
      goldwire eval run work --systems systems.toml --workers 2
      goldwire eval run work --system learnt=sklearn --save learnt.npz
      goldwire eval run work --system mine="cmd:./extract" --watch "mine=model/*" --allow-failures 1%
      goldwire eval run work --systems systems.toml --only learnt --runs 5
    """
    from goldwire.corpora.store import open_corpus
    from goldwire.eval.systems.run import run as run_systems
    from goldwire.eval.systems.runs import expand

    corpus = open_corpus(folder)
    chosen = _chosen(system or [], systems or [], only or [])
    for setting in ("seed", "workers"):
        if all(getattr(item, setting) is not None for item in chosen):
            refuse(ctx, (setting,), "where every system has its own in the file")
    chosen = [*_with(chosen, labels or [], option or [], watch or [])]
    chosen = [_limited(item, timeout, memory, allow_failures) for item in chosen]
    learners = _learners(chosen, save, load)
    chosen = [_loading(item, load) if item in learners else item for item in chosen]
    expanded = expand(chosen, runs, seed)
    progress = _Progress()
    try:
        outcomes = run_systems(
            corpus,
            expanded.systems,
            workers=workers,
            seed=seed,
            fresh=fresh,
            keep_going=keep_going,
            progress=progress,
        )
    except KeyboardInterrupt:
        progress.end()
        note("interrupted; what is done is kept: the same command goes on from here")
        raise
    progress.end()
    if save is not None and not any(outcome.error for outcome in outcomes):
        _save(folder, learners[0], seed, save)
    for told in (*expanded.notes, *_beside(corpus, chosen, runs)):
        note(told)
    if as_json:
        print_json(outcomes)
    else:
        _show(outcomes, folder)
    status = max(outcome.status for outcome in outcomes)
    if status:
        raise typer.Exit(status)


def _beside(corpus: Corpus, chosen: list[System], number: int | None) -> Iterator[str]:
    """What else is there under the name of a system: runs beyond those of now, or the layer of one run."""
    from goldwire.eval.systems.runs import beside

    for system in chosen:
        yield from beside(corpus, system, number)


def _chosen(texts: list[str], files: list[Path], only: list[str]) -> list[System]:
    from goldwire.corpora.errors import ExtractorError
    from goldwire.eval.systems import config

    listed = [item for file in files for item in config.read(file)]
    unknown = set(only) - {item.name for item in listed}
    if unknown:
        raise ExtractorError(f"--only {', '.join(sorted(unknown))}: not among the systems of the file")
    found = [item for item in listed if not only or item.name in only]
    found += [config.parse_system(text) for text in texts]
    names = [item.name for item in found]
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled or not found:
        what = f"two systems are called {', '.join(doubled)}" if doubled else "no system was named"
        raise ExtractorError(f"{what}; write --system NAME=SPEC or --systems FILE")
    return found


def _with(found: list[System], labels: list[str], options: list[str], watch: list[str]) -> Iterator[System]:
    """The systems with the label maps, options and watched files of the command line."""
    import msgspec

    from goldwire.corpora.errors import ExtractorError

    maps = pairs(labels, "--labels NAME=MAP")
    settings = pairs(options, "--option NAME.KEY=VALUE")
    keys = [(*name.partition(".")[::2], value) for name, value in settings.items()]
    watched = [(name, glob) for text in watch for name, glob in pairs([text], "--watch NAME=GLOB").items()]
    named = {*maps} | {name for name, _, _ in keys} | {name for name, _ in watched}
    unknown = named - {item.name for item in found}
    if unknown:
        raise ExtractorError(f"no system is called {', '.join(sorted(unknown))}")
    for item in found:
        mine = {key: _value(value) for name, key, value in keys if name == item.name}
        yield msgspec.structs.replace(
            item,
            labels=maps.get(item.name, item.labels),
            options={**item.options, **mine},
            watch=(*item.watch, *(glob for name, glob in watched if name == item.name)),
        )


def _value(text: str) -> Any:
    """A value as TOML has it, or the text itself."""
    import tomllib

    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _limited(item: System, timeout: float | None, memory: str | None, allow_failures: str | None) -> System:
    import msgspec

    from goldwire.eval.systems.config import allowed, parse_size

    changes: dict[str, Any] = {}
    if timeout is not None:
        changes["timeout"] = timeout
    if memory is not None:
        changes["memory"] = parse_size(memory)
    if allow_failures is not None:
        allowed(allow_failures, 0)  # what is no number or share is said before anything runs
        changes["allow_failures"] = allow_failures
    return msgspec.structs.replace(item, **changes)


def _learners(chosen: list[System], save: Path | None, load: Path | None) -> list[System]:
    """The systems that learn; `--save` needs exactly one, `--load` at least one."""
    from goldwire.corpora.errors import ExtractorError
    from goldwire.eval.systems.extractor import can_save

    if save is None and load is None:
        return []
    found = [item for item in chosen if can_save(item.spec)]
    if (save is not None and len(found) != 1) or not found:
        raise ExtractorError("--save and --load are for systems that learn, such as `sklearn`: name one")
    return found


def _loading(item: System, load: Path | None) -> System:
    import msgspec

    return (
        item if load is None else msgspec.structs.replace(item, options={**item.options, "load": str(load)})
    )


def _save(folder: Path, item: System, seed: int, path: Path) -> None:
    from goldwire.eval.systems.extractor import Context, save

    seed = seed if item.seed is None else item.seed
    said = save(item.spec, Context(corpus=str(folder), options=item.options, seed=seed), path)
    note(f"{path}: {said}")


class _Progress:
    """Shows rate and time left on standard error: one line written over, or a line now and then."""

    def __init__(self) -> None:
        self._terminal, self._last, self._open = sys.stderr.isatty(), -math.inf, False

    def __call__(self, progress: Progress) -> None:
        if is_quiet():
            return
        now, complete = time.monotonic(), progress.done == progress.total
        if not complete and now - self._last < (0.1 if self._terminal else SAY_EVERY):
            return
        self._last, self._open = now, self._terminal and not complete
        start, end = "\r\x1b[K" if self._terminal else "", "" if self._open else "\n"
        sys.stderr.write(start + visible(_line(progress)) + end)
        sys.stderr.flush()

    def end(self) -> None:
        """Leave a line that would be written over."""
        if self._open:
            sys.stderr.write("\n")
            self._open = False


def _line(progress: Progress) -> str:
    rate = progress.done / progress.seconds if progress.seconds else 0.0
    left = ""
    if rate and progress.done < progress.total:
        left = f", {(progress.total - progress.done) / rate:.0f} s left"
    failed = f", {progress.failed} failed" if progress.failed else ""
    return f"{progress.system}: {progress.done}/{progress.total} documents, {rate:.1f}/s{left}{failed}"


def _show(outcomes: list[Outcome], folder: Path) -> None:
    for outcome in outcomes:
        lines = _failure(outcome) if outcome.facts is None else _report(outcome, outcome.facts, folder)
        for line in lines:
            say(line)


def _failure(outcome: Outcome) -> Iterator[str]:
    yield f"{outcome.system}: no layer written: {outcome.error}"
    if outcome.kept is not None:
        made = f": made {_time(outcome.kept)}" if outcome.kept else ""
        yield f"  layer system/{outcome.system} stays as it was{made}"


def _report(outcome: Outcome, facts: Facts, folder: Path) -> Iterator[str]:
    from goldwire.corpora.rejected import tell

    by = f"{facts.name} {facts.version}".strip()
    yield f"{facts.system}: layer system/{facts.system}, {facts.documents} documents by {by}"
    if outcome.reused is not None:
        yield f"  {_reused(outcome.reused)}"
    yield "  " + ", ".join(_speed(facts.speed))
    if facts.usage:
        yield "  " + ", ".join(f"{name} {value:g}" for name, value in facts.usage.items())
    yield from (f"  sent: {what} ({_documents(number)})" for what, number in facts.sent.items())
    for what, number in facts.partial.items():
        yield f"  {_documents(number)} {what}: the items that came whole are kept, there may be more"
    if examples := int(facts.usage.get("prompt_examples", 0)):
        yield f"  {examples} item{' is' if examples == 1 else 's are'} words of the prompt's own examples"
    for reason, ids in _by_reason(facts.failed).items():
        yield f"  failed, scored as empty: {reason}: {_some(ids)}"
    if facts.failed:
        yield f"  {_failures(facts)}"
    if facts.rejected:
        yield f"  {tell(facts.rejected, folder / 'runs' / facts.system / 'quarantine.jsonl')}"
    yield from _passed_over(facts)
    yield from (f"  {line}" for line in facts.notes)


def _passed_over(facts: Facts) -> Iterator[str]:
    """What became of the output besides what was rejected."""
    from goldwire.corpora.labels import leaving_out

    if facts.unmapped:
        yield "  no counterpart in the ontology; a label map with these lines leaves them out:"
        yield from (f"    {line}" for line in leaving_out(facts.unmapped))
    if facts.dropped:
        yield f"  left out by the label map: {_counts(facts.dropped)}"
    if facts.excluded:
        yield f"  in excluded regions, not counted: {facts.excluded}"
    if facts.lost:
        yield f"  not kept: {_counts(facts.lost)}"
    if facts.repaired:
        yield f"  offsets in UTF-16 units or bytes, repaired: {facts.repaired}"


def _documents(number: int) -> str:
    return f"{number} document{'' if number == 1 else 's'}"


def _reused(reused: Reused) -> str:
    """What was not run again, and when it was."""
    first, last = _time(reused.first), _time(reused.last)
    when = first if first == last else f"{first} to {last}"
    return f"reused {reused.documents} of {reused.of} documents of {when}; --fresh runs them again"


def _time(text: str) -> str:
    """A time of a journal as people here say it; the year where it is not this one."""
    from datetime import datetime

    try:
        time = datetime.fromisoformat(text).astimezone()
    except (ValueError, OverflowError):  # a journal that was damaged
        return text
    year = "" if time.year == datetime.now(time.tzinfo).year else f" {time.year}"
    return f"{time.day} {time:%B}{year}, {time:%H:%M}"


def _failures(facts: Facts) -> str:
    """How many failed and may fail, and what to do about it."""
    failed, allowed = len(facts.failed), facts.allowed
    said = f"failed on {failed} of {facts.documents} documents (allowed: {allowed}); the same command runs "
    said += "them again"
    return said if failed <= allowed else f"{said}, --allow-failures {failed} lets it pass"


def _some(ids: list[str]) -> str:
    more = len(ids) - SHOWN
    return ", ".join(ids[:SHOWN]) + (f" and {more} more" if more > 0 else "")


def _speed(speed: Speed) -> Iterator[str]:
    if speed.documents is not None and speed.characters is not None:
        yield f"{speed.documents:.1f} documents/s, {speed.characters:.0f} characters/s"
    if speed.latency is not None:
        p50, p95, p99 = (1000 * value for value in (speed.latency.p50, speed.latency.p95, speed.latency.p99))
        yield f"p50 {p50:.1f} ms, p95 {p95:.1f} ms, p99 {p99:.1f} ms"
    if speed.startup is not None:
        yield f"start-up {speed.startup:.2f} s"
    if speed.memory is not None:
        yield f"peak {speed.memory / 1e6:.0f} MB"


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{number} {name}" for name, number in counts.items())


def _by_reason(failed: dict[str, str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for document, reason in failed.items():
        found.setdefault(reason, []).append(document)
    return found


def _missing(hint: str) -> str:
    return f"   (not installed: {hint})" if hint else "   (cannot be used)"


def _default(option: tuple[str, Any]) -> str:
    name, value = option
    return name if value is None else f"{name} ({value!r})"


def systems(
    files: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[FILE|-]…", parser=source, help="TOML files of systems to show as well."),
    ] = None,
    *,
    as_json: Json = False,
) -> None:
    """List the kinds of system that can be run, those of installed packages, and those of a file.

    \b
    Examples:
      goldwire eval systems
      goldwire eval systems systems.toml
    """
    from goldwire.eval.systems import config as matrix
    from goldwire.eval.systems.extractor import kinds

    listed = [item for file in files or [] for item in matrix.read(file)]
    if as_json:
        print_json({"kinds": kinds(), "systems": [{"name": s.name, "spec": str(s.spec)} for s in listed]})
        return
    for kind in kinds():
        say(kind["form"] + ("" if kind["ready"] else _missing(kind["hint"])))
        say(f"    {kind['about']}")
        if kind["options"]:
            say(f"    options: {', '.join(map(_default, kind['options'].items()))}")
    for item in listed:
        say(f"{item.name} = {item.spec}" + (f", labels {item.labels}" if item.labels else ""))
    if not listed:
        note("Run one with: goldwire eval run DIR --system NAME=SPEC")
