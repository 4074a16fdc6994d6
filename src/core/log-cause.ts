/** Why a service ended, out of what it wrote last: the words that an operator would look for in its log. */

import { oneLine } from './printable.ts';

/** `err="…"` of klog, the Go libraries' structured log. */
const STRUCTURED = /\berr="((?:[^"\\]|\\.)*)"/;
/** What cobra prints before the usage of a command. */
const COMMAND = /^(?:Error|error): (.+)$/;
/** What Go writes before the stacks of a program that gave up. */
const PANIC = /^panic: (.+)$/;
/** klog's errors and fatal errors: `E1201 10:00:00.000000    1 file.go:1] text`. */
const KLOG = /^[EF]\d{4} [\d:.]+ +\d+ [^\]]+\] (.+)$/;
/** Words of systemd about any service, which tell nothing of the cause. */
const SYSTEMD = /^(?:snap\.|Started |Starting |Stopped |Stopping )/;
/** Before a service that was told to stop ends, and after one that ended by itself. */
const STOPPING = /^Stopping snap\./;
const RESTARTED = /^snap\.\S+: Scheduled restart job/;
/** What a controller manager says last, whatever ended it: it leads no more, and what it was at is cancelled. */
const ENDING = /^"?(?:migration )?leaderelection (?:lost|stopped)|\bcontext canceled$/;
const LONGEST = 240;

/** @param lines oldest first. @returns one line, undefined when they tell nothing. */
export function causeIn(lines: readonly string[]): string | undefined {
  const ended = ofEnded(lines);
  return errorIn(ended) ?? lastLineOf(ended) ?? errorIn(lines) ?? lastLineOf(lines);
}

/**
 * Until the last time that it ended by itself since it was told to stop; empty where it did not. A process that systemd has started since
 * complains of what is none of the matter: each of Kubernetes says at its start, as an error, that a manifest of metrics is empty.
 */
function ofEnded(lines: readonly string[]): readonly string[] {
  const since = lines.slice(lines.findLastIndex((line) => STOPPING.test(line.trim())) + 1);
  return since.slice(
    0,
    Math.max(
      0,
      since.findLastIndex((line) => RESTARTED.test(line.trim())),
    ),
  );
}

function errorIn(lines: readonly string[]): string | undefined {
  const latest = [...lines].reverse().map((line) => line.trim());
  for (const line of latest) {
    const cause =
      PANIC.exec(line)?.[1] ??
      STRUCTURED.exec(line)?.[1]?.replaceAll('\\"', '"') ??
      COMMAND.exec(line)?.[1] ??
      KLOG.exec(line)?.[1];
    if (cause !== undefined && !ENDING.test(cause)) return oneLine(cause, LONGEST);
  }
  return undefined;
}

function lastLineOf(lines: readonly string[]): string | undefined {
  const last = lines.map((line) => line.trim()).findLast((line) => line !== '' && !SYSTEMD.test(line));
  return last === undefined ? undefined : oneLine(last, LONGEST);
}
