/** The `juju` look-alike as a function: words in, exit code out. */

import { APPLICATION_COMMANDS } from './application-commands.ts';
import { parseArguments, refuseMore } from './arguments.ts';
import { type Command, TIMEOUT_FLAG, timeoutMs } from './command.ts';
import { CommandFailure } from './failure.ts';
import { RUN_COMMANDS } from './run-command.ts';
import { change, destroy, hasModel, type Session } from './session.ts';
import { VIEW_COMMANDS } from './view-commands.ts';

const addModel: Command = {
  usage: '[<name>] [--juju <version>]',
  summary: 'Makes an empty model, of Juju 3.6.9 or the version given (4.0.2)',
  flags: { ...TIMEOUT_FLAG, juju: 'text' },
  async run(args, session) {
    refuseMore(args.positionals, 1);
    if (hasModel(session)) throw new CommandFailure('there is a model already: destroy-model first');
    const [modelName] = args.positionals;
    const jujuVersion = args.text('juju');
    const create = {
      ...(modelName === undefined ? {} : { modelName }),
      ...(jujuVersion === undefined ? {} : { jujuVersion }),
    };
    await change(session, { create, timeoutMs: timeoutMs(args) }, () => Promise.resolve());
    return 0;
  },
};

const destroyModel: Command = {
  usage: '',
  summary: 'Forgets everything and deletes the folder',
  flags: { 'no-prompt': 'boolean', 'destroy-storage': 'boolean' },
  async run(_args, session) {
    await destroy(session);
    return 0;
  },
};

const COMMANDS: Readonly<Record<string, Command>> = {
  'add-model': addModel,
  ...APPLICATION_COMMANDS,
  ...RUN_COMMANDS,
  ...VIEW_COMMANDS,
  'destroy-model': destroyModel,
};

export async function main(words: readonly string[], session: Session): Promise<number> {
  const [name, ...rest] = words;
  const command = name !== undefined && Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (!command) {
    session.printError(usage(session, name));
    return name === undefined || name === 'help' || name === '--help' ? 0 : 2;
  }
  try {
    const args = parseArguments({ ...command.flags, help: 'boolean' }, rest);
    if (args.boolean('help')) {
      session.print(`Usage: juju ${name} ${command.usage}\n\n${command.summary}.\n`);
      return 0;
    }
    return await command.run(args, session);
  } catch (error) {
    session.printError(`ERROR ${error instanceof Error ? error.message : String(error)}`);
    return error instanceof CommandFailure ? error.code : 1;
  }
}

function usage(session: Session, unknown: string | undefined): string {
  const known = unknown === undefined || unknown === 'help' || unknown === '--help';
  const width = Math.max(...Object.keys(COMMANDS).map((each) => each.length));
  return [
    ...(known ? [] : [`ERROR "${unknown}" is not a command here.`, '']),
    'A local model with the words of juju, for trying the charms and for tests. It is not Juju: it runs packed charms as',
    'processes of this machine, against stand-ins for snapd and Kubernetes, and nothing outlives a command but files.',
    '',
    'Usage: npm run juju -- <command> [...]',
    '',
    ...Object.entries(COMMANDS).map(([each, { summary }]) => `  ${each.padEnd(width)}  ${summary}`),
    '',
    `State is kept in ${session.directory} ($JUJU_MODEL_DIR).`,
    'With JUJU_MODEL_MACHINES=bare there is nothing on the machines: for charms that only talk to Juju.',
  ].join('\n');
}
