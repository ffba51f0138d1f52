import Type from 'typebox';
import type { Static } from 'typebox';

/** The file `workspace.json` in the folder of a workspace. */
export const WorkspaceConfigSchema = Type.Object(
  {
    modelRegistry: Type.Optional(
      Type.String({
        minLength: 1,
        description:
          'where models are registered: a folder (from the workspace), azblob://ACCOUNT/CONTAINER or oci://HOST/REPOSITORY; default: the folder models',
      }),
    ),
  },
  {
    $id: 'https://edgewright.dev/schemas/workspace.json',
    title: 'the settings of a workspace',
    additionalProperties: false,
  },
);

export type WorkspaceConfig = Static<typeof WorkspaceConfigSchema>;
