import { childRecord, recordOf } from '../../json-record.ts';
import type { LintModule, LintSubject, Observation } from '../lint-subject.ts';

// The grammar of github.com/distribution/reference, with $upstream for a registry of a parent device in front.
const REGISTRY =
  /^(?:\$upstream|localhost|[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+|\[[0-9a-fA-F:]+\]|[A-Za-z0-9-]+(?=:\d+$))(?::\d+)?$/;
const NAME_PART = /^[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*$/;
const TAG = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/;
const DIGEST = /^sha256:[0-9a-f]{64}$/;

/** An image reference in its parts. */
interface ImageReference {
  readonly name: string;
  readonly tag?: string;
  readonly digest?: string;
}

/** References of images: their form, whether they name a version, and whether the image has the platform. */
export function checkImages(subject: LintSubject): Observation[] {
  return [...subject.modules.flatMap((module) => imageFindings(module, subject)), ...differingRuntime(subject)];
}

function imageOf({ record }: LintModule): string | undefined {
  const image = childRecord(record, 'settings')?.['image'];
  // a placeholder is the business of another rule
  return typeof image === 'string' && !image.includes('${') ? image : undefined;
}

function imageFindings(module: LintModule, { options }: LintSubject): Observation[] {
  const image = imageOf(module);
  if (image === undefined) return [];
  const at = [...module.at, 'settings', 'image'];
  const reference = parseImage(image);
  if (reference === undefined) return [{ code: 'EW3004', at, message: `"${image}" is no image reference` }];
  const { platform, images } = options;
  const facts = images !== undefined && Object.hasOwn(images, image) ? images[image] : undefined;
  const found: Observation[] = [];
  if (facts !== undefined && platform !== undefined && !facts.platforms.includes(platform)) {
    const message = `${image} is there for ${facts.platforms.join(', ')}, not for ${platform}`;
    found.push({ code: 'EW3014', at, message });
  }
  const wanted = recordOf(childRecord(module.record, 'env')?.['EDGEWRIGHT_BACKEND'])?.['value'];
  if (facts?.backend !== undefined && typeof wanted === 'string' && !canRun(facts.backend, wanted)) {
    const message = `${image} was built with the backend ${facts.backend}, and ${module.name} is to use ${wanted}`;
    found.push({ code: 'EW3016', at: [...module.at, 'env', 'EDGEWRIGHT_BACKEND', 'value'], message });
  }
  if (reference.digest === undefined && (reference.tag === undefined || reference.tag === 'latest')) {
    const what = reference.tag === undefined ? 'no tag, which means latest' : 'the tag latest';
    found.push({ code: 'EW3003', at, message: `${image} has ${what}` });
  }
  return found;
}

/** Whether an image built for some backends has one of those that are wanted; both are names with commas, or `auto`. */
function canRun(built: string, wanted: string): boolean {
  const names = built.split(',');
  return names.includes('auto') || wanted.split(',').some((name) => name === 'auto' || names.includes(name.trim()));
}

function parseImage(text: string): ImageReference | undefined {
  const [named = '', digest, ...more] = text.split('@');
  if (more.length > 0 || (digest !== undefined && !DIGEST.test(digest))) return undefined;
  const slash = named.lastIndexOf('/');
  const colon = named.indexOf(':', slash + 1);
  const tag = colon === -1 ? undefined : named.slice(colon + 1);
  if (tag !== undefined && !TAG.test(tag)) return undefined;
  const parts = (colon === -1 ? named : named.slice(0, colon)).split('/');
  const [first = ''] = parts;
  const path = parts.length > 1 && REGISTRY.test(first) ? parts.slice(1) : parts;
  if (!path.every((part) => NAME_PART.test(part))) return undefined;
  return { name: parts.join('/'), ...(tag === undefined ? {} : { tag }), ...(digest === undefined ? {} : { digest }) };
}

const RUNTIME_IMAGE = /azureiotedge-(?:agent|hub)$/;

/** Only of Microsoft's own images: others may be numbered as their makers like. */
function differingRuntime({ modules }: LintSubject): Observation[] {
  const runtime = modules
    .filter(({ system }) => system)
    .flatMap((module) => {
      const reference = parseImage(imageOf(module) ?? '');
      const isRuntime = reference?.tag !== undefined && RUNTIME_IMAGE.test(reference.name);
      return isRuntime ? [{ module, tag: reference.tag ?? '' }] : [];
    });
  const [first, second] = runtime;
  if (first === undefined || second === undefined || majorMinor(first.tag) === majorMinor(second.tag)) return [];
  const message = `${first.module.name} is ${first.tag}, ${second.module.name} is ${second.tag}`;
  return [{ code: 'EW3006', at: [...second.module.at, 'settings', 'image'], message }];
}

/** `1.5` of `1.5.4-linux-amd64`: the patch of the two need not be the same. */
function majorMinor(tag: string): string {
  return /^\d+\.\d+/.exec(tag)?.[0] ?? tag;
}
