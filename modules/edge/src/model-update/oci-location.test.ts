import { expect, it } from 'vitest';
import { parseOciLocation } from './oci-location.ts';

const digest = `sha256:${'a'.repeat(64)}`;

it.each([
  ['oci://r.example.com/models/faces:7', 'https://r.example.com', 'models/faces', '7', true],
  [`oci://r.example.com:5000/m@${digest}`, 'https://r.example.com:5000', 'm', digest, true],
  [`oci://r.example.com/m:7@${digest}`, 'https://r.example.com', 'm', digest, true],
  ['oci://127.0.0.1:5000/m:latest', 'http://127.0.0.1:5000', 'm', 'latest', true],
  ['oci+http://registry:5000/m:1', 'http://registry:5000', 'm', '1', false],
])('reads %s', (url, origin, repository, reference, mayAuthenticate) => {
  expect(parseOciLocation(url)).toMatchObject({ origin, repository, reference, mayAuthenticate });
});

it.each([
  'oci://host/m',
  'oci://host/M:1',
  'oci://host/../m:1',
  'oci://user:pass@host/m:1',
  `oci://host/m@sha256:${'a'.repeat(63)}`,
  'https://host/m:1',
  'oci://host/m:1?x=y',
])('does not take %s', (url) => {
  expect(parseOciLocation(url)).toBeUndefined();
});
