"""The style sheet of the page: light and dark, wide and narrow, screen and paper. Our own text only."""

from __future__ import annotations

from exportctl.output.html.element import Code

STYLE = Code(
    "style",
    """
:root {
  color-scheme: light dark;
  --paper: #ffffff; --panel: #f5f6f8; --ink: #1a1f29; --pale: #545d6c; --line: #d5d9e0; --link: #0b57a4;
  --good: #e2f3e6; --good-ink: #12562a; --warn: #fdf0cf; --warn-ink: #6b4a00; --bad: #fbe0dd; --bad-ink: #8c1d13;
  --quiet: #eceef2; --quiet-ink: #4a5261; --focus: #0b57a4;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #14171d; --panel: #1b2028; --ink: #e4e7ec; --pale: #a4adbb; --line: #363d49; --link: #85b9f2;
    --good: #173322; --good-ink: #94dba9; --warn: #3b2f0d; --warn-ink: #f0cb70; --bad: #471c19; --bad-ink: #ffb0a6;
    --quiet: #262c36; --quiet-ink: #b9c1cd; --focus: #85b9f2;
  }
}
* { box-sizing: border-box; }
html { scroll-padding-top: 4rem; }
body {
  margin: 0 auto; padding: 0 1.25rem 3rem; max-width: 84rem; background: var(--paper); color: var(--ink);
  font: 14px/1.45 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
  overflow-wrap: break-word;
}
code, time {
  font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; font-size: 0.93em;
}
time { white-space: nowrap; }
a { color: var(--link); text-underline-offset: 0.15em; }
:focus-visible { outline: 2px solid var(--focus); outline-offset: 2px; border-radius: 2px; }
.skip { position: absolute; left: -100rem; }
.skip:focus { left: 0.5rem; top: 0.5rem; padding: 0.5rem 0.75rem; background: var(--paper); z-index: 2; }
h1 { font-size: 1.5rem; line-height: 1.2; margin: 1.5rem 0 0.25rem; letter-spacing: -0.01em; }
h2 { font-size: 1.15rem; margin: 2.25rem 0 0.5rem; }
h3 { font-size: 1.02rem; margin: 1.75rem 0 0.5rem; }
h4 { font-size: 0.95rem; margin: 1.25rem 0 0.4rem; }
.environment { border-top: 2px solid var(--line); margin-top: 2.5rem; }
.environment > h2 { font-size: 1.3rem; margin-top: 1rem; }
p { margin: 0.35rem 0; max-width: 75rem; overflow-wrap: anywhere; }
.where, .note, .sub, footer { color: var(--pale); }
.note { font-size: 0.93em; margin: 0.15rem 0; overflow-wrap: anywhere; }
th .note { font-weight: 400; }
nav ul, .verdict ul, .points {
  margin: 0; padding: 0; list-style: none; display: flex; flex-wrap: wrap; gap: 0.15rem 1.1rem;
}
nav { position: sticky; top: 0; z-index: 1; display: flex; flex-wrap: wrap; gap: 0.4rem 1.5rem; align-items: center;
  padding: 0.55rem 0; margin-top: 0.75rem; background: var(--paper); border-bottom: 1px solid var(--line); }
nav a { text-decoration: none; }
nav a:hover, nav a:focus { text-decoration: underline; }
.tools { display: flex; flex-wrap: wrap; gap: 0.4rem 0.6rem; align-items: center; margin-left: auto; }
.tools input[type=search] { font: inherit; width: 15rem; max-width: 100%; padding: 0.25rem 0.5rem; color: inherit;
  background: var(--paper); border: 1px solid var(--pale); border-radius: 4px; }
.verdict { margin: 1rem 0; padding: 0.65rem 0.9rem; border-left: 4px solid; border-radius: 3px; }
.verdict p { margin: 0 0 0.2rem; font-weight: 650; }
.verdict.good p { margin: 0; }
.verdict a { color: inherit; }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(13rem, 1fr)); gap: 0.75rem; margin: 1rem 0 0; }
.figures > div { background: var(--panel); border-radius: 5px; padding: 0.6rem 0.8rem; }
.figures dt { color: var(--pale); font-size: 0.86em; }
.figures dd { margin: 0; overflow-wrap: anywhere; }
.figures strong { font-size: 1.25rem; font-weight: 600; margin-right: 0.3rem; font-variant-numeric: tabular-nums; }
.figures span { white-space: normal; }
.scroll { overflow-x: auto; margin: 0.6rem 0 0.4rem; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
caption { text-align: left; color: var(--pale); font-size: 0.93em; padding: 0.2rem 0 0.35rem; }
th, td { text-align: left; vertical-align: top; padding: 0.28rem 0.6rem; border-bottom: 1px solid var(--line); }
thead th { font-weight: 600; font-size: 0.86em; color: var(--pale); background: var(--panel); white-space: nowrap; }
tbody th { font-weight: 500; }
.n { text-align: right; }
thead button {
  font: inherit; color: inherit; background: none; border: 0; padding: 0; cursor: pointer; text-align: inherit;
}
thead button::after { content: "\\2195"; padding-left: 0.3em; opacity: 0.5; }
th[aria-sort=ascending] button::after { content: "\\2191"; opacity: 1; }
th[aria-sort=descending] button::after { content: "\\2193"; opacity: 1; }
.badge {
  display: inline-block; padding: 0 0.4rem; border-radius: 3px; font-size: 0.88em; font-weight: 600;
  white-space: nowrap;
}
.good { background: var(--good); color: var(--good-ink); }
.warn { background: var(--warn); color: var(--warn-ink); }
.bad { background: var(--bad); color: var(--bad-ink); }
.quiet { background: var(--quiet); color: var(--quiet-ink); }
.good .note, .warn .note, .bad .note { color: inherit; }
.days { table-layout: fixed; min-width: 66rem; }
.days col.name { width: 18.5rem; }
.days thead th { text-align: center; padding: 0.2rem 0.15rem; line-height: 1.25; }
.days thead th:first-child[rowspan] { text-align: left; vertical-align: bottom; padding-left: 0.6rem; }
.days th[scope=row] { position: sticky; left: 0; background: var(--paper); }
.days td {
  text-align: center; padding: 0.28rem 0.1rem; border-left: 1px solid var(--line);
  white-space: nowrap;
}
.days .today { border-left: 2px solid var(--pale); border-right: 2px solid var(--pale); }
.days td small, .legend small { padding-left: 0.15rem; font-size: 0.82em; }
.runs { color: var(--pale); padding-left: 0.15rem; }
.days td .runs, .days td .mark { color: inherit; }
.mark { border: 1px solid; border-radius: 3px; padding: 0 0.2rem; }
.end { font-weight: 700; }
.legend { display: flex; flex-wrap: wrap; gap: 0.2rem 0.9rem; color: var(--pale); font-size: 0.9em; max-width: none; }
.findings { padding-left: 0; list-style: none; margin: 0.4rem 0; }
.findings li { margin: 0.3rem 0; overflow-wrap: anywhere; }
.lines { display: block !important; }
details { margin: 0.6rem 0; }
summary { cursor: pointer; color: var(--link); }
.change { margin: 0.1rem 0; }
footer { margin-top: 3rem; padding-top: 0.75rem; border-top: 1px solid var(--line); font-size: 0.9em; }
[hidden] { display: none !important; }
@media (max-width: 40rem) {
  body { padding: 0 0.8rem 2rem; }
  nav { position: static; }
  .tools { margin-left: 0; }
  .list { min-width: 46rem; }
  .days { min-width: 52rem; }
  .days col.name { width: 9rem; }
}
@media print {
  :root { color-scheme: light; --paper: #fff; --panel: #fff; --ink: #000; --pale: #333; --line: #999; --link: #000;
    --good: #fff; --good-ink: #000; --warn: #fff; --warn-ink: #000; --bad: #fff; --bad-ink: #000; --quiet: #fff;
    --quiet-ink: #000; }
  body { max-width: none; padding: 0; font-size: 9pt; }
  nav, .skip, .tools { display: none; }
  .scroll { overflow: visible; }
  .days th[scope=row] { position: static; }
  .days { min-width: 0; }
  .days col.name { width: 11rem; }
  .days td.bad, .badge.bad { outline: 2px solid #000; outline-offset: -2px; font-weight: 700; }
  .days td.warn { outline: 1px dashed #000; outline-offset: -2px; }
  .badge { border: 1px solid #000; }
  thead button::after { content: none; }
  details::details-content { content-visibility: visible; display: block; height: auto; }
  tr { break-inside: avoid; }
  thead { display: table-header-group; }
  h2, h3 { break-after: avoid; }
}
""",
)
