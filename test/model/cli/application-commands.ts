/** Commands on applications and units: deploy, configure, integrate, scale, refresh, remove. */

import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { stringify } from 'yaml';
import { readCharmArchive } from '../charm-archive.ts';
import { parsePairs, refuseMore, required } from './arguments.ts';
import { type Command, TIMEOUT_FLAG, timeoutMs } from './command.ts';
import { CommandFailure } from './failure.ts';
import { change, look } from './session.ts';
import { readYamlMapFile } from './yaml-file.ts';

const deploy: Command = {
  usage: './<file>.charm [<application name>] [-n <units>] [--config <key>=<value>] [--resource <name>=<path>]',
  summary: 'Deploys a packed charm; makes a model when there is none',
  flags: {
    ...TIMEOUT_FLAG,
    n: 'text',
    'num-units': 'text',
    config: 'list',
    resource: 'list',
    trust: 'boolean',
    juju: 'text',
  },
  async run(args, session) {
    const [path, name] = args.positionals;
    const charm = required(path, 'charm');
    refuseMore(args.positionals, 2);
    const jujuVersion = args.text('juju');
    const create = jujuVersion === undefined ? {} : { jujuVersion };
    const { definition } = await readCharmArchive(charm, jujuVersion ?? '3.6.9');
    const application = name ?? definition.name;
    const config = await readConfig(args.list('config'), application);
    const units = Number(args.text('n') ?? args.text('num-units') ?? 1);
    session.printError(`Deploying "${application}" from local charm "${basename(charm)}"`);
    await change(session, { create, timeoutMs: timeoutMs(args) }, (model) =>
      model.deploy(charm, { application, units, config, resources: parsePairs(args.list('resource')) }),
    );
    return 0;
  },
};

/** `key=value`, `key=@file`, or a YAML file with options, alone or below the application's name. */
async function readConfig(
  words: readonly string[],
  application: string,
): Promise<Readonly<Record<string, string | number | boolean>>> {
  const config: Record<string, string | number | boolean> = {};
  for (const word of words) {
    if (word.includes('=')) Object.assign(config, await readFiles(parsePairs([word])));
    else Object.assign(config, await readYamlMapFile(word, application));
  }
  return config;
}

