import { Enums, Models, Serialize, Spec } from '@cyclonedx/cyclonedx-library';
import type { Model } from '@edgewright/contract';
import type { ImageDetails } from '../list-images.ts';
import type { PackageInImage } from './packages-in-image.ts';

/** What an SBOM is made of. */
export interface ImageContents {
  readonly image: ImageDetails;
  readonly models: readonly Model[];
  readonly packages: readonly PackageInImage[];
}

/**
 * The components of an image as a CycloneDX 1.6 document in JSON. It has neither a time nor a serial number, so that the same
 * image has the same document.
 */
export function sbomOf({ image, models, packages }: ImageContents): string {
  const subject = new Models.Component(
    Enums.ComponentType.Container,
    image.labels['org.opencontainers.image.title'] ?? '',
    {
      version: image.digest,
      bomRef: image.digest,
    },
  );
  const bom = new Models.Bom({ metadata: new Models.Metadata({ component: subject }) });
  for (const component of [...baseComponents(image), ...nodeComponents(image), ...models.map(modelComponent)]) {
    bom.components.add(component);
  }
  for (const one of packages) bom.components.add(packageComponent(one));
  for (const component of bom.components) subject.dependencies.add(component.bomRef);
  const serializer = new Serialize.JsonSerializer(new Serialize.JSON.Normalize.Factory(Spec.Spec1dot6));
  return serializer.serialize(bom, { sortLists: true, space: 2 });
}

function packageComponent({ name, version, license }: PackageInImage): Models.Component {
  // a scope's "@" is not allowed in a package URL as it is
  const purl = `pkg:npm/${name.replace('@', '%40')}@${encodeURIComponent(version)}`;
  const component = new Models.Component(Enums.ComponentType.Library, name, { version, purl, bomRef: purl });
  if (license !== undefined) component.licenses.add(licenseOf(license));
  return component;
}

function licenseOf(text: string): Models.NamedLicense | Models.SpdxLicense | Models.LicenseExpression {
  if (/^\(|\s(?:AND|OR|WITH)\s/.test(text)) return new Models.LicenseExpression(text);
  const isSpdx = /^[\w.+-]+$/.test(text) && !/^(?:SEE|UNLICENSED)/i.test(text);
  return isSpdx ? new Models.SpdxLicense(text) : new Models.NamedLicense(text);
}

function modelComponent(model: Model): Models.Component {
  const component = new Models.Component(Enums.ComponentType.MachineLearningModel, model.name, {
    version: String(model.version),
    bomRef: `model:${model.id}`,
    ...(model.description === undefined ? {} : { description: model.description }),
  });
  for (const file of model.files) {
    const part = new Models.Component(Enums.ComponentType.File, file.path, {
      bomRef: `model:${model.id}/${file.path}`,
    });
    part.hashes.set(Enums.HashAlgorithm['SHA-256'], file.sha256);
    component.components.add(part);
  }
  return component;
}

function baseComponents(image: ImageDetails): Models.Component[] {
  const digest = image.labels['org.opencontainers.image.base.digest'];
  if (digest === undefined) return [];
  return [
    new Models.Component(Enums.ComponentType.Container, 'base image', { version: digest, bomRef: `base:${digest}` }),
  ];
}

/** Node.js in a layer of its own; what a base image has is told by the base image's SBOM. */
function nodeComponents(image: ImageDetails): Models.Component[] {
  const titles = image.configs.flatMap(({ config }) => config.history ?? []).map((entry) => entry.created_by ?? '');
  const versions = titles.flatMap((title) => /^edgewright: Node\.js (\S+)$/.exec(title)?.[1] ?? []);
  return [...new Set(versions)].map((version) => {
    const purl = `pkg:generic/node@${version}`;
    return new Models.Component(Enums.ComponentType.Platform, 'Node.js', { version, purl, bomRef: purl });
  });
}
