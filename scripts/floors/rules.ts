/**
 * The floors of the house: `main` stands on `charm`, `charm` on the domains, a domain on `core` and the doors, a door on nothing of ours.
 * `core` holds pure notions that several domains need; of a door it may use types. What the floors are for: a decision can be tested without
 * a machine, and a door can be replaced without touching who goes through it.
 */
import type { Module } from './modules.ts';

const domains = ['cluster', 'certificates', 'hardening', 'access'];
const doors = ['juju', 'k8sd', 'kubernetes', 'host'];

/** Packages that may be part of a charm. Everything else is for developers. */
const packages = ['@peculiar/x509', 'execa', 'fast-xml-builder', 'ipaddr.js', 'reflect-metadata', 'yaml'];

/** Words of other doors' languages that a door has never heard of. */
const unheardOf: Readonly<Record<string, RegExp>> = {
  juju: /kubernetes/i,
  k8sd: /juju/i,
};

/** One sentence for each place where a rule is broken. */
export function violations(modules: readonly Module[]): readonly string[] {
  return [...modules.flatMap(violationsOf), ...cycles(modules)];
}

function violationsOf(module: Module): readonly string[] {
  return [
    ...module.imports.flatMap((one) => {
      const problem = one.relative ? relativeProblem(module.path, one.target) : packageProblem(one.target);
      return problem === undefined ? [] : [`${module.path} imports ${one.target}: ${problem}`];
    }),
    ...indexProblems(module),
    ...wordProblems(module),
    ...bagProblems(module),
  ];
}

function relativeProblem(from: string, to: string): string | undefined {
  if (!to.startsWith('src/')) return 'src/ uses nothing outside it';
  const [own, other] = [room(from), room(to)];
  if (own === other) return undefined;
  if (doors.includes(own)) return 'a door stands on nothing of ours';
  if (floor(other) === floor(own)) return 'no domain imports another; charm/ hands the answer of one to the other';
  if (floor(other) > floor(own)) return 'a floor imports only what is below it';
  if (domains.includes(other) && to !== `src/${other}/index.ts`) return 'a domain is entered through its index.ts';
  return undefined;
}

/** The folder below src/, or the name of the file for what stands directly in it. */
function room(path: string): string {
  return path.split('/')[1] ?? '';
}

function floor(room: string): number {
  if (doors.includes(room)) return 0;
  if (room === 'core') return 1;
  if (domains.includes(room)) return 2;
  // The table of what the domains declare, which the charm reads.
  if (room === 'options.ts') return 2.5;
  return room === 'charm' ? 3 : 4;
}

function packageProblem(specifier: string): string | undefined {
  if (specifier.startsWith('node:')) return undefined;
  const name = specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
  return packages.includes(name) ? undefined : 'not one of the packages that a charm is made of';
}

function indexProblems({ path }: Module): readonly string[] {
  if (!/\/index\.\w+$/.test(path)) return [];
  return domains.some((domain) => path === `src/${domain}/index.ts`) ? [] : [`${path}: only a domain has an index.ts`];
}

function wordProblems({ path, text }: Module): readonly string[] {
  const words = unheardOf[room(path)];
  const inside = path.split('/').slice(2).join('/');
  if (words === undefined || !path.startsWith('src/')) return [];
  return `${inside}\n${text}`.split('\n').flatMap((line, index) => {
    const found = words.exec(line)?.[0];
    return found === undefined ? [] : [`${path}:${index}: a door that should never have heard of ${found}`];
  });
}

/** Where remote units' databags may be asked for: whoever else reads them would read what nobody has looked at. */
const BAG_READERS = ['src/core/remote-units.ts'];

function bagProblems({ path, text }: Module): readonly string[] {
  if (!path.startsWith('src/') || room(path) === 'juju' || BAG_READERS.includes(path)) return [];
  return text.includes('.remoteBags(') ? [`${path} reads databags of remote units past ${BAG_READERS.join(', ')}`] : [];
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
