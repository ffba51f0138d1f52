import { expect, it } from 'vitest';
import { parseRegistryPlace } from './registry-place.ts';

it.each([
  ['models', { kind: 'folder', directory: 'models' }],
  ['/srv/models', { kind: 'folder', directory: '/srv/models' }],
  ['azblob://acme01/our-models', { kind: 'azblob', account: 'acme01', container: 'our-models' }],
  ['azblob://acme01/our-models/', { kind: 'azblob', account: 'acme01', container: 'our-models' }],
  ['oci://example.azurecr.io/ml/models', { kind: 'oci', name: 'example.azurecr.io/ml/models', plainHttp: false }],
  ['oci+http://registry.plant:5000/models', { kind: 'oci', name: 'registry.plant:5000/models', plainHttp: true }],
])('reads %s', (text, place) => {
  expect(parseRegistryPlace(text)).toEqual(place);
});

it.each([
  ['', 'it is empty'],
  ['s3://bucket/models', '"s3://" is not known'],
  ['azblob://Acme/models', '"Acme" is no storage account'],
  ['azblob://acme01', '"" is no container'],
  ['azblob://acme01/a--b', '"a--b" is no container'],
  ['azblob://acme01/models/below', '"below" is too much'],
  ['oci://example.azurecr.io', 'a host and a repository are wanted'],
  ['oci://example.azurecr.io/models:1', 'without a tag or digest'],
])('refuses "%s"', (text, words) => {
  expect(() => parseRegistryPlace(text)).toThrow(words);
});
