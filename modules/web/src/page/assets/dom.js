// Small helpers of the page: making elements, finding them, writing numbers.

/** Makes an element; texts are never read as HTML. */
export function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

export const find = (id) => document.getElementById(id);

export const setText = (id, text) => {
  find(id).textContent = text;
};

export const setHidden = (id, hidden) => {
  find(id).hidden = hidden;
};

/** Milliseconds with as many digits as tell something. */
export const figure = (value) => (value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2));
