"""`-` is standard input where a file is read, standard output where one is written, and refused elsewhere."""

import os
from pathlib import Path

import pytest
import typer.main
from typer.testing import CliRunner, Result

from goldwire.cli import app, files
from goldwire.corpora import library


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a corpus, a record and a baseline; it is the working directory."""
    library.copy("mazar-2021", tmp_path / "gold")
    monkeypatch.chdir(tmp_path)
    for line in (
        "eval run gold --system rules=lexicon",
        "eval score gold --name now",
        "eval gate gold/records/now.json --baseline baseline.json --update",
    ):
        assert goldwire(line).exit_code == 0
    return tmp_path


def goldwire(line: str, data: str = "") -> Result:
    return CliRunner().invoke(app, line.split(), input=data)


# ---------------------------------------------------------------- out
@pytest.mark.slow
@pytest.mark.parametrize(
    "line",
    [
        "eval report gold/records/now.json --markdown",
        "eval report gold/records/now.json --latex",
        "eval gate gold/records/now.json --baseline baseline.json --junit",
        "eval gate gold/records/now.json --baseline baseline.json --markdown",
        "annotate guidelines --out",
        "annotate config --out",
        "annotate export gold",
        "corpus export gold --layer gold --format conll",
    ],
)
def test_what_goes_to_standard_output_is_what_would_be_in_the_file(work: Path, line: str) -> None:
    assert goldwire(f"{line} there").exit_code == 0
    done = goldwire(f"{line} -")
    assert done.exit_code == 0, done.output
    assert done.stdout == (work / "there").read_text()
    assert "goldwire-" not in done.stderr  # the name of no file of ours


def test_check_that_failed_has_sent_what_it_found(work: Path) -> None:
    (work / "nothing.py").write_text("def extract(document):\n    return {'mentions': []}\n")
    assert goldwire("eval run gold --system rules=python:nothing:extract").exit_code == 0
    assert goldwire("eval score gold --name now --replace").exit_code == 0
    done = goldwire("eval gate gold/records/now.json --baseline baseline.json --junit -")
    assert done.exit_code == 1
    assert done.stdout.startswith("<?xml")
    assert "The gate is shut" in done.stderr


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("corpus export gold - --layer gold --format spacy", "standard output: this form is binary"),
        ("corpus export gold - --layer gold --format brat", "standard output: this form is a folder"),
    ],
)
def test_binary_forms_and_folders_are_refused(work: Path, line: str, told: str) -> None:
    if "spacy" in line:
        pytest.importorskip("spacy", reason="spaCy is not installed")
    done = goldwire(line)
    assert told in str(done.exception)
    assert done.stdout == ""


def test_standard_output_has_one_thing_only(work: Path) -> None:
    report = "eval report gold/records/now.json --markdown -"
    done = goldwire(f"{report} --latex -")
    assert done.exit_code == 2
    assert "once: - was given for --markdown and --latex" in done.output
    done = goldwire(f"{report} --json")
    assert done.exit_code == 2
    assert "--markdown - and --json both go to standard output" in done.output


# ---------------------------------------------------------------- in
def test_what_comes_from_standard_input_is_read_as_from_a_file(work: Path) -> None:
    record = (work / "gold" / "records" / "now.json").read_text()
    done = goldwire("eval gate - --baseline baseline.json", record)
    assert (done.exit_code, done.stdout.splitlines()[0][:16]) == (0, "The gate is open")
    columns = goldwire("corpus export gold - --layer gold --format conll").stdout
    (work / "gold.conll").write_text(columns)
    assert goldwire("corpus new one --from - --layer gold", columns).exit_code == 0
    assert goldwire("corpus new other --from gold.conll --layer gold").exit_code == 0
    layers = [(work / name / "layers" / "gold.jsonl").read_text() for name in ("one", "other")]
    assert layers[0] == layers[1]
    assert layers[0].count("\n") == 18


def test_articles_come_as_json_lines_and_faults_have_their_place(work: Path) -> None:
    assert goldwire("corpus new one --from -", '{"id": "a", "text": "Rain fell."}\n').exit_code == 0
    done = goldwire("corpus new two --from -", '{"id": "a", "text": "Rain fell."}\n{"id"')
    assert "\n  standard input:2 $: not valid JSON" in str(files_named(done))
    assert not (work / "two").exists()


def files_named(done: Result) -> str:
    from goldwire.cli.output import named

    return named(str(done.exception))


def test_text_of_a_document_may_begin_as_it_likes(work: Path) -> None:
    assert goldwire("corpus new one --from -", '{"id": "a", "text": "Rain fell."}\n').exit_code == 0
    done = goldwire("corpus correct one a --text -", "{Rain} fell.")
    assert done.exit_code == 0, done.output
    assert "{Rain} fell." in (work / "one" / "documents.jsonl").read_text()


def test_standard_input_is_read_once(work: Path) -> None:
    done = goldwire("eval compare - -", "{}")
    assert done.exit_code == 2
    assert "standard input can be read once" in done.output


@pytest.mark.slow
@pytest.mark.parametrize(
    "line",
    [
        "eval score -",
        "eval report gold/records/now.json --csv -",
        "eval gate gold/records/now.json --baseline -",
        "corpus validate -",
    ],
)
def test_dash_is_refused_where_it_cannot_be(work: Path, line: str) -> None:
    done = goldwire(line)
    assert done.exit_code == 2
    assert "not here; name a place" in done.output


def test_every_parameter_that_names_a_place_says_whether_it_may_be_a_dash() -> None:
    def walk(command: object) -> None:
        for param in command.params:  # type: ignore[attr-defined]
            dashed = "|-" in str(param.metavar)
            if dashed or param.type.name in {"source", "target"}:
                assert dashed, param.name
                assert param.type.func in {files.source, files.target}, param.name
        context = command.context_class(command)  # type: ignore[attr-defined]
        for name in getattr(command, "list_commands", lambda _: [])(context):
            walk(command.get_command(context, name))  # type: ignore[attr-defined]

    walk(typer.main.get_command(app))


# ---------------------------------------------------------------- what would be written over
@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("eval report gold/records/now.json --html gold/records/now.json", "for --html and RECORD"),
        ("eval report gold/records/now.json --html a.html --markdown ./a.html", "for --html and --markdown"),
        ("eval gate gold/records/now.json --baseline baseline.json --junit baseline.json", "and --junit"),
        ("eval gate gold/records/now.json --baseline baseline.json --markdown link.json", "and --markdown"),
        ("eval gate now.json --baseline baseline.json --policy p.toml --markdown p.toml", "and --markdown"),
        ("annotate export gold gold/documents.jsonl", "is documents.jsonl of a corpus"),
        ("corpus export gold gold/layers/gold.jsonl --layer gold", "is a layer of a corpus"),
        ("corpus export gold gold/corpus.toml --layer gold", "is corpus.toml of a corpus"),
        ("annotate config --out gold/ontology.toml", "is ontology.toml of a corpus"),
        ("annotate guidelines --out gold/records/now.json", "is a record of a corpus"),
        ("eval run gold --system s=sklearn --save gold/documents.jsonl", "is documents.jsonl of a corpus"),
        ("eval run gold --system rules=lexicon --save gold/runs/rules/facts.json", "is of the runs of a"),
    ],
)
def test_nothing_takes_the_place_of_what_is_read_or_kept(work: Path, line: str, told: str) -> None:
    (work / "link.json").symlink_to("baseline.json")
    (work / "p.toml").write_text("")
    if "ontology" in line:
        (work / "gold/ontology.toml").write_text("")
    before = contents(work)
    done = goldwire(line)
    assert done.exit_code == 2
    assert told in " ".join(done.output.replace("│", " ").split())
    assert contents(work) == before


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    ("line", "times"),
    [
        ("annotate guidelines --out gold/guidelines.md", 2),
        ("annotate guidelines --out gold/records/guidelines.md", 2),
        ("corpus export gold gold/layers/again.jsonl --layer gold", 1),
        ("eval gate gold/records/now.json --baseline baseline.json --junit pipe --markdown pipe", 2),
    ],
)
def test_what_a_corpus_does_not_have_may_be_put_there_and_renewed(work: Path, line: str, times: int) -> None:
    os.mkfifo(work / "pipe")
    reader = os.open(work / "pipe", os.O_RDWR)  # so that nobody waits for one
    assert [goldwire(line).exit_code for _ in range(times)] == [0] * times
    assert (work / "pipe").is_fifo()
    os.close(reader)
