// The page of a scoring service: what it takes and gives, and a form to try it. It speaks to the service that it came from alone.
import { figure, find, make, setHidden, setText } from './dom.js';
import { note } from './history.js';
import { readDocument, rowsOf } from './schema.js';

const MAX_SHOWN = 100_000;
/** What stands for a larger file in the command. */
const MAX_COMMAND = 2000;
// the service may stand below a prefix: everything is relative to the page
const base = new URL(location.pathname.endsWith('/') ? '.' : `${location.pathname}/`, location.href);

let credential = '';
let service = {};
let file;

const headers = () => (credential === '' ? {} : { authorization: `Bearer ${credential}` });

async function describe() {
  const response = await fetch(new URL('swagger.json?version=3.1', base), { headers: headers() });
  if (response.status === 401) return askForCredential();
  if (!response.ok) return tell(`The service does not describe itself: ${await reasonOf(response)}`);
  setHidden('credentials', true);
  service = readDocument(await response.json());
  if (service.title !== undefined) {
    setText('title', service.title);
    document.title = service.title;
  }
  showSchema('input', service.input);
  showSchema('output', service.output);
  const types = [service.takesJson ? 'Write JSON' : undefined, service.takesImages ? 'drop a JPEG, PNG or WebP image anywhere on the page' : undefined]; // prettier-ignore
  if (service.takesImages) setText('hint', `${types.filter((text) => text !== undefined).join(', or ')}.`);
  if (find('body').value === '') showSample();
}

function showSchema(id, schema) {
  const rows = rowsOf(schema);
  if (rows.length === 0) return setText(id, 'The service does not say.');
  const lines = rows.map(({ name, type, remark }) => make('tr', {}, make('td', {}, name), make('td', { className: 'type' }, type), make('td', { className: 'soft' }, remark))); // prettier-ignore
  find(id).replaceChildren(make('table', {}, make('tbody', {}, ...lines)));
}

function showSample() {
  const { sample } = service;
  find('body').value = sample === undefined ? '{}' : short(sample);
  showCommand();
}

/** JSON on several lines, with lists of numbers on one. */
function short(value) {
  return JSON.stringify(value, undefined, 2).replace(/\[\s+([^[\]{}]*?)\s+\]/g, (_, inner) => `[${inner.replace(/\s*\n\s*/g, ' ')}]`); // prettier-ignore
}

function askForCredential() {
  tell(credential === '' ? '' : 'The service does not take this key or token.');
  setHidden('credentials', false);
  // a link sends no credentials
  setHidden('documents', true);
  find('credential').focus();
}

function tell(text) {
  setText('problem', text);
  setHidden('problem', text === '');
}

async function reasonOf(response) {
  const text = await response.text();
  try {
    const { message, error } = JSON.parse(text);
    return message ?? error ?? text;
  } catch {
    return text;
  }
}

async function score() {
  const button = find('send');
  button.disabled = true;
  setText('outcome', 'waiting …');
  tell('');
  const start = performance.now();
  const time = new Date();
  try {
    const type = file === undefined ? 'application/json' : file.type || 'application/octet-stream';
    const response = await fetch(new URL('score', base), {
      method: 'POST',
      headers: { ...headers(), 'content-type': type },
      body: file ?? find('body').value,
    });
    const bytes = new Uint8Array(await response.arrayBuffer());
    const totalMs = performance.now() - start;
    const modelMs = Number.parseFloat(response.headers.get('x-ms-run-fn-exec-ms') ?? 'NaN');
    note({ time, status: response.status, modelMs, totalMs });
    setText('outcome', `${response.status} after ${figure(totalMs)} ms, ${bytes.length} bytes`);
    showAnswer(response, bytes);
    if (response.status === 401) askForCredential();
  } catch (error) {
    note({ time, status: 'none', modelMs: Number.NaN, totalMs: performance.now() - start });
    setText('outcome', 'no answer');
    tell(`The service did not answer: ${error.message}`);
  }
  button.disabled = false;
}

function showAnswer(response, bytes) {
  const answer = find('answer');
  const type = response.headers.get('content-type') ?? '';
  let text = `${bytes.length} bytes of ${type}`;
  if (/json|text|xml/.test(type) || bytes.length === 0) text = new TextDecoder().decode(bytes.subarray(0, MAX_SHOWN));
  if (bytes.length <= MAX_SHOWN && type.includes('json')) {
    try {
      text = short(JSON.parse(text));
    } catch {
      // shown as it came
    }
  }
  answer.textContent = bytes.length > MAX_SHOWN ? `${text} …` : text;
  answer.className = response.ok ? '' : 'failed';
  answer.hidden = false;
}

function take(given) {
  if (given === undefined) return;
  file = given;
  const preview = find('preview');
  URL.revokeObjectURL(preview.src);
  preview.hidden = !file.type.startsWith('image/');
  if (!preview.hidden) preview.src = URL.createObjectURL(file);
  setText('file-name', `${file.name}, ${file.type || 'no type'}, ${file.size} bytes: sent as it is`);
  setHidden('file', false);
  showCommand();
}

function forget() {
  file = undefined;
  find('choose').value = '';
  setHidden('file', true);
  showCommand();
}

/** Puts the file into the JSON where the cursor is, in place of what is selected. */
async function insert() {
  const bytes = new Uint8Array(await file.arrayBuffer());
  let binary = '';
  for (const byte of bytes) binary += String.fromCharCode(byte);
  const body = find('body');
  body.setRangeText(JSON.stringify(btoa(binary)), body.selectionStart, body.selectionEnd, 'end');
  forget();
  body.focus();
}

const quoted = (text) => `'${text.replaceAll("'", String.raw`'\''`)}'`;

function showCommand() {
  const body = find('body').value;
  const data = body.length > MAX_COMMAND ? '@request.json' : body;
  const content = file === undefined ? ['content-type: application/json', data] : [`content-type: ${file.type || 'application/octet-stream'}`, `@${file.name}`]; // prettier-ignore
  const key = find('credentials').hidden && credential === '' ? '' : ` \\\n  -H "authorization: Bearer $KEY"`;
  setText('command', `curl -s ${new URL('score', base)} -H ${quoted(content[0])}${key} \\\n  --data-binary ${quoted(content[1])}`); // prettier-ignore
}

find('send').addEventListener('click', () => void score());
find('sample').addEventListener('click', () => {
  forget();
  showSample();
});
find('forget').addEventListener('click', forget);
find('insert').addEventListener('click', () => void insert());
find('choose').addEventListener('change', (event) => take(event.target.files[0]));
find('body').addEventListener('input', showCommand);
find('body').addEventListener('keydown', (event) => {
  if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) void score();
});
find('credentials').addEventListener('submit', (event) => {
  event.preventDefault();
  credential = find('credential').value.trim();
  void load();
});
addEventListener('dragover', (event) => {
  event.preventDefault();
  document.body.classList.add('dropping');
});
addEventListener('dragleave', () => document.body.classList.remove('dropping'));
addEventListener('drop', (event) => {
  event.preventDefault();
  document.body.classList.remove('dropping');
  take(event.dataTransfer.files[0]);
});

async function load() {
  tell('');
  try {
    await describe();
  } catch (error) {
    tell(`The service cannot be reached: ${error.message}`);
  }
  showCommand();
}

void load();
