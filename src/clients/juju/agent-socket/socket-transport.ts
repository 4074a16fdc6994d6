/**
 * Hook tools over the socket of the unit agent, which their executables use as well: one connection a dispatch instead of one process a call.
 * The agent does what it is asked on its side, with files and standard input too, so that an answer is the same either way.
 */

import { createCallLimit } from '../call-limit.ts';
import { HookToolFailure, UnusableAnswer } from '../errors.ts';
import { type HookToolAnswer, LARGEST_OUTPUT, type OpenTransport } from '../transport.ts';
import { GobError } from './gob-decoding.ts';
import { encodeRequest, METHOD, REQUEST_DEFINITIONS, readAnswer } from './jujuc.ts';
import { ConnectionLost, connectRpc, type RpcConnection } from './rpc-connection.ts';

export interface AgentSocket {
  /** Absolute. */
  readonly path: string;
  /** `JUJU_CONTEXT_ID`. */
  readonly context: string;
}

/** Undefined where the environment names none that this can use: machines have a Unix socket with a path, and neither TLS nor a token. */
export function agentSocketOf(env: NodeJS.ProcessEnv): AgentSocket | undefined {
  const { JUJU_AGENT_SOCKET_NETWORK: network, JUJU_AGENT_SOCKET_ADDRESS: path, JUJU_CONTEXT_ID: context } = env;
  if (network !== 'unix' || path?.startsWith('/') !== true || !context) return undefined;
  return { path, context };
}

/** Beside what a tool prints: what it says on standard error, and the form around both. */
const MARGIN = 64 * 1024;

/** Most often it takes less than a millisecond. */
const FIRST_ANSWER_MS = 10_000;

/** Asks for what the agent has in memory. No charm has an endpoint of this name, so the answer is known. */
const SELF_CHECK = { tool: 'relation-ids', args: ['--format=json', 'self-check'], answer: '[]\n' } as const;

/** Whatever their arguments are, these change nothing: they can be asked again when an answer was lost. */
const ONLY_READ: ReadonlySet<string> = new Set([
  'action-get',
  'config-get',
  'goal-state',
  'is-leader',
  'network-get',
  'opened-ports',
  'relation-get',
  'relation-ids',
  'relation-list',
  'secret-ids',
  'secret-info-get',
  'state-get',
]);

type Ask = (tool: string, args: readonly string[], stdin: string, largest: number) => Promise<HookToolAnswer>;

/**
 * Connects, and makes a first call that changes nothing. @param directory paths in arguments are relative to it.
 * @throws Error with the reason where the agent cannot be reached, or answers something else than a hook tool would.
 */
export async function openSocketTransport(
  agent: AgentSocket,
  directory = process.cwd(),
  firstAnswerMs = FIRST_ANSWER_MS,
): Promise<OpenTransport> {
  const limited = createCallLimit();
  const connect = () => connectRpc(agent.path, REQUEST_DEFINITIONS);
  const first = await connect();
  let current = Promise.resolve(first);
  let closed = false;

  /** A call that was not sent yet may always have a new connection. Of several that need one, the first connects. */
  const usable = async (): Promise<RpcConnection> => {
    if (closed) throw new ConnectionLost('the dispatch is over');
    const known = current;
    const connection = await known.catch(() => undefined);
    if (connection !== undefined && connection.lost === undefined) return connection;
    if (current === known) current = connect();
    return current;
  };

  const ask: Ask = async (tool, args, stdin, largest) => {
    const connection = await usable();
    const request = encodeRequest({ context: agent.context, directory, tool, args, stdin });
    const reply = await connection.call(METHOD, request, largest + MARGIN);
    // What the executable would say, and end with 1.
    if (reply.kind === 'refusal') return { code: 1, stdout: '', stderr: `ERROR ${reply.error}\n` };
    const answer = reply.kind === 'body' ? readAnswer(reply.body, largest) : undefined;
    if (answer === undefined) throw new UnusableAnswer(`${tool} printed more than ${largest} bytes`);
    return answer;
  };

  const askSafely: Ask = async (tool, args, stdin, largest) => {
    try {
      return await ask(tool, args, stdin, largest);
    } catch (error) {
      if (!(error instanceof ConnectionLost) || !ONLY_READ.has(tool)) throw error;
      return ask(tool, args, stdin, largest);
    }
  };

  await selfCheck(ask, first, firstAnswerMs);
  return {
    call: (tool, args, stdin = '', largestOutput = LARGEST_OUTPUT) =>
      limited(async () => {
        try {
          return await askSafely(tool, args, stdin, largestOutput);
        } catch (error) {
          throw error instanceof HookToolFailure
            ? error
            : new HookToolFailure(`${tool} could not be run: ${reasonOf(error)}`);
        }
      }),
    close() {
      closed = true;
      current.then(
        (connection) => connection.close('the dispatch is over'),
        () => {},
      );
    },
  };
}

async function selfCheck(ask: Ask, connection: RpcConnection, withinMs: number): Promise<void> {
  const timer = setTimeout(() => connection.close(`no answer within ${withinMs} ms`), withinMs);
  const { tool, args, answer } = SELF_CHECK;
  try {
    const found = await ask(tool, args, '', answer.length);
    if (found.code !== 0 || found.stdout !== answer)
      throw new Error(`${tool} answered otherwise than it should ${found.stderr.trim()}`.trim());
  } catch (error) {
    connection.close('it failed its check');
    throw new Error(reasonOf(error));
  } finally {
    clearTimeout(timer);
  }
}

/** Holds nothing of what was sent or received. */
function reasonOf(error: unknown): string {
  if (error instanceof ConnectionLost) return `the connection to the unit agent broke (${error.message})`;
  if (error instanceof GobError) return `the unit agent's answer cannot be read (${error.message})`;
  return error instanceof Error ? error.message : 'unknown';
}
