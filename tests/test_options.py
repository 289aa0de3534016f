"""Every option of every command is heard or refused: once, and where it has an effect."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main
from typer.testing import CliRunner

from goldwire.annotate.local.server import Server
from goldwire.cli import app

Call = Callable[..., Any]


def iter_commands(command: Any = None, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command that does something, with its words."""
    command = command or typer.main.get_command(app)
    if not hasattr(command, "list_commands"):
        yield path, command
        return
    context = command.context_class(command)
    for name in command.list_commands(context):
        yield from iter_commands(command.get_command(context, name), (*path, name))


def iter_options() -> Iterator[Any]:
    """Every option that takes one value, each spelling by itself."""
    for path, command in iter_commands():
        for param in command.params:
            if param.param_type_name == "option" and not (param.multiple or param.is_flag or param.count):
                for spelling in param.opts:
                    yield pytest.param(path, spelling, id=" ".join([*path, spelling]))


def test_the_tree_of_commands_is_walked_to_its_leaves() -> None:
    paths = {path for path, _ in iter_commands()}
    assert {("demo",), ("eval", "score"), ("corpus", "ontology", "diff"), ("annotate", "push")} <= paths
    spelt = {" ".join(param.values[0]) + " " + param.values[1] for param in iter_options()}
    named = {"eval score --name", "eval score --suite", "eval gate --baseline", "eval gate --policy"}
    assert named | {"corpus import --layer", "annotate import --config"} <= spelt


@pytest.mark.parametrize(("path", "option"), list(iter_options()))
def test_an_option_with_one_value_is_given_once(path: tuple[str, ...], option: str) -> None:
    done = CliRunner().invoke(app, [*path, option, "1", f"{option}=2"])
    assert done.exit_code == 2
    assert f"{option} was given twice: 1, 2; give it once" in done.output


def test_each_of_more_than_two_is_named() -> None:
    done = CliRunner().invoke(app, ["eval", "score", "x", "--name", "a", "--name", "b", "--name", "a"])
    assert "--name was given 3 times: a, b, a; give it once" in done.output


def test_a_flag_may_be_given_twice_but_not_with_its_opposite() -> None:
    new = ["corpus", "new", "nowhere", "--from", "nothing.txt"]
    twice = CliRunner().invoke(app, [*new, "--boilerplate", "--boilerplate"])
    assert "nothing.txt: cannot be read" in str(twice.exception)  # so the flag was taken
    done = CliRunner().invoke(app, [*new, "--boilerplate", "--no-boilerplate"])
    assert done.exit_code == 2
    assert "--boilerplate and --no-boilerplate were both given; give one of them" in done.output


def test_what_looks_like_an_option_behind_two_dashes_is_none() -> None:
    done = CliRunner().invoke(app, ["eval", "suites", "--", "--json", "--json"])
    assert "--json" in str(done.exception)
    assert "twice" not in done.output


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("corpus import x a.conll --layer y -o a=1 --option a=2", "--option a was given twice: 1, 2"),
        (
            "annotate import x e.json --annotator 1=anna --annotator 1=ben",
            "--annotator 1 was given twice: anna, ben",
        ),
        ("eval run x --system s=lexicon --option s.k=1 --option s.k=2", "--option s.k was given twice: 1, 2"),
        ("eval run x --system s=lexicon --labels s=a --labels s=b", "--labels s was given twice: a, b"),
    ],
)
def test_a_name_within_repeated_options_has_one_value(
    words: str, told: str, said_by: Call, tmp_path: Path
) -> None:
    (tmp_path / "a.txt").write_text("Rain fell.")
    said_by("corpus", "new", tmp_path / "x", "--from", tmp_path / "a.txt")
    said = said_by(*(tmp_path / word if word == "x" else word for word in words.split()))
    assert said.code == 2
    assert f"{told}; give it once" in said.err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            "corpus new x --from a.txt --format conll --encoding cp1252",
            "--encoding has no effect with --format conll",
        ),
        (
            "corpus new x --from a.txt --format conll --skip-duplicates",
            "--skip-duplicates has no effect with",
        ),
        (
            "corpus new x --from a.txt --format conll --boilerplate",
            "--boilerplate has no effect with --format conll",
        ),
        (
            "corpus import x --layer gold --library mazar-2021 --format conll",
            "--format has no effect with --library",
        ),
        ("corpus import x --layer gold --library mazar-2021 -o a=1", "--option has no effect with --library"),
        ("annotate import x e.json --same arrow", "--same has no effect without --config"),
        (
            "annotate import x e.json --entities a --triggers b",
            "--entities, --triggers have no effect without --config",
        ),
        ("annotate status x --every 5", "--every has no effect without --watch"),
        ("annotate push x --assign anna --overlap 0.2", "--overlap has no effect with one person"),
        ("annotate serve --stop --port 8080 --open", "--port, --open have no effect with --stop"),
        ("annotate serve x --status", "DIR has no effect with --status"),
        ("annotate serve --stop --status", "--status has no effect with --stop"),
        ("annotate serve --prefill gold", "--prefill has no effect without DIR"),
        ("eval gate r.json --baseline b.json --update --junit j.xml", "--junit has no effect with --update"),
        ("eval gate r.json --baseline b.json --update --json", "--json has no effect with --update"),
    ],
)
def test_an_option_that_would_be_passed_over_is_refused(words: str, told: str) -> None:
    done = CliRunner().invoke(app, words.split())
    assert done.exit_code == 2
    assert told in done.output
    assert "leave" in done.output


