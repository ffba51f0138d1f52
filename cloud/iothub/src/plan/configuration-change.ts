import { isDeepStrictEqual } from 'node:util';
import { membersOf } from './effective-configuration.ts';
import type { EffectiveConfiguration } from './effective-configuration.ts';

/** What becomes of a module. `restarts` makes its container anew; `settings` and `twin` let it run on. */
export type ModuleEffect = 'starts' | 'stops' | 'restarts' | 'settings' | 'twin' | 'removed' | 'same';

export interface ModuleChange {
  readonly name: string;
  readonly system: boolean;
  readonly effect: ModuleEffect;
  /** Absent where the module is not there. */
  readonly imageBefore?: string;
  readonly imageAfter?: string;
  /** What differs: `settings.image`, `env`, `twin.models` … */
  readonly changed: readonly string[];
  /** The deployment that the module comes from afterwards; before, when it goes. */
  readonly from: string;
}

export interface RouteChange {
  readonly name: string;
  readonly effect: 'added' | 'removed' | 'changed' | 'same';
  readonly before?: string;
  readonly after?: string;
  readonly from: string;
}

/** A layer of an image. */
export interface ImageLayer {
  readonly digest: string;
  /** As it travels. */
  readonly sizeBytes: number;
  /** What it holds, such as `model`, where the image says so. */
  readonly role?: string;
}

/** An image that a device has to pull. */
export interface ImagePull {
  readonly image: string;
  /** Of the layers that the device lacks. */
  readonly pullBytes: number;
  /** From the lowest; `isPresent` where an image that the device has, or pulls before this one, brings the layer. */
  readonly layers: readonly (ImageLayer & { readonly isPresent: boolean })[];
}

/** What a device does when one configuration follows another. */
export interface ConfigurationChange {
  readonly modules: readonly ModuleChange[];
  readonly routes: readonly RouteChange[];
  /** Images to be pulled whose layers are known. */
  readonly pulls: readonly ImagePull[];
  /** Bytes of layers that the device does not have yet. */
  readonly pullBytes: number;
  /** Images that are to be pulled and whose layers nobody knows. */
  readonly unknownImages: readonly string[];
}

/** The layers of an image, where they are known. */
export type ImageLayers = (reference: string) => readonly ImageLayer[] | undefined;

/** edgeAgent applies these without making the container anew. */
const LIGHT_MEMBERS = new Set(['restartPolicy', 'imagePullPolicy', 'startupOrder', 'status']);
const AGENT = '$edgeAgent';
const EDGE_HUB = '$edgeHub';

/** Compares two configurations of a device; undefined stands for none. */
export function configurationChange(
  before: EffectiveConfiguration | undefined,
  after: EffectiveConfiguration | undefined,
  layersOf: ImageLayers,
): ConfigurationChange {
  const modules = [...moduleChanges('systemModules', before, after), ...moduleChanges('modules', before, after)];
  return { modules, routes: routeChanges(before, after), ...pulls(modules, before, layersOf) };
}

type Side = EffectiveConfiguration | undefined;

function moduleChanges(section: 'modules' | 'systemModules', before: Side, after: Side): ModuleChange[] {
  const [old, next] = [before, after].map((side) => membersOf(side?.desired.get(AGENT)?.[section]) ?? {});
  const names = new Set([...Object.keys(old ?? {}), ...Object.keys(next ?? {})]);
  const system = section === 'systemModules';
  return [...names].map((name) => {
    const [one, other] = [membersOf(old?.[name]), membersOf(next?.[name])];
    // the twin of edgeHub is its routes, which have rows of their own; that of edgeAgent is this very list
    const twin = system ? [] : differing(before?.desired.get(name), after?.desired.get(name), 'twin');
    const changed = [...differing(one, other, ''), ...(other === undefined ? [] : twin)];
    const imageBefore = imageOf(one);
    const imageAfter = imageOf(other);
    return {
      name,
      system,
      effect: effectOf(one, other, changed),
      ...(imageBefore === undefined ? {} : { imageBefore }),
      ...(imageAfter === undefined ? {} : { imageAfter }),
      changed: one === undefined || other === undefined ? [] : changed,
      from: (other === undefined ? before : after)?.origins.get(`${AGENT} ${section}.${name}`) ?? '',
    };
  });
}

