"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const labels = data.labels || [];
  const stageEnds = data.stage_ends || [];
  const style = () => getComputedStyle(document.documentElement);
  const color = (name) => style().getPropertyValue(name).trim();
  const lineColor = (n) => color(n >= 0 ? `--op${n % 8}` : "--soft");
  const dashes = [[], [6, 3], [2, 2], [8, 3, 2, 3]];
  const none = (value) => value === undefined || Number.isNaN(value);
  // Charts are sharp in print too.
  Chart.defaults.devicePixelRatio = Math.max(2, window.devicePixelRatio || 1);

  // Thin vertical lines where a stage ends.
  const stages = {
    id: "stages",
    beforeDatasetsDraw(chart) {
      const { ctx, chartArea: area, scales: { x } } = chart;
      ctx.save();
      ctx.strokeStyle = color("--soft");
      ctx.setLineDash([3, 3]);
      for (const end of stageEnds) {
        const at = (x.getPixelForValue(end) + x.getPixelForValue(end + 1)) / 2;
        ctx.beginPath();
        ctx.moveTo(at, area.top);
        ctx.lineTo(at, area.bottom);
        ctx.stroke();
      }
      ctx.restore();
    },
  };

  // Probabilities as multiples of an even share of the candidates of the edge.
  const relative = (lines) => {
    const candidates = labels.map((_, n) => lines.filter((values) => !none(values[n])).length);
    return lines.map((values) => values.map((value, n) => value * candidates[n]));
  };

  const dataset = (line, i, edge) => {
    const values = (line.values || []).map(Number);
    const ends = (n) => line.pruned && n === values.length - 1;
    const single = (n) => none(values[n - 1]) && none(values[n + 1]);
    return {
      label: line.name, data: values, values, borderWidth: edge ? 1.6 : 2, borderDash: dashes[Math.floor(line.color / 8) % 4],
      pointStyle: values.map((_, n) => (ends(n) ? "crossRot" : "circle")),
      pointRadius: values.map((_, n) => (ends(n) ? 5 : single(n) || (!edge && labels.length < 40) ? 2 : 0)),
      // Each stage is trained from its beginning: no line leads from one to the next.
      segment: { borderColor: (s) => (stageEnds.includes(s.p0DataIndex) ? "transparent" : undefined) },
      pointBorderWidth: 2, pointHoverRadius: 5, number: line.color,
    };
  };

  const paint = (chart) => {
    for (const d of chart.data.datasets) {
      d.borderColor = d.backgroundColor = d.pointBorderColor = lineColor(d.number);
    }
    for (const axis of Object.values(chart.options.scales)) {
      axis.ticks.color = axis.title.color = color("--soft");
      axis.grid.color = color("--rule");
    }
    chart.options.plugins.legend.labels.color = color("--ink");
    chart.update("none");
  };

  const told = (d, index) => `${d.label} ${d.values[index].toPrecision(4)}` +
    (d.data === d.values ? "" : ` (${d.data[index].toFixed(3)} times an even share)`);
  const spoken = (chart, index) => [labels[index]].concat(chart.data.datasets
    .filter((d) => !none(d.data[index])).map((d) => told(d, index))).join(", ");

  const yAxis = (c) => {
    const axis = { ticks: { maxTicksLimit: c.edge ? 4 : 8 }, grid: {}, title: { display: !c.edge, text: c.y_title } };
    if (c.counts) Object.assign(axis, { beginAtZero: true, ticks: { precision: 0 } });
    if (c.ranks) {
      const powers = (n) => (Number.isInteger(Math.log10(n)) ? n.toLocaleString("en") : "");
      Object.assign(axis, { type: "logarithmic", reverse: true, min: 1, ticks: { callback: powers } });
    }
    return axis;
  };

  const draw = (c) => {
    const canvas = document.getElementById(c.id);
    const chart = new Chart(canvas, {
      type: "line",
      data: { labels, datasets: (c.lines || []).map((line, i) => dataset(line, i, c.edge)) },
      options: {
        animation: false, maintainAspectRatio: false, spanGaps: false,
        interaction: { mode: "index", intersect: false },
        plugins: {
          legend: { display: !c.edge, labels: { usePointStyle: false, boxHeight: 1, boxWidth: 24 } },
          tooltip: {
            itemSort: (a, b) => b.raw - a.raw, filter: (item) => !none(item.raw),
            callbacks: { label: (item) => told(item.dataset, item.dataIndex) },
          },
        },
        scales: {
          x: { ticks: { display: !c.edge, callback: (n) => n + 1, maxRotation: 0 }, grid: { display: false },
               title: { display: !c.edge, text: data.axis || "epoch, all stages" } },
          y: yAxis(c),
        },
      },
      plugins: [stages],
    });
    // Arrow keys step through the epochs; a screen reader hears the values.
    let index = -1;
    const says = document.getElementById("spoken");
    const show = (active) => {
      chart.setActiveElements(active);
      chart.tooltip.setActiveElements(active, { x: 0, y: 0 });
      chart.update("none");
    };
    canvas.addEventListener("keydown", (event) => {
      const n = labels.length;
      const step = { ArrowRight: 1, ArrowLeft: -1, Home: -n, End: n }[event.key];
      if (step === undefined || n === 0) return;
      event.preventDefault();
      index = Math.max(0, Math.min(n - 1, index + step));
      show(chart.data.datasets.map((_, d) => ({ datasetIndex: d, index }))
        .filter((a) => !none(chart.data.datasets[a.datasetIndex].data[index])));
      says.textContent = spoken(chart, index);
    });
    canvas.addEventListener("blur", () => {
      index = -1;
      show([]);
    });
    return chart;
  };
  const charts = (data.charts || []).map(draw);
  const edgeCharts = charts.filter((_, i) => data.charts[i].edge);

  const choose = () => {
    const chosen = document.querySelector("input[name=share]:checked");
    for (const chart of edgeCharts) {
      const lines = chart.data.datasets.map((d) => d.values);
      const shown = chosen && chosen.value === "relative" ? relative(lines) : lines;
      chart.data.datasets.forEach((d, i) => { d.data = shown[i]; });
      chart.update("none");
    }
  };
  document.querySelectorAll("input[name=share]").forEach((input) => input.addEventListener("change", choose));
  choose();

  const repaint = () => charts.forEach(paint);
  repaint();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", repaint);
  matchMedia("print").addEventListener("change", () => {
    charts.forEach((chart) => chart.resize());
    repaint();
  });
  // Paper cannot be unfolded.
  const folded = document.querySelectorAll("details[data-print]:not([open])");
  addEventListener("beforeprint", () => folded.forEach((d) => { d.open = true; }));
  addEventListener("afterprint", () => folded.forEach((d) => { d.open = false; }));
  document.documentElement.dataset.charts = charts.length;
})();
