/** What the API server may answer instead. */

export class KubernetesError extends Error {
  override readonly name: string = 'KubernetesError';
  /** HTTP status; 0 when there was no answer. */
  readonly status: number;
  /** Kubernetes' word: `NotFound`, `Forbidden`, `AlreadyExists`, `Conflict`, …; `Unreachable` when there was no answer, `TooLarge` when it was too long. */
  readonly reason: string;
  constructor(status: number, reason: string, message: string) {
    super(message);
    this.status = status;
    this.reason = reason;
  }
}

/** All pages of a list together are longer than was asked for. */
export class ListTooLarge extends KubernetesError {
  constructor(asked: string, most: number) {
    super(0, 'TooLarge', `${asked}: the list has more than ${most} characters`);
  }
}

/** A list cannot be continued as it was (410, `Expired`): etcd has compacted what it was of. */
export class ExpiredError extends KubernetesError {
  /**
   * Where the rest of the list can be had as it is now
   * (https://kubernetes.io/docs/reference/using-api/api-concepts/#retrieving-large-results-sets-in-chunks).
   */
  readonly next: string | undefined;
  constructor(message: string, next: string | undefined) {
    super(410, 'Expired', message);
    this.next = next;
  }
}
