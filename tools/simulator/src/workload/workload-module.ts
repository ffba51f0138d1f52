/** A module as `GET /modules` lists it. */
export interface WorkloadModule {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly config: {
    readonly settings: Readonly<Record<string, unknown>>;
    readonly env?: readonly { readonly key: string; readonly value: string }[];
  };
  readonly status: {
    /** ISO 8601, as `exitTime`. */
    readonly startTime?: string;
    readonly exitStatus?: { readonly exitTime: string; readonly statusCode: string };
    readonly runtimeStatus: { readonly status: string; readonly description?: string };
  };
}
