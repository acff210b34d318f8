"use strict";
(function () {
  const traces = JSON.parse(document.getElementById("trace-data").textContent);
  const place = document.getElementById("trace");
  if (!place || !traces.length) return;
  const cell = document.getElementById("trace-cell");
  const view = document.getElementById("trace-view");
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  let plot = null;

  function fill(select, names) {
    select.replaceChildren(...names.map((name, index) => new Option(name, String(index))));
  }

  function colour(name) {
    return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  }

  function draw() {
    const shown = traces[cell.value].views[view.value];
    if (plot) plot.destroy();
    const axis = { stroke: colour("--ink"), grid: { stroke: colour("--line") }, ticks: { stroke: colour("--line") } };
    plot = new uPlot({
      width: Math.max(280, place.clientWidth - 18),
      height: 320,
      scales: { x: { time: false } },
      axes: [{ ...axis, label: "Time / h" }, { ...axis, label: "Voltage / mV", size: 64 }],
      series: [
        { label: "Time / h", value: (_, v) => (v == null ? "–" : v.toPrecision(6)) },
        { label: "Voltage / mV", stroke: colour("--accent"), width: 1, value: (_, v) => (v == null ? "–" : v.toPrecision(4)) },
      ],
      cursor: { drag: { x: true, y: false } },
    }, [shown.time, shown.voltage], place);
  }

  function chooseCell() {
    fill(view, traces[cell.value].views.map((entry) => entry.name));
    draw();
  }

  fill(cell, traces.map((trace) => trace.name));
  cell.addEventListener("change", chooseCell);
  view.addEventListener("change", draw);
  document.getElementById("trace-reset").addEventListener("click", draw);
  dark.addEventListener("change", draw);
  window.addEventListener("resize", () => plot && plot.setSize({ width: Math.max(280, place.clientWidth - 18), height: 320 }));
  chooseCell();
})();
