/**
 * Cuts a stream of bytes into messages: each is its length, as a gob number, and so many bytes. No more is kept of one than its reader can
 * use; what is longer is passed over.
 */

import { bigEndian, GobError, lengthAfter } from './gob-decoding.ts';

export interface MessageReader {
  /** Takes what has arrived. @throws GobError where it is no stream of messages. */
  push(chunk: Buffer): void;
}

export interface MessageHandler {
  /** Bytes that the next message may have. */
  limit(): number;
  /** Undefined for one that was longer. */
  message(content: Buffer | undefined): void;
}

/** What may be passed over; for more it is quicker to connect again. */
const LONGEST = 256 * 1024 * 1024;

export function createMessageReader(handler: MessageHandler): MessageReader {
  let length: Buffer = Buffer.alloc(0);
  let body: { readonly content: Buffer | undefined; missing: number } | undefined;

  /** Takes one byte of a length; with the last of them the message begins. */
  const begin = (byte: number): void => {
    length = Buffer.concat([length, Buffer.of(byte)]);
    const first = length[0] ?? 0;
    if (first >= 128 && length.length <= lengthAfter(first)) return;
    const size = first < 128 ? first : bigEndian(length.subarray(1));
    if (size > LONGEST) throw new GobError(`a message of ${size} bytes`);
    length = Buffer.alloc(0);
    body = { content: size <= handler.limit() ? Buffer.allocUnsafe(size) : undefined, missing: size };
    end();
  };

  const end = (): void => {
    if (body === undefined || body.missing > 0) return;
    const { content } = body;
    body = undefined;
    handler.message(content);
  };

  return {
    push(chunk) {
      for (let at = 0; at < chunk.length; ) {
        if (body === undefined) {
          begin(chunk[at] ?? 0);
          at += 1;
          continue;
        }
        const { content, missing } = body;
        const part = chunk.subarray(at, at + missing);
        content?.set(part, content.length - missing);
        body.missing -= part.length;
        at += part.length;
        end();
      }
    },
  };
}
