/** One thing that applying a plan does. */
export interface PlannedChange {
  readonly action: 'create' | 'update' | 'delete';
  /** What it is done to, such as `Deployment models/diabetes`. */
  readonly subject: string;
  /** Why, for an update: what is there and what is wanted. */
  readonly reason?: string;
}
