"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const style = () => getComputedStyle(document.documentElement);
  const color = (name) => style().getPropertyValue(name).trim();
  const lineColor = (n) => color(n >= 0 ? `--op${n % 8}` : "--soft");
  const dashes = [[], [6, 3], [2, 2], [8, 3, 2, 3]];

  // Thin vertical lines where a stage ends.
  const stages = {
    id: "stages",
    beforeDatasetsDraw(chart, _, options) {
      const { ctx, chartArea: area, scales: { x } } = chart;
      ctx.save();
      ctx.strokeStyle = color("--soft");
      ctx.setLineDash([3, 3]);
      for (const end of options.ends || []) {
        const at = (x.getPixelForValue(end) + x.getPixelForValue(end + 1)) / 2;
        ctx.beginPath();
        ctx.moveTo(at, area.top);
        ctx.lineTo(at, area.bottom);
        ctx.stroke();
      }
      ctx.restore();
    },
  };

  const dataset = (line, i, small, stageEnds) => {
    const values = line.values.map(Number);
    const last = values.reduce((found, v, n) => (Number.isNaN(v) ? found : n), -1);
    const ends = (n) => line.pruned && n === last;
    const single = (n) => Number.isNaN(values[n - 1] ?? NaN) && Number.isNaN(values[n + 1] ?? NaN);
    return {
      label: line.name, data: values, borderWidth: small ? 1.6 : 2, borderDash: dashes[Math.floor(i / 8) % 4],
      pointStyle: values.map((_, n) => (ends(n) ? "crossRot" : "circle")),
      pointRadius: values.map((_, n) => (ends(n) ? 5 : single(n) || !small ? 2 : 0)),
      // Stages are trained anew: no line leads from one to the next.
      segment: { borderColor: (s) => ((stageEnds || []).includes(s.p0DataIndex) ? "transparent" : undefined) },
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

  const spoken = (chart, index) => [chart.data.labels[index]].concat(chart.data.datasets
    .filter((d) => !Number.isNaN(d.data[index])).map((d) => `${d.label} ${d.data[index].toPrecision(4)}`)).join(", ");

  const charts = (data.charts || []).map((c) => {
    const canvas = document.getElementById(c.id);
    const chart = new Chart(canvas, {
      type: "line",
      data: { labels: c.labels, datasets: (c.lines || []).map((line, i) => dataset(line, i, c.small, c.stage_ends)) },
      options: {
        animation: false, maintainAspectRatio: false, normalized: true, spanGaps: false,
        interaction: { mode: "index", intersect: false },
        plugins: {
          legend: { display: !c.small, labels: { usePointStyle: false, boxHeight: 1, boxWidth: 24 } },
          stages: { ends: c.stage_ends },
          tooltip: { itemSort: (a, b) => b.raw - a.raw, filter: (item) => !Number.isNaN(item.raw) },
        },
        scales: {
          x: { ticks: { display: !c.small, callback: (n) => n + 1, maxRotation: 0 }, grid: { display: false },
               title: { display: !c.small, text: "epoch, all stages" } },
          y: { ticks: { maxTicksLimit: c.small ? 4 : 8 }, grid: {}, title: { display: !c.small, text: c.y_title } },
        },
      },
      plugins: [stages],
    });
    // Arrow keys step through the epochs; a screen reader hears the values.
    let index = -1;
    const says = document.getElementById("spoken");
    canvas.addEventListener("keydown", (event) => {
      const n = c.labels.length;
      const step = { ArrowRight: 1, ArrowLeft: -1, Home: -n, End: n }[event.key];
      if (step === undefined || n === 0) return;
      event.preventDefault();
      index = Math.max(0, Math.min(n - 1, index + step));
      const active = chart.data.datasets.map((_, d) => ({ datasetIndex: d, index }))
        .filter((a) => !Number.isNaN(chart.data.datasets[a.datasetIndex].data[index]));
      chart.setActiveElements(active);
      chart.tooltip.setActiveElements(active, { x: 0, y: 0 });
      chart.update("none");
      says.textContent = spoken(chart, index);
    });
    canvas.addEventListener("blur", () => {
      index = -1;
      chart.setActiveElements([]);
      chart.tooltip.setActiveElements([], { x: 0, y: 0 });
      chart.update("none");
    });
    return chart;
  });
  const repaint = () => charts.forEach(paint);
  repaint();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", repaint);
  matchMedia("print").addEventListener("change", repaint);
  document.documentElement.dataset.charts = charts.length;
})();
