"""Programs in any language: a line in, a line out."""

import hashlib
import shlex
import sys
from pathlib import Path

import msgspec
import pytest

from goldwire.corpora.errors import ExtractorError
from goldwire.corpora.store import Corpus, Manifest, create_corpus, make_document
from goldwire.eval.systems.config import parse_system
from goldwire.eval.systems.extractor import Context, identity
from goldwire.eval.systems.facts import Facts
from goldwire.eval.systems.run import run_system

HEAD = """
import json, os, sys, time
for line in sys.stdin:
    document = json.loads(line)
    good = json.dumps({"document": document["document"], "mentions": [{"type": "GPE", "spans": [[0, 5]]}]})
"""


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    documents = [make_document(f"d{i}", f"Kabul fell, {i}.") for i in range(4)]
    return create_corpus(tmp_path / "corpus", Manifest(name="t", ontology="conflict"), documents)


def run(corpus: Corpus, folder: Path, body: str, timeout: float = 30.0, **options: object) -> Facts:
    program = folder / "program.py"
    program.write_text(HEAD + body)
    system = parse_system(f"p=cmd:{sys.executable} -u {shlex.quote(str(program))}")
    return run_system(corpus, msgspec.structs.replace(system, timeout=timeout, options=options))


def counts(corpus: Corpus) -> list[int]:
    return [len(item.mentions) for item in corpus.layer("system/p").values()]


def test_a_program_is_started_once_and_asked_for_each_document(corpus: Corpus, tmp_path: Path) -> None:
    log = str(tmp_path / "log")
    facts = run(corpus, tmp_path, f"    open({log!r}, 'a').write(str(os.getpid()) + ' ')\n    print(good)")
    assert facts.failed == {}
    assert counts(corpus) == [1, 1, 1, 1]
    assert len(set((tmp_path / "log").read_text().split())) == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    ("deed", "reason"),
    [
        ("sys.exit(3)", "the program exited with 3"),
        ("sys.exit('no model')", "the program exited with 1: no model"),
        ("os.abort()", "the program exited with -6"),
        ("print('Loading model…')", "garbled reply 'Loading model…': not valid JSON"),
        ("print(json.dumps({'mentions': 7}))", "Expected `array`"),
        ("print(json.dumps({'document': 'dX'}))", "answered for document 'dX'"),
        ("print(json.dumps({'error': 'too long'}))", "too long"),
        ("os.write(1, bytes([255, 254, 10]))", "garbled reply"),
        ("print(good[:20], end=''); sys.exit(0)", "the program exited with 0"),
        ("time.sleep(60)", "time-out after 1 s"),
    ],
)
def test_one_bad_answer_costs_one_document(corpus: Corpus, tmp_path: Path, deed: str, reason: str) -> None:
    body = f"    if document['document'] == 'd1':\n        {deed}\n    else:\n        print(good)"
    facts = run(corpus, tmp_path, body, timeout=1.0)
    assert list(facts.failed) == ["d1"]
    assert reason in facts.failed["d1"]
    assert counts(corpus) == [1, 0, 1, 1]


def test_answers_one_line_late_are_never_taken_for_the_next_document(corpus: Corpus, tmp_path: Path) -> None:
    body = "    print('warning: slow')\n    print(good)"  # two lines for each document
    with pytest.raises(ExtractorError, match="none of 4 documents succeeded"):
        run(corpus, tmp_path, body)


