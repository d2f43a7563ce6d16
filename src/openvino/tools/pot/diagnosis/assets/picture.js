/* The network from left to right: time above the line, error below, the fidelity so far through both. */

const picture = document.getElementById("picture");
const readout = document.getElementById("readout");
const LEFT = 46, RIGHT = 46, LEADERS = 34, ABOVE = 170, MIDDLE = 16, BELOW = 110, FOOT = 20;
const LINE = LEADERS + ABOVE, UNDER = LINE + MIDDLE, BOTTOM = UNDER + BELOW;

function drawPicture() {
  const width = Math.max(picture.clientWidth || 1100, 320);
  const column = (width - LEFT - RIGHT) / Math.max(inOrder.length, 1);
  const left = (number) => LEFT + number * column;
  picture.setAttribute("viewBox", `0 0 ${width} ${BOTTOM + FOOT}`);
  const most = Math.max(...inOrder.flatMap((own) => [own.int8_seconds, own.float_seconds]), 1e-9);
  const worst = Math.max(...inOrder.map((own) => own.share), 1e-9);
  const parts = [
    ...grids(width, most, worst),
    ...inOrder.map((own, number) => drawn("rect", {
      class: "marker", "data-node": own.node, x: left(number), y: LEADERS, width: column, height: BOTTOM - LEADERS,
    })),
    ...inOrder.flatMap((own, number) => columnOf(own, left(number), column, most, worst)),
    drawn("line", { class: "axis", x1: LEFT, x2: width - RIGHT, y1: LINE, y2: LINE }),
    drawn("line", { class: "axis", x1: LEFT, x2: width - RIGHT, y1: UNDER, y2: UNDER }),
    ...depths(left, column),
    ...curve(width, left, column),
    ...leaders(width, left, column),
    ...inOrder.map((own, number) => hit(own, left(number), column)),
  ];
  picture.replaceChildren(...parts);
  mark();
}

function grids(width, most, worst) {
  const parts = [];
  const row = (y, text) => parts.push(
    drawn("line", { class: "grid", x1: LEFT, x2: width - RIGHT, y1: y, y2: y }),
    drawn("text", { x: LEFT - 5, y: y + 4, "text-anchor": "end" }, text),
  );
  for (const at of stepsOf(0, 1000 * most, 4).slice(1)) row(LINE - (ABOVE * at) / (1000 * most), figure(at));
  for (const at of stepsOf(0, 100 * worst, 3).slice(1)) row(UNDER + (BELOW * at) / (100 * worst), `${figure(at)} %`);
  parts.push(
    drawn("text", { class: "strong", x: 2, y: LEADERS - 8 }, "ms"),
    drawn("text", { class: "strong", x: 2, y: UNDER + 9 }, "error"),
  );
  return parts;
}

function columnOf(own, x, column, most, worst) {
  const gap = column > 6 ? Math.min(column * 0.15, 6) : column * 0.08;
  const [from, wide] = [x + gap, column - 2 * gap];
  const parts = [];
  const above = (seconds, kind) => {
    const high = (ABOVE * seconds) / most;
    parts.push(drawn("rect", { class: kind, x: from, y: LINE - high, width: wide, height: high }));
  };
  if (own.int8_seconds) above(own.int8_seconds, own.ran_in_int8 ? "time" : "time slow");
  if (own.float_seconds && column >= 8) above(own.float_seconds, "ghost");
  else if (own.float_seconds) {
    const y = LINE - (ABOVE * own.float_seconds) / most;
    parts.push(drawn("line", { class: "cap", x1: x, x2: x + column, y1: y, y2: y }));
  }
  for (let number = 0; number < Math.min(own.conversions, 4); number += 1) {
    const at = from + 1 + number * Math.min(4, wide / 4);
    parts.push(drawn("line", { class: "tick", x1: at, x2: at, y1: LINE + 2, y2: LINE + 8 }));
  }
  const low = (BELOW * own.share) / worst;
  const ofWeights = low * (own.from_weights ?? 0);
  if (low > 0) {
    parts.push(drawn("rect", { class: "error weights", x: from, y: UNDER, width: wide, height: ofWeights }));
    parts.push(drawn("rect", { class: "error", x: from, y: UNDER + ofWeights, width: wide, height: low - ofWeights }));
  }
  return parts;
}

