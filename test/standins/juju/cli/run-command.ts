/** `juju run`: an action on one or more units, its progress as it comes, its results as YAML. */

import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { parse, stringify } from 'yaml';
import { isMap } from '../charm-yaml.ts';
import type { Model } from '../model.ts';
import { table } from '../status-tables.ts';
import { parseDuration, parsePairs, required } from './arguments.ts';
import { type Command, TIMEOUT_FLAG, timeoutMs } from './command.ts';
import { CommandFailure } from './failure.ts';
import { asData, exitCodeOf, printOutcomes, TASK_FLAGS, type UnitOutcome } from './outcome.ts';
import { change, look, type Session } from './session.ts';

const UNIT = /^[a-z][a-z0-9-]*\/([0-9]+|leader)$/;

const run: Command = {
  usage:
    '<unit> [<unit>...] <action> [<key>=<value>...] [--params <file>] [--string-args] [--format json] [--wait <time>] [--background]',
  summary: 'Runs an action and waits for it',
  flags: { ...TIMEOUT_FLAG, ...TASK_FLAGS, params: 'text', 'string-args': 'boolean' },
  needs: ['unit', 'action'],
  most: Number.POSITIVE_INFINITY,
  async run(args, session) {
    const { units, action, words } = splitRun(args.positionals);
    const wait = args.text('wait');
    if (args.boolean('background') && wait !== undefined)
      throw new CommandFailure('cannot specify both --wait and --background', 2);
    const limit = wait === undefined ? timeoutMs(args) : parseDuration(wait, '--wait');
    const parameters = await readParameters(session, words, args.text('params'), args.boolean('string-args'));
    const outcomes = await change(session, { timeoutMs: timeoutMs(args), restIsAnothers: true }, async (model) => {
      const targets = units.map((unit) => model.unit(unit).name);
      if (args.boolean('background')) {
        await startInBackground(session, model, targets, action, parameters);
        return [];
      }
      const running = Promise.all(targets.map((unit) => runOn(session, model, unit, action, parameters)));
      const ended = await within(limit, targets, running);
      printOutcomes(session, ended, args.text('format'));
      return ended;
    });
    return exitCodeOf(outcomes);
  },
};

/** Units, then the action, then its parameters. */
export function splitRun(words: readonly string[]): {
  readonly units: readonly string[];
  readonly action: string;
  readonly words: readonly string[];
} {
  const first = words.findIndex((word) => !UNIT.test(word));
  const units = first < 0 ? words : words.slice(0, first);
  if (units.length === 0) throw new CommandFailure(`invalid unit or action name "${words[0] ?? ''}"`, 2);
  return { units, action: required(words[units.length], 'action'), words: words.slice(units.length + 1) };
}

async function runOn(
  session: Session,
  model: Model,
  unit: string,
  action: string,
  parameters: Readonly<Record<string, unknown>>,
): Promise<UnitOutcome> {
  return { unit, ...(await model.run(unit, action, parameters, (line) => session.printError(progress(line)))) };
}

/** Nothing runs between commands, so the command ends only when the task does; what it prints is what Juju prints. */
async function startInBackground(
  session: Session,
  model: Model,
  units: readonly string[],
  action: string,
  parameters: Readonly<Record<string, unknown>>,
): Promise<void> {
  const before = new Set(Object.keys(model.state.tasks));
  const running = units.map((unit) => model.run(unit, action, parameters));
  const tasks = Object.keys(model.state.tasks).filter((id) => !before.has(id));
  session.printError(
    tasks.length === 1 ? `Scheduled task ${tasks[0]}` : `Scheduled ${tasks.length} tasks: ${tasks.join(', ')}`,
  );
  session.printError(`Check task status with 'juju show-task ${tasks.length === 1 ? tasks[0] : '<id>'}'`);
  await Promise.all(running);
}

async function within<T>(limitMs: number, units: readonly string[], work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    const message = `timed out waiting for results from: ${units.map((unit) => `unit ${unit}`).join(', ')}`;
    timer = setTimeout(() => reject(new CommandFailure(message)), limitMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

const showTask: Command = {
  usage: '<task ID> [--format json|yaml|plain]',
  summary: 'Shows what became of an action',
  flags: { format: 'text', wait: 'text', watch: 'boolean', utc: 'boolean' },
  needs: ['task ID'],
  async run(args, session) {
    const [id = ''] = args.positionals;
    return look(session, (model) => {
      const task = model.state.tasks[id];
      if (!task) throw new CommandFailure(`task "${id}" not found`);
      const data = { action: task.action, ...asData(task) };
      session.print(args.text('format') === 'json' ? `${JSON.stringify(data)}\n` : stringify(data, { lineWidth: 0 }));
      return 0;
    });
  },
};

const actions: Command = {
  usage: '<application> [--format json|yaml] [--schema]',
  summary: 'Lists the actions of an application',
  flags: { format: 'text', schema: 'boolean' },
  needs: ['application name'],
  async run(args, session) {
    const [application = ''] = args.positionals;
    return look(session, (model) => {
      const found = model.actions(application);
      const summaries = Object.entries(found).map(([name, { description }]) => [name, description] as const);
      const format = args.text('format') ?? 'tabular';
      const all = args.boolean('schema')
        ? Object.fromEntries(Object.entries(found).map(([name, { schema }]) => [name, schema]))
        : Object.fromEntries(summaries);
      if (format === 'json') session.print(`${JSON.stringify(all)}\n`);
      else if (format === 'yaml' || args.boolean('schema')) session.print(stringify(all, { lineWidth: 0 }));
      else session.print(`${table(['Action', 'Description'], summaries)}\n`);
      return 0;
    });
  },
};

function progress(line: string): string {
  return `${new Date().toISOString().slice(11, 19)} ${line}`;
}

/** Values are YAML unless strings are asked for; dots in a key make nested objects. Words win over the file. */
async function readParameters(
  session: Session,
  words: readonly string[],
  file: string | undefined,
  asStrings: boolean,
): Promise<Readonly<Record<string, unknown>>> {
  const parameters: Record<string, unknown> = {};
  if (file !== undefined) {
    const given: unknown = parse(await readFile(resolve(session.cwd, file), 'utf8'));
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

export const RUN_COMMANDS: Readonly<Record<string, Command>> = { run, 'show-task': showTask, actions };
