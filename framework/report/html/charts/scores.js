// How distances of the same person and of others are distributed.
'use strict';
report.add({
  id: 'scores', title: 'Distances',
  has: () => report.data.histograms.panels.length > 0,
  fill(section) {
    const {element, distinct, words} = report;
    const {panels, edges} = report.data.histograms;
    section.append(element('p', {}, 'Comparisons in which both sides enrolled; the area of each distribution is 1.'));
    const state = {};
    const place = element('div', {class: 'grid'});
    const show = () => {
      place.replaceChildren();
      const chosen = panels.filter((panel) => panel.picture === state.picture && panel.recogniser === state.recogniser && panel.attacker === state.attacker);
      if (!chosen.length) place.append(element('p', {}, 'This attacker has no scores with this recogniser.'));
      for (const panel of chosen) {
        const at = edges[panel.edges], rows = [];
        for (const series of panel.series) {
          const total = series.counts.reduce((sum, count) => sum + count, 0) + series.above;
          if (!total) continue;
          series.counts.forEach((count, i) => {
            if (count) rows.push({series: series.name, low: at[i], high: at[i + 1], density: count / total / (at[i + 1] - at[i])});
          });
        }
        const title = panel.attacker === 'cross_mask' ? `${panel.variant} → ${panel.gallery_variant}` : panel.variant;
        const cell = element('div', {});
        place.append(cell);
        if (!rows.length) {
          cell.append(element('p', {}, `${title}: no comparison in which both sides enrolled.`));
          continue;
        }
        const names = distinct(panel.series.map((series) => series.name));
        report.addChart(cell, `Distances, ${title}`, (room) => ({
          title: {text: title, limit: room - 10}, width: Math.min(room - 70, 360), height: 150, data: {values: rows},
          mark: {type: 'bar', opacity: 0.62, binSpacing: 0, tooltip: true},
          encoding: {x: {field: 'low', type: 'quantitative', title: `${panel.metric}, ${panel.unit}`, bin: {binned: true}}, x2: {field: 'high'},
            y: {field: 'density', type: 'quantitative', title: 'density', stack: null},
            color: {field: 'series', type: 'nominal', title: null, scale: {domain: names, range: names.map((name, i) => report.palette()[i === 0 ? 1 : 0])}}}
        }));
      }
      report.drawWhenNear();
    };
    const controls = element('div', {class: 'controls'});
    for (const [key, label] of [['picture', 'Pairing'], ['attacker', 'Attacker'], ['recogniser', 'Recogniser']]) {
      const names = distinct(panels.map((panel) => panel[key]));
      state[key] = ['different_session', 'mask_to_mask', 'mask_to_face'].find((name) => names.includes(name)) || names[0];
      const made = report.choice(label, names.map((name) => [name, words(name)]), (value) => { state[key] = value; show(); });
      made.select.value = state[key];
      controls.append(made.label);
    }
    section.append(controls, place);
    show();
  }
});
