/** Commands that only look: status, units with their databags, secrets, the log. */

import { stringify } from 'yaml';
import { formatLogEntry, isLogLevel, LOG_LEVELS } from '../log.ts';
import { formatStatus, table } from '../status-tables.ts';
import { refuseMore, required } from './arguments.ts';
import type { Command } from './command.ts';
import { CommandFailure } from './failure.ts';
import { look } from './session.ts';

const status: Command = {
  usage: '[--relations] [--format json|yaml]',
  summary: 'Shows applications, units, machines and relations',
  flags: { relations: 'boolean', integrations: 'boolean', format: 'text' },
  async run(args, session) {
    return look(session, (model) => {
      const found = model.status();
      const format = args.text('format') ?? 'tabular';
      if (format === 'json') session.print(`${JSON.stringify(found)}\n`);
      else if (format === 'yaml') session.print(stringify(found));
      else session.print(formatStatus(found, { relations: args.boolean('relations') || args.boolean('integrations') }));
      return 0;
    });
  },
};

const showUnit: Command = {
  usage: '<unit> [--format json]',
  summary: 'Shows a unit with the databags of its relations',
  flags: { format: 'text' },
  async run(args, session) {
    const name = required(args.positionals[0], 'unit');
    refuseMore(args.positionals, 1);
    return look(session, (model) => {
      const shown = { [name]: model.showUnit(name) };
      session.print(args.text('format') === 'json' ? `${JSON.stringify(shown)}\n` : stringify(shown, { lineWidth: 0 }));
      return 0;
    });
  },
};

const secrets: Command = {
  usage: '',
  summary: 'Lists secrets',
  flags: {},
  async run(args, session) {
    refuseMore(args.positionals, 0);
    return look(session, (model) => {
      const rows = model
        .secrets()
        .map(({ id, label, owner, rotate, latest, revisions }) => [
          id,
          label === '' ? '-' : label,
          owner.name,
          rotate,
          String(latest),
          revisions[latest]?.created ?? '',
        ]);
      session.print(`${table(['ID', 'Name', 'Owner', 'Rotation', 'Revision', 'Last updated'], rows)}\n`);
      return 0;
    });
  },
};

const showSecret: Command = {
  usage: '<id> [--reveal] [--revision <n>] [--format json]',
  summary: 'Shows one secret, with its content when asked to',
  flags: { reveal: 'boolean', revision: 'text', format: 'text' },
  async run(args, session) {
    const id = required(args.positionals[0], 'secret').replace(/^secret:/, '');
    refuseMore(args.positionals, 1);
    return look(session, (model) => {
      const secret = model.secrets().find((each) => each.id === id || each.label === id);
      if (!secret) throw new CommandFailure(`secret "${id}" not found`);
      const { owner, label, description, rotate, latest, grants } = secret;
      const revision = args.text('revision');
      const values = args.boolean('reveal')
        ? model.secretContent(secret.id, revision === undefined ? latest : Number(revision))
        : undefined;
      // Juju's JSON has one level more than its YAML.
      const json = args.text('format') === 'json';
      const content = values === undefined ? {} : { content: json ? { Data: values } : values };
      const access = grants.map(({ subject, relation }) => ({ target: subject, relation, role: 'view' }));
      const shown = { revision: latest, owner: owner.name, label, description, rotation: rotate, access, ...content };
      const found = { [secret.id]: shown };
      session.print(json ? `${JSON.stringify(found)}\n` : stringify(found, { lineWidth: 0 }));
      return 0;
    });
  },
};

const debugLog: Command = {
  usage: '[--include <unit>] [-n <lines>] [--level DEBUG] [--replay]',
  summary: 'Shows the log; DEBUG has what charms print',
  flags: { include: 'list', n: 'text', limit: 'text', lines: 'text', level: 'text', replay: 'boolean' },
  async run(args, session) {
    refuseMore(args.positionals, 0);
    const level = (args.text('level') ?? 'INFO').toUpperCase();
    if (!isLogLevel(level))
      throw new CommandFailure(`level value "${level}" is not one of ${LOG_LEVELS.join(', ')}`, 2);
    return look(session, (model) => {
      const include = args.list('include').map((unit) => unit.replace(/^unit-(.*)-([0-9]+)$/, '$1/$2'));
      const entries = model
        .log()
        .filter((entry) => include.length === 0 || include.includes(entry.entity))
        .filter((entry) => LOG_LEVELS.indexOf(entry.level) >= LOG_LEVELS.indexOf(level));
      const count = args.text('n') ?? args.text('limit') ?? args.text('lines');
      const shown = count === undefined ? entries : entries.slice(-Number(count));
      session.print(shown.map((entry) => `${formatLogEntry(entry)}\n`).join(''));
      return 0;
    });
  },
};

export const VIEW_COMMANDS: Readonly<Record<string, Command>> = {
  status,
  'show-unit': showUnit,
  secrets,
  'show-secret': showSecret,
  'debug-log': debugLog,
};
