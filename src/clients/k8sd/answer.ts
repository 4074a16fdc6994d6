/** From the bytes of an answer to its payload: the envelope that every endpoint uses, and the payload's own schema. */
import { validate as envelopeProblems } from './envelope.schema.json?validator';
import { meaningOf } from './error-table.ts';
import { K8sdError } from './errors.ts';
import type { RawAnswer } from './exchange.ts';
import { parseJson } from './wire-numbers.ts';

interface Envelope {
  readonly type: string;
  readonly error_code: number;
  readonly error: string;
  readonly metadata?: unknown;
}

export interface Problem {
  readonly path: string;
  readonly message: string;
}

/** Gives the problems of a payload, none when it fits. */
export type Check = (payload: unknown) => readonly Problem[];

/** For answers that carry nothing. */
export const anything: Check = () => [];

/**
 * The payload, checked; its type is the schema's. Throws k8sd's error by meaning, or a `K8sdError` that names the request when
 * the answer is not k8sd's. The answer itself is never quoted: it may hold tokens and keys.
 */
export function payload<T>(asked: string, { status, text }: RawAnswer, check: Check): T {
  const envelope = envelopeOf(asked, status, text);
  const failed = status < 200 || status > 299 || envelope.type === 'error' || envelope.error_code !== 0;
  if (failed)
    throw meaningOf(status >= 400 ? status : envelope.error_code, shortened(envelope.error) || `HTTP ${status}`);
  const [problem] = check(envelope.metadata);
  if (problem !== undefined) {
    throw new K8sdError(
      status,
      `${asked}: k8sd's answer is not what was expected: ${problem.path || 'metadata'} ${problem.message}`,
    );
  }
  return envelope.metadata as T;
}

/** Characters: what k8sd says may quote what others said, and goes into statuses, the unit state and databags. */
const LONGEST_MESSAGE = 4000;

function shortened(message: string): string {
  return message.length > LONGEST_MESSAGE ? `${message.slice(0, LONGEST_MESSAGE)}…` : message;
}

function envelopeOf(asked: string, status: number, text: string): Envelope {
  const notK8sd = (why: string) => meaningOf(status, `${asked}: HTTP ${status} with an answer that ${why}`);
  let parsed: unknown;
  try {
    parsed = parseJson(text);
  } catch {
    throw notK8sd(text === '' ? 'is empty' : 'is not JSON');
  }
  const [problem] = envelopeProblems(parsed);
  if (problem !== undefined) throw notK8sd(`has no k8sd envelope: ${problem.path || 'it'} ${problem.message}`);
  return parsed as Envelope;
}
