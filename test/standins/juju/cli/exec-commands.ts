/** `juju exec` and `juju ssh`: commands on the machines of units. */

import { execFile } from 'node:child_process';
import { onMachine } from '../shell-commands.ts';
import { type Arguments, required } from './arguments.ts';
import { type Command, TIMEOUT_FLAG, timeoutMs } from './command.ts';
import { CommandFailure } from './failure.ts';
import { exitCodeOf, printOutcomes, TASK_FLAGS } from './outcome.ts';
import { change, type Session } from './session.ts';

const LARGEST_OUTPUT = 64 * 1024 * 1024;

const exec: Command = {
  usage: '--unit <unit>[,<unit>] | --application <name> | --all -- <commands>',
  summary: 'Runs commands of a shell on machines, with hook tools',
  flags: {
    ...TIMEOUT_FLAG,
    ...TASK_FLAGS,
    u: 'list',
    unit: 'list',
    a: 'list',
    app: 'list',
    application: 'list',
    all: 'boolean',
    parallel: 'boolean',
  },
  needs: ['commands'],
  most: Number.POSITIVE_INFINITY,
  flagsEndAfter: 0,
  async run(args, session) {
    const commands = shellLine(args.positionals);
    const split = (words: readonly string[]): readonly string[] => words.flatMap((word) => word.split(','));
    const applications = split(args.list('a', 'app', 'application'));
    const asked = split(args.list('u', 'unit'));
    if (applications.length + asked.length === 0 && !args.boolean('all'))
      throw new CommandFailure(
        'You must specify a target, either through --all, --machine, --application or --unit',
        2,
      );
    const outcomes = await change(session, { timeoutMs: timeoutMs(args), restIsAnothers: true }, async (model) => {
      const all = Object.values(model.status().units).map(({ name }) => name);
      const chosen = args.boolean('all')
        ? all
        : [...asked, ...all.filter((name) => applications.includes(name.split('/')[0] ?? ''))];
      sayWhere(session, model.machineRoot(required(chosen[0], 'unit')), commands);
      const ended = await Promise.all(
        chosen.map(async (unit) => ({ unit: model.unit(unit).name, ...(await model.exec(unit, commands)) })),
      );
      printOutcomes(session, ended, args.text('format'));
      return ended;
    });
    return exitCodeOf(outcomes);
  },
};

/** One word is commands as they are; several are the words of one command. */
function shellLine(words: readonly string[]): string {
  if (words.length === 1) return words[0] ?? '';
  return words.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)).join(' ');
}

function sayWhere(session: Session, root: string, commands: string): void {
  if (onMachine(commands, root) === commands) return;
  session.printError(`The machine is a folder here: paths of the command lead into ${root}.`);
}

const ssh: Command = {
  usage: '<unit> <commands>',
  summary: 'Runs commands on the machine of a unit',
  flags: TIMEOUT_FLAG,
  needs: ['unit', 'commands (there is nothing to log in to on a machine of the local model, so commands are needed)'],
  most: Number.POSITIVE_INFINITY,
  flagsEndAfter: 1,
  run(args, session) {
    const [unit = '', ...words] = args.positionals;
    // As ssh does it: the words with spaces between them, for the shell on the other side.
    const commands = words.join(' ');
    return change(session, { timeoutMs: timeoutMs(args), restIsAnothers: true }, async (model) => {
      const root = model.machineRoot(unit);
      sayWhere(session, root, commands);
      return runThere(session, root, commands, args);
    });
  },
};

function runThere(session: Session, root: string, commands: string, args: Arguments): Promise<number> {
  const script = `sudo() { "$@"; }; export -f sudo; ${onMachine(commands, root)}`;
  const options = { cwd: root, timeout: timeoutMs(args), maxBuffer: LARGEST_OUTPUT };
  return new Promise((resolve) => {
    const child = execFile('/bin/bash', ['-c', script], options, (_error, stdout, stderr) => {
      if (stdout !== '') session.print(stdout);
      if (stderr !== '') session.printError(stderr.replace(/\n$/, ''));
      resolve(child.exitCode ?? 1);
    });
    child.stdin?.end();
  });
}

export const EXEC_COMMANDS: Readonly<Record<string, Command>> = { exec, ssh };
