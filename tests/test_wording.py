"""Prompts as files: what they say instead, what they show, and what they may not show."""

import json
import tomllib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec
import pytest

from goldwire.corpora import ontology as ontologies
from goldwire.corpora.errors import DataError, ExtractorError
from goldwire.corpora.store import Corpus, Manifest, create_corpus, make_document
from goldwire.corpora.types import Annotations, Argument, Event, Mention, Span
from goldwire.eval.systems import config
from goldwire.eval.systems.adapters import prompt, wording
from goldwire.eval.systems.config import System, parse_system
from goldwire.eval.systems.plan import make_plan
from goldwire.eval.systems.run import run_system

CONFLICT = ontologies.read("conflict")
SHOWN = "Militants shelled Kunduz. Kunduz burned, and its bazaar with it."
REPLY = {"choices": [{"message": {"content": '{"mentions": [], "events": []}'}, "finish_reason": "stop"}]}


@pytest.fixture(autouse=True)
def in_process(serving: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("goldwire.eval.systems.run.Pool", serving.Here)


def corpus_of(path: Path, **texts: str) -> Corpus:
    documents = [make_document(id, text) for id, text in texts.items()]
    return create_corpus(path, Manifest(name=path.name, ontology="conflict"), documents)


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    return corpus_of(tmp_path / "work", d0="Rebels shelled Herat.")


@pytest.fixture
def train(tmp_path: Path) -> Corpus:
    """One document with gold: a target named at its second place, and an attack."""
    made = corpus_of(tmp_path / "train", a1=SHOWN)
    second = SHOWN.rindex("Kunduz")
    mentions = (
        Mention(id="m1", type="MIL", spans=(Span(0, 9),)),
        Mention(id="m2", type="GPE", spans=(Span(second, second + 6),)),
        Mention(id="m3", type="FAC", spans=(Span(0, 2), Span(4, 6))),  # in parts: no quote can name it
    )
    arguments = tuple(Argument(role=r, mention=m) for r, m in (("attacker", "m1"), ("target", "m3")))
    trigger = (Span(SHOWN.index("shelled"), SHOWN.index("shelled") + 7),)
    event = Event(
        id="e1", type="Attack", trigger=trigger, arguments=arguments, attributes={"mode": "shelling"}
    )
    (document,) = made.documents()
    line = Annotations(document="a1", sha256=document.sha256, mentions=mentions, events=(event,))
    made.write_layer("gold", [line])
    return made


def file(tmp_path: Path, text: str) -> str:
    path = tmp_path / "v3.toml"
    path.write_text(text, "utf-8")
    return str(path)


def system(url: str, **options: object) -> System:
    named = parse_system(f"m=llm:tiny@{url}/v1")
    return msgspec.structs.replace(named, options={"wait": 0.01, **options})


def asked(corpus: Corpus, serving: ModuleType, path: str) -> list[dict[str, Any]]:
    """The messages of the only request."""
    with serving.serving(serving.Reply(REPLY)) as server:
        run_system(corpus, system(server.url, prompt=path))
        (request,) = server.requests
    return request.body["messages"]


def test_what_is_written_out_says_what_the_prompt_without_a_file_says(tmp_path: Path) -> None:
    path = file(tmp_path, wording.write(CONFLICT))
    assert wording.make(CONFLICT, path).messages == wording.make(CONFLICT).messages


@pytest.mark.parametrize("text", ["", "it's", "'''", "a\nb'", '\\ "q"\n', "tab\tand\x7f\n", "Ж – “q”\nß\n"])
def test_any_words_can_be_written_out(text: str, tmp_path: Path) -> None:
    made = msgspec.structs.replace(CONFLICT, policy=text)
    assert tomllib.loads(wording.write(made))["policy"] == text


def test_the_command_prints_it(corpus: Corpus, said_by: Callable[..., Any]) -> None:
    said = said_by("eval", "prompt", corpus.path)
    assert said.code == 0
    assert tomllib.loads(said.out)["instruction"] == prompt.TASK


def test_a_file_says_what_it_says_and_leaves_the_rest(
    corpus: Corpus, serving: ModuleType, tmp_path: Path
) -> None:
    path = file(tmp_path, 'instruction = "Do it."\npolicy = ""\n[entities]\nGPE = "A place with a mayor."\n')
    (system_message, _) = asked(corpus, serving, path)
    said = system_message["content"]
    assert said.startswith("Do it.\n\n# Entity types")
    assert "- GPE: A place with a mayor." in said
    assert f"- PER: {CONFLICT.entities['PER'].definition}" in said


def test_name_and_hash_stand_in_facts_and_layer(corpus: Corpus, serving: ModuleType, tmp_path: Path) -> None:
    named = []
    for text in ('instruction = "A"', 'instruction = "B"'):
        asked(corpus, serving, file(tmp_path, text))
        named.append(corpus.layer("system/m")["d0"].provenance.details["sent"])
    assert all(name.startswith("form=json_schema, prompt=v3.toml#") for name in named)
    assert len(set(named)) == 2


def test_a_changed_file_is_asked_anew(corpus: Corpus, tmp_path: Path) -> None:
    states = set()
    for text in ('instruction = "A"', 'instruction = "B"'):
        path = file(tmp_path, text)
        states.add(make_plan(corpus, system("http://host.example", prompt=path)).state)
    assert len(states) == 2


EXAMPLES = '[examples]\ncorpus = "train"\ndocuments = ["a1"]\n'


def test_examples_are_shown_as_questions_with_answers_in_the_form_that_is_asked_for(
    corpus: Corpus, train: Corpus, serving: ModuleType, tmp_path: Path
) -> None:
    _, question, answer, _ = asked(corpus, serving, file(tmp_path, EXAMPLES))
    assert (question["role"], question["content"]) == ("user", f"Text:\n{SHOWN}")
    said = json.loads(answer["content"])
    assert [(m["quote"], m["occurrence"]) for m in said["mentions"]] == [("Militants", 1), ("Kunduz", 2)]
    (attack,) = said["events"]
    assert attack["arguments"] == [{"role": "attacker", "mention": "m1"}]
    assert (attack["trigger"], attack["mode"], attack["realis"]) == ("shelled", "shelling", "actual")


def test_words_of_an_example_that_come_back_are_told(
    corpus: Corpus, train: Corpus, serving: ModuleType, tmp_path: Path
) -> None:
    content = json.dumps({"mentions": [{"type": "GPE", "quote": "Kunduz"}]})
    reply = {"choices": [{"message": {"content": content}, "finish_reason": "stop"}]}
    with serving.serving(serving.Reply(reply)) as server:
        facts = run_system(corpus, system(server.url, prompt=file(tmp_path, EXAMPLES)))
    assert facts.usage["prompt_examples"] == 1


NEWS = " ".join(f"On day {i} the column moved past village number {i * 7}." for i in range(20))


@pytest.mark.parametrize("text", [SHOWN, SHOWN.upper()])
def test_an_example_that_is_to_be_run_is_refused(train: Corpus, tmp_path: Path, text: str) -> None:
    """Short texts are near-duplicates if their words are the same, in whichever case."""
    work = corpus_of(tmp_path / "work", d0="Another text.", d1=text)
    with pytest.raises(ExtractorError, match=r"the prompt v3\.toml#\w+ shows a1, which the corpus has too"):
        run_system(work, system("http://127.0.0.1:9", prompt=file(tmp_path, EXAMPLES)))


def test_an_example_that_is_nearly_a_document_to_be_run_is_refused(tmp_path: Path) -> None:
    train = corpus_of(tmp_path / "train", a1=NEWS)
    (document,) = train.documents()
    train.write_layer("gold", [Annotations(document="a1", sha256=document.sha256)])
    work = corpus_of(tmp_path / "work", d0=NEWS.replace("day 3", "the third day"))
    with pytest.raises(ExtractorError, match="or nearly so"):
        run_system(work, system("http://127.0.0.1:9", prompt=file(tmp_path, EXAMPLES)))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[entities]\nPLACE = 'x'", "the ontology has no 'PLACE'"),
        ("[examples]\ncorpus = 'train'\ndocuments = ['zz']", "there is no document of the id 'zz'"),
        (
            "[examples]\ncorpus = 'train'\nlayer = 'gold'\ndocuments = ['a1', 'b']",
            "no document of the id 'b'",
        ),
        ("[examples]\ncorpus = 'nowhere'\ndocuments = []", "nowhere"),
        ("[examples]\ncorpus = 'train'\nlayer = 'silver'\ndocuments = ['a1']", "silver"),
        ("instruction = 3", "not a prompt"),
        ("wish = 'x'", "not a prompt"),
        ("[", "not a prompt"),
    ],
)
def test_a_faulty_file_is_said_before_anything_is_asked(
    corpus: Corpus, train: Corpus, tmp_path: Path, text: str, why: str
) -> None:
    with pytest.raises((ExtractorError, DataError), match=why):
        make_plan(corpus, system("http://host.example", prompt=file(tmp_path, text)))


def test_the_file_of_a_prompt_lies_beside_that_of_the_systems(tmp_path: Path) -> None:
    (tmp_path / "team").mkdir()
    listed = tmp_path / "team" / "systems.toml"
    listed.write_text('[systems.m]\nspec = "llm:x@http://h.example"\noptions = { prompt = "v3.toml" }\n')
    (found,) = config.read(listed)
    assert found.options["prompt"] == str(tmp_path / "team" / "v3.toml")
