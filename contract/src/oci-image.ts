import Type from 'typebox';
import type { Static } from 'typebox';

/** Media types of the OCI image specification 1.1, and of Docker's older formats where they are still met. */
export const ociMediaTypes = {
  index: 'application/vnd.oci.image.index.v1+json',
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar',
  layerGzip: 'application/vnd.oci.image.layer.v1.tar+gzip',
  layerZstd: 'application/vnd.oci.image.layer.v1.tar+zstd',
  dockerManifestList: 'application/vnd.docker.distribution.manifest.list.v2+json',
  dockerManifest: 'application/vnd.docker.distribution.manifest.v2+json',
  dockerConfig: 'application/vnd.docker.container.image.v1+json',
  dockerLayer: 'application/vnd.docker.image.rootfs.diff.tar',
  dockerLayerGzip: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
} as const;

/** Annotations and labels that edgewright writes, beside those of `org.opencontainers.image`. */
export const imageAnnotations = {
  /** On an index in a layout: the whole reference, `NAME:TAG`. */
  referenceName: 'org.opencontainers.image.ref.name',
  /** On an artifact in a layout's list: the digest of the image that it belongs to. */
  subject: 'net.edgewright.subject',
  /** On a layer: what it is for. */
  layerRole: 'net.edgewright.layer.role',
  /** On a blob: the name of the file that it holds, or speaks of. */
  fileTitle: 'org.opencontainers.image.title',
  /** Label: the models, `NAME:VERSION` with commas between. */
  model: 'net.edgewright.model',
  /** Label: inputs and outputs of the models that tell them, as JSON, by the models' names. */
  schema: 'net.edgewright.schema',
  /** Label: the backend asked for. */
  backend: 'net.edgewright.backend',
  /** Label: the version of edgewright that built the image. */
  builder: 'net.edgewright.version',
} as const;

const DIGEST = Type.String({ pattern: '^sha256:[0-9a-f]{64}$', description: 'a digest sha256:<64 hex digits>' });
const StringMap = Type.Record(Type.String(), Type.String());

/** A platform as others write it; what edgewright does not build for is allowed here, and passed over. */
export const OciPlatformSchema = Type.Object({
  os: Type.String(),
  architecture: Type.String(),
  variant: Type.Optional(Type.String()),
});

/** OCI content descriptor. */
export const OciDescriptorSchema = Type.Object({
  mediaType: Type.String({ minLength: 1 }),
  digest: DIGEST,
  size: Type.Integer({ minimum: 0 }),
  annotations: Type.Optional(StringMap),
  platform: Type.Optional(OciPlatformSchema),
  artifactType: Type.Optional(Type.String()),
});

export type OciDescriptor = Static<typeof OciDescriptorSchema>;

/** OCI image index; also `index.json` of an image layout. */
export const OciIndexSchema = Type.Object({
  schemaVersion: Type.Literal(2),
  mediaType: Type.Optional(Type.String()),
  manifests: Type.Array(OciDescriptorSchema),
  annotations: Type.Optional(StringMap),
});

export type OciIndex = Static<typeof OciIndexSchema>;

/** OCI image manifest. */
export const OciManifestSchema = Type.Object({
  schemaVersion: Type.Literal(2),
  mediaType: Type.Optional(Type.String()),
  config: OciDescriptorSchema,
  layers: Type.Array(OciDescriptorSchema),
  /** What the manifest says something of: an SBOM or a signature names its image here (image-spec 1.1). */
  subject: Type.Optional(OciDescriptorSchema),
  artifactType: Type.Optional(Type.String()),
  annotations: Type.Optional(StringMap),
});

export type OciManifest = Static<typeof OciManifestSchema>;

const EmptyObjectMap = Type.Record(Type.String(), Type.Object({}));
const nullable = <Schema extends Type.TSchema>(schema: Schema) => Type.Optional(Type.Union([schema, Type.Null()]));

/** OCI image configuration, as far as edgewright reads or writes it; Go writes null where there is nothing. */
export const OciImageConfigSchema = Type.Object({
  created: Type.Optional(Type.String()),
  author: Type.Optional(Type.String()),
  os: Type.String(),
  architecture: Type.String(),
  variant: Type.Optional(Type.String()),
  config: Type.Optional(
    Type.Object({
      User: Type.Optional(Type.String()),
      Env: nullable(Type.Array(Type.String())),
      Entrypoint: nullable(Type.Array(Type.String())),
      Cmd: nullable(Type.Array(Type.String())),
      WorkingDir: Type.Optional(Type.String()),
      Labels: nullable(StringMap),
      ExposedPorts: nullable(EmptyObjectMap),
      Volumes: nullable(EmptyObjectMap),
      StopSignal: Type.Optional(Type.String()),
      Healthcheck: nullable(Type.Unknown()),
    }),
  ),
  rootfs: Type.Object({ type: Type.Literal('layers'), diff_ids: Type.Array(DIGEST) }),
  history: Type.Optional(
    Type.Array(
      Type.Object({
        created: Type.Optional(Type.String()),
        created_by: Type.Optional(Type.String()),
        comment: Type.Optional(Type.String()),
        empty_layer: Type.Optional(Type.Boolean()),
      }),
    ),
  ),
});

export type OciImageConfig = Static<typeof OciImageConfigSchema>;

/** `manifest.json` in an archive of `docker save`. */
export const DockerArchiveSchema = Type.Array(
  Type.Object({
    Config: Type.String(),
    RepoTags: nullable(Type.Array(Type.String())),
    Layers: Type.Array(Type.String()),
  }),
);

export type DockerArchive = Static<typeof DockerArchiveSchema>;
