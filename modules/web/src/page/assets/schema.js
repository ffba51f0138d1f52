// What the service takes and gives, out of its OpenAPI document, in words.

const MAX_ROWS = 60;

/** What the document says of `POST /score`; undefined parts where a user's own document does not say them. */
export function readDocument(document) {
  const path = Object.entries(document.paths ?? {}).find(([name]) => name.endsWith('/score'))?.[1];
  const content = path?.post?.requestBody?.content ?? {};
  const resolve = (schema) => {
    const name = schema?.$ref?.split('/').at(-1);
    return name === undefined ? schema : document.components?.schemas?.[name];
  };
  const types = Object.keys(content);
  const input = resolve(content['application/json']?.schema);
  const output = resolve(path?.post?.responses?.['200']?.content?.['application/json']?.schema);
  return {
    title: document.info?.title,
    input,
    output,
    sample: content['application/json']?.example ?? input?.example,
    takesImages: types.some((type) => type.startsWith('image/')),
    takesJson: types.length === 0 || types.includes('application/json'),
  };
}

/** Rows of name, type and remark for a schema: objects are opened, arrays written with their sizes. */
export function rowsOf(schema) {
  const rows = [];
  visit(schema, { name: '', needed: true }, rows);
  return rows.slice(0, MAX_ROWS);
}

function visit(schema, { name, needed }, rows) {
  if (schema === undefined || rows.length >= MAX_ROWS) return;
  const { element, sizes } = arrayOf(schema);
  const properties = Object.entries(element.properties ?? {});
  if (properties.length === 0 || sizes !== '') {
    rows.push({ name: name || 'the body', type: `${typeOf(element)}${sizes}`, remark: remarkOf(schema, needed) });
  }
  for (const [key, value] of properties) {
    const inner = sizes === '' ? key : `[].${key}`;
    visit(value, { name: name === '' ? inner : `${name}${sizes === '' ? '.' : ''}${inner}`, needed: isNeeded(element, key) }, rows); // prettier-ignore
  }
}

function isNeeded({ required }, key) {
  return required === undefined || required.includes(key);
}

/** The element of an array of arrays, and the sizes of its dimensions: `[n][3]`. */
function arrayOf(schema) {
  let sizes = '';
  let element = schema;
  while (element.type === 'array' && element.items !== undefined && !Array.isArray(element.items)) {
    const { minItems, maxItems } = element;
    sizes += maxItems !== undefined && minItems === maxItems ? `[${maxItems}]` : '[n]';
    element = element.items;
  }
  return { element, sizes };
}

function typeOf({ type, format, oneOf, anyOf, enum: values }) {
  const choices = oneOf ?? anyOf;
  if (choices !== undefined) return choices.map(typeOf).join(' or ');
  if (values !== undefined) return values.map((value) => JSON.stringify(value)).join(' or ');
  const name = Array.isArray(type) ? type.join(' or ') : (type ?? 'anything');
  return format === undefined || format.startsWith('pandas') ? name : `${name}, ${format}`;
}

function remarkOf({ description }, needed) {
  return [needed ? undefined : 'may be left out', description].filter((part) => part !== undefined).join('; ');
}
