"""Files of the formats that are read only: a document of some mentions in each, as its readers expect it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from goldwire.corpora.types import Document

Places = Sequence[tuple[int, int]]


def write(format: str, folder: Path, documents: Sequence[Document], places: Places) -> list[Path]:
    """Write documents with mentions at the same places in each; returns what a reader is given."""
    if format in FILES:
        for document in documents:
            for ending, text in FILES[format](document, places).items():
                (folder / f"{document.id}{ending}").write_text(text)
        return [folder]
    if format == "plover":
        (folder / "x.txt").write_text(json.dumps([_plover(d, places) for d in documents]))
    elif format == "re3d":
        return _re3d(folder, documents, places)
    else:
        _lines(folder / "x.jsonl", (RECORDS[format](document, places) for document in documents))
    return [next(folder.iterdir())]


def _lines(path: Path, records: Iterable[Any]) -> None:
    path.write_text("".join(f"{json.dumps(record)}\n" for record in records))


# ---------------------------------------------------------------- records of JSON


def _tokens(document: Document) -> list[str]:
    return document.text.split()


def _textee(document: Document, places: Places) -> Any:
    mentions = [{"id": f"E{k}", "entity_type": "T", "start": k, "end": k + 1} for k in range(len(places))]
    arguments = [{"entity_id": mention["id"], "role": "r"} for mention in mentions]
    event = {"event_type": "E", "trigger": {"start": 0, "end": 1}, "arguments": arguments}
    units = {"entity_mentions": mentions, "event_mentions": [event]}
    return {"doc_id": document.id, "tokens": _tokens(document), **units}


def _maven(document: Document, places: Places) -> Any:
    tokens = _tokens(document)
    mentions = [
        {"id": f"m{k}", "trigger_word": tokens[k], "sent_id": 0, "offset": [k, k + 1]}
        for k in range(len(places))
    ]
    event = {"id": "E", "type": "E", "mention": mentions}
    return {"id": document.id, "content": [{"tokens": tokens}], "events": [event]}


def _maven_arg(document: Document, places: Places) -> Any:
    mentions = [
        {"id": f"m{k}", "mention": document.text[a:b], "offset": [a, b]} for k, (a, b) in enumerate(places)
    ]
    trigger = {"id": "t", "trigger_word": "Text", "offset": [0, 4]}
    event = {"id": "E", "type": "E", "mention": [trigger], "argument": {"r": [{"entity_id": "N"}]}}
    entity = {"id": "N", "type": "T", "mention": mentions}
    return {"id": document.id, "document": document.text, "entities": [entity], "events": [event]}


def _rams(document: Document, places: Places) -> Any:
    links = [[[0, 0], [k, k], "evt1arg1r"] for k in range(1, len(places) + 1)]
    events = {"evt_triggers": [[0, 0, [["E", 1.0]]]], "ent_spans": [], "gold_evt_links": links}
    return {"doc_key": document.id, "sentences": [_tokens(document)], **events}


def _casie(document: Document, places: Places) -> Any:
    def stretch(start: int, end: int) -> dict[str, Any]:
        return {"startOffset": start, "endOffset": end, "text": document.text[start:end]}

    arguments = [{**stretch(*place), "type": "T", "role": {"type": "r"}} for place in places]
    event = {"type": "E", "nugget": stretch(0, 4), "argument": arguments}
    hoppers = {"hopper": [{"events": [event]}]}
    return {"sourcefile": f"{document.id}.txt", "content": document.text, "cyberevent": hoppers}


def _docee(document: Document, places: Places) -> Any:
    arguments = [{"start": a, "end": b, "type": "r", "text": document.text[a:b]} for a, b in places]
    return ["", document.text, "E", json.dumps(arguments)]


def _muc(document: Document, places: Places) -> Any:
    template = {"incident_type": "E", "r": [[[document.text[a:b], a]] for a, b in places]}
    return {"docid": document.id, "doctext": document.text, "templates": [template]}


def _langextract(document: Document, places: Places) -> Any:
    found = [
        {
            "extraction_class": "T",
            "extraction_text": document.text[a:b],
            "char_interval": {"start_pos": a, "end_pos": b},
        }
        for a, b in places
    ]
    return {"extractions": found, "text": document.text, "document_id": document.id}


def _bioc(document: Document, places: Places) -> Any:
    found = [
        {
            "id": str(k),
            "infons": {"type": "T"},
            "text": document.text[a:b],
            "locations": [{"offset": a, "length": b - a}],
        }
        for k, (a, b) in enumerate(places)
    ]
    return {"id": document.id, "passages": [{"offset": 0, "text": document.text, "annotations": found}]}


def _pubannotation(document: Document, places: Places) -> Any:
    found = [{"id": f"T{k}", "span": {"begin": a, "end": b}, "obj": "T"} for k, (a, b) in enumerate(places)]
    return {"text": document.text, "denotations": found}


RECORDS: dict[str, Callable[[Document, Places], Any]] = {
    "textee": _textee,
    "maven": _maven,
    "maven-arg": _maven_arg,
    "rams": _rams,
    "casie": _casie,
    "docee": _docee,
    "muc": _muc,
    "langextract": _langextract,
    "bioc": _bioc,
    "pubannotation": _pubannotation,
}

# ---------------------------------------------------------------- files of a document each


def _ace(document: Document, places: Places) -> dict[str, str]:
    def sequence(tag: str, start: int, end: int) -> str:
        words = f'<charseq START="{start}" END="{end - 1}">{document.text[start:end]}</charseq>'
        return f"<{tag}>{words}</{tag}>"

    mentions = "".join(
        f'<entity_mention ID="m{k}" TYPE="NAM">{sequence("extent", *place)}{sequence("head", *place)}'
        "</entity_mention>"
        for k, place in enumerate(places)
    )
    event = (
        f'<event ID="e" TYPE="E" SUBTYPE="F"><event_mention ID="e-1">{sequence("anchor", 0, 4)}'
        '<event_mention_argument REFID="m0" ROLE="r"/></event_mention></event>'
    )
    entity = f'<entity ID="n" TYPE="T">{mentions}</entity>'
    inner = f'<document DOCID="{document.id}">{entity}{event}</document>'
    apf = f'<source_file URI="{document.id}.sgm">{inner}</source_file>'
    return {".sgm": f"<DOC><TEXT>{document.text}</TEXT></DOC>", ".apf.xml": apf}


def _webanno(document: Document, places: Places) -> dict[str, str]:
    text = document.text.replace("\n", " ").rstrip()
    rows, end = [], 0
    for number, token in enumerate(text.split(), start=1):
        start = text.index(token, end)
        end = start + len(token)
        label = "T" if any(a <= start < b for a, b in places) else "_"
        rows.append(f"1-{number}\t{start}-{end}\t{token}\t{label}\t\n")
    head = "#FORMAT=WebAnno TSV 3.3\n#T_SP=webanno.custom.Ent|value\n\n"
    return {".tsv": f"{head}#Text={text}\n{''.join(rows)}"}


FILES: dict[str, Callable[[Document, Places], dict[str, str]]] = {"ace": _ace, "webanno": _webanno}

# ---------------------------------------------------------------- the two that are like no other


def _plover(document: Document, places: Places) -> Any:
    start, end = places[0]
    text = document.text
    markup = f"{text[:start]}(SRC: {text[start:end]}){text[end:]}"
    return {"id": document.id, "event": "E", "text": text, "textInfo": {"markup": markup}}


def _re3d(folder: Path, documents: Sequence[Document], places: Places) -> list[Path]:
    _lines(folder / "documents.json", ({"_id": d.id, "text": d.text} for d in documents))
    entities = (
        {"_id": f"{d.id}-{k}", "documentId": d.id, "type": "T", "begin": a, "end": b, "value": d.text[a:b]}
        for d in documents
        for k, (a, b) in enumerate(places)
    )
    _lines(folder / "entities.json", entities)
    _lines(folder / "relations.json", ())
    return [folder]
