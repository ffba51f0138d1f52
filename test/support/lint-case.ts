/** One thing that lint should find: changes to a manifest that is right, and the findings they give. */
export interface LintCase {
  readonly changes: Readonly<Record<string, unknown>>;
  /** `CODE severity path` */
  readonly finds: readonly string[];
  readonly says?: string;
  /** Options of lint. */
  readonly options?: Readonly<Record<string, unknown>>;
}

export const AGENT = '$.modulesContent.$edgeAgent["properties.desired"]';
export const HUB = '$.modulesContent.$edgeHub["properties.desired"]';
export const FILTER = `${AGENT}.modules.filter`;
export const LAYER = '$.content.modulesContent';
