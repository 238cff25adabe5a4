// How distances of the same person and of others are distributed.
'use strict';
report.add({
  id: 'scores', title: 'Distances',
  has: () => report.data.histograms.panels.length > 0,
  fill(section) {
    const {element, distinct} = report;
    const {panels, edges} = report.data.histograms;
    section.append(element('p', {}, 'Comparisons in which both sides enrolled; the area of each distribution is 1.'));
    report.scoreChoice(section, panels, (place, chosen) => {
      for (const panel of chosen) {
        const at = edges[panel.edges], rows = [];
        for (const series of panel.series) {
          const total = series.counts.reduce((sum, count) => sum + count, 0) + series.above;
          if (!total) continue;
          series.counts.forEach((count, i) => {
            if (count) rows.push({series: series.name, low: at[i], high: at[i + 1], density: count / total / (at[i + 1] - at[i])});
          });
        }
        const title = report.panelName(panel);
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
    });
  }
});
