/**
 * `npm run test:real [-- <vitest arguments>]`: the tests against the real components. Builds what is missing of etcd and the Kubernetes
 * programs into the user's cache folder, runs the tests, and says what ran on which program and for how long. Without a Go that can build
 * them it says that it was skipped, and why.
 */

import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startVitest } from 'vitest/node';
import { PROGRAMS_FOLDER } from '../test/real/programs.ts';
import { JOURNAL } from '../test/real/running-program.ts';
import { table } from '../test/standins/juju/status-tables.ts';
import { repository } from './pack/places.ts';
import { BuildError, builtPrograms } from './real/build.ts';
import { findGo } from './real/go.ts';

const say = (text: string): void => void process.stdout.write(`${text}\n`);

const go = await findGo();
if ('missing' in go) {
  say(`test:real skipped: ${go.missing}.`);
  say(`${go.remedy} npm test does not need it.`);
} else {
  try {
    process.env[PROGRAMS_FOLDER] = await builtPrograms(go, say);
    await run();
  } catch (error) {
    if (!(error instanceof BuildError)) throw error;
    process.exitCode = 1;
    process.stderr.write(`${error.message}\n`);
  }
}

async function run(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'kj-'));
  const journal = join(folder, 'journal');
  process.env[JOURNAL] = journal;
  const started = performance.now();
  try {
    const vitest = await startVitest('test', process.argv.slice(2), {
      config: join(repository, 'vitest.real.config.ts'),
      root: repository,
      watch: false,
    });
    const files = vitest.state.getTestModules().map((module) => {
      const tests = [...module.children.allTests()];
      const count = (state: string) => tests.filter((test) => test.result().state === state).length;
      const skipped = count('skipped');
      return [
        module.relativeModuleId,
        `${count('passed')} of ${tests.length - skipped}${skipped > 0 ? `, ${skipped} skipped` : ''}`,
        seconds(module.diagnostic().duration + module.diagnostic().collectDuration),
      ];
    });
    await vitest.close();
    say(`\nOn real components, ${seconds(performance.now() - started)} s:\n`);
    say(table(['Tests', 'Passed', 'Seconds'], files.sort()));
    say(`\n${table(['Program', 'Starts', 'Ready', 'Seconds to ready (median)'], await programsIn(journal))}`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** How often each program was started and was seen ready, and how long that took. */
async function programsIn(journal: string): Promise<string[][]> {
  const lines = (await readFile(journal, 'utf8').catch(() => '')).split('\n').filter((line) => line !== '');
  const events = lines.map((line) => JSON.parse(line) as { program: string; what: 'start' | 'ready'; ms?: number });
  return [...new Set(events.map(({ program }) => program))].sort().map((program) => {
    const own = events.filter((event) => event.program === program);
    const times = own.flatMap(({ ms }) => (ms === undefined ? [] : [ms])).sort((one, other) => one - other);
    const median = times[Math.floor(times.length / 2)];
    return [
      program,
      String(own.filter(({ what }) => what === 'start').length),
      String(times.length),
      median === undefined ? '' : seconds(median),
    ];
  });
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(1);
}
