/** The smallest capability that does everything: an option, a flag of a service, an action, a report, a change that goes through the gate. */

import type { Capability } from '../../../src/core/capability.ts';
import { ChangeUndone } from '../../../src/core/change-failed.ts';
import { changeIdentity } from '../../../src/core/change-identity.ts';
import type { DocumentationOf } from '../../../src/core/option-documentation.ts';
import { CONTROL_PLANE, textThat } from '../../../src/core/option-kinds.ts';
import { readOptions } from '../../../src/core/options.ts';

export const TOY_OPTIONS = {
  'toy-tune': textThat({
    on: CONTROL_PLANE,
    default: '',
    holds: (tune) => /^[a-z]*$/.test(tune),
    wrong: 'must be the name of a tune',
  }),
};
export const TOY_DOCUMENTATION: DocumentationOf<typeof TOY_OPTIONS> = {
  'toy-tune': 'The tune that is played; empty: none.',
};

export const TUNE_FILE = '/etc/toy/tune';

interface Facts {
  readonly wanted: string;
  readonly played: string;
}

interface Change {
  readonly tune: string;
}

export const toy: Capability<Facts, Change, { readonly 'toy-tune': string }> = {
  name: 'toy',
  roles: CONTROL_PLANE,
  options: async (raw) => readOptions(TOY_OPTIONS, raw),

  async observe({ host }, node, { 'toy-tune': wanted }) {
    if (node.member === undefined || node.leaving || node.problems.length > 0) return undefined;
    return { wanted, played: (await host.files.read(TUNE_FILE)) ?? '' };
  },

  plan: ({ wanted, played }) => ({
    changes:
      wanted === played
        ? []
        : [
            {
              change: { tune: wanted },
              id: changeIdentity({ domain: 'toy', tune: wanted }),
              description: `play ${wanted || 'nothing'}`,
              work: 'playing (toy-tune)',
              disruption: 'restart',
            },
          ],
    reports: played === '' ? [] : [{ status: 'active', message: `plays ${played}` }],
    contributions:
      wanted === ''
        ? []
        : [
            {
              kind: 'service-arguments',
              service: 'kube-apiserver',
              flags: { '--vmodule': `${wanted}=3` },
              askers: { '--vmodule': 'toy-tune' },
            },
          ],
  }),

  async apply({ host }, _, { tune }) {
    if (tune === 'discord') throw new ChangeUndone('toy-tune: discord was heard; nothing is played');
    await host.files.write(TUNE_FILE, tune, { mode: 0o644 });
  },

  actions: {
    'toy-sing': async () => ({
      looks: true,
      async run({ juju }, unit) {
        const { facts } = await unit.look();
        await juju.actions.setResults({ tune: facts?.played ?? 'none' });
      },
    }),
  },
};
