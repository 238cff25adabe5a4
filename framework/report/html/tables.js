// Tables: the verdict, sortable ones, and all figures with a filter.
'use strict';
report.tables = (() => {
  const {element, short, interval} = report;

  /** Compares cells as numbers where both are, empty ones last. */
  function compare(a, b) {
    const empty = (cell) => cell === null || cell === undefined || cell === '' || Number.isNaN(cell);
    if (empty(a) || empty(b)) return empty(a) - empty(b);
    if (typeof a === 'number' && typeof b === 'number') return a - b;
    return String(a).localeCompare(String(b), 'en', {numeric: true});
  }

  /**
   * A table whose heads sort it. @param columns  [{title, of: (row) => what is sorted by,
   * show: (row) => text or node, number: bool}]. @return {node, show: (rows) => …}
   */
  function sortable(caption, columns, rows, most = 200) {
    let shown = rows, order = null, limit = most;
    const body = element('tbody', {});
    const more = element('button', {type: 'button', class: 'no-print', onclick: () => {
      limit = Infinity;
      fill();
    }});
    const heads = columns.map((column, i) => element('th', {scope: 'col', class: column.number ? 'number' : null},
      element('button', {type: 'button', onclick: () => sort(i)}, column.title)));
    function sort(i) {
      const down = order && order.i === i && !order.down;
      order = {i, down};
      heads.forEach((head, k) => k === i ? head.setAttribute('aria-sort', down ? 'descending' : 'ascending')
        : head.removeAttribute('aria-sort'));
      fill();
    }
    function fill() {
      let list = shown;
      if (order) {
        const of = columns[order.i].of;
        list = shown.map((row) => [of(row), row]).sort((a, b) => {
          const side = compare(a[0], b[0]);
          // Empty cells stay last in both directions.
          const isEmpty = [a[0], b[0]].some((cell) => cell === null || cell === '' || cell === undefined);
          return order.down && !isEmpty ? -side : side;
        }).map((pair) => pair[1]);
      }
      body.replaceChildren(...list.slice(0, limit).map((row) => element('tr', {}, columns.map((column) =>
        element('td', {class: column.number ? 'number' : 'words'}, column.show(row))))));
      more.hidden = list.length <= limit;
      more.textContent = `Show all ${list.length} rows`;
    }
    fill();
    const node = element('div', {},
      element('div', {class: 'scroll', tabindex: 0, role: 'region', 'aria-label': caption},
        element('table', {}, element('caption', {}, caption), element('thead', {}, element('tr', {}, heads)), body)),
      more);
    return {node, show: (list) => { shown = list; limit = most; fill(); }};
  }

  function figureCell(figure) {
    if (!figure) return '';
    const bounds = interval(figure);
    return [element('span', {class: 'value'}, short(figure.value)),
      bounds ? element('span', {class: 'interval'}, ' ' + bounds) : null].filter(Boolean);
  }

  /** A table of the report, pivoted: keys, then figures. */
  function pivoted(table) {
    const source = report[table.of];
    const keys = table.keys.length;
    const rows = table.rows.map((row) => ({
      keys: row.slice(0, keys),
      figures: row.slice(keys).map((index) => index < 0 ? null : source[index])
    }));
    const first = (row) => row.figures.find(Boolean);
    const columns = table.keys.map((key, i) => ({title: report.words(key), of: (row) => row.keys[i], show: (row) => row.keys[i]}));
    table.columns.forEach((title, i) => columns.push({title: report.words(title), number: true,
      of: (row) => row.figures[i] ? row.figures[i].value : null, show: (row) => figureCell(row.figures[i])}));
    columns.push({title: 'n', number: true, of: (row) => first(row) ? first(row).n : null,
      show: (row) => first(row) ? `${first(row).n} ${first(row).n_unit}s` : ''});
    columns.push({title: 'failed', number: true, of: (row) => first(row) ? first(row).n_failed : null,
      show: (row) => first(row) ? String(first(row).n_failed) : ''});
    return sortable(table.title, columns, rows, 30).node;
  }

  const signs = {good: '✓', bad: '✗', open: '?'};
  function verdictCell(cell, column) {
    const figure = cell.figure;
    if (!figure) return element('td', {}, element('span', {class: 'soft'}, '–'));
    const parts = [element('span', {class: 'value'}, short(figure.value) +
      (cell.half_width ? ` ± ${short(cell.half_width.value)}` : ''))];
    const bounds = interval(cell.half_width || figure);
    if (bounds) parts.push(' ', element('span', {class: 'interval'}, (cell.half_width ? '± ' : '') + bounds));
    if (cell.judgement) parts.push(element('br', {}), element('span', {class: 'mark ' + cell.judgement}, `${signs[cell.judgement]} ${cell.said}`));
    const size = `n = ${figure.n} ${figure.n_unit}s` + (figure.failed ? `, ${figure.failed} failed` : '');
    parts.push(element('span', {class: 'note'}, cell.note ? report.words(cell.note) + '; ' + size : size));
    return element('td', {}, parts);
  }
  function verdict(parent) {
    const {columns, rows, floor} = report.data.verdict;
    if (!columns.length) {
      parent.append(element('p', {}, 'This run has no figure that a verdict could rest on.'));
      return;
    }
    const body = rows.map((row) => element('tr', {},
      element('th', {scope: 'row'}, row.variant, row.type === row.variant ? null : element('span', {class: 'type'}, row.type)),
      row.cells.map((cell, i) => verdictCell(cell, columns[i]))));
    if (floor.auc) {
      body.push(element('tr', {}, element('th', {scope: 'row'}, 'the floor', element('span', {class: 'type'}, 'true signs alone')),
        columns.map((column) => {
          const figure = floor[column.id];
          return figure ? verdictCell({figure, note: 'oracle_signs', judgement: ''}, column) : element('td', {});
        })));
    }
    parent.append(element('div', {class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'Verdict'},
      element('table', {class: 'verdict wide'},
        element('caption', {}, 'Signs kept, identity hidden, speed; 95 % intervals in brackets'),
        element('thead', {}, element('tr', {}, element('th', {scope: 'col'}, 'variant'), columns.map((column) =>
          element('th', {scope: 'col'}, column.title, column.unit ? element('span', {class: 'soft'}, `, ${column.unit}`) : null)))),
        element('tbody', {}, body))));
    parent.append(element('details', {}, element('summary', {}, 'What each column is, and how it is judged'),
      element('ul', {class: 'rules'}, columns.map((column) => element('li', {}, element('b', {}, column.title + '. '), column.explanation)))));
  }

  /** Tables that are shown as they are, such as comparisons with published figures. */
  function grid(one) {
    const rows = one.rows;
    return sortable(one.title, one.header.map((title, i) => ({title: title, of: (row) => row[i],
      show: (row) => report.marked(row[i])})), rows, 60).node;
  }

  /** Every figure, with a filter that looks in all columns for all of its words. */
  function allFigures(parent, list) {
    const names = ['experiment', 'variant', 'condition', 'reader', 'recogniser', 'attacker', 'gallery_variant', 'group',
      'metric', 'parameter'].filter((name) => list.some((row) => row[name]));
    const columns = names.map((name) => ({title: report.words(name), of: (row) => row[name], show: (row) => row[name]}));
    for (const name of ['value', 'low', 'high']) {
      columns.push({title: name, number: true, of: (row) => row[name], show: (row) => row[name] === null ? '' : short(row[name])});
    }
    columns.push({title: 'unit', of: (row) => row.unit, show: (row) => row.unit});
    columns.push({title: 'n', number: true, of: (row) => row.n, show: (row) => `${row.n} ${row.n_unit}s`});
    columns.push({title: 'failed', number: true, of: (row) => row.n_failed, show: (row) => String(row.n_failed)});
    const table = sortable(`${list.length} figures`, columns, list, 100);
    const haystack = list.map((row) => names.concat('unit').map((name) => row[name]).join(' ').toLowerCase());
    const count = element('span', {class: 'value', 'aria-live': 'polite', id: 'filter-count'}, `${list.length} figures`);
    const filter = element('input', {type: 'search', id: 'filter', placeholder: 'e.g. digital_mask auc fused', autocomplete: 'off', spellcheck: 'false',
      oninput: () => {
        const wanted = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
        const kept = list.filter((row, i) => wanted.every((word) => haystack[i].includes(word)));
        count.textContent = `${kept.length} of ${list.length} figures`;
        table.show(kept);
      }});
    parent.append(element('div', {class: 'controls'}, element('label', {}, 'Filter: all of these words', filter), count), table.node);
  }

  return {sortable, pivoted, verdict, grid, allFigures, figureCell};
})();
