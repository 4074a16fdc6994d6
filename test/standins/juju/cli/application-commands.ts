/** Commands on applications and units: deploy, configure, integrate, scale, refresh, remove. */

import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { stringify } from 'yaml';
import { type CharmDefinition, readCharmArchive } from '../charm-archive.ts';
import type { Model } from '../model.ts';
import { type Arguments, type FlagKinds, parseCount, parsePairs } from './arguments.ts';
import { type Command, TIMEOUT_FLAG, timeoutMs } from './command.ts';
import { CommandFailure } from './failure.ts';
import { change, look, type Session } from './session.ts';
import { readYamlMapFile } from './yaml-file.ts';

const CA_CHARM = 'self-signed-certificates';
const JUJU_DEFAULT = 'ubuntu@24.04';

const deploy: Command = {
  usage:
    './<file>.charm|self-signed-certificates [<application name>] [-n <units>] [--base ubuntu@24.04] [--constraints <text>] [--config <key>=<value>] [--resource <name>=<path>]',
  summary: 'Deploys a packed charm; makes a model when there is none',
  flags: {
    ...TIMEOUT_FLAG,
    n: 'text',
    'num-units': 'text',
    base: 'text',
    constraints: 'list',
    channel: 'text',
    revision: 'text',
    config: 'list',
    resource: 'list',
    to: 'list',
    trust: 'boolean',
    force: 'boolean',
    juju: 'text',
  },
  needs: ['charm'],
  most: 2,
  async run(args, session) {
    const [name = '', as] = args.positionals;
    const jujuVersion = args.text('juju');
    const create = jujuVersion === undefined ? {} : { jujuVersion };
    const units = parseCount(args.text('n') ?? args.text('num-units'), '--num-units');
    const constraints = parseConstraints(args.list('constraints').join(' '));
    refusePlacement(args);
    const charm = await findCharm(name, session, args.text('channel'));
    try {
      const { definition } = await readCharmArchive(charm.path, jujuVersion ?? '3.6.9');
      const base = chooseBase(definition, args.text('base'));
      const application = as ?? definition.name;
      const config = await readConfig(session, args.list('config'), application);
      const resources = readPaths(session, args.list('resource'));
      session.printError(charm.found ?? `Located local charm "${definition.name}"`);
      session.printError(
        `Deploying "${application}" from ${charm.what ?? `local charm "${definition.name}"`} on ${base}`,
      );
      if (Object.keys(constraints).length > 0)
        session.printError('Constraints are checked and have no effect: a machine of the local model is a folder.');
      await change(session, { create, timeoutMs: timeoutMs(args) }, (model) =>
        model.deploy(charm.path, { application, units, config, resources }),
      );
    } finally {
      await charm.forget();
    }
    return 0;
  },
};

interface FoundCharm {
  readonly path: string;
  /** What is said of it first, and in "Deploying ... from", where it is not an archive of the person's own. */
  readonly found?: string;
  readonly what?: string;
  /** Removes what was packed only for this. */
  forget(): Promise<void>;
}

/** A file, or the CA charm of the tests, which goes by the name of the charm that it is shaped after. */
async function findCharm(name: string, session: Session, channel: string | undefined): Promise<FoundCharm> {
  if (name === CA_CHARM) {
    const directory = await mkdtemp(join(tmpdir(), 'ca-charm-'));
    const { packCaCharm } = await import('../ca-charm/pack.ts');
    return {
      path: await packCaCharm(directory, CA_CHARM),
      found: `The local model has no Charmhub: "${CA_CHARM}"${channel === undefined ? '' : ` of ${channel}`} is the CA charm of the tests here (test/standins/juju/ca-charm).`,
      what: 'the CA charm of the tests',
      forget: () => rm(directory, { recursive: true, force: true }),
    };
  }
  if (!/[/.]/.test(name)) {
    throw new CommandFailure(
      `the local model has no Charmhub, so there is no charm "${name}": deploy a packed charm, such as ./dist/k8s_ubuntu@24.04-amd64.charm after npm run pack, or ${CA_CHARM}`,
    );
  }
  const path = resolve(session.cwd, name);
  if (!existsSync(path)) throw new CommandFailure(`no charm was found at "${name}"`);
  if (channel !== undefined) throw new CommandFailure('specifying a channel is not supported for a local charm');
  return { path, forget: async () => undefined };
}

