/** What no schema can say of the catalogues: how controls fit together, and which remedies do harm. */
import type { Check, Control, HardenedService, RemedyStep } from '../../src/capabilities/hardening/control.ts';

/** One sentence for each thing that is wrong. */
export function catalogueProblems(controls: readonly Control[]): readonly string[] {
  return [...repeated(controls), ...controls.flatMap((control) => problemsOf(control, controls))];
}

function repeated(controls: readonly Control[]): readonly string[] {
  const names = controls.flatMap(({ id, numbers }) => [
    id,
    ...Object.entries(numbers).map(([benchmark, number]) => `${number} in ${benchmark}`),
  ]);
  return [...new Set(names.filter((name, index) => names.indexOf(name) !== index))].map(
    (name) => `there is more than one control ${name}`,
  );
}

function problemsOf(control: Control, all: readonly Control[]): readonly string[] {
  const { id, numbers, byDefault, related, editions = {}, check, remedy } = control;
  const known = new Set(all.map((one) => one.id));
  const checks = [check, ...Object.values(editions).flatMap((edition) => edition.check ?? [])].flatMap(leaves);
  const steps = [remedy, ...Object.values(editions).map((edition) => edition.remedy ?? [])].flat();
  return [
    ...related
      .filter((other) => !known.has(other))
      .map((other) => `${id} is related to ${other}, which does not exist`),
    ...(related.includes(id) ? [`${id} is related to itself`] : []),
    ...Object.keys(numbers)
      .filter((benchmark) => !(benchmark in byDefault))
      .map((benchmark) => `${id} says nothing of ${benchmark} in byDefault`),
    ...[...Object.keys(byDefault), ...Object.keys(editions)]
      .filter((benchmark) => !(benchmark in numbers))
      .map((benchmark) => `${id} has no number in ${benchmark}, which it speaks of`),
    ...placeProblems(control, checks),
    ...restartProblems(control, steps),
    ...(remedy.length > 0 && unchanging(check) ? [`${id} has a remedy but nothing that it could mend`] : []),
    ...steps.flatMap((step) => harm(control, step)).map((reason) => `${id} ${reason}`),
  ];
}

function leaves(check: Check): readonly Check[] {
  return check.type === 'all' || check.type === 'any' ? check.of.flatMap(leaves) : [check];
}

function unchanging({ type }: Check): boolean {
  return type === 'manual' || type === 'not-applicable' || type === 'api';
}

function placeProblems({ id, places }: Control, checks: readonly Check[]): readonly string[] {
  const api = checks.some(({ type }) => type === 'api');
  if (api === places.includes('cluster')) return [];
  return [
    api ? `${id} asks the Kubernetes API, so its place is cluster` : `${id} is looked at on nodes, not on a cluster`,
  ];
}

function restartProblems({ id, restarts }: Control, steps: readonly RemedyStep[]): readonly string[] {
  const needed = new Set(steps.flatMap(services));
  const missing = [...needed].filter((service) => !restarts.includes(service));
  const idle = restarts.filter((service) => !needed.has(service));
  return [
    ...missing.map((service) => `${id} changes the arguments of ${service} and does not restart it`),
    ...idle.map((service) => `${id} restarts ${service}, of which it changes nothing`),
  ];
}

function services(step: RemedyStep): readonly HardenedService[] {
  if ('policy' in step) return ['kube-apiserver'];
  for (const kind of ['set', 'unset', 'add', 'remove', 'option'] as const) {
    const flag = (step as Partial<Record<typeof kind, { readonly service: HardenedService }>>)[kind];
    if (flag !== undefined) return [flag.service];
  }
  return [];
}

/** Controls of which the literal remedy stops a component, or cuts a node off: removed flags, plugins and gates, a firewall in a unit. */
const NEVER = new Set([
  'admission-security-context-deny',
  'kubelet-ip-address-deny',
  'V-242386',
  'V-242388',
  'V-242398',
  'V-242399',
  'V-242437',
]);

/** Controls that take away what an operator works with: SSH on workers, the name of a node. */
const ONLY_PEOPLE = new Set(['V-242393', 'V-242394', 'kubelet-hostname-override', 'V-242404']);

function harm({ id }: Control, step: RemedyStep): readonly string[] {
  const text = JSON.stringify(step);
  return [
    ...(NEVER.has(id)
      ? ['must have no remedy: Kubernetes no longer has what it is about, or the node is cut off']
      : []),
    ...(ONLY_PEOPLE.has(id) ? ['must have no remedy: it is for people to decide'] : []),
    ...(text.includes('SecurityContextDeny') ? ['uses an admission plugin that Kubernetes removed'] : []),
    ...(text.includes('PodSecurity=') ? ['uses a feature gate that Kubernetes removed'] : []),
    ...(text.includes('insecure-') ? ['uses a flag that Kubernetes removed'] : []),
    ...('owner' in step && step.owner.owner !== 'root:root'
      ? ['gives files of the snap to a user other than root']
      : []),
    ...('mode' in step ? modeHarm(step.mode) : []),
  ];
}

/** A folder without its x bit cannot be entered any more, so what stands for all below a folder names files or folders. */
function modeHarm({ paths, mode, kind }: Extract<RemedyStep, { mode: unknown }>['mode']): readonly string[] {
  const enters = (Number.parseInt(mode, 8) & 0o100) !== 0;
  const everything = paths.some((path) => path.endsWith('*'));
  if (kind === 'directory' || !everything) return kind === 'directory' && !enters ? ['locks folders'] : [];
  return kind === 'file' ? [] : ['sets one mode on files and folders alike'];
}
