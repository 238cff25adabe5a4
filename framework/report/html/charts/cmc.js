// Closed-set identification: found among the k best.
'use strict';
report.add({
  id: 'cmc', title: 'Identification (CMC)',
  rows: () => report.figures.filter((figure) => /^rank_(1|5|10)$/.test(figure.metric) && figure.condition === '' && figure.value !== null && figure.attacker),
  has() { return this.rows().some((row) => row.metric !== 'rank_1'); },
  fill(section) {
    const {element, distinct, words} = report;
    const all = this.rows();
    section.append(element('p', {}, 'Share of probes whose own person is among the first 1, 5 and 10 of the gallery: the points of the CMC curve that the run keeps. Bars are 95 % intervals; the dotted line is chance.'));
    const state = {};
    const place = element('div', {});
    const show = () => {
      place.replaceChildren();
      const rows = all.filter((row) => row.group === state.group && row.recogniser === state.recogniser && row.attacker === state.attacker)
        .map((row) => ({variant: row.gallery_variant && row.attacker === 'cross_mask' ? `${row.variant} → ${row.gallery_variant}` : row.variant,
          rank: Number(row.metric.slice(5)), value: row.value, low: row.low, high: row.high}));
      if (!rows.length) {
        place.append(element('p', {}, 'This attacker has no figures with this recogniser.'));
        return;
      }
      const chance = report.figures.find((row) => row.metric === 'rank_1_chance' && row.group === state.group && row.attacker === state.attacker && row.value > 0);
      const names = distinct(rows.map((row) => row.variant));
      report.addChart(place, 'CMC', (room) => {
        const scale = report.scales(names);
        const colour = {field: 'variant', type: 'nominal', scale: scale.colour, title: null};
        const xOffset = {field: 'variant', type: 'nominal', sort: names, scale: {paddingOuter: 11}};
        const x = {field: 'rank', type: 'ordinal', title: 'among the first', axis: {labelAngle: 0}};
        return {
          width: Math.min(room - 80, 560), height: 280, data: {values: rows},
          layer: [
            ...(chance ? [{data: {values: [1, 5, 10].map((rank) => ({rank, value: Math.min(1, rank * chance.value)}))}, mark: {type: 'line', strokeDash: [2, 3]},
              encoding: {x, y: {field: 'value', type: 'quantitative'}}}] : []),
            {mark: {type: 'line'}, encoding: {x, xOffset, y: {field: 'value', type: 'quantitative', title: 'share found', scale: {domain: [0, 1]}}, color: colour}},
            {transform: [{filter: 'isValid(datum.low)'}], mark: {type: 'rule', opacity: 0.6}, encoding: {x, xOffset,
              y: {field: 'low', type: 'quantitative'}, y2: {field: 'high'}, color: colour}},
            {mark: {type: 'point', filled: true, size: 80, tooltip: true}, encoding: {x, xOffset, y: {field: 'value', type: 'quantitative'}, color: colour,
              shape: {field: 'variant', type: 'nominal', scale: scale.shape, title: null}}}
          ]
        };
      });
      report.drawWhenNear();
    };
    const controls = element('div', {class: 'controls'});
    for (const [key, label] of [['group', 'Pairing'], ['attacker', 'Attacker'], ['recogniser', 'Recogniser']]) {
      const names = distinct(all.map((row) => row[key]));
      state[key] = ['pairing=different_session', 'mask_to_mask', 'mask_to_face', 'fused'].find((name) => names.includes(name)) || names[0];
      const made = report.choice(label, names.map((name) => [name, words(name.replace('pairing=', ''))]), (value) => { state[key] = value; show(); });
      made.select.value = state[key];
      controls.append(made.label);
    }
    section.append(controls, place);
    show();
  }
});
