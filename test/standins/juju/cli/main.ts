/** The `juju` look-alike as a function: words in, exit code out. */

import { setTimeout as sleep } from 'node:timers/promises';
import { APPLICATION_COMMANDS } from './application-commands.ts';
import { type Arguments, parseArguments, parseDuration } from './arguments.ts';
import { type Command, TIMEOUT_FLAG, timeoutMs } from './command.ts';
import { EXEC_COMMANDS } from './exec-commands.ts';
import { CommandFailure } from './failure.ts';
import { ask } from './other-terminals.ts';
import { RUN_COMMANDS } from './run-command.ts';
import { SECRET_COMMANDS } from './secret-commands.ts';
import { AtWork, change, destroy, hasModel, type Session } from './session.ts';
import { VIEW_COMMANDS } from './view-commands.ts';

const addModel: Command = {
  usage: '[<name>] [--juju <version>]',
  summary: 'Makes an empty model, of Juju 3.6.9 or the version given (4.0.2)',
  flags: { ...TIMEOUT_FLAG, juju: 'text' },
  most: 1,
  alone: true,
  async run(args, session) {
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
  usage: '[<name>]',
  summary: 'Forgets everything and deletes the folder',
  flags: { 'no-prompt': 'boolean', 'destroy-storage': 'boolean', force: 'boolean', 'no-wait': 'boolean' },
  most: 1,
  alone: true,
  async run(_args, session) {
    await destroy(session);
    return 0;
  },
};

const COMMANDS: Readonly<Record<string, Command>> = {
  'add-model': addModel,
  ...APPLICATION_COMMANDS,
  ...RUN_COMMANDS,
  ...EXEC_COMMANDS,
  ...SECRET_COMMANDS,
  ...VIEW_COMMANDS,
  'destroy-model': destroyModel,
};

/** How often a command looks whether the process that keeps the model to itself for the moment is done with that. */
const ASK_AGAIN_MS = 200;

/**
 * The command and its arguments, checked as far as a command line can be without a model. Throws `CommandFailure`; gives
 * undefined when there is no such command.
 */
export function understand(words: readonly string[]): { command: Command; args: Arguments } | undefined {
  const [name, ...rest] = words;
  const command = name !== undefined && Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (!command) return undefined;
  const args = parseArguments({ ...command.flags, help: 'boolean' }, rest, command.flagsEndAfter);
  const needs = command.needs ?? [];
  const missing = needs[args.positionals.length];
  if (missing !== undefined && !args.boolean('help')) throw new CommandFailure(`${missing} not specified`, 2);
  const more = args.positionals.slice(command.most ?? needs.length);
  if (more.length > 0) throw new CommandFailure(`unrecognized args: ${JSON.stringify(more)}`, 2);
  return { command, args };
}

export async function main(words: readonly string[], session: Session): Promise<number> {
  const [name] = words;
  try {
    const understood = understand(words);
    if (!understood) {
      session.printError(usage(session, name));
      return name === undefined || name === 'help' || name === '--help' ? 0 : 2;
    }
    const { command, args } = understood;
    if (args.boolean('help')) {
      session.print(`Usage: juju ${name} ${command.usage}\n\n${command.summary}.\n`);
      return 0;
    }
    const every = name === 'status' ? args.text('watch') : undefined;
    if (every !== undefined) return await watch(words, parseDuration(every, '--watch'), session);
    return await perform(words, command, args, session);
  } catch (error) {
    session.printError(`ERROR ${error instanceof Error ? error.message : String(error)}`);
    return error instanceof CommandFailure ? error.code : 1;
  }
}

/** By the process that has the model open, if there is one; else here. */
async function perform(words: readonly string[], command: Command, args: Arguments, session: Session): Promise<number> {
  for (;;) {
    const answered = command.alone || session.open ? undefined : await ask(session, words);
    if (answered !== undefined) return answered;
    try {
      return await command.run(args, { ...session, others: (request, other) => main(request, other) });
    } catch (error) {
      // It has the model, and does not listen yet or no more.
      if (!(error instanceof AtWork) || command.alone) throw error;
      await sleep(ASK_AGAIN_MS);
    }
  }
}

/** The same tables again and again, until somebody presses Ctrl-C. On a terminal the old ones make room for the new ones. */
async function watch(words: readonly string[], everyMs: number, session: Session): Promise<number> {
  const once = words.filter(
    (word, index) => !word.startsWith('--watch') && !(words[index - 1] === '--watch' && !word.startsWith('-')),
  );
  for (;;) {
    const shown: string[] = [];
    const code = await main(once, { ...session, print: (text) => void shown.push(text) });
    if (code !== 0) return code;
    session.print(`${session.terminal ? '\x1b[H\x1b[2J' : ''}${shown.join('')}\n`);
    await sleep(everyMs);
  }
}

function usage(session: Session, unknown: string | undefined): string {
  const known = unknown === undefined || unknown === 'help' || unknown === '--help';
  const width = Math.max(...Object.keys(COMMANDS).map((each) => each.length));
  return [
    ...(known ? [] : [`ERROR "${unknown}" is not a command here.`, '']),
    'A local model with the words of juju, for trying the charms and for tests. It is not Juju: it runs packed charms as',
    'processes of this machine, against stand-ins for snapd and Kubernetes. A command that changes something waits until the',
    'model is at rest; meanwhile other terminals may look at the model and change it. Between commands nothing runs.',
    '',
    'Usage: npm run juju -- <command> [...]',
    '',
    ...Object.entries(COMMANDS).map(([each, { summary }]) => `  ${each.padEnd(width)}  ${summary}`),
    '',
    `State is kept in ${session.directory}, a folder of this checkout ($JUJU_MODEL_DIR).`,
    'With JUJU_MODEL_MACHINES=bare there is nothing on the machines: for charms that only talk to Juju.',
  ].join('\n');
}
