/** Tools of an action: its parameters, results, failure and progress. */

import type { HookContext } from '../hook-context.ts';
import type { TaskState } from '../state.ts';
import { misuse, refusal } from './failure.ts';
import type { HookTool } from './tool.ts';
import { refuseMore } from './tool.ts';

const RESULT_KEY = /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/;
const RESERVED = ['stdout', 'stdout-encoding', 'stderr', 'stderr-encoding'];

function runningTask(context: HookContext): TaskState {
  if (!context.task) throw refusal('not running an action');
  return context.task;
}

const actionGet: HookTool = {
  usage: '[options] [<key>[.<key>.<key>...]]',
  flags: {},
  format: 'smart',
  run({ flags }, context) {
    refuseMore(flags.positionals, 1);
    const { parameters } = runningTask(context);
    const [key] = flags.positionals;
    return { value: key === undefined ? parameters : lookUp(parameters, key.split('.')) };
  },
};

function lookUp(value: unknown, path: readonly string[]): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return value;
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return null;
  return lookUp(Object.entries(value).find(([name]) => name === key)?.[1], rest);
}

const actionSet: HookTool = {
  usage: '<key>=<value> [<key>=<value> ...]',
  flags: {},
  run({ flags }, context) {
    const results = flags.positionals.map(parseResult);
    runningTask(context);
    for (const { path, value } of results) setResult(context.action.results, path, value);
    return undefined;
  },
};

function parseResult(argument: string): { path: readonly string[]; value: string } {
  const equals = argument.indexOf('=');
  if (equals < 0) throw misuse(`argument ${JSON.stringify(argument)} must be of the form key...=value`);
  const path = argument.slice(0, equals).split('.');
  for (const key of path) {
    if (!RESULT_KEY.test(key)) {
      throw misuse(
        `key ${JSON.stringify(key)} must start and end with lowercase alphanumeric, and contain only lowercase alphanumeric and hyphens`,
      );
    }
    if (RESERVED.includes(key)) throw misuse(`cannot set reserved action key ${JSON.stringify(key)}`);
  }
  return { path, value: argument.slice(equals + 1) };
}

function setResult(results: Record<string, unknown>, path: readonly string[], value: string): void {
  const [key = '', ...rest] = path;
  if (rest.length === 0) {
    results[key] = value;
    return;
  }
  const inner = results[key];
  const map = typeof inner === 'object' && inner !== null ? { ...inner } : {};
  setResult(map, rest, value);
  results[key] = map;
}

const actionFail: HookTool = {
  usage: '["<failure message>"]',
  flags: {},
  run({ flags }, context) {
    refuseMore(flags.positionals, 1);
    runningTask(context);
    context.action.failed = true;
    context.action.message = flags.positionals[0] ?? 'action failed without reason given, check action for errors';
    return undefined;
  },
};

const actionLog: HookTool = {
  usage: '<message>',
  flags: {},
  run({ flags }, context) {
    if (flags.positionals.length === 0) throw misuse('no message specified');
    runningTask(context).log.push(flags.positionals.join(' '));
    context.controller.changed();
    return undefined;
  },
};

export const ACTION_TOOLS: Readonly<Record<string, HookTool>> = {
  'action-get': actionGet,
  'action-set': actionSet,
  'action-fail': actionFail,
  'action-log': actionLog,
};
