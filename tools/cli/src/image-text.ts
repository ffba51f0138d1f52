import type { ExportedImage, ImageDetails, ImageSummary, PushedImage } from '@edgewright/workspace';
import { keyValues, sizeText, textTable } from './text-table.ts';

/** An image's layers by platform, for people. */
export function imageText(image: ImageSummary): string {
  const rows = image.platforms.flatMap(({ platform, layers }) =>
    layers.map((layer, i) => ({ platform: i === 0 ? platform : '', layer })),
  );
  const table = textTable(rows, [
    { heading: 'PLATFORM', cell: ({ platform }) => platform },
    { heading: 'LAYER', cell: ({ layer }) => layer.role },
    { heading: 'DIGEST', cell: ({ layer }) => layer.digest.slice(0, 19) },
    { heading: 'SIZE', cell: ({ layer }) => sizeText(layer.sizeBytes), align: 'right' },
  ]);
  return `${image.reference}  ${image.digest}\n\n${table}\n\ntogether ${sizeText(image.totalBytes)}, shared layers counted once`;
}

/** What {@link imageText} says, then how the image starts and its labels. */
export function imageDetailsText(image: ImageDetails): string {
  const container = image.configs[0]?.config.config;
  const start = keyValues([
    ['user', container?.User],
    ['command', [...(container?.Entrypoint ?? []), ...(container?.Cmd ?? [])].join(' ') || undefined],
    ['ports', Object.keys(container?.ExposedPorts ?? {}).join(', ') || undefined],
    ['environment', container?.Env?.join(' ')],
  ]);
  const labels = Object.entries(image.labels).map(([key, value]) => [key, value] as const);
  return [imageText(image), start, labels.length === 0 ? '' : keyValues(labels)]
    .filter((part) => part !== '')
    .join('\n\n');
}

/** Where an image was pushed to, and what had to be sent. */
export function pushedText(pushed: PushedImage): string {
  const count = (outcome: string): number => pushed.blobs.filter((blob) => blob.outcome === outcome).length;
  const there =
    pushed.blobs.length === 0
      ? 'it was there already'
      : `sent ${count('uploaded')} of ${pushed.blobs.length} layers and configurations, ${sizeText(pushed.uploadedBytes)}; ${count('mounted')} mounted, ${count('present')} there already`;
  return `${pushed.reference}  ${pushed.digest}\n${there}`;
}

/** What was written to a file, a folder or an engine. */
export function exportedText(exported: ExportedImage): string {
  const { target, digest, platform = 'all platforms', sizeBytes } = exported;
  return `${target}  ${digest}\n${platform}, ${sizeText(sizeBytes)}`;
}
