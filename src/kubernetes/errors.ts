/** What the API server may answer instead. */

export class KubernetesError extends Error {
  override readonly name: string = 'KubernetesError';
  /** HTTP status; 0 when there was no answer. */
  readonly status: number;
  /** Kubernetes' word: `NotFound`, `Forbidden`, `AlreadyExists`, `Conflict`, …; `Unreachable` when there was no answer. */
  readonly reason: string;
  constructor(status: number, reason: string, message: string) {
    super(message);
    this.status = status;
    this.reason = reason;
  }
}
