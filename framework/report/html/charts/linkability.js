// Linkability against what chance gives.
'use strict';
report.add({
  id: 'linkability', title: 'Linkability',
  rows: () => report.figures.filter((figure) => figure.metric === 'linkability' && figure.condition === '' && figure.value !== null),
  has() { return this.rows().length > 0; },
  fill(section) {
    const {element, distinct, words} = report;
    const all = this.rows();
    section.append(element('p', {}, 'D↔sys: 0 links nobody, 1 links everybody. The bar holds 95 % of the values that chance gives; a leak is told from chance only where the point lies to its right.'));
    const key = (row) => JSON.stringify([row.variant, row.group, row.recogniser, row.attacker, row.gallery_variant]);
    const chance = new Map(report.figures.filter((row) => row.metric === 'linkability_chance' && row.condition === '').map((row) => [key(row), row]));
    const state = {};
    const place = element('div', {});
    const show = () => {
      place.replaceChildren();
      const rows = all.filter((row) => row.group === state.group && row.recogniser === state.recogniser).map((row) => {
        const by = chance.get(key(row));
        return {variant: row.variant, attacker: words(row.attacker), value: row.value, low: by ? by.low : null, high: by ? by.high : null};
      });
      if (!rows.length) {
        place.append(element('p', {}, 'No figures for this choice.'));
        return;
      }
      const names = distinct(rows.map((row) => row.variant));
      report.addChart(place, 'Linkability', (room) => {
        const scale = report.scales(names);
        const groups = distinct(rows.map((row) => row.attacker));
        return {
          spacing: 12, vconcat: groups.map((attacker, k) => ({
            title: attacker, width: Math.max(120, Math.min(room - 190, 640)), height: {step: 19}, data: {values: rows.filter((row) => row.attacker === attacker)},
            encoding: {y: {field: 'variant', type: 'nominal', title: null, sort: names, axis: {minExtent: 140, maxExtent: 140, labelLimit: 135}}},
            layer: [
              {transform: [{filter: 'isValid(datum.low)'}], mark: {type: 'bar', opacity: 0.35, height: 9, color: '#8a8a8a'}, encoding: {x: {field: 'low', type: 'quantitative', scale: {domain: [0, 1]}}, x2: {field: 'high'}}},
              {mark: {type: 'point', filled: true, size: 80, tooltip: true}, encoding: {x: {field: 'value', type: 'quantitative', title: k + 1 === groups.length ? 'D↔sys' : null, scale: {domain: [0, 1]}},
                color: {field: 'variant', type: 'nominal', scale: scale.colour, legend: null}, shape: {field: 'variant', type: 'nominal', scale: scale.shape, legend: null}}}
            ]
          }))
        };
      });
      report.drawWhenNear();
    };
    const controls = element('div', {class: 'controls'});
    for (const [name, label] of [['group', 'Pairing'], ['recogniser', 'Recogniser']]) {
      const names = distinct(all.map((row) => row[name]));
      state[name] = ['pairing=different_session', 'fused'].find((each) => names.includes(each)) || names[0];
      const made = report.choice(label, names.map((each) => [each, words(each.replace('pairing=', ''))]), (value) => { state[name] = value; show(); });
      made.select.value = state[name];
      controls.append(made.label);
    }
    section.append(controls, place);
    show();
  }
});
