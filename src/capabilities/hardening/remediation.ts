/** What an operator does about a control that does not hold: the option or command of these charms first, then what has to be so. */

import type { Benchmark, Check, Control, HardenedService } from './control.ts';
import type { FindingState, Mode, Subject } from './finding.ts';

export interface RemediationContext {
  readonly benchmark: Benchmark;
  readonly subject: Pick<Subject, 'application' | 'unit'>;
  readonly mode: Mode;
  /** The option of the charm that gives arguments to a service. */
  readonly argumentsOption: (service: HardenedService) => string;
}

/** One or two sentences, with the command. Empty where the catalogue has no advice and the charm no option. */
export function remediationOf(control: Control, state: FindingState, context: RemediationContext): string {
  if (state === 'pending-restart') return restart(control, context);
  const command = control.remedy.length > 0 ? byMode(control, context) : byOption(control.check, context);
  return [command, control.advice].filter((part) => part !== '').join(' ');
}

function restart({ restarts }: Control, { subject }: RemediationContext): string {
  const services = restarts.map((service) => `k8s.${service}`).join(' ');
  return services === ''
    ? 'Restart the service.'
    : `Restart ${restarts.join(', ')}: juju exec --unit ${subject.unit} -- snap restart ${services}`;
}

function byMode({ restarts }: Control, { benchmark, mode, subject }: RemediationContext): string {
  const option = benchmark === 'stig' ? 'stig-mode' : 'cis-mode';
  if (mode.on)
    return `${option} is on and sets this; if it stays, "juju run ${subject.unit} plan" shows what prevents it.`;
  const effect = restarts.length === 0 ? 'restarts no service for it' : `restarts ${restarts.join(', ')}`;
  return `juju config ${subject.application} ${option}=true sets this with the rest of the benchmark (${effect}).`;
}

/** Of controls that no mode brings about. */
function byOption(check: Check, { subject, argumentsOption }: RemediationContext): string {
  const level = check.type === 'api' ? check.parameters?.['level']?.[0] : undefined;
  if (level !== undefined)
    return `juju config ${subject.application} pod-security=${level} enforces it in namespaces that say nothing of their own.`;
  if (check.type !== 'flag' && check.type !== 'list-flag') return '';
  const name = check.flag.replace(/^--/, '');
  const value = check.type === 'flag' && 'is' in check.test ? check.test.is[0] : undefined;
  const argument = value === undefined ? `${name}=...` : `${name}=${value}`;
  return `The argument is set with juju config ${subject.application} ${argumentsOption(check.service)}="${argument}" beside those that it has.`;
}
