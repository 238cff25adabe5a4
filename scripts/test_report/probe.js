// Notes what goes wrong from the first script on.
'use strict';
window.wrong = [];
addEventListener('error', (event) => window.wrong.push('error: ' + event.message), true);
addEventListener('unhandledrejection', (event) => window.wrong.push('rejection: ' + event.reason));
addEventListener('securitypolicyviolation', (event) => window.wrong.push('asked for ' + event.blockedURI));
for (const level of ['error', 'warn']) {
  const plain = console[level].bind(console);
  console[level] = (...what) => {
    window.wrong.push(level + ': ' + what.map(String).join(' '));
    plain(...what);
  };
}
window.alert = () => window.wrong.push('an alert: text became markup');
