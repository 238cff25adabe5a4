// Where the run's time went.
'use strict';
report.add({
  id: 'stages', title: 'Time by stage',
  has: () => report.data.recordings.stages.length > 0,
  fill(section) {
    const {element, short} = report;
    const rows = report.data.recordings.stages.map((row) => ({...row, name: `${row.stage}: ${row.what}`,
      per_frame_ms: row.frames ? 1000 * row.wall_s / row.frames : null}));
    section.append(element('p', {}, 'Sums over all steps of this run, which ran beside each other and perhaps beside other work, so no benchmark; the experiment throughput times masks alone.'));
    const stages = report.distinct(rows.map((row) => row.stage));
    report.addChart(section, 'Time by stage', (room) => ({
      width: Math.max(110, Math.min(room - 240, 680)), height: {step: 20}, data: {values: rows},
      mark: {type: 'bar', tooltip: true},
      encoding: {x: {field: 'wall_s', type: 'quantitative', title: 'seconds'}, y: {field: 'name', type: 'nominal', title: null, sort: rows.map((row) => row.name), axis: {labelLimit: 200}},
        color: {field: 'stage', type: 'nominal', legend: null, scale: {domain: stages, range: stages.map((name, i) => report.palette()[i % 6])}}}
    }));
    const number = (title, name) => ({title, number: true, of: (row) => row[name], show: (row) => short(row[name])});
    section.append(report.tables.sortable('Steps of the run', [
      {title: 'stage', of: (row) => row.stage, show: (row) => row.stage}, {title: 'what', of: (row) => row.what, show: (row) => row.what},
      {title: 'steps', number: true, of: (row) => row.steps, show: (row) => String(row.steps)}, {title: 'frames', number: true, of: (row) => row.frames, show: (row) => String(row.frames)},
      number('wall, s', 'wall_s'), number('processor, s', 'cpu_s'), number('per frame, ms', 'per_frame_ms'), number('peak of the process, MB', 'memory_mb')], rows).node);
  }
});
