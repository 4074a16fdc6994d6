/** Storage tools. The model gives no storage, so there is never an instance to speak of. */

import { misuse, refusal } from './failure.ts';
import type { HookTool } from './tool.ts';
import { refuseMore } from './tool.ts';

const storageList: HookTool = {
  usage: '[options] [<storage-name>]',
  flags: {},
  format: 'smart',
  run({ flags }) {
    refuseMore(flags.positionals, 1);
    return { value: [] };
  },
};

const storageGet: HookTool = {
  usage: '[options] [<key>]',
  flags: { s: 'text' },
  format: 'smart',
  run({ flags }) {
    refuseMore(flags.positionals, 1);
    const instance = flags.text('s');
    if (instance === undefined) throw misuse('no storage instance specified');
    throw misuse(`invalid value ${JSON.stringify(instance)} for option -s: storage not found`);
  },
};

const storageAdd: HookTool = {
  usage: '<charm storage name>[=count] ...',
  flags: {},
  run({ flags }) {
    const [first] = flags.positionals;
    if (first === undefined) throw misuse('storage add requires a storage directive');
    throw refusal(`charm storage "${first.split('=')[0] ?? first}" not found`);
  },
};

export const STORAGE_TOOLS: Readonly<Record<string, HookTool>> = {
  'storage-list': storageList,
  'storage-get': storageGet,
  'storage-add': storageAdd,
};