async function readFiles(pairs: Readonly<Record<string, string>>): Promise<Readonly<Record<string, string>>> {
  const entries = Object.entries(pairs).map(async ([key, value]) => {
    return [key, value.startsWith('@') ? await readFile(value.slice(1), 'utf8') : value] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}

const integrate: Command = {
  usage: '<application>[:<endpoint>] <application>[:<endpoint>]',
  summary: 'Relates two applications',
  flags: TIMEOUT_FLAG,
  async run(args, session) {
    const [first, second] = args.positionals;
    refuseMore(args.positionals, 2);
    const ends = [required(first, 'first application'), required(second, 'second application')] as const;
    await change(session, { timeoutMs: timeoutMs(args) }, (model) => model.integrate(...ends));
    return 0;
  },
};

const removeRelation: Command = {
  ...integrate,
  summary: 'Ends the relation of two applications',
  async run(args, session) {
    const [first, second] = args.positionals;
    refuseMore(args.positionals, 2);
    const ends = [required(first, 'first application'), required(second, 'second application')] as const;
    await change(session, { timeoutMs: timeoutMs(args) }, (model) => model.removeRelation(...ends));
    return 0;
  },
};

const config: Command = {
  usage: '<application> [<key> | <key>=<value>...] [--reset <key>[,<key>]] [--file <path>]',
  summary: 'Shows, sets or resets options',
  flags: { ...TIMEOUT_FLAG, reset: 'list', file: 'text', format: 'text' },
  async run(args, session) {
    const [name, ...words] = args.positionals;
    const application = required(name, 'application name');
    const reset = args.list('reset').flatMap((keys) => keys.split(','));
    const file = args.text('file');
    const settings = words.filter((word) => word.includes('='));
    if (settings.length === 0 && reset.length === 0 && file === undefined) {
      return look(session, (model) => {
        const options = model.config(application);
        const [key] = words;
        if (key === undefined) session.print(stringify({ application, settings: options }));
        else if (key in options) session.print(`${options[key]?.value ?? ''}\n`);
        else
          throw new CommandFailure(`key "${key}" not found in "${application}" application config or charm settings.`);
        return 0;
      });
    }
    const values = {
      ...(file === undefined ? {} : await readYamlMapFile(file, application)),
      ...(await readFiles(parsePairs(settings))),
    };
    await change(session, { timeoutMs: timeoutMs(args) }, (model) => model.configure(application, values, { reset }));
    return 0;
  },
};

const addUnit: Command = {
  usage: '<application> [-n <units>]',
  summary: 'Adds units, each on a machine of its own',
  flags: { ...TIMEOUT_FLAG, n: 'text', 'num-units': 'text' },
  async run(args, session) {
    const [name] = args.positionals;
    refuseMore(args.positionals, 1);
    const application = required(name, 'application name');
    const count = Number(args.text('n') ?? args.text('num-units') ?? 1);
    await change(session, { timeoutMs: timeoutMs(args) }, (model) => model.addUnit(application, count));
    return 0;
  },
};

const REMOVE_FLAGS = { ...TIMEOUT_FLAG, 'no-prompt': 'boolean', 'destroy-storage': 'boolean' } as const;

const removeUnit: Command = {
  usage: '<unit> [...]',
  summary: 'Removes units and their machines',
  flags: REMOVE_FLAGS,
  async run(args, session) {
    required(args.positionals[0], 'unit');
    await change(session, { timeoutMs: timeoutMs(args) }, async (model) => {
      for (const unit of args.positionals) await model.removeUnit(unit);
    });
    return 0;
  },
};

const removeApplication: Command = {
  usage: '<application> [...]',
  summary: 'Removes applications with all their units',
  flags: REMOVE_FLAGS,
  async run(args, session) {
    required(args.positionals[0], 'application');
    await change(session, { timeoutMs: timeoutMs(args) }, async (model) => {
      for (const application of args.positionals) await model.removeApplication(application);
    });
    return 0;
  },
};

const refresh: Command = {
  usage: '<application> --path ./<file>.charm',
  summary: 'Upgrades the charm of an application',
  flags: { ...TIMEOUT_FLAG, path: 'text', resource: 'list' },
  async run(args, session) {
    const [name] = args.positionals;
    refuseMore(args.positionals, 1);
    const application = required(name, 'application');
    const path = required(args.text('path'), 'path');
    await change(session, { timeoutMs: timeoutMs(args) }, async (model) => {
      for (const [resource, file] of Object.entries(parsePairs(args.list('resource')))) {
        await model.attachResource(application, resource, file);
      }
      await model.refresh(application, path);
    });
    return 0;
  },
};

const attachResource: Command = {
  usage: '<application> <resource>=<path>',
  summary: 'Gives an application another revision of a resource',
  flags: TIMEOUT_FLAG,
  async run(args, session) {
    const [name, pair] = args.positionals;
    refuseMore(args.positionals, 2);
    const application = required(name, 'application');
    const resources = Object.entries(parsePairs([required(pair, 'resource')]));
    await change(session, { timeoutMs: timeoutMs(args) }, async (model) => {
      for (const [resource, path] of resources) await model.attachResource(application, resource, path);
    });
    return 0;
  },
};

const updateStatus: Command = {
  usage: '[<unit>]',
  summary: 'Runs update-status now (not a command of Juju, which does it every five minutes)',
  flags: TIMEOUT_FLAG,
  async run(args, session) {
    refuseMore(args.positionals, 1);
    await change(session, { timeoutMs: timeoutMs(args) }, async (model) => model.updateStatus(args.positionals[0]));
    return 0;
  },
};

const reboot: Command = {
  usage: '<unit>',
  summary: "Reboots a unit's machine (not a command of Juju)",
  flags: TIMEOUT_FLAG,
  async run(args, session) {
    const unit = required(args.positionals[0], 'unit');
    refuseMore(args.positionals, 1);
    await change(session, { timeoutMs: timeoutMs(args) }, (model) => model.reboot(unit));
    return 0;
  },
};

const moveLeadership: Command = {
  usage: '<unit>',
  summary: 'Makes a unit the leader (not a command of Juju)',
  flags: TIMEOUT_FLAG,
  async run(args, session) {
    const unit = required(args.positionals[0], 'unit');
    refuseMore(args.positionals, 1);
    await change(session, { timeoutMs: timeoutMs(args) }, (model) => model.moveLeadership(unit));
    return 0;
  },
};

export const APPLICATION_COMMANDS: Readonly<Record<string, Command>> = {
  deploy,
  integrate,
  relate: integrate,
  'remove-relation': removeRelation,
  config,
  'add-unit': addUnit,
  'remove-unit': removeUnit,
  'remove-application': removeApplication,
  refresh,
  'attach-resource': attachResource,
  'update-status': updateStatus,
  reboot,
  'move-leadership': moveLeadership,
};
