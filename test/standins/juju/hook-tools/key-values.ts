/** `key=value` arguments of `relation-set` and `state-set`, with what a `--file` adds to them. */

import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { misuse, NoStdin, refusal } from './failure.ts';
import type { ToolCall } from './tool.ts';
import { readSettingsYaml } from './yaml-input.ts';

/** Split at the first `=`; both sides lose the white space around them, final newlines of certificates too. */
export function parseKeyValues(args: readonly string[]): Map<string, string> {
  const values = new Map<string, string>();
  for (const argument of args) {
    const equals = argument.indexOf('=');
    if (equals < 0) throw misuse(`expected "key=value", got ${JSON.stringify(argument)}`);
    const key = argument.slice(0, equals).trim();
    if (key === '') throw misuse(`expected "key=value", got ${JSON.stringify(argument)}`);
    if (values.has(key)) throw misuse(`key ${JSON.stringify(key)} specified more than once`);
    values.set(key, argument.slice(equals + 1).trim());
  }
  return values;
}

/** Arguments win over the file. */
export function readSettings(call: ToolCall, args: readonly string[]): Map<string, string> {
  const given = parseKeyValues(args);
  const file = call.flags.text('file');
  if (file === undefined) return given;
  return new Map([...Object.entries(readSettingsYaml(readInput(call, file))), ...given]);
}

function readInput(call: ToolCall, file: string): string {
  if (file === '-') {
    if (call.stdin === undefined) throw new NoStdin();
    return call.stdin;
  }
  try {
    return readFileSync(resolve(call.directory, file), 'utf8');
  } catch {
    throw refusal(`open ${resolve(call.directory, file)}: no such file or directory`);
  }
}
