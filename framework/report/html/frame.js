// What surrounds both pages: theme, width, printing.
'use strict';
report.frame = () => {
  const root = document.documentElement, button = document.getElementById('theme');
  // As the system has it, until the button says otherwise.
  const say = () => { button.textContent = report.isDark() ? 'Light' : 'Dark'; button.setAttribute('aria-label', `Switch to the ${report.isDark() ? 'light' : 'dark'} theme`); };
  button.addEventListener('click', () => {
    root.dataset.theme = report.isDark() ? 'light' : 'dark';
    say();
    report.redrawSeen();
  });
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => { say(); report.redrawSeen(); });
  say();
  let width = innerWidth, timer = 0;
  addEventListener('resize', () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      if (innerWidth === width) return;
      width = innerWidth;
      report.redrawSeen();
    }, 150);
  });
  addEventListener('beforeprint', () => { report.setPrinting(true); report.drawAll(); });
  addEventListener('afterprint', () => { report.setPrinting(false); report.redrawSeen(); });
  const printer = document.getElementById('print');
  if (printer) printer.addEventListener('click', () => print());
};
