import { lstat, mkdir, readdir, readlink, rm } from 'node:fs/promises';
import path from 'node:path';
import { unusable } from './image-layout.ts';

/** How many links may stand on the way to a file. */
const MAX_LINKS = 40;

/**
 * The folder into which an image is unpacked. All ways through it stay in it: links are followed as the image's own
 * root would have them, never as this machine's.
 */
export class ImageRoot {
  readonly directory: string;

  constructor(directory: string) {
    this.directory = directory;
  }

  /**
   * The path on this machine for an entry of the image; its folder is made when it is not there.
   *
   * @param name the entry's path, without `..`
   */
  async place(name: string): Promise<string> {
    const parts = partsOf(name);
    const last = parts.pop();
    if (last === undefined) return this.directory;
    return path.join(await this.#folder(parts), last);
  }

  /** The path on this machine of something that is in the image already, its own links not followed; undefined when it is not. */
  async find(name: string): Promise<string | undefined> {
    const file = await this.place(name);
    return (await kindOf(file)) === 'none' ? undefined : file;
  }

  /**
   * The target of a symbolic link at `file` such that it leads to the same place of the image, wherever the image stands.
   *
   * @throws SimulatorError `ModuleImageUnusable` when it leads out of the image
   */
  linkTarget(file: string, target: string): string {
    const depth = partsOf(path.relative(this.directory, path.dirname(file))).length;
    if (target.startsWith('/')) {
      const inside = partsOf(path.posix.normalize(target));
      return [...Array.from({ length: depth }, () => '..'), ...inside].join('/') || '.';
    }
    let level = depth;
    for (const part of target.split('/')) {
      if (part === '..') level -= 1;
      else if (part !== '' && part !== '.') level += 1;
      if (level < 0) {
        const name = path.relative(this.directory, file);
        throw unusable(`the link "${name}" leads out of the image, to "${target}"`, { name, target });
      }
    }
    return target;
  }

  /** Makes room for an entry: whatever stands there goes, unless both are folders. */
  async clear(file: string, isFolder: boolean): Promise<void> {
    const kind = await kindOf(file);
    if (kind === 'none' || (kind === 'folder' && isFolder)) return;
    await rm(file, { recursive: true, force: true });
  }

  /** Removes what a lower layer put there, but nothing whose path is in `kept`. */
  async removeLower(name: string, kept: ReadonlySet<string>): Promise<void> {
    const file = await this.find(name);
    if (file === undefined) return;
    if (!kept.has(name)) {
      await rm(file, { recursive: true, force: true });
      return;
    }
    if ((await kindOf(file)) !== 'folder') return;
    for (const child of await readdir(file)) await this.removeLower(`${name}/${child}`, kept);
  }

  /** Follows the folders from the root, making those that are not there. */
  async #folder(parts: readonly string[]): Promise<string> {
    let links = 0;
    const ahead = [...parts];
    const behind: string[] = [];
    while (ahead.length > 0) {
      const part = ahead.shift() ?? '';
      if (part === '..') {
        behind.pop();
        continue;
      }
      const file = path.join(this.directory, ...behind, part);
      const kind = await kindOf(file);
      if (kind === 'link') {
        links += 1;
        if (links > MAX_LINKS)
          throw unusable(`too many links on the way to "${parts.join('/')}"`, { name: parts.join('/') });
        ahead.unshift(...(await readlink(file)).split('/').filter((step) => step !== '' && step !== '.'));
        continue;
      }
      if (kind === 'file') throw unusable(`"${parts.join('/')}" leads through a file`, { name: parts.join('/') });
      if (kind === 'none') await mkdir(file, { mode: 0o755 });
      behind.push(part);
    }
    return path.join(this.directory, ...behind);
  }
}

function partsOf(name: string): string[] {
  return name.split('/').filter((part) => part !== '' && part !== '.');
}

async function kindOf(file: string): Promise<'none' | 'file' | 'folder' | 'link'> {
  try {
    const stats = await lstat(file);
    if (stats.isSymbolicLink()) return 'link';
    return stats.isDirectory() ? 'folder' : 'file';
  } catch (error) {
    if ((error as { code?: string }).code === 'ENOENT') return 'none';
    throw error;
  }
}
