/** One thing in a layer. Everything belongs to root and is dated 1970: neither the time nor the builder must show. */
export type TarEntry = DirectoryEntry | BytesEntry | FileEntry;

export interface DirectoryEntry {
  readonly type: 'directory';
  /** Without a slash at either end. */
  readonly path: string;
}

export interface BytesEntry {
  readonly type: 'bytes';
  readonly path: string;
  readonly content: Uint8Array;
}

/** A file on this machine, read while the layer is written. */
export interface FileEntry {
  readonly type: 'file';
  readonly path: string;
  readonly source: string;
  readonly sizeBytes: number;
  /** Checked while the file is read, where it is known. */
  readonly sha256?: string;
  readonly executable?: boolean;
}

/**
 * Orders entries by path and puts the folders below `root` before what is in them. Folders above `root` are left out:
 * whoever unpacks makes them, and a base image may have links in their place.
 *
 * @throws RangeError when two entries have the same path, or one leads out of the root
 */
export function arrangeEntries(root: string, entries: readonly TarEntry[]): TarEntry[] {
  const arranged = new Map<string, TarEntry>();
  for (const entry of entries) {
    const parts = entry.path.split('/');
    if (parts.some((part) => part === '' || part === '.' || part === '..')) {
      throw new RangeError(`"${entry.path}" is no path inside a layer`);
    }
    const isFolderAgain = entry.type === 'directory' && arranged.get(entry.path)?.type === 'directory';
    if (arranged.has(entry.path) && !isFolderAgain) throw new RangeError(`"${entry.path}" is twice in a layer`);
    arranged.set(entry.path, entry);
    for (let depth = 1; depth < parts.length; depth += 1) {
      const folder = parts.slice(0, depth).join('/');
      if (folder.length < root.length) continue;
      if (arranged.get(folder)?.type !== 'directory') arranged.set(folder, { type: 'directory', path: folder });
    }
  }
  // by code units and not by the rules of a language, which depend on the machine
  return [...arranged.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
}
