// Original and masks under one play head. All of them stand in one video, so that one decoded frame
// is what every tile shows: they cannot drift apart.
'use strict';
(() => {
  const {data, element, words} = report;
  const isReal = data.dataset.kind === 'real';
  const kind = document.getElementById('kind');
  kind.textContent = isReal ? 'REAL PEOPLE' : 'VIRTUAL PEOPLE — nobody in it is real';
  kind.classList.toggle('real', isReal);
  document.getElementById('title').textContent = data.run;

  const main = document.getElementById('main');
  const video = element('video', {class: 'behind', preload: 'auto', playsinline: true, 'aria-hidden': true, tabindex: -1});
  video.muted = true;
  const notice = element('p', {class: 'notice', role: 'alert', hidden: true});
  const missing = element('p', {class: 'soft'});
  const tiles = element('div', {class: 'tiles', id: 'tiles'});
  let current = null;          // What is shown, of data.videos.
  let canvases = [];           // [{tile, context, figure}…]
  let painted = -1, wanted = 0, target = 0, seeking = false, playing = false, loaded = false;
  const hidden = new Set();    // Variants that are not shown.

  // Frames: what is decoded goes into every tile at once.
  function paint(frame) {
    painted = frame;
    for (const {tile, context} of canvases) {
      const [x, y, width, height] = tile.at;
      context.drawImage(video, x, y, width, height, 0, 0, width, height);
    }
    slider.value = frame;
    const time = `${(frame / current.rate_hz).toFixed(2)} s`;
    slider.setAttribute('aria-valuetext', `frame ${frame}, ${time}`);
    readout.textContent = `frame ${frame} of ${current.frames - 1}, ${time}`;
    if (panel) panel.to(frame);
    document.documentElement.dataset.frame = frame;
  }
  /** The middle of a frame's time, so that rounding of the container's clock finds no neighbour. */
  const middle = (frame) => (frame + 0.5) / current.rate_hz;
  function find(frame) {
    target = frame;
    seeking = true;
    video.currentTime = middle(frame);
  }
  function seek(frame) {
    wanted = Math.max(0, Math.min(current.frames - 1, Math.round(frame)));
    if (loaded && !seeking) find(wanted);
  }
  function step(frames) {
    pause();
    seek((seeking ? wanted : Math.max(0, painted)) + frames);
  }
  video.addEventListener('seeked', () => {
    if (!seeking) return;  // Playing begins again.
    seeking = false;
    paint(target);
    if (wanted !== target) find(wanted);
    else if (playing) start();
  });
  video.addEventListener('loadeddata', () => {
    loaded = true;
    notice.hidden = true;
    seek(wanted);
  });
  video.addEventListener('error', () => {
    notice.textContent = `${current.file} cannot be played: this page needs the folder viewer beside it, and a browser that plays H.264.`;
    notice.hidden = false;
  });

  // Playing: the browser says which frame it has shown.
  const follows = 'requestVideoFrameCallback' in HTMLVideoElement.prototype;
  function follow() {
    const next = (now, facts) => {
      if (!playing || seeking) return;
      const frame = follows ? Math.round(facts.mediaTime * current.rate_hz) : Math.floor(video.currentTime * current.rate_hz);
      if (frame !== painted) paint(Math.max(0, Math.min(current.frames - 1, frame)));
      follow();
    };
    if (follows) video.requestVideoFrameCallback(next);
    else requestAnimationFrame(next);
  }
  function start() {
    video.playbackRate = Number(speed.select.value);
    video.loop = loop.checked;
    const begun = video.play();
    if (begun) begun.catch(() => pause());
    follow();
  }
  function play() {
    if (playing || !loaded) return;
    playing = true;
    say();
    if (painted >= current.frames - 1) seek(0);  // Goes on when it is there.
    else start();
  }
  function pause() {
    if (!playing) return;
    playing = false;
    video.pause();
    say();
    seek(painted);
  }
  video.addEventListener('ended', () => {
    if (!playing) return;
    playing = false;
    say();
    seek(current.frames - 1);
  });

  // Controls.
  const button = (text, label, what, id) => element('button', {type: 'button', 'aria-label': label, title: label, onclick: what, id}, text);
  const player = button('Play', 'Play or pause (Space)', () => playing ? pause() : play(), 'play');
  const say = () => { player.textContent = playing ? 'Pause' : 'Play'; };
  const slider = element('input', {type: 'range', min: 0, max: 1, step: 1, value: 0, id: 'cursor', 'aria-label': 'Play head', oninput: () => {
    pause();
    seek(Number(slider.value));
  }});
  const readout = element('span', {class: 'value', id: 'readout'});
  const speed = report.choice('Speed', [['0.1', '× 0.1'], ['0.25', '× 0.25'], ['0.5', '× 0.5'], ['1', '× 1'], ['2', '× 2']], (value) => { video.playbackRate = Number(value); });
  speed.select.value = '1';
  const loop = element('input', {type: 'checkbox', checked: true, onchange: () => { video.loop = loop.checked; }});
  const size = report.choice('Size', [['fit', 'to the window'], ['large', 'large']], () => arrange());
  const recording = report.choice('Recording', data.videos.map((each, i) => [String(i), each.condition ? `${each.recording} (${words(each.condition)})` : each.recording]), (value) => open(Number(value)));
  const variants = report.distinct(data.videos.flatMap((each) => each.tiles.map((tile) => tile.variant)));
  const shown = element('fieldset', {class: 'checks'}, element('legend', {}, 'Shown'), variants.map((name) => element('label', {},
    element('input', {type: 'checkbox', checked: true, onchange: (event) => {
      if (event.target.checked) hidden.delete(name);
      else hidden.add(name);
      arrange();
      if (panel) panel.redraw();
    }}), name)));

  /** As many columns as it takes for all tiles to fit into some half of the window's height. */
  function arrange() {
    const seen = canvases.filter(({tile}) => !hidden.has(tile.variant));
    for (const {tile, figure} of canvases) figure.hidden = hidden.has(tile.variant);
    if (!seen.length) return;
    const shape = Math.max(...seen.map(({tile}) => tile.at[3] / tile.at[2]));
    const room = tiles.clientWidth, gap = 10, caption = 26;
    const most = size.select.value === 'fit' ? Math.min(480, Math.max(...seen.map(({tile}) => tile.at[2]))) : room;
    const widthOf = (columns) => Math.min(most, (room - gap * (columns - 1)) / columns);
    let columns = Math.min(seen.length, 2);
    if (size.select.value === 'fit') {
      for (columns = 1; columns < seen.length; ++columns) {
        if (Math.ceil(seen.length / columns) * (widthOf(columns) * shape + caption) <= 0.58 * innerHeight) break;
      }
    }
    const width = widthOf(columns);
    // As few columns as these rows need, so that no tile is left alone in the last one.
    columns = Math.ceil(seen.length / Math.ceil(seen.length / columns));
    tiles.style.gridTemplateColumns = `repeat(${columns}, minmax(0, ${width}px))`;
  }
  function open(number) {
    pause();
    current = data.videos[number];
    loaded = seeking = false;
    painted = -1;
    wanted = 0;
    slider.max = current.frames - 1;
    canvases = current.tiles.map((tile) => {
      const canvas = element('canvas', {width: tile.at[2], height: tile.at[3], role: 'img', 'aria-label': `${tile.variant}, ${current.recording}`});
      const figure = element('figure', {'data-variant': tile.variant}, canvas, element('figcaption', {}, tile.variant,
        tile.type === tile.variant ? null : element('span', {class: 'soft'}, ` ${words(tile.type)}`)));
      return {tile, figure, context: canvas.getContext('2d')};
    });
    tiles.replaceChildren(...canvases.map(({figure}) => figure));
    missing.textContent = current.missing.map((one) => `${one.variant}: ${one.why}`).join(' ');
    missing.hidden = !current.missing.length;
    video.src = current.file;
    arrange();
    if (panel) panel.of(current.recording);
  }

  // Traces.
  const traces = data.recordings.traces;
  let panel = traces.length ? report.tracePanel(traces, {drag: true, has: (name) => !hidden.has(name), picked: (frame) => {
    pause();
    seek(frame);
  }}) : null;

  addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.target.closest('select')) return;
    const on = event.target.closest('button, a, summary, input[type="checkbox"]');
    const many = event.shiftKey ? 10 : 1;
    const keys = {ArrowRight: () => step(many), ArrowLeft: () => step(-many), '.': () => step(1), ',': () => step(-1),
      Home: () => { pause(); seek(0); }, End: () => { pause(); seek(current.frames - 1); }};
    if (event.key === ' ' && !on) keys[' '] = () => playing ? pause() : play();
    if (!keys[event.key]) return;
    event.preventDefault();
    keys[event.key]();
  });
  addEventListener('resize', arrange);

  if (data.notice) main.append(element('p', {class: 'notice', role: 'alert'}, data.notice));
  main.append(notice,
    element('div', {class: 'player'},
      element('div', {class: 'controls'}, recording.label, speed.label, size.label, element('label', {class: 'check'}, loop, 'repeat'), shown),
      element('div', {class: 'head'}, player,
        button('◂◂', 'Ten frames back (Shift and left arrow)', () => step(-10)), button('◂', 'One frame back (left arrow)', () => step(-1), 'back'),
        button('▸', 'One frame on (right arrow)', () => step(1), 'on'), button('▸▸', 'Ten frames on (Shift and right arrow)', () => step(10)),
        slider, readout)),
    tiles, missing);
  if (panel) {
    main.append(element('section', {id: 'traces', 'aria-labelledby': 'traces-head'}, element('h2', {id: 'traces-head'}, 'Traces of eyes'),
      element('div', {class: 'controls'}, panel.controls), panel.node));
  } else {
    main.append(element('p', {class: 'soft'}, data.dataset.closed ? 'Traces of people whose originals may not be shown are left out.' : 'No observer of this run measured eyes over time.'));
  }
  main.append(video);
  document.getElementById('footer').append(
    element('p', {}, (data.about_originals ? data.about_originals + ' ' : '') +
      'Pictures are scaled to 480 px at most and encoded once more; what observers saw are the run’s own files. Keys: Space plays, arrows step (Shift: ten frames), Home and End.'),
    element('p', {}, `Made by MaskBench ${data.environment.maskbench}. Not a diagnostic device.`));
  report.frame();
  open(0);
  document.documentElement.dataset.ready = 'true';
  performance.mark('ready');
})();
