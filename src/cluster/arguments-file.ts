/**
 * The argument files of the snap's services (`/var/snap/k8s/common/args/<service>`): one `--flag="value"` a line, sorted,
 * read by bash. k8sd compares them with the running process, so a flag must never stand in one twice.
 */

import type { Arguments } from './extra-arguments.ts';

export const ARGUMENTS_DIRECTORY = '/var/snap/k8s/common/args';

/** Mode that k8sd gives them. */
export const ARGUMENTS_MODE = 0o600;

/** What stands in a file. Lines that are no flag (comments) are nobody's business and are kept by `editArguments`. */
export function parseArguments(text: string): Arguments {
  const found: Record<string, string> = {};
  for (const line of text.split('\n')) {
    const pair = splitLine(line);
    if (pair !== undefined) found[pair.flag] = pair.value;
  }
  return found;
}

/**
 * Sets flags (null takes one out) and leaves every other line as it is, byte for byte. A new flag comes before the first line that sorts
 * behind it: k8sd sorts its files, so that one that is taken out and put back stands where it stood.
 */
export function editArguments(text: string, changes: Readonly<Record<string, string | null>>): string {
  const open = new Map(Object.entries(changes));
  const lines = text.split('\n');
  while (lines.at(-1) === '') lines.pop();
  const edited = lines.flatMap((line) => {
    const flag = splitLine(line)?.flag;
    const change = flag === undefined ? undefined : changes[flag];
    if (flag === undefined || change === undefined) return [line];
    if (!open.delete(flag) || change === null) return [];
    return [formatArgument(flag, change)];
  });
  const added = [...open].flatMap(([flag, value]) => (value === null ? [] : [formatArgument(flag, value)]));
  for (const line of added.sort()) {
    const next = edited.findIndex((other) => splitLine(other) !== undefined && other.trim() > line);
    edited.splice(next < 0 ? edited.length : next, 0, line);
  }
  return `${edited.join('\n')}\n`;
}

function formatArgument(flag: string, value: string): string {
  return `${flag}="${value}"`;
}

function splitLine(line: string): { flag: string; value: string } | undefined {
  const match = /^\s*(--?[^\s=#]+)(?:=(.*))?$/.exec(line);
  if (match?.[1] === undefined) return undefined;
  const value = (match[2] ?? '').trim();
  const quote = /^"(.*)"$/.exec(value) ?? /^'(.*)'$/.exec(value);
  return { flag: match[1], value: quote?.[1] ?? value };
}
