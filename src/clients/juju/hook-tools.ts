/** Calls of hook tools with their meaning: success gives text or checked JSON, anything else an error by meaning. */

import {
  HookToolFailure,
  HookToolMisuse,
  HookToolRefusal,
  NotFound,
  NotLeader,
  PermissionDenied,
  UnusableAnswer,
} from './errors.ts';
import type { HookToolAnswer, Transport } from './transport.ts';

/** Checks an answer's shape; throws {@link UnusableAnswer} when it is not what the tool is known to print. */
export type Check<T> = (answer: unknown) => T;

export interface HookTools {
  /** Runs a tool and gives what it printed. */
  run(tool: string, args: readonly string[], stdin?: string): Promise<string>;
  /**
   * Asks a tool for JSON, once per dispatch: the same question is not asked twice, not even by two askers at the same time.
   * A question that failed may be asked again. Prints nothing: `null`.
   *
   * @param largestOutput bytes of an answer that somebody else determines. @throws UnusableAnswer for more, or another shape.
   */
  ask<T>(tool: string, args: readonly string[], check: Check<T>, largestOutput?: number): Promise<T>;
}

export function createHookTools(transport: Transport): HookTools {
  const asked = new Map<string, Promise<unknown>>();

  const run = async (
    tool: string,
    args: readonly string[],
    stdin?: string,
    largestOutput?: number,
  ): Promise<string> => {
    const answer = await transport.call(tool, args, stdin, largestOutput);
    if (answer.code !== 0) throw errorOf(tool, answer);
    return answer.stdout;
  };

  const askJson = (tool: string, args: readonly string[], largestOutput?: number): Promise<unknown> => {
    const question = JSON.stringify([tool, ...args]);
    const known = asked.get(question);
    if (known !== undefined) return known;
    const answer = run(tool, ['--format=json', ...args], undefined, largestOutput).then((text) => {
      if (largestOutput !== undefined && hasManyMembers(text))
        throw new UnusableAnswer(`${tool} printed more than ${MOST_MEMBERS} values`);
      return parseJson(tool, text);
    });
    asked.set(question, answer);
    answer.catch(() => asked.delete(question));
    return answer;
  };

  return {
    run: (tool, args, stdin) => run(tool, args, stdin),
    async ask(tool, args, check, largestOutput) {
      return check(await askJson(tool, args, largestOutput));
    },
  };
}

/** Of an answer that somebody else determines: each costs ten times as much memory as its text. A unit of a large cluster has four. */
const MOST_MEMBERS = 50_000;

/** Counted before anything is built of it. Inside of a text the quotation marks would be escaped. */
function hasManyMembers(text: string): boolean {
  let count = 0;
  for (let at = text.indexOf(BETWEEN); at >= 0 && count <= MOST_MEMBERS; at = text.indexOf(BETWEEN, at + 1)) count += 1;
  return count > MOST_MEMBERS;
}

/** Stands between the name and the value of a text in an object. */
const BETWEEN = '":"';

/** Parses what a tool printed as JSON; nothing at all is `null`, as an empty state prints on some versions. */
export function parseJson(tool: string, text: string): unknown {
  if (text.trim() === '') return null;
  try {
    return JSON.parse(text);
  } catch {
    throw new UnusableAnswer(`${tool} printed something that is not JSON`);
  }
}

/** What the client of the hook tools says when it did not reach the agent, or not the context that it was made for. */
const CUT_OFF = /^(?:JUJU_[A-Z_]+ not set|bad request:|dial unix|read unix|write unix|connection |unexpected EOF|EOF)/;

const NOT_LEADER = /not the leader|cannot write relation settings/;
/** The first two are the words of Juju 3.6, the last those of 4.0. */
const DENIED = /permission denied|access denied|is not allowed to (?:read|manage) this secret/;
const MISSING = /not found/;

function errorOf(tool: string, answer: HookToolAnswer): Error {
  const text = refusalText(answer.stderr);
  const message = `${tool}: ${text}`;
  if (answer.code === 2) return new HookToolMisuse(message);
  if (answer.code !== 1 || CUT_OFF.test(text)) return new HookToolFailure(`${message} (exit code ${answer.code})`);
  if (NOT_LEADER.test(text)) return new NotLeader(text);
  if (DENIED.test(text)) return new PermissionDenied(text);
  if (MISSING.test(text)) return new NotFound(text);
  return new HookToolRefusal(text);
}

/** Deprecation warnings may come first; the reason is what follows the last `ERROR ` at the start of a line. */
function refusalText(stderr: string): string {
  const lines = stderr.trim().split('\n');
  const start = lines.findLastIndex((line) => line.startsWith('ERROR '));
  if (start === -1) return lines.join('\n') || 'no reason given';
  return lines.slice(start).join('\n').slice('ERROR '.length);
}
