// A headless Chromium by its debugging pipe: a page is opened, used with real keys, and everything
// that goes wrong in it is noted. Needs nothing but Node.
'use strict';
const {spawn} = require('child_process');
const fs = require('fs');
const path = require('path');

/** Starts a browser. @return {open(file), close()} */
exports.launch = (program, profile) => {
  const browser = spawn(program, ['--headless', '--no-sandbox', '--disable-gpu', '--hide-scrollbars', '--window-size=1280,900',
    '--no-first-run', '--disable-background-networking', '--allow-file-access-from-files', `--user-data-dir=${profile}`,
    '--remote-debugging-pipe', 'about:blank'], {stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe']});
  const [, , , out, back] = browser.stdio;
  let last = 0, rest = Buffer.alloc(0), gone = null;
  const waiting = new Map(), listeners = [];
  back.on('data', (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    for (let end; (end = rest.indexOf(0)) >= 0; rest = rest.subarray(end + 1)) {
      const message = JSON.parse(rest.subarray(0, end).toString());
      const answer = waiting.get(message.id);
      if (!answer) {
        for (const listener of listeners) listener(message);
        continue;
      }
      waiting.delete(message.id);
      if (message.error) answer.reject(new Error(message.error.message));
      else answer.resolve(message.result);
    }
  });
  browser.on('exit', (code) => {
    gone = new Error(`the browser ended with ${code}`);
    for (const answer of waiting.values()) answer.reject(gone);
  });
  out.on('error', () => {});
  const send = (method, params = {}, sessionId) => new Promise((resolve, reject) => {
    if (gone) return reject(gone);
    waiting.set(++last, {resolve, reject});
    out.write(JSON.stringify({id: last, method, params, sessionId}) + '\0');
  });

  /** Opens a file. @return {wrong, evaluate, key, until, folder, close} */
  async function open(file) {
    const {targetId} = await send('Target.createTarget', {url: 'about:blank', width: 1280, height: 900});
    const {sessionId} = await send('Target.attachToTarget', {targetId, flatten: true});
    const call = (method, params) => send(method, params, sessionId);
    const url = 'file://' + encodeURI(path.resolve(file));
    const beside = url.slice(0, url.lastIndexOf('/') + 1) + 'viewer/';
    const wrong = [];
    listeners.push((message) => {
      if (message.sessionId !== sessionId) return;
      const {method, params} = message;
      if (method === 'Runtime.exceptionThrown') {
        const {text, exception} = params.exceptionDetails;
        wrong.push('error: ' + text + ' ' + (exception && exception.description || ''));
      }
      if (method === 'Runtime.consoleAPICalled' && ['error', 'warning', 'assert'].includes(params.type)) {
        wrong.push(`${params.type}: ` + params.args.map((each) => each.value || each.description).join(' '));
      }
      if (method === 'Log.entryAdded' && ['error', 'warning'].includes(params.entry.level)) wrong.push(`${params.entry.level}: ${params.entry.text}`);
      if (method === 'Network.requestWillBeSent') {
        const asked = params.request.url;
        if (asked !== url && !/^(data|blob):/.test(asked) && !asked.startsWith(beside)) wrong.push('asked for ' + asked);
      }
      if (method === 'Page.javascriptDialogOpening') wrong.push('a dialog: text became markup');
    });
    for (const domain of ['Page', 'Runtime', 'Log', 'Network']) await call(domain + '.enable');
    await call('Page.navigate', {url});

    /** What an expression gives, promises awaited. */
    async function evaluate(expression) {
      const {result, exceptionDetails} = await call('Runtime.evaluate', {expression, awaitPromise: true, returnByValue: true});
      if (exceptionDetails) throw new Error((exceptionDetails.exception && exceptionDetails.exception.description) || exceptionDetails.text);
      return result.value;
    }
    /** Waits until an expression is true. */
    async function until(expression, seconds = 20) {
      for (const end = Date.now() + 1000 * seconds; Date.now() < end;) {
        if (await evaluate(expression)) return;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      throw new Error(`not within ${seconds} s: ${expression}`);
    }
    /** A key of the keyboard, as a person presses it. @param modifiers  8: Shift */
    async function key(name, modifiers = 0) {
      const codes = {ArrowLeft: 37, ArrowRight: 39, Home: 36, End: 35, ' ': 32, Tab: 9, Enter: 13};
      const text = {' ': ' ', Enter: '\r'}[name];
      const event = {key: name, code: name === ' ' ? 'Space' : name, windowsVirtualKeyCode: codes[name], modifiers, text};
      await call('Input.dispatchKeyEvent', {type: text ? 'keyDown' : 'rawKeyDown', ...event});
      await call('Input.dispatchKeyEvent', {type: 'keyUp', ...event});
    }
    async function screenshot(name) {
      const {data} = await call('Page.captureScreenshot', {format: 'png'});
      fs.writeFileSync(name, Buffer.from(data, 'base64'));
    }
    await until("location.protocol === 'file:' && document.documentElement && document.readyState === 'complete'", 60);
    return {wrong, evaluate, until, key, call, screenshot, folder: path.dirname(path.resolve(file)),
      close: () => send('Target.closeTarget', {targetId})};
  }
  return {open, close: () => new Promise((resolve) => {
    browser.on('exit', resolve);
    if (gone) resolve();
    send('Browser.close').catch(() => {});
    setTimeout(() => browser.kill(), 5000).unref();
  })};
};
