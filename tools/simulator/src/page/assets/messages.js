// The messages as they pass.
import { find, make, setText, sizeText } from './dom.js';

const MAX_ROWS = 300;

export class Messages {
  #rows = [];
  #isPaused = false;
  #seen = 0;
  #notShown = 0;

  constructor() {
    find('filter').addEventListener('input', () => this.#filter());
    find('clear').addEventListener('click', () => {
      this.#rows = [];
      find('list').replaceChildren();
      this.#count();
    });
    find('pause').addEventListener('click', ({ currentTarget }) => {
      this.#isPaused = !this.#isPaused;
      currentTarget.setAttribute('aria-pressed', String(this.#isPaused));
      setText(currentTarget, this.#isPaused ? 'Go on' : 'Pause');
    });
  }

  add({ messages, notShown }) {
    this.#seen += messages.length + notShown;
    this.#notShown += notShown;
    if (this.#isPaused) {
      this.#notShown += messages.length;
      this.#count();
      return;
    }
    const wanted = this.#wanted();
    for (const message of messages) {
      const text =
        `${message.from} ${message.output} ${message.routes.join(' ')} ${JSON.stringify(message.properties)} ${message.body}`.toLowerCase();
      const element = row(message);
      element.hidden = !text.includes(wanted);
      find('list').prepend(element);
      this.#rows.unshift({ element, text });
    }
    for (const { element } of this.#rows.splice(MAX_ROWS)) element.remove();
    this.#count();
  }

  #wanted() {
    return find('filter').value.trim().toLowerCase();
  }

  #filter() {
    const wanted = this.#wanted();
    for (const { element, text } of this.#rows) element.hidden = !text.includes(wanted);
  }

  #count() {
    find('list-empty').hidden = this.#rows.length > 0;
    const notShown = this.#notShown > 0 ? `, ${this.#notShown} of them not shown` : '';
    setText(find('messages-count'), this.#seen === 0 ? '' : `${this.#seen} since the page was opened${notShown}`);
  }
}

function row(message) {
  const routes =
    message.routes.length === 0
      ? [make('span', { class: 'tag dropped' }, 'dropped: no route')]
      : message.routes.map((route) => make('span', { class: 'tag' }, route));
  const summary = make(
    'summary',
    {},
    make('time', { datetime: message.time }, message.time.slice(11, 23)),
    make(
      'span',
      { class: 'from', title: message.from },
      message.from.slice(message.from.indexOf('/') + 1),
      message.output === '' ? '' : make('i', {}, ` / ${message.output}`),
    ),
    make('span', { class: 'tags' }, routes),
    make('span', { class: 'size' }, sizeText(message.sizeBytes)),
    make('code', {}, message.isText ? message.body.slice(0, 160) : message.body.slice(0, 60)),
  );
  const details = make('details', {}, summary);
  // what nobody opens is never made
  details.addEventListener(
    'toggle',
    () => details.open && details.children.length === 1 && details.append(whole(message)),
    {
      once: true,
    },
  );
  return make('li', {}, details);
}

function whole(message) {
  const pairs = [
    ...Object.entries(message.properties),
    ...Object.entries(message.systemProperties).map(([k, v]) => [`$${k}`, v]),
  ];
  return make(
    'div',
    { class: 'whole' },
    make(
      'pre',
      { tabindex: '0', 'aria-label': 'Body' },
      message.isText ? pretty(message.body) : `${message.body} (hexadecimal)`,
    ),
    pairs.length === 0
      ? make('p', { class: 'facts' }, 'no properties')
      : make(
          'table',
          { 'aria-label': 'Properties' },
          pairs.map(([name, value]) => make('tr', {}, make('th', { scope: 'row' }, name), make('td', {}, value ?? ''))),
        ),
  );
}

function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), undefined, 2);
  } catch {
    return text;
  }
}
