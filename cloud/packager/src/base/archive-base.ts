import { createHash, randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream, existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { extract } from 'tar-stream';
import {
  checkDocument,
  DockerArchiveSchema,
  messageOf,
  ociMediaTypes,
  OciImageConfigSchema,
  parseJson,
} from '@edgewright/contract';
import type { DockerArchive, OciImageConfig } from '@edgewright/contract';
import { tarGuard } from '../layout/tar-guard.ts';
import { PackagerError } from '../packager-error.ts';
import type { BaseImage, BaseLayer } from './base-image.ts';
import { platformFrom } from './platform-from.ts';
import { refusedBase } from './read-platforms.ts';

/** A member of the archive: small ones with their bytes, all with their digests. */
interface Member {
  readonly digest: string;
  readonly sizeBytes: number;
  /** Digest of what it is when unpacked; the same as `digest` when it is not compressed. */
  readonly diffId: string;
  readonly isGzip: boolean;
  readonly content?: Buffer;
}

interface Archive {
  readonly members: ReadonlyMap<string, Member>;
  /** Old archives store a layer once and link to it. */
  readonly links: ReadonlyMap<string, string>;
}

const MAX_DOCUMENT_BYTES = 4 * 1024 * 1024;
const MAX_MEMBERS = 10_000;
/** What an archive may be; more is a bomb. */
export interface ArchiveLimits {
  /** Of the archive, and of all its layers together, each unpacked. */
  readonly unpackedBytes: number;
  /** Of small members, which are held in memory until it is known which of them are documents. */
  readonly heldBytes: number;
}

const LIMITS: ArchiveLimits = { unpackedBytes: 64 * 1024 ** 3, heldBytes: 64 * 1024 ** 2 };

/**
 * A base image from an archive of `docker save`. Nothing of it is written to a path that the archive names.
 *
 * @param name `docker-archive:PATH[:TAG]`, PATH relative to the folder of the configuration
 * @throws PackagerError `BaseImageInvalid`
 */
export async function readArchiveBase(
  name: string,
  configDirectory: string,
  limits: ArchiveLimits = LIMITS,
): Promise<BaseImage> {
  const { file, tag } = splitName(name.slice('docker-archive:'.length), configDirectory);
  if (!existsSync(file)) throw refusedBase(name, `there is no file "${file}"`);
  const archive = await readArchive(file, limits).catch((cause: unknown) => {
    throw cause instanceof PackagerError ? cause : refusedBase(name, messageOf(cause), cause);
  });
  const image = chooseImage(name, archive, tag);
  const { digest, config } = configIn(name, archive, image);
  const platform = platformFrom(config);
  const layers = image.Layers.map((place, position) =>
    layerOf(name, memberAt(archive, place), { place, diffId: config.rootfs.diff_ids[position] }),
  );
  if (layers.length !== config.rootfs.diff_ids.length) {
    throw refusedBase(name, `it has ${layers.length} layers and its configuration ${config.rootfs.diff_ids.length}`);
  }
  return {
    name,
    digest,
    platforms: new Map(platform === undefined ? [] : [[platform, { layers, config }]]),
    include: async (layer, target, signal) => {
      if (await target.has(layer.descriptor)) return 'present';
      const staged = path.join(target.stagingFolder, randomUUID());
      try {
        await extractMember(file, (member) => archiveDigest(archive, member) === layer.descriptor.digest, {
          staged,
          signal,
        });
        return (await target.include(staged, layer.descriptor, signal)) ? 'copied' : 'present';
      } finally {
        await rm(staged, { force: true });
      }
    },
  };
}

/** A path may hold colons, so the longest one that exists is meant. */
function splitName(rest: string, configDirectory: string): { file: string; tag?: string } {
  const whole = path.resolve(configDirectory, rest);
  const match = /^(.+?\.(?:tar|tar\.gz|tgz)):(.+)$/.exec(rest);
  if (existsSync(whole) || match === null) return { file: whole };
  return { file: path.resolve(configDirectory, match[1] ?? ''), tag: match[2] ?? '' };
}

async function readArchive(file: string, limits: ArchiveLimits): Promise<Archive> {
  const members = new Map<string, Member>();
  const links = new Map<string, string>();
  const entries = extract();
  const left = { unpackedBytes: limits.unpackedBytes, heldBytes: limits.heldBytes };
  const guard = tarGuard({ totalBytes: limits.unpackedBytes });
  const reading = pipeline(createReadStream(file), await unpackerOf(file), guard, entries);
  // a broken archive ends the loop below as well; its reason is thrown there
  reading.catch(() => {});
  for await (const entry of entries) {
    const { name, type, linkname } = entry.header;
    if (members.size + links.size >= MAX_MEMBERS) throw new RangeError(`it has more than ${MAX_MEMBERS} members`);
    const place = path.posix.normalize(name);
    if (type === 'symlink' || type === 'link') {
      const target = type === 'link' ? (linkname ?? '') : path.posix.join(path.posix.dirname(place), linkname ?? '');
      links.set(place, path.posix.normalize(target));
    }
    if (type === 'file')
      members.set(place, await measure(entry as AsyncIterable<Buffer>, entry.header.size ?? 0, left));
    else entry.resume();
  }
  await reading;
  return { members, links };
}

/** An archive may itself be compressed. */
async function unpackerOf(file: string): Promise<PassThrough | ReturnType<typeof createGunzip>> {
  const head = await createReadStream(file, { end: 1 }).toArray();
  return isGzipHead(Buffer.concat(head as Buffer[])) ? createGunzip() : new PassThrough();
}

function isGzipHead(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/** Takes both digests of a member in one pass. @param left of the limits; less afterwards */
async function measure(
  entry: AsyncIterable<Buffer>,
  sizeBytes: number,
  left: { unpackedBytes: number; heldBytes: number },
): Promise<Member> {
  const isHeld = sizeBytes <= Math.min(MAX_DOCUMENT_BYTES, left.heldBytes);
  if (isHeld) left.heldBytes -= sizeBytes;
  const packed = createHash('sha256');
  const plain = createHash('sha256');
  const kept: Buffer[] = [];
  let gunzip: ReturnType<typeof createGunzip> | undefined;
  let unpacking: Promise<void> | undefined;
  let isFirst = true;
  for await (const chunk of entry) {
    packed.update(chunk);
    if (isHeld) kept.push(chunk);
    if (isFirst && isGzipHead(chunk)) {
      gunzip = createGunzip();
      unpacking = hashAll(gunzip, plain, left);
      unpacking.catch(() => {});
    }
    isFirst = false;
    if (gunzip === undefined) plain.update(chunk);
    else if (!gunzip.write(chunk)) await Promise.race([new Promise((go) => gunzip?.once('drain', go)), unpacking]);
  }
  gunzip?.end();
  await unpacking;
  return {
    digest: `sha256:${packed.digest('hex')}`,
    diffId: `sha256:${plain.digest('hex')}`,
    sizeBytes,
    isGzip: gunzip !== undefined,
    ...(isHeld ? { content: Buffer.concat(kept) } : {}),
  };
}

async function hashAll(
  stream: AsyncIterable<Buffer>,
  hash: ReturnType<typeof createHash>,
  left: { unpackedBytes: number },
): Promise<void> {
  for await (const chunk of stream) {
    left.unpackedBytes -= chunk.length;
    if (left.unpackedBytes < 0) throw new RangeError('its layers unpack to more bytes than an image can have');
    hash.update(chunk);
  }
}

function memberAt(archive: Archive, place: string): Member | undefined {
  let at = path.posix.normalize(place);
  for (let hops = 0; hops < 5; hops += 1) {
    const member = archive.members.get(at);
    if (member !== undefined) return member;
    at = archive.links.get(at) ?? at;
  }
  return undefined;
}

function archiveDigest(archive: Archive, place: string): string | undefined {
  return archive.members.get(path.posix.normalize(place))?.digest;
}

function chooseImage(name: string, archive: Archive, tag: string | undefined): DockerArchive[number] {
  const manifest = memberAt(archive, 'manifest.json');
  if (manifest?.content === undefined)
    throw refusedBase(name, 'it is no archive of "docker save": it has no manifest.json');
  const images = read(name, manifest.content, DockerArchiveSchema) as DockerArchive;
  const fitting =
    tag === undefined
      ? images
      : images.filter(({ RepoTags }) => (RepoTags ?? []).some((one) => one === tag || one.endsWith(`:${tag}`)));
  const [only] = fitting;
  if (only !== undefined && fitting.length === 1) return only;
  const names = images.flatMap(({ RepoTags }) => RepoTags ?? []).join(', ');
  throw refusedBase(
    name,
    `${fitting.length === 0 ? 'no image fits' : 'several images fit'}: the archive holds ${names === '' ? `${images.length} images without a name` : names}`,
  );
}

function configIn(
  name: string,
  archive: Archive,
  image: DockerArchive[number],
): { digest: string; config: OciImageConfig } {
  const member = memberAt(archive, image.Config);
  if (member?.content === undefined)
    throw refusedBase(name, `its configuration "${image.Config}" is not in it, or too large`);
  return { digest: member.digest, config: read(name, member.content, OciImageConfigSchema) as OciImageConfig };
}

function read(name: string, bytes: Buffer, schema: Parameters<typeof checkDocument>[0]): unknown {
  try {
    return checkDocument(schema, parseJson(bytes.toString('utf8'), name), name);
  } catch (cause) {
    throw refusedBase(name, messageOf(cause), cause);
  }
}

function layerOf(
  name: string,
  member: Member | undefined,
  { place, diffId }: { readonly place: string; readonly diffId: string | undefined },
): BaseLayer {
  if (member === undefined) throw refusedBase(name, `its layer "${place}" is not in it`);
  if (member.diffId !== diffId) {
    throw refusedBase(
      name,
      `its layer "${place}" has the digest ${member.diffId}, and its configuration says ${diffId ?? 'nothing'}`,
    );
  }
  const mediaType = member.isGzip ? ociMediaTypes.layerGzip : ociMediaTypes.layer;
  return { descriptor: { mediaType, digest: member.digest, size: member.sizeBytes }, diffId };
}

async function extractMember(
  file: string,
  isWanted: (name: string) => boolean,
  { staged, signal }: { readonly staged: string; readonly signal: AbortSignal | undefined },
): Promise<void> {
  const entries = extract();
  const reading = pipeline(
    createReadStream(file),
    await unpackerOf(file),
    tarGuard({ totalBytes: LIMITS.unpackedBytes }),
    entries,
    signal === undefined ? {} : { signal },
  );
  reading.catch(() => {});
  for await (const entry of entries) {
    if (entry.header.type === 'file' && isWanted(entry.header.name)) {
      await pipeline(entry, createWriteStream(staged, { flags: 'wx' }));
      // what follows is not needed
      entries.destroy();
      return;
    }
    entry.resume();
  }
}
