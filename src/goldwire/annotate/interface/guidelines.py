"""The annotators' guidelines: every type, role and attribute of an ontology on one page, with examples.

Plain HTML that holds up where styles are stripped: Label Studio shows it as a project's instruction.
"""

from __future__ import annotations

import jinja2

from goldwire.annotate.interface import check, colours, keys, labelconfig
from goldwire.annotate.interface.examples import pieces
from goldwire.corpora.ontology import EntityType, EventType, Ontology


def fragment(ontology: Ontology) -> str:
    """The guidelines as HTML for inside another page, such as Label Studio's.

    Raises `DataError` where they would not fit what annotators see, or contradict the ontology.
    """
    check.refuse(ontology, [*check.label_faults(ontology), *check.example_faults(ontology)])
    labels: dict[str, EntityType | EventType] = {**ontology.entities, **ontology.events}
    return _render(
        _FRAGMENT,
        ontology=ontology,
        colours=colours.paint({name: label.colour for name, label in labels.items()}),
        keys=keys.deal({name: label.key for name, label in labels.items()}),
        value_keys=labelconfig.value_keys(ontology),
        pieces=pieces,
        policy=[_lead(paragraph) for paragraph in ontology.policy.strip().split("\n\n") if paragraph.strip()],
        same=labelconfig.SAME,
        continued=labelconfig.CONTINUED,
    )


def page(ontology: Ontology) -> str:
    """The guidelines as a page of their own, everything escaped and nothing loaded from elsewhere."""
    return _render(_PAGE, ontology=ontology, body=fragment(ontology))


def _lead(paragraph: str) -> tuple[str, str]:
    """A paragraph's first words, where they are a heading (`Mentions. Mark …`), and the rest."""
    lead, dot, rest = " ".join(paragraph.split()).partition(". ")
    is_heading = bool(dot) and len(lead.split()) <= _HEADING_WORDS
    return (lead, rest) if is_heading else ("", " ".join(paragraph.split()))


_HEADING_WORDS = 5


def _render(template: str, **values: object) -> str:
    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    return environment.from_string(template).render(values)


_FRAGMENT = """\
{% macro example(text) %}
{% if text %}
<p><i>Example:</i> {% for p in pieces(text) -%}
{% if p.kind == "trigger" %}<b>{{ p.text }}</b>
{%- elif p.kind == "mention" %}<u>{{ p.text }}</u>{% if p.role %} <small>({{ p.role }})</small>{% endif %}
{%- else %}{{ p.text }}{% endif %}
{%- endfor %}</p>
{% endif %}
{% endmacro %}
{% macro label(name, title) -%}
<h3><span style="background:{{ colours[name] }};color:#000;padding:0 .3em">{{ name }}</span>
{%- if title and title != name %} {{ title }}{% endif %}
{%- if name in keys %} <small>key <kbd>{{ keys[name] }}</kbd></small>{% endif %}</h3>
{% endmacro %}
<h1>{{ ontology.title or ontology.name }}: guidelines for annotators</h1>
<p>{{ ontology.description }}</p>
<p><small>Ontology {{ ontology.name }} {{ ontology.version }}. In the examples triggers are <b>bold</b>,
mentions <u>underlined</u>, roles in brackets behind them.</small></p>
<h2>How to annotate</h2>
<p><b>A mention or a trigger:</b> press the key of its type, then mark the words: double-click a word, or drag
over several. A region can lie inside another, or on the same words.</p>
<p><b>An attribute:</b> click the region; what can be chosen for it appears below the text. What you do not
choose has its default value.</p>
<p><b>An argument:</b> click the trigger, press <kbd>Alt</kbd>+<kbd>R</kbd>, click the mention, and choose the
role in the list of relations. Click the trigger again before each arrow. The eye in that list hides all
arrows. Where there is one task for each event, click the mention and press the role's key; for a second role
press its key and mark the words again.</p>
<p><b>One entity named twice:</b> an arrow <i>{{ same }}</i> from the later mention to the earlier. Triggers
of one and the same event are joined by <i>{{ same }}</i> too.</p>
<p><b>Words that stand apart:</b> mark each part with the same label and join them by an arrow
<i>{{ continued }}</i>.</p>
<p><b>Grey stretches</b> labelled excluded are not annotated. Skip a text that cannot be annotated at all.</p>
{% if policy %}
<h2>Policy</h2>
{% for lead, rest in policy %}
<p>{% if lead %}<b>{{ lead }}.</b> {% endif %}{{ rest }}</p>
{% endfor %}
{% endif %}
<h2>Entities</h2>
{% for name, entity in ontology.entities.items() %}
{{ label(name, entity.title) }}
<p>{{ entity.definition }}</p>
{{ example(entity.example) }}
{% endfor %}
{% if ontology.events %}
<h2>Events</h2>
{% for name, event in ontology.events.items() %}
{{ label(name, event.title) }}
<p>{{ event.definition }}</p>
{{ example(event.example) }}
<dl>
{% for role, rule in event.roles.items() %}
<dt><b>{{ role }}</b> <small>{{ ontology.fillers(name, role) | sort | join(", ") }}</small></dt>
<dd>{{ rule.definition }}</dd>
{% endfor %}
</dl>
{% endfor %}
{% endif %}
{% if ontology.attributes %}
<h2>Attributes</h2>
{% for name, attribute in ontology.attributes.items() %}
<h3>{{ name }} <small>of {% if attribute.on == "mention" %}mentions{% elif attribute.events -%}
{{ attribute.events | join(", ") }}{% else %}events{% endif %}</small></h3>
<p>{{ attribute.definition }}
{% if attribute.multiple %}Several may be chosen.{% endif %}
{% if attribute.default %}Unless chosen: <b>{{ attribute.default }}</b>.{% endif %}</p>
<dl>
{% for value, meaning in attribute.values.items() %}
<dt><b>{{ value }}</b>
{%- if (name, value) in value_keys %} <small>key <kbd>{{ value_keys[(name, value)] }}</kbd></small>
{%- endif %}</dt>
<dd>{{ meaning.definition }}
{{ example(meaning.example) }}</dd>
{% endfor %}
</dl>
{% endfor %}
{% endif %}
{% if ontology.relations %}
<h2>Relations</h2>
{% for name, relation in ontology.relations.items() %}
<h3>{{ name }}{% if relation.title %} {{ relation.title }}{% endif %}</h3>
<p>{{ relation.definition }}
{% if relation.source %}From {{ ontology.expand(relation.source) | sort | join(", ") }}.{% endif %}
{% if relation.target %}To {{ ontology.expand(relation.target) | sort | join(", ") }}.{% endif %}
{% if relation.symmetric %}It is the same either way: one arrow is enough.{% endif %}</p>
{% endfor %}
{% endif %}
"""

_PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy"
  content="default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ ontology.title or ontology.name }}: guidelines for annotators</title>
<style>
body { max-width: 46rem; margin: 2rem auto; padding: 0 1rem; color: #222; }
body { font: 1rem/1.5 system-ui, sans-serif; }
h2 { margin-top: 2.5rem; border-bottom: 1px solid #ccc; }
h3 { margin-bottom: 0; }
h3 + p, p + p { margin-top: .3rem; }
dt { margin-top: .4rem; }
dd { margin-left: 1.5rem; }
kbd { border: 1px solid #999; border-radius: 3px; padding: 0 .3em; font-size: .9em; }
</style>
</head>
<body>
{{ body | safe }}
</body>
</html>
"""
