// What a page does by itself: tabs, copying, names that say what they stand for, pairs of cells, nodes of a graph.
"use strict";

function tabs(root, chosen) {
  const panels = [...root.querySelectorAll("[data-tab]")];
  const list = document.createElement("div");
  list.setAttribute("role", "tablist");
  list.setAttribute("aria-label", "views of the answer");
  const buttons = panels.map((panel) => {
    const button = document.createElement("button");
    const name = panel.dataset.tab;
    button.type = "button";
    button.id = "tab-" + name;
    button.textContent = name;
    button.setAttribute("role", "tab");
    button.setAttribute("aria-controls", panel.id);
    panel.setAttribute("role", "tabpanel");
    panel.setAttribute("aria-labelledby", button.id);
    panel.tabIndex = 0;
    button.addEventListener("click", () => choose(name, true));
    list.append(button);
    return button;
  });
  list.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const at = buttons.indexOf(document.activeElement);
    if (at < 0 || !(step || event.key === "Home" || event.key === "End")) return;
    event.preventDefault();
    const next = step ? (at + step + buttons.length) % buttons.length : event.key === "Home" ? 0 : buttons.length - 1;
    buttons[next].focus();
    buttons[next].click();
  });
  panels[0].before(list);

  function choose(name, byHand) {
    const known = panels.some((panel) => panel.dataset.tab === name) ? name : panels[0].dataset.tab;
    panels.forEach((panel, k) => {
      const on = panel.dataset.tab === known;
      panel.hidden = !on;
      buttons[k].setAttribute("aria-selected", String(on));
      buttons[k].tabIndex = on ? 0 : -1;
    });
    if (chosen) chosen(known, byHand);
  }
  return choose;
}

async function copy(button) {
  const text = button.dataset.copy;
  const said = button.textContent;
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = "copied";
  } catch {
    const area = document.createElement("textarea");
    area.value = text;
    document.body.append(area);
    area.select();
    button.textContent = document.execCommand("copy") ? "copied" : "not copied";
    area.remove();
    button.focus();
  }
  setTimeout(() => { button.textContent = said; }, 1500);
}

function explain(element) {
  document.getElementById("tip")?.remove();
  document.querySelectorAll("[data-name].lit").forEach((each) => each.classList.remove("lit"));
  if (!element) return;
  const name = element.dataset.name;
  const panel = element.closest("[data-tab], main");
  const known = panel && [...panel.querySelectorAll("[data-for]")].find((each) => each.dataset.for === name);
  if (!known || known.contains(element)) return;
  panel.querySelectorAll("[data-name]").forEach((each) => each.classList.toggle("lit", each.dataset.name === name));
  const tip = document.createElement("div");
  tip.id = "tip";
  tip.setAttribute("role", "tooltip");
  for (const node of known.querySelector("dd").childNodes) tip.append(node.cloneNode(true));
  document.body.append(tip);
  const at = element.getBoundingClientRect();
  const left = Math.max(8, Math.min(at.left, document.documentElement.clientWidth - tip.offsetWidth - 8));
  tip.style.left = left + window.scrollX + "px";
  tip.style.top = at.bottom + 8 + window.scrollY + "px";
}

function light(cell) {
  document.querySelectorAll("[data-cell].lit").forEach((each) => each.classList.remove("lit"));
  if (!cell) return;
  cell.closest(".reshape").querySelectorAll("[data-cell]").forEach((each) => {
    each.classList.toggle("lit", each.dataset.cell === cell.dataset.cell);
  });
}

function pick(node) {
  const panel = node.closest("[data-tab]");
  const again = node.classList.contains("lit");
  panel.querySelectorAll("[data-node]").forEach((each) => {
    each.classList.toggle("lit", each === node && !again);
    each.setAttribute("aria-pressed", String(each === node && !again));
  });
  panel.querySelectorAll(".edges [data-target]").forEach((row) => {
    row.classList.toggle("out", !again && row.dataset.target !== node.dataset.node);
  });
}

function ready(root) {
  root.querySelectorAll("[data-node]").forEach((node) => {
    node.setAttribute("tabindex", "0");
    node.setAttribute("role", "button");
    node.setAttribute("aria-pressed", "false");
    node.closest("svg").setAttribute("role", "group");
  });
}

document.addEventListener("click", (event) => {
  const button = event.target.closest(".copy");
  if (button) copy(button);
  const node = event.target.closest("[data-node]");
  if (node) pick(node);
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") explain(null);
  const node = event.target.closest?.("[data-node]");
  if (node && (event.key === "Enter" || event.key === " ")) {
    event.preventDefault();
    pick(node);
  }
});
for (const kind of ["pointerover", "focusin"]) {
  document.addEventListener(kind, (event) => {
    explain(event.target.closest("[data-name]"));
    light(event.target.closest("[data-cell]"));
  });
}

const still = document.querySelector("main[data-still]");
if (still) {
  ready(still);
  tabs(still)("Answer");
}
