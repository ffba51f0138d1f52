import Type from 'typebox';
import type { Static } from 'typebox';
import { checkDocument } from '../document.ts';
import { parseJson } from '../parse-json.ts';

const Share = (description: string) => Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 1, description }));

/** How live data are compared with a model's baseline, and from when on that is an alarm. */
export const DriftSettingsSchema = Type.Object(
  {
    enabled: Type.Optional(Type.Boolean({ description: 'default true: wherever the model has a baseline' })),
    windowRows: Type.Optional(
      Type.Integer({ minimum: 50, maximum: 1_000_000, description: 'rows that are compared; default 500' }),
    ),
    stepRows: Type.Optional(
      Type.Integer({
        minimum: 5,
        maximum: 1_000_000,
        description:
          'rows between two comparisons; default a tenth of windowRows. As many as windowRows: windows do not overlap',
      }),
    ),
    windowSeconds: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 31_536_000, description: 'older rows do not count; default 604800' }),
    ),
    minimumRows: Type.Optional(
      Type.Integer({ minimum: 30, maximum: 1_000_000, description: 'before this many nothing is judged; default 100' }),
    ),
    sampleRate: Share('share of requests that is looked at, evenly; default 1'),
    psi: Type.Optional(
      Type.Number({ exclusiveMinimum: 0, maximum: 100, description: 'population stability index; default 0.25' }),
    ),
    ks: Share('Kolmogorov–Smirnov statistic; default 0.2'),
    missingRate: Share('rise of the share of missing values over that of the baseline; default 0.05'),
    outOfRangeRate: Share('share of values that the baseline never saw; default 0.05'),
    significance: Share(
      'chance of a false alarm of one comparison over all features, below which psi and ks are believed; default 0.001',
    ),
    confirmations: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 100,
        description: 'comparisons in a row that must be over a limit, and below 80 % of it for the end; default 2',
      }),
    ),
    output: Type.Optional(
      Type.String({
        pattern: '^[A-Za-z0-9_-]{1,64}$',
        description: 'the output of an edge module that takes a message when drift begins or ends; default none',
      }),
    ),
  },
  { additionalProperties: false, description: "live inputs and outputs against the model's baseline" },
);

/** What is set of {@link DriftSettings}. */
export type DriftSettingsInput = Static<typeof DriftSettingsSchema>;

/** With every default filled in. */
export type DriftSettings = Required<Omit<DriftSettingsInput, 'output'>> & Pick<DriftSettingsInput, 'output'>;

/** Fills in the defaults. A step is never larger than the window, and never so small that there are more than 100 in one. */
export function completeDriftSettings(given: DriftSettingsInput = {}): DriftSettings {
  const windowRows = given.windowRows ?? 500;
  const stepRows = Math.min(
    windowRows,
    Math.max(given.stepRows ?? Math.ceil(windowRows / 10), Math.ceil(windowRows / 100)),
  );
  return {
    enabled: true,
    windowSeconds: 604_800,
    sampleRate: 1,
    psi: 0.25,
    ks: 0.2,
    missingRate: 0.05,
    outOfRangeRate: 0.05,
    significance: 0.001,
    confirmations: 2,
    ...given,
    windowRows,
    stepRows,
    minimumRows: Math.min(windowRows, given.minimumRows ?? 100),
  };
}

/**
 * Reads settings as an environment variable has them, a JSON object.
 *
 * @param source where it stands, for the message
 * @throws ContractError `InvalidJson`, `InvalidDocument`
 */
export function parseDriftSettings(text: string, source: string): DriftSettingsInput {
  return checkDocument(DriftSettingsSchema, parseJson(text, source), source);
}
