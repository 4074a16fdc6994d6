/** What the arguments of each service are without those that others ask for: the ground on which these decide what they ask. */

import { parseArguments } from '../../core/argument-file.ts';
import { SERVICES, type Service, type ServiceBase, WORKER_SERVICES } from '../../core/services.ts';
import { untouchedArguments } from './arguments.ts';
import { dueEdit } from './arguments-journal.ts';
import { isDefault, knownDefaults } from './default-arguments.ts';
import type { ClusterFacts } from './facts.ts';

/** Of the services that the node has, or is to have. */
export function serviceBases(facts: ClusterFacts): Readonly<Partial<Record<Service, ServiceBase>>> {
  const services = facts.role === 'worker' ? WORKER_SERVICES : SERVICES;
  return Object.fromEntries(
    services.flatMap((service) => {
      const base = facts.node === undefined ? unborn(facts, service) : born(facts, service);
      return base === undefined ? [] : [[service, base] as const];
    }),
  );
}

function unborn({ options }: ClusterFacts, service: Service): ServiceBase {
  const known = knownDefaults(service);
  return {
    operator: options.arguments[service] ?? {},
    untouched: known,
    present: {},
    former: {},
    isUnknown: (flag) => isDefault(service, flag) && !(flag in known),
  };
}

function born({ options, arguments: files, memory }: ClusterFacts, service: Service): ServiceBase | undefined {
  const file = files[service];
  if (file === undefined) return undefined;
  return {
    operator: options.arguments[service] ?? {},
    untouched: untouchedArguments(service, file, memory.arguments[service] ?? {}),
    present: parseArguments(service, file.text),
    former: parseArguments(service, dueEdit(service, file)?.before ?? ''),
    isUnknown: () => false,
  };
}
