"""What others wrote never controls a terminal: it is shown, in every command that prints to one."""

import json
import os
import pty
import re
import shlex
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from goldwire.corpora.codec import read_bytes
from goldwire.corpora.errors import CorpusError
from goldwire.corpora.store import Manifest, create_corpus, make_document
from goldwire.corpora.types import Annotations, Mention, Meta, Span

# The window's title, the screen cleared, text hidden, a C1 introducer, text turned round, a line begun anew.
HOSTILE = "\x1b]0;owned\x07\x1b[2J\x1b[8mx\x9b31my\u202ez\rw"
ORDERS = ("\x1b]", "\x1b[2J", "\x1b[8m", "\x9b", "\u202e", "\x07")


def on_terminal(folder: Path, *words: str) -> str:
    """What a command writes to a terminal of 100 columns."""
    master, slave = pty.openpty()
    told = bytearray()

    def read() -> None:
        while True:
            try:
                part = os.read(master, 65536)
            except OSError:
                return
            if not part:
                return
            told.extend(part)

    reader = threading.Thread(target=read)
    reader.start()
    command = [sys.executable, "-m", "goldwire", *words]
    env = {**os.environ, "COLUMNS": "100", "TERM": "xterm-256color"}
    subprocess.run(
        command, cwd=folder, stdin=slave, stdout=slave, stderr=slave, env=env, check=False, timeout=60
    )
    os.close(slave)
    reader.join(timeout=10)
    os.close(master)
    return told.decode("utf-8", "surrogateescape")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    text = f"Rebels {HOSTILE} fled to Gao.".replace("\r", "")
    meta = Meta(title=HOSTILE, source=HOSTILE)
    documents = [make_document(f"d{n}", f"{text} {n}", meta=meta) for n in range(3)]
    corpus = create_corpus(tmp_path / "work", Manifest(name=f"w {HOSTILE}", licence=HOSTILE), documents)
    for layer, types in (("gold", [HOSTILE, "A"]), ("system/a", [HOSTILE, "B"]), ("anna", ["A", HOSTILE])):
        corpus.write_layer(
            layer,
            [
                Annotations(
                    document=d.id,
                    sha256=d.sha256,
                    mentions=tuple(
                        Mention(id=f"m{k}", type=type, spans=(Span(7 * k, 7 * k + 6),))
                        for k, type in enumerate(types)
                    ),
                )
                for d in documents
            ],
        )
    failing = f"import sys; sys.stdin.readline(); sys.stderr.write({HOSTILE!r} + '\\n'); sys.exit(3)"
    (tmp_path / "failing.py").write_text(failing)
    garbled = f"import sys\nfor line in sys.stdin: print({HOSTILE!r}, flush=True)"
    (tmp_path / "garbled.py").write_text(garbled)
    (tmp_path / "bad.jsonl").write_text(json.dumps({"id": HOSTILE, "text": 3}) + "\n")
    (tmp_path / "own.toml").write_text(
        f'name = "x"\nversion = "1"\n[entities.{json.dumps(HOSTILE)}]\nkey = "ctrl"\n'
    )
    return tmp_path


def run_all(folder: Path) -> dict[str, str]:
    lines = (
        "corpus show work",
        "corpus show work d0",
        "corpus stats work",
        "corpus validate work",
        "corpus split work --shares train=0.5,test=0.5",
        "corpus new other --from bad.jsonl",
        "corpus ontology check own.toml",
        f"eval run work --system f=cmd:{sys.executable} failing.py".replace("cmd:", "'cmd:") + "'",
        f"eval run work --system 'g=cmd:{sys.executable} garbled.py'",
        "eval score work --system a",
        "eval compare work/records/default.json",
        "eval report work/records/default.json",
        "eval agreement work --layer gold --layer anna",
        "annotate adjudicate work --layers gold --layers anna --to merged",
        "annotate import work bad.jsonl",
        f"corpus show {json.dumps('no' + HOSTILE)}",
    )
    return {line: on_terminal(folder, *shlex.split(line)) for line in lines}


@pytest.mark.slow
def test_no_command_obeys_what_others_wrote(folder: Path) -> None:
    told = run_all(folder)
    assert all(told.values())
    for line, said in told.items():
        for order in ORDERS:
            assert order not in said.replace("\x1b[K", ""), (line, order)
    assert "␛]0;owned␇" in told["corpus show work d0"]
    assert sum("␛" in said for said in told.values()) >= 6


@pytest.mark.parametrize("form", ["csv", "json"])
def test_tables_for_other_programs_hold_neither_formulas_nor_orders(folder: Path, form: str, said_by) -> None:  # type: ignore[no-untyped-def]
    layer = (folder / "work/layers/system/a.jsonl").read_text()
    (folder / "work/layers/system/a.jsonl").write_text(layer.replace('"B"', '"=HYPERLINK(1)"'))
    said_by("eval", "score", folder / "work", "--system", "a")
    record = folder / "work/records/default.json"
    if form == "csv":
        said_by("eval", "report", record, "--csv", folder / "tables")
        cells = (folder / "tables/types.csv").read_text()
        assert "'=HYPERLINK(1)" in cells
        assert ",=HYPERLINK" not in cells
    else:
        _, out, _ = said_by("eval", "report", record, "--json")
        json.loads(out)
        assert not any(order in out for order in ORDERS)


def test_the_guidelines_let_nothing_in(said_by, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    said_by("annotate", "guidelines", "--out", tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text()
    assert re.search(
        r'Content-Security-Policy"\s+content="default-src .none.; style-src .unsafe-inline.;', page
    )
    assert "<script" not in page


@pytest.mark.parametrize("kind", ["pipe", "device"])
def test_what_is_no_file_is_refused_before_it_is_waited_for(kind: str, tmp_path: Path, said_by) -> None:  # type: ignore[no-untyped-def]
    path = Path("/dev/zero")
    if kind == "pipe":
        os.mkfifo(path := tmp_path / "pipe.jsonl")
    with pytest.raises(CorpusError, match=f"is a {kind}, not a file"):
        read_bytes(path)
    for line in (
        ("corpus", "new", tmp_path / "w", "--from", path),
        ("corpus", "ontology", "check", path),
        ("eval", "report", path),
        ("annotate", "import", tmp_path, path),
    ):
        code, _, err = said_by(*line)
        assert code == 2, line
        assert err.strip()
