// A ring: how many of its devices are in which state, and its gates over time.
import { Chart } from './chart.js';
import { draw, find, make, numberText, setText } from './dom.js';

const STATES = ['ready', 'pending', 'failed', 'offline'];
const MEANINGS = {
  ready: 'have the change',
  pending: 'not yet',
  failed: 'failed to apply it',
  offline: 'not connected',
};

/** The card of a ring; it is kept while the rollout is shown, so that focus stays where it is. */
export class Ring {
  element;
  #state = make('span', { class: 'badge' });
  #size = make('span', { class: 'soft' });
  #bar = draw('svg', { class: 'bar', viewBox: '0 0 100 1', preserveAspectRatio: 'none', role: 'img' });
  #legend = make('ul', { class: 'legend' });
  #gates = make('div', { class: 'gates' });
  #ready;
  #charts = new Map();
  #name;

  constructor(name) {
    this.#name = name;
    this.#ready = new Chart(`share of ring ${name} that has the change`);
    this.element = make(
      'section',
      { class: 'card ring', 'aria-label': `Ring ${name}`, 'data-ring': name },
      make('header', {}, make('h2', {}, name), this.#state, this.#size),
      this.#bar,
      this.#legend,
      this.#gates,
    );
  }

  show(ring) {
    setText(this.#state, ring.state.replace('-', ' '));
    this.#state.dataset.state = ring.state;
    setText(this.#size, `${ring.devices} ${ring.devices === 1 ? 'device' : 'devices'}`);
    this.#showCounts(ring);
    this.#showGates(ring);
  }

  #showCounts({ counts, devices }) {
    const text = JSON.stringify(counts ?? devices);
    if (this.#bar.dataset.shown === text) return;
    this.#bar.dataset.shown = text;
    const shown = STATES.filter((state) => (counts?.[state] ?? 0) > 0);
    let x = 0;
    this.#bar.replaceChildren(
      ...shown.map((state) => {
        const width = (counts[state] / Math.max(1, devices)) * 100;
        x += width;
        return draw('rect', { class: state, x: x - width, y: 0, width, height: 1 });
      }),
    );
    const words = shown.map((state) => `${counts[state]} ${MEANINGS[state]}`);
    this.#bar.setAttribute('aria-label', words.join(', ') || 'not looked at');
    this.#legend.replaceChildren(...shown.map((state, index) => make('li', { class: state }, words[index])));
  }

  #showGates({ ready, gates }) {
    const rows = [
      ...(ready.values.length === 0
        ? []
        : [{ gate: 'share that has the change', value: ready.values.at(-1), passed: true, ...ready }]),
      ...gates,
    ];
    for (const row of rows) {
      const kept = this.#charts.get(row.gate) ?? this.#addGate(row.gate);
      kept.card.dataset.passed = String(row.passed);
      setText(kept.value, `${numberText(row.value)}${row.passed ? '' : ' – failed'}`);
      setText(kept.bound, boundText(row));
      kept.chart.show(row);
    }
  }

  #addGate(gate) {
    const chart = this.#charts.size === 0 ? this.#ready : new Chart(`${gate} of ring ${this.#name}`);
    const [value, bound] = [make('strong', {}), make('span', { class: 'soft' })];
    const card = make('div', { class: 'gate', 'data-gate': gate }, make('h3', {}, gate), value, bound, chart.element);
    this.#gates.append(card);
    const kept = { chart, value, bound, card };
    this.#charts.set(gate, kept);
    return kept;
  }
}

function boundText({ minimum, maximum }) {
  if (minimum !== undefined && maximum !== undefined) return `from ${numberText(minimum)} to ${numberText(maximum)}`;
  if (minimum !== undefined) return `at least ${numberText(minimum)}`;
  return maximum === undefined ? '' : `at most ${numberText(maximum)}`;
}

/** The cards of a rollout's rings, made anew when another rollout is shown. */
export class Rings {
  #rollout;
  #rings = new Map();

  show({ name, rings }) {
    if (name !== this.#rollout) {
      this.#rollout = name;
      this.#rings = new Map(rings.map((ring) => [ring.name, new Ring(ring.name)]));
      find('rings').replaceChildren(...[...this.#rings.values()].map(({ element }) => element));
    }
    for (const ring of rings) this.#rings.get(ring.name)?.show(ring);
  }
}
