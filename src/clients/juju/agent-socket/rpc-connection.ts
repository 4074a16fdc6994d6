/**
 * A client of Go's `net/rpc` on a Unix socket (https://pkg.go.dev/net/rpc): each request and each answer is a header and a body in gob.
 * Answers come in any order and are told apart by the number of their request.
 */

import { connect, type Socket } from 'node:net';
import { createGobDecoder, GobError, type GobStruct, numberOf, textOf } from './gob-decoding.ts';
import {
  type Encoded,
  encodeStruct,
  encodeText,
  encodeUnsigned,
  structDefinition,
  TEXT,
  UNSIGNED,
  valueMessage,
} from './gob-encoding.ts';
import { createMessageReader } from './gob-messages.ts';

/** The connection broke: whether the request had an effect is not known. The message says how it broke, and nothing of what was sent. */
export class ConnectionLost extends Error {
  override readonly name = 'ConnectionLost';
}

export type RpcReply =
  | { readonly kind: 'body'; readonly body: GobStruct }
  /** The server did not do what was asked, and says why. */
  | { readonly kind: 'refusal'; readonly error: string }
  /** The body was larger than was asked for. */
  | { readonly kind: 'too-large' };

export interface RpcConnection {
  /** Undefined as long as it can be used; then why it cannot. */
  readonly lost: ConnectionLost | undefined;
  /**
   * @param body a gob message of a type that `definitions` define. @param largest bytes of the answer's body that are read.
   * @throws ConnectionLost
   */
  call(method: string, body: Encoded, largest: number): Promise<RpcReply>;
  /** Calls that are not answered yet fail. */
  close(reason: string): void;
}

/** The number of the header's type; those of bodies follow it. */
const HEADER = 65;
export const FIRST_BODY_TYPE = HEADER + 1;

const HEADER_DEFINITION = structDefinition(HEADER, 'Request', [
  ['ServiceMethod', TEXT],
  ['Seq', UNSIGNED],
]);

/** Bytes of a header with the text of an error in it, or of the definition of a type. */
const LARGEST_HEADER = 64 * 1024;

/** A hook tool takes as long as its work does: `resource-get` downloads. */
const LONGEST_SILENCE_MS = 3_600_000;

interface Pending {
  readonly largest: number;
  resolve(reply: RpcReply): void;
  reject(error: ConnectionLost): void;
}

/** All that is read goes through one buffer of this many bytes; without it each read would leave one behind. */
const READ_AT_ONCE = 64 * 1024;

/** @param definitions gob messages that define the types of the bodies. @throws ConnectionLost with the system's code, such as ENOENT. */
export function connectRpc(path: string, definitions: Encoded): Promise<RpcConnection> {
  return new Promise((resolve, reject) => {
    let receive: (bytes: Buffer) => void = () => {};
    const buffer = Buffer.alloc(READ_AT_ONCE);
    const callback = (length: number): boolean => {
      receive(buffer.subarray(0, length));
      return true;
    };
    const socket = connect({ path, onread: { buffer, callback } });
    socket.once('error', (error) => reject(new ConnectionLost(codeOf(error))));
    socket.once('connect', () => {
      const connection = createRpcConnection(socket, definitions);
      receive = connection.receive;
      resolve(connection);
    });
  });
}

interface ReceivingConnection extends RpcConnection {
  /** Takes bytes that have arrived, and keeps none of them. */
  receive(bytes: Buffer): void;
}

function createRpcConnection(socket: Socket, definitions: Encoded): ReceivingConnection {
  const pending = new Map<number, Pending>();
  const decoder = createGobDecoder();
  let header: { readonly call: Pending; readonly error: string } | undefined;
  let sent = 0;
  let lost: ConnectionLost | undefined;

  const lose = (reason: string): void => {
    if (lost !== undefined) return;
    lost = new ConnectionLost(reason);
    socket.destroy();
    for (const call of pending.values()) call.reject(lost);
    pending.clear();
  };

  const answer = (body: GobStruct | undefined): void => {
    if (header === undefined) return;
    const { call, error } = header;
    header = undefined;
    if (error !== '') call.resolve({ kind: 'refusal', error });
    else call.resolve(body === undefined ? { kind: 'too-large' } : { kind: 'body', body });
  };

  const begin = (value: GobStruct): void => {
    const number = numberOf(value, 'Seq');
    const call = pending.get(number);
    if (call === undefined) throw new GobError('an answer to no request');
    pending.delete(number);
    header = { call, error: textOf(value, 'Error') };
  };

  const reader = createMessageReader({
    limit: () => Math.max(header?.call.largest ?? 0, LARGEST_HEADER),
    message(content) {
      if (content === undefined && header === undefined) throw new GobError('a header that is too long');
      const value = content && decoder.decode(content);
      if (content !== undefined && value === undefined) return;
      if (header === undefined && value !== undefined) begin(value);
      else answer(value);
    },
  });

  socket.setTimeout(LONGEST_SILENCE_MS, () => pending.size > 0 && lose('ETIMEDOUT'));
  socket.on('error', (error) => lose(codeOf(error)));
  socket.on('close', () => lose('the agent closed it'));

  return {
    get lost() {
      return lost;
    },

    call(method, body, largest) {
      if (lost !== undefined) return Promise.reject(lost);
      const number = sent;
      sent += 1;
      const head = valueMessage(
        HEADER,
        encodeStruct([encodeText(method), number === 0 ? undefined : encodeUnsigned(number)]),
      );
      const parts = number === 0 ? [...HEADER_DEFINITION, ...head, ...definitions, ...body] : [...head, ...body];
      return new Promise((resolve, reject) => {
        pending.set(number, { largest, resolve, reject });
        // One system call, without putting the pieces together.
        socket.cork();
        for (const part of parts) socket.write(part);
        socket.uncork();
      });
    },

    close: lose,

    receive(bytes) {
      try {
        if (lost === undefined) reader.push(bytes);
      } catch (error) {
        // The call whose header has come waits for a body that nobody will find.
        header?.call.reject(new ConnectionLost(reasonOf(error)));
        lose(reasonOf(error));
      }
    },
  };
}

function reasonOf(error: unknown): string {
  return error instanceof GobError ? error.message : 'what came could not be read';
}

function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : 'unknown';
}
