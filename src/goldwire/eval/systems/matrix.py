"""Matrix of prompts and models: each combination is a system of a name of its own, run several times.

CORPUS/layers/system/MODEL.PROMPT/1.jsonl     the first run of a combination
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from goldwire.corpora.errors import ExtractorError
from goldwire.eval.measures.phrases import listed
from goldwire.eval.systems.budget import KIND
from goldwire.eval.systems.config import System, parse_system
from goldwire.eval.systems.journal import check_system

OWN = "own"  # the prompt that Goldwire makes from the ontology


class Combination(msgspec.Struct, frozen=True):
    """A model with a prompt, and the system that they are."""

    model: str
    prompt: str
    system: System

    @property
    def name(self) -> str:
        """The name of the system."""
        return self.system.name


def combine(models: Sequence[System], prompts: dict[str, str | None]) -> list[Combination]:
    """Every model with every prompt; `ExtractorError` where that is no matrix."""
    if len(models) * len(prompts) < 2:  # noqa: PLR2004 - one is nothing to compare
        raise ExtractorError("a matrix has two combinations at least: name more prompts, or more models")
    if others := [system.name for system in models if system.spec.kind != KIND]:
        raise ExtractorError(f"{listed(others)}: only language models (`llm:`) have prompts")
    return [_combination(model, name, path) for model in models for name, path in prompts.items()]


def _combination(model: System, prompt: str, path: str | None) -> Combination:
    options = {key: value for key, value in model.options.items() if key != "prompt"}
    name = f"{model.name}.{prompt}"
    check_system(name)
    given = options if path is None else {**options, "prompt": path}
    return Combination(model.name, prompt, msgspec.structs.replace(model, name=name, options=given))


def prompts_of(texts: Iterable[str]) -> dict[str, str | None]:
    """Prompts by name, from `own`, `FILE` (called as it is, without its ending) or `NAME=FILE`.

    >>> prompts_of(["own", "prompts/v2.toml", "short=prompts/v3.toml"])
    {'own': None, 'v2': 'prompts/v2.toml', 'short': 'prompts/v3.toml'}
    """
    found: dict[str, str | None] = {}
    for text in texts:
        name, equals, path = text.partition("=")
        path = path if equals else text
        name = name if equals else Path(text).stem
        if name in found:
            raise ExtractorError(f"two prompts are called {name}: write NAME=FILE for one of them")
        found[name] = None if text == OWN else path
    return found


def models_of(texts: Iterable[str], known: Sequence[System]) -> list[System]:
    """Models from names of known systems, or `NAME=llm:MODEL@URL`."""
    systems = {system.name: system for system in known}
    found: list[System] = []
    for text in texts:
        if "=" not in text.partition(":")[0] and text not in systems:
            there = f"there are {listed(list(systems))}" if systems else "give a file of systems by --systems"
            raise ExtractorError(f"--models {text}: {there}, or write NAME=llm:MODEL@URL")
        found.append(systems[text] if text in systems else parse_system(text))
    names = [system.name for system in found]
    if doubled := sorted({name for name in names if names.count(name) > 1}):
        raise ExtractorError(f"two models are called {listed(doubled)}: write NAME=llm:MODEL@URL")
    return found
