/** The paths of this host with the methods that they take, for answers to others. */
const PATHS: readonly (readonly [path: string, methods: string])[] = [
  ['/', 'GET, HEAD'],
  ['/score', 'GET, HEAD, POST, OPTIONS'],
  ['/swagger.json', 'GET, HEAD'],
  ['/metrics', 'GET, HEAD'],
  ['/v2', 'GET, HEAD'],
  ['/v2/health/live', 'GET, HEAD'],
  ['/v2/health/ready', 'GET, HEAD'],
  ['/v2/repository/index', 'POST'],
  ['/v2/repository/models/{name}/load', 'POST'],
  ['/v2/repository/models/{name}/unload', 'POST'],
  ['/v2/models/stats', 'GET, HEAD'],
  ['/v2/models/{model}', 'GET, HEAD'],
  ['/v2/models/{model}/ready', 'GET, HEAD'],
  ['/v2/models/{model}/stats', 'GET, HEAD'],
  ['/v2/models/{model}/infer', 'POST'],
];

const patterns = PATHS.map(([path, methods]) => {
  const source = path.replace('{name}', '[^/]+').replace('{model}', '[^/]+(/versions/[^/]+)?');
  return { pattern: new RegExp(`^${source}/?$`), methods };
});

export const knownPaths: readonly string[] = PATHS.map(([path]) => path);

/** The methods that a path takes; undefined when there is no such path. */
export function methodsOf(path: string): string | undefined {
  return patterns.find(({ pattern }) => pattern.test(path))?.methods;
}
