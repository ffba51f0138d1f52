// Where modules and routes stand in the picture: sources on the left, the hub on the right, every route from left to right
// as far as there are no circles.

const WIDTH = 172;
const HEIGHT = 62;
const GAP_X = 98;
const GAP_Y = 22;
const LANE = 38;
export const ANY = '*any';
export const TWINS = '*twins';
export const HUB = '$upstream';

/** The module that a route takes messages from, `ANY` for several, `TWINS` for changes of twins. */
export function sourceOf(text) {
  const path = /\bFROM\s+(\/[^\s]*)/i.exec(text)?.[1] ?? '/*';
  const module = /^\/messages\/modules\/([^/*\s]+)/i.exec(path)?.[1];
  if (module !== undefined) return module;
  return /^\/twinChangeNotifications/i.test(path) ? TWINS : ANY;
}

/**
 * @param {string[]} modules the ids of the modules
 * @param {{name: string, text: string, to: string}[]} routes
 */
export function layOut(modules, routes) {
  const links = linksOf(routes);
  const names = [...new Set([...links.flatMap(({ from, to }) => [from, to]), ...modules])];
  if (!names.includes(HUB)) names.push(HUB);
  const columns = columnsOf(names, links);
  const last = Math.max(1, ...columns.values());
  columns.set(HUB, last);
  const rows = Array.from({ length: last + 1 }, () => []);
  for (const name of names) rows[columns.get(name)].push(name);
  const tallest = Math.max(...rows.map((row) => row.length));
  // links over a column run above everything, each on its own height
  const long = links.filter(({ from, to }) => columns.get(to) - columns.get(from) > 1);
  const above = long.length === 0 ? 0 : 26 + long.length * LANE;
  const height = Math.max(190, above + tallest * (HEIGHT + GAP_Y) + GAP_Y);
  const places = new Map();
  rows.forEach((row, column) => {
    const top = above + (height - above - row.length * (HEIGHT + GAP_Y) + GAP_Y) / 2;
    row.forEach((name, index) => {
      places.set(name, { x: 20 + column * (WIDTH + GAP_X), y: top + index * (HEIGHT + GAP_Y) });
    });
  });
  return {
    places,
    size: { width: 40 + (last + 1) * WIDTH + last * GAP_X, height },
    box: { width: WIDTH, height: HEIGHT },
    links: links.map((link) => {
      const lane = long.indexOf(link);
      const course = lane < 0 ? {} : { over: 20 + lane * LANE };
      return { ...link, ...curveOf(places.get(link.from), places.get(link.to), { low: height - 8, ...course }) };
    }),
  };
}

/** One link for all routes between the same two. */
function linksOf(routes) {
  const links = new Map();
  for (const route of routes) {
    const from = sourceOf(route.text);
    const key = `${from}\n${route.to}`;
    const link = links.get(key) ?? { key, from, to: route.to, routes: [] };
    link.routes.push(route.name);
    links.set(key, link);
  }
  return [...links.values()];
}

/** The column of each: one after the last of those that lead to it; links that close a circle do not count. */
function columnsOf(names, links) {
  const incoming = new Map(names.map((name) => [name, []]));
  for (const { from, to } of links) if (from !== to) incoming.get(to).push(from);
  const columns = new Map();
  const visiting = new Set();
  const columnOf = (name) => {
    if (columns.has(name)) return columns.get(name);
    if (visiting.has(name)) return 0;
    visiting.add(name);
    const column = Math.max(-1, ...incoming.get(name).map(columnOf)) + 1;
    visiting.delete(name);
    columns.set(name, column);
    return column;
  };
  for (const name of names) columnOf(name);
  return columns;
}

/** @param course where to pass: `low` below everything, `over` above what stands between */
function curveOf(from, to, { low, over }) {
  const start = { x: from.x + WIDTH, y: from.y + HEIGHT / 2 };
  const end = { x: to.x, y: to.y + HEIGHT / 2 };
  if (over !== undefined) {
    const [left, right] = [start.x + 60, end.x - 60];
    const path = `M${start.x} ${start.y}C${start.x + 40} ${start.y} ${left - 30} ${over} ${left + 30} ${over}L${right - 30} ${over}C${right + 30} ${over} ${end.x - 40} ${end.y} ${end.x - 7} ${end.y}`;
    return { path, label: { x: (start.x + end.x) / 2, y: over } };
  }
  if (end.x > start.x) {
    const reach = Math.max(50, (end.x - start.x) / 2);
    const path = `M${start.x} ${start.y}C${start.x + reach} ${start.y} ${end.x - reach} ${end.y} ${end.x - 7} ${end.y}`;
    return { path, label: { x: (start.x + end.x) / 2, y: (start.y + end.y) / 2 } };
  }
  // back, or to itself: below everything
  const path = `M${start.x} ${start.y}C${start.x + 70} ${start.y} ${start.x + 50} ${low} ${(start.x + end.x) / 2} ${low}S${end.x - 70} ${end.y} ${end.x - 7} ${end.y}`;
  return { path, label: { x: (start.x + end.x) / 2, y: low } };
}
