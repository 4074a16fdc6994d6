/** What a test makes go wrong on a machine. */

export type K8sdMode =
  /** Works. */
  | 'normal'
  /** Answers everything with 503 `Database is still starting`, and `ready` with 503. */
  | 'starting'
  /** Answers everything with 500. */
  | 'error'
  /** Answers 200 with something that is no JSON. */
  | 'garbage'
  /** Takes connections and never answers. */
  | 'silent';

export interface Failure {
  /**
   * HTTP status of the refusal; nothing has happened then. Without one, the operation starts and fails on its way: a
   * bootstrap or join wipes the node, a change of snapd ends in `Error`.
   */
  readonly status?: number;
  readonly text: string;
  /** snapd's error kind, with a status. */
  readonly kind?: string;
}

export interface Faults {
  /** Why no machine reaches the store. */
  storeProblem: string | undefined;
  failNext(machine: string, operation: string, failure: Failure): void;
  /** The failure that waits for this operation, which is then used up. */
  take(machine: string, operation: string): Failure | undefined;
  mode(machine: string): K8sdMode;
  setMode(machine: string, mode: K8sdMode): void;
  /** Reason for which a service does not start. */
  serviceFailure(machine: string, service: string): string | undefined;
  setServiceFailure(machine: string, service: string, reason: string | undefined): void;
}

export function createFaults(): Faults {
  const waiting = new Map<string, Failure[]>();
  const modes = new Map<string, K8sdMode>();
  const services = new Map<string, string>();
  return {
    storeProblem: undefined,
    failNext: (machine, operation, failure) => {
      const key = `${machine} ${operation}`;
      waiting.set(key, [...(waiting.get(key) ?? []), failure]);
    },
    take: (machine, operation) => waiting.get(`${machine} ${operation}`)?.shift(),
    mode: (machine) => modes.get(machine) ?? 'normal',
    setMode: (machine, mode) => {
      modes.set(machine, mode);
    },
    serviceFailure: (machine, service) => services.get(`${machine} ${service}`),
    setServiceFailure: (machine, service, reason) => {
      if (reason === undefined) services.delete(`${machine} ${service}`);
      else services.set(`${machine} ${service}`, reason);
    },
  };
}
