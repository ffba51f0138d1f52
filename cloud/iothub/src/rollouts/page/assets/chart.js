// A line over time with its bounds. Arrow keys walk along it, and the pointer does; the value under the cursor is told.
import { draw, make, numberText, setText, timeText } from './dom.js';

const WIDTH = 320;
const HEIGHT = 72;
const MARGIN = 6;

/** A chart that is drawn anew when what it shows has changed. */
export class Chart {
  element;
  #svg;
  #told;
  #cursor;
  #series;
  #shown = '';
  #index;

  /** @param label what the line is, such as `errors of ring canary` */
  constructor(label) {
    this.#told = make('output', { class: 'told' });
    this.#svg = draw('svg', { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, 'aria-hidden': 'true' });
    this.element = make(
      'div',
      {
        class: 'chart',
        tabindex: '0',
        role: 'group',
        'aria-label': `${label} over time; arrow keys walk along it`,
        onkeydown: (event) => this.#walk(event),
        onpointermove: (event) => this.#point(event),
        onpointerleave: () => this.#leave(),
        onblur: () => this.#leave(),
      },
      this.#svg,
      this.#told,
    );
  }

  /** @param series `{ times, values, minimum?, maximum? }`; values may be null */
  show(series) {
    const text = JSON.stringify(series);
    if (text === this.#shown) return;
    this.#shown = text;
    this.#series = series;
    const scale = scaleOf(series);
    this.#cursor = draw('line', { class: 'cursor', y1: 0, y2: HEIGHT, x1: -9, x2: -9 });
    this.#svg.replaceChildren(...bounds(series, scale), ...lines(series, scale), ...marks(series, scale), this.#cursor);
    if (this.#index !== undefined) this.#choose(Math.min(this.#index, series.values.length - 1));
  }

  #walk(event) {
    const step = { ArrowLeft: -1, ArrowRight: 1, Home: -1e9, End: 1e9 }[event.key];
    if (step === undefined || this.#series === undefined) return;
    event.preventDefault();
    const last = this.#series.values.length - 1;
    this.#choose(Math.max(0, Math.min(last, (this.#index ?? last + 1) + step)));
  }

  #point(event) {
    if (this.#series === undefined) return;
    const { left, width } = this.#svg.getBoundingClientRect();
    const at = ((event.clientX - left) / width) * WIDTH;
    const { x } = scaleOf(this.#series);
    const distances = this.#series.times.map((time) => Math.abs(x(time) - at));
    this.#choose(distances.indexOf(Math.min(...distances)));
  }

  #choose(index) {
    this.#index = index;
    const { times, values } = this.#series;
    if (index < 0) return;
    const x = scaleOf(this.#series).x(times[index]);
    this.#cursor.setAttribute('x1', x);
    this.#cursor.setAttribute('x2', x);
    setText(this.#told, `${timeText(times[index])}: ${numberText(values[index])}`);
  }

  #leave() {
    this.#index = undefined;
    this.#cursor?.setAttribute('x1', -9);
    this.#cursor?.setAttribute('x2', -9);
    setText(this.#told, '');
  }
}

function scaleOf({ times, values, minimum, maximum }) {
  const numbers = [...values.filter((value) => value !== null), minimum, maximum].filter(Number.isFinite);
  const [low, high] = [Math.min(...numbers, 0), Math.max(...numbers)];
  const [first, last] = [times[0] ?? 0, times.at(-1) ?? 0];
  const part = (value, from, to) => (to > from ? (value - from) / (to - from) : 0.5);
  return {
    x: (time) => MARGIN + part(time, first, last) * (WIDTH - 2 * MARGIN),
    y: (value) => HEIGHT - MARGIN - part(value, low, high) * (HEIGHT - 2 * MARGIN),
  };
}

/** What lies beyond a bound is shaded. */
function bounds({ minimum, maximum }, { y }) {
  const rows = [
    [maximum, 0, maximum === undefined ? 0 : y(maximum)],
    [minimum, minimum === undefined ? 0 : y(minimum), HEIGHT],
  ];
  return rows
    .filter(([bound]) => bound !== undefined)
    .flatMap(([bound, top, bottom]) => [
      draw('rect', { class: 'beyond', x: 0, width: WIDTH, y: top, height: Math.max(0, bottom - top) }),
      draw('line', { class: 'bound', x1: 0, x2: WIDTH, y1: y(bound), y2: y(bound) }),
    ]);
}

/** One line for each run of values; where nobody reports, it is interrupted. */
function lines({ times, values }, { x, y }) {
  const runs = [[]];
  for (const [index, value] of values.entries()) {
    if (value === null) runs.push([]);
    else runs.at(-1).push(`${x(times[index]).toFixed(1)},${y(value).toFixed(1)}`);
  }
  return runs.filter((run) => run.length > 1).map((run) => draw('polyline', { class: 'line', points: run.join(' ') }));
}

/** The last value, and each that a gate did not let pass. */
function marks({ times, values, minimum, maximum }, { x, y }) {
  return values.flatMap((value, index) => {
    if (value === null) return [];
    const isBad = value < (minimum ?? -Infinity) || value > (maximum ?? Infinity);
    if (!isBad && index < values.length - 1) return [];
    return [draw('circle', { class: isBad ? 'bad' : 'last', cx: x(times[index]), cy: y(value), r: 3 })];
  });
}
