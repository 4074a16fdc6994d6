/**
 * The socket of the unit agent, for one running hook: `net/rpc` with the service `Jujuc`, as juju/juju's `jujuc/server.go` has it. Any number of
 * connections is served at a time, each with any number of calls.
 */

import { chmod, rm } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { isAbsolute } from 'node:path';
import { HOOK_TOOLS } from '../hook-tools/run.ts';
import { type HookToolHandler, type HookToolReply, UNANSWERED } from '../hook-tools/server.ts';
import { GobInput, GobInputError, type WireValue } from './gob-input.ts';
import { GobOutput } from './gob-output.ts';

export interface AgentSocketOptions {
  readonly path: string;
  readonly contextId: string;
  readonly juju4: boolean;
  /** Default 10 s. */
  readonly longestCloseMs?: number;
}

export interface AgentSocketServer {
  /** Takes no more connections, and waits until those that are open have been closed, as Juju does. Throws when one stays open. */
  close(): Promise<void>;
}

/** What Linux takes. Juju's own are shorter; a folder of the model may lie deep. */
const LONGEST_PATH = 107;

/** Juju would wait for ever, and so would the unit. */
const LONGEST_CLOSE_MS = 10_000;

/** Calls go to the handler in the order in which they come. Nothing where the path is too long for a socket: then there are the executables. */
export async function serveAgentSocket(
  options: AgentSocketOptions,
  handler: HookToolHandler,
): Promise<AgentSocketServer> {
  const { path, longestCloseMs = LONGEST_CLOSE_MS } = options;
  if (Buffer.byteLength(path) > LONGEST_PATH) return { close: () => Promise.resolve() };
  await rm(path, { force: true });
  const open = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
    serveConnection(socket, options, handler);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
  await chmod(path, 0o700);
  return {
    async close() {
      let late = false;
      const timer = setTimeout(() => {
        late = open.size > 0;
        for (const socket of open) socket.destroy();
      }, longestCloseMs);
      await new Promise<void>((resolve) => server.close(() => resolve()));
      clearTimeout(timer);
      if (late) throw new Error('a connection to the hook tools was left open: the agent would wait for it for ever');
    },
  };
}

function serveConnection(socket: Socket, options: AgentSocketOptions, handler: HookToolHandler): void {
  const input = new GobInput();
  const output = new GobOutput();
  let header: { readonly method: string; readonly sequence: number } | undefined;
  let answering = 0;
  let ended = false;

  /** No more requests: what runs is still answered. */
  const end = (): void => {
    ended = true;
    if (answering === 0) socket.end();
  };

  const answer = async (method: string, sequence: number, work: () => Promise<HookToolReply | typeof UNANSWERED>) => {
    answering += 1;
    try {
      const reply = await work();
      if (reply !== UNANSWERED) socket.write(output.answer(method, sequence, reply));
    } catch (error) {
      socket.write(output.error(method, sequence, (error as Error).message));
    }
    answering -= 1;
    if (ended && answering === 0) socket.end();
  };

  const next = (): boolean => {
    if (header === undefined) {
      const value = input.next();
      if (value === undefined) return false;
      header = readHeader(input, value);
      return true;
    }
    const { method, sequence } = header;
    const problem = problemOfMethod(method);
    const body = readBody(input, problem);
    if (body === undefined) return false;
    header = undefined;
    void answer(method, sequence, async () => {
      if ('problem' in body) throw new Error(body.problem);
      return main(body, options, handler);
    });
    return true;
  };

  socket.on('data', (chunk: Buffer) => {
    if (ended) return;
    input.push(chunk);
    try {
      while (next());
    } catch {
      // `net/rpc` gives a connection up whose header it cannot read.
      end();
    }
  });
  socket.on('end', () => {
    if (header !== undefined && !ended) {
      const { method, sequence } = header;
      void answer(method, sequence, () => Promise.reject(new Error('EOF')));
    }
    end();
  });
  socket.on('error', () => socket.destroy());
}

