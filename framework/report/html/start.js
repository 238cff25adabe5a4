// Parts that are no charts, and their order on the page.
'use strict';
(() => {
  const {data, element, marked, add, parts, tables, words} = report;
  const isReal = data.dataset.kind === 'real';

  // First screen.
  const kind = document.getElementById('kind');
  kind.textContent = isReal ? 'REAL PEOPLE' : 'VIRTUAL PEOPLE — nobody in it is real';
  kind.classList.toggle('real', isReal);
  document.getElementById('title').textContent = data.run;
  const name = data.dataset.closed ? 'A data set whose originals may not be shown, so it has no name here'
    : [data.dataset.name, data.dataset.version].join(' ') + (data.dataset.title ? ': ' + data.dataset.title : '');
  document.getElementById('subtitle').textContent = name;

  if (data.viewer) document.querySelector('.tools').prepend(element('a', {class: 'button', href: 'viewer.html'}, 'Viewer'));

  function first(section) {
    if (data.notice) section.append(element('p', {class: 'notice', role: 'alert'}, data.notice));
    if (data.nodes.missing > 0) {
      section.append(element('p', {class: 'notice'}, `The run is not complete: ${data.nodes.missing} of ${data.nodes.planned} steps are missing.`));
    }
    if (data.run_notes) section.append(element('p', {}, marked(data.run_notes)));
    if (data.lacks) section.append(element('p', {}, element('strong', {}, data.lacks)));
    const fact = (term, value) => element('div', {}, element('dt', {}, term), element('dd', {}, String(value)));
    section.append(element('dl', {class: 'facts'}, fact('people', data.dataset.subjects), fact('recordings', data.dataset.recordings),
      fact('variants', data.variants.length), fact('cases', data.cases.planned), fact('cases failed', data.cases.failed), fact('seed', data.seed)));
    tables.verdict(section);
    if (data.grids.length) section.append(element('p', {class: 'soft'}, 'Published figures and this run’s side by side: ', element('a', {href: '#published'}, 'Paper and measured'), '.'));
  }
  const grids = () => data.grids.map((one) => [element('h3', {}, one.title), element('p', {}, marked(one.explanation)), tables.grid(one)]);

  const chartParts = parts.splice(0);
  const named = (id) => chartParts.find((part) => part.id === id);
  add({id: 'verdict', title: 'Verdict', has: () => true, fill: first});
  add({id: 'published', title: 'Paper and measured', has: () => data.grids.length > 0, fill: (section) => section.append(...grids().flat())});
  add({id: 'picture', title: 'Pictures', has: () => Boolean(data.picture), fill: (section) => section.append(
    element('p', {}, 'The middle frame of one recording per person, columns, under each variant, rows.' + (data.dataset.closed ? ' Originals may not be shown.' : '')),
    element('div', {class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'Pictures of the variants'},
      element('img', {class: 'sheet', src: data.picture, alt: 'The middle frame of one recording per person under each variant'})))});
  for (const id of ['front', 'kappa', 'confusion', 'agreement', 'traces', 'attackers', 'cmc', 'roc', 'scores', 'linkability']) add(named(id));
  add({id: 'failures', title: 'Failures', has: () => true, fill(section) {
    if (!data.failures.length) section.append(element('p', {}, 'No step failed.'));
    else {
      section.append(element('p', {}, 'Each is counted in every denominator.'), tables.sortable(`${data.failures.length} failed steps`,
        ['recording', 'variant', 'stage', 'observer', 'reason'].map((key) => ({title: key, of: (row) => row[key], show: (row) => row[key]})), data.failures, 50).node);
    }
    const worst = data.recordings.worst;
    if (worst.length) {
      const pictured = worst.filter((one) => one.picture);
      section.append(element('h3', {}, 'Signs that moved most'), element('p', {}, 'Masked against original, read the same way, in units of the variant’s own spread.' +
        (pictured.length ? ' The picture shows the original above the mask, in a frame that moved as the value did.' : '')),
        element('ul', {class: 'cards', id: 'worst'}, worst.map((one) => element('li', {}, one.picture ? element('img', {src: one.picture,
          alt: `Frame ${one.frame} of ${one.recording}: original, and under ${one.variant}`}) : null,
          element('span', {class: 'head'}, `${one.variant}, ${words(one.measure)}${one.eye ? ', ' + one.eye + ' eye' : ''}`),
          `${report.short(one.original)} → ${report.short(one.masked)} ${words(one.unit)}` + (one.truth === null ? '' : ` (truth ${report.short(one.truth)})`),
          element('br', {}), element('span', {class: 'soft'}, `${one.recording}${one.picture ? `, frame ${one.frame}` : ''}, read by ${one.observer}`)))));
    }
    if (data.notes.length) {
      section.append(element('h3', {}, 'What the methods noted'), tables.sortable('Notes', ['variant', 'note'].map((key) => ({title: key, of: (row) => row[key], show: (row) => row[key]}))
        .concat({title: 'cases', number: true, of: (row) => row.cases, show: (row) => String(row.cases)}), data.notes, 15).node);
    }
  }});
  add(named('stages'));
  add({id: 'tables', title: 'Tables', has: () => data.tables.length > 0, fill(section) {
    for (const table of data.tables) {
      section.append(element('details', {}, element('summary', {}, `${table.title} (${words(table.experiment)})`),
        element('p', {class: 'soft'}, marked(table.explanation)), tables.pivoted(table)));
    }
  }});
  add({id: 'figures', title: 'All figures', has: () => report.figures.length > 0, fill: (section) => tables.allFigures(section, report.figures)});
  add({id: 'repeat', title: 'Environment and repeating it', has: () => true, fill(section) {
    const rows = [];
    for (const [key, value] of Object.entries(data.environment)) {
      if (value !== null && typeof value === 'object') for (const [inner, each] of Object.entries(value)) rows.push([`${key} ${inner}`, String(each)]);
      else rows.push([key, String(value)]);
    }
    const config = JSON.stringify(data.config, null, 2);
    section.append(element('p', {}, 'Save the configuration below as run.json', data.dataset.closed ? ', put in the manifest that is withheld here,' : '',
      ' and run this with the same version, assets and weights; equal seeds give equal figures, whatever the number of workers. Secrets are stated as fingerprints and have to be put in again.'),
      element('pre', {}, `maskbench run run.json --out OUT`),
      element('details', {}, element('summary', {}, 'Configuration, with every default'), element('pre', {}, config)),
      element('details', {}, element('summary', {}, 'Variants'), tables.sortable('Variants', [
        {title: 'name', of: (row) => row.name, show: (row) => row.name}, {title: 'method', of: (row) => row.type, show: (row) => row.type},
        {title: 'version', number: true, of: (row) => row.version, show: (row) => String(row.version)},
        {title: 'options', of: (row) => JSON.stringify(row.options), show: (row) => element('code', {}, JSON.stringify(row.options))}], data.variants).node),
      element('details', {}, element('summary', {}, 'Machine, libraries and weights'), tables.sortable('Environment', [
        {title: 'fact', of: (row) => row[0], show: (row) => row[0]}, {title: 'value', of: (row) => row[1], show: (row) => row[1]}], rows).node));
    if (data.licences) section.append(element('details', {}, element('summary', {}, 'Licences of the charts’ library'), element('pre', {}, data.licences)));
  }});

  const main = document.getElementById('main');
  const list = element('ul', {});
  for (const part of parts) {
    if (!part || !part.has()) continue;
    const section = element('section', {id: part.id, 'aria-labelledby': part.id + '-head'}, element('h2', {id: part.id + '-head'}, part.title));
    main.append(section);
    list.append(element('li', {}, element('a', {href: '#' + part.id}, part.title)));
    part.fill(section);
  }
  document.getElementById('nav').append(list);
  document.getElementById('footer').append(element('p', {}, 'Made by MaskBench ' + (data.environment.maskbench || '') +
    '. Not a diagnostic device; attackers are there to judge masks, on virtual or consenting people.'));
  report.drawWhenNear();

  report.frame();
  document.documentElement.dataset.ready = 'true';
  performance.mark('ready');
})();
