/** What went wrong with a request, in Kubernetes' words. */
import { ExpiredError, KubernetesError } from './errors.ts';

/** Characters of a message. A webhook writes what it wants into it, and it goes into statuses and logs. */
const LONGEST_MESSAGE = 500;

/** The API server explains an error with a Status object; what is in between (a proxy) does not. */
export function refusal(asked: string, status: number, body: string): KubernetesError {
  const explained = statusObject(body);
  const reason = explained?.reason || reasonFor(status);
  const message = oneLine(explained?.message || `${asked}: HTTP ${status}`);
  if (status === 410) return new ExpiredError(message, explained?.next);
  return new KubernetesError(status, reason, message);
}

/** The answer is longer than it may be. What can be asked for in smaller pages can be asked for again. */
export function tooLarge(asked: string, most: number): KubernetesError {
  return new KubernetesError(0, 'TooLarge', `${asked}: the answer has more than ${most} characters`);
}

export function unreachable(asked: string, why: string): KubernetesError {
  return new KubernetesError(0, 'Unreachable', `${asked}: ${why}`);
}

/** An answer of success that is not what Kubernetes answers. It is not quoted. */
export function badAnswer(asked: string, status: number): KubernetesError {
  return new KubernetesError(status, 'BadAnswer', `${asked}: the answer is not one of a Kubernetes API server`);
}

export function isReason(error: unknown, reason: string): boolean {
  return error instanceof KubernetesError && error.reason === reason;
}

interface Explained {
  readonly reason?: string;
  readonly message?: string;
  /** Where a list may be continued that cannot be continued as it was. */
  readonly next?: string;
}

function statusObject(body: string): Explained | undefined {
  try {
    const parsed: unknown = JSON.parse(body);
    if (typeof parsed !== 'object' || parsed === null || !('kind' in parsed) || parsed.kind !== 'Status')
      return undefined;
    const metadata = 'metadata' in parsed ? parsed.metadata : undefined;
    const next =
      typeof metadata === 'object' && metadata !== null && 'continue' in metadata ? metadata.continue : undefined;
    return {
      ...('reason' in parsed && typeof parsed.reason === 'string' ? { reason: parsed.reason } : {}),
      ...('message' in parsed && typeof parsed.message === 'string' ? { message: parsed.message } : {}),
      ...(typeof next === 'string' && next !== '' ? { next } : {}),
    };
  } catch {
    return undefined;
  }
}

/** Without control characters, which could forge lines of a log, and of bounded length. */
function oneLine(text: string): string {
  const plain = text.slice(0, LONGEST_MESSAGE + 1).replaceAll(/[\p{Cc}\p{Zl}\p{Zp}\p{Cf}]+/gu, ' ');
  return plain.length > LONGEST_MESSAGE ? `${plain.slice(0, LONGEST_MESSAGE)}…` : plain;
}

const REASONS: Readonly<Record<number, string>> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  409: 'Conflict',
  410: 'Expired',
  422: 'Invalid',
  429: 'TooManyRequests',
  500: 'InternalError',
  503: 'ServiceUnavailable',
  504: 'Timeout',
};

function reasonFor(status: number): string {
  return REASONS[status] ?? 'Unknown';
}
