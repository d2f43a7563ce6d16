/* The chosen layer: why, who decided, its values with the range drawn in, its channels, float against INT8. */

const panel = document.getElementById("panel");
const WIDE = 340, HIGH = 150, SIDE = 8, FLOOR = HIGH - 18;

const chart = (title, height, parts) => html("div", {}, [
  html("h3", {}, title),
  drawn("svg", { viewBox: `0 0 ${WIDE} ${height}`, role: "img", "aria-label": title }, parts),
]);

/** Values of a tensor, with the range of its quantizer where it has one. */
function histogram(title, found, span) {
  const low = Math.min(found.low, span ? span.low : found.low);
  const high = Math.max(found.high, span ? span.high : found.high);
  const x = (value) => SIDE + ((WIDE - 2 * SIDE) * (value - low)) / (high - low || 1);
  const most = Math.sqrt(Math.max(...found.counts, 1));
  const bin = (found.high - found.low) / found.counts.length;
  const parts = [];
  if (span) {
    parts.push(drawn("rect", { class: "band", x: x(span.low), y: 14, width: x(span.high) - x(span.low), height: FLOOR - 14 }));
  }
  found.counts.forEach((count, number) => {
    const tall = ((FLOOR - 18) * Math.sqrt(count)) / most;
    const [from, to] = [x(found.low + number * bin), x(found.low + (number + 1) * bin)];
    if (count) parts.push(drawn("rect", { class: "bar", x: from, y: FLOOR - tall, width: Math.max(to - from - 0.4, 0.6), height: tall }));
  });
  parts.push(drawn("line", { class: "axis", x1: SIDE, x2: WIDE - SIDE, y1: FLOOR, y2: FLOOR }));
  if (span) {
    for (const [edge, anchor] of [[span.low, "start"], [span.high, "end"]]) {
      parts.push(drawn("line", { class: "edge-of-range", x1: x(edge), x2: x(edge), y1: 12, y2: FLOOR + 3 }));
      parts.push(drawn("text", { x: x(edge), y: 10, "text-anchor": anchor }, figure(edge)));
    }
  }
  parts.push(drawn("text", { x: SIDE, y: HIGH - 4 }, figure(low)), drawn("text", { x: WIDE - SIDE, y: HIGH - 4, "text-anchor": "end" }, figure(high)));
  parts.push(drawn("text", { x: WIDE / 2, y: HIGH - 4, "text-anchor": "middle" }, span ? "shaded: the range" : "heights: square roots"));
  return chart(title, HIGH, parts);
}

function channels(found) {
  const most = Math.max(...found.map(([, share]) => share), 1e-9);
  return chart("Error by output channel, worst first", 18 * found.length + 4, found.flatMap(([number, share], row) => [
    drawn("text", { x: 44, y: 18 * row + 13, "text-anchor": "end" }, String(number)),
    drawn("rect", { class: "error", x: 50, y: 18 * row + 3, width: Math.max((220 * share) / most, 0.5), height: 12 }),
    drawn("text", { x: 56 + (220 * share) / most, y: 18 * row + 13 }, percent(share)),
  ]));
}

/** Where INT8 is as float, points lie on the line. */
function scatter(pairs) {
  const all = pairs.flat();
  const [low, high] = [Math.min(...all), Math.max(...all)];
  const side = 200;
  const at = (value) => 24 + ((side - 32) * (value - low)) / (high - low || 1);
  return chart("Float (across) against INT8 (up)", side, [
    drawn("path", { class: "axis", d: `M24 ${side - 24}H${side - 8}M24 ${side - 24}V8`, fill: "none" }),
    drawn("line", { class: "grid", x1: at(low), y1: side - at(low), x2: at(high), y2: side - at(high) }),
    ...pairs.map(([x, y]) => drawn("circle", { class: "point", cx: at(x).toFixed(1), cy: (side - at(y)).toFixed(1), r: 2 })),
    drawn("text", { x: 24, y: side - 8 }, figure(low)),
    drawn("text", { x: side - 8, y: side - 8, "text-anchor": "end" }, figure(high)),
  ]);
}

function figuresOf(layer) {
  const rows = [
    ["ran in", layer.precision || "no trace"],
    ["time, float → INT8", `${milliseconds(layer.float_seconds)} → ${milliseconds(layer.int8_seconds)}`],
    ["conversions before it", String(layer.conversions)],
    ["share of the error", percent(layer.share)],
    ["outputs with it alone", decibels(layer.fidelity)],
    ["own error", decibels(layer.own)],
    ["so far", decibels(layer.so_far)],
    ["of its error, weights make", layer.from_weights === null ? "-" : percent(layer.from_weights)],
    ["of its error, shifts make", layer.bias === null ? "-" : percent(layer.bias)],
    ["weights, worst channel", decibels(layer.weight_error)],
    ["largest value", figure(layer.largest)],
  ];
  if (layer.dead_channels.length) rows.push(["dead channels", layer.dead_channels.slice(0, 8).join(", ")]);
  return html("dl", { class: "facts" }, rows.map(([name, value]) => html("div", {}, [html("dt", {}, name), html("dd", {}, value)])));
}

function spansOf(spans) {
  const cells = (kind, values) => html("tr", {}, values.map((value) => html(kind, { class: "n" }, value)));
  return html("div", { class: "scroll" }, html("table", {}, [
    html("thead", {}, cells("th", ["input", "range", "levels", "data", "beyond it", "used", "largest channel / median", "settled after", "widest sample"])),
    html("tbody", {}, spans.map((span) => cells("td", [
      String(span.port), `${figure(span.low)} to ${figure(span.high)}${span.per_channel ? ", by channel" : ""}`,
      String(span.levels), `${figure(span.least)} to ${figure(span.most)}`, span.clipped === null ? "-" : percent(span.clipped), percent(span.used),
      figure(span.imbalance), `${span.settled} samples`, `${span.stretched_by} (${figure(span.stretch)} x)`,
    ]))),
  ]));
}

const sentences = (title, texts) => (texts.length ? [html("h3", {}, title), html("ul", {}, texts.map((text) => html("li", {}, text)))] : []);

function chartsOf(layer) {
  const close = layer.closeup;
  const span = [...layer.spans].sort((a, b) => a.port - b.port)[0];
  const found = [];
  if (close && close.activation) found.push(histogram("Values of its input", close.activation, span));
  if (close && close.weights) found.push(histogram("Its weights", close.weights));
  if (layer.worst_channels.length) found.push(channels(layer.worst_channels));
  if (close && close.pairs.length) found.push(scatter(close.pairs));
  return found;
}

watchers.push((layer) => {
  const causes = layer.causes.map((cause) => {
    const kind = kinds[cause.name];
    return `${kind.title}${cause.node === layer.node ? "" : ` (at ${cause.node})`}: ${cause.evidence}; ${kind.means}. Helps: ${kind.helps}.`;
  });
  const charts = chartsOf(layer);
  panel.replaceChildren(
    html("h3", {}, [layer.node, html("span", { class: "quiet" }, ` ${layer.type}, ${depthOf.get(layer.node)} of ${layers.length}`)]),
    ...sentences("Why", causes),
    figuresOf(layer),
    charts.length ? html("div", { class: "charts" }, charts) : html("p", { class: "quiet" }, "Only the worst layers are looked at closely."),
    ...(layer.spans.length ? [spansOf(layer.spans)] : []),
    ...sentences("Plan", layer.reason ? [layer.reason] : []),
    ...sentences("Who decided its ranges", layer.decided),
    ...sentences("Reads", layer.before),
  );
});