function readHeader(input: GobInput, { id, value }: WireValue): { method: string; sequence: number } {
  const type = input.type(id);
  if (type === undefined || !('struct' in type)) throw new GobInputError('gob: type mismatch in decoder');
  checkFields(input, id, 'Request', { ServiceMethod: 'string', Seq: 'uint' });
  const { ServiceMethod = '', Seq = 0 } = value as { ServiceMethod?: string; Seq?: number };
  return { method: ServiceMethod, sequence: Seq };
}

/** In the words of `net/rpc`. */
function problemOfMethod(name: string): string | undefined {
  const dot = name.lastIndexOf('.');
  if (dot < 0) return `rpc: service/method request ill-formed: ${name}`;
  if (name.slice(0, dot) !== 'Jujuc') return `rpc: can't find service ${name}`;
  return name.slice(dot + 1) === 'Main' ? undefined : `rpc: can't find method ${name}`;
}

interface Request {
  readonly ContextId?: string;
  readonly Dir?: string;
  readonly CommandName?: string;
  readonly Args?: readonly string[];
  readonly StdinSet?: boolean;
  readonly Stdin?: Buffer;
  readonly Token?: string;
}

const REQUEST = {
  ContextId: 'string',
  Dir: 'string',
  CommandName: 'string',
  Args: '[]string',
  StdinSet: 'bool',
  Stdin: 'bytes',
  Token: 'string',
} as const;

/** Undefined until it is there. One that does not fit is answered, and the connection goes on. */
function readBody(input: GobInput, problem: string | undefined): Request | { readonly problem: string } | undefined {
  try {
    const found = input.next();
    if (found === undefined) return undefined;
    if (problem !== undefined) return { problem };
    checkFields(input, found.id, 'Request', REQUEST);
    return found.value as Request;
  } catch (error) {
    return { problem: problem ?? (error as Error).message };
  }
}

/** Fields are told by their names. One that the server does not know is passed over; one of another type is not taken. */
function checkFields(input: GobInput, id: number, name: string, wanted: Readonly<Record<string, string>>): void {
  const type = input.type(id);
  if (type === undefined || !('struct' in type))
    throw new GobInputError(`gob: type mismatch in decoder: want struct type ${name}; got non-struct`);
  const known = type.struct.filter((field) => wanted[field.name] !== undefined);
  if (type.struct.length > 0 && known.length === 0)
    throw new GobInputError(`gob: type mismatch: no fields matched compiling decoder for ${name}`);
  const wrong = known.find((field) => typeForm(input, field.id) !== wanted[field.name]);
  if (wrong !== undefined)
    throw new GobInputError(`gob: wrong type (${wanted[wrong.name]}) for received field ${name}.${wrong.name}`);
}

function typeForm(input: GobInput, id: number): string {
  const type = input.type(id);
  return type !== undefined && 'slice' in type ? `[]${typeForm(input, type.slice)}` : input.typeName(id);
}

async function main(
  request: Request,
  { contextId, juju4 }: AgentSocketOptions,
  handler: HookToolHandler,
): Promise<HookToolReply | typeof UNANSWERED> {
  const { ContextId = '', Dir = '', CommandName = '', Args = [], StdinSet = false, Stdin, Token = '' } = request;
  if (CommandName === '') throw badRequest('command not specified');
  if (!isAbsolute(Dir)) throw badRequest('Dir is not absolute');
  if (!juju4 && Token !== '') throw badRequest('token does not match');
  if (ContextId !== contextId) {
    throw badRequest(
      juju4 ? `wrong context ID; got "${ContextId}"` : `expected context id "${contextId}", got "${ContextId}"`,
    );
  }
  if (HOOK_TOOLS[CommandName] === undefined) throw badRequest(`unknown command: ${CommandName}`);
  const stdin = StdinSet ? (Stdin?.toString('utf8') ?? '') : undefined;
  return handler({ tool: CommandName, args: Args, directory: Dir, stdin, channel: 'socket' });
}

function badRequest(text: string): Error {
  return new Error(`bad request: ${text}`);
}
