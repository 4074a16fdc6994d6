/** The options of a charm with what is said of them: what `config.yaml` and the README are made from. */
import { CERTIFICATE_DOCUMENTATION } from '../../src/capabilities/certificates/options.documentation.ts';
import { ENCRYPTION_DOCUMENTATION } from '../../src/capabilities/encryption/options.documentation.ts';
import { HARDENING_DOCUMENTATION } from '../../src/capabilities/hardening/options.documentation.ts';
import { CLUSTER_DOCUMENTATION } from '../../src/capabilities/membership/options.documentation.ts';
import type { DocumentationOf } from '../../src/core/option-documentation.ts';
import { defaultOn, type OptionSet } from '../../src/core/options.ts';
import type { Role } from '../../src/core/role.ts';
import { GATE_DOCUMENTATION } from '../../src/engine/gate/options.documentation.ts';
import { optionsOf } from '../../src/options.ts';
import type { Charm } from '../pack/archive.ts';

/** As `config.yaml` has it. */
export interface DocumentedOption {
  readonly type: string;
  readonly default?: string | number | boolean;
  /** On one line. */
  readonly description: string;
}

const ROLES: Readonly<Record<Charm, Role>> = { k8s: 'control-plane', 'k8s-worker': 'worker' };

const DOCUMENTATION: DocumentationOf<OptionSet> = {
  ...CLUSTER_DOCUMENTATION,
  ...CERTIFICATE_DOCUMENTATION,
  ...HARDENING_DOCUMENTATION,
  ...ENCRYPTION_DOCUMENTATION,
  ...GATE_DOCUMENTATION,
};

/** In alphabetical order, by name. @throws Error for an option without a text. */
export function documentedOptions(charm: Charm): Readonly<Record<string, DocumentedOption>> {
  const role = ROLES[charm];
  return documented(role, optionsOf(role), DOCUMENTATION);
}

/** As `documentedOptions`, of any options of a role. */
export function documented(
  role: Role,
  options: OptionSet,
  documentation: DocumentationOf<OptionSet>,
): Readonly<Record<string, DocumentedOption>> {
  const all = Object.entries(options).map(([name, option]) => {
    const usual = defaultOn(role, option);
    const one = {
      type: option.type,
      ...(usual === undefined ? {} : { default: usual }),
      description: descriptionOf(name, role, documentation),
    };
    return [name, one] as const;
  });
  return Object.fromEntries(all.toSorted(([one], [other]) => (one < other ? -1 : 1)));
}

function descriptionOf(name: string, role: Role, documentation: DocumentationOf<OptionSet>): string {
  const text = documentation[name];
  if (text === undefined) throw new Error(`the option ${name} has no documentation`);
  return (typeof text === 'string' ? text : text[role]).trim().replaceAll(/\s+/g, ' ');
}
