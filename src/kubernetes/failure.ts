/** What went wrong with a request, in Kubernetes' words. */
import { KubernetesError } from './errors.ts';

/** The API server explains an error with a Status object; what is in between (a proxy) does not. */
export function refusal(asked: string, status: number, body: string): KubernetesError {
  const explained = statusObject(body);
  return new KubernetesError(
    status,
    explained?.reason || reasonFor(status),
    explained?.message || `${asked}: HTTP ${status}`,
  );
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

function statusObject(body: string): { readonly reason?: string; readonly message?: string } | undefined {
  try {
    const parsed: unknown = JSON.parse(body);
    if (typeof parsed !== 'object' || parsed === null || !('kind' in parsed) || parsed.kind !== 'Status')
      return undefined;
    return {
      ...('reason' in parsed && typeof parsed.reason === 'string' ? { reason: parsed.reason } : {}),
      ...('message' in parsed && typeof parsed.message === 'string' ? { message: parsed.message } : {}),
    };
  } catch {
    return undefined;
  }
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
