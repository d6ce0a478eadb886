// The box: what is typed is asked, what is answered is shown, and the question stands in the address behind #.
"use strict";

const PAUSE = 120;
const at = (id) => document.getElementById(id);
const box = at("text");
const ASKED = { Steps: "steps", Chain: "chain", Graph: "graph", Entries: "entries", Code: "code" };
let state = { text: "", wrt: [], shapes: {}, facts: {}, at: {}, claim: "", tab: "Answer" };
let shown = {}; // for each tab the question that it shows
let running = null;
let timer = 0;

const pairs = (map) => Object.entries(map).map(([name, value]) => `${name}=${value}`);
const split = (texts) => Object.fromEntries(texts.map((text) => {
  const k = text.indexOf("=");
  return [text.slice(0, k), text.slice(k + 1)];
}));

function written() {
  const said = new URLSearchParams();
  if (state.text) said.set("f", state.text);
  if (state.wrt.length) said.set("w", state.wrt.join(","));
  pairs(state.shapes).forEach((text) => said.append("s", text));
  pairs(state.facts).forEach((text) => said.append("a", text));
  pairs(state.at).forEach((text) => said.append("at", text));
  if (state.claim) said.set("c", state.claim);
  if (state.tab !== "Answer") said.set("t", state.tab);
  return "#" + said.toString();
}

function read() {
  const said = new URLSearchParams(location.hash.slice(1));
  return {
    text: said.get("f") || "",
    wrt: (said.get("w") || "").split(",").filter(Boolean),
    shapes: split(said.getAll("s")),
    facts: split(said.getAll("a")),
    at: split(said.getAll("at")),
    claim: said.get("c") || "",
    tab: said.get("t") || "Answer",
  };
}

// typing replaces the place in the history, everything else makes a new one
function remember(replace) {
  const hash = written();
  if (hash === location.hash || (hash === "#" && !location.hash)) return;
  history[replace ? "replaceState" : "pushState"](null, "", hash);
}

const question = (also) => {
  const { text, wrt, shapes, facts } = state;
  return { text, wrt, shapes, facts, ...also };
};

