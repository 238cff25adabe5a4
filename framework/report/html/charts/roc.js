// ROC and DET from the counts of scores.
'use strict';
report.rates = (panel) => {
  // Distances: whoever is nearer than an edge is accepted. Failures are never accepted.
  const series = (name) => panel.series.find((one) => one.name === name);
  const genuine = series('genuine'), impostor = series('impostor');
  if (!genuine || !impostor) return null;
  const total = (one) => one.counts.reduce((sum, count) => sum + count, 0) + one.above + one.failed;
  const all = {genuine: total(genuine), impostor: total(impostor)};
  if (!all.genuine || !all.impostor) return null;
  const points = [{far: 0, tar: 0}];
  let accepted = 0, wrong = 0;
  genuine.counts.forEach((count, i) => {
    accepted += count;
    wrong += impostor.counts[i];
    const last = points[points.length - 1];
    const next = {far: wrong / all.impostor, tar: accepted / all.genuine};
    if (next.far !== last.far || next.tar !== last.tar) points.push(next);
  });
  // What lies beyond the last edge, with nobody told apart.
  points.push({far: 1, tar: 1});
  return {points, impostors: all.impostor, genuines: all.genuine};
};
report.add({
  id: 'roc', title: 'Verification (ROC, DET)',
  panels: () => report.data.histograms.panels.filter((panel) => panel.metric === 'distance' && report.rates(panel)),
  has() { return this.panels().length > 0; },
  fill(section) {
    const {element, distinct} = report;
    const all = this.panels();
    section.append(element('p', {}, 'From the counts of distances, so in steps of one bin. ROC: share of genuine comparisons accepted over that of impostors. ' +
      'DET: what is rejected wrongly over what is accepted wrongly, on logarithmic axes; it ends where fewer than one comparison would be left. Failures to enrol are never accepted.'));
    report.scoreChoice(section, all, (place, chosen) => {
      const roc = [], det = [];
      for (const panel of chosen) {
        const variant = report.panelName(panel);
        const {points, impostors, genuines} = report.rates(panel);
        points.forEach((point, order) => {
          roc.push({variant, order, ...point});
          const fnmr = 1 - point.tar;
          if (point.far >= 1 / impostors && fnmr >= 1 / genuines) det.push({variant, order, far: point.far, fnmr});
        });
      }
      const names = distinct(roc.map((row) => row.variant));
      const curve = (label, rows, x, y, extra) => {
        const cell = element('div', {});
        place.append(cell);
        report.addChart(cell, label, (room) => {
          const scale = report.scales(names);
          return {
            title: label, width: Math.min(room - 80, 420), height: 280,
            layer: [...extra, {data: {values: rows}, mark: {type: 'line', strokeWidth: 2}, encoding: {x, y, order: {field: 'order', type: 'quantitative'},
              color: {field: 'variant', type: 'nominal', scale: scale.colour, title: null}, strokeDash: {field: 'variant', type: 'nominal', scale: scale.dash, title: null}}}]
          };
        });
      };
      const share = {domain: [0, 1]};
      curve('ROC', roc, {field: 'far', type: 'quantitative', title: 'impostors accepted', scale: share}, {field: 'tar', type: 'quantitative', title: 'genuine accepted', scale: share},
        [{data: {values: [{far: 0, tar: 0}, {far: 1, tar: 1}]}, mark: {type: 'line', strokeDash: [2, 3], strokeWidth: 1}, encoding: {x: {field: 'far', type: 'quantitative'}, y: {field: 'tar', type: 'quantitative'}}}]);
      if (det.length > 1) {
        const log = {type: 'log', nice: false};
        curve('DET', det, {field: 'far', type: 'quantitative', title: 'impostors accepted', scale: log, axis: {format: '~g', tickCount: 4}},
          {field: 'fnmr', type: 'quantitative', title: 'genuine rejected', scale: log, axis: {format: '~g', tickCount: 4}}, []);
      }
    });
  }
});
