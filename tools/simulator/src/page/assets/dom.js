// Small helpers of the page: making elements, calling the simulator, writing numbers.

/**
 * Makes an element. Properties that begin with `on` are listeners; `class`, `aria-*`, `data-*` and unknown ones are
 * attributes. Texts among the children are never read as HTML.
 */
export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === false) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (name === 'value') element.value = value;
    else element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...children.flat().filter((child) => child !== undefined && child !== false));
  return element;
}

export const find = (id) => document.getElementById(id);

/** Puts `text` in, unless it is there: what does not change must not make the browser work. */
export function setText(element, text) {
  if (element.textContent !== String(text)) element.textContent = text;
}

/** Calls the simulator; throws an Error that has its message. */
export async function call(path, { method = 'GET', body } = {}) {
  const response = await fetch(path, {
    method,
    ...(body !== undefined && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  });
  const text = await response.text();
  if (response.ok) return text === '' ? undefined : JSON.parse(text);
  let message = `the simulator answered ${response.status}`;
  try {
    message = JSON.parse(text).error.message;
  } catch {
    // the status has to do
  }
  throw new Error(message);
}

let toastTimer;
/** Tells what happened, for some seconds. */
export function tell(text, isFailure = false) {
  const toast = find('toast');
  toast.textContent = text;
  toast.className = isFailure ? 'shown failed' : 'shown';
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => (toast.className = ''), isFailure ? 9000 : 4000);
}

/** Does something that a button asked for, and tells how it went. */
export async function attempt(button, action) {
  button.disabled = true;
  try {
    const said = await action();
    if (said !== undefined) tell(said);
  } catch (error) {
    tell(error.message, true);
  } finally {
    button.disabled = false;
  }
}

export const shortNumber = (value) =>
  value < 10_000
    ? String(value)
    : new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 }).format(value);

export function rateText(rate) {
  if (rate < 0.05) return '0/s';
  return rate < 10 ? `${rate.toFixed(1)}/s` : `${shortNumber(Math.round(rate))}/s`;
}

export const sizeText = (bytes) => (bytes < 1024 ? `${bytes} B` : `${(bytes / 1024).toFixed(1)} KB`);
