/** What the machine may answer instead of doing it. */

export class SnapdError extends Error {
  override readonly name = 'SnapdError';
  /** snapd's word: `snap-change-conflict`, `snap-not-found`, …; `change-failed` when the change ended in Error; `timeout`; `unreachable`. */
  readonly kind: string;
  constructor(kind: string, message: string) {
    super(message);
    this.kind = kind;
  }
}