type Members = Readonly<Record<string, unknown>> | undefined;

function effectOf(before: Members, after: Members, changed: readonly string[]): ModuleEffect {
  if (before === undefined) return after?.['status'] === 'stopped' ? 'settings' : 'starts';
  if (after === undefined) return 'removed';
  const own = changed.filter((name) => !name.startsWith('twin'));
  if (own.some((name) => !LIGHT_MEMBERS.has(name))) return 'restarts';
  if (own.includes('status')) return after['status'] === 'stopped' ? 'stops' : 'starts';
  if (own.length > 0) return 'settings';
  return changed.length > 0 ? 'twin' : 'same';
}

/** Members that differ; one level into `settings`. */
function differing(before: Members, after: Members, prefix: string): string[] {
  const names = new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})]);
  return [...names].flatMap((name) => {
    const [one, other] = [before?.[name], after?.[name]];
    if (isDeepStrictEqual(one, other)) return [];
    const at = prefix === '' ? name : `${prefix}.${name}`;
    return name === 'settings' ? differing(membersOf(one), membersOf(other), at) : [at];
  });
}

function imageOf(module: Members): string | undefined {
  const image = membersOf(module?.['settings'])?.['image'];
  return typeof image === 'string' ? image : undefined;
}

function routeChanges(before: Side, after: Side): RouteChange[] {
  const [old, next] = [before, after].map((side) => membersOf(side?.desired.get(EDGE_HUB)?.['routes']) ?? {});
  const names = new Set([...Object.keys(old ?? {}), ...Object.keys(next ?? {})]);
  return [...names].map((name) => {
    const [one, other] = [old?.[name], next?.[name]];
    const from = (other === undefined ? before : after)?.origins.get(`${EDGE_HUB} routes.${name}`) ?? '';
    let effect: RouteChange['effect'] = 'changed';
    if (one === undefined) effect = 'added';
    else if (other === undefined) effect = 'removed';
    else if (isDeepStrictEqual(one, other)) effect = 'same';
    return {
      name,
      effect,
      ...(one === undefined ? {} : { before: routeText(one) }),
      ...(other === undefined ? {} : { after: routeText(other) }),
      from,
    };
  });
}

function routeText(entry: unknown): string {
  return typeof entry === 'string' ? entry : JSON.stringify(entry);
}

function pulls(
  modules: readonly ModuleChange[],
  before: Side,
  layersOf: ImageLayers,
): Pick<ConfigurationChange, 'pulls' | 'pullBytes' | 'unknownImages'> {
  const present = new Set(modules.flatMap(({ imageBefore }) => imageBefore ?? []));
  const has = new Set([...present].flatMap((image) => (layersOf(image) ?? []).map(({ digest }) => digest)));
  const wanted = new Set(modules.flatMap(({ imageAfter }) => imageAfter ?? []));
  const found: ImagePull[] = [];
  const unknownImages: string[] = [];
  for (const image of wanted) {
    if (before !== undefined && present.has(image)) continue;
    const known = layersOf(image);
    if (known === undefined) {
      unknownImages.push(image);
      continue;
    }
    const layers = known.map((layer) => {
      const isPresent = has.has(layer.digest);
      has.add(layer.digest);
      return { ...layer, isPresent };
    });
    const pullBytes = layers.reduce((sum, { isPresent, sizeBytes }) => sum + (isPresent ? 0 : sizeBytes), 0);
    found.push({ image, pullBytes, layers });
  }
  return { pulls: found, pullBytes: found.reduce((sum, pull) => sum + pull.pullBytes, 0), unknownImages };
}
