/* Decisions on what annotators differ in. What hangs on a mention or event comes up when that is kept, and goes when it
   is not; clusters come up when it is known what they could join, as goldwire itself would ask for them. */
"use strict";
(() => {
  const { byId, make, fill, count, colour, visible, nodes, isolated, load, has, options, marked } = goldwire;
  const NAMES = { mention: "mention", event: "event", attribute: "attribute", argument: "argument", relation: "relation", cluster: "cluster" };
  const NOTHING = { mention: "nothing here", event: "nothing here", attribute: "none of these", argument: "no such argument", relation: "no such relation", cluster: "two different ones" };
  let index = null;
  let units = [];
  let whole = []; // the cases of each document, but for clusters

  /* ------------------------------------------------------------ what was decided, by whom and when
     By the id of a unit: the decision, when, and who. Kept in the browser under the hash of what the page was made for. */
  const decided = new Map();
  const notes = new Map();
  const trail = [];
  const EMPTY = "[[],[]]";
  let key = "";
  let saved = EMPTY;
  let now = EMPTY; // what would be stored, to be compared with what was downloaded
  const content = () => JSON.stringify([[...decided], [...notes]].map((list) => list.sort((a, b) => (a[0] < b[0] ? -1 : 1))));
  const warn = (text) => { byId("warning").textContent = text; byId("warning").hidden = !text; };
  const store = () => {
    now = content();
    try {
      localStorage.setItem(key, now);
      localStorage.setItem(key + "-by", byId("by").value);
    } catch { warn("This browser keeps nothing of this page: download before you close it."); }
  };
  const restore = () => {
    try {
      const [first, second] = JSON.parse(localStorage.getItem(key) || EMPTY);
      decided.clear();
      notes.clear();
      for (const [id, value] of first) decided.set(id, value);
      for (const [id, value] of second) notes.set(id, value);
      saved = localStorage.getItem(key + "-saved") || EMPTY;
      byId("by").value = localStorage.getItem(key + "-by") || localStorage.getItem("goldwire-name") || "";
    } catch { warn("This browser keeps nothing of this page: download before you close it."); }
    now = content();
  };
  const isUnsaved = () => now !== saved && now !== EMPTY;

  /* ------------------------------------------------------------ units and cases */
  const settled = (unit) => {
    const own = decided.get(unit.id);
    return own ? own[0] : unit.o ? unit.o[0] : undefined;
  };
  const standing = (unit) => {
    const needs = unit.n.map((number) => settled(units[number]));
    return needs.includes(false) ? "gone" : needs.includes(undefined) ? "waits" : "live";
  };
  const live = (one) => one.units.filter((unit) => standing(unit) === "live");
  const stateOf = (one) => {
    const there = live(one);
    if (there.length) return there.every((unit) => settled(unit) !== undefined) ? "decided" : "open";
    return one.units.some((unit) => standing(unit) === "waits") ? "waits" : "gone";
  };
  const idOf = (one) => one.units[0].id;

  /* Clusters, as `Judge._clusters` finds them: joined where all who have both join them; between what is joined then, a
     question where somebody joins some of the one to some of the other. */
  const joinedCases = (d, part, b, enough) => {
    const kept = part.k.map((item) => (item[2] === null ? true : settled(units[item[2]])));
    if (kept.includes(undefined)) return [];
    const root = part.k.map((_, i) => i);
    const find = (i) => { while (root[i] !== i) i = root[i] = root[root[i]]; return i; };
    const pairs = part.p.filter(([one, other]) => kept[one] && kept[other]);
    for (const [one, other, says] of pairs) {
      if (!Object.values(says).every(Boolean)) continue;
      const [low, high] = [find(one), find(other)].sort((x, y) => x - y);
      root[high] = low;
    }
    const doubtful = new Map();
    for (const [one, other, says] of pairs) {
      const [low, high] = [find(one), find(other)].sort((x, y) => x - y);
      if (low === high) continue;
      const ends = low + " " + high;
      if (!doubtful.has(ends)) doubtful.set(ends, { low, high, says: {} });
      const views = doubtful.get(ends).says;
      for (const [place, said] of Object.entries(says)) views[place] = Boolean(views[place]) || said;
    }
    return [...doubtful.values()].filter(({ says }) => new Set(Object.values(says)).size > 1).map(({ low, high, says }) => {
      const ends = [part.k[low], part.k[high]];
      const [name, words] = [0, 1].map((at) => ends.map((end) => end[at]).join(" = "));
      const before = part.d.find((item) => item[0] === name && item[1] === words);
      const votes = Object.values(says);
      const voted = enough && votes.length >= enough ? [votes.filter(Boolean).length >= enough, "", "", enough] : undefined;
      const o = before ? [...before.slice(2), 0] : voted;
      return { units: [{ id: `${d} cluster ${b} ${name}`, d, u: "cluster", k: name, w: words, l: "", s: ends.flatMap((end) => end[3]), y: says, n: [], o }], d };
    });
  };
  const known = new Map();
  const forget = (d) => known.delete(d);
  const casesOf = (d) => {
    if (!known.has(d)) {
      const doc = index.documents[d];
      known.set(d, [...whole[d], ...doc.c.flatMap((part, b) => joinedCases(d, part, b, doc.v))]);
    }
    return known.get(d);
  };
  const everything = () => index.documents.flatMap((_, d) => casesOf(d));

  /* ------------------------------------------------------------ readings: what people have of a case */
  const isValue = (one) => one.length === 1 && Object.values(one[0].y).some((said) => typeof said !== "boolean");
  const readings = (there) => {
    const doc = index.documents[there[0].d];
    const found = new Map();
    doc.p.forEach((_, place) => {
      if (!there.some((unit) => place in unit.y)) return;
      const take = there.map((unit) => (isValue(there) ? unit.y[place] ?? "" : unit.y[place] === true));
      const name = JSON.stringify(take);
      if (!found.has(name)) found.set(name, { who: [], take });
      found.get(name).who.push(place);
    });
    return [...found.values()];
  };
  const same = (one, other) => one.every((value, i) => value === other[i]);
  const all = (there) => there.map((unit) => (isValue(there) ? undefined : Object.values(unit.y).includes(true)));
  const none = (there) => there.map(() => (isValue(there) ? "" : false));
  const person = (d, place) => {
    const number = index.documents[d].p[place];
    return number === null ? "Person " + String.fromCharCode(65 + place) : index.people[number].replace(/^annotator\//, "");
  };
  const people = (d, places) => places.map((place, i) => [i ? ", " : "", isolated(person(d, place))]).flat();
  const spoken = (there, take) => {
    if (isValue(there)) return [there[0].l, ": ", take[0] === "" ? "no value" : isolated(take[0])];
    const kind = there[0].u;
    const chosen = there.filter((_, i) => take[i]);
    if (!chosen.length) return [NOTHING[kind]];
    return chosen.flatMap((unit, i) => [i ? " + " : "", kind === "cluster" ? "the same: " : "", isolated(unit.w)]);
  };

  /* ------------------------------------------------------------ filters */
  const matches = (one) => {
    const there = live(one);
    const [unit, label, pair] = ["of-unit", "of-label", "of-pair"].map((id) => byId(id).value);
    if (unit && one.units[0].u !== unit) return false;
    if (label && !one.units.some((each) => each.l === label)) return false;
    if (!pair) return true;
    const order = index.documents[one.units[0].d].p;
    const [first, second] = pair.split(" ").map((number) => order.indexOf(Number(number)));
    return there.some(({ y }) => first in y && second in y && y[first] !== y[second]);
  };
  const startFilters = () => {
    const kinds = new Set(units.map((unit) => unit.u));
    if (index.documents.some((doc) => doc.c.some((part) => part.k.length))) kinds.add("cluster");
    options(byId("of-unit"), [["", "all"], ...Object.entries(NAMES).filter(([name]) => kinds.has(name))]);
    options(byId("of-label"), [["", "all"], ...[...new Set(units.map((unit) => unit.l))].sort().map((name) => [name, name])]);
    const pairs = new Set();
    for (const { p } of index.documents) for (const one of p) for (const other of p) if (one < other) pairs.add(one + " " + other);
    options(byId("of-pair"), [["", "all"], ...[...pairs].sort().map((pair) => [pair, pair.split(" ").map((n) => index.people[n].replace(/^annotator\//, "")).join(" / ")])]);
    byId("of-pair-label").hidden = !index.people.length;
    for (const id of ["of-state", "of-unit", "of-label", "of-pair"]) byId(id).addEventListener("change", () => { editing = null; go(null); });
  };

  /* ------------------------------------------------------------ going from case to case */
  let current = null; // the id of a case
  let editing = null;
  const listed = () => {
    const wanted = byId("of-state").value;
    return everything().filter((one) => {
      const state = stateOf(one);
      if (state !== "open" && state !== "decided") return false;
      return (idOf(one) === current || wanted === "all" || wanted === state) && matches(one);
    });
  };
  const go = (id) => {
    current = id;
    const list = listed();
    if (!list.some((one) => idOf(one) === id)) current = list.length ? idOf(list[0]) : null;
    draw();
  };
  const turn = (step) => {
    const list = listed();
    const at = list.findIndex((one) => idOf(one) === current);
    if (!list.length) return;
    editing = null;
    go(idOf(list[(at + step + list.length) % list.length]));
  };
  const advance = () => {
    const list = listed();
    const at = list.findIndex((one) => idOf(one) === current);
    const wanted = (one) => idOf(one) !== current && (byId("of-state").value !== "open" || stateOf(one) === "open");
    const next = list.slice(at + 1).find(wanted) || list.slice(0, at).find(wanted);
    current = null;
    go(next ? idOf(next) : null);
  };
  const shown = () => (current === null ? null : everything().find((one) => idOf(one) === current) || null);

  /* ------------------------------------------------------------ deciding and undoing */
  const put = (id, value) => (value === undefined ? decided.delete(id) : decided.set(id, value));
  const decide = (take) => {
    const one = shown();
    if (!one) return;
    const there = live(one);
    if (take.includes(undefined)) return;
    trail.push({ at: current, d: there[0].d, before: there.map((unit) => [unit.id, decided.get(unit.id)]) });
    const at = new Date().toISOString();
    there.forEach((unit, i) => put(unit.id, [take[i], at, byId("by").value.trim()]));
    editing = null;
    forget(there[0].d);
    store();
    advance();
  };
  const undo = () => {
    const last = trail.pop();
    if (!last) return;
    for (const [id, value] of last.before) put(id, value);
    editing = null;
    forget(last.d);
    store();
    go(last.at);
  };
  const choose = (name) => {
    const one = shown();
    if (!one) return;
    const there = live(one);
    const found = readings(there);
    if (name === "b") decide(all(there));
    else if (name === "n") decide(none(there));
    else if (found[Number(name) - 1]) decide(found[Number(name) - 1].take);
  };

  /* ------------------------------------------------------------ the file */
  const line = (unit) => {
    const value = decided.get(unit.id);
    const note = notes.get(unit.id);
    const says = Object.fromEntries(Object.entries(unit.y).map(([place, said]) => {
      const number = index.documents[unit.d].p[place];
      return [number === null ? String.fromCharCode(65 + Number(place)) : index.people[number], said];
    }));
    return { document: index.documents[unit.d].i, unit: unit.u, key: unit.k, words: unit.w, says, decision: value ? value[0] : null,
      ...(note ? { note } : {}), ...(value ? { by: value[2] || byId("by").value.trim(), at: value[1] } : {}) };
  };
  const lines = () => everything().flatMap(live).filter((unit) => decided.has(unit.id) || notes.has(unit.id)).map(line);
  const download = () => {
    const by = byId("by").value.trim();
    if (!by) {
      warn("Your name goes into the file with each decision: type it, and download again.");
      byId("by").focus();
      return;
    }
    warn("");
    const text = [index.origin, ...lines()].map((item) => JSON.stringify(item) + "\n").join("");
    const url = URL.createObjectURL(new Blob([text], { type: "application/jsonl" }));
    const name = ["decisions", index.origin.to, by].map((part) => part.replace(/[^\p{L}\p{N}.-]+/gu, "-")).join("-") + ".jsonl";
    make("a", { href: url, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(url), 10000);
    saved = now;
    try { localStorage.setItem(key + "-saved", saved); } catch { /* told already */ }
    tell();
  };

  /* ------------------------------------------------------------ drawing */
  const overlap = (start, end, spans) => spans.some(([low, high]) => start < high && low < end);
  const isExactly = ([start, end], spans) => spans.some(([low, high]) => low === start && high === end);
  const KINDS = { mention: "mention", event: "trigger" };
  const isLit = (kind, focus) => (mark) => mark.spans.some((span) => (KINDS[kind] ? mark.kind === KINDS[kind] && overlap(...span, focus) : isExactly(span, focus)));
  const drawMark = (lit) => (mark, piece) => {
    const node = make("span", { class: ["mark", mark.kind, mark.kind === "absent" ? "" : lit(mark) ? "lit" : "dim"].filter(Boolean).join(" ") });
    if (piece.first && mark.type) node.append(make("span", { class: mark.type.length > 24 ? "tag long" : "tag" }, isolated(mark.type)));
    return colour(node, index.types[mark.type]);
  };
  const drawEvent = ([type, words, args, attributes]) => colour(make("li", { class: "event" },
    make("b", {}, isolated(type)), words ? [" “", isolated(words), "”"] : "",
    attributes.length ? make("span", { class: "role" }, " [", isolated(attributes.join(", ")), "]") : "",
    args.map(([role, filler]) => make("span", {}, " · ", make("span", { class: "role" }, isolated(role)), " ", isolated(filler)))), index.types[type]);
  const drawLane = (unit, text, focus) => ([marks, events], place) => {
    const chars = Array.from(text);
    const all = marks.map(([type, spans, kind]) => ({ type, spans, kind }));
    const lit = isLit(unit.u, focus);
    const there = all.filter(lit).flatMap((mark) => mark.spans);
    const absent = focus.filter(([start, end]) => start >= 0 && end <= chars.length && !overlap(start, end, there));
    const shownEvents = ["mention", "relation"].includes(unit.u) ? [] : events.filter((event) => overlaps(event[4], focus));
    return make("div", { class: "lane" }, make("div", { class: "who" }, isolated(person(unit.d, place))),
      make("div", { class: "text", dir: "auto" }, marked(chars, 0, chars.length, [...all, ...absent.map((span) => ({ type: "", spans: [span], kind: "absent" }))], drawMark(lit))),
      shownEvents.length ? make("ul", { class: "events" }, shownEvents.map(drawEvent)) : "");
  };
  const overlaps = (some, others) => some.some(([start, end]) => overlap(start, end, others));
  const drawText = (there, doc) => {
    const spans = there.flatMap((unit) => unit.s);
    const blocks = doc.b.filter(([start, end]) => overlap(start, end, spans));
    const around = (text, sign) => (text.trim() ? make("div", { class: "around text small", dir: "auto" }, sign < 0 ? "… " : "", nodes(text.trim()), sign > 0 ? " …" : "") : "");
    return blocks.map(([start, , before, text, after, lanes], n) => make("div", { class: "block" },
      n === 0 ? around(before.replace(/^\S*\s/u, ""), -1) : "",
      lanes.map(drawLane(there[0], text, spans.map(([low, high]) => [low - start, high - start]))),
      n === blocks.length - 1 ? around(after.replace(/\s\S*$/u, ""), 1) : ""));
  };
  const button = (name, who, take, act, pressed) => make("button", { type: "button", class: "choice", "data-key": name, "aria-pressed": String(pressed), onclick: act },
    make("kbd", {}, name), who ? make("span", { class: "who" }, who) : "", make("span", { class: "take" }, take));
  const drawChoices = (there) => {
    const d = there[0].d;
    const found = readings(there);
    const is = there.map(settled);
    const pressed = (take) => is[0] !== undefined && same(is, take);
    const main = found.slice(0, 9).map(({ who, take }, i) => button(String(i + 1), people(d, who), spoken(there, take), () => decide(take), pressed(take)));
    const more = [];
    const fresh = (take) => !take.includes(undefined) && !found.some((reading) => same(reading.take, take));
    if (fresh(all(there))) more.push(button("b", "", found.length > 2 ? "all of it" : "both", () => choose("b"), pressed(all(there))));
    if (fresh(none(there))) more.push(button("n", "", isValue(there) ? "no value" : "neither", () => choose("n"), pressed(none(there))));
    more.push(button("e", "", "edit", () => startEdit(), false));
    return [make("div", { class: "choices" }, main), make("div", { class: "small-choices" }, more)];
  };
  const drawEdit = (there) => {
    if (isValue(there)) {
      const values = index.values[there[0].l] || [];
      const field = make(values.length ? "select" : "input", { id: "value", autocomplete: "off", "aria-label": "value" });
      if (values.length) options(field, [["", "no value"], ...values.map((value) => [value, value])]);
      field.value = editing.value;
      return make("div", { class: "edit" }, make("label", {}, isolated(there[0].l), field), takeEdit());
    }
    return make("div", { class: "edit" }, there.map((unit, i) => {
      const box = make("input", { type: "checkbox", checked: editing.take[i] });
      box.addEventListener("change", () => { editing.take[i] = box.checked; });
      return make("label", {}, box, make("kbd", {}, String(i + 1)), make("span", {}, isolated(unit.w)));
    }), takeEdit());
  };
  const takeEdit = () => make("div", { class: "small-choices" },
    make("button", { type: "button", onclick: () => finishEdit() }, "Take it ", make("kbd", {}, "Enter")),
    make("button", { type: "button", onclick: () => { editing = null; draw(); } }, "Leave ", make("kbd", {}, "Esc")));
  const startEdit = () => {
    const one = shown();
    if (!one) return;
    const there = live(one);
    const first = readings(there)[0].take;
    const is = there.map((unit, i) => settled(unit) ?? first[i]);
    editing = isValue(there) ? { value: is[0] } : { take: is.map(Boolean) };
    draw();
    if (byId("value")) byId("value").focus();
  };
  const finishEdit = () => decide(byId("value") ? [byId("value").value.trim()] : editing.take);
  const drawMoves = (there) => {
    const input = make("input", { id: "note", value: notes.get(there[0].id) || "", autocomplete: "off", maxlength: 2000 });
    input.addEventListener("input", () => {
      for (const unit of there) {
        if (input.value.trim()) notes.set(unit.id, input.value.trim());
        else notes.delete(unit.id);
      }
      store();
    });
    return make("div", { class: "moves" },
      make("button", { type: "button", onclick: () => turn(-1) }, "← before"), make("button", { type: "button", onclick: () => turn(1) }, "next →"),
      make("label", { class: "note" }, "note ", make("kbd", {}, "m"), input));
  };
  const told = (there) => {
    const before = there.map((unit) => (decided.has(unit.id) ? null : unit.o)).find(Boolean);
    const notes = [...new Set(there.map((unit) => unit.t).filter(Boolean))];
    if (!before) return notes.length ? make("p", { class: "soft small" }, isolated(notes.join("; "))) : "";
    const [, note, by, votes] = before;
    return make("p", { class: "soft small" }, votes ? `Decided by a vote of at least ${votes}.` : by ? ["Decided before by ", isolated(by), "."] : "Decided before.", note ? [" ", isolated(note)] : "");
  };
  const tell = () => {
    const states = everything().map(stateOf);
    const sum = (name) => states.filter((state) => state === name).length;
    const [done, open, waits] = [sum("decided"), sum("open"), sum("waits")];
    byId("bar").max = Math.max(1, done + open);
    byId("bar").value = done;
    byId("told").textContent = `${count(done)} of ${count(done + open)} decided` + (waits ? `, ${count(waits)} wait` : "") + (isUnsaved() ? ", not downloaded" : "");
    byId("undo").disabled = !trail.length;
  };
  const drawEnd = () => {
    byId("case").setAttribute("aria-busy", "false");
    const left = everything().filter((one) => stateOf(one) === "open").length;
    fill(byId("case"), make("h2", {}, left ? "Nothing here is left to show" : "All is decided"),
      make("p", {}, left ? "Other filters have more: " + count(left) + " open." : "Download the decisions and give the file to the command; to look at them again, show everything."),
      make("div", { class: "small-choices" }, make("button", { type: "button", onclick: download }, "Download")));
  };
  let drawing = 0;
  const draw = async () => {
    tell();
    const one = shown();
    if (!one) { drawing += 1; return drawEnd(); }
    const turnOf = (drawing += 1);
    const there = live(one);
    const d = there[0].d;
    const doc = index.documents[d];
    const chunk = "docs-" + Math.floor(d / index.chunk);
    byId("case").setAttribute("aria-busy", "true");
    const text = has(chunk) ? (await load(chunk))[d % index.chunk] : { b: [] };
    if (turnOf !== drawing) return;
    byId("case").setAttribute("aria-busy", "false");
    const list = listed();
    const at = list.findIndex((each) => idOf(each) === current);
    const labels = [...new Set(there.map((unit) => unit.l).filter(Boolean))];
    fill(byId("case"),
      make("div", { class: "case-head" },
        make("h2", {}, NAMES[there[0].u], labels.length ? ": " : "", labels.flatMap((label, i) => [i ? " / " : "", isolated(label)])),
        make("span", { class: "soft small" }, isolated(doc.h || doc.i)), make("span", { class: "soft small" }, `${count(at + 1)} of ${count(list.length)} shown`)),
      told(there),
      text.b.length ? drawText(there, text) : make("p", { class: "soft" }, "The text is not in this file; it is in the corpus as ", isolated(doc.i), "."),
      make("div", { class: "decide" }, editing ? drawEdit(there) : drawChoices(there)), drawMoves(there));
    byId("case").dataset.shown = current;
    byId("case").focus({ preventScroll: true });
    bringIntoView();
  };
  const bringIntoView = () => {
    const [section, bar] = [byId("case"), document.querySelector(".bar").offsetHeight];
    if (section.getBoundingClientRect().top < bar) section.scrollIntoView({ block: "start", behavior: "instant" });
    const mark = section.querySelector(".mark.lit, .mark.absent");
    const free = innerHeight - section.querySelector(".decide").offsetHeight;
    if (mark && mark.getBoundingClientRect().bottom > free) window.scrollBy({ top: mark.getBoundingClientRect().top - bar - 60, behavior: "instant" });
  };

  /* ------------------------------------------------------------ keys */
  const keys = { b: () => choose("b"), n: () => choose("n"), 0: () => choose("n"), e: () => startEdit(), u: undo, d: download, ArrowRight: () => turn(1), ArrowLeft: () => turn(-1),
    m: () => { if (byId("note")) byId("note").focus(); } };
  const editKeys = (event) => {
    if (event.key === "Enter") finishEdit();
    else if (event.key === "Escape") { editing = null; draw(); }
    else if (editing.take && editing.take[Number(event.key) - 1] !== undefined) { editing.take[Number(event.key) - 1] = !editing.take[Number(event.key) - 1]; draw(); }
    else return;
    event.preventDefault();
  };
  const press = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const field = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName) && event.target.type !== "checkbox";
    if (field && event.target.id !== "value") {
      if (event.key === "Escape" || (event.key === "Enter" && event.target.tagName === "INPUT")) { event.target.blur(); byId("case").focus(); }
      return;
    }
    if (editing) { if (!field || event.key === "Enter" || event.key === "Escape") editKeys(event); return; }
    if (event.key === "Enter" || event.repeat) return;
    if (/^[1-9]$/.test(event.key)) choose(event.key);
    else if (keys[event.key]) keys[event.key]();
    else return;
    event.preventDefault();
  };

  const start = async () => {
    index = await load("index");
    units = index.units.map((unit) => ({ ...unit, id: `${unit.d} ${unit.u} ${unit.k}` }));
    whole = index.documents.map(() => []);
    for (const numbers of index.cases) { const own = numbers.map((n) => units[n]); whole[own[0].d].push({ units: own, d: own[0].d }); }
    key = "goldwire-review-" + index.origin.page;
    restore();
    startFilters();
    byId("undo").addEventListener("click", undo);
    byId("download").addEventListener("click", download);
    byId("by").addEventListener("change", () => { store(); try { localStorage.setItem("goldwire-name", byId("by").value); } catch { /* told already */ } });
    document.addEventListener("keydown", press);
    window.addEventListener("beforeunload", (event) => { if (isUnsaved()) event.preventDefault(); });
    window.addEventListener("storage", (event) => { if (event.key === key) { restore(); trail.length = 0; known.clear(); go(current); } });
    go(null);
    document.documentElement.dataset.ready = "true";
  };
  start();
})();