/** The base that is asked for, or Juju's default where the charm has it; throws what the charm does not run on. */
function chooseBase(definition: CharmDefinition, wanted = chosenByJuju(definition)): string {
  const match = /^([a-z]+)@([0-9.]+)(?:\/[a-z]+)?$/.exec(wanted);
  if (!match)
    throw new CommandFailure(`expected base string to contain os and channel separated by '@', got "${wanted}"`, 2);
  const known = baseNames(definition);
  const base = `${match[1]}@${match[2]}`;
  if (known.includes(base)) return `${base}/stable`;
  throw new CommandFailure(`base "${base}" not supported by charm, the charm supported bases are: ${known.join(', ')}`);
}

function chosenByJuju(definition: CharmDefinition): string {
  const names = baseNames(definition);
  return names.find((name) => name === JUJU_DEFAULT) ?? names[0] ?? JUJU_DEFAULT;
}

function baseNames({ bases }: CharmDefinition): readonly string[] {
  return bases.map(({ name, channel }) => `${name}@${channel.replace(/\/stable$/, '')}`);
}

const CONSTRAINTS = [
  'allocate-public-ip',
  'arch',
  'container',
  'cores',
  'cpu-cores',
  'cpu-power',
  'image-id',
  'instance-role',
  'instance-type',
  'mem',
  'root-disk',
  'root-disk-source',
  'spaces',
  'tags',
  'virt-type',
  'zones',
];
const SIZES = ['mem', 'root-disk'];
const NUMBERS = ['cores', 'cpu-cores', 'cpu-power'];

/** `cores=2 mem=4G root-disk=20G`. Throws what is no constraint, or no value of one. */
function parseConstraints(text: string): Readonly<Record<string, string>> {
  const words = text.split(/\s+/).filter((word) => word !== '');
  for (const word of words) {
    const [name = '', value = ''] = word.split('=');
    if (!word.includes('=')) throw new CommandFailure(`malformed constraint "${word}"`, 2);
    if (!CONSTRAINTS.includes(name)) throw new CommandFailure(`unknown constraint "${name}"`, 2);
    if (SIZES.includes(name) && !/^([0-9]+(\.[0-9]+)?[MGTP]?)?$/.test(value))
      throw new CommandFailure(
        `bad "${name}" constraint: must be a non-negative float with optional M/G/T/P suffix`,
        2,
      );
    if (NUMBERS.includes(name) && !/^[0-9]*$/.test(value))
      throw new CommandFailure(`bad "${name}" constraint: must be a non-negative integer`, 2);
  }
  return parsePairs(words);
}

function refusePlacement(args: Arguments): void {
  if (args.list('to').length > 0)
    throw new CommandFailure('each unit has a machine of its own in the local model: leave --to out');
}

/** `name=path`, from the folder that the command was typed in. */
function readPaths(session: Session, words: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(parsePairs(words)).map(([name, path]) => [name, resolve(session.cwd, path)]),
  );
}

/** `key=value`, `key=@file`, or a YAML file with options, alone or below the application's name. */
async function readConfig(
  session: Session,
  words: readonly string[],
  application: string,
): Promise<Readonly<Record<string, string | number | boolean>>> {
  const config: Record<string, string | number | boolean> = {};
  for (const word of words) {
    if (word.includes('=')) Object.assign(config, await readFiles(session, parsePairs([word])));
    else Object.assign(config, await readYamlMapFile(resolve(session.cwd, word), application));
  }
  return config;
}

