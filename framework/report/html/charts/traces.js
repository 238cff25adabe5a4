// What was measured over time, original and masked, under one cursor.
'use strict';
report.add({
  id: 'traces', title: 'Traces of eyes',
  has: () => report.data.recordings.traces.length > 0,
  fill(section) {
    const {element, distinct, words} = report;
    const all = report.data.recordings.traces;
    const decoded = new Map();
    const values = (trace) => {
      if (!decoded.has(trace)) {
        let last = 0;
        decoded.set(trace, trace.steps.map((step) => step === null ? null : (last += step) / 100));
      }
      return decoded.get(trace);
    };
    section.append(element('p', {}, 'The same observer reads the original and each variant. Move the cursor with the slider, its arrow keys, or the pointer over a chart.'));
    const state = {observer: all[0].observer, recording: all[0].recording, eye: all[0].eye, at: 0};
    const controls = element('div', {class: 'controls'});
    const place = element('div', {});
    const readout = element('div', {class: 'scroll', id: 'trace-values', 'aria-live': 'polite'});
    const slider = element('input', {type: 'range', min: 0, max: 1, step: 1, value: 0, id: 'cursor', style: 'width:min(100%,420px)',
      oninput: () => move(Number(slider.value))});
    let views = [], shown = [], rate = 1;
    function move(at) {
      state.at = Math.max(0, Math.min(Number(slider.max), at));
      slider.value = state.at;
      const time = state.at / rate;
      slider.setAttribute('aria-valuetext', `${time.toFixed(2)} seconds`);
      for (const view of views) if (view) view.signal('cursor', time).run();
      const measures = distinct(shown.map((trace) => trace.measure)), names = distinct(shown.map((trace) => trace.variant));
      readout.replaceChildren(element('table', {}, element('caption', {}, `At ${time.toFixed(2)} s, frame ${state.at}`),
        element('thead', {}, element('tr', {}, element('th', {scope: 'col'}, 'variant'), measures.map((measure) => element('th', {scope: 'col', class: 'number'},
          `${words(measure)}, ${shown.find((trace) => trace.measure === measure).unit}`)))),
        element('tbody', {}, names.map((name) => element('tr', {}, element('th', {scope: 'row'}, name), measures.map((measure) => {
          const trace = shown.find((each) => each.measure === measure && each.variant === name);
          return element('td', {class: 'number'}, trace ? report.short(values(trace)[state.at]) : '');
        }))))));
    }
    function show() {
      place.replaceChildren();
      views = [];
      shown = all.filter((trace) => trace.observer === state.observer && trace.recording === state.recording && trace.eye === state.eye);
      if (!shown.length) {
        place.append(element('p', {}, 'Nothing was measured for this choice.'));
        readout.replaceChildren();
        return;
      }
      rate = shown[0].rate_hz || 1;
      const frames = Math.max(...shown.map((trace) => trace.steps.length));
      slider.max = frames - 1;
      const names = distinct(shown.map((trace) => trace.variant));
      const measures = distinct(shown.map((trace) => trace.measure));
      measures.forEach((measure, i) => {
        const rows = [];
        for (const trace of shown) {
          if (trace.measure !== measure) continue;
          values(trace).forEach((value, k) => rows.push({t: k / rate, v: value, variant: trace.variant}));
        }
        const unit = shown.find((trace) => trace.measure === measure).unit;
        const last = i + 1 === measures.length;
        const slot = views.length;
        report.addChart(place, `Trace of ${measure}`, (room) => {
          const scale = report.scales(names);
          return {
            width: room - 75, height: 130, data: {values: rows},
            params: [{name: 'cursor', value: state.at / rate}],
            layer: [
              {mark: {type: 'line', strokeWidth: 1.4, invalid: 'break-paths-show-path-domains'}, encoding: {
                x: {field: 't', type: 'quantitative', title: last ? 'time, s' : null, scale: {domain: [0, (frames - 1) / rate]}},
                y: {field: 'v', type: 'quantitative', title: `${words(measure)}, ${unit}`, scale: {zero: false}},
                color: {field: 'variant', type: 'nominal', scale: scale.colour, title: null, legend: last ? {} : null},
                strokeDash: {field: 'variant', type: 'nominal', scale: scale.dash, title: null, legend: last ? {} : null}}},
              {data: {values: [{}]}, mark: {type: 'rule', strokeWidth: 1.5}, encoding: {x: {datum: {expr: 'cursor'}, type: 'quantitative'}}}
            ]
          };
        }, (view) => {
          views[slot] = view;
          view.signal('cursor', state.at / rate).run();
          view.addEventListener('pointermove', (event) => {
            const box = view.container().querySelector('svg').getBoundingClientRect();
            const origin = view.origin();
            const scale = view.scale('x');
            const time = scale.invert(event.clientX - box.left - origin[0]);
            if (isFinite(time)) move(Math.round(time * rate));
          });
        });
        views.push(null);
      });
      report.drawWhenNear();
      move(Math.min(state.at, frames - 1));
    }
    const labels = new Map(all.map((trace) => [trace.recording, trace.condition ? `${trace.recording} (${words(trace.condition)})` : trace.recording]));
    for (const [key, label] of [['observer', 'Observer'], ['recording', 'Recording'], ['eye', 'Eye']]) {
      const names = distinct(all.map((trace) => trace[key]));
      controls.append(report.choice(label, names.map((name) => [name, labels.get(name) || words(name)]), (value) => { state[key] = value; show(); }).label);
    }
    controls.append(element('label', {}, 'Cursor', slider));
    section.append(controls, place, readout);
    show();
  }
});
