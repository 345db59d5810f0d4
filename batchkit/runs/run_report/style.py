"""How the page looks: in light and dark, on a wide screen, a phone and paper.

A module and no file beside it: images are packed by what is imported.
"""

STYLE = """\
:root {
  color-scheme: light dark;
  --ink: #1c1e21; --soft: #5c6370; --paper: #fff; --line: #d9dce1; --wash: #f5f6f8;
  --good: #2a7f62; --bad: #c0392b; --lost: #96600a; --link: #1858b8;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ink: #e6e8eb; --soft: #9aa2ad; --paper: #14161a; --line: #333840; --wash: #1c2026;
    --good: #5cc49a; --bad: #f0776a; --lost: #e8b04b; --link: #82b1ff;
  }
}
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.5rem 1rem 4rem; max-width: 62rem;
  background: var(--paper); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; }
h1 { margin: 0; font-size: 1.5rem; }
h2 { margin: 2.5rem 0 .75rem; font-size: 1.15rem; }
h1, p, dd { overflow-wrap: anywhere; }
p { margin: .25rem 0; }
.soft, caption, figcaption { color: var(--soft); }
.state { display: inline-block; padding: .1rem .6rem; border: 2px solid; border-radius: 1rem;
  font-weight: 600; }
.state.SUCCEEDED { color: var(--good); }
.state.PARTIAL { color: var(--lost); }
.state.FAILED { color: var(--bad); }
dl { display: grid; grid-template-columns: repeat(auto-fit, minmax(9rem, 1fr)); gap: .75rem;
  margin: 1.25rem 0; }
dl div { padding: .6rem .8rem; background: var(--wash); border: 1px solid var(--line); border-radius: .5rem; }
dt { color: var(--soft); font-size: .85rem; }
dd { margin: 0; font-size: 1.2rem; font-variant-numeric: tabular-nums; }
figure { margin: 0; overflow-x: auto; }
.wide { overflow-x: auto; }
table { min-width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums; }
caption { text-align: left; padding-bottom: .25rem; }
th, td { padding: .35rem .6rem .35rem 0; text-align: left; vertical-align: top; white-space: nowrap;
  border-bottom: 1px solid var(--line); }
td.number { text-align: right; }
td.long { min-width: 14rem; white-space: normal; overflow-wrap: anywhere; }
code, pre { font: .85rem/1.45 ui-monospace, monospace; }
pre { margin: .5rem 0; padding: .75rem; white-space: pre-wrap; overflow-wrap: anywhere;
  background: var(--wash); border: 1px solid var(--line); border-radius: .5rem; }
figure:focus-visible, .wide:focus-visible, summary:focus-visible {
  outline: 3px solid var(--link); outline-offset: 2px; }
summary { cursor: pointer; color: var(--link); }
td summary { color: inherit; }
details:not([open]) > summary > bdi { display: -webkit-inline-box; -webkit-box-orient: vertical;
  -webkit-line-clamp: 3; overflow: hidden; max-width: calc(100% - 1.5em); vertical-align: top; }
figcaption { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; font-size: .9rem; }
.key::before { content: ""; display: inline-block; width: .7em; height: .7em; margin-right: .4em;
  background: var(--key); }
svg.chart { display: block; min-width: 50rem; width: 100%; height: auto; font-family: system-ui, sans-serif; }
.chart text { fill: var(--soft); font-size: 11px; }
.chart .background { fill: none; }
.chart .axis .line { stroke: var(--line); fill: none; }
.chart .axis .guide { stroke: var(--line); stroke-dasharray: 3 4; fill: none; }
.chart .axis.y text { text-anchor: end; }
.chart .axis.x text { text-anchor: middle; }
.chart .tooltip, .chart .text-overlay, .chart .tooltip-overlay, .chart desc { display: none; }
.chart .color-0 { --key: var(--good); }
.chart.throughput .color-1, .chart.timeline .color-2 { --key: var(--bad); }
.chart.timeline .color-1 { --key: var(--lost); }
svg [class*="color-"] { fill: var(--key); stroke: var(--key); }
.chart.timeline .series .line { fill: none; stroke-width: 7; }
.chart.throughput .series { stroke: none; }
@media print {
  details > * { display: block; }
  details:not([open]) > summary > bdi { -webkit-line-clamp: none; }
  .wide { overflow: visible; }
  td { white-space: normal; }
}
"""
