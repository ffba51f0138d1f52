import Type from 'typebox';
import type { Static } from 'typebox';

/** Module names (the schema of IoT Edge deployments). */
export const MODULE_NAME_PATTERN = '^[a-zA-Z0-9_-]+$';

const EnvSchema = Type.Record(
  Type.String({ pattern: '^[^\\+#$\\s\\.]+$' }),
  Type.Object({ value: Type.Union([Type.String(), Type.Number(), Type.Boolean()]) }, { additionalProperties: false }),
  { additionalProperties: false },
);

const ModuleSettingsSchema = Type.Object(
  { image: Type.String({ minLength: 1, description: 'an image reference' }) },
  // createOptions, createOptions01 … and what newer runtimes add
  { additionalProperties: true },
);

export const EdgeModuleSchema = Type.Object(
  {
    version: Type.Optional(Type.String()),
    type: Type.Literal('docker'),
    status: Type.Optional(Type.Enum(['running', 'stopped'])),
    restartPolicy: Type.Optional(Type.Enum(['never', 'on-failure', 'on-unhealthy', 'always'])),
    imagePullPolicy: Type.Optional(Type.Enum(['on-create', 'never'])),
    startupOrder: Type.Optional(Type.Integer({ minimum: 0, maximum: 4_294_967_295 })),
    env: Type.Optional(EnvSchema),
    settings: ModuleSettingsSchema,
  },
  { additionalProperties: false },
);

export type EdgeModule = Static<typeof EdgeModuleSchema>;

export const EdgeAgentDesiredSchema = Type.Object(
  {
    schemaVersion: Type.String({ pattern: '^1\\.[01](\\.\\d+)?$', description: 'a schema version 1.0 or 1.1' }),
    runtime: Type.Object(
      {
        type: Type.Literal('docker'),
        settings: Type.Optional(
          Type.Object(
            {
              minDockerVersion: Type.Optional(Type.String()),
              loggingOptions: Type.Optional(Type.String()),
              registryCredentials: Type.Optional(
                Type.Record(
                  Type.String({ pattern: '^[^\\.$# ]+$' }),
                  Type.Object(
                    { address: Type.String(), username: Type.String(), password: Type.String() },
                    { additionalProperties: false },
                  ),
                  { additionalProperties: false },
                ),
              ),
            },
            { additionalProperties: false },
          ),
        ),
      },
      { additionalProperties: false },
    ),
    systemModules: Type.Object(
      { edgeAgent: EdgeModuleSchema, edgeHub: EdgeModuleSchema },
      { additionalProperties: false },
    ),
    modules: Type.Record(Type.String({ pattern: MODULE_NAME_PATTERN }), EdgeModuleSchema, {
      additionalProperties: false,
    }),
    integrity: Type.Optional(Type.Unknown()),
  },
  { additionalProperties: false },
);

export type EdgeAgentDesired = Static<typeof EdgeAgentDesiredSchema>;

/** A route: its text alone, or with priority and time to live (edgeHub schema 1.1 and newer). */
export const RouteEntrySchema = Type.Union([
  Type.String({ minLength: 1 }),
  Type.Object(
    {
      route: Type.String({ minLength: 1 }),
      priority: Type.Optional(Type.Integer({ minimum: 0, maximum: 9 })),
      timeToLiveSecs: Type.Optional(Type.Integer({ minimum: 0, maximum: 4_294_967_295 })),
    },
    { additionalProperties: false },
  ),
]);

export const EdgeHubDesiredSchema = Type.Object(
  {
    schemaVersion: Type.String({ pattern: '^1\\.[0-3](\\.\\d+)?$', description: 'a schema version from 1.0 to 1.3' }),
    routes: Type.Record(Type.String({ pattern: '^[^\\.$# ]+$' }), RouteEntrySchema, { additionalProperties: false }),
    storeAndForwardConfiguration: Type.Object(
      {
        timeToLiveSecs: Type.Integer(),
        storeLimits: Type.Optional(
          Type.Object({ maxSizeBytes: Type.Integer({ minimum: 1 }) }, { additionalProperties: false }),
        ),
      },
      { additionalProperties: false },
    ),
    mqttBroker: Type.Optional(Type.Unknown()),
    integrity: Type.Optional(Type.Unknown()),
  },
  { additionalProperties: false },
);

export type EdgeHubDesired = Static<typeof EdgeHubDesiredSchema>;

/** A deployment manifest for one edge device: `{modulesContent: {$edgeAgent, $edgeHub, <module>}}`. */
export const DeploymentManifestSchema = Type.Object(
  {
    modulesContent: Type.Object(
      {
        $edgeAgent: Type.Object({ 'properties.desired': EdgeAgentDesiredSchema }, { additionalProperties: false }),
        $edgeHub: Type.Object({ 'properties.desired': EdgeHubDesiredSchema }, { additionalProperties: false }),
      },
      {
        // the desired properties of user modules, by module name
        additionalProperties: Type.Object(
          { 'properties.desired': Type.Record(Type.String(), Type.Unknown()) },
          { additionalProperties: false },
        ),
      },
    ),
  },
  {
    additionalProperties: false,
    $id: 'https://edgewright.dev/schemas/deployment.json',
    title: 'IoT Edge deployment manifest',
  },
);

export type DeploymentManifest = Static<typeof DeploymentManifestSchema>;
