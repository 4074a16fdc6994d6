/**
 * The argument files of the snap's services (`/var/snap/k8s/common/args/<service>`): shell words, which k8sd writes as one
 * `--flag="value"` a line, sorted. k8sd compares the lines with the running process, so a flag must never stand in one twice.
 */

import { ARRAY_DIVIDER, type FlagUse, type FlagValues, readFlags, valuesOf } from './flags.ts';
import type { FlagProgram } from './service-flags.ts';
import { readShellWords, type ShellWord } from './shell-words.ts';

export const ARGUMENTS_DIRECTORY = '/var/snap/k8s/common/args';

/** Mode that k8sd gives them. */
export const ARGUMENTS_MODE = 0o600;

/** What the service is given by a file with this text. What bash could not read is left out. */
export function parseArguments(service: FlagProgram, text: string): FlagValues {
  return valuesOf(service, read(service, text).uses);
}

/** Whether both texts give the service the same. */
export function sameArguments(service: FlagProgram, one: string, other: string): boolean {
  if (one === other) return true;
  const [a, b] = [parseArguments(service, one), parseArguments(service, other)];
  const flags = Object.keys(a);
  return flags.length === Object.keys(b).length && flags.every((flag) => a[flag] === b[flag]);
}

/** Flags that stand there more than once: k8sd restarts the service every two minutes for one of them (service-args controller). */
export function repeatedFlags(service: FlagProgram, text: string): readonly string[] {
  const groups = Map.groupBy(read(service, text).uses, ({ flag }) => flag);
  return [...groups].flatMap(([flag, uses]) => (uses.length > 1 ? [flag] : []));
}

/** What keeps bash or the service from reading the file as it is meant; one sentence each, of which the file is the subject. */
export function argumentProblems(service: FlagProgram, text: string): readonly string[] {
  const { words, strays } = read(service, text);
  const shown = (word: ShellWord) => JSON.stringify(text.slice(word.start, word.end).slice(0, 60));
  return [
    ...words.filter(({ broken }) => broken).map((word) => `has ${shown(word)}, which bash cannot read`),
    ...words.filter(({ literal }) => !literal).map((word) => `has ${shown(word)}, which bash expands`),
    ...strays.map((word) => `has ${JSON.stringify(word.slice(0, 60))}, which belongs to no flag`),
    ...repeatedFlags(service, text).map((flag) => `has ${flag} more than once`),
  ];
}

/**
 * Sets flags (null removes one) whatever way they are written, and leaves everything else as it is, byte for byte. A new flag comes before
 * the first line that sorts behind it: k8sd sorts its files, so that one that is removed and set again stands where it stood.
 */
export function editArguments(
  service: FlagProgram,
  text: string,
  changes: Readonly<Record<string, string | null>>,
): string {
  const { uses, words } = read(service, text);
  const open = new Map(Object.entries(changes));
  let edited = text;
  const cuts = [...uses, ...brokenUses(service, words)].flatMap((use) => {
    const change = changes[use.flag];
    if (change === undefined) return [];
    const first = open.delete(use.flag);
    return [{ ...spanOf(words, use), line: first && change !== null ? formatArgument(use.flag, change) : undefined }];
  });
  // From the end, so that offsets stay right.
  for (const cut of cuts.sort((a, b) => b.start - a.start)) edited = replaceSpan(edited, words, cut);
  edited = edited.replace(/\n+$/, '');
  const added = [...open].flatMap(([flag, value]) => (value === null ? [] : [formatArgument(flag, value)])).sort();
  for (const line of added) edited = insertLine(service, edited, line);
  return `${edited}\n`;
}

interface Reading {
  readonly words: readonly ShellWord[];
  readonly uses: readonly FlagUse[];
  readonly strays: readonly string[];
}

/** `first` and `last` of uses count words that bash can read and those that it cannot alike. */
function read(service: FlagProgram, text: string): Reading {
  const words = readShellWords(text);
  // What cannot be read stands in nobody's way as an empty word: no flag, and no value worth the name.
  const { uses, strays } = readFlags(
    service,
    words.map(({ text: word, broken }) => (broken ? '' : word)),
  );
  return { words, uses, strays: strays.filter((word) => word !== '') };
}

/** Lines that bash cannot read, by the flag with which they begin: to set the flag is to replace them. */
function brokenUses(service: FlagProgram, words: readonly ShellWord[]): readonly FlagUse[] {
  return words.flatMap(({ text, broken }, index) => {
    const written = broken ? /^--?[\w-]+/.exec(text)?.[0] : undefined;
    if (written === undefined) return [];
    const [use] = readFlags(service, [written]).uses;
    return use === undefined ? [] : [{ ...use, first: index, last: index }];
  });
}

interface Span {
  readonly start: number;
  readonly end: number;
}

function spanOf(words: readonly ShellWord[], { first, last }: FlagUse): Span {
  return { start: words[first]?.start ?? 0, end: words[last]?.end ?? 0 };
}

/** @param line undefined: the flag goes, and with it its lines where nothing else stands on them but a comment of its own. */
function replaceSpan(
  text: string,
  words: readonly ShellWord[],
  { start, end, line }: Span & { readonly line: string | undefined },
): string {
  const from = text.lastIndexOf('\n', start - 1) + 1;
  const newline = text.indexOf('\n', end);
  const to = newline < 0 ? text.length : newline;
  const alone = words.every((word) => word.end <= from || word.start >= to || (word.start >= start && word.end <= end));
  if (line !== undefined) return `${text.slice(0, alone ? from : start)}${line}${text.slice(end)}`;
  if (alone) return `${text.slice(0, from)}${text.slice(Math.min(to + 1, text.length))}`;
  const [before, after] = [text.slice(0, start), text.slice(end).replace(/^[ \t]+/, '')];
  return `${/^(?:\n|$)/.test(after) ? before.replace(/[ \t]+$/, '') : before}${after}`;
}

function insertLine(service: FlagProgram, text: string, line: string): string {
  const { words, uses } = read(service, text);
  for (const use of uses) {
    const { start } = spanOf(words, use);
    const from = text.lastIndexOf('\n', start - 1) + 1;
    const to = text.indexOf('\n', start);
    const leads = text.slice(from, start).trim() === '';
    if (leads && text.slice(start, to < 0 ? text.length : to).trim() > line)
      return `${text.slice(0, from)}${line}\n${text.slice(from)}`;
  }
  return text === '' ? line : `${withoutContinuation(words, text)}\n${line}`;
}

/** A backslash at the very end would join what comes behind it to the line. */
function withoutContinuation(words: readonly ShellWord[], text: string): string {
  const joins = words.at(-1)?.end === text.length && (/\\*$/.exec(text)?.[0].length ?? 0) % 2 === 1;
  return joins ? text.slice(0, -1) : text;
}

/** As k8sd writes them; a value of an array takes a line of its own. */
function formatArgument(flag: string, value: string): string {
  return value
    .split(ARRAY_DIVIDER)
    .map((one) => `${flag}="${one}"`)
    .join('\n');
}
