/* The moving parts of the report. */
"use strict";
(() => {
  const { byId, make, fill, count, colour, visible, nodes, isolated, load, has, options, marked, within } = goldwire;

  /* ------------------------------------------------------------ tabs: arrows move, as in any tab list */
  const select = (tab, focus) => {
    const list = tab.parentElement;
    for (const other of list.children) {
      const chosen = other === tab;
      other.setAttribute("aria-selected", chosen);
      other.tabIndex = chosen ? 0 : -1;
      byId(other.getAttribute("aria-controls")).hidden = !chosen;
    }
    if (focus) tab.focus();
  };
  const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };
  for (const list of document.querySelectorAll("[data-tabs]")) {
    const all = [...list.children];
    select(all[0], false);
    list.addEventListener("click", (event) => { if (event.target.role === "tab" || event.target.getAttribute("role") === "tab") select(event.target, false); });
    list.addEventListener("keydown", (event) => {
      const here = all.indexOf(document.activeElement);
      const ends = { Home: 0, End: all.length - 1 };
      const to = event.key in step ? (here + step[event.key] + all.length) % all.length : ends[event.key];
      if (here < 0 || to === undefined) return;
      event.preventDefault();
      select(all[to], true);
    });
  }

  /* ------------------------------------------------------------ the section in view */
  const links = new Map([...document.querySelectorAll("nav a")].map((link) => [link.hash.slice(1), link]));
  const watcher = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      if (!entry.isIntersecting) continue;
      for (const [id, link] of links) link.setAttribute("aria-current", id === entry.target.id);
    }
  }, { rootMargin: "-30% 0px -65% 0px" });
  for (const section of document.querySelectorAll("main > section")) watcher.observe(section);

  /* ------------------------------------------------------------ examples */
  const drawSide = (mark) => make("span", { class: "side-" + mark.side });
  const side = (name, label, spans) => [make("span", { class: "side-" + name }, name), " ", label === null ? "–" : isolated(label)];
  const drawExample = (example) => {
    const marks = [];
    if (example.g) marks.push({ side: "gold", spans: example.g });
    if (example.s) marks.push({ side: "system", spans: example.s });
    if (example.k) marks.push({ side: "trigger", spans: example.k });
    const chars = Array.from(example.t);
    return make("div", { class: "example" },
      make("div", { class: "meta" },
        make("button", { type: "button", onclick: () => openDocument(example.d, example.p) }, isolated(example.i)),
        make("span", {}, side("gold", example.gl)),
        make("span", {}, side("system", example.sl)),
        example.k ? make("span", {}, make("span", { class: "side-trigger" }, "trigger")) : ""),
      make("div", { class: "text" }, "… ", marked(chars, 0, chars.length, marks, drawSide), " …"));
  };
  const showExamples = (title, total, examples) => {
    byId("examples-title").textContent = visible(title);
    byId("examples-note").textContent = examples.length < total ? `${count(examples.length)} of ${count(total)}, drawn over all documents` : `${count(total)} in all`;
    fill(byId("examples-body"), examples.map(drawExample));
    const dialog = byId("examples");
    if (!dialog.open) dialog.showModal();
    byId("examples-body").scrollTop = 0;
  };
  byId("examples-close").addEventListener("click", () => byId("examples").close());

  /* ------------------------------------------------------------ confusion: one stop for Tab, arrows within */
  for (const table of document.querySelectorAll("[data-matrix]")) {
    const cells = [...table.querySelectorAll("button[data-cell]")];
    if (!cells.length) continue;
    cells[0].tabIndex = 0;
    const place = (button) => button.dataset.cell.split(".").map(Number);
    const go = (button) => { for (const cell of cells) cell.tabIndex = cell === button ? 0 : -1; button.focus(); };
    const nearest = (from, key) => {
      const [row, column] = place(from);
      const ahead = cells.filter((cell) => {
        const [r, c] = place(cell);
        return { ArrowRight: r === row && c > column, ArrowLeft: r === row && c < column, ArrowDown: r > row, ArrowUp: r < row }[key];
      });
      const far = (cell) => { const [r, c] = place(cell); return Math.abs(r - row) * 1000 + Math.abs(c - column); };
      return ahead.sort((a, b) => far(a) - far(b))[0];
    };
    table.addEventListener("keydown", (event) => {
      const to = event.key in step && cells.includes(document.activeElement) ? nearest(document.activeElement, event.key) : undefined;
      if (!to) return;
      event.preventDefault();
      go(to);
    });
    table.addEventListener("click", async (event) => {
      const button = event.target.closest("button[data-cell]");
      if (!button) return;
      go(button);
      const data = await load("cells-" + table.dataset.matrix);
      const cell = data[button.dataset.cell];
      showExamples(cell.title, cell.total, cell.examples);
    });
  }

  /* ------------------------------------------------------------ A against B */
  const startVersus = (index) => {
    const [a, b, units, out] = ["versus-a", "versus-b", "versus-units", "versus-out"].map(byId);
    const systems = index.systems.map((name, i) => [i, name]);
    options(a, systems);
    options(b, systems);
    options(units, [...new Set(index.versus.map((item) => item.units))].map((name) => [name, name]));
    b.value = "1";
    const show = () => {
      const [first, second] = [Number(a.value), Number(b.value)];
      const straight = index.versus.find((v) => v.units === units.value && v.first === first && v.second === second);
      const turned = index.versus.find((v) => v.units === units.value && v.first === second && v.second === first);
      const item = straight || turned;
      if (!item) return fill(out, make("p", { class: "soft" }, "Choose two different systems."));
      const names = straight ? ["fixed", "broken"] : ["broken", "fixed"];
      const better = visible(index.systems[second]);
      const rows = [
        ["Fixed: only " + better + " has it right", names[0], item[names[0]]],
        ["Broken: only " + visible(index.systems[first]) + " has it right", names[1], item[names[1]]],
        ["Both wrong", "wrong", item.wrong],
        ["Both right", null, item.right],
      ];
      const open = (title, name, total) => async () => showExamples(title, total, (await load("versus-" + item.key))[name]);
      fill(out, make("div", { class: "scroll", tabindex: 0, role: "group", "aria-label": "A against B" }, make("table", {},
        make("thead", {}, make("tr", {}, make("th", { scope: "col" }, "Gold " + units.value), make("th", { scope: "col" }, "Number"), make("th", { scope: "col" }, "In the text"))),
        make("tbody", {}, rows.map(([title, name, total]) => make("tr", {},
          make("th", { scope: "row" }, title), make("td", {}, count(total)),
          make("td", {}, name && total && has("versus-" + item.key) ? make("button", { type: "button", class: "open", onclick: open(title, name, total) }, "show") : "")))))));
    };
    for (const node of [a, b, units]) node.addEventListener("change", show);
    byId("versus-form").addEventListener("submit", (event) => event.preventDefault());
    show();
  };

  /* ------------------------------------------------------------ the list of documents */
  const PAGE = 12;
  let index = null;
  let shown = [];
  let page = 0;
  let current = -1;
  const points = (value) => (value === null ? "–" : (100 * value).toFixed(1));
  const listDocuments = () => {
    const wanted = byId("documents-find").value.trim().toLocaleLowerCase();
    const matching = index.documents.map((_, i) => i).filter((i) => {
      const [id, title] = index.documents[i];
      return !wanted || id.toLocaleLowerCase().includes(wanted) || title.toLocaleLowerCase().includes(wanted);
    });
    const order = index.orders[Number(byId("documents-order").value)].ranks;
    shown = order ? matching.sort((x, y) => order[x] - order[y]) : matching;
    page = 0;
    drawList();
  };
  const drawList = () => {
    const pages = Math.max(1, Math.ceil(shown.length / PAGE));
    const part = shown.slice(page * PAGE, (page + 1) * PAGE);
    byId("documents-count").textContent = count(shown.length) + (shown.length === 1 ? " document" : " documents");
    byId("documents-page").textContent = `${page + 1} / ${pages}`;
    byId("documents-back").disabled = page === 0;
    byId("documents-on").disabled = page + 1 >= pages;
    fill(byId("documents-table"),
      make("thead", {}, make("tr", {}, make("th", { scope: "col" }, "Document"), make("th", { scope: "col" }, "In gold"),
        index.systems.map((name) => make("th", { scope: "col" }, isolated(name))))),
      make("tbody", {}, part.map((i) => {
        const [id, title, gold, scores, shades] = index.documents[i];
        return make("tr", {},
          make("th", { scope: "row" }, make("button", { type: "button", class: "open", title: visible(title || id), onclick: () => openDocument(i, 0) }, isolated(title || id))),
          make("td", {}, count(gold)),
          scores.map((score, s) => make("td", { class: shades[s] === null ? "" : "shade shade" + shades[s] }, points(score))));
      })));
  };

  /* ------------------------------------------------------------ one document */
  const LONG = 24;
  const FLAGS = { boundary: "boundary", type: "type", both: "boundary+type", spurious: "spurious", duplicate: "duplicate", missed: "missed" };
  const light = (key, on) => { for (const node of byId("reader").querySelectorAll(`[data-mark="${key}"]`)) node.classList.toggle("lit", on); };
  const drawMark = (lane) => (mark, piece) => {
    const type = index.types[mark.type];
    const flag = FLAGS[mark.outcome];
    const key = lane + "-" + mark.key;
    const node = make("span", { class: ["mark", mark.kind, mark.outcome].filter(Boolean).join(" "), "data-mark": key, title: visible(type.name) + (flag ? ": " + flag : "") });
    // A short tag stays with its word; a long one is cut, and may go to the next line.
    if (piece.first) node.append(make("span", { class: type.name.length > LONG ? "tag long" : "tag" }, isolated(type.name)));
    if (piece.first && flag) node.append(make("span", { class: "flag" }, flag));
    node.addEventListener("mouseenter", () => light(key, true));
    node.addEventListener("mouseleave", () => light(key, false));
    return colour(node, type.colour);
  };
  const pairs = (flat) => { const out = []; for (let i = 0; i < flat.length; i += 2) out.push([flat[i], flat[i + 1]]); return out; };
  const OUTCOMES = ["", "boundary", "type", "both", "duplicate", "spurious", "missed"]; // diagnose.CLASSES
  const readMarks = (layer) => {
    const kind = (name) => ([type, outcome, flat], n) => ({ key: name[0] + n, kind: name, type, outcome: OUTCOMES[outcome], spans: pairs(flat) });
    return [...layer.m.map(kind("mention")), ...layer.e.map(kind("trigger"))];
  };
  const surface = (chars, flat) => pairs(flat).map(([start, end]) => chars.slice(start, end).join("")).join(" … ");
  const drawEvent = (chars, lane) => ([type, outcome, flat, args, attributes], n) => {
    const kind = index.types[type];
    const list = args.map(([role, state, span]) => make("span", {}, " · ", make("span", { class: "role" }, isolated(index.roles[role])), " ",
      make("span", { class: state === 0 ? "" : state === 6 ? "gone" : "off" }, isolated(surface(chars, span))), state === 6 && outcome !== 6 ? make("span", { class: "flag" }, "missed") : ""));
    const state = FLAGS[OUTCOMES[outcome]];
    const node = make("li", {}, make("span", { class: "event" }, make("b", {}, isolated(kind.name)), " “", isolated(surface(chars, flat)), "”",
      attributes.length ? make("span", { class: "role" }, " [", isolated(attributes.join(", ")), "]") : "", state ? make("span", { class: "flag" }, state) : "", list));
    const key = lane + "-t" + n;
    node.addEventListener("mouseenter", () => light(key, true));
    node.addEventListener("mouseleave", () => light(key, false));
    colour(node.firstChild, kind.colour);
    return node;
  };
  const drawLane = (doc, chars, layer, lane, from, to) => {
    const marks = readMarks(layer).filter((mark) => within(mark, from, to));
    const events = layer.e.map((event, n) => [event, n]).filter(([event]) => event[2][0] >= from && event[2][0] < to);
    return make("div", { class: "lane" + (lane ? "" : " gold") },
      make("div", { class: "who" }, isolated(lane ? index.systems[lane - 1] : "gold")),
      make("div", { class: "text", dir: "auto" }, marked(chars, from, to, marks, drawMark(lane))),
      events.length ? make("ul", { class: "events" }, events.map(([event, n]) => drawEvent(chars, lane)(event, n))) : "");
  };
  const drawBlock = (doc, chars, lanes, [from, to]) => {
    const excluded = doc.x.find(([start, end]) => from >= start && to <= end);
    if (excluded) return make("div", { class: "block plain", "data-from": from }, make("span", { class: "excluded text", title: visible(excluded[2]) }, nodes(chars.slice(from, to).join(""))), make("span", { class: "flag" }, "not scored: ", isolated(excluded[2])));
    const busy = lanes.length && doc.l.some((layer) => layer.m.some((m) => m[2][0] >= from && m[2][0] < to) || layer.e.some((e) => e[2][0] >= from && e[2][0] < to));
    if (!busy) return make("div", { class: "block plain", "data-from": from }, make("div", { class: "text" }, nodes(chars.slice(from, to).join(""))));
    return make("div", { class: "block", "data-from": from }, lanes.map((lane) => drawLane(doc, chars, doc.l[lane], lane, from, to)));
  };
  const legend = () => make("div", { class: "legend" },
    make("span", {}, make("span", { class: "mark" }, "right"), " as in gold"),
    make("span", {}, make("span", { class: "mark boundary" }, "dashed"), " other boundary or type"),
    make("span", {}, make("span", { class: "mark spurious" }, "dotted"), " not in gold"),
    make("span", {}, make("span", { class: "mark missed" }, "framed"), " in gold, missed"),
    make("span", {}, make("span", { class: "mark trigger" }, "bold"), " trigger of an event"));
  const hiddenLanes = new Set();
  const drawDocument = (doc, at) => {
    const reader = byId("reader");
    const chars = Array.from(doc.t);
    const body = make("div", {});
    const draw = () => {
      const lanes = doc.l.map((_, lane) => lane).filter((lane) => !hiddenLanes.has(lane));
      fill(body, doc.b.map((block) => drawBlock(doc, chars, lanes, block)));
    };
    const choose = (lane, name) => {
      const box = make("input", { type: "checkbox", checked: !hiddenLanes.has(lane) });
      box.addEventListener("change", () => { hiddenLanes[box.checked ? "delete" : "add"](lane); draw(); });
      return make("label", {}, box, isolated(name));
    };
    const place = shown.indexOf(current);
    const turn = (to) => make("button", { type: "button", disabled: !(to in shown), onclick: () => openDocument(shown[to], 0) }, to < place ? "← previous" : "next →");
    fill(reader,
      make("div", { class: "pager" }, turn(place - 1), turn(place + 1), make("span", { class: "soft small" }, place < 0 ? "" : `${count(place + 1)} of ${count(shown.length)}`)),
      make("h3", {}, isolated(doc.h || doc.i)),
      make("dl", { class: "about" }, doc.a.map(([key, value]) => make("div", {}, make("dt", {}, key), make("dd", {}, isolated(value))))),
      make("div", { class: "tools" }, make("fieldset", {}, make("legend", { class: "visually-hidden" }, "Layers shown"), ["gold", ...index.systems].map((name, lane) => choose(lane, name)))),
      legend(), body);
    draw();
    const target = [...body.children].filter((block) => Number(block.dataset.from) <= at).pop();
    (at && target ? target : reader).scrollIntoView({ block: "start" });
    reader.focus({ preventScroll: true });
  };
  const openDocument = async (i, at) => {
    if (byId("examples").open) byId("examples").close();
    const entry = index.documents[i];
    current = i;
    if (!shown.includes(i)) { byId("documents-find").value = ""; listDocuments(); }
    const chunk = Math.floor(i / index.chunk);
    if (!has("docs-" + chunk)) return fill(byId("reader"), make("p", {}, "The text of this document is not in this file; it was left out to keep the file small. Its scores are above, and it is in the corpus as ", isolated(entry[0]), "."));
    byId("reader").classList.add("busy");
    const docs = await load("docs-" + chunk);
    byId("reader").classList.remove("busy");
    if (current === i) drawDocument(docs[i % index.chunk], at);
  };
  const startDocuments = () => {
    options(byId("documents-order"), index.orders.map((order, i) => [i, order.name]));
    byId("documents-find").addEventListener("input", listDocuments);
    byId("documents-order").addEventListener("change", listDocuments);
    byId("documents-back").addEventListener("click", () => { page -= 1; drawList(); });
    byId("documents-on").addEventListener("click", () => { page += 1; drawList(); });
    document.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || byId("examples").open || /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)) return;
      const to = { j: 1, k: -1 }[event.key];
      const next = to && current >= 0 ? shown[shown.indexOf(current) + to] : undefined;
      if (next !== undefined) openDocument(next, 0);
    });
    listDocuments();
    fill(byId("reader"), make("p", { class: "soft" }, "Choose a document in the table."));
  };

  const start = async () => {
    if (!has("index")) return;
    index = await load("index");
    if (byId("versus-form")) startVersus(index);
    if (byId("documents-table")) startDocuments();
    document.documentElement.dataset.ready = "true";
  };
  start();
})();
