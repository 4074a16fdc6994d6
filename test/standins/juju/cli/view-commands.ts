/** Commands that only look: status, units with their databags, the log. */

import { setTimeout as sleep } from 'node:timers/promises';
import { stringify } from 'yaml';
import { formatLogEntry, isLogLevel, LOG_LEVELS } from '../log.ts';
import type { ModelStatus } from '../model-status.ts';
import { formatStatus } from '../status-tables.ts';
import type { Command } from './command.ts';
import { CommandFailure } from './failure.ts';
import { look } from './session.ts';

const FOLLOW_MS = 1000;

const status: Command = {
  usage: '[<application>|<unit>...] [--relations] [--watch <time>] [--format json|yaml]',
  summary: 'Shows applications, units, machines and relations',
  flags: {
    relations: 'boolean',
    integrations: 'boolean',
    format: 'text',
    watch: 'text',
    color: 'boolean',
    'no-color': 'boolean',
    utc: 'boolean',
    storage: 'boolean',
  },
  most: Number.POSITIVE_INFINITY,
  async run(args, session) {
    return look(session, (model) => {
      const found = only(model.status(), args.positionals);
      const format = args.text('format') ?? 'tabular';
      if (format === 'json') session.print(`${JSON.stringify(found)}\n`);
      else if (format === 'yaml') session.print(stringify(found));
      else if (format !== 'tabular')
        throw new CommandFailure(`invalid value "${format}" for option --format: unknown format "${format}"`, 2);
      else session.print(formatStatus(found, { relations: args.boolean('relations') || args.boolean('integrations') }));
      return 0;
    });
  },
};

/** What belongs to these applications and units; all when none are named. */
function only(status: ModelStatus, names: readonly string[]): ModelStatus {
  if (names.length === 0) return status;
  const wanted = (application: string, unit: string): boolean => names.includes(application) || names.includes(unit);
  const units = pick(status.units, (name) => wanted(name.split('/')[0] ?? '', name));
  const machines = new Set(Object.values(units).map(({ machine }) => machine));
  const applications = pick(
    status.applications,
    (name) => names.includes(name) || Object.keys(units).some((unit) => unit.startsWith(`${name}/`)),
  );
  return {
    ...status,
    applications: Object.fromEntries(
      Object.entries(applications).map(([name, one]) => [
        name,
        { ...one, units: pick(one.units, (unit) => wanted(name, unit)) },
      ]),
    ),
    units,
    machines: pick(status.machines, (id) => machines.has(id)),
    relations: status.relations.filter(({ provider, requirer }) =>
      [provider, requirer].some((end) => (end.split(':')[0] ?? '') in applications),
    ),
  };
}

function pick<T>(from: Readonly<Record<string, T>>, wanted: (name: string) => boolean): Record<string, T> {
  return Object.fromEntries(Object.entries(from).filter(([name]) => wanted(name)));
}

const showUnit: Command = {
  usage: '<unit>... [--format json]',
  summary: 'Shows units with the databags of their relations',
  flags: { format: 'text' },
  needs: ['unit'],
  most: Number.POSITIVE_INFINITY,
  async run(args, session) {
    return look(session, (model) => {
      const shown = Object.fromEntries(args.positionals.map((name) => [model.unit(name).name, model.showUnit(name)]));
      session.print(args.text('format') === 'json' ? `${JSON.stringify(shown)}\n` : stringify(shown, { lineWidth: 0 }));
      return 0;
    });
  },
};

const debugLog: Command = {
  usage: '[--include <unit>] [--exclude <unit>] [-n <lines>] [--level DEBUG] [--replay] [--tail]',
  summary: 'Shows the log; DEBUG has what charms print',
  flags: {
    i: 'list',
    include: 'list',
    x: 'list',
    exclude: 'list',
    n: 'text',
    lines: 'text',
    limit: 'text',
    l: 'text',
    level: 'text',
    replay: 'boolean',
    tail: 'boolean',
    'no-tail': 'boolean',
    color: 'boolean',
    utc: 'boolean',
    date: 'boolean',
    ms: 'boolean',
  },
  // The log is written line by line, whoever has the model open.
  alone: true,
  async run(args, session) {
    const level = (args.text('level') ?? args.text('l') ?? 'INFO').toUpperCase();
    if (!isLogLevel(level))
      throw new CommandFailure(`level value "${level}" is not one of ${LOG_LEVELS.join(', ')}`, 2);
    const include = args.list('i', 'include').map(unitOfTag);
    const exclude = args.list('x', 'exclude').map(unitOfTag);
    const count = args.text('n') ?? args.text('lines') ?? args.text('limit');
    let printed = 0;
    const print = (): Promise<number> =>
      look(session, (model) => {
        const entries = model
          .log()
          .filter(({ entity }) => (include.length === 0 || include.includes(entity)) && !exclude.includes(entity))
          .filter((entry) => LOG_LEVELS.indexOf(entry.level) >= LOG_LEVELS.indexOf(level));
        const shown =
          printed > 0 ? entries.slice(printed) : count === undefined ? entries : entries.slice(-Number(count));
        session.print(shown.map((entry) => `${formatLogEntry(entry)}\n`).join(''));
        printed = entries.length;
        return 0;
      });
    await print();
    // Without --tail the end of what there is, is the end: nothing runs between commands.
    while (args.boolean('tail')) {
      await sleep(FOLLOW_MS);
      await print();
    }
    return 0;
  },
};

/** `k8s/0`, also of `unit-k8s-0`. */
function unitOfTag(word: string): string {
  return word.replace(/^unit-(.*)-([0-9]+)$/, '$1/$2');
}

export const VIEW_COMMANDS: Readonly<Record<string, Command>> = {
  status,
  'show-unit': showUnit,
  'debug-log': debugLog,
};
