/* The table of layers: sorted by its titles, filtered by a text, walked through with arrows. */

const table = document.getElementById("layers");
const body = table.tBodies[0];
const rows = [...body.rows];
const titles = [...table.tHead.rows[0].cells];
const counted = document.getElementById("count");

const shownRows = () => [...body.rows].filter((row) => !row.hidden);
const focusable = (row) => { for (const other of rows) other.tabIndex = other === row ? 0 : -1; };

/** What a cell is sorted by; numbers that are not known stand last. */
function keyOf(row, column, isNumber) {
  const cell = row.cells[column];
  const text = cell.dataset.value ?? cell.textContent;
  return isNumber ? (text === "" ? null : Number(text)) : text.toLowerCase();
}

function sortBy(column) {
  const isNumber = titles[column].classList.contains("n");
  const before = titles[column].ariaSort;
  const first = isNumber && column ? "descending" : "ascending";
  const other = first === "ascending" ? "descending" : "ascending";
  const way = before === first ? other : first;
  titles.forEach((title, number) => { title.ariaSort = number === column ? way : "none"; });
  const sign = way === "ascending" ? 1 : -1;
  const keyed = rows.map((row, place) => [keyOf(row, column, isNumber), place, row]);
  keyed.sort(([a, at], [b, bt]) => {
    if (a === null || b === null) return (a === null) - (b === null) || at - bt;
    return sign * (a < b ? -1 : a > b ? 1 : 0) || at - bt;
  });
  body.append(...keyed.map(([, , row]) => row));
}
titles.forEach((title, column) => title.firstElementChild.addEventListener("click", () => sortBy(column)));

const texts = new Map(rows.map((row) => [row, row.textContent.toLowerCase()]));
document.getElementById("filter").addEventListener("input", (event) => {
  const wanted = event.target.value.toLowerCase().split(/\s+/).filter(Boolean);
  for (const row of rows) row.hidden = !wanted.every((word) => texts.get(row).includes(word));
  const shown = shownRows();
  counted.textContent = wanted.length ? `${shown.length} of ${rows.length}` : `${rows.length}, worst first`;
  if (shown.length && !shown.some((row) => row.tabIndex === 0)) focusable(shown[0]);
});

body.addEventListener("click", (event) => {
  const row = event.target.closest("tr");
  if (row) choose(row.dataset.node);
});
body.addEventListener("keydown", (event) => {
  const shown = shownRows();
  const at = shown.indexOf(event.target);
  if (at < 0) return;
  if (event.key === "Enter" || event.key === " ") {
    event.preventDefault();
    choose(event.target.dataset.node);
    return;
  }
  const next = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: shown.length - 1 }[event.key];
  if (next === undefined || !shown[next]) return;
  event.preventDefault();
  focusable(shown[next]);
  shown[next].focus();
});
watchers.push((layer) => {
  for (const row of rows) {
    const isChosen = row.dataset.node === layer.node;
    row.classList.toggle("chosen", isChosen);
    row.ariaCurrent = isChosen ? "true" : null;
    if (isChosen && !row.hidden) {
      focusable(row);
      showInside(row);
    }
  }
});

/** Scroll the table alone, never the page. */
function showInside(row) {
  const frame = table.parentElement;
  const head = table.tHead.offsetHeight;
  if (row.offsetTop - head < frame.scrollTop || row.offsetTop + row.offsetHeight > frame.scrollTop + frame.clientHeight) {
    frame.scrollTop = row.offsetTop - frame.clientHeight / 2;
  }
}
