// The map's keys (arrows, Home, End), and the line that says what the cell under the pointer is.
"use strict";
const map = document.getElementById("map");
const body = map.tBodies[0];
const links = [...body.querySelectorAll("a")];
let current = links[0];

function make(link) {
  // One stop of the tab key for the whole map; the arrows move it.
  current.tabIndex = -1;
  current = link;
  current.tabIndex = 0;
}

function say(event) {
  const link = event.target.closest("a");
  if (link) document.getElementById("said").textContent = link.title;
}

links.forEach((link) => { link.tabIndex = -1; });
make(links.find((link) => link.href.endsWith(`/${location.hash.slice(4)}.html`)) || current);
map.addEventListener("pointerover", say);
map.addEventListener("focusin", (event) => { say(event); make(event.target.closest("a")); });
map.addEventListener("keydown", (event) => {
  const moves = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0],
    Home: [0, -1000], End: [0, 1000] };
  const cell = event.target.closest("td");
  if (!cell || !(event.key in moves)) return;
  const [down, right] = moves[event.key];
  const row = body.rows[cell.parentElement.sectionRowIndex + down];
  if (row) {
    const index = Math.min(Math.max(cell.cellIndex + right, 1), row.cells.length - 1);
    row.cells[index].querySelector("a").focus();
  }
  event.preventDefault();
});
if (location.hash) current.focus();  // said, too
