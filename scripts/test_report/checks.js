// Uses the page as a reader would. Gives {wrong, said}.
'use strict';
(async () => {
  const said = [], wrong = [];
  const check = (good, what) => { if (!good) wrong.push(what); };
  const change = (control, value, kind) => {
    control.value = value;
    control.dispatchEvent(new Event(kind || 'change', {bubbles: true}));
  };
  try {
    check(document.documentElement.dataset.ready === 'true', 'the scripts did not come to their end');
    check(/VIRTUAL|REAL/.test(document.title), 'the title does not say what people these are');
    const sections = [...document.querySelectorAll('main > section')];
    check(sections.length >= 4, 'parts are missing');
    check(document.querySelectorAll('nav a').length === sections.length, 'the parts and their links differ');
    for (const link of document.querySelectorAll('nav a')) check(document.querySelector(link.getAttribute('href')), 'a link leads nowhere');

    // Every chart, in both themes, has marks.
    for (const theme of ['light', 'dark']) {
      document.documentElement.dataset.theme = theme;
      await report.drawAll();
      for (const chart of report.charts()) {
        const marks = chart.place.querySelectorAll('svg .role-mark path, svg .role-mark line, svg .role-mark rect');
        check(marks.length > 0, `the chart "${chart.label}" is empty in the ${theme} theme`);
        check(!/NaN|undefined/.test(chart.place.innerHTML), `the chart "${chart.label}" has broken numbers`);
      }
    }
    said.push(`${report.charts().length} charts`);
    const button = document.getElementById('theme');
    button.click();
    check(document.documentElement.dataset.theme === 'light', 'the theme button does nothing');

    // Every choice can be made, and leaves a chart or a sentence.
    let choices = 0;
    for (const section of sections) {
      for (const select of section.querySelectorAll('.controls select')) {
        const before = select.value;
        for (const option of select.options) {
          change(select, option.value);
          await report.drawAll();
          ++choices;
        }
        change(select, before);
      }
    }
    await report.drawAll();
    said.push(`${choices} choices`);

    // Sorting, both ways.
    let sorted = 0;
    for (const table of document.querySelectorAll('#figures table')) {
      const heads = [...table.querySelectorAll('thead th')];
      const at = heads.findIndex((head) => head.textContent.trim() === 'value');
      const numbers = () => [...table.querySelectorAll('tbody tr')].map((row) => row.children[at].textContent).filter(Boolean).map(Number);
      for (const sign of [1, -1]) {
        heads[at].querySelector('button').click();
        const list = numbers();
        check(list.every((value, i) => i === 0 || sign * (value - list[i - 1]) >= 0), 'a column does not sort');
        check(heads[at].getAttribute('aria-sort') === (sign > 0 ? 'ascending' : 'descending'), 'a sorted column does not say so');
        ++sorted;
      }
    }
    const filter = document.getElementById('filter');
    if (filter) {
      check(sorted === 2, 'the table of figures cannot be sorted');
      const metric = report.figures[0].metric;
      change(filter, metric, 'input');
      const expected = report.figures.filter((row) => Object.values(row).some((cell) => String(cell).toLowerCase().includes(metric))).length;
      check(parseInt(document.getElementById('filter-count').textContent, 10) <= expected && expected > 0, 'the filter does not filter');
      change(filter, 'no such word anywhere', 'input');
      check(document.querySelectorAll('#figures tbody tr').length === 0, 'the filter keeps rows without its words');
      change(filter, '', 'input');
    }

    // The cursor.
    const cursor = document.getElementById('cursor');
    if (cursor) {
      change(cursor, Math.round(cursor.max / 2), 'input');
      const text = document.getElementById('trace-values').textContent;
      check(text.includes(`frame ${Math.round(cursor.max / 2)}`), 'the cursor does not move');
      const views = report.charts().filter((chart) => chart.view && /^Trace/.test(chart.label)).map((chart) => chart.view);
      const at = views.map((view) => view.signal('cursor'));
      check(views.length > 0 && at.every((time) => time === at[0] && time > 0), 'the cursors of traces differ');
      said.push('cursor');
    }

    // Nothing leaves the page, nothing came from outside.
    check(performance.getEntriesByType('resource').filter((entry) => !/^(data|blob):/.test(entry.name)).length === 0, 'something was loaded');
    check(document.querySelectorAll('main img[onerror], main script').length === 0, 'text became markup');
    check(document.documentElement.scrollWidth <= innerWidth, `the page is wider than the window: ${document.documentElement.scrollWidth} px`);
    const timing = performance.getEntriesByType('navigation')[0];
    said.push(`ready after ${Math.round(performance.getEntriesByName('ready')[0] ? performance.getEntriesByName('ready')[0].startTime : timing.domContentLoadedEventEnd)} ms`);
  } catch (error) {
    wrong.push('the checks broke: ' + error.stack);
  }
  return {wrong, said};
})();
