/**
 * Who may import whom. `main` stands on the table of the charms and the engine, the table on capabilities and the engine, a capability on `core`
 * and the clients, never on another capability; the engine knows no capability, `core` uses only types of clients, and a client knows nothing
 * of ours but the time, which everybody may ask for. What that is for: a decision can be tested without a machine, a client can be replaced without touching who uses it, and a new
 * capability is a folder and a line.
 */
import type { Module } from './modules.ts';

/** Packages that may be part of a charm. Everything else is for developers. */
const packages = ['@peculiar/x509', 'execa', 'fast-xml-builder', 'ipaddr.js', 'reflect-metadata', 'yaml'];

/** Words of other clients' languages that a client has never heard of. */
const unheardOf: Readonly<Record<string, RegExp>> = {
  'clients/juju': /kubernetes/i,
  'clients/k8sd': /juju/i,
};

/** What each kind of module may import, beside what is in its own room. */
const below: Readonly<Record<Kind, readonly Kind[]>> = {
  main: ['charms', 'engine', 'clients'],
  charms: ['options', 'capabilities', 'engine', 'core'],
  options: ['capabilities', 'engine', 'core'],
  engine: ['core', 'clients'],
  capabilities: ['core', 'clients'],
  core: [],
  clients: [],
  time: [],
};

type Kind = 'main' | 'charms' | 'options' | 'engine' | 'capabilities' | 'core' | 'clients' | 'time';

/** One sentence for each place where a rule is broken. */
export function violations(modules: readonly Module[]): readonly string[] {
  return [...modules.flatMap(violationsOf), ...cycles(modules)];
}

function violationsOf(module: Module): readonly string[] {
  return [
    ...module.imports.flatMap((one) => {
      const problem = one.relative ? relativeProblem(module.path, one) : packageProblem(one.target);
      return problem === undefined ? [] : [`${module.path} imports ${one.target}: ${problem}`];
    }),
    ...indexProblems(module),
    ...wordProblems(module),
    ...bagProblems(module),
    ...timeProblems(module),
  ];
}

function relativeProblem(from: string, { target: to, type }: Module['imports'][number]): string | undefined {
  if (!to.startsWith('src/')) return 'src/ uses nothing outside it';
  if (room(from) === room(to)) return undefined;
  const [own, other] = [kind(from), kind(to)];
  if (own === undefined) return `${from} belongs to no part of the house`;
  if (other === 'time') return undefined;
  if (own === 'clients') return 'a client knows nothing of ours';
  if (own === 'capabilities' && other === 'capabilities') return 'no capability imports another';
  if (own === 'core' && other === 'clients') return type ? undefined : 'core uses only types of clients';
  return other !== undefined && below[own].includes(other)
    ? undefined
    : `${own} imports only ${below[own].join(', ') || 'itself'}`;
}

/** `capabilities/hardening`, `clients/juju`, or the name of what stands directly in src/. */
function room(path: string): string {
  const [, first = '', second = ''] = path.split('/');
  return first === 'capabilities' || first === 'clients' ? `${first}/${second}` : first;
}

function kind(path: string): Kind | undefined {
  const name = path.split('/')[1]?.replace(/\.ts$/, '') ?? '';
  return Object.hasOwn(below, name) ? (name as Kind) : undefined;
}

function packageProblem(specifier: string): string | undefined {
  if (specifier.startsWith('node:')) return undefined;
  const name = specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
  return packages.includes(name) ? undefined : 'not one of the packages that a charm is made of';
}

/** A module is imported where it is: what passes names on hides who uses what. */
function indexProblems({ path }: Module): readonly string[] {
  return /^src\/.*\/index\.\w+$/.test(path) ? [`${path}: nothing is called index`] : [];
}

function wordProblems({ path, text }: Module): readonly string[] {
  const words = unheardOf[room(path)];
  const inside = path.split('/').slice(3).join('/');
  if (words === undefined || !path.startsWith('src/')) return [];
  return `${inside}\n${text}`.split('\n').flatMap((line, index) => {
    const found = words.exec(line)?.[0];
    return found === undefined ? [] : [`${path}:${index}: a client that should never have heard of ${found}`];
  });
}

/** Where remote units' databags may be asked for: whoever else reads them would read what nobody has looked at. */
const BAG_READERS = ['src/core/remote-units.ts'];

function bagProblems({ path, text }: Module): readonly string[] {
  if (!path.startsWith('src/') || room(path) === 'clients/juju' || BAG_READERS.includes(path)) return [];
  return text.includes('.remoteBags(') ? [`${path} reads databags of remote units past ${BAG_READERS.join(', ')}`] : [];
}

/** Ways past the clock of a dispatch, which tests set. */
const OTHER_CLOCKS = /\bnew Date\(\)|\bDate\.now\(|\bperformance\.now\(|\bsetTimeout as\b/;

function timeProblems({ path, text }: Module): readonly string[] {
  if (!path.startsWith('src/') || room(path) === 'time') return [];
  const found = OTHER_CLOCKS.exec(text)?.[0];
  return found === undefined ? [] : [`${path} has ${found}: what time it is, and waiting, is of src/time/clock.ts`];
}

/** Each cycle once, written from its first module in alphabetical order. */
function cycles(modules: readonly Module[]): readonly string[] {
  const targets = new Map(modules.map((module) => [module.path, module.imports.map((one) => one.target).sort()]));
  const done = new Set<string>();
  const found = new Set<string>();
  const visit = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path);
    if (start !== -1) found.add(inOrder(trail.slice(start)));
    if (start !== -1 || done.has(path)) return;
    for (const target of targets.get(path) ?? []) visit(target, [...trail, path]);
    done.add(path);
  };
  for (const path of [...targets.keys()].sort()) visit(path, []);
  return [...found].map((cycle) => `${cycle}: modules that import each other`);
}

function inOrder(cycle: readonly string[]): string {
  const first = cycle.indexOf([...cycle].sort()[0] ?? '');
  return [...cycle.slice(first), ...cycle.slice(0, first + 1)].join(' -> ');
}
