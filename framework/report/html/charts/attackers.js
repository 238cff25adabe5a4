// AUC of every attacker.
'use strict';
report.add({
  id: 'attackers', title: 'Attackers',
  rows: () => report.figures.filter((figure) => figure.metric === 'auc' && figure.attacker && figure.condition === '' && figure.value !== null),
  has() { return this.rows().length > 0; },
  fill(section) {
    const {element, distinct, words} = report;
    const all = this.rows();
    section.append(element('p', {}, 'How well each attacker tells people apart: AUC with 95 % intervals over people. 0.5 is chance; the dashed line and its band are the floor, what true signs alone give.'));
    const groups = distinct(all.map((row) => row.group));
    const state = {group: groups.includes('pairing=different_session') ? 'pairing=different_session' : groups[0], recogniser: ''};
    const recognisers = distinct(all.map((row) => row.recogniser)).filter((name) => name !== 'true_signs');
    state.recogniser = recognisers.includes('fused') ? '' : recognisers[0];
    const place = element('div', {});
    const show = () => {
      place.replaceChildren();
      const rows = all.filter((row) => row.group === state.group && row.attacker !== 'oracle_signs' && (!state.recogniser || row.recogniser === state.recogniser));
      // Without a recogniser: the strongest one of each attacker.
      const best = new Map();
      for (const row of rows) {
        const key = JSON.stringify([row.attacker, row.variant, row.gallery_variant]);
        if (!best.has(key) || best.get(key).value < row.value) best.set(key, row);
      }
      const values = [...best.values()].map((row) => ({variant: row.variant, attacker: words(row.attacker), value: row.value, low: row.low, high: row.high,
        recogniser: row.recogniser, gallery: row.gallery_variant}));
      if (!values.length) {
        place.append(element('p', {}, 'No attacker has a figure for this choice.'));
        return;
      }
      const floor = all.find((row) => row.attacker === 'oracle_signs' && row.group === state.group);
      const names = distinct(values.map((row) => row.variant));
      const scale = report.scales(names);
      const domain = {domain: [Math.floor(10 * Math.min(0.4, ...values.map((row) => row.low ?? row.value))) / 10, 1]};
      report.addChart(place, 'AUC of attackers', (room) => {
        const scaleNow = report.scales(names);
        const groups = distinct(values.map((row) => row.attacker));
        const y = {field: 'variant', type: 'nominal', title: null, sort: names, axis: {minExtent: 140, maxExtent: 140, labelLimit: 135}};
        const inner = Math.max(120, Math.min(room - 190, 640));
        return {
          spacing: 12, vconcat: groups.map((attacker, k) => ({
            title: attacker, width: inner, height: {step: 19}, data: {values: values.filter((row) => row.attacker === attacker)},
            layer: [
              {data: {values: [{}]}, mark: {type: 'rule', strokeDash: [1, 3]}, encoding: {x: {datum: 0.5, type: 'quantitative', scale: domain}}},
              ...(floor ? [{data: {values: [{}]}, mark: {type: 'rule', strokeDash: [6, 3], strokeWidth: 1.5}, encoding: {x: {datum: floor.value, type: 'quantitative', scale: domain}}}] : []),
              ...(floor && floor.low !== null ? [{data: {values: [{}]}, mark: {type: 'rect', opacity: 0.12, color: '#8a8a8a'}, encoding: {x: {datum: floor.low, type: 'quantitative', scale: domain}, x2: {datum: floor.high}}}] : []),
              {transform: [{filter: 'isValid(datum.low)'}], mark: {type: 'rule', strokeWidth: 2.5}, encoding: {y, x: {field: 'low', type: 'quantitative', scale: domain}, x2: {field: 'high'},
                color: {field: 'variant', type: 'nominal', scale: scaleNow.colour, legend: null}}},
              {mark: {type: 'point', filled: true, size: 80, tooltip: true}, encoding: {y, x: {field: 'value', type: 'quantitative', title: k + 1 === groups.length ? 'AUC' : null, scale: domain},
                color: {field: 'variant', type: 'nominal', scale: scaleNow.colour, legend: null}, shape: {field: 'variant', type: 'nominal', scale: scale.shape, legend: null}}}
            ]
          }))
        };
      });
      report.drawWhenNear();
    };
    const pairing = report.choice('Pairing', groups.map((name) => [name, words(name.replace('pairing=', '')) || 'all']), (value) => { state.group = value; show(); });
    pairing.select.value = state.group;
    const recogniser = report.choice('Recogniser', [['', 'the strongest of each'], ...recognisers.map((name) => [name, name])], (value) => { state.recogniser = value; show(); });
    recogniser.select.value = state.recogniser;
    section.append(element('div', {class: 'controls'}, pairing.label, recogniser.label), place);
    show();
  }
});
