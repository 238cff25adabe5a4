// What masks cost in signs against what they hide.
'use strict';
report.add({
  id: 'front', title: 'Privacy and utility',
  points() {
    const {columns, rows} = report.data.verdict;
    const at = (id) => columns.findIndex((column) => column.id === id);
    const auc = at('auc'), sign = ['mrd1', 'kappa', 'deviation', 'gaze'].map(at).find((i) => i >= 0);
    if (auc < 0 || sign === undefined) return null;
    const points = [];
    for (const row of rows) {
      const x = row.cells[auc].figure, cell = row.cells[sign];
      if (!x || !cell.figure) continue;
      const y = cell.half_width || cell.figure;
      points.push({variant: row.variant, x: x.value, x_low: x.low, x_high: x.high, y: y.value, y_low: y.low, y_high: y.high});
    }
    return points.length > 1 ? {points, column: columns[sign], width: rows.some((row) => row.cells[sign].half_width)} : null;
  },
  has() { return Boolean(this.points()); },
  fill(section) {
    const {points, column, width} = this.points();
    const up = column.id === 'kappa';
    section.append(report.element('p', {}, 'Each variant by the strongest attacker’s AUC and by how well the sign is kept. Better masks lie ' +
      (up ? 'up' : 'down') + ' and to the left.'));
    const floor = report.data.verdict.floor.auc;
    const scale = report.scales(points.map((point) => point.variant));
    const title = column.title + (width ? ', half width of the limits' : '') + (column.unit ? `, ${column.unit}` : '');
    const x = {field: 'x', type: 'quantitative', title: 'Strongest attacker, AUC', scale: {zero: false}};
    const y = {field: 'y', type: 'quantitative', title, scale: {zero: false}};
    const colour = {field: 'variant', type: 'nominal', scale: scale.colour, title: null};
    report.addChart(section, 'Privacy and utility', (room) => ({
      width: Math.min(room - 90, 640), height: 300, data: {values: points},
      layer: [
        ...(floor ? [{data: {values: [{at: floor.value, name: 'floor'}]}, layer: [
          {mark: {type: 'rule', strokeDash: [5, 4]}, encoding: {x: {field: 'at', type: 'quantitative'}}},
          {mark: {type: 'text', align: 'left', dx: 5, y: 8}, encoding: {x: {field: 'at', type: 'quantitative'}, text: {field: 'name'}}}]}] : []),
        ...report.layersWith(points, 'x_low', {mark: {type: 'rule'},
          encoding: {x: {field: 'x_low', type: 'quantitative', title: x.title}, x2: {field: 'x_high'}, y, color: {...colour, legend: null}}}),
        ...report.layersWith(points, 'y_low', {mark: {type: 'rule'},
          encoding: {x, y: {field: 'y_low', type: 'quantitative', title}, y2: {field: 'y_high'}, color: {...colour, legend: null}}}),
        {mark: {type: 'point', size: 130, filled: true, tooltip: true},
          encoding: {x, y, color: colour, shape: {field: 'variant', type: 'nominal', scale: scale.shape, title: null}}}
      ]
    }));
  }
});
