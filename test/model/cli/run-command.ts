/** `juju run`: an action on one or more units, its progress as it comes, its results as YAML. */

import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { isMap } from '../charm-yaml.ts';
import { parsePairs, required } from './arguments.ts';
import { type Command, TIMEOUT_FLAG, timeoutMs } from './command.ts';
import { CommandFailure } from './failure.ts';
import { formatOutcome } from './outcome.ts';
import { change } from './session.ts';

const UNIT = /^[a-z][a-z0-9-]*\/([0-9]+|leader)$/;

const run: Command = {
  usage: '<unit> [<unit>...] <action> [<key>=<value>...] [--params <file>] [--string-args] [--format json]',
  summary: 'Runs an action and waits for it',
  flags: { ...TIMEOUT_FLAG, params: 'text', 'string-args': 'boolean', format: 'text', wait: 'text' },
  async run(args, session) {
    const units = args.positionals.filter(
      (word, index) => UNIT.test(word) && args.positionals.slice(0, index).every((each) => UNIT.test(each)),
    );
    const [action, ...words] = args.positionals.slice(units.length);
    required(units[0], 'unit');
    const name = required(action, 'action');
    const parameters = await readParameters(words, args.text('params'), args.boolean('string-args'));
    const outcomes = await change(session, { timeoutMs: timeoutMs(args) }, (model) =>
      Promise.all(
        units.map(async (unit) => {
          const target = model.unit(unit).name;
          return {
            unit: target,
            ...(await model.run(target, name, parameters, (line) => session.printError(progress(line)))),
          };
        }),
      ),
    );
    session.print(formatOutcome(outcomes, args.text('format') ?? 'plain'));
    const failed = outcomes.filter(({ status }) => status !== 'completed');
    for (const { unit, message } of failed) session.printError(`ERROR action "${name}" failed on ${unit}: ${message}`);
    return failed.length === 0 ? 0 : 1;
  },
};

function progress(line: string): string {
  return `${new Date().toISOString().slice(11, 19)} ${line}`;
}

/** Values are YAML unless strings are asked for; dots in a key make nested objects. Words win over the file. */
async function readParameters(
  words: readonly string[],
  file: string | undefined,
  asStrings: boolean,
): Promise<Readonly<Record<string, unknown>>> {
  const parameters: Record<string, unknown> = {};
  if (file !== undefined) {
    const given: unknown = parse(await readFile(file, 'utf8'));
    if (!isMap(given)) throw new CommandFailure('params must be a YAML map');
    Object.assign(parameters, given);
  }
  for (const [key, text] of Object.entries(parsePairs(words))) {
    place(parameters, key.split('.'), asStrings ? text : parse(text, { version: '1.1' }));
  }
  return parameters;
}

function place(target: Record<string, unknown>, path: readonly string[], value: unknown): void {
  const [key = '', ...rest] = path;
  if (rest.length === 0) {
    target[key] = value;
    return;
  }
  const inner: Record<string, unknown> = isMap(target[key]) ? { ...target[key] } : {};
  place(inner, rest, value);
  target[key] = inner;
}

export const RUN_COMMANDS: Readonly<Record<string, Command>> = { run };
