"use strict";
/* What all parts share: the data, the chosen layer, numbers as text, elements made by name. */

const { facts, kinds } = JSON.parse(document.getElementById("data").textContent);
const layers = facts.layers;
const inOrder = [...layers].sort((a, b) => a.order - b.order);
const byName = new Map(layers.map((layer) => [layer.node, layer]));
const depthOf = new Map(inOrder.map((layer, number) => [layer.node, number + 1]));
const SVG = document.getElementById("picture").namespaceURI;

/** An element with attributes and children; strings become text, so that names can't be markup. */
function made(space, tag, attributes = {}, children = []) {
  const element = space ? document.createElementNS(space, tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...[children].flat());
  return element;
}
const drawn = (tag, attributes, children) => made(SVG, tag, attributes, children);
const html = (tag, attributes, children) => made("", tag, attributes, children);

function figure(value, digits = 3) {
  if (value === null || value === undefined) return "-";
  if (value && (Math.abs(value) < 1e-4 || Math.abs(value) >= 1e6)) return value.toExponential(digits - 1);
  if (Math.abs(value) >= 10 ** digits) return Math.round(value).toLocaleString("en");
  return String(Number(value.toPrecision(digits)));
}
const milliseconds = (seconds) => (seconds === null ? "-" : `${figure(1000 * seconds)} ms`);
const percent = (share) => `${figure(100 * share, 2)} %`;
const decibels = (value) => (value === null ? "-" : `${figure(value)} dB`);

/** Round steps that divide a range into about so many parts. */
function stepsOf(low, high, parts) {
  const rough = (high - low) / parts || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((factor) => factor * power >= rough * 0.999);
  const found = [];
  for (let at = Math.ceil(low / step - 1e-9) * step; at <= high + step * 1e-9; at += step) {
    found.push(Number(at.toPrecision(10)));
  }
  return found;
}

/* One layer is chosen at a time, from anywhere; each part shows it in its way. */
let chosen = null;
const watchers = [];
function choose(node) {
  chosen = node;
  for (const watcher of watchers) watcher(byName.get(node));
}

/** Arrows and Home, End go from layer to layer along the network. */
function walk(event) {
  const last = inOrder.length - 1;
  const at = chosen === null ? -1 : depthOf.get(chosen) - 1;
  const next = { ArrowRight: at + 1, ArrowLeft: at < 0 ? 0 : at - 1, Home: 0, End: last }[event.key];
  if (next === undefined || last < 0) return;
  event.preventDefault();
  choose(inOrder[Math.min(Math.max(next, 0), last)].node);
}

/* A page in a frame may have no storage: then the theme is not remembered. */
function remembered(value) {
  try {
    if (value) localStorage.setItem("pot-theme", value);
    return localStorage.getItem("pot-theme");
  } catch {
    return null;
  }
}
const root = document.documentElement;
const isDark = () => (root.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
if (["dark", "light"].includes(remembered())) root.dataset.theme = remembered();
document.getElementById("theme").addEventListener("click", () => {
  root.dataset.theme = isDark() ? "light" : "dark";
  remembered(root.dataset.theme);
});

async function copied(button) {
  const code = button.parentElement.querySelector("code");
  try {
    await navigator.clipboard.writeText(code.textContent);
  } catch {
    getSelection().selectAllChildren(code);
    document.execCommand("copy");
  }
  button.textContent = "copied";
  setTimeout(() => { button.textContent = "copy"; }, 1500);
}
for (const button of document.querySelectorAll("button.copy")) {
  button.addEventListener("click", () => copied(button));
}
for (const flag of document.querySelectorAll(".flag")) {
  flag.addEventListener("click", () => choose(flag.dataset.node));
  watchers.push((layer) => flag.classList.toggle("chosen", layer.node === flag.dataset.node));
}
addEventListener("beforeprint", () => {
  for (const details of document.querySelectorAll("details")) details.open = true;
});
