/* report.js - sorts and searches the tables of report.html, shows the tips of its pictures */
"use strict";

const number = (cell) => cell.dataset.v === undefined ? NaN : Number(cell.dataset.v);

function order(one, other, down) {
	const a = number(one), b = number(other);
	if (isNaN(a) !== isNaN(b))
		return isNaN(a) ? 1 : -1; // what has no value comes last, whichever way
	const way = isNaN(a) ? one.textContent.localeCompare(other.textContent, "en", {numeric: true})
		: a - b;
	return down ? -way : way;
}

function sort(table, column) {
	const heads = [...table.tHead.rows[0].cells], head = heads[column];
	const down = head.getAttribute("aria-sort") === "ascending";
	for (const other of heads)
		other.removeAttribute("aria-sort");
	head.setAttribute("aria-sort", down ? "descending" : "ascending");
	const body = table.tBodies[0];
	body.append(...[...body.rows].sort((one, other) =>
		order(one.cells[column], other.cells[column], down)));
}

function search(section, words) {
	const rows = [...section.querySelectorAll("tbody tr")];
	let shown = 0;
	for (const row of rows) {
		const text = [...row.cells].map((cell) => cell.textContent).join(" ").toLowerCase();
		row.hidden = !words.every((word) => text.includes(word));
		shown += !row.hidden;
	}
	section.querySelector("output").textContent = shown === rows.length ? `${shown} rows`
		: `${shown} of ${rows.length} rows`;
}

for (const section of document.querySelectorAll("section.table")) {
	const table = section.querySelector("table");
	[...table.tHead.rows[0].cells].forEach((head, column) =>
		head.querySelector("button").addEventListener("click", () => sort(table, column)));
	const input = section.querySelector("input");
	input.addEventListener("input", () =>
		search(section, input.value.toLowerCase().split(/\s+/).filter(Boolean)));
}

/* The browser's own tips come late and are small: they become data, and this one shows them. */
for (const title of document.querySelectorAll("figure svg title")) {
	title.parentNode.dataset.tip = title.textContent;
	title.remove();
}

const tip = document.getElementById("tip");
const RING = [[0, 0], ...[3, 6].flatMap((far) => [[far, 0], [-far, 0], [0, far], [0, -far],
	[far, far], [-far, far], [far, -far], [-far, -far]])];
let lit = null;

const SCALES = {ns: [[1e9, "s"], [1e6, "ms"], [1e3, "µs"], [1, "ns"]],
	"1/s": [[1e9, "G/s"], [1e6, "M/s"], [1e3, "k/s"], [1, "/s"]]};

function quantity(value, unit) {
	const [factor, name] = (SCALES[unit] || []).find(([least]) => value >= least) || [1, unit];
	return `${(value / factor).toPrecision(4)} ${name}`;
}

/* What a square of values has under the pointer. */
function square(element, x, y) {
	const {names, unit, values} = JSON.parse(element.dataset.grid);
	const box = element.getBoundingClientRect();
	const at = (share) => Math.min(names.length - 1, Math.max(0, Math.floor(share * names.length)));
	const row = at((y - box.y) / box.height), column = at((x - box.x) / box.width);
	const value = values[row][column];
	return `CPU ${names[row]} to CPU ${names[column]}: `
		+ (value === null ? "not measured" : quantity(value, unit));
}

/* What the pointer rests on, or nearly: lines are thin. */
function near(x, y) {
	for (const [dx, dy] of RING) {
		const element = document.elementFromPoint(x + dx, y + dy);
		const found = element && element.closest("[data-tip], [data-grid]");
		if (found)
			return found;
	}
	return null;
}

function show(x, y) {
	const under = document.elementFromPoint(x, y);
	const found = under && under.closest("figure svg") ? near(x, y) : null;
	if (lit && lit !== found)
		lit.classList.remove("lit");
	lit = found;
	tip.hidden = !found;
	if (!found)
		return;
	found.classList.add("lit");
	tip.textContent = found.dataset.tip || square(found, x, y);
	const box = tip.getBoundingClientRect();
	tip.style.left = `${Math.max(4, Math.min(x + 14, innerWidth - box.width - 4))}px`;
	const below = y + 18;
	tip.style.top = `${below + box.height < innerHeight ? below : y - box.height - 12}px`;
}

let last = [-1, -1]; // where the pointer is, for when the page moves below it

function moved(event) {
	last = [event.clientX, event.clientY];
	show(...last);
}

document.addEventListener("pointermove", moved);
document.addEventListener("pointerdown", moved);
addEventListener("scroll", () => show(...last), {passive: true, capture: true});

document.getElementById("look").addEventListener("click", () => {
	const root = document.documentElement;
	const dark = root.dataset.look ? root.dataset.look === "dark"
		: matchMedia("(prefers-color-scheme: dark)").matches;
	root.dataset.look = dark ? "light" : "dark";
});

addEventListener("beforeprint", () => {
	for (const details of document.querySelectorAll("details"))
		details.open = true;
});
