/**
 * A request with its answer within the caller's time, tried again while the daemon starts, restarts or re-executes itself.
 * What changes something is only sent again when it is certain that the daemon has not acted on it.
 */
import type { Clock } from '../../time/clock.ts';
import { type Check, payload } from './answer.ts';
import { isStarting } from './error-table.ts';
import { K8sdError, K8sdUnavailable } from './errors.ts';
import { ConnectionFailure, type Exchange, exchange } from './exchange.ts';
import type { CallOptions } from './k8sd.ts';

export interface Question {
  readonly method: Exchange['method'];
  readonly path: string;
  readonly body?: unknown;
  /** Whether doing it twice is the same as doing it once. Default: GET, PUT and DELETE are, POST is not. */
  readonly repeatable?: boolean;
  readonly check: Check;
}

export type Call = <T>(question: Question, options: CallOptions) => Promise<T>;

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 1000;

/** Connecting failed because nobody listens now; the daemon may be about to. */
const NOBODY_LISTENS = new Set(['ENOENT', 'ECONNREFUSED', 'EAGAIN', 'ECONNRESET', 'EPIPE']);

export function callOver(socketPath: string, clock: Clock): Call {
  return async <T>(question: Question, { timeoutMs }: CallOptions): Promise<T> => {
    const asked = `${question.method} ${question.path.split('?')[0]}`;
    const repeatable = question.repeatable ?? question.method !== 'POST';
    const sending: Exchange = {
      method: question.method,
      path: question.path,
      ...(question.body === undefined ? {} : { body: JSON.stringify(question.body) }),
    };
    const end = clock.elapsed() + timeoutMs;
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
      const failure = await attempt(end - clock.elapsed());
      if (!(failure instanceof K8sdError)) return failure.payload;
      if (!maySendAgain(failure) || clock.elapsed() + pause >= end) throw failure;
      await clock.sleep(pause);
    }

    async function attempt(remainingMs: number): Promise<{ readonly payload: T } | K8sdError> {
      try {
        return { payload: payload<T>(asked, await exchange(socketPath, sending, remainingMs), question.check) };
      } catch (error) {
        if (error instanceof ConnectionFailure) return unavailable(error);
        if (error instanceof K8sdError) return error;
        throw error;
      }
    }

    function unavailable({ code, sent }: ConnectionFailure): Unanswered {
      const unknown = sent && !repeatable ? '; whether k8sd carried it out is unknown' : '';
      return new Unanswered(`${asked}: ${describe(code, sent, timeoutMs)}${unknown}`, code, sent);
    }

    function maySendAgain(error: K8sdError): boolean {
      if (error instanceof Unanswered) return NOBODY_LISTENS.has(error.code) && (repeatable || !error.sent);
      return isStarting(error) || (repeatable && error instanceof K8sdUnavailable);
    }
  };
}

/** `K8sdUnavailable` that remembers how far the request got. */
class Unanswered extends K8sdUnavailable {
  readonly code: string;
  readonly sent: boolean;
  constructor(message: string, code: string, sent: boolean) {
    super(0, message);
    this.code = code;
    this.sent = sent;
  }
}

function describe(code: string, sent: boolean, timeoutMs: number): string {
  if (code === 'TIMEOUT') return `k8sd did not answer within ${timeoutMs} ms`;
  if (code === 'TOO_LARGE') return 'k8sd answered more than can be right';
  return sent ? `the connection to k8sd broke (${code})` : `k8sd does not accept connections (${code})`;
}
