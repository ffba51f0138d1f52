// The page of the simulator. It follows one stream of events, and draws what comes.
import { attempt, call, find, make, rateText, setText, shortNumber } from './dom.js';
import { Detail } from './detail.js';
import { Messages } from './messages.js';
import { Picture } from './picture.js';

const state = { snapshot: undefined, before: undefined, deviceId: undefined, moduleId: undefined };
const messages = new Messages();
const detail = new Detail();
const picture = new Picture((moduleId) => {
  state.moduleId = state.moduleId === moduleId ? undefined : moduleId;
  show();
});

/** Messages a second, from what was counted between two snapshots. */
function ratesOf(device) {
  const { snapshot, before } = state;
  const seconds = before === undefined ? 0 : (snapshot.takenAt - before.takenAt) / 1000;
  const older = before?.devices.find(({ deviceId }) => deviceId === device.deviceId);
  const rate = (now, then) => (seconds > 0 && then !== undefined ? Math.max(0, now - then) / seconds : 0);
  return {
    module: (id) => {
      const [now, then] = [device, older].map((one) => one?.modules.find(({ moduleId }) => moduleId === id));
      return { taken: rate(now?.taken ?? 0, then?.taken), sent: rate(now?.sent ?? 0, then?.sent) };
    },
    route: (_deviceId, route) => {
      const [now, then] = [device, older].map((one) => one?.routes.find(({ name }) => name === route));
      return rate(now?.count ?? 0, then?.count);
    },
    upstream: () => rate(device.upstreamSent, older?.upstreamSent),
    all: () => rate(takenBy(device), older === undefined ? undefined : takenBy(older)),
  };
}

const takenBy = (device) => device.modules.reduce((sum, { taken }) => sum + taken, device.leafTaken);
const queuedAt = (device) => device.modules.reduce((sum, { queued }) => sum + queued, device.upstreamQueued);

function show() {
  const { snapshot } = state;
  if (snapshot === undefined) return;
  const device = snapshot.devices.find(({ deviceId }) => deviceId === state.deviceId) ?? snapshot.devices[0];
  state.deviceId = device?.deviceId;
  setText(find('host'), snapshot.hubHostName);
  setText(find('meter-devices'), snapshot.deviceCount);
  setText(find('meter-telemetry'), shortNumber(snapshot.telemetry));
  setText(find('meter-queued'), shortNumber(snapshot.devices.reduce((sum, one) => sum + queuedAt(one), 0)));
  const all = snapshot.devices.reduce((sum, one) => sum + ratesOf(one).all(), 0);
  setText(find('meter-rate'), rateText(all).replace('/s', ''));
  showDevices(snapshot);
  if (device === undefined) {
    showNothing();
    return;
  }
  setText(find('device-name'), device.deviceId);
  const kinds = device.modules.filter(({ moduleId }) => !moduleId.startsWith('$')).length;
  setText(
    find('device-facts'),
    device.isEdge
      ? `${kinds} modules, ${device.routes.length} routes, ${device.dropped} without a route`
      : 'sends to the hub itself',
  );
  showOnline(device);
  const module = device.modules.find(({ moduleId }) => moduleId === state.moduleId);
  if (module === undefined) state.moduleId = undefined;
  picture.show(device, { rates: ratesOf(device), selected: state.moduleId });
  showSystem(device);
  detail.show(device, module);
}

function showNothing() {
  setText(find('device-name'), 'No device yet');
  find('picture').replaceChildren(
    make(
      'div',
      { class: 'empty' },
      make('p', {}, 'Make one with'),
      make('code', {}, 'edgewright sim device create -d edge-1 --edge'),
    ),
  );
}

function showOnline(device) {
  const button = find('online');
  button.hidden = device.isOnline === undefined;
  setText(button, device.isOnline === false ? 'Go online' : 'Go offline');
  state.online = async () => {
    const path = `/api/devices/${encodeURIComponent(device.deviceId)}/online`;
    const online = device.isOnline === false;
    await call(path, { method: 'PUT', body: { online } });
    return online ? `${device.deviceId} is online again` : `${device.deviceId} is offline: messages for the hub wait`;
  };
}

/** The device itself and its system modules, for the panel. */
function showSystem(device) {
  const names = [undefined, ...device.modules.map(({ moduleId }) => moduleId).filter((id) => id.startsWith('$'))];
  const key = `${device.deviceId} ${names.join(' ')}`;
  let bar = find('system');
  if (bar?.dataset.key !== key) {
    bar?.remove();
    const buttons = names.map((id) =>
      make(
        'button',
        {
          type: 'button',
          'data-id': id ?? '',
          onclick: () => {
            state.moduleId = id;
            show();
          },
        },
        id ?? 'device',
      ),
    );
    bar = make(
      'div',
      { id: 'system', class: 'system', 'data-key': key, role: 'group', 'aria-label': 'Device and system modules' },
      buttons,
    );
    find('picture').after(bar);
  }
  for (const button of bar.children)
    button.setAttribute('aria-pressed', String(button.dataset.id === (state.moduleId ?? '')));
}

function showDevices(snapshot) {
  const list = find('devices');
  const wanted = find('find').value.trim().toLowerCase();
  const present = new Map([...list.children].map((item) => [item.dataset.id, item]));
  for (const device of snapshot.devices) {
    const item = present.get(device.deviceId) ?? deviceItem(device);
    present.delete(device.deviceId);
    if (item.parentNode === null) list.append(item);
    item.hidden = !device.deviceId.toLowerCase().includes(wanted);
    const button = item.firstElementChild;
    button.setAttribute('aria-current', String(device.deviceId === state.deviceId));
    const isUp = device.isEdge ? device.isOnline !== false : device.isConnected;
    button.dataset.status = !device.isEnabled ? 'idle' : isUp ? 'good' : device.isEdge ? 'bad' : 'idle';
    const queued = queuedAt(device);
    setText(
      button.querySelector('.sub'),
      `${device.isEdge ? 'edge' : 'device'} · ${rateText(ratesOf(device).all())}${queued > 0 ? ` · ${shortNumber(queued)} waiting` : ''}`,
    );
  }
  for (const item of present.values()) item.remove();
}

function deviceItem({ deviceId }) {
  const choose = () => {
    state.deviceId = deviceId;
    state.moduleId = undefined;
    show();
  };
  return make(
    'li',
    { 'data-id': deviceId },
    make(
      'button',
      { type: 'button', onclick: choose },
      make('span', { class: 'name' }, deviceId),
      make('span', { class: 'sub' }),
    ),
  );
}

function follow() {
  const events = new EventSource('/page/api/events');
  const link = find('link');
  events.addEventListener('open', () => {
    setText(link, 'live');
    link.className = 'pill good';
  });
  events.addEventListener('error', () => {
    setText(link, 'the simulator does not answer');
    link.className = 'pill bad';
  });
  events.addEventListener('snapshot', ({ data }) => {
    state.before = state.snapshot;
    state.snapshot = JSON.parse(data);
    show();
  });
  events.addEventListener('messages', ({ data }) => messages.add(JSON.parse(data)));
}

find('find').addEventListener('input', show);
find('online').addEventListener('click', ({ currentTarget }) => void attempt(currentTarget, state.online));
follow();
