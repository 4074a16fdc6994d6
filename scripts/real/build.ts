/** Builds the real components into the user's cache folder, each set of versions once. */

import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, utimes } from 'node:fs/promises';
import { availableParallelism, homedir } from 'node:os';
import { join } from 'node:path';
import { PROGRAMS, type ProgramName } from '../../test/real/programs.ts';
import { componentsModule, type Go } from './go.ts';

/** The build failed; the message is for who started it. */
export class BuildError extends Error {}

const SETS = 'components-';
/** A set of programs that nobody has used for so long is deleted: it has 450 MB. */
const UNUSED_MS = 30 * 24 * 3600 * 1000;
const PACKAGES: Readonly<Partial<Record<ProgramName, string>>> = { etcd: 'go.etcd.io/etcd/server/v3' };
/** Seconds of processor time on a cold cache, all together. */
const COLD_SECONDS = 900;

/** @returns the folder with all programs. Throws `BuildError`. */
export async function builtPrograms(go: Go, say: (text: string) => void): Promise<string> {
  const versions = await versionsIn();
  const flags = ['-trimpath', '-ldflags', `-s -w -X k8s.io/component-base/version.gitVersion=${versions.kubernetes}`];
  const sum = await readFile(join(componentsModule, 'go.sum'), 'utf8');
  const parts = [versions.text, sum, go.version, go.environment['GOARCH'] ?? '', ...flags, ...PROGRAMS];
  const key = createHash('sha256').update(parts.join('\n')).digest('hex').slice(0, 16);
  const cache = join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'k8s-charms');
  const folder = join(cache, `${SETS}${key}`);
  if (!existsSync(folder)) {
    const names = `Kubernetes ${versions.kubernetes} and etcd ${versions.etcd}`;
    const minutes = Math.ceil(COLD_SECONDS / 60 / Math.min(availableParallelism(), 4));
    say(`Building ${names} with Go ${go.version} into ${folder}.`);
    say(
      `The first time this takes about ${COLD_SECONDS / 60} minutes of processor time, here ${minutes} or more; less where Go has built them before.`,
    );
    await mkdir(cache, { recursive: true });
    const unfinished = await mkdtemp(join(cache, 'building-'));
    try {
      for (const program of PROGRAMS) {
        const started = performance.now();
        const source = PACKAGES[program] ?? `k8s.io/kubernetes/cmd/${program}`;
        await runGo(go, ['build', ...flags, '-o', join(unfinished, program), source], `building ${program}`);
        say(`  ${program}: ${((performance.now() - started) / 1000).toFixed(0)} s`);
      }
      await rename(unfinished, folder).catch((error: NodeJS.ErrnoException) => {
        // Another run has built the same at the same time.
        if (!existsSync(folder)) throw error;
      });
    } finally {
      await rm(unfinished, { recursive: true, force: true });
    }
  }
  const now = new Date();
  await utimes(folder, now, now);
  await deleteUnused(cache, now);
  say(`Real components: Kubernetes ${versions.kubernetes}, etcd ${versions.etcd}, in ${folder}.`);
  return folder;
}

async function versionsIn() {
  const text = await readFile(join(componentsModule, 'go.mod'), 'utf8');
  const of = (name: string): string =>
    text
      .split('\n')
      .map((line) => line.trim().split(' '))
      .find(([first]) => first === name)?.[1] ?? '';
  return { text, kubernetes: of('k8s.io/kubernetes'), etcd: of('go.etcd.io/etcd/server/v3') };
}

/** Throws `BuildError` with the end of what Go has printed. */
async function runGo(go: Go, words: readonly string[], what: string): Promise<void> {
  const child = spawn(go.command, words, {
    cwd: componentsModule,
    env: { ...go.environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-20_000);
    });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code === 0) return;
  const end = output.trim().split('\n').slice(-15).join('\n');
  throw new BuildError(`${what} failed (${go.command} ${words[0]}, ${code ?? 'killed'}):\n${end}\n${advice(output)}`);
}

/** What an operator can do about the failures that machines have, not programs. */
function advice(output: string): string {
  if (/no space left on device/.test(output))
    return 'The disk is full: a build needs about 4 GB in the folders that `go env GOCACHE GOMODCACHE GOTMPDIR` names.';
  if (/signal: killed|cannot allocate memory/.test(output))
    return 'Memory ran out: a build needs about 3 GB. Run it with GOMAXPROCS=1 for less.';
  if (/checksum mismatch|SECURITY ERROR/.test(output))
    return 'A module is not what test/real/components/go.sum says. Do not use it: look at what `go env GOPROXY` names.';
  if (/dial tcp|proxyconnect|TLS handshake|no such host|i\/o timeout|403 Forbidden|connection refused/.test(output))
    return 'Go could not fetch a module. Look at the network and at `go env GOPROXY`; `go clean -modcache` is not needed.';
  return 'Look at test/real/components/go.mod; `go clean -cache` makes Go build everything anew.';
}

async function deleteUnused(cache: string, now: Date): Promise<void> {
  for (const name of await readdir(cache)) {
    const path = join(cache, name);
    const isOurs = name.startsWith(SETS) || name.startsWith('building-');
    if (isOurs && now.getTime() - (await stat(path)).mtimeMs > UNUSED_MS)
      await rm(path, { recursive: true, force: true });
  }
}
