"""The same faulty inputs through the command line: what reads each, and how it ends.

Each command runs in a fork of this process, so that what it loads is loaded once.
"""

import os
import shutil
import signal
import sys
import time
from pathlib import Path

import polars  # noqa: F401 - before any fork, as what follows
from scipy import special  # noqa: F401

from fuzz.readers import SEEDS
from fuzz.run import SECONDS, Found
from goldwire.cli import adjudicate, annotate, corpus, ending, evaluate, streams  # noqa: F401
from goldwire.cli import app as command_line
from goldwire.eval.report import html  # noqa: F401
from goldwire.eval.scoring import score  # noqa: F401

# By reader: command lines, where {at} is the wrong file, {in} its folder, {work} a copy of a sound corpus.
IMPORT = "corpus import {work} {at} --layer other --covers all --format "
LINES: dict[str, tuple[str, ...]] = {
    "articles": ("corpus new {out} --from {at}", "corpus add {work} --from {at} --encoding cp1252"),
    "goldwire": (f"{IMPORT}goldwire", "eval run {work} --system s=file:{at}"),
    "conll": ("corpus new {out} --format conll --layer gold --from {at}", f"{IMPORT}conll"),
    "brat": ("corpus new {out} --format brat --layer gold --from {in}",),
    "tbf": (f"{IMPORT}tbf",),
    "re3d": ("corpus new {out} --format re3d --layer gold --from {in}",),
    "plover": ("corpus new {out} --format plover --layer gold --from {at}",),
    "muc": ("corpus new {out} --from {at} --ontology none", f"{IMPORT}muc"),
    "doccano": ("corpus new {out} --from {at}", f"{IMPORT}doccano"),
    "prodigy": ("corpus new {out} --from {at}", f"{IMPORT}prodigy"),
    "langextract": ("corpus new {out} --from {at}", f"{IMPORT}langextract"),
    "gliner": ("corpus new {out} --from {at}", f"{IMPORT}gliner"),
    "dygie": ("corpus new {out} --from {at}", f"{IMPORT}dygie"),
    "spacy-train": ("corpus new {out} --from {at}", f"{IMPORT}spacy-train"),
    "cas": ("corpus new {out} --from {at}", f"{IMPORT}cas"),
    "webanno": ("corpus new {out} --from {at}", f"{IMPORT}webanno"),
    "textee": ("corpus new {out} --from {at}", f"{IMPORT}textee"),
    "bioc": ("corpus new {out} --from {at}", f"{IMPORT}bioc"),
    "pubannotation": ("corpus new {out} --from {at}", f"{IMPORT}pubannotation"),
    "recognised": ("corpus new {out} --from {at}",),
    "corpus": (
        "corpus validate {in}", "corpus stats {in}", "eval score {in} --trials 10",
        "annotate export {in} {out}.json --prefill gold",
    ),
    "predictions": ("eval run {work} --system s=file:{at} --allow-failures 100%",),
    "ontology": ("annotate config --ontology {at}", "annotate guidelines --ontology {at}"),
    "labels": ("eval run {work} --system s=file:{gold} --labels s={at}",),
    "suite": ("eval score {work} --suite {at} --trials 10",),
    "gate": ("eval gate {record} --baseline {out}.json --policy {at} --update",),
    "systems": ("eval run {work} --systems {at} --timeout 1",),
    "lexicon": ("eval run {work} --system s=lexicon:{at}",),
    "plan": ("annotate migrate {work} --to conflict --plan {at} --dry-run --url http://127.0.0.1:1",),
    "record": ("eval report {at} --markdown {out}.md", "eval compare {at}"),
    "baseline": ("eval gate {in}/record.json --baseline {in}/baseline.json --policy strict",),
    "tasks": ("annotate import {work} {at}",),
    "parts": ("eval merge {in} --into {work}", "eval merge {in} --record {out}.json"),
    "configuration": ("annotate import {work} {tasks} --config {at} --add-texts",),
}  # fmt: skip
MODELS = {
    "gold": SEEDS / "corpus/small/layers/gold.jsonl",
    "record": SEEDS / "baseline/small/record.json",
    "tasks": SEEDS / "tasks/graph/tasks.json",
}


def attempt(name: str, line: str, files: dict[str, bytes], at: str, folder: Path) -> Found | str:
    """What a command makes of files: "taken", "refused", or what was found; `line` is one of the reader's."""
    shutil.rmtree(folder, ignore_errors=True)
    for file, data in files.items():
        (folder / "in" / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / "in" / file).write_bytes(data)
    shutil.copytree(SEEDS / "corpus/small", folder / "work")
    here = {"in": folder / "in", "at": folder / "in" / at, "out": folder / "out", "work": folder / "work"}
    said = folder / "said"
    status, seconds = _run([word.format(**here, **MODELS) for word in line.split()], folder / "in", said)
    told = said.read_text(encoding="utf-8", errors="replace")
    key = f"{name}: {line.partition(' {')[0]}"
    if os.WIFSIGNALED(status):
        return Found(f"{key}: ended by signal {os.WTERMSIG(status)} after {seconds:.1f} s")
    code = os.WEXITSTATUS(status)
    if code not in (0, 1, 2) or "Traceback" in told:
        return Found(f"{key}: exit {code}: {told[-300:]!r}")
    return "refused" if code == 2 else "taken"


def _run(words: list[str], folder: Path, said: Path) -> tuple[int, float]:
    """The status and the seconds of a command run in a fork; what it prints goes to a file."""
    began = time.perf_counter()
    child = os.fork()
    if child == 0:
        _become(words, folder, said)
    while True:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return status, time.perf_counter() - began
        if time.perf_counter() - began > 2 * SECONDS:  # more than a reader has: a command does more
            os.kill(child, signal.SIGKILL)
        time.sleep(0.002)


def _become(words: list[str], folder: Path, said: Path) -> None:
    os.chdir(folder)
    out = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(out, 1)
    os.dup2(out, 2)
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os.environ["XDG_STATE_HOME"] = str(folder)
    sys.argv = ["goldwire", *words]
    code = 99
    try:
        streams.prepare()
        code = ending.run(command_line)
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(code)
