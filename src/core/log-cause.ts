/** Why a service ended, out of what it wrote last: the words that an operator would look for in its log. */

import { oneLine } from './printable.ts';

/** `err="…"` of klog, the Go libraries' structured log. */
const STRUCTURED = /\berr="((?:[^"\\]|\\.)*)"/;
/** What cobra prints before the usage of a command. */
const COMMAND = /^(?:Error|error): (.+)$/;
/** klog's errors and fatal errors: `E1201 10:00:00.000000    1 file.go:1] text`. */
const KLOG = /^[EF]\d{4} [\d:.]+ +\d+ [^\]]+\] (.+)$/;
/** Words of systemd about any service, which tell nothing of the cause. */
const SYSTEMD = /^(?:snap\.|Started |Starting |Stopped |Stopping )/;
const LONGEST = 240;

/** @param lines oldest first. @returns one line, undefined when they tell nothing. */
export function causeIn(lines: readonly string[]): string | undefined {
  const latest = [...lines].reverse().map((line) => line.trim());
  for (const line of latest) {
    const cause = STRUCTURED.exec(line)?.[1]?.replaceAll('\\"', '"') ?? COMMAND.exec(line)?.[1] ?? KLOG.exec(line)?.[1];
    if (cause !== undefined) return oneLine(cause, LONGEST);
  }
  const last = latest.find((line) => line !== '' && !SYSTEMD.test(line));
  return last === undefined ? undefined : oneLine(last, LONGEST);
}
