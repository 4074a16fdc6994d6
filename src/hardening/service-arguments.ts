/** The arguments of a service as an assessment compares them: those of its file and those of its process, in one form. */

import type { FlagValues } from './node-facts.ts';

/** Of an argument file of the snap: one `--flag="value"` a line, the last one wins, lines that are no flag say nothing. */
export function flagsOfFile(text: string): FlagValues {
  return Object.fromEntries(
    text.split('\n').flatMap((line) => {
      const [, flag, value] = /^\s*(--?[^\s=#]+)(?:=(.*))?$/.exec(line) ?? [];
      return flag === undefined ? [] : [[flag, unquoted((value ?? 'true').trim())] as const];
    }),
  );
}

/** Of the words of a command line, of which the first is the program: `--flag=value`, `--flag value`, `--flag`. */
export function flagsOfProcess(words: readonly string[]): FlagValues {
  const flags: Record<string, string> = {};
  words.forEach((word, index) => {
    const [, flag, value] = /^(--?[A-Za-z][^\s=]*)(?:=([\s\S]*))?$/.exec(word) ?? [];
    if (flag === undefined || index === 0) return;
    const next = words[index + 1];
    flags[flag] = value ?? (next === undefined || next.startsWith('-') ? 'true' : next);
  });
  return flags;
}

function unquoted(value: string): string {
  return (/^"(.*)"$/.exec(value) ?? /^'(.*)'$/.exec(value))?.[1] ?? value;
}
