// What readers said, as counts.
'use strict';
report.add({
  id: 'confusion', title: 'Readings',
  has: () => report.data.recordings.readings.length > 0,
  fill(section) {
    const {element, distinct, words} = report;
    const all = report.data.recordings.readings;
    section.append(element('p', {}, 'Eyes by what a reader said: rows are the original (or the truth), columns the variant. Equal answers are bold.'));
    const place = element('div', {class: 'grid'});
    const state = {};
    const show = () => {
      place.replaceChildren();
      for (const one of all) {
        if (one.reader !== state.reader || one.variant !== state.variant || one.against !== state.against) continue;
        const order = ['absent', 'present', 'unknown'];
        const sort = (list) => distinct(list).sort((a, b) => (order.indexOf(a) + 9) % 9 - (order.indexOf(b) + 9) % 9 || a.localeCompare(b));
        const first = sort(one.cells.map((cell) => cell[0])), second = sort(one.cells.map((cell) => cell[1]));
        const count = (a, b) => (one.cells.find((cell) => cell[0] === a && cell[1] === b) || [0, 0, 0])[2];
        place.append(element('div', {class: 'scroll'}, element('table', {class: 'matrix'},
          element('caption', {}, `${words(one.condition)}; columns: ${one.variant}`),
          element('thead', {}, element('tr', {}, element('th', {scope: 'col'}, `${one.against} ↓`), second.map((b) => element('th', {scope: 'col'}, words(b))))),
          element('tbody', {}, first.map((a) => element('tr', {}, element('th', {scope: 'row'}, words(a)),
            second.map((b) => element('td', {class: a === b ? 'same' : null}, String(count(a, b))))))))));
      }
      if (!place.children.length) place.append(element('p', {}, 'Nothing to compare.'));
    };
    const controls = element('div', {class: 'controls'});
    for (const [key, label] of [['reader', 'Reader'], ['variant', 'Variant'], ['against', 'Against']]) {
      const options = distinct(all.map((one) => one[key]));
      const start = key === 'variant' ? options.find((name) => name !== report.data.recordings.reference) || options[0]
        : key === 'against' && options.includes('original') ? 'original' : options[0];
      state[key] = start;
      const made = report.choice(label, options.map((name) => [name, name]), (value) => { state[key] = value; show(); });
      made.select.value = start;
      controls.append(made.label);
    }
    section.append(controls, place);
    show();
  }
});
