// The panel for one module or device: its twin, a message to send, a method to call, faults.
import { attempt, call, find, make, setText, tell } from './dom.js';
import { faultPanel } from './faults.js';
import { statusOf } from './picture.js';

const tabs = ['Twin', 'Send', 'Method', 'Faults'];

/** Made anew when another module or device is chosen; what is typed in meanwhile stays. */
export class Detail {
  #shown = '';
  #tab = 'Twin';
  #facts;

  show(device, module) {
    const key = `${device.deviceId}\n${module?.moduleId ?? ''}`;
    if (key !== this.#shown) {
      this.#shown = key;
      this.#build({ deviceId: device.deviceId, moduleId: module?.moduleId, isEdge: device.isEdge });
    }
    setText(this.#facts, factsOf(device, module));
  }

  /** Shows a panel anew, such as after another module was chosen. */
  #build(target) {
    this.#facts = make('p', { class: 'facts' });
    const body = make('div', { class: 'panel', role: 'tabpanel', id: 'panel', tabindex: '-1' });
    const offered = tabs.filter(
      (tab) => tab !== 'Send' || (target.isEdge && target.moduleId?.startsWith('$') !== true),
    );
    const buttons = offered.map((tab) =>
      make('button', { type: 'button', role: 'tab', id: `tab-${tab}`, 'aria-controls': 'panel' }, tab),
    );
    const choose = (index, isFocused) => {
      this.#tab = offered[index];
      buttons.forEach((button, at) => {
        button.setAttribute('aria-selected', String(at === index));
        button.tabIndex = at === index ? 0 : -1;
      });
      body.setAttribute('aria-labelledby', buttons[index].id);
      if (isFocused) buttons[index].focus();
      body.replaceChildren(panels[this.#tab](target));
    };
    buttons.forEach((button, at) => {
      button.addEventListener('click', () => choose(at, false));
      button.addEventListener('keydown', ({ key }) => {
        const step = { ArrowRight: 1, ArrowLeft: -1 }[key];
        if (step !== undefined) choose((at + step + buttons.length) % buttons.length, true);
      });
    });
    find('detail').replaceChildren(
      make(
        'header',
        {},
        make('h2', {}, target.moduleId ?? target.deviceId),
        make('span', { class: 'kind' }, target.moduleId === undefined ? 'device' : 'module'),
      ),
      this.#facts,
      make('div', { class: 'tabs', role: 'tablist', 'aria-label': 'What to do' }, buttons),
      body,
    );
    choose(Math.max(0, offered.indexOf(this.#tab)), false);
  }
}

const panels = { Twin: twinPanel, Send: sendPanel, Method: methodPanel, Faults: faultPanel };

function factsOf(device, module) {
  if (module === undefined) {
    const isUp = device.isEdge ? device.isOnline !== false : device.isConnected;
    const kind = device.isEdge
      ? `edge device${device.gateway === undefined ? '' : `, edgeHub at ${device.gateway}`}`
      : 'device';
    return `${kind}, ${isUp ? 'online' : 'not connected'}${device.isEnabled ? '' : ', disabled'}`;
  }
  const { text } = statusOf(module);
  const restarts = module.restartCount > 0 ? `, restarted ${module.restartCount} times` : '';
  const why =
    module.description === undefined || module.description === 'running' || module.description === ''
      ? ''
      : `: ${module.description}`;
  return `${text}${restarts}${why}`;
}

function twinPanel({ deviceId, moduleId }) {
  const path = `/page/api/twins/${encodeURIComponent(deviceId)}${moduleId === undefined ? '' : `/${encodeURIComponent(moduleId)}`}`;
  const desired = make('textarea', { id: 'desired', rows: '11', spellcheck: 'false' });
  const tags = make('textarea', { id: 'tags', rows: '4', spellcheck: 'false' });
  const reported = make('pre', { tabindex: '0', 'aria-label': 'Reported properties' });
  let version = 0;
  const fill = (twin) => {
    version = twin.version;
    desired.value = JSON.stringify(twin.desired, undefined, 2);
    tags.value = JSON.stringify(twin.tags ?? {}, undefined, 2);
    reported.textContent = JSON.stringify(twin.reported, undefined, 2);
  };
  const load = make(
    'button',
    { type: 'button', onclick: () => attempt(load, async () => fill(await call(path))) },
    'Load again',
  );
  const save = make('button', { type: 'button', class: 'primary', onclick: () => attempt(save, store) }, 'Save');
  const store = async () => {
    const body = { desired: parse(desired.value, 'the desired properties'), version };
    if (moduleId === undefined) body.tags = parse(tags.value, 'the tags');
    fill(await call(path, { method: 'PUT', body }));
    return `Saved the twin of ${moduleId ?? deviceId}, desired version ${version}`;
  };
  call(path).then(fill, (error) => tell(error.message, true));
  return make(
    'div',
    { class: 'form' },
    make('label', { for: 'desired' }, 'Desired properties'),
    desired,
    ...(moduleId === undefined ? [make('label', { for: 'tags' }, 'Tags'), tags] : []),
    make('div', { class: 'actions' }, save, load),
    make('span', { class: 'label' }, 'Reported properties'),
    reported,
  );
}

function sendPanel({ deviceId, moduleId }) {
  const module = make('input', { id: 'as', value: moduleId ?? 'sensor', autocomplete: 'off' });
  const output = make('input', { id: 'output', value: 'output1', autocomplete: 'off' });
  const body = make('textarea', { id: 'body', rows: '7', spellcheck: 'false' });
  body.value = '{\n  "temperature": 21.5\n}';
  const properties = make('textarea', {
    id: 'properties',
    rows: '3',
    spellcheck: 'false',
    placeholder: 'name=value, one a line',
  });
  const type = make('input', { id: 'type', value: 'application/json', autocomplete: 'off' });
  const send = make('button', { type: 'button', class: 'primary', onclick: () => attempt(send, post) }, 'Send');
  const post = async () => {
    const pairs = properties.value
      .split('\n')
      .filter((line) => line.trim() !== '')
      .map((line) => line.split(/=(.*)/s).slice(0, 2));
    if (pairs.some((pair) => pair.length < 2)) throw new Error('a property is written as name=value, one a line');
    const request = {
      deviceId,
      moduleId: module.value,
      output: output.value,
      body: body.value,
      contentType: type.value,
    };
    await call('/page/api/messages', { method: 'POST', body: { ...request, properties: Object.fromEntries(pairs) } });
    return `Sent as ${module.value}; edgeHub confirmed it`;
  };
  const asModule = moduleId === undefined ? [make('label', { for: 'as' }, 'As module'), module] : [];
  const note =
    moduleId === undefined
      ? 'A module of this name is made if there is none.'
      : 'A module that is connected itself loses its connection for a moment: edgeHub keeps one for each.';
  return make(
    'div',
    { class: 'form' },
    ...asModule,
    make('label', { for: 'output' }, 'Output'),
    output,
    make('label', { for: 'body' }, 'Body'),
    body,
    make('label', { for: 'type' }, 'Content type'),
    type,
    make('label', { for: 'properties' }, 'Properties'),
    properties,
    make('div', { class: 'actions' }, send),
    make('p', { class: 'note' }, note),
  );
}

function methodPanel({ deviceId, moduleId }) {
  const name = make('input', {
    id: 'method',
    autocomplete: 'off',
    value: moduleId === '$edgeAgent' ? 'ping' : '',
    placeholder: 'name',
  });
  const payload = make('textarea', { id: 'payload', rows: '6', spellcheck: 'false' });
  payload.value = moduleId === '$edgeAgent' ? 'null' : '{}';
  const seconds = make('input', { id: 'seconds', type: 'number', min: '1', max: '300', value: '30' });
  const answer = make('pre', { tabindex: '0', 'aria-label': 'Answer', 'aria-live': 'polite' }, 'not called yet');
  const invoke = make('button', { type: 'button', class: 'primary', onclick: () => attempt(invoke, post) }, 'Call');
  const post = async () => {
    if (name.value.trim() === '') throw new Error('name the method');
    const body = {
      deviceId,
      methodName: name.value.trim(),
      payload: parse(payload.value || 'null', 'the payload'),
      responseTimeoutMs: Number(seconds.value) * 1000,
    };
    if (moduleId !== undefined) body.moduleId = moduleId;
    answer.textContent = 'waiting…';
    try {
      const result = await call('/api/methods', { method: 'POST', body });
      answer.textContent = `status ${result.status}\n${JSON.stringify(result.payload, undefined, 2) ?? ''}`;
    } catch (error) {
      answer.textContent = error.message;
      throw error;
    }
  };
  return make(
    'div',
    { class: 'form' },
    make('label', { for: 'method' }, 'Method'),
    name,
    make('label', { for: 'payload' }, 'Payload'),
    payload,
    make('label', { for: 'seconds' }, 'Seconds to wait for the answer'),
    seconds,
    make('div', { class: 'actions' }, invoke),
    make('span', { class: 'label' }, 'Answer'),
    answer,
  );
}

function parse(text, what) {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`${what}: ${error.message}`, { cause: error });
  }
}
