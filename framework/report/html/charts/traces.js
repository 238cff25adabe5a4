// What was measured over time, original and masked, under one cursor.
'use strict';
/**
 * Charts of traces, one under the other, and what they read at the cursor.
 * @param all  traces of one recording or more.
 * @param options  picked: called with the frame that is pointed at; drag: only with a button held;
 *   has: which variants are shown.
 * @return {controls, node, of(recording), to(frame), redraw(), frames()}
 */
report.tracePanel = (all, options) => {
  const {element, distinct, words} = report;
  const decoded = new Map();
  const values = (trace) => {
    if (!decoded.has(trace)) {
      let last = 0;
      decoded.set(trace, trace.steps.map((step) => step === null ? null : (last += step) / 100));
    }
    return decoded.get(trace);
  };
  const state = {observer: all[0].observer, recording: all[0].recording, eye: all[0].eye, frame: 0};
  const place = element('div', {});
  const readout = element('div', {class: 'scroll', id: 'trace-values'});
  let views = [], shown = [], rate = 1, every = 1;
  const time = () => state.frame / (rate * every);
  function to(frame) {
    state.frame = frame;
    if (!shown.length) return;
    for (const view of views) if (view) view.signal('cursor', time()).run();
    const sample = Math.round(frame / every);
    const measures = distinct(shown.map((trace) => trace.measure)), names = distinct(shown.map((trace) => trace.variant));
    readout.replaceChildren(element('table', {}, element('caption', {}, `At ${time().toFixed(2)} s, frame ${frame}`),
      element('thead', {}, element('tr', {}, element('th', {scope: 'col'}, 'variant'), measures.map((measure) => element('th', {scope: 'col', class: 'number'},
        `${words(measure)}, ${shown.find((trace) => trace.measure === measure).unit}`)))),
      element('tbody', {}, names.map((name) => element('tr', {}, element('th', {scope: 'row'}, name), measures.map((measure) => {
        const trace = shown.find((each) => each.measure === measure && each.variant === name);
        return element('td', {class: 'number'}, trace ? report.short(values(trace)[sample]) : '');
      }))))));
  }
  function redraw() {
    place.replaceChildren();
    views = [];
    shown = all.filter((trace) => trace.observer === state.observer && trace.recording === state.recording && trace.eye === state.eye &&
      (!options.has || options.has(trace.variant)));
    if (!shown.length) {
      place.append(element('p', {}, 'Nothing was measured for this choice.'));
      readout.replaceChildren();
      return;
    }
    ({rate_hz: rate, every} = shown[0]);
    const samples = Math.max(...shown.map((trace) => trace.steps.length));
    const names = distinct(shown.map((trace) => trace.variant)), measures = distinct(shown.map((trace) => trace.measure));
    measures.forEach((measure, i) => {
      const rows = [];
      for (const trace of shown) {
        if (trace.measure !== measure) continue;
        values(trace).forEach((value, k) => rows.push({t: k / rate, v: value, variant: trace.variant}));
      }
      const unit = shown.find((trace) => trace.measure === measure).unit;
      const last = i + 1 === measures.length, legend = i === 0 ? {orient: 'top', columns: Math.min(6, names.length)} : null;
      const slot = views.length;
      report.addChart(place, `Trace of ${measure}`, (room) => {
        const scale = report.scales(names);
        return {
          width: room - 75, height: 130, data: {values: rows},
          params: [{name: 'cursor', value: time()}],
          layer: [
            {mark: {type: 'line', strokeWidth: 1.4, invalid: 'break-paths-show-path-domains'}, encoding: {
              x: {field: 't', type: 'quantitative', title: last ? 'time, s' : null, scale: {domain: [0, Math.max(1, samples - 1) / rate], nice: false}},
              y: {field: 'v', type: 'quantitative', title: `${words(measure)}, ${unit}`, scale: {zero: false}, axis: {minExtent: 36}},
              color: {field: 'variant', type: 'nominal', scale: scale.colour, title: null, legend},
              strokeDash: {field: 'variant', type: 'nominal', scale: scale.dash, title: null, legend}}},
            {data: {values: [{}]}, mark: {type: 'rule', strokeWidth: 1.5}, encoding: {x: {datum: {expr: 'cursor'}, type: 'quantitative'}}}
          ]
        };
      }, (view) => {
        views[slot] = view;
        view.signal('cursor', time()).run();
        const point = (event) => {
          if (options.drag && !event.buttons) return;
          const box = view.container().querySelector('svg').getBoundingClientRect();
          const sample = Math.round(view.scale('x').invert(event.clientX - box.left - view.origin()[0]) * rate);
          if (isFinite(sample)) options.picked(Math.max(0, Math.min(samples - 1, sample)) * every);
        };
        view.addEventListener('pointermove', point);
        view.addEventListener('pointerdown', point);
      });
      views.push(null);
    });
    report.drawWhenNear();
    to(Math.min(state.frame, (samples - 1) * every));
  }
  const controls = [];
  const labels = new Map(all.map((trace) => [trace.recording, trace.condition ? `${trace.recording} (${words(trace.condition)})` : trace.recording]));
  for (const [key, label] of [['observer', 'Observer'], ['recording', 'Recording'], ['eye', 'Eye']]) {
    if (key === 'recording' && options.drag) continue;  // Whoever plays videos chooses it.
    const names = distinct(all.map((trace) => trace[key]));
    controls.push(report.choice(label, names.map((name) => [name, labels.get(name) || words(name)]), (value) => {
      state[key] = value;
      redraw();
      if (options.chosen) options.chosen();
    }).label);
  }
  return {controls, node: element('div', {}, place, readout), to, redraw,
    of: (recording) => { state.recording = recording; redraw(); },
    frames: () => Math.max(1, ...shown.map((trace) => (trace.steps.length - 1) * trace.every + 1)),
    step: () => every, seconds: time, frame: () => state.frame};
};
report.add({
  id: 'traces', title: 'Traces of eyes',
  has: () => report.data.recordings.traces.length > 0,
  fill(section) {
    const {element} = report;
    section.append(element('p', {}, 'The same observer reads the original and each variant. Move the cursor with the slider, its arrow keys, or the pointer over a chart.',
      report.data.viewer ? [' The ', element('a', {href: 'viewer.html'}, 'viewer'), ' plays the videos beside them.'] : ''));
    const move = (frame) => {
      panel.to(Math.max(0, Math.min(Number(slider.max), frame)));
      slider.value = panel.frame();
      slider.setAttribute('aria-valuetext', `${panel.seconds().toFixed(2)} seconds`);
    };
    const slider = element('input', {type: 'range', min: 0, max: 1, step: 1, value: 0, id: 'cursor', style: 'width:min(100%,420px)',
      oninput: () => move(Number(slider.value))});
    const chosen = () => {
      slider.max = panel.frames() - 1;
      slider.step = panel.step();
      move(panel.frame());
    };
    const panel = report.tracePanel(report.data.recordings.traces, {picked: move, chosen});
    section.append(element('div', {class: 'controls'}, panel.controls, element('label', {}, 'Cursor', slider)), panel.node);
    panel.redraw();
    chosen();
  }
});
