// node main.js BROWSER PROFILE PAGE…: opens reports and viewers and says whether everything in them works.
'use strict';
const fs = require('fs');
const path = require('path');
const {launch} = require('./browser.js');
const viewer = require('./viewer.js');

const [program, profile, ...files] = process.argv.slice(2);
const checks = fs.readFileSync(path.join(__dirname, 'checks.js'), 'utf8');

async function report(page) {
  await page.until("document.documentElement && document.documentElement.dataset.ready === 'true'", 60);
  const {wrong, said} = await page.evaluate(checks);
  page.wrong.push(...wrong);
  // The first stop of the keyboard is the way past the head; then its controls can be reached.
  await page.evaluate('document.activeElement.blur()');
  const stops = [];
  for (let i = 0; i < 4; ++i) {
    await page.key('Tab');
    stops.push(await page.evaluate('document.activeElement.id || document.activeElement.className || document.activeElement.tagName'));
  }
  if (!stops.includes('theme') || !stops.includes('print')) page.wrong.push(`the keyboard reaches ${stops} only`);
  return said;
}

(async () => {
  const browser = launch(program, profile);
  let bad = 0;
  for (const file of files) {
    const page = await browser.open(file);
    let said = [];
    try {
      said = await (path.basename(file).startsWith('viewer') ? viewer : report)(page);
    } catch (error) {
      page.wrong.push('the checks broke: ' + error.stack);
    }
    for (const line of page.wrong.slice(0, 40)) console.log('  ' + line);
    console.log(page.wrong.length ? `  ${file}: WRONG` : `  ${file}: all good: ${said.join(', ')}`);
    bad += page.wrong.length > 0;
    await page.close();
  }
  await browser.close();
  process.exit(bad ? 1 : 0);
})().catch((error) => {
  console.error(error.message);
  process.exit(1);
});