async function readFiles(
  session: Session,
  pairs: Readonly<Record<string, string>>,
): Promise<Readonly<Record<string, string>>> {
  const entries = Object.entries(pairs).map(async ([key, value]) => {
    return [key, value.startsWith('@') ? await readFile(resolve(session.cwd, value.slice(1)), 'utf8') : value] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}

function ofTwo(
  summary: string,
  flags: FlagKinds,
  work: (model: Model, first: string, second: string) => Promise<void>,
): Command {
  return {
    usage: '<application>[:<endpoint>] <application>[:<endpoint>]',
    summary,
    flags: { ...TIMEOUT_FLAG, ...flags },
    needs: ['first application', 'second application'],
    async run(args, session) {
      const [first = '', second = ''] = args.positionals;
      await change(session, { timeoutMs: timeoutMs(args) }, (model) => work(model, first, second));
      return 0;
    },
  };
}

const integrate = ofTwo('Relates two applications', {}, (model, first, second) => model.integrate(first, second));

const removeRelation = ofTwo('Ends the relation of two applications', { force: 'boolean' }, (model, first, second) =>
  model.removeRelation(first, second),
);

const config: Command = {
  usage: '<application> [<key> | <key>=<value>...] [--reset <key>[,<key>]] [--file <path>]',
  summary: 'Shows, sets or resets options',
  flags: { ...TIMEOUT_FLAG, reset: 'list', file: 'text', format: 'text' },
  needs: ['application name'],
  most: Number.POSITIVE_INFINITY,
  async run(args, session) {
    const [application = '', ...words] = args.positionals;
    const reset = args.list('reset').flatMap((keys) => keys.split(','));
    const file = args.text('file');
    const settings = words.filter((word) => word.includes('='));
    if (settings.length === 0 && reset.length === 0 && file === undefined) {
      return look(session, (model) => {
        const options = model.config(application);
        const [key] = words;
        const all = { application, settings: options };
        if (key === undefined && args.text('format') === 'json') session.print(`${JSON.stringify(all)}\n`);
        else if (key === undefined) session.print(stringify(all));
        else if (key in options) session.print(`${options[key]?.value ?? ''}\n`);
        else
          throw new CommandFailure(`key "${key}" not found in "${application}" application config or charm settings.`);
        return 0;
      });
    }
    const values = {
      ...(file === undefined ? {} : await readYamlMapFile(resolve(session.cwd, file), application)),
      ...(await readFiles(session, parsePairs(settings))),
    };
    await change(session, { timeoutMs: timeoutMs(args) }, (model) => model.configure(application, values, { reset }));
    return 0;
  },
};

const addUnit: Command = {
  usage: '<application> [-n <units>]',
  summary: 'Adds units, each on a machine of its own',
  flags: { ...TIMEOUT_FLAG, n: 'text', 'num-units': 'text', to: 'list' },
  needs: ['application name'],
  async run(args, session) {
    const [application = ''] = args.positionals;
    const count = parseCount(args.text('n') ?? args.text('num-units'), '--num-units');
    refusePlacement(args);
    await change(session, { timeoutMs: timeoutMs(args) }, (model) => model.addUnit(application, count));
    return 0;
  },
};

const REMOVE_FLAGS = {
  ...TIMEOUT_FLAG,
  'no-prompt': 'boolean',
  'destroy-storage': 'boolean',
  force: 'boolean',
  'no-wait': 'boolean',
} as const;

/** Juju asks before it removes something; here nothing is lost that cannot be had again, so it only says what it does. */
const removeUnit: Command = {
  usage: '<unit> [...] [--force --no-wait]',
  summary: 'Removes units and their machines; with --force --no-wait without a hook',
  flags: REMOVE_FLAGS,
  needs: ['unit'],
  most: Number.POSITIVE_INFINITY,
  async run(args, session) {
    const force = args.boolean('force');
    if (args.boolean('no-wait') && !force) throw new CommandFailure('--no-wait without --force not valid', 2);
    await change(session, { timeoutMs: timeoutMs(args) }, async (model) => {
      for (const unit of args.positionals) {
        session.printError(`will remove unit ${model.unit(unit).name}`);
        await model.removeUnit(unit, { force: force && args.boolean('no-wait') });
      }
    });
    return 0;
  },
};

const removeApplication: Command = {
  usage: '<application> [...]',
  summary: 'Removes applications with all their units',
  flags: REMOVE_FLAGS,
  needs: ['application'],
  most: Number.POSITIVE_INFINITY,
  async run(args, session) {
    await change(session, { timeoutMs: timeoutMs(args) }, async (model) => {
      for (const application of args.positionals) {
        await model.removeApplication(application);
        session.printError(`will remove application ${application}`);
      }
    });
    return 0;
  },
};

const refresh: Command = {
  usage: '<application> --path ./<file>.charm [--config <file>] [--resource <name>=<path>]',
  summary: 'Upgrades the charm of an application',
  flags: {
    ...TIMEOUT_FLAG,
    path: 'text',
    resource: 'list',
    config: 'list',
    channel: 'text',
    revision: 'text',
    base: 'text',
    force: 'boolean',
    'force-units': 'boolean',
    'force-base': 'boolean',
  },
  needs: ['application'],
  async run(args, session) {
    const [application = ''] = args.positionals;
    const given = args.text('path');
    if (given === undefined)
      throw new CommandFailure('the local model has no Charmhub: name a packed charm with --path ./<file>.charm');
    const path = resolve(session.cwd, given);
    if (!existsSync(path)) throw new CommandFailure(`no charm was found at "${given}"`);
    const resources = Object.entries(readPaths(session, args.list('resource')));
    const values = await readConfig(session, args.list('config'), application);
    await change(session, { timeoutMs: timeoutMs(args) }, async (model) => {
      for (const [resource, file] of resources) await model.attachResource(application, resource, file);
      await model.refresh(application, path, values);
    });
    return 0;
  },
};

const attachResource: Command = {
  usage: '<application> <resource>=<path>',
  summary: 'Gives an application another revision of a resource',
  flags: TIMEOUT_FLAG,
  needs: ['application', 'resource'],
  async run(args, session) {
    const [application = '', pair = ''] = args.positionals;
    const resources = Object.entries(readPaths(session, [pair]));
    await change(session, { timeoutMs: timeoutMs(args) }, async (model) => {
      for (const [resource, path] of resources) await model.attachResource(application, resource, path);
    });
    return 0;
  },
};

function exposure(exposed: boolean): Command {
  return {
    usage: '<application>',
    summary: exposed
      ? 'Says that the ports of an application are open to everybody (which has no effect here)'
      : 'Takes that back',
    flags: { ...TIMEOUT_FLAG, endpoints: 'text', 'to-cidrs': 'text', 'to-spaces': 'text' },
    needs: ['application name'],
    async run(args, session) {
      const [application = ''] = args.positionals;
      await change(session, { timeoutMs: timeoutMs(args) }, async (model) => model.expose(application, exposed));
      return 0;
    },
  };
}

const updateStatus: Command = {
  usage: '[<unit>]',
  summary: 'Runs update-status now (not a command of Juju, which does it every five minutes)',
  flags: TIMEOUT_FLAG,
  most: 1,
  async run(args, session) {
    await change(session, { timeoutMs: timeoutMs(args) }, async (model) => model.updateStatus(args.positionals[0]));
    return 0;
  },
};

function ofUnit(summary: string, work: (model: Model, unit: string) => Promise<void>): Command {
  return {
    usage: '<unit>',
    summary,
    flags: TIMEOUT_FLAG,
    needs: ['unit'],
    async run(args, session) {
      const [unit = ''] = args.positionals;
      await change(session, { timeoutMs: timeoutMs(args) }, (model) => work(model, unit));
      return 0;
    },
  };
}

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
  expose: exposure(true),
  unexpose: exposure(false),
  'update-status': updateStatus,
  reboot: ofUnit("Reboots a unit's machine (not a command of Juju)", (model, unit) => model.reboot(unit)),
  'move-leadership': ofUnit('Makes a unit the leader (not a command of Juju)', (model, unit) =>
    model.moveLeadership(unit),
  ),
};
