// What the last requests took. Kept in the page alone.
import { figure, find, make, setHidden, setText } from './dom.js';

const MAX_REQUESTS = 20;
const requests = [];

/** Notes a request: `{ time, status, modelMs, totalMs }`, of which `modelMs` may be NaN. */
export function note(request) {
  requests.unshift(request);
  requests.length = Math.min(requests.length, MAX_REQUESTS);
  const slowest = Math.max(...requests.map(({ totalMs }) => totalMs));
  find('history')
    .querySelector('tbody')
    .replaceChildren(...requests.map((each) => row(each, slowest)));
  setHidden('history', false);
  const sorted = requests.map(({ totalMs }) => totalMs).toSorted((a, b) => a - b);
  const middle = sorted[Math.floor((sorted.length - 1) / 2)];
  setText('latency', `The last ${requests.length}: ${figure(sorted[0])} ms at best, ${figure(middle)} ms in the middle, ${figure(slowest)} ms at worst, from this browser and back.`); // prettier-ignore
}

function row({ time, status, modelMs, totalMs }, slowest) {
  const failed = typeof status !== 'number' || status >= 400;
  const bar = make('span', { className: 'bar' });
  // through the object model: the policy of the page allows no style attributes
  bar.style.width = `${(100 * totalMs) / slowest}%`;
  return make(
    'tr',
    {},
    make('td', {}, time.toLocaleTimeString(undefined, { hour12: false })),
    make('td', { className: failed ? 'failed-status' : '' }, String(status)),
    make('td', { className: 'figure' }, Number.isNaN(modelMs) ? '–' : figure(modelMs)),
    make('td', { className: 'figure' }, figure(totalMs)),
    make('td', {}, bar),
  );
}
