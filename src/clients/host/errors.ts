/** What the machine may answer instead of doing it. */

/** No room for a file; what stood there before stands there untouched. */
export class DiskFull extends Error {
  override readonly name = 'DiskFull';
  constructor(path: string, cause: NodeJS.ErrnoException) {
    super(`No room on the disk for ${path} (${cause.code}); free some space`, { cause });
  }
}

/** An answer is longer than it may be. */
export class AnswerTooLarge extends Error {
  override readonly name = 'AnswerTooLarge';
  constructor(url: string, mostBytes: number) {
    super(`${url}: the answer has more than ${mostBytes} bytes`);
  }
}

export class SnapdError extends Error {
  override readonly name = 'SnapdError';
  /** snapd's word: `snap-change-conflict`, `snap-not-found`, …; `change-failed` when the change ended in Error; `timeout`; `unreachable`. */
  readonly kind: string;
  /** Channels that the store has instead of the one that was asked for, as far as snapd says so. */
  readonly channels: readonly string[];
  constructor(kind: string, message: string, channels: readonly string[] = []) {
    super(message);
    this.kind = kind;
    this.channels = channels;
  }
}
