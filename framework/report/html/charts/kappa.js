// κ of diagnoses from the original and from the variant.
'use strict';
report.add({
  id: 'kappa', title: 'Diagnoses: κ',
  rows: () => report.figures.filter((figure) => figure.metric === 'presence_kappa' && figure.group === '' && figure.value !== null),
  has() { return this.rows().length > 0; },
  fill(section) {
    const rows = this.rows().map((figure) => ({...figure, condition: report.words(figure.condition) || 'all'}));
    section.append(report.element('p', {}, 'Cohen’s κ of the presence of each condition, per eye, with 95 % intervals over patients. ' +
      'The dotted line is 0.8. A variant that is the original read again shows the ceiling.'));
    const names = report.distinct(rows.map((row) => row.variant));
    const scale = report.scales(names);
    const y = {field: 'variant', type: 'nominal', title: null, sort: names};
    for (const reader of report.distinct(rows.map((row) => row.reader))) {
      const values = rows.filter((row) => row.reader === reader);
      report.addChart(section, `κ, reader ${reader}`, (room) => ({
        title: reader ? `Reader ${reader}` : '', data: {values},
        facet: {row: {field: 'condition', type: 'nominal', title: null, header: {labelAngle: 0, labelAlign: 'left', labelAnchor: 'start', labelOrient: 'top', labelFontWeight: 600}}},
        spacing: 8,
        spec: {width: Math.min(room - 190, 620), height: {step: 20}, layer: [
          {mark: {type: 'rule', strokeDash: [2, 3]}, encoding: {x: {datum: 0.8, type: 'quantitative'}}},
          ...report.layersWith(values, 'low', {mark: {type: 'rule', strokeWidth: 2, clip: true},
            encoding: {y, x: {field: 'low', type: 'quantitative'}, x2: {field: 'high'}, color: {field: 'variant', type: 'nominal', scale: scale.colour, legend: null}}}),
          {mark: {type: 'point', filled: true, size: 80, tooltip: true, clip: true},
            encoding: {y, x: {field: 'value', type: 'quantitative', title: 'κ', scale: {domainMin: Math.min(0, ...values.map((row) => row.low ?? row.value)), domainMax: 1}},
              shape: {field: 'variant', type: 'nominal', scale: scale.shape, legend: null},
              color: {field: 'variant', type: 'nominal', scale: scale.colour, legend: null}}}
        ]}
      }));
    }
  }
});
