/** What an API server tells of itself on `/metrics`, in the text format of Prometheus. */
import { refusal } from './failure.ts';
import type { Send } from './transport.ts';

/** The lines of these metrics; the whole may be megabytes. Asked over a connection of its own: of the process that runs now. */
export async function metrics(server: URL, send: Send, names: readonly string[]): Promise<readonly string[]> {
  const url = new URL('/metrics', server).href;
  const { status, text } = await send({ method: 'GET', url, headers: { Accept: 'text/plain' }, fresh: true });
  if (status !== 200) throw refusal('GET /metrics', status, text);
  return text
    .split('\n')
    .filter((line) => names.some((name) => line.startsWith(`${name} `) || line.startsWith(`${name}{`)));
}
