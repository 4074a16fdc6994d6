/** Secrets of people: made, granted, changed, shown, removed. */

import { resolve } from 'node:path';
import { stringify } from 'yaml';
import { parseFlags } from '../hook-tools/flags.ts';
import { readContent } from '../hook-tools/secret-arguments.ts';
import type { Model } from '../model.ts';
import { decodeContent } from '../remote-application.ts';
import type { SecretState, Settings } from '../state.ts';
import { table } from '../status-tables.ts';
import type { Arguments } from './arguments.ts';
import { type Command, TIMEOUT_FLAG, timeoutMs } from './command.ts';
import { CommandFailure } from './failure.ts';
import { change, look, type Session } from './session.ts';

const ANY = Number.POSITIVE_INFINITY;

const addSecret: Command = {
  usage: '<name> [key[#base64|#file]=value...] [--file <path>] [--info <text>]',
  summary: 'Adds a secret and prints its URI',
  flags: { ...TIMEOUT_FLAG, file: 'text', info: 'text' },
  needs: ['secret name'],
  most: ANY,
  async run(args, session) {
    const [name = '', ...words] = args.positionals;
    const content = contentOf(args, session, words);
    if (content === undefined) throw new CommandFailure('missing secret value or filename', 2);
    const uri = await change(session, { create: {}, timeoutMs: timeoutMs(args) }, async (model) =>
      model.addSecret(content, { name, info: args.text('info') ?? '' }),
    );
    session.print(`${uri}\n`);
    return 0;
  },
};

const updateSecret: Command = {
  usage: '<ID>|<name> [key[#base64|#file]=value...] [--file <path>] [--name <name>] [--info <text>]',
  summary: 'Gives a secret another revision, or another name',
  flags: { ...TIMEOUT_FLAG, file: 'text', name: 'text', info: 'text', 'auto-prune': 'boolean' },
  needs: ['secret URI'],
  most: ANY,
  async run(args, session) {
    const [secret = '', ...words] = args.positionals;
    const content = contentOf(args, session, words);
    const [name, info] = [args.text('name'), args.text('info')];
    if (content === undefined && name === undefined && info === undefined && !args.boolean('auto-prune'))
      throw new CommandFailure('at least one attribute to update must be specified', 2);
    await change(session, { timeoutMs: timeoutMs(args) }, async (model) =>
      model.updateSecret(secret, content, {
        ...(name === undefined ? {} : { name }),
        ...(info === undefined ? {} : { info }),
      }),
    );
    return 0;
  },
};

/** As text, by key. The values follow the same rules as those that a charm gives. */
function contentOf(args: Arguments, session: Session, words: readonly string[]): Settings | undefined {
  const file = args.text('file');
  const flags = parseFlags({ file: 'text' }, file === undefined ? [] : ['--file', resolve(session.cwd, file)]);
  const content = readContent({ flags, directory: session.cwd, stdin: undefined }, words);
  return content === undefined ? undefined : decodeContent(content);
}

function accessCommand(summary: string, apply: (model: Model, secret: string, application: string) => void): Command {
  return {
    usage: '<ID>|<name> <application>[,<application>...]',
    summary,
    flags: TIMEOUT_FLAG,
    needs: ['secret URI', 'application name'],
    async run(args, session) {
      const [secret = '', applications = ''] = args.positionals;
      await change(session, { timeoutMs: timeoutMs(args) }, async (model) => {
        for (const application of applications.split(',')) apply(model, secret, application);
      });
      session.printError(
        'No hook follows: charms see it with their next one. A controller runs update-status every five minutes; here the command update-status does.',
      );
      return 0;
    },
  };
}

const removeSecret: Command = {
  usage: '<ID>|<name> [--revision <n>]',
  summary: 'Removes a secret, or one revision of it',
  flags: { ...TIMEOUT_FLAG, revision: 'text' },
  needs: ['secret URI'],
  async run(args, session) {
    const [secret = ''] = args.positionals;
    const revision = args.text('revision');
    await change(session, { timeoutMs: timeoutMs(args) }, async (model) =>
      model.removeSecret(secret, revision === undefined ? undefined : Number(revision)),
    );
    return 0;
  },
};

const secrets: Command = {
  usage: '[--format json|yaml]',
  summary: 'Lists secrets',
  flags: { format: 'text', owner: 'text' },
  async run(args, session) {
    const format = args.text('format') ?? 'tabular';
    return look(session, (model) => {
      const found = model.secrets();
      if (format !== 'tabular') {
        const all = Object.fromEntries(found.map((secret) => [secret.id, description(secret)]));
        session.print(format === 'json' ? `${JSON.stringify(all)}\n` : stringify(all, { lineWidth: 0 }));
        return 0;
      }
      const rows = found.map(({ id, label, owner, rotate, latest, revisions }) => [
        id,
        label === '' ? '-' : label,
        owner.kind === 'model' ? '<model>' : owner.name,
        rotate,
        String(latest),
        revisions[latest]?.created ?? '',
      ]);
      session.print(`${table(['ID', 'Name', 'Owner', 'Rotation', 'Revision', 'Last updated'], rows)}\n`);
      return 0;
    });
  },
};

/** A secret of a person has a name, one of a charm a label. */
function description({ owner, label, description: info, rotate, latest, revisions }: SecretState): object {
  return {
    revision: latest,
    ...(rotate === 'never' ? {} : { rotation: rotate }),
    owner: owner.kind === 'model' ? '<model>' : owner.name,
    ...(info === '' ? {} : { description: info }),
    ...(label === '' ? {} : owner.kind === 'model' ? { name: label } : { label }),
    created: revisions[Math.min(...Object.keys(revisions).map(Number))]?.created ?? '',
    updated: revisions[latest]?.created ?? '',
  };
}

const showSecret: Command = {
  usage: '<ID>|<name> [--reveal] [--revision <n>] [--format json]',
  summary: 'Shows one secret, with its content when asked to',
  flags: { reveal: 'boolean', revision: 'text', r: 'text', revisions: 'boolean', format: 'text' },
  needs: ['secret URI'],
  async run(args, session) {
    const id = (args.positionals[0] ?? '').replace(/^secret:(\/\/[^/]*\/)?/, '');
    return look(session, (model) => {
      const secret = model.secrets().find((each) => each.id === id || each.label === id);
      if (!secret) throw new CommandFailure(`secret "${id}" not found`);
      const revision = args.text('revision') ?? args.text('r');
      const values = args.boolean('reveal')
        ? model.secretContent(secret.id, revision === undefined ? secret.latest : Number(revision))
        : undefined;
      // Juju's JSON has one level more than its YAML.
      const json = args.text('format') === 'json';
      const content = values === undefined ? {} : { content: json ? { Data: values } : values };
      const access = secret.grants.map(({ subject, relation }) => ({ target: subject, relation, role: 'view' }));
      const found = { [secret.id]: { ...description(secret), ...(access.length === 0 ? {} : { access }), ...content } };
      session.print(json ? `${JSON.stringify(found)}\n` : stringify(found, { lineWidth: 0 }));
      return 0;
    });
  },
};

export const SECRET_COMMANDS: Readonly<Record<string, Command>> = {
  'add-secret': addSecret,
  'update-secret': updateSecret,
  'grant-secret': accessCommand('Lets applications read a secret', (model, secret, application) =>
    model.grantSecret(secret, application),
  ),
  'revoke-secret': accessCommand('Takes that back', (model, secret, application) =>
    model.revokeSecret(secret, application),
  ),
  'remove-secret': removeSecret,
  secrets,
  'list-secrets': secrets,
  'show-secret': showSecret,
};
