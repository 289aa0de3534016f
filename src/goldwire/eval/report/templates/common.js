/* What the pages share: elements, foreign text, packed data, colours, marks in text. All text reaches a page as text
   nodes; the data lie packed in the file and are unpacked when looked at. Offsets count code points, as everywhere in
   goldwire. */
"use strict";
const goldwire = (() => {
  const byId = (id) => document.getElementById(id);
  document.documentElement.classList.add("js");

  /* ------------------------------------------------------------ making elements */
  const make = (name, attributes = {}, ...children) => {
    const node = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) {
      if (key === "onclick") node.addEventListener("click", value);
      else if (value === true) node.setAttribute(key, "");
      else if (value !== false && value != null) node.setAttribute(key, value);
    }
    node.append(...children.flat().filter((child) => child != null && child !== ""));
    return node;
  };
  const fill = (node, ...children) => node.replaceChildren(...children.flat().filter((child) => child != null && child !== ""));
  const count = (n) => n.toLocaleString("en");
  const colour = (node, value) => { if (/^#[0-9a-f]{6}$/i.test(value || "")) node.style.setProperty("--colour", value); return node; };

  /* Controls that reorder, hide or end text are written out, as in every other form of the report. */
  const hidden = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]/gu;
  const written = (char) => {
    const code = char.codePointAt(0);
    return code < 0x20 ? String.fromCodePoint(0x2400 + code) : "U+" + code.toString(16).toUpperCase().padStart(4, "0");
  };
  const visible = (text) => text.replace(hidden, written);
  const nodes = (text) => {
    const out = [];
    let last = 0;
    for (const found of text.matchAll(hidden)) {
      if (found.index > last) out.push(text.slice(last, found.index));
      out.push(make("span", { class: "control" }, written(found[0])));
      last = found.index + found[0].length;
    }
    if (last < text.length) out.push(text.slice(last));
    return out;
  };
  const isolated = (text) => make("bdi", {}, nodes(text));

  /* ------------------------------------------------------------ data */
  const blocks = new Map();
  const unpack = async (name) => {
    const packed = Uint8Array.from(atob(byId("data-" + name).textContent), (char) => char.charCodeAt(0));
    const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
    return JSON.parse(await new Response(stream).text());
  };
  const load = (name) => {
    if (!blocks.has(name)) blocks.set(name, unpack(name));
    return blocks.get(name);
  };
  const has = (name) => byId("data-" + name) !== null;

  /* ------------------------------------------------------------ colours of the page */
  const themes = { "": ["◐", "as the system has them"], light: ["☀", "light"], dark: ["☾", "dark"] };
  const remember = (value) => { try { localStorage.setItem("goldwire-theme", value); } catch { /* private window */ } };
  const recall = () => { try { return localStorage.getItem("goldwire-theme") || ""; } catch { return ""; } };
  const setTheme = (name) => {
    const [sign, words] = themes[name] || themes[""];
    document.documentElement.dataset.theme = name;
    byId("theme").textContent = sign;
    byId("theme").setAttribute("aria-label", "Colours: " + words);
    byId("theme").title = "Colours: " + words;
  };
  byId("theme").addEventListener("click", () => {
    const order = Object.keys(themes);
    const next = order[(order.indexOf(document.documentElement.dataset.theme || "") + 1) % order.length];
    setTheme(next);
    remember(next);
  });
  setTheme(recall());

  /* ------------------------------------------------------------ marks in text
     Marks may nest, overlap and have gaps. Each becomes one piece per span; where two spans cross, the one
     that begins later is cut at the end of the other, so that pieces nest and can be elements. */
  const cut = (marks) => {
    const pieces = [];
    marks.forEach((mark, number) => mark.spans.forEach(([start, end], nth) => pieces.push({ start, end, mark, number, first: nth === 0 })));
    const order = (a, b) => a.start - b.start || b.end - a.end || a.number - b.number;
    pieces.sort(order);
    const whole = [];
    const open = [];
    while (pieces.length) {
      const piece = pieces.shift();
      while (open.length && open[open.length - 1].end <= piece.start) open.pop();
      const around = open.find((other) => other.end < piece.end);
      if (around) {
        pieces.push({ ...piece, start: around.end, first: false });
        pieces.sort(order);
        piece.end = around.end;
        pieces.unshift(piece);
        continue;
      }
      whole.push(piece);
      open.push(piece);
    }
    return whole;
  };
  const nest = (pieces) => {
    const root = { children: [], end: Infinity };
    const stack = [root];
    for (const piece of pieces) {
      while (stack[stack.length - 1].end <= piece.start) stack.pop();
      const node = { ...piece, children: [] };
      stack[stack.length - 1].children.push(node);
      stack.push(node);
    }
    return root.children;
  };
  const depth = (node) => (node.children.length ? 1 + Math.max(...node.children.map(depth)) : 0);
  const lay = (chars, from, to, tree, draw) => {
    const out = [];
    let at = from;
    for (const node of tree) {
      if (node.start > at) out.push(...nodes(chars.slice(at, node.start).join("")));
      const element = draw(node.mark, node);
      element.style.setProperty("--depth", depth(node));
      element.prepend(...lay(chars, node.start, node.end, node.children, draw));
      out.push(element);
      at = node.end;
    }
    if (at < to) out.push(...nodes(chars.slice(at, to).join("")));
    return out;
  };
  const within = (mark, from, to) => mark.spans.length && mark.spans[0][0] >= from && mark.spans[0][0] < to;
  const marked = (chars, from, to, marks, draw) => lay(chars, from, to, nest(cut(marks)), draw);

  const options = (node, values) => fill(node, values.map(([value, name]) => make("option", { value }, visible(name))));
  return { byId, make, fill, count, colour, visible, nodes, isolated, load, has, options, marked, within };
})();
