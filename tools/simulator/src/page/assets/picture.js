// The live picture of one device: its modules as boxes, its routes as lines, with rates and queue lengths.
import { find, make, rateText, setText, shortNumber } from './dom.js';
import { ANY, HUB, layOut, TWINS } from './layout.js';

const SVG = 'http://www.w3.org/2000/svg';
/** So many messages may be under way without anything being late. */
const MANY = 10;
const captions = { [ANY]: 'any client', [TWINS]: 'twin changes', [HUB]: 'IoT Hub' };

/** Draws the picture when what is in it has changed, and else only writes the numbers anew. */
export class Picture {
  #drawn = '';
  #boxes = new Map();
  #links = new Map();
  #onSelect;

  constructor(onSelect) {
    this.#onSelect = onSelect;
  }

  /** @param rates messages a second, as `rates.js` has them */
  show(device, { rates, selected }) {
    const modules = device.modules.map(({ moduleId }) => moduleId).filter((id) => !id.startsWith('$'));
    const shape = JSON.stringify([
      device.deviceId,
      modules,
      device.routes.map(({ name, text, to }) => [name, text, to]),
    ]);
    if (shape !== this.#drawn) {
      this.#drawn = shape;
      this.#draw(device, modules);
    }
    for (const module of device.modules) this.#showModule(module, rates, selected);
    this.#showHub(device, rates);
    for (const { line, label, routes } of this.#links.values()) {
      const rate = routes.reduce((sum, name) => sum + rates.route(device.deviceId, name), 0);
      const queued = Math.max(
        0,
        ...device.routes.filter(({ name }) => routes.includes(name)).map((route) => route.queued),
      );
      line.classList.toggle('flows', rate > 0.05);
      setText(label, `${rateText(rate)}${queued >= MANY ? `\n${shortNumber(queued)} waiting` : ''}`);
      label.classList.toggle('waits', queued >= MANY);
    }
  }

  #draw(device, modules) {
    const { places, size, box, links } = layOut(modules, device.routes);
    const canvas = find('picture');
    const focused = document.activeElement?.dataset?.module;
    canvas.replaceChildren();
    this.#boxes.clear();
    this.#links.clear();
    const stage = make('div', { class: 'stage' });
    stage.style.width = `${size.width}px`;
    stage.style.height = `${size.height}px`;
    const svg = document.createElementNS(SVG, 'svg');
    svg.setAttribute('viewBox', `0 0 ${size.width} ${size.height}`);
    svg.setAttribute('aria-hidden', 'true');
    stage.append(svg);
    for (const { key, path, label, routes } of links) {
      const line = document.createElementNS(SVG, 'path');
      line.setAttribute('d', path);
      line.setAttribute('class', 'route');
      const tip = document.createElementNS(SVG, 'path');
      const [x, y] = path.split(' ').slice(-2).map(Number);
      tip.setAttribute('d', `M${x} ${y - 5}l7 5-7 5z`);
      tip.setAttribute('class', 'tip');
      svg.append(line, tip);
      const names = routes.join(', ');
      const text = make('span', {});
      const tag = make('span', { class: 'route-label', title: names }, make('b', {}, names), text);
      tag.style.left = `${label.x}px`;
      tag.style.top = `${label.y}px`;
      stage.append(tag);
      this.#links.set(key, { line, label: text, routes });
    }
    for (const [name, { x, y }] of places) stage.append(this.#box(name, { x, y, ...box }));
    canvas.append(stage);
    // a picture that is a little too wide is made smaller; one that is far too wide scrolls
    stage.style.zoom = String(Math.min(1, Math.max(0.7, (canvas.clientWidth - 24) / size.width)));
    if (focused !== undefined) this.#boxes.get(focused)?.element.focus();
  }

  #box(name, { x, y, width, height }) {
    const caption = make('span', { class: 'name' }, captions[name] ?? name);
    const state = make('span', { class: 'state' });
    const queue = make('span', { class: 'queue' });
    const numbers = make('span', { class: 'numbers' });
    const isModule = captions[name] === undefined;
    const element = isModule
      ? make('button', { type: 'button', class: 'box', 'data-module': name, onclick: () => this.#onSelect(name) })
      : make('div', { class: name === HUB ? 'box hub' : 'box source' });
    element.append(make('span', { class: 'row' }, caption, state), make('span', { class: 'row' }, numbers, queue));
    Object.assign(element.style, { left: `${x}px`, top: `${y}px`, width: `${width}px`, height: `${height}px` });
    this.#boxes.set(name, { element, state, numbers, queue });
    return element;
  }

  #showModule(module, rates, selected) {
    const box = this.#boxes.get(module.moduleId);
    if (box === undefined) return;
    const { key, text } = statusOf(module);
    box.element.dataset.status = key;
    showState(box.state, { key, text });
    box.element.setAttribute('aria-pressed', String(selected === module.moduleId));
    const { taken, sent } = rates.module(module.moduleId);
    setText(box.numbers, `in ${rateText(sent)}   out ${rateText(taken)}`);
    showQueue(box.queue, module.queued);
  }

  #showHub(device, rates) {
    const hub = this.#boxes.get(HUB);
    if (hub === undefined) return;
    const isOnline = device.isOnline !== false;
    hub.element.dataset.status = isOnline ? 'good' : 'bad';
    showState(hub.state, isOnline ? { key: 'good', text: 'online' } : { key: 'bad', text: 'offline' });
    setText(hub.numbers, `in ${rateText(rates.upstream())}`);
    showQueue(hub.queue, device.upstreamQueued);
    for (const name of [ANY, TWINS]) setText(this.#boxes.get(name)?.numbers ?? make('i'), 'as the route says');
  }
}

/** A tick for what is as it should be: the name needs the room. */
function showState(element, { key, text }) {
  setText(element, key === 'good' ? '✓' : text === 'not connected' ? '○' : text);
  element.title = text;
  element.setAttribute('aria-label', text);
  element.setAttribute('role', 'img');
}

function showQueue(element, queued) {
  setText(element, queued === 0 ? '' : `${shortNumber(queued)} waiting`);
  element.classList.toggle('waits', queued >= MANY);
}

/** How a module fares, in a word. */
export function statusOf({ status, isConnected, restartCount = 0 }) {
  if (status === 'failed' || status === 'unhealthy') return { key: 'bad', text: status };
  if (status === 'backoff') return { key: 'warn', text: `backoff (${restartCount})` };
  if (status === 'stopped') return { key: 'idle', text: 'stopped' };
  if (isConnected) return { key: 'good', text: 'connected' };
  return status === 'running' ? { key: 'warn', text: 'running' } : { key: 'idle', text: 'not connected' };
}
