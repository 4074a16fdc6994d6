/**
 * A real program in the place of a stand-in machine's service. It is given what is in the machine's file of arguments, with two things
 * changed, because all machines share this computer: paths lead into the machine's folder, and 127.0.0.1 and 0.0.0.0 are the machine's
 * own address.
 */

import { appendFileSync, mkdirSync, readFileSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { NodeMachine, Program } from '../standins/machines/machines.ts';
import { probeOf } from './probes.ts';
import type { ProgramName } from './programs.ts';
import { type RunningProgram, startProgram } from './running-program.ts';

/** Begin with a slash and are no path of a file. */
const NO_PATHS = new Set(['--etcd-prefix', '--authorization-always-allow-paths', '--service-account-jwks-uri']);

/** Files in which there are paths of other files. They are handed over as copies; all others are read, and watched, where they are. */
const FILES_WITH_PATHS = new Set([
  '--admission-control-config-file',
  '--audit-webhook-config-file',
  '--authentication-config',
  '--authentication-token-webhook-config-file',
  '--authorization-config',
  '--authorization-webhook-config-file',
  '--config',
  '--egress-selector-config-file',
]);

/** Folders of a machine, as its files name them. */
const MACHINE_PATH = /(?<![\w./-])\/(?:etc|var|run|snap)\//g;

/** Flags that say where to listen or whom to call. */
const ADDRESSES = /address|urls|etcd-servers|^--master$/;
const OWN_ADDRESS = /(?<![\d.])(?:127\.0\.0\.1|0\.0\.0\.0)(?![\d.])|\blocalhost\b/g;

/** Where a program listens that is not told so. */
const EVERYWHERE: Readonly<Partial<Record<ProgramName, readonly string[]>>> = {
  'kube-apiserver': ['--bind-address'],
  'kube-controller-manager': ['--bind-address'],
  'kube-scheduler': ['--bind-address'],
  'kube-proxy': ['--healthz-bind-address', '--metrics-bind-address'],
  kubelet: ['--address', '--healthz-bind-address'],
};
const PORTS: Readonly<Record<string, string>> = {
  'kube-proxy--healthz-bind-address': ':10256',
  'kube-proxy--metrics-bind-address': ':10249',
};

export interface RealPrograms {
  /** For `openMachines`. */
  readonly programs: Readonly<Record<string, Program>>;
  /** The process that runs now, or ran last. */
  running(machine: NodeMachine, program: ProgramName): RunningProgram | undefined;
  /** The process of the service's last start, as soon as there is one. Throws when there is none and will be none. */
  started(machine: NodeMachine, program: ProgramName): Promise<RunningProgram>;
}

/**
 * @param names which services are to be real
 * @param alter changes the words of one: for flags that only a patched program takes
 */
export function realPrograms(
  names: readonly ProgramName[],
  alter: (program: ProgramName, words: readonly string[]) => readonly string[] = (_program, words) => words,
): RealPrograms {
  const current = new Map<string, Promise<RunningProgram>>();
  const last = new Map<string, RunningProgram>();
  const stopped = new Set<string>();
  const start =
    (program: ProgramName): Program['start'] =>
    async (machine, words, ended) => {
      const id = `${machine.id} ${program}`;
      let asked = false;
      const launch = async (): Promise<RunningProgram> => {
        const unit = `snap.k8s.${program}.service`;
        const note = (text: string) => noteIn(logFileOf(machine, program), text);
        if (last.get(id)?.exit !== undefined && !stopped.has(id))
          note(`${unit}: Scheduled restart job, restart counter is at 1.`);
        stopped.delete(id);
        note(`Started ${unit} - Service for snap application k8s.${program}.`);
        const process = await startProgram({
          program,
          words: alter(program, await wordsOnMachine(machine, program, words)),
          logFile: logFileOf(machine, program),
          directory: machine.root,
        });
        last.set(id, process);
        void process.ended.then((exit) => {
          if (asked) return;
          note(`${unit}: Main process exited, code=exited, status=${exit.code ?? exit.signal}/FAILURE`);
          note(`${unit}: Failed with result 'exit-code'.`);
          ended(exit.lastWords);
        });
        return process;
      };
      const waits = WAITS_FOR_API.has(program) && (await probeApi(machine)) !== undefined;
      const process = waits ? afterApi(machine, () => asked).then(launch) : launch();
      current.set(id, process);
      // Whoever waits for it hears of it; while the snap's script waits for the API server, the service is active.
      process.catch(() => {});
      if (!waits) await process;
      return async (how) => {
        asked = true;
        stopped.add(id);
        noteIn(
          logFileOf(machine, program),
          `Stopping snap.k8s.${program}.service - Service for snap application k8s.${program}...`,
        );
        await process.then(
          (running) => running.stop(how === 'at once' ? 'SIGKILL' : 'SIGTERM'),
          () => {},
        );
      };
    };
  const started = async (machine: NodeMachine, program: ProgramName): Promise<RunningProgram> => {
    const process = current.get(`${machine.id} ${program}`);
    if (process === undefined) {
      const { failure = 'nobody has started it' } = machine.services.state(program);
      throw new Error(`${program} does not run: ${failure}`);
    }
    return process;
  };
  const ready =
    (program: ProgramName): Program['ready'] =>
    async (machine) => {
      await (await started(machine, program)).ready(probeOf(machine, program));
    };
  const log =
    (program: ProgramName): Program['log'] =>
    (machine) =>
      readFileSync(logFileOf(machine, program), 'utf8').trimEnd().split('\n');
  return {
    programs: Object.fromEntries(
      names.map((name) => [name, { start: start(name), ready: ready(name), log: log(name) }]),
    ),
    running: (machine, program) => last.get(`${machine.id} ${program}`),
    started,
  };
}

/** The snap starts them by a script that waits until the API server is ready. */
const WAITS_FOR_API: ReadonlySet<ProgramName> = new Set([
  'kube-controller-manager',
  'kube-scheduler',
  'kube-proxy',
  'kubelet',
]);
const API_POLL_MS = 200;

/** @returns undefined when the API server of that machine is ready. */
async function probeApi(machine: NodeMachine): Promise<string | undefined> {
  return probeOf(machine, 'kube-apiserver')().catch((error: unknown) => (error as Error).message);
}

/** Throws when it is not wanted any more. */
async function afterApi(machine: NodeMachine, givenUp: () => boolean): Promise<void> {
  while ((await probeApi(machine)) !== undefined) {
    if (givenUp()) throw new Error('it was stopped while it waited for the API server');
    await sleep(API_POLL_MS);
  }
  if (givenUp()) throw new Error('it was stopped while it waited for the API server');
}

/** Words as the program gets them here. */
export async function wordsOnMachine(
  machine: NodeMachine,
  program: ProgramName,
  words: readonly string[],
): Promise<readonly string[]> {
  const mapped: string[] = [];
  for (const word of words) {
    const [flag, value] = split(word);
    mapped.push(value === undefined ? word : `${flag}=${await valueOnMachine(machine, program, flag, value)}`);
  }
  const given = new Set(words.map((word) => split(word)[0]));
  const missing = (EVERYWHERE[program] ?? []).filter((flag) => !given.has(flag));
  return [...mapped, ...missing.map((flag) => `${flag}=${machine.address}${PORTS[`${program}${flag}`] ?? ''}`)];
}

async function valueOnMachine(
  machine: NodeMachine,
  program: ProgramName,
  flag: string,
  value: string,
): Promise<string> {
  const pathLike = !NO_PATHS.has(flag) && /^(?:unix:\/\/)?\//.test(value);
  if (pathLike && FILES_WITH_PATHS.has(flag)) return copyWithPaths(machine, program, value);
  if (pathLike) return value.replace(MACHINE_PATH, (path) => `${machine.root}${path}`);
  if (!ADDRESSES.test(flag)) return value;
  const addressed = value.replace(OWN_ADDRESS, machine.address);
  return [...new Set(addressed.split(','))].join(',');
}

/** A file that is not there stays so: the program has to say it. */
async function copyWithPaths(machine: NodeMachine, program: ProgramName, path: string): Promise<string> {
  let text: string;
  try {
    text = await readFile(machine.files.real(path), 'utf8');
  } catch {
    return machine.files.real(path);
  }
  const copy = join(ownFolder(machine), `${program}-${basename(path)}`);
  await mkdir(ownFolder(machine), { recursive: true });
  await writeFile(
    copy,
    text.replace(MACHINE_PATH, (found) => `${machine.root}${found}`),
    { mode: 0o600 },
  );
  return copy;
}

/** Beside the machine's own folder, which is as charms find it. */
function ownFolder(machine: NodeMachine): string {
  return `${machine.root}-real`;
}

/** What systemd writes into the log of a service, between the lines of its processes. */
function noteIn(logFile: string, text: string): void {
  mkdirSync(dirname(logFile), { recursive: true });
  appendFileSync(logFile, `${text}\n`);
}

function logFileOf(machine: NodeMachine, program: ProgramName): string {
  return join(ownFolder(machine), `${program}.log`);
}

function split(word: string): readonly [string, string | undefined] {
  const at = word.indexOf('=');
  return word.startsWith('-') && at > 0 ? [word.slice(0, at), word.slice(at + 1)] : [word, undefined];
}
