// The page of rollouts. It follows one stream of events, and draws what comes.
import { dateText, find, make, setText, timeText } from './dom.js';
import { Rings } from './ring.js';

const rings = new Rings();
let events;
let chosen;

function follow(name) {
  events?.close();
  chosen = name;
  events = new EventSource(name === undefined ? '/events' : `/events?name=${encodeURIComponent(name)}`);
  events.addEventListener('state', ({ data }) => {
    setLink('live', 'good');
    show(JSON.parse(data));
  });
  events.addEventListener('trouble', ({ data }) => setLink(JSON.parse(data), 'bad'));
  events.addEventListener('error', () => setLink('`edgewright rollout page` does not answer', 'bad'));
}

function setLink(text, kind) {
  setText(find('link'), text);
  find('link').className = `pill ${kind}`;
}

function show({ rollouts, view }) {
  showList(rollouts, view?.name);
  if (view === undefined) return;
  document.title = `${view.name}: ${view.state}`;
  setText(find('name'), view.name);
  const badge = find('state');
  badge.hidden = false;
  badge.dataset.state = view.state;
  setText(badge, view.state.replace('-', ' '));
  setText(find('reason'), view.reason);
  setText(find('updated'), `last act or look: ${dateText(view.updatedTime)}`);
  rings.show(view);
  showActs(view.acts);
}

function showList(rollouts, shown) {
  const list = find('rollouts');
  const text = JSON.stringify(rollouts.map(({ name }) => name));
  if (list.dataset.shown !== text) {
    list.dataset.shown = text;
    list.replaceChildren(
      ...rollouts.map(({ name }) =>
        make(
          'li',
          {},
          make(
            'button',
            { type: 'button', 'data-name': name, onclick: () => follow(name) },
            make('span', {}, name),
            make('span', { class: 'soft' }),
          ),
        ),
      ),
    );
  }
  for (const [index, item] of [...list.children].entries()) {
    const button = item.firstElementChild;
    button.setAttribute('aria-current', String(button.dataset.name === (chosen ?? shown)));
    setText(button.lastElementChild, rollouts[index].state.replace('-', ' '));
  }
}

function showActs(acts) {
  const list = find('acts');
  const text = `${find('name').textContent} ${acts.length} ${acts.at(-1)?.time}`;
  if (list.dataset.shown === text) return;
  list.dataset.shown = text;
  list.replaceChildren(
    ...acts
      .toReversed()
      .map(({ time, act, details }) =>
        make(
          'li',
          {},
          make('time', { datetime: new Date(time).toISOString() }, timeText(time)),
          make('span', {}, details === '' ? act : `${act}: ${details}`),
        ),
      ),
  );
}

follow();
