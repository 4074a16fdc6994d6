/** Asks a service that speaks JSON over HTTPS and knows its callers by their certificates. Node's modules are loaded when first used. */
import { AnswerTooLarge } from './errors.ts';
import type { JsonQuestion } from './host.ts';

/** An answer is held whole, with what is read out of it, in a heap of 256 MB. */
const MOST_BYTES = 16 * 1024 * 1024;

/** The answer, or undefined when there is none in time, or another than one of success in JSON. Rejects with `AnswerTooLarge`. */
export async function postJson(question: JsonQuestion): Promise<unknown> {
  const { request } = await import('node:https');
  const { url, authority, certificate, key, body, timeoutMs } = question;
  const payload = JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => finish(undefined), timeoutMs);
    const asked = request(url, {
      method: 'POST',
      agent: false,
      ca: authority,
      cert: certificate,
      key,
      headers: { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(payload) },
    });
    function finish(answer: unknown): void {
      clearTimeout(timer);
      resolve(answer);
      asked.destroy();
    }
    asked.on('error', () => finish(undefined));
    asked.on('response', (response) => {
      const chunks: Buffer[] = [];
      let size = 0;
      response.on('error', () => finish(undefined));
      response.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        size += chunk.length;
        if (size <= MOST_BYTES) return;
        reject(new AnswerTooLarge(url, MOST_BYTES));
        finish(undefined);
      });
      response.on('end', () => finish(response.statusCode === 200 ? parse(Buffer.concat(chunks)) : undefined));
    });
    asked.end(payload);
  });
}

function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
}
