"""Writes tests/fuzz/seeds anew: small sound samples of all that is read, from the corpus that ships."""

import json
import shutil
from pathlib import Path

import msgspec
import polars

from goldwire import configs
from goldwire.annotate.exchange import frames, tasks
from goldwire.annotate.interface import labelconfig
from goldwire.corpora import convert, library, ontology
from goldwire.corpora.store import Corpus, Manifest, create_corpus, make_document
from goldwire.corpora.types import Annotations
from goldwire.eval.gate import baseline, policy
from goldwire.eval.scoring.files import encode_record
from goldwire.eval.scoring.score import score_corpus
from goldwire.eval.systems.config import parse_system
from goldwire.eval.systems.run import run_system

SEEDS = Path(__file__).parent / "seeds"
SIZE = 240  # characters of each text


def main() -> None:
    shutil.rmtree(SEEDS, ignore_errors=True)
    corpus = make_corpus(SEEDS / "corpus/small")
    seed_texts(corpus)
    seed_formats(corpus)
    seed_tools(corpus)
    seed_configs()
    seed_runs(corpus)
    seed_labelstudio(corpus)


def put(path: str, data: bytes | str) -> None:
    target = SEEDS / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(data.encode() if isinstance(data, str) else data)


def make_corpus(path: Path) -> Corpus:
    whole = library.open("mazar-2021")
    gold = whole.layer("gold")
    cut = [make_document(d.id, d.text[:SIZE], meta=d.meta) for d in whole.documents()[:2]]
    corpus = create_corpus(path, Manifest(name="small", ontology="conflict"), cut)
    corpus.write_layer("gold", [clip(gold[d.id], d.sha256) for d in cut])
    run_system(corpus, parse_system("rules=lexicon"))
    return corpus


def clip(line: Annotations, sha256: str) -> Annotations:
    """What of a line is in the part of the text that is kept."""
    mentions = tuple(m for m in line.mentions if m.spans[-1].end <= SIZE)
    ids = {m.id for m in mentions}
    events = tuple(
        msgspec.structs.replace(e, arguments=tuple(a for a in e.arguments if a.mention in ids))
        for e in line.events
        if e.trigger[-1].end <= SIZE
    )
    relations = tuple(r for r in line.relations if {r.source, r.target} <= ids)
    return msgspec.structs.replace(line, sha256=sha256, mentions=mentions, events=events, relations=relations)


