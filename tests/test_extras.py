"""A library that is optional and missing is named, with the command that brings it; nothing else suffers."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from goldwire.corpora import extras, library
from goldwire.corpora.errors import GoldwireError

# Every library that some extra brings, by the name that it is imported by.
OPTIONAL = ("label_studio_sdk", "keyring", "httpx", "spacy", "trafilatura", "cassis")
BLOCKED = f"import sys\nfor name in {OPTIONAL}: sys.modules[name] = None\n"
SPACY, CAS = (("--layer", "gold", "--format", name) for name in ("spacy", "cas"))
COMMAND = "import sys\nfrom goldwire.__main__ import main\nsys.argv = ['goldwire', *{arguments!r}]\nmain()\n"


def run(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """A command where no optional library can be imported."""
    program = BLOCKED + COMMAND.format(arguments=arguments)
    return subprocess.run(
        [sys.executable, "-c", program], cwd=cwd, capture_output=True, text=True, check=False
    )


def test_messages_name_what_pyproject_has(root: Path) -> None:
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = project["optional-dependencies"]
    ours = {name: tuple(declared[name]) for name in declared if name not in {"all", "dev"}}
    assert ours == extras.EXTRAS
    assert declared["all"] == [
        f"goldwire[{','.join(name for name in extras.EXTRAS if name not in extras.HEAVY)}]"
    ]


@pytest.mark.parametrize(
    ("arguments", "need"),
    [
        (("corpus", "new", "c", "--from", "page.html"), "page.html: pages need trafilatura, which is not"),
        (("corpus", "import", "gold", "x.spacy", *SPACY), "DocBin needs spaCy, which is not"),
        (("corpus", "import", "gold", "x.xmi", *CAS), "UIMA CAS needs dkpro-cassis, which is not"),
        (("eval", "run", "gold", "--system", "s=spacy:en_core_web_sm"), "`spacy` needs spacy, which is not"),
        (("eval", "run", "gold", "--system", "h=http://localhost:1/"), "`http` needs httpx, which is not"),
        (("eval", "run", "gold", "--system", "m=llm:m@http://localhost:1/"), "`llm` needs httpx, which is"),
    ],
)
def test_command_names_the_library_that_it_misses_and_how_to_get_it(
    tmp_path: Path, arguments: tuple[str, ...], need: str
) -> None:
    (tmp_path / "page.html").write_text("<p>Rain fell.</p>")
    (tmp_path / "x.spacy").write_bytes(b"attrs tokens")
    (tmp_path / "x.xmi").write_text('<xmi:XMI xmlns:xmi="http://www.omg.org/XMI"></xmi:XMI>')
    (tmp_path / "TypeSystem.xml").write_text("<typeSystemDescription/>")
    (tmp_path / "a.txt").write_text("Rain fell in Herat.")
    assert run("corpus", "new", "gold", "--from", "a.txt", cwd=tmp_path).returncode == 0
    done = run(*arguments, cwd=tmp_path)
    assert done.returncode == 2
    told = done.stdout + done.stderr
    assert need in told
    assert "python -m pip install '" in told
    assert "Traceback" not in told


def test_label_studio_needs_its_sdk_and_says_so_before_a_server_or_a_token_is_asked_for(
    tmp_path: Path,
) -> None:
    (tmp_path / "a.txt").write_text("Rain fell in Herat.")
    assert run("corpus", "new", "gold", "--from", "a.txt", cwd=tmp_path).returncode == 0
    for command in (("push", "gold", "--project", "p"), ("pull", "gold"), ("status", "gold")):
        done = run("annotate", *command, cwd=tmp_path)
        assert done.returncode == 2
        assert "talking to Label Studio needs its SDK, which is not installed here" in done.stderr
        assert "python -m pip install 'label-studio-sdk>=2.0.11'" in done.stderr


@pytest.mark.slow
def test_scores_gates_and_pages_need_no_optional_library(tmp_path: Path) -> None:
    library.copy("mazar-2021", tmp_path / "gold")
    lines = [
        ("eval", "run", "gold", "--system", "rules=lexicon"),
        ("eval", "score", "gold", "--name", "ci"),
        ("eval", "gate", "gold/records/ci.json", "--baseline", "baseline.json", "--update"),
        ("eval", "gate", "gold/records/ci.json", "--baseline", "baseline.json"),
        ("eval", "report", "gold/records/ci.json", "--html", "r.html", "--markdown", "r.md"),
        ("corpus", "export", "gold", "gold.parquet", "--format", "huggingface", "--layer", "gold"),
    ]
    for line in lines:
        done = run(*line, cwd=tmp_path)
        assert done.returncode == 0, (line, done.stderr)


def test_list_of_systems_says_what_each_misses(tmp_path: Path) -> None:
    done = run("eval", "systems", cwd=tmp_path)
    missing = [line.split()[0] for line in done.stdout.splitlines() if "not installed: python -m pip" in line]
    assert {*missing} == {"spacy:MODEL", "gliner:MODEL", "llm:MODEL@URL", "http(s)://URL"}


def test_library_that_is_there_but_broken_is_not_said_to_be_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "halved.py").write_text("import what_it_needs_itself")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(GoldwireError, match=r"installed but cannot be imported \(No module named 'what_it"):
        extras.load("halved", "cas", "CAS needs halved")
