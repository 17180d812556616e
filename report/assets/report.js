"use strict";
// Draws the charts of a report from the figures in #data, and keeps a live page up to date.
(() => {
  let data = JSON.parse(document.getElementById("data").textContent);
  const drawn = new Map(); // element → chart
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const colours = ["#0969da", "#1a7f37", "#bf8700", "#8250df", "#cf222e", "#1b7c83", "#bc4c00", "#4d2d00", "#bf3989", "#57606a"];
  const mb = (v) => (v / 1e6).toFixed(1) + " MB/s";
  const s = (v) => v.toFixed(2) + " s";
  const count = (v) => Math.round(v).toLocaleString("en-US");
  const escape = (text) => text.replace(/[&<>"']/g, (c) => "&#" + c.charCodeAt(0) + ";");
  const lines = (...pairs) => pairs.map(([name, value]) => escape(name) + ": <b>" + escape(String(value)) + "</b>").join("<br>");

  function frame() {
    return {
      animation: false, backgroundColor: "transparent", aria: { enabled: false }, textStyle: { fontFamily: "inherit" },
      grid: { left: 8, right: 24, top: 36, bottom: 8, containLabel: true },
      tooltip: { confine: true, appendTo: undefined, transitionDuration: calm ? 0 : 0.1 },
      legend: { type: "plain", top: 0, itemWidth: 14, textStyle: { lineHeight: 15 } },
    };
  }
  const seconds = () => ({ type: "value", min: 0, max: Math.max(data.secs, 0.001), axisLabel: { formatter: (v) => +v.toFixed(2) + " s", hideOverlap: true, showMaxLabel: false } });
  const speeds = { type: "value", min: 0, axisLabel: { formatter: (v) => (v / 1e6).toFixed(0) + " MB/s" } };
  const points = ({ first, width, speeds }) => speeds.map((speed, i) => [(first + i + 0.5) * width, speed]);
  const curve = (name, throughput) => ({ name, type: "line", data: points(throughput), showSymbol: false, areaStyle: { opacity: 0.15 }, lineStyle: { width: 1.5 }, color: "#57606a", z: 1 });

  function runChart() {
    return { ...frame(), legend: undefined, xAxis: seconds(), yAxis: speeds, series: [curve("throughput", data.throughput)],
      tooltip: { ...frame().tooltip, trigger: "axis", formatter: (p) => s(p[0].value[0]) + "<br>" + mb(p[0].value[1]) } };
  }

  // Windows are rectangles of their time and their speed, coloured by setting; those that do not count are hatched.
  function windowsChart(stream) {
    const windows = stream.windows || [];
    const settings = [...new Set(windows.map((w) => w.setting))];
    const series = settings.map((setting, i) => ({
      name: setting, type: "custom", color: colours[i % colours.length], clip: true, z: 3,
      data: windows.filter((w) => w.setting === setting).map((w) => ({ value: [w.at, w.at + w.secs, w.speed], window: w })),
      encode: { x: [0, 1], y: 2 },
      renderItem: (params, api) => {
        const w = windows.filter((w) => w.setting === setting)[params.dataIndex];
        const [x0, y] = api.coord([api.value(0), api.value(2)]), [x1, base] = api.coord([api.value(1), 0]);
        const decal = w.skipped ? { symbol: "rect", dashArrayX: [1, 0], dashArrayY: [2, 4], rotation: Math.PI / 4, color: "rgba(255,255,255,0.8)" } : undefined;
        const height = Math.max(base - y, 3); // of a window in which nothing moved, too
        return { type: "rect", shape: { x: x0, y: base - height, width: Math.max(x1 - x0, 3), height },
          style: { fill: colours[i % colours.length], opacity: w.skipped ? 0.6 : 0.9, decal } };
      },
    }));
    return { ...frame(), xAxis: seconds(), yAxis: speeds, series: [curve("all rows", stream.throughput), ...series],
      tooltip: { ...frame().tooltip, trigger: "item", formatter: (p) => {
        const w = p.data.window;
        if (!w) return s(p.value[0]) + "<br>" + mb(p.value[1]);
        return lines(["window", w.seq], ["setting", w.setting], ["speed", mb(w.speed)], ["seconds", s(w.secs)], ["rows", count(w.rows)], ["lanes", w.lanes],
          ["source wait", s(w.source)], ["write", s(w.write)], ["flush wait", s(w.flush)], ["CPU", s(w.cpu)], ...(w.skipped ? [["does not count", w.skipped]] : []));
      } } };
  }

  const percent = (v) => (v > 0 ? "+" : "") + (100 * v).toFixed(1) + " %";
  function knobChart(stream, name) {
    const knob = (stream.knobs || []).find((k) => k.name === name);
    if (!knob) return null;
    const ink = dark.matches ? "#e6edf3" : "#1b1f24";
    return { ...frame(), legend: undefined, xAxis: { type: "value", axisLabel: { formatter: (v) => percent(v) } },
      yAxis: { type: "category", inverse: true, data: knob.tried.map((t) => t.label), axisLabel: { width: 150, overflow: "truncate" } },
      tooltip: { ...frame().tooltip, trigger: "item", formatter: (p) => {
        const t = knob.tried[p.dataIndex];
        return lines([t.label, percent(t.lead)], ["90 % bounds", percent(t.low) + " … " + percent(t.high)]) + (t.won ? "<br>chosen" : "");
      } },
      series: [{ type: "custom", data: knob.tried.map((t, i) => [t.low, t.high, t.lead, i]), encode: { x: [0, 1, 2], y: 3 },
        markLine: { silent: true, symbol: "none", label: { show: false }, data: [{ xAxis: 0 }] },
        renderItem: (params, api) => {
          const [x0, y] = api.coord([api.value(0), api.value(3)]), [x1] = api.coord([api.value(1), api.value(3)]), [x] = api.coord([api.value(2), api.value(3)]);
          const won = knob.tried[params.dataIndex].won, colour = won ? "#1a7f37" : ink;
          return { type: "group", children: [
            { type: "rect", shape: { x: x0, y: y - 9, width: x1 - x0, height: 18 }, style: { fill: "transparent" } },
            { type: "line", shape: { x1: x0, y1: y, x2: x1, y2: y }, style: { stroke: colour, lineWidth: won ? 4 : 2 } },
            { type: "circle", shape: { cx: x, cy: y, r: won ? 7 : 5 }, style: { fill: colour } }] };
        } }] };
  }

  // A part is one bar of its lane, divided by what the lane did. Several parts that are
  // shown as one may have had time between them: the bar shows the shares.
  const phases = [["source wait", 3, "#0969da"], ["write", 4, "#1a7f37"], ["flush wait", 5, "#bf8700"], ["commit", 6, "#8250df"], ["other", 7, "#57606a"]];
  function lanesChart(stream) {
    const parts = stream.parts || [], lanes = [...new Set(parts.map((p) => p[0]))].sort((a, b) => a - b);
    return { ...frame(), xAxis: seconds(), yAxis: { type: "category", data: lanes.map((l) => "lane " + l), inverse: true },
      tooltip: { ...frame().tooltip, trigger: "item", formatter: (p) => {
        const q = parts[p.dataIndex];
        return lines(["lane", q[0]], ["from", s(q[1])], ["to", s(q[2])], ["rows", count(q[8])], ["MB", (q[9] / 1e6).toFixed(1)], ...phases.map(([n, i]) => [n, s(q[i])]));
      } },
      series: phases.map(([name, at, colour], n) => ({
        name, type: "custom", color: colour, data: parts.map((p) => [p[1], p[2], lanes.indexOf(p[0])]), encode: { x: [0, 1], y: 2 },
        renderItem: (params, api) => {
          const p = parts[params.dataIndex], all = Math.max(phases.reduce((sum, [, i]) => sum + p[i], 0), 1e-9), took = p[2] - p[1];
          let from = p[1];
          for (let i = 0; i < n; i++) from += took * p[phases[i][1]] / all;
          const [x0, y] = api.coord([from, api.value(2)]), [x1] = api.coord([from + took * p[at] / all, api.value(2)]);
          const height = Math.min(api.size([0, 1])[1] * 0.7, 22);
          return { type: "rect", shape: { x: x0, y: y - height / 2, width: Math.max(x1 - x0, 0), height }, style: { fill: colour } };
        } })) };
  }

  // Lanes work side by side: their seconds are no seconds of publishing, and have a bar of their own.
  function timeChart(stream) {
    const time = stream.time || [];
    return { ...frame(), xAxis: { type: "value", axisLabel: { formatter: "{value} s" } }, yAxis: { type: "category", data: [...new Set(time.map((t) => t.of))], inverse: true },
      tooltip: { ...frame().tooltip, trigger: "item", formatter: (p) => lines([p.seriesName, s(p.value[0])]) },
      series: time.map((t, i) => ({ name: t.what, type: "bar", stack: "time", color: colours[i % colours.length], data: [[t.secs, t.of]], barWidth: 36 })) };
  }

  function compareChart() {
    const longest = Math.max(0.001, ...data.runs.map((r) => r.secs));
    return { ...frame(), xAxis: { ...seconds(), max: longest }, yAxis: speeds,
      tooltip: { ...frame().tooltip, trigger: "item", formatter: (p) => lines([p.seriesName, s(p.value[0]) + ", " + mb(p.value[1])]) },
      series: data.runs.map((r, i) => ({ ...curve(r.run, r.throughput), color: colours[i % colours.length], areaStyle: undefined })) };
  }

  function draw(element, option) {
    if (!option) return;
    const chart = echarts.init(element, dark.matches ? "dark" : null, { renderer: "svg" });
    chart.setOption(option);
    drawn.set(element, chart);
    fit(chart, "auto");
  }

  // A legend wraps to as many lines as its names need in a width: the chart grows by
  // them, so that every colour is explained on a phone and on paper too.
  const wrap = (name, most) => name.split(", ").reduce((text, word) =>
    text + (text.length - text.lastIndexOf("\n") + word.length < most ? ", " : ",\n") + word);
  function fit(chart, width) {
    chart.resize({ width });
    const legend = chart.getModel().getComponent("legend");
    if (!legend) return;
    chart.setOption({ legend: { formatter: (name) => wrap(name, chart.getWidth() / 7 - 5) } });
    const height = chart.getViewOfComponentModel(legend).group.getBoundingRect().height;
    chart.getDom().style.setProperty("--legend", height + "px");
    chart.setOption({ grid: { top: height + 20 } });
    chart.resize({ width });
  }

  function drawStream(details) {
    const stream = data.streams[Number(details.dataset.stream)];
    const options = { windows: windowsChart, lanes: lanesChart, time: timeChart, knob: knobChart };
    for (const element of details.querySelectorAll("[data-chart]")) {
      if (!drawn.has(element)) draw(element, options[element.dataset.chart](stream, element.dataset.knob));
    }
  }

  function drawAll() {
    for (const chart of drawn.values()) chart.dispose();
    drawn.clear();
    const run = document.getElementById("chart-run"), compared = document.getElementById("chart-compare");
    if (run) draw(run, runChart());
    if (compared) draw(compared, compareChart());
    for (const details of document.querySelectorAll("details.stream")) {
      details.addEventListener("toggle", () => { if (details.open) drawStream(details); });
      if (details.open) drawStream(details);
    }
  }

  // Charts are drawn when they can be seen: a run may have hundreds of streams.
  drawAll();
  dark.addEventListener("change", drawAll);
  addEventListener("resize", () => { for (const chart of drawn.values()) fit(chart, "auto"); });
  const paper = 640; // of A4, without margins and frames
  let closed = [];
  addEventListener("beforeprint", () => {
    const shut = (which) => [...document.querySelectorAll(which + ":not([open])")].slice(0, 50);
    const streams = shut("details.stream");
    for (const details of streams) { details.open = true; drawStream(details); }
    closed = [...streams, ...shut("details.stream[open] details")];
    for (const details of closed) details.open = true;
    for (const chart of drawn.values()) {
      fit(chart, paper);
      chart.getZr().flush(); // what waits for the next frame is not printed
    }
  });
  addEventListener("afterprint", () => {
    for (const details of closed) details.open = false;
    for (const chart of drawn.values()) fit(chart, "auto");
  });

  const events = document.body.dataset.live;
  if (!events) return;
  const told = document.getElementById("connection");
  const source = new EventSource(events);
  const main = document.getElementById("main");
  let waiting = null; // the latest update that came while the reader pointed at a chart
  source.onopen = () => { told.textContent = "Live."; };
  source.onerror = () => { told.textContent = "No connection: the run has ended, or rbt cannot be reached."; };
  source.onmessage = (message) => {
    const update = JSON.parse(message.data);
    if (main.querySelector(".chart:hover") && !update.ended) {
      waiting = update;
      told.textContent = "Waiting while you point at a chart.";
      return;
    }
    show(update);
  };
  document.addEventListener("mouseout", (event) => {
    if (!waiting || event.relatedTarget?.closest(".chart")) return;
    if (source.readyState === EventSource.OPEN) told.textContent = "Live.";
    show(waiting);
  });

  function show(update) {
    waiting = null;
    const open = new Set([...document.querySelectorAll("details[open]")].map((d) => d.dataset.key));
    const known = document.querySelectorAll("details.stream").length;
    data = update.charts;
    // What a reader is at stays: the focus, and where tables are scrolled to.
    const places = () => [...main.querySelectorAll("a, summary, [tabindex]")];
    const name = (e) => e.id || (e.closest("details") || e).dataset.key + " " + (e.getAttribute("aria-label") || e.tagName);
    const focused = main.contains(document.activeElement) ? name(document.activeElement) : null;
    const scrolled = new Map(places().filter((e) => e.scrollLeft).map((e) => [name(e), e.scrollLeft]));
    main.innerHTML = update.html;
    const restore = () => {
      for (const e of places()) {
        if (scrolled.has(name(e))) e.scrollLeft = scrolled.get(name(e));
        if (focused && name(e) === focused) e.focus({ preventScroll: true });
      }
    };
    if (known) for (const d of main.querySelectorAll("details")) d.open = open.has(d.dataset.key);
    restore();
    drawAll();
    if (update.ended) { source.close(); told.textContent = "The run has ended."; }
  }
})();