async function ask(tab, asked, signal) {
  let answer;
  try {
    answer = await fetch("/ask/" + tab, {
      method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(asked), signal,
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    return { errors: [{ message: "jac serve does not answer any more", hint: "start it again in the terminal" }] };
  }
  if (answer.ok) return answer.json();
  return { errors: [{ message: (await answer.text()).split("\n")[0] }] };
}

function tell(place, found) {
  const parts = (found.errors || []).map((error) => {
    const part = document.createElement("div");
    part.className = "error";
    const message = document.createElement("p");
    message.textContent = (error.line ? `line ${error.line}: ` : "") + error.message;
    part.append(message);
    if (error.excerpt) {
      const drawn = document.createElement("pre");
      drawn.textContent = error.excerpt;
      part.append(drawn);
    }
    if (error.hint) {
      const hint = document.createElement("p");
      hint.className = "dim";
      hint.textContent = error.hint;
      part.append(hint);
    }
    return part;
  });
  for (const way of found.ways || []) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = way.label;
    button.addEventListener("click", () => change({ ...way.question }));
    (parts.at(-1) || place).append(button, " ");
  }
  place.replaceChildren(...parts);
}

function fill(place, found) {
  if (found.errors) tell(place, found);
  else {
    place.innerHTML = found.html; // our own markup: what is typed is escaped in it
    ready(place);
  }
}

async function answer() {
  running?.abort();
  const own = (running = new AbortController());
  const empty = !state.text.trim();
  at("examples").hidden = !empty;
  if (empty) {
    at("panels").hidden = true;
    at("chips").replaceChildren();
    at("errors").replaceChildren();
    return;
  }
  try {
    const asked = question();
    at("verdict").replaceChildren();
    const found = await ask("answer", asked, own.signal);
    box.setAttribute("aria-invalid", String(Boolean(found.errors)));
    tell(at("errors"), found);
    if (found.errors) {
      at("panels").classList.add("busy");
      return;
    }
    at("panels").classList.remove("busy");
    at("panels").hidden = false;
    fill(at("shown"), found);
    chips(found);
    at("command").textContent = found.command;
    at("copy-command").dataset.copy = found.command;
    at("copy-link").dataset.copy = location.origin + "/" + written();
    at("verdict").textContent = "checking…";
    shown = {};
    view();
    fill(at("verdict"), await ask("check", asked, own.signal));
  } catch (error) {
    if (error.name !== "AbortError") throw error;
  }
}

async function view() {
  const tab = state.tab;
  if (tab === "Check") {
    at("claim").value = state.claim;
    if (state.claim) judge();
    return;
  }
  const wanted = ASKED[tab];
  if (!wanted) return;
  const asked = question(tab === "Graph" ? { at: state.at } : {});
  const key = JSON.stringify(asked);
  if (shown[tab] === key) return;
  shown[tab] = key;
  const place = at("panel-" + tab);
  place.setAttribute("aria-busy", "true");
  if (!place.childElementCount) place.textContent = "working it out…";
  const found = await ask(wanted, asked);
  if (shown[tab] !== key) return; // another question has been asked
  place.removeAttribute("aria-busy");
  fill(place, found);
}

async function judge() {
  const asked = question({ claim: state.claim });
  const key = JSON.stringify(asked);
  shown.Check = key;
  at("judged").textContent = "checking…";
  const found = await ask("judge", asked);
  if (shown.Check === key) fill(at("judged"), found);
}

function chips(found) {
  const active = document.activeElement;
  const held = active?.id;
  const selection = active?.dataset.shown === undefined ? null : [active.selectionStart, active.selectionEnd];
  if (selection && active.value !== active.dataset.shown) return; // a size that is being typed stays as it is
  at("chips").replaceChildren(...found.chips.map((chip) => {
    const part = document.createElement("span");
    part.className = "chip";
    const by = document.createElement("button");
    by.type = "button";
    by.id = "by-" + chip.name;
    by.innerHTML = chip.mathml;
    by.setAttribute("aria-pressed", String(chip.wrt));
    by.setAttribute("aria-label", `differentiate by ${chip.name}`);
    by.addEventListener("click", () => {
      const chosen = found.chips.filter((each) => (each === chip ? !each.wrt : each.wrt)).map((each) => each.name);
      change({ wrt: chosen.length === found.chips.length ? [] : chosen });
    });
    const size = document.createElement("input");
    size.id = "size-" + chip.name;
    size.value = size.dataset.shown = chip.shape;
    size.title = `${chip.origin}; sizes as in n, m, or scalar`;
    size.setAttribute("aria-label", `shape of ${chip.name}, ${chip.origin}`);
    size.addEventListener("change", () => {
      size.dataset.shown = size.value;
      const shapes = { ...state.shapes, [chip.name]: size.value.trim() };
      if (!size.value.trim()) delete shapes[chip.name];
      change({ shapes });
    });
    const fact = document.createElement("select");
    fact.id = "fact-" + chip.name;
    fact.setAttribute("aria-label", `what holds for ${chip.name}`);
    for (const name of ["", ...found.facts]) fact.add(new Option(name || "any", name, false, name === chip.fact));
    fact.addEventListener("change", () => {
      const facts = { ...state.facts, [chip.name]: fact.value };
      if (!fact.value) delete facts[chip.name];
      change({ facts });
    });
    part.append(by, size, fact);
    return part;
  }));
  if (!held || held === "text") return;
  at(held)?.focus();
  if (selection) at(held)?.setSelectionRange(...selection);
}

function change(part, typing) {
  state = { ...state, ...part };
  if (!typing && box.value !== state.text) box.value = state.text;
  remember(typing);
  answer();
}

const choose = tabs(at("panels"), (tab, byHand) => {
  state.tab = tab;
  if (byHand) remember(false);
  if (!at("panels").hidden && byHand) view();
});

function load() {
  state = read();
  box.value = state.text;
  choose(state.tab);
  answer();
}

box.addEventListener("input", () => {
  clearTimeout(timer);
  timer = setTimeout(() => change({ text: box.value }, true), PAUSE);
});
at("judge").addEventListener("submit", (event) => {
  event.preventDefault();
  state.claim = at("claim").value;
  remember(false);
  if (state.claim) judge();
});
at("panel-Graph").addEventListener("submit", (event) => {
  event.preventDefault();
  state.at = Object.fromEntries([...new FormData(event.target)].map(([name, value]) => [name, String(value)]));
  remember(false);
  view();
});
at("examples").addEventListener("click", (event) => {
  const text = event.target.dataset?.example;
  if (text) change({ ...read(), text });
});
window.addEventListener("popstate", load);
load();
box.focus();
