// Bland–Altman: difference over mean, with bias and limits of agreement.
'use strict';
report.add({
  id: 'agreement', title: 'Agreement of measures',
  has: () => report.data.recordings.agreement.length > 0,
  fill(section) {
    const {element, distinct, words} = report;
    const all = report.data.recordings.agreement;
    section.append(element('p', {}, 'Bland–Altman: each point is an eye or a recording; lines are the mean difference and ± 1.96 standard deviations. ' +
      'Their intervals, which respect two eyes of one patient, are in the tables.'));
    const state = {};
    const place = element('div', {class: 'grid'});
    const charts = element('div', {}, place);
    const controls = element('div', {class: 'controls'});
    const show = () => {
      place.replaceChildren();
      const against = state.against;
      const chosen = all.filter((one) => one.observer === state.observer && one.measure === state.measure);
      const made = [];
      for (const one of chosen) {
        const base = one[against];
        const points = [];
        one.masked.forEach((masked, i) => {
          if (masked !== null && base[i] !== null) points.push({mean: (masked + base[i]) / 2, off: masked - base[i]});
        });
        if (points.length < 2) continue;
        const mean = points.reduce((sum, point) => sum + point.off, 0) / points.length;
        const sd = Math.sqrt(points.reduce((sum, point) => sum + (point.off - mean) ** 2, 0) / (points.length - 1));
        made.push({one, points, mean, sd});
      }
      if (!made.length) {
        place.append(element('p', {}, 'No points for this choice.'));
        return;
      }
      const xs = made.flatMap((each) => each.points.map((point) => point.mean)), ys = made.flatMap((each) => each.points.map((point) => point.off).concat(each.mean - 2 * each.sd, each.mean + 2 * each.sd));
      const span = (list) => [Math.min(...list), Math.max(...list)];
      for (const {one, points, mean, sd} of made) {
        const lines = [{at: mean, name: report.short(mean), dash: 'bias'}, {at: mean + 1.96 * sd, name: report.short(mean + 1.96 * sd), dash: 'limit'},
          {at: mean - 1.96 * sd, name: report.short(mean - 1.96 * sd), dash: 'limit'}];
        const cell = element('div', {});
        place.append(cell);
        const colour = () => report.scales([one.variant]).colour.range[0];
        report.addChart(cell, `Bland–Altman, ${one.variant}, ${one.measure}`, (room) => ({
          title: {text: one.variant, subtitle: `${points.length} points, bias ${report.short(mean)} ± ${report.short(1.96 * sd)} ${one.unit}`,
            subtitleColor: report.isDark() ? '#a4abb5' : '#565d66', limit: room - 10},
          width: Math.min(room - 70, 380), height: 210,
          layer: [
            {data: {values: [{}]}, mark: {type: 'rule', opacity: 0.5}, encoding: {y: {datum: 0}}},
            {data: {values: points}, mark: {type: 'point', filled: true, size: 26, opacity: 0.7, color: colour(), tooltip: true},
              encoding: {x: {field: 'mean', type: 'quantitative', title: `mean of both, ${one.unit}`, scale: {domain: span(xs), nice: true, zero: false}},
                y: {field: 'off', type: 'quantitative', title: `${one.variant === report.data.recordings.reference ? 'read' : 'masked'} − ${against === 'truth' ? 'truth' : 'original'}`, scale: {domain: span(ys), nice: true}}}},
            {data: {values: lines}, mark: {type: 'rule', strokeWidth: 1.5},
              encoding: {y: {field: 'at', type: 'quantitative'}, strokeDash: {field: 'dash', type: 'nominal', scale: {domain: ['bias', 'limit'], range: [[1, 0], [5, 4]]}, legend: null}}},
            {data: {values: lines}, mark: {type: 'text', align: 'right', dy: -6, fontSize: 11, x: 'width'}, encoding: {y: {field: 'at', type: 'quantitative'}, text: {field: 'name'}}}
          ]
        }));
      }
      report.drawWhenNear();
    };
    const options = {
      observer: distinct(all.map((one) => one.observer)),
      measure: distinct(all.map((one) => one.measure)),
      against: [all.some((one) => one.reference.some((value) => value !== null)) ? 'reference' : null,
        all.some((one) => one.truth.some((value) => value !== null)) ? 'truth' : null].filter(Boolean)
    };
    for (const [key, label] of [['observer', 'Observer'], ['measure', 'Measure'], ['against', 'Against']]) {
      state[key] = key === 'measure' && options.measure.includes('mrd1') ? 'mrd1' : options[key][0];
      const made = report.choice(label, options[key].map((name) => [name, name === 'reference' ? 'the original' : name === 'truth' ? 'the truth' : words(name)]),
        (value) => { state[key] = value; show(); });
      made.select.value = state[key];
      controls.append(made.label);
    }
    section.append(controls, charts);
    show();
  }
});
