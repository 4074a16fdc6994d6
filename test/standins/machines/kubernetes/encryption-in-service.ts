/** The EncryptionConfiguration that a running API server has loaded, and how it loads another: by looking at the file now and then. */

import { sleep } from '../../../time/virtual-time.ts';
import type { NodeMachine } from '../node/machine.ts';
import type { Arguments } from '../node/services.ts';
import { type Codec, digestOf, type LoadedConfiguration, loadConfiguration, PLAIN } from './encryption.ts';

/** Where it runs. */
export interface Machine extends Pick<NodeMachine, 'minor'> {
  readonly files: Pick<NodeMachine['files'], 'need'>;
  readonly site: Pick<NodeMachine['site'], 'now'> & {
    readonly delays: Pick<NodeMachine['site']['delays'], 'encryptionReload'>;
  };
}

/** From this version on the API server tells which configuration it has loaded. */
const FIRST_WITH_HASH = 34;
const PREFIX = 'apiserver_encryption_config_controller_';

export interface EncryptionInService {
  readonly codec: Codec;
  /** SHA-256 of the loaded file; undefined without one. */
  readonly digest: string | undefined;
  /** Lines for `/metrics`. */
  metrics(): readonly string[];
  /** Looks whether the file has changed, as it does by itself from time to time. */
  reload(): Promise<void>;
  stop(): void;
}

/** Throws when the file is missing or malformed: the API server does not start then. */
export async function loadEncryption(machine: Machine, values: Arguments): Promise<EncryptionInService> {
  const path = values['--encryption-provider-config'];
  const nothing = { codec: PLAIN, digest: undefined, metrics: () => [], reload: async () => {}, stop: () => {} };
  if (path === undefined) return nothing;
  let loaded: LoadedConfiguration = loadConfiguration(await machine.files.need(path));
  const last: Record<string, number> = {};
  const look = async (): Promise<void> => {
    try {
      const text = await machine.files.need(path);
      if (digestOf(text) === loaded.digest) return;
      loaded = loadConfiguration(text);
      last['success'] = machine.site.now() / 1000;
    } catch {
      last['failure'] = machine.site.now() / 1000;
    }
  };
  const automatic = values['--encryption-provider-config-automatic-reload'] === 'true';
  let stopped = false;
  const again = async (): Promise<void> => {
    while (!stopped) {
      await sleep(machine.site.delays.encryptionReload, 'along');
      if (!stopped) await look();
    }
  };
  if (automatic) void again();
  return {
    get codec() {
      return loaded.codec;
    },
    get digest() {
      return loaded.digest;
    },
    metrics: () => [
      ...Object.entries(last).map(
        ([status, at]) =>
          `${PREFIX}automatic_reload_last_timestamp_seconds{apiserver_id_hash="sha256:0",status="${status}"} ${at}`,
      ),
      ...(automatic && machine.minor >= FIRST_WITH_HASH
        ? [`${PREFIX}last_config_info{apiserver_id_hash="sha256:0",hash="sha256:${loaded.digest}"} 1`]
        : []),
    ],
    reload: look,
    stop: () => {
      stopped = true;
    },
  };
}
