/** snapd's envelope. */

import { STATUS_CODES } from 'node:http';
import type { Answer } from '../http/server.ts';

export class SnapdRefusal extends Error {
  override readonly name = 'SnapdRefusal';
  readonly code: number;
  readonly kind: string | undefined;
  readonly value: unknown;

  constructor(code: number, message: string, kind?: string, value?: unknown) {
    super(message);
    this.code = code;
    this.kind = kind;
    this.value = value;
  }
}

export function sync(result: unknown): Answer {
  return json(200, { type: 'sync', 'status-code': 200, status: 'OK', result });
}

export function accepted(change: string): Answer {
  return json(202, { type: 'async', 'status-code': 202, status: 'Accepted', result: null, change });
}

export function refuse(refusal: SnapdRefusal): Answer {
  return json(refusal.code, {
    type: 'error',
    'status-code': refusal.code,
    status: STATUS_CODES[refusal.code] ?? '',
    result: {
      message: refusal.message,
      ...(refusal.kind === undefined ? {} : { kind: refusal.kind }),
      ...(refusal.value === undefined ? {} : { value: refusal.value }),
    },
  });
}

function json(status: number, body: unknown): Answer {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}
