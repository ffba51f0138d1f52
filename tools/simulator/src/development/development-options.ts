/** What a developer wants to have from the start: an edge device with a deployment, or with one module under test. */
export interface DevelopmentOptions {
  /** A deployment manifest, parsed: `{modulesContent: …}`. */
  readonly deployment?: unknown;
  /** Inputs of the module `target`, which is under test; messages are posted to them. */
  readonly inputs?: readonly string[];
  /** Where messages are posted; 0: any free port; default 53000. */
  readonly inputPort?: number;
}

/** What came of it. */
export interface DevelopmentInfo {
  readonly deviceId: string;
  /** `POST {inputName, data}` to it; only with inputs. */
  readonly inputUrl?: string;
}