def seed_texts(corpus: Corpus) -> None:
    rows = [
        {"id": d.id, "text": d.text, "title": "T", "published": "2021-08-13", "x": 1}
        for d in corpus.documents()
    ]
    put("articles/jsonl/a.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    put("articles/csv/a.csv", 'id,text,title\na,"Kabul, fell.",T\nb,"Herat\nfell.",\n')
    put("articles/txt/a.txt", b"\xef\xbb\xbf" + rows[0]["text"].encode())
    frame = polars.DataFrame([{"id": r["id"], "text": r["text"]} for r in rows])
    (SEEDS / "parquet/articles").mkdir(parents=True)
    frame.write_parquet(SEEDS / "parquet/articles/a.parquet")
    for name in ("utf-8", "cp1252", "utf-16-le", "utf-7", "shift_jis", ""):
        text = "Kabul fell. Café." if name != "cp1252" else "Kabul “fell”."
        data = text.encode(name or "utf-8", "replace")
        put(f"encoding/{name or 'none'}/a", name.encode() + b"\n" + data)


def seed_formats(corpus: Corpus) -> None:
    for name in ("goldwire", "conll", "brat", "tbf"):
        target = SEEDS / name / "small" / {"brat": ".", "tbf": "a.tbf"}.get(name, "a.txt")
        target.parent.mkdir(parents=True, exist_ok=True)
        convert.export_layer(corpus, "gold", target, name, {})
    put("brat/odd/a.txt", "Kabul fell. Herat too.\r\nIt fell.")
    put(
        "brat/odd/a.ann",
        "T1\tGPE 0 5\tKabul\nT2\tAttack 6 10\tfell\nT3\tGPE 12 17;18 21\tHerat too\nE1\tAttack:T2 target:T1 target2:T3\n"
        "R1\tCoref Arg1:T1 Arg2:T3\nR2\tPart Arg1:T1 Arg2:T3\nA1\tNeg E1\nM1\tForm T1 name\n*\tEquiv T1 T3\n#1\tNote T1\tx\n",
    )
    put(
        "conll/odd/a.txt",
        "-DOCSTART- -X- O O\n\nKabul NNP I-NP B-LOC\nfell VBD O O\n\nHerat NNP I-NP S-LOC\n",
    )
    row = "\t_" * 7
    put(
        "conll/odd/b.conllu",
        f"# newdoc id = a\n# text = Im Kabul\n1-2\tIm{row}\t_\n1\tIn{row}\tSpaceAfter=No|NE=O\n2\tdem{row}\tNE=B-A\n"
        f"2.1\t_{row}\t_\n3\tKabul{row}\tNE=I-A\n",
    )
    put(
        "conll/odd/c.conllu",
        f"# global.Entity = eid-etype\n1\tKabul{row}\tEntity=(e1[1/2]-place(e2-x)\n2\tfell{row}\tEntity=e1[1/2])\n"
        f"2.1\t_{row}\tEntity=(e1[2/2]\n3\t.{row}\tEntity=e1[2/2])\n",
    )
    put(
        "conll/odd/d.conll",
        "#begin document (a); part 000\na 0 0 Kabul NNP * - - - x (GPE* (0|(1)\na 0 1 fell VBD * - - - x *) 0)\n",
    )
    put("conll/odd/e.csv", 'Sentence #,Word,POS,Tag\nSentence: 1,Kabul,NNP,B-geo\n,",",x,O\n')
    put("conll/odd/f.tsv", "TOKEN\tNE\tMISC\n# a:document_id = x\nKabul\tB-loc\tNoSpaceAfter\n \tO\t_\n")
    put(
        "re3d/small/documents.json",
        '{"_id":"d1","text":"Kabul fell to men.","title":"T","sourceName":"S","sourceUrl":"u"}\n',
    )
    put(
        "re3d/small/entities.json",
        '{"_id":"e1","documentId":"d1","type":"Location","begin":0,"end":5,"value":"Kabul","confidence":1.0}\n'
        '{"_id":"e2","documentId":"d1","type":"Person","begin":14,"end":17,"value":"men"}\n',
    )
    put(
        "re3d/small/relations.json",
        '{"_id":"r1","documentId":"d1","type":"At","source":"Kabul","target":"men","sourceBegin":0,"sourceEnd":5,'
        '"targetBegin":14,"targetEnd":17,"value":"Kabul fell to men"}\n',
    )
    markup = "The (SRC/TAR: Red Front (RF)) and the (TAR: mayor) (EVT: agreed) in (LOC: Ghor) to (EVT: share) salt."
    text = "The Red Front (RF) and the mayor agreed in Ghor to share salt."
    put(
        "plover/small/a.txt",
        json.dumps([
            {"id": "doc", "event": "DOCUMENT"},
            {"id": "r1", "event": "AGREE", "mode": "talks", "text": text, "date": "2021-08-13", "textInfo": {"markup": markup}},
        ]),
    )  # fmt: skip
    templates = [
        {
            "incident_type": "arson / attack",
            "PerpInd": [[["two rebels", 0], ["bandits", 23]]],
            "PerpOrg": [],
            "Target": [[["truck", 41]], ["rebels"]],
        }
    ]
    burned = "two rebels, said to be bandits, burned a truck; the rebels fled."
    records = (
        {"docid": "d1", "doctext": burned, "templates": templates},
        {"docid": "d2", "doctext": "nothing happened.", "templates": []},
    )
    put("muc/small/a.jsonl", "".join(f"{json.dumps(each)}\n" for each in records))


def seed_tools(corpus: Corpus) -> None:
    """Formats that other tools write: what we write, and more that only they do."""
    for name, file in TOOLS.items():
        (SEEDS / name / "small").mkdir(parents=True, exist_ok=True)
        convert.export_layer(corpus, "gold", SEEDS / name / "small" / file, name, {})
    spans = SEEDS / "huggingface/spans/a.parquet"
    spans.parent.mkdir(parents=True, exist_ok=True)
    convert.export_layer(corpus, "gold", spans, "huggingface", {"form": "spans"})
    put("huggingface/lines/a.jsonl", '{"tokens":["Kabul","fell"],"ner_tags":["B-GPE","O"]}\n')
    for name, content in TOLD.items():
        put(f"{name}/told/{'a.json' if name in ('gliner', 'spacy-train') else 'a.jsonl'}", content)
    for place, content in READ_ONLY.items():
        put(place, content)
    convert.export_layer(corpus, "gold", SEEDS / "cas/small", "cas", {"form": "json"})
    for name, content in {
        "a.xml": '<?xml version="1.0"?>\n<!-- a -->\n<collection><document><id>a</id></document></collection>',
        "a.conllu": "# newdoc id = a\n1\tKabul\t_\tB-GPE\n2\tfell\t_\tO\n",
        "a.jsonl": TOLD["doccano"],
        "a.spacy": (SEEDS / "spacy/small/a.spacy").read_bytes(),
    }.items():
        put(f"recognised/{name.partition('.')[2]}/{name}", content)


TOOLS = {
    "spacy": "a.spacy", "huggingface": "a.parquet", "doccano": "a.jsonl", "prodigy": "a.jsonl",
    "gliner": "a.json", "dygie": "a.jsonl", "spacy-train": "a.json",
}  # fmt: skip
TOLD = {
    "doccano": '{"id":7,"text":"Kabul fell.\\r\\nSo.","entities":[{"id":1,"label":"GPE","start_offset":0,"end_offset":5},'
    '{"id":2,"label":"X","start_offset":6,"end_offset":10}],"relations":[{"id":3,"from_id":1,"to_id":2,"type":"of"}],'
    '"Comments":["a"],"label":[[0,5,"GPE"]],"more":1}\n',
    "prodigy": '{"text":"Kabul fell.","spans":[{"start":0,"end":5,"label":"GPE","token_start":0,"token_end":0},'
    '{"start":6,"end":10,"label":"X","token_start":1,"token_end":1,"text":"fell"}],"answer":"accept",'
    '"relations":[{"head":0,"child":1,"label":"of"}],"_annotator_id":"a","_timestamp":1700000000,"meta":{"id":"d"}}\n'
    '{"text":"Skip me.","spans":[],"answer":"ignore"}\n',
    "langextract": '{"extractions":[{"extraction_class":"GPE","extraction_text":"Kabul","char_interval":{"start_pos":0,'
    '"end_pos":5},"alignment_status":"match_exact","extraction_index":1,"group_index":0,"description":null,'
    '"attributes":{"form":"name","also":["x"]}},{"extraction_class":"X","extraction_text":"fell","char_interval":null}],'
    '"text":"Kabul fell.","document_id":"d"}\n',
    "gliner": '[{"tokenized_text":["Kabul","fell"],"ner":[[0,0,"gpe"],[0,1,"x"]],"negatives":[]}]',
    "dygie": '{"doc_key":"d","sentences":[["Kabul","fell","."],["It","fell"]],"predicted_ner":[[[0,0,"GPE",1.5,0.9]],[]],'
    '"predicted_events":[[[[1,"Fall",1.5,0.9],[0,0,"who",1.0,0.9]]],[]],"predicted_relations":[[],[[0,0,3,3,"is"]]],'
    '"predicted_clusters":[[[0,0],[3,3]]]}\n',
    "spacy-train": '{"classes":["GPE"],"annotations":[["Kabul fell.",{"entities":[[0,5,"GPE"]],"cats":{}}],null]}',
}
READ_ONLY = {
    "webanno/small/a.tsv": "#FORMAT=WebAnno TSV 3.3\n#T_SP=webanno.custom.Ent|value|kind\n"
    "#T_SP=webanno.custom.Fall|value|ROLE_webanno.custom.Fall:roles_webanno.custom.FallLink|webanno.custom.Ent\n"
    "#T_CH=de.tudarmstadt.ukp.dkpro.core.api.coref.type.CoreferenceLink|referenceRelation|referenceType\n"
    "#T_RL=webanno.custom.Rel|label|BT_webanno.custom.Ent\n\n#Text=Old Kabul fell.\n"
    "1-1\t0-3\tOld\tGPE[1]\t*[1]\t_\t_\t_\t*->1-1\tnam[1]\tis\t1-2[2_1]\t\n"
    "1-2\t4-9\tKabul\tGPE[1]|CITY[2]\t*[1]|a[2]\t_\t_\t_\t*->1-1\tnam[1]\t_\t_\t\n"
    "1-3\t10-14\tfell\t_\t_\tFall\twho\t1-1[1]\t_\t_\t_\t_\t\n1-4\t14-15\t.\t_\t_\t_\t_\t_\t_\t_\t_\t_\t\n",
    "ace/small/a.sgm": "<DOC>\r\n<TEXT>Kabul &amp; Herat<!-- x --> fell <![CDATA[<]]>.</TEXT></DOC>\r\n",
    "ace/small/a.apf.xml": '<?xml version="1.0"?>\n<!DOCTYPE source_file SYSTEM "apf.v5.1.1.dtd">\n<source_file URI="a.sgm">'
    '<document DOCID="a"><entity ID="E" TYPE="GPE" SUBTYPE="City"><entity_mention ID="E1" TYPE="NAM"><extent><charseq '
    'START="2" END="6">Kabul</charseq></extent><head><charseq START="2" END="6">Kabul</charseq></head></entity_mention>'
    '</entity><relation TYPE="A" SUBTYPE="B" ID="R"><relation_mention ID="R1"><relation_mention_argument REFID="E1" '
    'ROLE="Arg-1"/><relation_mention_argument REFID="E1" ROLE="Arg-2"/></relation_mention></relation><event ID="V" '
    'TYPE="C" SUBTYPE="D" TENSE="Past"><event_mention ID="V1"><anchor><charseq START="16" END="19">fell</charseq></anchor>'
    '<event_mention_argument REFID="E1" ROLE="Place"/></event_mention></event></document></source_file>',
    "ace/ere/b.xml": '<doc id="b">\n<post author="jo">Jo left at noon.</post></doc>',
    "ace/ere/b.rich_ere.xml": '<deft_ere doc_id="b"><entities><entity id="e" type="PER"><entity_mention id="m" noun_type="NAM" '
    'source="b" offset="31" length="2"><mention_text>Jo</mention_text></entity_mention></entity></entities><fillers><filler '
    'id="f" type="time" offset="42" length="4">noon</filler></fillers><relations><relation id="r" type="a"><relation_mention '
    'id="n"><rel_arg1 entity_mention_id="m" role="x"/><rel_arg2 filler_id="f" role="y"/></relation_mention></relation>'
    '</relations><hoppers><hopper id="h"><event_mention id="v" type="c" subtype="d" realis="actual"><trigger offset="34" '
    'length="4">left</trigger><em_arg filler_id="f" role="time"/></event_mention></hopper></hoppers></deft_ere>',
    "textee/small/a.jsonl": '{"doc_id":"d","wnd_id":"d-1","tokens":["Kabul","fell","."],"entity_mentions":[{"id":"E1",'
    '"entity_type":"GPE","text":"Kabul","start":0,"end":1}],"event_mentions":[{"id":"V1","event_type":"Fall","trigger":{"text":"fell","start":1,"end":2},'
    '"arguments":[{"entity_id":"E1","role":"who"}]}],"relation_mentions":[{"id":"R1","relation_type":"is","arguments":'
    '[{"entity_id":"E1","role":"Arg-1"},{"entity_id":"E1","role":"Arg-2"}]}]}\n',
    "muc/predicted/a.json": '{"30001":{"doctext":"two re ##bels , burned a truck .","pred_seq":"x","pred_templates":[{"incident_t'
    'ype":"arson","PerpInd":[["two rebels"],["bus"]],"Target":[]}],"gold_templates":[]},"30002":{"doctext'
    '":"nothing .","pred_templates":[]}}',
    "maven/small/a.jsonl": '{"id":"d","title":"t","content":[{"sentence":"Kabul fell.","tokens":["Kabul","fell","."]}],"'
    'events":[{"id":"E","type":"Fall","type_id":1,"mention":[{"id":"m","trigger_word":"fell","sen'
    't_id":0,"offset":[1,2]}]}],"negative_triggers":[{"id":"n","trigger_word":"Kabul","sent_id":0'
    ',"offset":[0,1]}]}\n',
    "maven-arg/small/a.jsonl": '{"id":"d","title":"t","document":"Kabul fell.","entities":[{"id":"N","type":"GPE","mention":'
    '[{"id":"n","mention":"Kabul","offset":[0,5]}]}],"events":[{"id":"E","type":"Fall","mention":'
    '[{"id":"m","trigger_word":"fell","offset":[6,10]}],"argument":{"who":[{"entity_id":"N"},{"co'
    'ntent":"Kabul","offset":[0,5]}],"why":[]}}],"negative_triggers":[]}\n',
    "rams/small/a.jsonl": '{"doc_key":"d","sentences":[["Kabul","fell","."]],"evt_triggers":[[1,1,[["a.b.c",1.0]]]],"en'
    't_spans":[[0,0,[["evt01arg02who",1.0]]]],"gold_evt_links":[[[1,1],[0,0],"evt01arg02who"]],"s'
    'ource_url":"x","language_id":"eng"}\n',
    "casie/small/a.json": '{"sourcefile":"1.txt","content":"Kabul fell.","info":{"title":"t","date":"2018_11_09","link"'
    ':"x"},"cyberevent":{"hopper":[{"index":0,"events":[{"index":"E1","type":"Attack","subtype":"'
    'Fall","realis":"Actual","nugget":{"startOffset":6,"endOffset":10,"text":"fell","index":"T1"}'
    ',"argument":[{"startOffset":0,"endOffset":5,"text":"Kabul","type":"GPE","index":"T2","role":'
    '{"type":"who"},"external_reference":{"wikidataid":"Q1"}}]}]}]}}',
    "docee/small/a.json": '[["t","Kabul fell.","Fall","[{\\"start\\": 0, \\"end\\": 4, \\"type\\": \\"who\\", \\"text\\": \\"Kabul'
    '\\"}]"],["t","Herat fell.","Fall",[{"start":0,"end":5,"type":"who","text":"Herat"}]]]',
    "bioc/small/a.xml": '<?xml version="1.0"?>\n<!DOCTYPE collection SYSTEM "BioC.dtd">\n<collection><document><id>d</id>'
    '<passage><offset>0</offset><text>Kabul fell.</text><annotation id="T1"><infon key="type">GPE</infon>'
    '<location offset="0" length="5"/><text>Kabul</text></annotation></passage><relation id="R1">'
    '<infon key="type">is</infon><node refid="T1" role="a"/><node refid="T1" role="b"/></relation></document></collection>',
    "bioc/json/a.json": '{"documents":[{"id":"d","passages":[{"offset":0,"sentences":[{"offset":0,"text":"Kabul fell.",'
    '"annotations":[{"id":"1","infons":{"type":"GPE"},"text":"Kabul","locations":[{"offset":0,"length":5}]}]}]}]}]}',
    "pubannotation/small/a.json": '{"text":"Kabul fell.","sourcedb":"x","sourceid":"1","denotations":[{"id":"T1","span":'
    '{"begin":0,"end":5},"obj":"GPE"},{"id":"T2","span":[{"begin":6,"end":8},{"begin":9,"end":10}],"obj":"X"}],"relations":'
    '[{"id":"R1","subj":"T1","pred":"_lexicallyChainedTo","obj":"T2"}],"attributes":[{"subj":"T1","pred":"a","obj":true}]}',
}


def seed_configs() -> None:
    put("ontology/conflict/a.toml", configs.read("ontologies", "conflict"))
    put(
        "ontology/small/a.toml",
        'name = "o"\nversion = "1"\n[entities.GPE]\n[entities.CITY]\n[events.Attack.roles.place]\nfillers = ["GPE"]\n',
    )
    put("labels/spacy/a.toml", configs.read("labels", "spacy"))
    for name in ("default", "hipe", "coref"):
        put(f"suite/{name}/a.toml", configs.read("suites", name))
    for name in ("default", "strict", "floors"):
        put(f"gate/{name}/a.toml", configs.read("gates", name))
    put("lexicon/conflict/a.toml", configs.read("lexicons", "conflict"))
    put(
        "systems/all/a.toml",
        'timeout = 5\nmemory = "2 GB"\n[systems.rules]\nspec = "lexicon"\n[systems.sm]\nspec = "spacy:en_core_web_sm"\n'
        'labels = "spacy"\nwatch = ["*.py"]\nallow_failures = "1%"\n[systems.gpt]\nspec = "llm:m@https://host.example/v1?x=1"\n'
        'options = { key = "K" }\nseed = 3\nworkers = 2\n',
    )
    put(
        "plan/small/a.toml",
        '[entities]\nGPE = "LOC"\nMIL = ""\n[events]\nAttack = "Attack"\n[roles.Attack]\nplace = "place"\n'
        '[attributes]\nform = ""\n[values.realis]\nactual = "actual"\n',
    )


def seed_runs(corpus: Corpus) -> None:
    runs = corpus.path / "runs/rules"
    (journal,) = runs.glob("????????????.jsonl")
    put("journal/rules/j.jsonl", journal.read_bytes())
    put("facts/rules/runs/rules/facts.json", (runs / "facts.json").read_bytes())
    put("facts/rules/layers/system/rules.jsonl", corpus.layer_path("system/rules").read_bytes())
    put("predictions/rules/p.jsonl", corpus.layer_path("system/rules").read_bytes())
    first, second = corpus.documents()
    rows = [
        {"document": first.id, "sha256": first.sha256, "mentions": [{"type": "GPE", "spans": [[0, 5]], "text": first.text[:5]}],
         "events": [{"type": "Attack", "trigger": [[6, 9]], "arguments": [{"role": "place", "spans": [[0, 5]]}]}],
         "provenance": {"details": {"usage": {"tokens_in": 5, "cost": 0.1}}}},
        {"document": second.id, "error": "no"},
    ]  # fmt: skip
    put("predictions/simple/p.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    put("service/simple/simple.json", json.dumps(rows[0]))
    corpus.write_layer("system/other", corpus.layer("gold").values())
    rules_ = policy.read("strict")
    measures = ["entity:span+type@exact", *rules_.measures(), "CoNLL", "entity:span@overlap,average=macro"]
    scored = score_corpus(corpus, "gold", ["rules", "other"], measures)
    shutil.rmtree(corpus.path / "runs")
    corpus.layer_path("system/other").unlink()
    put("record/small/record.json", encode_record(scored))
    put("baseline/small/record.json", encode_record(scored))
    put("baseline/small/baseline.json", baseline.encode_baseline(baseline.make_baseline(scored, rules_)))


def seed_labelstudio(corpus: Corpus) -> None:
    conflict = ontology.read("conflict")
    documents = corpus.documents()
    gold = corpus.layer("gold")
    version = tasks.version("gold", gold.values())
    made = msgspec.to_builtins(tasks.encode(documents, conflict, prefill=gold, version=version).tasks)
    answers = msgspec.to_builtins(frames.encode(documents, conflict, gold, version).tasks)
    for number, task in enumerate(answers, start=1):
        task["id"] = number
        task["annotations"] = [{"id": number, "result": task["predictions"][0]["result"], "completed_by": 1}]
    put("tasks/frames/tasks.json", json.dumps(answers))
    for number, task in enumerate(made, start=1):
        task["id"] = number
        (prediction,) = task["predictions"]
        task["annotations"] = [
            {"id": number, "result": prediction["result"], "completed_by": {"id": 1, "email": "a@example.com"}, "was_cancelled": False,
             "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-02T00:00:00Z", "lead_time": 3.5},
            {"id": number + 10, "result": [], "completed_by": 2, "was_cancelled": True},
        ]  # fmt: skip
        task["drafts"] = [
            {
                "id": 5,
                "result": prediction["result"][:3],
                "user": "b@example.com",
                "created_username": " b@example.com, 2",
            }
        ]
    text = json.dumps(made)
    put("tasks/graph/tasks.json", text)
    put("configuration/graph/graph.xml", labelconfig.graph(conflict))
    put("configuration/frames/frames.xml", labelconfig.frames())
    put(
        "configuration/foreign/a.xml",
        '<View><Labels name="ner" toName="t"><Label value="PER" background="red"/><Label value="GPE"/></Labels><Text name="t" '
        'value="$text"/><Choices name="c" toName="t" perRegion="true" whenTagName="ner"><Choice value="yes"/></Choices>'
        '<Relations><Relation value="at"/></Relations></View>',
    )
    put("sync/small/raw/000001.json", text)
    notes = [
        {"note": "creating", "title": "p", "mark": "m"},
        {"note": "linked", "project": 1, "created_at": "2026-01-01T00:00:00Z", "url": "http://127.0.0.1:1", "title": "p", "group": "p"},
        {"note": "sending", "keys": ["a", "b"]}, {"note": "landed", "ids": [1, 2]},
        {"note": "saved", "file": "000001.json", "whole": True, "tasks": 2, "clock": "2026-01-02T00:00:00Z"},
        {"note": "current", "clock": "2026-01-03T00:00:00Z"}, {"note": "dropped", "ids": [9]},
    ]  # fmt: skip
    put("sync/small/journal.jsonl", "".join(json.dumps(note) + "\n" for note in notes))
    project = {"id": 1, "title": "p", "created_at": "2026-01-01T00:00:00Z", "label_config": "<View/>"}
    put("server/project/project.json", json.dumps(project))
    page = {
        "tasks": [{"id": 1, "data": {"text": "x"}}],
        "total": 1,
        "total_annotations": 0,
        "total_predictions": 0,
    }
    put("server/page/page.json", json.dumps(page))
    put("server/projects/projects.json", json.dumps({"results": [project], "next": None}))
    put(
        "server/snapshots/snapshots.json",
        json.dumps([{"id": 1, "title": "s", "status": "completed", "created_at": "2026-01-01T00:00:00Z"}]),
    )
    put("server/tasks/tasks.json", text)
    answer = {
        "mentions": [{"id": "m1", "type": "GPE", "quote": documents[0].text[:5], "occurrence": 1}],
        "events": [
            {
                "type": "Attack",
                "trigger": documents[0].text[6:9],
                "occurrence": 1,
                "arguments": [{"role": "place", "mention": "m1"}],
            }
        ],
    }
    completion = {
        "choices": [{"message": {"content": json.dumps(answer)}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 5, "completion_tokens": 7},
    }
    put("service/completion/completion.json", json.dumps(completion))


if __name__ == "__main__":
    main()
