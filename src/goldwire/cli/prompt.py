"""`goldwire eval prompt`: write out what language models are told, to be changed."""

from __future__ import annotations

from goldwire.cli.arguments import Dir
from goldwire.cli.output import say


def prompt(folder: Dir) -> None:
    """Print the prompt of language models for a corpus as TOML, to be changed and given as `prompt`.

    \b
    Examples:
      goldwire eval prompt work > prompts/v2.toml
      goldwire eval run work --system gpt=llm:MODEL@https://HOST/v1 --option gpt.prompt=prompts/v2.toml
    """
    from goldwire.corpora.errors import CorpusError
    from goldwire.corpora.store import open_corpus
    from goldwire.eval.systems.adapters.wording import write

    ontology = open_corpus(folder).ontology()
    if ontology is None:
        raise CorpusError(f"{folder}: a prompt is made from the corpus's ontology, and the corpus names none")
    say(write(ontology).rstrip("\n"))
