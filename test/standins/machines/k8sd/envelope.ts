/** k8sd's envelope, and the refusals that go into it. */

import type { Answer } from '../http/server.ts';
import { writeJson } from '../json.ts';

export class K8sdRefusal extends Error {
  override readonly name = 'K8sdRefusal';
  readonly code: number;
  /** Run once the refusal has been sent. */
  readonly afterSent: (() => void) | undefined;

  constructor(code: number, message: string, afterSent?: () => void) {
    super(message);
    this.code = code;
    this.afterSent = afterSent;
  }
}

export interface Reply {
  readonly metadata: unknown;
  readonly afterSent?: () => void;
}

export function success(reply: Reply): Answer {
  return json(
    200,
    {
      type: 'sync',
      status: 'Success',
      status_code: 200,
      operation: '',
      error_code: 0,
      error: '',
      metadata: reply.metadata,
    },
    reply.afterSent,
  );
}

export function failure(refusal: K8sdRefusal): Answer {
  return json(
    refusal.code,
    {
      type: 'error',
      status: '',
      status_code: 0,
      operation: '',
      error_code: refusal.code,
      error: refusal.message,
      metadata: null,
    },
    refusal.afterSent,
  );
}

/** An answer without the envelope. */
export function bare(status: number, body: unknown): Answer {
  return json(status, body, undefined);
}

function json(status: number, body: unknown, afterSent: (() => void) | undefined): Answer {
  return {
    status,
    headers: { 'content-type': 'application/json' },
    body: `${writeJson(body)}\n`,
    ...(afterSent === undefined ? {} : { afterSent }),
  };
}
