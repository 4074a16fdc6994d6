/**
 * Questions to snapd with their answers: errors by snapd's word, again while snapd restarts (it refreshes itself) and while
 * another change of the same snap is in progress.
 */
import type { Clock } from '../../time/clock.ts';
import { SnapdError } from './errors.ts';
import { validate as answerProblems } from './snapd-answer.schema.json?validator';
import { exchangeWithSnapd, SnapdConnectionFailure, type SnapdQuestion } from './snapd-exchange.ts';

export interface Deadline {
  readonly clock: Clock;
  /** In the clock's elapsed milliseconds. */
  readonly end: number;
  readonly timeoutMs: number;
}

export function deadlineAfter({ clock }: SnapdCall, timeoutMs: number): Deadline {
  return { clock, end: clock.elapsed() + timeoutMs, timeoutMs };
}

export type SnapdReply =
  | { readonly type: 'sync'; readonly result: unknown }
  | { readonly type: 'async'; readonly change: string };

export interface CallSettings {
  readonly deadline: Deadline;
  /** How long to try to connect; default: until the deadline. */
  readonly connectMs?: number;
  /** Whether asking twice is the same as asking once. */
  readonly repeatable: boolean;
}

export interface SnapdCall {
  (question: SnapdQuestion, settings: CallSettings): Promise<SnapdReply>;
  readonly clock: Clock;
}

type Raw = { readonly type: string; readonly change?: string; readonly result?: unknown };

/** Characters: it goes into statuses. */
const LONGEST_MESSAGE = 4000;

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 1000;
const NOBODY_LISTENS = new Set(['ENOENT', 'ECONNREFUSED', 'EAGAIN', 'ECONNRESET', 'EPIPE']);

export function snapdCallOver(socketPath: string, clock: Clock): SnapdCall {
  return Object.assign(call, { clock });

  async function call(question: SnapdQuestion, { deadline, connectMs, repeatable }: CallSettings): Promise<SnapdReply> {
    const asked = `${question.method} ${question.path.split('?')[0]}`;
    const connectEnd = Math.min(deadline.end, clock.elapsed() + (connectMs ?? Number.POSITIVE_INFINITY));
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
      const { outcome, until } = await attempt();
      if (!(outcome instanceof SnapdError)) return outcome;
      if (clock.elapsed() + pause >= until) throw outcome;
      await clock.sleep(pause);
    }

    async function attempt(): Promise<{ readonly outcome: SnapdReply | SnapdError; readonly until: number }> {
      try {
        const answer = await exchangeWithSnapd(socketPath, question, deadline.end - clock.elapsed());
        const outcome = reply(asked, answer.status, answer.text);
        const busy = outcome instanceof SnapdError && outcome.kind === 'snap-change-conflict';
        return { outcome, until: busy ? deadline.end : 0 };
      } catch (error) {
        if (!(error instanceof SnapdConnectionFailure)) throw error;
        const again = NOBODY_LISTENS.has(error.code) && (repeatable || !error.sent);
        return { outcome: unanswered(asked, error, deadline, repeatable), until: again ? connectEnd : 0 };
      }
    }
  }
}

function unanswered(
  asked: string,
  { code, sent }: SnapdConnectionFailure,
  { timeoutMs }: Deadline,
  repeatable: boolean,
): SnapdError {
  if (code === 'TIMEOUT') return new SnapdError('timeout', `${asked}: snapd did not answer within ${timeoutMs} ms`);
  if (code === 'TOO_LARGE') return new SnapdError('bad-answer', `${asked}: snapd answered more than can be right`);
  const unknown = sent && !repeatable ? '; whether snapd carried it out is unknown' : '';
  const what = sent ? 'the connection to snapd broke' : 'snapd does not accept connections';
  return new SnapdError('unreachable', `${asked}: ${what} (${code})${unknown}`);
}

function reply(asked: string, status: number, text: string): SnapdReply | SnapdError {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return new SnapdError('bad-answer', `${asked}: HTTP ${status} with an answer that is not JSON`);
  }
  const [problem] = answerProblems(parsed);
  if (problem !== undefined) {
    return new SnapdError(
      'bad-answer',
      `${asked}: HTTP ${status}, not an answer of snapd: ${problem.path} ${problem.message}`,
    );
  }
  const { type, change, result } = parsed as Raw;
  if (type === 'error') {
    const { kind, message, value } = result as {
      readonly kind?: string;
      readonly message: string;
      readonly value?: unknown;
    };
    return new SnapdError(
      (kind || `http-${status}`).slice(0, 100),
      message.slice(0, LONGEST_MESSAGE),
      releasedChannels(value),
    );
  }
  return type === 'async' && change !== undefined ? { type, change } : { type: 'sync', result };
}

const MOST_CHANNELS = 40;
const CHANNEL = /^[a-zA-Z0-9][\w./-]{0,99}$/;

/** What the store has instead, with the errors that tell it (snapd, `daemon/errors.go`). */
function releasedChannels(value: unknown): readonly string[] {
  const releases = typeof value === 'object' && value !== null ? (value as { releases?: unknown }).releases : undefined;
  if (!Array.isArray(releases)) return [];
  const channels = releases.flatMap((one: unknown) => {
    const channel = typeof one === 'object' && one !== null ? (one as { channel?: unknown }).channel : undefined;
    return typeof channel === 'string' && CHANNEL.test(channel) ? [channel] : [];
  });
  return [...new Set(channels)].slice(0, MOST_CHANNELS);
}
