// What can go wrong on demand.
import { attempt, call, make } from './dom.js';

/** By their names; `settings` with the value offered, `isHubWide` for those of everybody. */
const faults = [
  {
    kind: 'drop-puback',
    title: 'Drop PUBACKs',
    note: 'Messages are taken and not acknowledged.',
    settings: { count: 5 },
  },
  {
    kind: 'delay-puback',
    title: 'Delay PUBACKs',
    note: 'Messages are acknowledged late.',
    settings: { delayMs: 2000, count: 5 },
  },
  { kind: 'cut', title: 'Cut the connection', note: 'As a network does that fails.', settings: {} },
  { kind: 'lose-session', title: 'Lose the session', note: 'Subscriptions are forgotten.', settings: {} },
  {
    kind: 'slow-link',
    title: 'Slow link',
    note: 'Everything takes longer, both ways.',
    settings: { delayMs: 300, durationMs: 60_000 },
  },
  {
    kind: 'restart',
    title: 'Restart the hub',
    note: 'It goes away and comes back.',
    settings: { durationMs: 3000 },
    isHub: true,
  },
  {
    kind: 'throttle',
    title: 'Throttle',
    note: 'REST calls are answered with 429.',
    settings: { durationMs: 30_000 },
    isHubWide: true,
  },
  {
    kind: 'clock-skew',
    title: 'Skew the clock',
    note: "The hub's clock is ahead.",
    settings: { skewMs: 600_000, durationMs: 60_000 },
    isHubWide: true,
  },
];
const units = { count: 'times', delayMs: 'ms delay', durationMs: 'ms long', skewMs: 'ms ahead' };

export function faultPanel({ deviceId, moduleId }) {
  const active = make('ul', { class: 'active-faults' });
  const refresh = async () => {
    const now = await call('/api/faults');
    active.replaceChildren(...now.map((fault) => activeFault(fault, refresh)));
  };
  refresh().catch(() => {});
  const offered = faults.filter(({ isHub, isHubWide }) => (moduleId === undefined ? true : !isHub && !isHubWide));
  return make(
    'div',
    { class: 'form faults' },
    active,
    offered.map((fault) => faultRow(fault, { deviceId, moduleId, refresh })),
  );
}

function faultRow({ kind, title, note, settings, isHubWide }, { deviceId, moduleId, refresh }) {
  const inputs = Object.entries(settings).map(([name, value]) => [
    name,
    make('input', { type: 'number', value: String(value), min: '0', 'aria-label': `${title}: ${units[name]}` }),
  ]);
  const start = make('button', { type: 'button', 'aria-label': title, onclick: () => attempt(start, strike) }, 'Start');
  const strike = async () => {
    const values = Object.fromEntries(
      inputs.filter(([, input]) => input.value !== '').map(([name, input]) => [name, Number(input.value)]),
    );
    const target = isHubWide ? {} : { deviceId, ...(moduleId !== undefined && { moduleId }) };
    await call('/api/faults', { method: 'POST', body: { kind, ...target, ...values } });
    await refresh();
    return `${title}: ${isHubWide ? 'the whole hub' : (moduleId ?? deviceId)}`;
  };
  return make(
    'div',
    { class: 'fault' },
    make('div', {}, make('b', {}, title), make('small', {}, note)),
    make(
      'div',
      { class: 'settings' },
      inputs.map(([name, input]) => make('label', {}, input, units[name])),
      start,
    ),
  );
}

function activeFault({ id, kind, deviceId, moduleId, strikes }, refresh) {
  const whom = deviceId === undefined ? 'everybody' : [deviceId, moduleId].filter(Boolean).join('/');
  const end = make('button', { type: 'button', onclick: () => attempt(end, stop) }, 'End');
  const stop = async () => {
    await call(`/api/faults/${id}`, { method: 'DELETE' });
    await refresh();
  };
  return make('li', {}, make('span', {}, `${kind} for ${whom}, struck ${strikes} times`), end);
}