function depths(left, column) {
  const every = Math.max(1, Math.ceil(26 / column));
  return inOrder.filter((_, number) => number % every === 0).map((own, place) => drawn("text", {
    x: left(place * every) + column / 2, y: BOTTOM + 14, "text-anchor": "middle", class: "depth",
  }, String(place * every + 1)));
}

/** Of the layers' outputs, and at its end of the model's. */
function curve(width, left, column) {
  const known = inOrder.map((own, number) => [left(number) + column / 2, own.so_far]).filter(([, value]) => value !== null);
  const values = [...known.map(([, value]) => value), facts.parts.whole];
  const low = Math.min(0, Math.floor(Math.min(...values) / 10) * 10);
  const high = Math.max(Math.ceil(Math.max(...values) / 10) * 10, low + 10);
  const y = (value) => LEADERS + ((BOTTOM - LEADERS) * (high - value)) / (high - low);
  const path = known.map(([x, value], number) => `${number ? "L" : "M"}${x.toFixed(1)} ${y(value).toFixed(1)}`).join("");
  const parts = stepsOf(low, high, 6).map((at) => drawn("text", { class: "of-curve", x: width - RIGHT + 6, y: y(at) + 4 }, figure(at)));
  parts.push(drawn("text", { class: "of-curve strong", x: width - 2, y: LEADERS - 8, "text-anchor": "end" }, "dB so far"));
  if (path) parts.push(drawn("path", { class: "halo", d: path }), drawn("path", { class: "curve", d: path }));
  if (column > 12) parts.push(...known.map(([x, value]) => drawn("circle", { class: "dot", cx: x, cy: y(value), r: 2.6 })));
  parts.push(drawn("path", {
    class: "curve", d: `M${width - RIGHT - 5} ${y(facts.parts.whole)}h10`, "stroke-width": 3,
  }, drawn("title", {}, `outputs: ${decibels(facts.parts.whole)}`)));
  return parts;
}

/** From each flag above the picture to its layer. */
function leaders(width, left, column) {
  const flags = [...document.querySelectorAll(".flag")];
  return flags.flatMap((flag, number) => {
    const x = left(depthOf.get(flag.dataset.node) - 1) + column / 2;
    const from = ((number + 0.5) * width) / flags.length;
    const rank = flag.querySelector(".rank").textContent;
    return [
      drawn("path", { class: "leader", d: `M${from} 0V6L${x} ${LEADERS - 12}V${LEADERS - 4}` }),
      drawn("path", { class: "leader-end", d: `M${x - 5} ${LEADERS - 6}h10l-5 7z` }),
      drawn("text", { class: "leader-text", x: x + 7, y: LEADERS - 2 }, rank),
    ];
  });
}

function hit(own, x, column) {
  const bar = drawn("rect", { class: "column", "data-node": own.node, x, y: LEADERS, width: column, height: BOTTOM - LEADERS });
  bar.append(drawn("title", {}, told(own)));
  bar.addEventListener("click", () => choose(own.node));
  return bar;
}

/** A layer in a line. */
function told(own) {
  const ran = own.precision ? `runs in ${own.precision}` : "left no trace on the device";
  const cause = own.causes.length ? `; ${kinds[own.causes[0].name].title}` : "";
  return `${depthOf.get(own.node)} ${own.node} (${own.type}): ${milliseconds(own.int8_seconds)}, in float ` +
    `${milliseconds(own.float_seconds)}, ${ran}; ${percent(own.share)} of the error, ${decibels(own.so_far)} so far${cause}`;
}

function mark() {
  for (const marker of picture.querySelectorAll(".marker")) {
    marker.classList.toggle("shown", marker.dataset.node === chosen);
  }
}
watchers.push((own) => {
  mark();
  readout.replaceChildren(told(own), ". ", html("a", { href: "#panel" }, "Closer"));
});
picture.addEventListener("keydown", walk);
let drawnWidth = 0;
new ResizeObserver(() => {
  if (picture.clientWidth !== drawnWidth) {
    drawnWidth = picture.clientWidth;
    drawPicture();
  }
}).observe(picture);
drawPicture();
