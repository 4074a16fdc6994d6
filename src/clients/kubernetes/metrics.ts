/** What an API server tells of itself on `/metrics`, in the text format of Prometheus. */
import { refusal } from './failure.ts';
import type { Client } from './json.ts';

/** Characters. On a large cluster the whole is tens of megabytes; it is looked through as it comes, and not kept. */
const MOST = 512 * 1024 * 1024;
/** Longer than any line that is looked for. */
const LONGEST_LINE = 64 * 1024;
const MOST_LINES = 1_000;

/** The lines of these metrics. Asked over a connection of its own: of the process that runs now. */
export async function metrics({ server, send }: Client, names: readonly string[]): Promise<readonly string[]> {
  const url = new URL('/metrics', server).href;
  const found: string[] = [];
  const look = (line: string): void => {
    const wanted = names.some((name) => line.startsWith(`${name} `) || line.startsWith(`${name}{`));
    if (wanted && line.length <= LONGEST_LINE && found.length < MOST_LINES) found.push(line);
  };
  let rest = '';
  const take = (piece: string): void => {
    const lines = piece.split('\n');
    for (const line of lines.slice(0, -1)) {
      look(rest + line);
      rest = '';
    }
    // Of a line that is too long nothing is looked for.
    if (rest.length <= LONGEST_LINE) rest += lines.at(-1) ?? '';
  };
  const headers = { Accept: 'text/plain' };
  const { status, text } = await send({ method: 'GET', url, headers, fresh: true, take, most: MOST });
  if (status !== 200) throw refusal('GET /metrics', status, text);
  look(rest);
  return found;
}
