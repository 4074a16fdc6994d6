/**
 * A snap file as a form (RFC 7578), sent as it is read from the disk. snapd may refuse before it has read it all and close; its words are
 * lost if we write into a closed connection before we have read them. So it is asked first whether it wants the body, and what has
 * arrived is looked at before each part is written.
 */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { ClientRequest } from 'node:http';
import { basename } from 'node:path';
import { setImmediate as afterReading } from 'node:timers/promises';
import type { Body } from './snapd-body.ts';

/** As curl does with servers that do not know the question. */
const CONTINUE_MS = 1000;

/** `file` is a path of the operating system. Its length is announced, so that snapd need not take it in chunks. */
export async function upload(fields: Readonly<Record<string, string>>, file: string): Promise<Body> {
  const boundary = `snap-${crypto.randomUUID()}`;
  const { size } = await stat(file);
  const head = formHead(boundary, fields, basename(file));
  const tail = `\r\n--${boundary}--\r\n`;
  return {
    headers: {
      'Content-Type': `multipart/form-data; boundary=${boundary}`,
      'Content-Length': Buffer.byteLength(head) + size + Buffer.byteLength(tail),
      Expect: '100-continue',
    },
    async send(request) {
      const wants = whileUnanswered(request);
      await asked(request);
      if (!(await wrote(request, head, wants))) return;
      let sent = 0;
      // `end` bounds what is read: a file that grows meanwhile would break the announced length.
      for await (const part of size > 0 ? createReadStream(file, { end: size - 1 }) : []) {
        if (!(await wrote(request, part, wants))) return;
        sent += part.length;
      }
      if (sent < size) throw new Error(`${file} became shorter while it was read`);
      request.end(tail);
    },
  };
}

function formHead(boundary: string, fields: Readonly<Record<string, string>>, fileName: string): string {
  const part = (disposition: string, rest: string) =>
    `--${boundary}\r\nContent-Disposition: form-data; ${disposition}\r\n${rest}`;
  return [
    ...Object.entries(fields).map(([field, value]) => part(`name="${field}"`, `\r\n${value}\r\n`)),
    part(
      `name="snap"; filename="${fileName.replaceAll(/["\r\n\\]/g, '_')}"`,
      'Content-Type: application/octet-stream\r\n\r\n',
    ),
  ].join('');
}

function whileUnanswered(request: ClientRequest): () => boolean {
  let answered = false;
  request.once('response', () => {
    answered = true;
  });
  return () => !answered && !request.destroyed;
}

/** Until snapd wants the body, answers without it, or says neither. */
function asked(request: ClientRequest): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, CONTINUE_MS);
    function done(): void {
      clearTimeout(timer);
      resolve();
    }
    for (const event of ['continue', 'response', 'close']) request.once(event, done);
    request.flushHeaders();
  });
}

/** False when there is an answer already, or nobody to write to; then there is nothing more to write. */
async function wrote(request: ClientRequest, part: string | Buffer, wants: () => boolean): Promise<boolean> {
  await afterReading();
  if (!wants()) return false;
  if (!request.write(part)) await drained(request);
  return true;
}

function drained(request: ClientRequest): Promise<void> {
  return new Promise((resolve) => {
    const events = ['drain', 'response', 'close'];
    function done(): void {
      for (const event of events) request.off(event, done);
      resolve();
    }
    for (const event of events) request.once(event, done);
  });
}
