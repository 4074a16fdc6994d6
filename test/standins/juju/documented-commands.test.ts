/**
 * Guards that what README and the pages in docs/ tell people to type can be typed: each `juju` command is understood by the local
 * model, each option and action in it exists, and each value and parameter fits.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { repository } from '../../../scripts/pack/places.ts';
import { checkParameters } from './action-parameters.ts';
import { parseActions } from './charm-actions.ts';
import { parseConfig, readConfigValue } from './charm-config.ts';
import { parsePairs } from './cli/arguments.ts';
import { CommandFailure } from './cli/failure.ts';
import { understand } from './cli/main.ts';
import { splitRun } from './cli/run-command.ts';

interface Documented {
  readonly page: string;
  readonly line: number;
  readonly command: string;
  /** Named within a sentence, where it needs no arguments. */
  readonly named?: boolean;
}

/** Words of commands that only a real controller can do, and why. */
const REAL_ONLY: readonly (readonly [start: string, why: string])[] = [
  ['juju run manual-tls-certificates/leader', 'the local model has no Charmhub, and so no manual-tls-certificates'],
  ['juju ssh k8s/0 cd /etc/kubernetes/pki && sudo curl', 'the etcd of the local model keeps no data'],
];

const charms = {
  k8s: await readCharm('.'),
  'k8s-worker': await readCharm('charm/worker'),
};

async function readCharm(folder: string) {
  const read = (file: string): Promise<string> => readFile(join(repository, folder, file), 'utf8');
  return { config: parseConfig(await read('config.yaml')), actions: parseActions(await read('actions.yaml'), '4.0.2') };
}

const documented = await commandsOfAllPages();

async function commandsOfAllPages(): Promise<readonly Documented[]> {
  const docs = await readdir(join(repository, 'docs'), { recursive: true });
  const pages = ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', ...docs.map((file) => join('docs', file))];
  const found = pages
    .filter((page) => page.endsWith('.md'))
    .map(async (page) => commandsOf(page, await readFile(join(repository, page), 'utf8')));
  return (await Promise.all(found)).flat();
}

