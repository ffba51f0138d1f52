/** A named deployment: content for all devices or modules that its condition targets. */
export interface Configuration {
  readonly id: string;
  readonly schemaVersion: string;
  readonly labels: Readonly<Record<string, string>>;
  /** As it was given; it never changes. */
  readonly content: Readonly<Record<string, unknown>>;
  /** A condition on twins, `*` for all, empty for none, or `FROM devices.modules WHERE …` for modules. */
  readonly targetCondition: string;
  /** Where two deployments contradict, the one with the larger number counts. */
  readonly priority: number;
  /** Custom metrics: queries by name. */
  readonly metricQueries: Readonly<Record<string, string>>;
  /** ISO 8601. */
  readonly createdTime: string;
  readonly lastUpdatedTime: string;
  readonly etag: string;
}

/** What may be said of a deployment that is made, and changed later, its content aside. */
export interface ConfigurationSettings {
  readonly labels?: Readonly<Record<string, string>>;
  readonly targetCondition?: string;
  readonly priority?: number;
  readonly metricQueries?: Readonly<Record<string, string>>;
}
