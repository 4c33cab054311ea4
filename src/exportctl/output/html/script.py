"""The script of the page: it filters and sorts tables that are complete without it. Our own text only."""

from __future__ import annotations

from exportctl.output.html.element import Code

SCRIPT = Code(
    "script",
    """
"use strict";
(() => {
  const make = (tag, set, ...inside) => {
    const made = Object.assign(document.createElement(tag), set);
    made.append(...inside);
    return made;
  };
  const rows = [...document.querySelectorAll("table.list:not([data-list=environments]) > tbody > tr")];
  const texts = new Map();
  const text = (row) => { if (!texts.has(row)) texts.set(row, row.textContent.toLowerCase()); return texts.get(row); };
  const find = make("input", { type: "search", id: "find", placeholder: "export, dataset, destination" });
  const only = make("input", { type: "checkbox", id: "only" });
  const said = make("span", { role: "status" });
  const apply = () => {
    const words = find.value.toLowerCase().split(/\\s+/).filter(Boolean);
    let shown = 0, all = 0;
    for (const row of rows) {
      const list = row.closest("table").dataset.list;
      const counts = list === "exports";
      const off = only.checked && (counts || list === "days") && !("attention" in row.dataset);
      row.hidden = off || words.some((word) => !text(row).includes(word));
      if (counts) { all += 1; shown += row.hidden ? 0 : 1; }
    }
    said.textContent = words.length || only.checked ? `${shown} of ${all} exports` : "";
  };
  find.addEventListener("input", apply);
  only.addEventListener("change", apply);
  const tools = document.querySelector(".tools");
  if (tools && rows.length) {
    tools.append(make("label", { htmlFor: "find" }, "Filter "), find,
      make("label", { htmlFor: "only" }, only, " only what needs attention"), said);
  }
  const key = (row, place) => {
    const cell = row.cells[place];
    if ("sort" in cell.dataset) return Number(cell.dataset.sort);
    return cell.classList.contains("n") ? Number(cell.textContent || -1) : cell.textContent;
  };
  const compare = (a, b) => (typeof a === "number" ? a - b : a.localeCompare(b, "en", { numeric: true }));
  for (const table of document.querySelectorAll("table.list:not(.days)")) {
    const heads = [...table.tHead.rows[0].cells], body = table.tBodies[0];
    heads.forEach((head, place) => {
      const button = make("button", { type: "button" }, ...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const up = head.ariaSort !== "ascending";
        heads.forEach((other) => other.removeAttribute("aria-sort"));
        head.ariaSort = up ? "ascending" : "descending";
        const keyed = [...body.rows].map((row) => [key(row, place), row]);
        keyed.sort((a, b) => (up ? 1 : -1) * compare(a[0], b[0]));
        body.append(...keyed.map((pair) => pair[1]));
      });
    });
  }
  const regions = [...document.querySelectorAll(".scroll")];
  const reach = () => {
    for (const one of regions) {
      if (one.scrollWidth > one.clientWidth) one.tabIndex = 0; else one.removeAttribute("tabindex");
    }
  };
  window.addEventListener("resize", reach);
  reach();
  window.addEventListener("beforeprint", () => {
    for (const one of document.querySelectorAll("details")) one.open = true;
  });
})();
""",
)