@pytest.mark.parametrize(("words", "option"), [("--layer gold", "--layer"), ("-o a=1", "--option")])
def test_what_is_for_labels_is_refused_with_articles(
    words: str, option: str, said_by: Call, tmp_path: Path
) -> None:
    (tmp_path / "a.txt").write_text("Rain fell.")
    said = said_by("corpus", "new", tmp_path / "x", "--from", tmp_path / "a.txt", *words.split())
    assert said.code == 2
    assert (
        f"{option} has no effect with articles, as which files are read whose format is neither" in said.err
    )


@pytest.fixture
def work(said_by: Call, tmp_path: Path) -> Path:
    """A corpus of two articles, with two annotators' layers and what a lexicon finds."""
    for name, text in (("a", "Rebels took Kunduz."), ("b", "Rain fell in Herat.")):
        (tmp_path / f"{name}.txt").write_text(text)
    assert (
        said_by("corpus", "new", tmp_path / "work", "--from", tmp_path / "a.txt", tmp_path / "b.txt").code
        == 0
    )
    assert said_by("eval", "run", tmp_path / "work", "--system", "rules=lexicon").code == 0
    layers = tmp_path / "work/layers"
    (layers / "annotator").mkdir()
    for name in ("anna", "ben"):
        (layers / f"annotator/{name}.jsonl").write_bytes((layers / "system/rules.jsonl").read_bytes())
    return tmp_path / "work"


def test_texts_of_records_that_name_no_documents_are_not_looked_for(said_by: Call, work: Path) -> None:
    assert said_by("eval", "score", work, "--gold", "annotator/anna", "--stream", "--name", "r").code == 0
    record = work / "records/r.json"
    assert said_by("eval", "report", record, "--json").code == 0
    said = said_by("eval", "report", record, "--corpus", work)
    assert said.code == 2
    assert "--corpus has no effect with records made with --stream" in said.err


def test_a_seed_is_refused_where_every_system_has_its_own(said_by: Call, work: Path, tmp_path: Path) -> None:
    own, all_ = tmp_path / "own.toml", tmp_path / "all.toml"
    own.write_text('[systems.one]\nspec = "lexicon"\nseed = 3\nworkers = 1\n')
    all_.write_text(own.read_text() + '[systems.two]\nspec = "lexicon"\n')
    for option in ("--seed", "--workers"):
        said = said_by("eval", "run", work, "--systems", own, option, "2")
        assert said.code == 2
        assert f"{option} has no effect where every system has its own in the file" in said.err
        assert said_by("eval", "run", work, "--systems", all_, option, "2").code == 0
    assert said_by("eval", "run", work, "--systems", own).code == 0


def test_the_layer_that_is_made_is_none_of_those_merged(said_by: Call, work: Path) -> None:
    made = said_by("annotate", "adjudicate", work, "--layers", "anna", "--layers", "ben", "--to", "gold")
    assert made.code == 0
    again = ("annotate", "adjudicate", work, "--layers", "anna", "--layers", "gold", "--to", "gold")
    assert "layer 'gold' is the one that is made" in said_by(*again).err


@pytest.mark.parametrize("command", ["annotate adjudicate", "eval agreement"])
def test_a_layer_is_named_once(said_by: Call, work: Path, command: str) -> None:
    layers = ("anna", "ben", "annotator/anna")
    said = said_by(*command.split(), work, *(word for layer in layers for word in ("--layers", layer)))
    assert said.code == 2
    assert "layer 'annotator/anna' was named twice" in said.err


def test_a_folder_whose_server_would_not_be_spoken_to_is_refused(
    said_by: Call, work: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    running = Server(url="http://127.0.0.1:8080", data_dir=tmp_path, pid=1, version="1", ready=True)
    monkeypatch.setattr("goldwire.annotate.local.server.status", lambda _: running)
    monkeypatch.setenv("LABEL_STUDIO_API_KEY", "t")
    monkeypatch.setenv("LABEL_STUDIO_URL", "http://labels.example.org")
    said = said_by("annotate", "push", work, "--data-dir", tmp_path)
    assert said.code == 2
    assert (
        "has a server at http://127.0.0.1:8080, and --url or LABEL_STUDIO_URL names http://labels" in said.err
    )
