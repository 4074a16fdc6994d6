/**
 * What somebody else has changed on a node and the charm leaves alone, as the unit's status names it, with what to do: how systemd starts a
 * service, files that say what flags should, lines of an argument file that bash or the service cannot read.
 */

import type { UnitStatus } from '../../clients/juju/status.ts';
import { ARGUMENTS_DIRECTORY, argumentProblems, parseArguments } from '../../core/argument-file.ts';
import type { HardenedService } from './control.ts';
import { CONFIGURATION_FLAGS } from './effective-flags.ts';
import type { UnitOverrides } from './unit-overrides.ts';

export interface ServiceDrift {
  /** Of its argument file. */
  readonly text: string;
  /** With which an operator gives arguments to the service. */
  readonly option: string;
  /** Flags that the charm sets, or has set and is about to take back: whatever way they are written, they are set again. */
  readonly kept: readonly string[];
}

export interface DriftFacts {
  readonly services: Readonly<Partial<Record<HardenedService, ServiceDrift>>>;
  /** Empty while no mode is on: how a node is started is the operator's then. */
  readonly overrides: UnitOverrides;
  /** Whether a mode is on. */
  readonly hardened: boolean;
}

export function driftReports({ services, overrides, hardened }: DriftFacts): readonly UnitStatus[] {
  const messages = Object.entries(services).flatMap(([name, drift]) => {
    const service = name as HardenedService;
    return [
      ...(overrides[service] ?? []).map((path) => overridden(service, path)),
      ...(hardened ? configurations(service, drift) : []),
      ...unreadable(service, drift),
    ];
  });
  return messages.map((message) => ({ status: 'blocked', message }));
}

function overridden(service: HardenedService, path: string): string {
  return `${path} overrides how ${service} is started: remove it, then run systemctl daemon-reload and snap restart k8s.${service}`;
}

/** k8sd gives none of these flags: who has, has not told the charm. */
function configurations(service: HardenedService, { text, kept, option }: ServiceDrift): readonly string[] {
  const present = parseArguments(service, text);
  return (CONFIGURATION_FLAGS[service] ?? [])
    .filter((flag) => present[flag] && !kept.includes(flag))
    .map(
      (flag) =>
        `${service}: ${flag}=${present[flag]} is in ${ARGUMENTS_DIRECTORY}/${service} and comes from no option: remove it there and run ` +
        `snap restart k8s.${service}, or give it in ${option}`,
    );
}

/** A flag that is there more than once is no trouble where the charm sets it: the edit leaves one. */
function unreadable(service: HardenedService, { text, kept }: ServiceDrift): readonly string[] {
  return argumentProblems(service, text)
    .filter((problem) => !kept.some((flag) => problem === `has ${flag} more than once`))
    .map((problem) => {
      const result = problem.endsWith('more than once')
        ? 'for which k8sd restarts the service every two minutes; leave one'
        : 'with which the service does not start as it is meant; fix it';
      return `${ARGUMENTS_DIRECTORY}/${service} ${problem}, ${result}`;
    });
}
