// Small helpers of the page: making elements, finding them, writing numbers and times.

const SVG = 'http://www.w3.org/2000/svg';

/** Makes an element. Properties that begin with `on` are listeners, others attributes; texts are never read as HTML. */
export const make = (tag, properties = {}, ...children) => fill(document.createElement(tag), { properties, children });

/** The same for pictures. */
export const draw = (tag, properties = {}, ...children) =>
  fill(document.createElementNS(SVG, tag), { properties, children });

function fill(element, { properties, children }) {
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === false) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...children.flat().filter((child) => child !== undefined && child !== false));
  return element;
}

export const find = (id) => document.getElementById(id);

/** Puts `text` in, unless it is there: what does not change must not make the browser work, nor be read out again. */
export function setText(element, text) {
  if (element.textContent !== String(text)) element.textContent = text;
}

/** Four digits are enough to judge a gate. */
export const numberText = (value) => (value === null ? 'not reported' : String(Number(value.toPrecision(4))));

export const timeText = (time) => new Date(time).toLocaleTimeString(undefined, { hour12: false });

export const dateText = (time) => new Date(time).toLocaleString(undefined, { hour12: false });