def test_a_program_that_eats_memory_is_stopped(corpus: Corpus, tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(HEAD + "    hog = b'x' * 2_000_000_000\n    print(good)")
    system = parse_system(f"p=cmd:{sys.executable} -u {program}")
    with pytest.raises(ExtractorError, match="4 documents: the program exited with 1: MemoryError"):
        run_system(corpus, msgspec.structs.replace(system, memory=500_000_000))


def test_the_memory_of_the_program_is_the_systems(corpus: Corpus, tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text("block = b'x' * 150_000_000\n" + HEAD + "    print(good)")
    facts = run_system(corpus, parse_system(f"p=cmd:{sys.executable} -u {program}"))
    assert facts.speed.memory is not None
    assert 150_000_000 < facts.speed.memory < 400_000_000


def test_a_changed_program_is_another_system(corpus: Corpus, tmp_path: Path) -> None:
    first = run(corpus, tmp_path, "    print(good)")
    second = run(corpus, tmp_path, "    print(good) # again")
    assert first.fingerprint != second.fingerprint
    assert run(corpus, tmp_path, "    print(good)", version="2").fingerprint != first.fingerprint


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with a program that imports a module beside it, and a package."""
    monkeypatch.chdir(tmp_path)
    files = {
        "ex2.py": "from rulesdata import NAMES",
        "rulesdata.py": 'NAMES = "Osprey Bank"',
        "tool/__init__.py": "",
        "tool/__main__.py": "from tool import rules",
        "tool/rules.py": "",
        "deep/run.py": "import beside",
        "deep/beside.py": "",
        "words.txt": "Osprey",
        "bare": "import rulesdata",
        "wrap": f"#!{sys.executable}\nimport os\n",
        "script": f"#!{sys.executable}\nimport rulesdata\n",
        "run.sh": "#!/bin/sh\nexec python ex2.py\n",
        "unused.py": "",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(f"{text}\n# {name}\n")
    for name in ("script", "run.sh", "wrap"):
        (tmp_path / name).chmod(0o755)
    return tmp_path


@pytest.mark.parametrize(
    ("command", "files"),
    [
        ("python ex2.py", ["ex2.py", "rulesdata.py"]),
        ("python -u -X utf8 ex2.py --fast", ["ex2.py", "rulesdata.py"]),
        ("env NAME=x python ex2.py", ["ex2.py", "rulesdata.py"]),
        ("python deep/run.py words.txt", ["deep/run.py", "deep/beside.py", "words.txt"]),
        ("python ex2.py --words=words.txt", ["ex2.py", "rulesdata.py", "words.txt"]),
        ("python -m tool", ["tool/__init__.py", "tool/__main__.py", "tool/rules.py"]),
        ("python -um tool.rules", ["tool/__init__.py", "tool/rules.py"]),
        ("python -c 'import rulesdata'", ["rulesdata.py"]),
        (f"python -c 'import rulesdata; x = {list(range(2000))}'", ["rulesdata.py"]),
        ("./script", ["script", "rulesdata.py"]),
        ("timeout 9 ./script", ["script", "rulesdata.py"]),
        ("./wrap python deep/run.py", ["wrap", "deep/run.py", "deep/beside.py"]),
        ("python bare", ["bare", "rulesdata.py"]),
        ("python tool", ["tool/__main__.py"]),  # `tool` is where it looks, and not found there
        ("./run.sh", ["run.sh"]),  # what a shell script runs is not seen: `watch` names it
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_command_is_the_files_it_names_and_what_python_among_them_imports(
    tree: Path, command: str, files: list[str]
) -> None:
    """Those whose hash is among what the system is told apart by."""
    parts = str(identity(parse_system(f"p=cmd:{command}").spec, Context()))
    found = [path for path in tree.rglob("*") if path.is_file() and sha256(path.read_bytes()) in parts]
    assert sorted(str(path.relative_to(tree)) for path in found) == sorted(files)


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def test_a_program_in_another_language_is_what_it_was_before_closures_were_read(tree: Path) -> None:
    """Its answers in old journals are found: the parts are the command and the hashes of its files."""
    digest = sha256((tree / "words.txt").read_bytes())
    assert identity(parse_system("p=cmd:cat words.txt").spec, Context()) == [
        "cmd", ["cat", "words.txt"], [digest],
    ]  # fmt: skip


def test_no_shell_reads_the_command(corpus: Corpus, tmp_path: Path) -> None:
    touched = tmp_path / "touched"
    with pytest.raises(ExtractorError, match="there is no program"):
        run_system(corpus, parse_system(f"p=cmd:$(touch {touched})"))
    assert not touched.exists()
