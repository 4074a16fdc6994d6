/** The result of a synchronous answer, checked; its type is the schema's. */
import { SnapdError } from './errors.ts';
import type { SnapdReply } from './snapd-call.ts';

type Check = (value: unknown) => readonly { readonly path: string; readonly message: string }[];

export function result<T>(asked: string, reply: SnapdReply, check: Check): T {
  if (reply.type !== 'sync')
    throw new SnapdError('bad-answer', `${asked}: snapd started a change where an answer was due`);
  const [problem] = check(reply.result);
  if (problem !== undefined) {
    throw new SnapdError(
      'bad-answer',
      `${asked}: not what was expected: ${problem.path || 'result'} ${problem.message}`,
    );
  }
  return reply.result as T;
}
