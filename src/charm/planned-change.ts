/** A change as the charm sees it, of whichever domain it is. */

export interface PlannedChange {
  readonly description: string;
  /** Restarts a service of the node. */
  readonly disruptive: boolean;
  apply(): Promise<void>;
}
