// What every part of the page uses: data, elements, colours, charts. Text from data only ever
// becomes a text node, never markup.
'use strict';
const report = (() => {
  const data = JSON.parse(document.getElementById('data').textContent);

  /** A table of figures, row by row on demand. */
  function figureTable(columns) {
    const text = (name, i) => {
      const column = columns[name];
      if (!column) return '';
      return 'all' in column ? column.all : column.words[column.at[i]];
    };
    const rows = [];
    for (let i = 0; i < columns.size; ++i) {
      const row = {index: i};
      for (const name of ['experiment', 'variant', 'parameter', 'condition', 'group', 'reader',
        'recogniser', 'attacker', 'gallery_variant', 'metric', 'n_unit', 'unit']) {
        row[name] = text(name, i);
      }
      for (const name of ['value', 'low', 'high', 'n', 'n_failed']) row[name] = columns[name][i];
      rows.push(row);
    }
    return rows;
  }
  const figures = figureTable(data.figures);
  const timings = figureTable(data.timings);

  /** element('p', {class: 'soft'}, 'text', child…) */
  function element(name, attributes, ...children) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes || {})) {
      if (value === undefined || value === null || value === false) continue;
      if (key.startsWith('on')) made.addEventListener(key.slice(2), value);
      else made.setAttribute(key, value === true ? '' : value);
    }
    for (const child of children.flat()) {
      if (child !== null && child !== undefined && child !== '') made.append(child);
    }
    return made;
  }

  /** As people read numbers: three significant digits, more for large ones. */
  function short(value) {
    if (value === null || value === undefined || !isFinite(value)) return '–';
    const size = Math.abs(value);
    if (size >= 100) return value.toFixed(0);
    if (size >= 10) return value.toFixed(1);
    if (size >= 1 || size === 0) return value.toFixed(2);
    return value.toFixed(3);
  }
  const interval = (figure) =>
    figure.low === null || figure.low === undefined ? '' : `[${short(figure.low)}, ${short(figure.high)}]`;

  /** The little Markdown of notes and grids: **strong**, *emphasis*, `code`. */
  function marked(text) {
    const parts = [];
    for (const piece of String(text).split(/(\*\*[^*]+\*\*|\*[^*\s][^*]*\*|`[^`]+`)/)) {
      if (/^\*\*.+\*\*$/.test(piece)) parts.push(element('strong', {}, piece.slice(2, -2)));
      else if (/^\*.+\*$/.test(piece)) parts.push(element('em', {}, piece.slice(1, -1)));
      else if (/^`.+`$/.test(piece)) parts.push(element('code', {}, piece.slice(1, -1)));
      else if (piece) parts.push(piece);
    }
    return parts;
  }

  /** Names of conditions, attackers and measures as words. */
  const words = (name) => String(name).replace(/_/g, ' ');
  const distinct = (values) => [...new Set(values)];

  // Okabe & Ito's colours, which colour-blind people tell apart; yellow is darkened on white.
  const colours = {
    light: ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#a67c00', '#3a94cf', '#000000', '#7a7a7a'],
    dark: ['#56b4e9', '#e69f00', '#2fc79d', '#e39dc4', '#f0e442', '#d9782d', '#ffffff', '#a8a8a8']
  };
  const shapes = ['circle', 'square', 'triangle-up', 'diamond', 'cross', 'triangle-down',
    'triangle-right', 'triangle-left'];
  const dashes = [[1, 0], [6, 3], [2, 2], [8, 3, 2, 3], [4, 4], [10, 4], [1, 3], [6, 2, 1, 2, 1, 2]];

  let printing = false;
  function isDark() {
    if (printing) return false;
    const set = document.documentElement.dataset.theme;
    return set ? set === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
  }
  const palette = () => colours[isDark() ? 'dark' : 'light'];

  /** A colour, a shape and a dash of its own for every name; the same all over the page. */
  const variants = data.variants.map((variant) => variant.name);
  function scales(names) {
    const place = (name, i) => {
      const known = variants.indexOf(name);
      return names.every((each) => variants.includes(each)) ? known : i;
    };
    const pick = (list) => names.map((name, i) => list[place(name, i) % list.length]);
    return {
      colour: {domain: names, range: pick(palette())},
      shape: {domain: names, range: pick(shapes)},
      dash: {domain: names, range: pick(dashes)}
    };
  }

  function config() {
    const style = getComputedStyle(document.documentElement);
    const of = (name) => style.getPropertyValue(name).trim();
    const ink = printing ? '#000000' : of('--ink'), soft = printing ? '#333333' : of('--soft'),
      line = printing ? '#999999' : of('--line');
    const font = 'system-ui, "Segoe UI", Roboto, "Noto Sans", sans-serif';
    return {
      background: null, font, view: {stroke: line},
      axis: {labelColor: ink, titleColor: ink, gridColor: line, gridOpacity: 0.5, domainColor: soft,
        tickColor: soft, labelFontSize: 12, titleFontSize: 12, titleFontWeight: 500, labelLimit: 230},
      legend: {labelColor: ink, titleColor: ink, labelFontSize: 12, titleFontSize: 12, labelLimit: 250,
        titleFontWeight: 500, orient: 'bottom', columns: 2, symbolStrokeWidth: 2, symbolSize: 90},
      title: {color: ink, fontSize: 13, fontWeight: 600, anchor: 'start'},
      header: {labelColor: ink, titleColor: ink, labelFontSize: 12},
      text: {color: ink}, rule: {color: soft}
    };
  }

  // A chart is {place, spec: (width) => Vega-Lite specification, label, ready: (view) => …}.
  let drawn = [];
  const ready = [];
  // Everything is in the page, so only microtasks pass until a chart is there; printing relies on it.
  async function draw(chart) {
    if (typeof vega === 'undefined' || typeof vegaLite === 'undefined') return;
    const width = Math.max(260, chart.place.clientWidth || chart.place.parentElement.clientWidth);
    chart.width = width;
    const spec = chart.spec(width);
    const full = {$schema: 'https://vega.github.io/schema/vega-lite/v5.json', ...spec};
    const compiled = vegaLite.compile(full, {config: config()}).spec;
    if (chart.view) chart.view.finalize();
    chart.place.replaceChildren();
    chart.view = new vega.View(vega.parse(compiled), {renderer: 'svg', container: chart.place,
      hover: true, loader: {load: () => Promise.reject(new Error('A report loads nothing.'))},
      logLevel: vega.Warn});
    const view = chart.view;
    await view.runAsync();
    if (chart.view !== view) return;  // Drawn again meanwhile.
    const svg = chart.place.querySelector('svg');
    if (svg) {
      svg.setAttribute('role', 'img');
      svg.setAttribute('aria-label', chart.label);
    }
    if (chart.ready) chart.ready(view);
  }
  function addChart(parent, label, spec, then) {
    const place = element('div', {class: 'chart', 'data-chart': label});
    parent.append(place);
    const chart = {place, spec, label, ready: then};
    drawn.push(chart);
    ready.push(chart);
    return {redraw: () => attempt(chart)};
  }
  /** One chart that fails leaves the others alone. */
  async function attempt(chart) {
    try {
      await draw(chart);
    } catch (error) {
      console.error(`The chart "${chart.label}" cannot be drawn:`, error);
    }
  }
  /** Charts are drawn when they come near the window, so that long reports open at once. */
  let watcher = null;
  function drawWhenNear() {
    if (!watcher && 'IntersectionObserver' in window) {
      watcher = new IntersectionObserver((entries) => {
        for (const entry of entries) {
          if (!entry.isIntersecting) continue;
          watcher.unobserve(entry.target);
          const chart = drawn.find((each) => each.place === entry.target);
          if (chart && !chart.view) attempt(chart);
        }
      }, {rootMargin: '600px'});
    }
    for (const chart of ready.splice(0)) {
      if (!document.contains(chart.place)) continue;
      if (watcher) watcher.observe(chart.place);
      else attempt(chart);
    }
  }
  /** Charts in the page; those that a choice replaced are let go. */
  function charts() {
    for (const chart of drawn) if (!document.contains(chart.place) && chart.view) chart.view.finalize();
    drawn = drawn.filter((chart) => document.contains(chart.place));
    return drawn;
  }
  const drawAll = () => Promise.all(charts().map(attempt));
  const redrawSeen = () => Promise.all(charts().filter((chart) => chart.view).map(attempt));

  /** Layers for the rows that have a field, here intervals; none where no row has it, since a scale over
   * nothing has no ends. */
  const layersWith = (rows, field, layer) => rows.some((row) => row[field] !== null && row[field] !== undefined)
    ? [{transform: [{filter: `isValid(datum.${field})`}], ...layer}] : [];

  /** A labelled choice. @param options  [[value, text]…] */
  function choice(label, options, change) {
    const select = element('select', {onchange: () => change(select.value)},
      options.map(([value, text]) => element('option', {value}, text)));
    return {label: element('label', {}, label, select), select};
  }

  // Parts of the page, in their order: {id, title, has, fill: (section) => …}.
  const parts = [];
  const add = (part) => parts.push(part);

  return {data, figures, timings, element, short, interval, marked, words, distinct, palette, scales,
    variants, isDark, addChart, drawWhenNear, drawAll, redrawSeen, choice, layersWith, parts, add,
    setPrinting: (on) => { printing = on; }, charts};
})();
