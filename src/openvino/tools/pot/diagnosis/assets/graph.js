/* The graph of layers, written in lines like a text; the wheel zooms, dragging moves. */

const graph = document.getElementById("graph");
const STEP_X = 66, STEP_Y = 42, ROW_GAP = 34, PER_ROW = 16, SHAPE = 2.4;
const LEVELS = [0.005, 0.02, 0.1, 0.3];

/** Layer -> how many layers at least lie before it on the longest way. */
function ranks() {
  const found = new Map();
  for (const layer of inOrder) {
    const before = layer.before.map((name) => found.get(name)).filter((rank) => rank !== undefined);
    found.set(layer.node, before.length ? Math.max(...before) + 1 : 0);
  }
  return found;
}

/** Places of layers: those of one rank above each other, near what they read. */
function places() {
  const ranked = ranks(), columns = [], slots = new Map(), found = new Map();
  for (const layer of inOrder) (columns[ranked.get(layer.node)] ??= []).push(layer);
  for (const column of columns) {
    const wish = (layer) => {
      const known = layer.before.map((name) => slots.get(name)).filter((slot) => slot !== undefined);
      return known.length ? known.reduce((a, b) => a + b, 0) / known.length : 0;
    };
    column.sort((a, b) => wish(a) - wish(b) || a.order - b.order);
    column.forEach((layer, slot) => slots.set(layer.node, slot - (column.length - 1) / 2));
  }
  // Of many layers lines are longer, so that the whole is as wide as its frame.
  const long = Math.max(PER_ROW, Math.round(Math.sqrt(SHAPE * columns.length)));
  let top = 0;
  for (let first = 0; first < columns.length; first += long) {
    const row = columns.slice(first, first + long);
    const high = Math.max(...row.map((column) => column.length)) * STEP_Y;
    row.forEach((column, number) => column.forEach((layer) => found.set(layer.node, {
      x: number * STEP_X, y: top + high / 2 + slots.get(layer.node) * STEP_Y, row: first,
    })));
    top += high + ROW_GAP;
  }
  return found;
}

function edgeOf(from, to, names) {
  const isNear = from.row === to.row;
  const [a, b] = [{ x: from.x + 24, y: from.y }, { x: to.x - 24, y: to.y }];
  const bend = isNear ? Math.max((b.x - a.x) / 2, 9) : 40;
  const d = `M${a.x} ${a.y}C${a.x + bend} ${a.y} ${b.x - bend} ${b.y} ${b.x} ${b.y}`;
  return drawn("path", { class: isNear ? "edge" : "edge far", d, "data-from": names[0], "data-to": names[1] });
}

/** How it ran is its shape, its error the color, the width of the border and, from a percent on, a figure. */
function nodeOf(layer, { x, y }) {
  const level = layer.quantized ? LEVELS.filter((least) => layer.share >= least).length : 0;
  const shape = !layer.quantized
    ? drawn("path", { class: `node e${level}`, d: "M0 -17L26 0L0 17L-26 0z" })
    : layer.ran_in_int8
      ? drawn("rect", { class: `node e${level}`, x: -24, y: -14, width: 48, height: 28, rx: 5 })
      : drawn("path", { class: `node e${level}`, d: "M-16 -14h32l9 14l-9 14h-32l-9 -14z" });
  const isNamed = layer.share >= 0.01;
  const texts = [drawn("text", { y: isNamed ? -1 : 4 }, String(depthOf.get(layer.node)))];
  if (isNamed) texts.push(drawn("text", { y: 11, class: "strong" }, percent(layer.share)));
  return drawn("g", { class: "layer", "data-node": layer.node, transform: `translate(${x} ${y})` }, [
    drawn("title", {}, told(layer)), shape, ...texts,
  ]);
}

/* What is seen of the plane, as [x, y, width, height]; zooming keeps the point under the pointer. */
let view = [0, 0, 100, 100], whole = view, where = new Map();
const show = (next) => { view = next; graph.setAttribute("viewBox", view.join(" ")); };
function zoom(factor, at = [0.5, 0.5]) {
  const [x, y, width, height] = view;
  const by = Math.min(Math.max(factor, 40 / width), (3 * whole[2]) / width);
  show([x + width * (1 - by) * at[0], y + height * (1 - by) * at[1], width * by, height * by]);
}

function drawGraph() {
  where = places();
  const edges = inOrder.flatMap((layer) => layer.before.filter((name) => where.has(name)).map(
    (name) => edgeOf(where.get(name), where.get(layer.node), [name, layer.node])));
  graph.replaceChildren(...edges, ...inOrder.map((layer) => nodeOf(layer, where.get(layer.node))));
  const all = [...where.values()];
  const right = Math.max(...all.map(({ x }) => x), 0), low = Math.max(...all.map(({ y }) => y), 0);
  const [width, height] = [right + 80, low + 60];
  graph.style.height = `${Math.min(Math.max((height * graph.clientWidth) / Math.max(width, 700), 130), 520)}px`;
  whole = [-40, -30, width, height];
  show(whole);
}

/** Move what is seen so that a layer is in it. */
function reveal({ x, y }) {
  const [left, top, width, height] = view;
  if (x < left || x > left + width || y < top || y > top + height) show([x - width / 2, y - height / 2, width, height]);
}

/** Pixels of the screen for a unit of the plane, and where the plane begins. */
const scaleOf = () => { const m = graph.getScreenCTM(); return [m.a, m.e, m.f]; };

graph.addEventListener("wheel", (event) => {
  if (document.activeElement !== graph && !event.ctrlKey) return;
  event.preventDefault();
  const [scale, left, top] = scaleOf();
  const at = [((event.clientX - left) / scale - view[0]) / view[2], ((event.clientY - top) / scale - view[1]) / view[3]];
  zoom(event.deltaY > 0 ? 1.2 : 1 / 1.2, at);
}, { passive: false });

let drag = null;
graph.addEventListener("pointerdown", (event) => { drag = { x: event.clientX, y: event.clientY, view, moved: false }; });
graph.addEventListener("pointermove", (event) => {
  if (!drag || !event.buttons) return;
  const [dx, dy] = [event.clientX - drag.x, event.clientY - drag.y];
  if (!drag.moved && Math.hypot(dx, dy) < 4) return;
  if (!drag.moved) graph.setPointerCapture(event.pointerId);
  drag.moved = true;
  const [scale] = scaleOf();
  show([drag.view[0] - dx / scale, drag.view[1] - dy / scale, drag.view[2], drag.view[3]]);
});
graph.addEventListener("click", (event) => {
  const node = event.target.closest("g.layer");
  if (node && !(drag && drag.moved)) choose(node.dataset.node);
  drag = null;
});
graph.addEventListener("keydown", (event) => {
  if (event.key === "+") zoom(1 / 1.3);
  else if (event.key === "-") zoom(1.3);
  else if (event.key === "0") show(whole);
  else walk(event);
});
document.getElementById("closer").addEventListener("click", () => zoom(1 / 1.3));
document.getElementById("farther").addEventListener("click", () => zoom(1.3));
document.getElementById("fit").addEventListener("click", () => show(whole));
watchers.push((layer) => {
  reveal(where.get(layer.node));
  for (const node of graph.querySelectorAll("g.layer")) node.classList.toggle("chosen", node.dataset.node === layer.node);
  for (const edge of graph.querySelectorAll(".edge")) {
    edge.classList.toggle("chosen", [edge.dataset.from, edge.dataset.to].includes(layer.node));
  }
});
drawGraph();
/* Only now can all parts show a layer: the worst. */
if (layers.length) choose(layers[0].node);