/** Commands in blocks of shell, and in code within a sentence when they are more than the name of a command. */
function commandsOf(page: string, text: string): readonly Documented[] {
  const commands: Documented[] = [];
  let shell: boolean | undefined;
  const lines = text.split('\n');
  for (let index = 0; index < lines.length; index += 1) {
    const line = lines[index] ?? '';
    const fence = /^\s*```(\w*)/.exec(line);
    if (fence) {
      shell = shell === undefined ? fence[1] === 'sh' || fence[1] === 'bash' : undefined;
      continue;
    }
    if (shell === undefined) {
      for (const [, code = ''] of line.matchAll(/`([^`]+)`/g))
        if (/^juju [a-z-]+ \S/.test(code)) commands.push({ page, line: index + 1, command: code, named: true });
      continue;
    }
    const at = shell ? line.search(/(?:^|[\s(|;])(?:juju|npm run juju --) [a-z]/) : -1;
    if (at < 0) continue;
    let command = line.slice(at).replace(/^[\s(|;]*/, '');
    // Quoted text and continued lines go on below.
    while (isUnfinished(command) && index + 1 < lines.length) {
      index += 1;
      command = `${command.replace(/\\$/, '')}\n${lines[index]}`;
    }
    commands.push({ page, line: index + 1, command: command.replace(/^npm run juju --/, 'juju') });
  }
  return commands;
}

function isUnfinished(command: string): boolean {
  return command.endsWith('\\') || wordsOf(command) === undefined;
}

/** Words as a shell makes them, up to what ends the command; undefined when a quote is open. Substitutions are one word. */
function wordsOf(command: string): readonly string[] | undefined {
  const words: string[] = [];
  let word: string | undefined;
  for (let at = 0; at < command.length; at += 1) {
    const character = command.charAt(at);
    if (character === "'" || character === '"') {
      const end = closing(command, at, character);
      if (end < 0) return undefined;
      word = `${word ?? ''}${command.slice(at + 1, end)}`;
      at = end;
    } else if (character === '<' && /^<[a-z-]+>/i.test(command.slice(at))) {
      const [placeholder = ''] = /^<[^>]+>/.exec(command.slice(at)) ?? [];
      word = `${word ?? ''}${placeholder}`;
      at += placeholder.length - 1;
    } else if (/[|;>&)]/.test(character) || (character === '#' && word === undefined)) break;
    else if (/\s/.test(character)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else word = `${word ?? ''}${character}`;
  }
  return word === undefined ? words : [...words, word];
}

function closing(text: string, from: number, quote: string): number {
  let depth = 0;
  for (let at = from + 1; at < text.length; at += 1) {
    if (quote === '"' && text.startsWith('$(', at)) depth += 1;
    else if (quote === '"' && depth > 0 && text.charAt(at) === ')') depth -= 1;
    else if (text.charAt(at) === quote && depth === 0) return at;
  }
  return -1;
}

const PLACEHOLDERS: Readonly<Record<string, string>> = {
  '<id>': 'd2k9c1fmp25c77u0abcg',
  '<unit>': 'k8s/0',
  $unit: 'k8s/0',
};

describe('commands in README and the documentation', () => {
  it('are many, so that the search for them works', () => {
    expect(documented.length).toBeGreaterThan(80);
    expect(new Set(documented.map(({ page }) => page)).size).toBeGreaterThan(10);
  });

  it.each(documented)('$page:$line $command', ({ command, named }) => {
    const words = (wordsOf(command) ?? []).map((word) =>
      Object.entries(PLACEHOLDERS).reduce((text, [name, value]) => text.replaceAll(name, value), word),
    );
    if (REAL_ONLY.some(([start]) => words.join(' ').startsWith(start))) return;
    const understood = understandNamed(words.slice(1), named);
    if (understood === 'named') return;
    expect(understood, `${words[1]} is no command of the local model`).toBeDefined();
    const { positionals } = understood?.args ?? { positionals: [] };
    const name = words[1];
    if (name === 'config') checkOptions(positionals[0], positionals.slice(1), understood?.args.list('reset') ?? []);
    if (name === 'deploy') checkOptions(charmOf(positionals[0]), understood?.args.list('config') ?? [], []);
    if (name === 'run') checkAction(positionals);
  });

  it('leave to a real controller only what is in the documentation', () => {
    const joined = documented.map(({ command }) => (wordsOf(command) ?? []).join(' '));
    for (const [start] of REAL_ONLY)
      expect(
        joined.some((command) => command.startsWith(start)),
        start,
      ).toBe(true);
  });
});

function understandNamed(words: readonly string[], named = false): ReturnType<typeof understand> | 'named' {
  try {
    return understand(words);
  } catch (error) {
    if (named && error instanceof CommandFailure && error.message.endsWith(' not specified')) return 'named';
    throw error;
  }
}

/** Which of the two charms a file or an application is; undefined for others. */
function charmOf(name: string | undefined): string | undefined {
  return /(?:^|\/)(k8s(?:-worker)?)(?:_|$)/.exec(name ?? '')?.[1];
}

function checkOptions(application: string | undefined, pairs: readonly string[], reset: readonly string[]): void {
  const charm = application === 'k8s' || application === 'k8s-worker' ? charms[application] : undefined;
  if (!charm) return;
  for (const [key, value] of Object.entries(parsePairs(pairs.filter((pair) => pair.includes('=')))))
    expect(() => readConfigValue(charm.config, key, value), `${key}=${value}`).not.toThrow();
  for (const key of reset) expect(Object.keys(charm.config)).toContain(key);
}

function checkAction(positionals: readonly string[]): void {
  const { units, action, words } = splitRun(positionals);
  const application = units[0]?.split('/')[0];
  expect(application === 'k8s' || application === 'k8s-worker', `${application} is not of these charms`).toBe(true);
  const { actions } = charms[application === 'k8s-worker' ? 'k8s-worker' : 'k8s'];
  const definition = actions[action];
  expect(definition, `${application} has no action ${action}`).toBeDefined();
  const parameters = Object.fromEntries(
    Object.entries(parsePairs(words)).map(([key, value]) => [key, parse(value, { version: '1.1' })]),
  );
  if (definition) checkParameters(definition, parameters);
}
