// Uses the viewer as a doctor would: plays it, steps it, hides a mask. What its tiles show is compared
// with the frames of the video as another program decodes them.
'use strict';
const {spawnSync} = require('child_process');
const fs = require('fs');
const path = require('path');

const kFirst = 64, kLast = 4;

/** The first and the last frames as RGB, by number; null where that program is not installed. */
function decode(file, width, height, count) {
  const run = spawnSync('ffmpeg', ['-v', 'error', '-i', file, '-vf', `select=lt(n\\,${kFirst})+gte(n\\,${count - kLast})`, '-vsync', '0',
    '-f', 'rawvideo', '-pix_fmt', 'rgb24', '-'], {maxBuffer: 2 ** 30});
  if (run.error && run.error.code === 'ENOENT') return null;
  if (run.error || run.status !== 0) throw new Error(`${file} cannot be decoded: ${run.error || run.stderr}`);
  const size = width * height * 3, frames = new Map();
  for (let i = 0; i * size < run.stdout.length; ++i) {
    frames.set(count <= kFirst + kLast || i < kFirst ? i : count - kLast + i - kFirst, run.stdout.subarray(i * size, (i + 1) * size));
  }
  return frames;
}

module.exports = async (page) => {
  const said = [], {evaluate, key, until, wrong} = page;
  const check = (good, what) => { if (!good) wrong.push(what); };
  await until("document.documentElement.dataset.ready === 'true'");
  await until("document.documentElement.dataset.frame === '0'");
  const data = await evaluate("report.data");
  check(data.videos.length > 0, 'the viewer has no video');
  const at = (frame) => until(`document.documentElement.dataset.frame === '${frame}'`);
  const hasTraces = await evaluate("Boolean(document.getElementById('trace-values'))");

  /** Each tile, in grey, one point in every 16. */
  const tiles = () => evaluate(`[...document.querySelectorAll('#tiles canvas')].map((canvas) => {
    const copy = Object.assign(document.createElement('canvas'), {width: canvas.width, height: canvas.height});
    const context = copy.getContext('2d', {willReadFrequently: true});
    context.drawImage(canvas, 0, 0);
    const {data} = context.getImageData(0, 0, canvas.width, canvas.height), grey = [];
    for (let y = 0; y < canvas.height; y += 4) for (let x = 0; x < canvas.width; x += 4) {
      const k = 4 * (y * canvas.width + x);
      grey.push(Math.round((data[k] + data[k + 1] + data[k + 2]) / 3));
    }
    return grey;
  })`);
  let compared = 0;
  async function compare(video, frames, size, frame) {
    if (!frames || !frames.has(frame)) return;
    ++compared;
    const pictures = await tiles();
    check(pictures.length === video.tiles.length, 'a tile is missing');
    video.tiles.forEach((tile, k) => {
      const [left, top, width, height] = tile.at;
      const off = (other) => {
        const picture = frames.get(other);
        let sum = 0, n = 0;
        for (let y = 0; y < height; y += 4) for (let x = 0; x < width; x += 4, ++n) {
          const i = 3 * ((top + y) * size[0] + left + x);
          sum += Math.abs((picture[i] + picture[i + 1] + picture[i + 2]) / 3 - pictures[k][n]);
        }
        return sum / n;
      };
      const here = off(frame);
      check(here < 4, `${tile.variant} differs from frame ${frame} by ${here.toFixed(1)} grey levels`);
      for (let other = frame - 2; other <= frame + 2; ++other) {
        if (!frames.has(other)) continue;
        const there = off(other);
        check(there >= 0.85 * here, `${tile.variant} shows frame ${other} (${there.toFixed(2)}) instead of ${frame} (${here.toFixed(2)})`);
      }
    });
    if (hasTraces) {
      const drawn = await evaluate("report.charts().filter((chart) => chart.view).map((chart) => chart.view.signal('cursor'))");
      check(drawn.every((time) => Math.abs(time * video.rate_hz - frame) < 0.01), `the cursor of a trace is not at frame ${frame}`);
      check((await evaluate("document.getElementById('trace-values').textContent")).includes(`frame ${frame}`), `the values are not those of frame ${frame}`);
    }
  }

  if (hasTraces) {
    await evaluate('report.drawAll()');
    const empty = await evaluate("report.charts().filter((chart) => !chart.place.querySelector('svg .role-mark path')).map((chart) => chart.label)");
    check(empty.length === 0, `these traces are empty: ${empty}`);
  }
  let steps = 0;
  for (let i = 0; i < Math.min(3, data.videos.length); ++i) {
    const video = data.videos[i], last = video.frames - 1;
    if (i > 0) {
      await evaluate(`{const select = document.querySelector('.controls select'); select.value = '${i}'; select.dispatchEvent(new Event('change')); delete document.documentElement.dataset.frame;}`);
      await at(0);
    }
    const size = await evaluate("(({videoWidth, videoHeight}) => [videoWidth, videoHeight])(document.querySelector('video'))");
    const frames = decode(path.join(page.folder, video.file), ...size, video.frames);
    if (frames) check(frames.size === Math.min(video.frames, kFirst + kLast), `${video.file} does not have ${video.frames} frames`);
    let frame = 0;
    // [key, modifiers, frames on]
    for (const [name, modifiers, by] of [['ArrowRight', 0, 1], ['ArrowRight', 0, 1], ['ArrowRight', 8, 10], ['ArrowLeft', 0, -1], ['End', 0, last], ['ArrowLeft', 0, -1], ['Home', 0, -last], ['ArrowLeft', 0, -1]]) {
      await key(name, modifiers);
      frame = Math.max(0, Math.min(last, frame + by));
      await at(frame);
      await compare(video, frames, size, frame);
      ++steps;
    }
    // Several keys at once end where they should.
    await Promise.all([key('ArrowRight'), key('ArrowRight'), key('ArrowRight')]);
    await at(Math.min(3, last));
    if (last < 10) continue;
    await key('Home');
    await at(0);
    await evaluate("{const speed = [...document.querySelectorAll('.controls select')][1]; speed.value = '0.5'; speed.dispatchEvent(new Event('change'));}");
    await key(' ');
    await until('Number(document.documentElement.dataset.frame) > 2');
    await key(' ');
    await until("!document.querySelector('video').seeking");
    await new Promise((resolve) => setTimeout(resolve, 300));
    const now = Number(await evaluate('document.documentElement.dataset.frame'));
    check(await evaluate("document.querySelector('video').paused"), 'it does not pause');
    await compare(video, frames, size, now);
  }
  said.push(`${data.videos.length} videos of ${data.videos[0].tiles.length} tiles`, `${steps} steps`, `${compared} pictures compared`);

  // A variant can be hidden, in tiles and traces.
  const count = () => evaluate("[...document.querySelectorAll('#tiles figure')].filter((figure) => figure.offsetWidth > 0).length");
  const before = await count();
  await evaluate("document.querySelector('.checks input').click()");
  check(await count() === before - 1, 'a variant cannot be hidden');
  await evaluate("document.querySelector('.checks input').click()");
  // The theme, and everything within the window.
  const ground = () => evaluate('getComputedStyle(document.body).backgroundColor');
  const light = await ground();
  await evaluate("document.getElementById('theme').click()");
  check(await ground() !== light, 'the theme button does nothing');
  check(await evaluate('document.documentElement.scrollWidth <= innerWidth'), 'the page is wider than the window');
  // No video that the page does not know lies beside it.
  const known = new Set(data.videos.map((video) => path.basename(video.file)));
  const strange = fs.readdirSync(path.join(page.folder, 'viewer')).filter((name) => !known.has(name));
  check(strange.length === 0, `the page does not know ${strange}`);
  said.push(`ready after ${Math.round(await evaluate("performance.getEntriesByName('ready')[0].startTime"))} ms`);
  return said;
};
