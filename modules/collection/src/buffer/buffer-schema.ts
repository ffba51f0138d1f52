export const BUFFER_VERSION = 1;

/** The tables of a buffer. Freed pages are used again; the file has the size of the most that ever waited. */
export const BUFFER_SCHEMA = `
  CREATE TABLE request (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    model TEXT NOT NULL,
    version TEXT NOT NULL,
    day TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    rows TEXT NOT NULL,
    held INTEGER
  ) STRICT;
  CREATE TABLE reservoir (ends_at INTEGER NOT NULL, seen INTEGER NOT NULL) STRICT;
  CREATE TABLE batch (requests INTEGER NOT NULL) STRICT;
  CREATE TABLE part (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    path TEXT NOT NULL,
    format TEXT NOT NULL,
    head BLOB NOT NULL,
    body BLOB NOT NULL,
    position INTEGER NOT NULL
  ) STRICT;
  PRAGMA user_version = ${BUFFER_VERSION};
`;
