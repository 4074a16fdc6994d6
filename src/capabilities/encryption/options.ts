/** The options of encryption at rest, each declared once, and what is decided by, made of their values. */

import { duration } from '../../core/duration-option.ts';
import { MODE_OPTIONS } from '../../core/mode-options.ts';
import { CONTROL_PLANE, choiceOrEmpty } from '../../core/option-kinds.ts';
import type { Checked } from '../../core/option-problem.ts';
import { type RawOptions, readOptions } from '../../core/options.ts';
import { PROVIDERS, type Provider } from './cipher.ts';

export interface EncryptionOptions {
  readonly provider: Provider | 'none';
  /** The charm has chosen; where an operator has a configuration of his own, that is left alone. */
  readonly automatic: boolean;
  /** Age at which a key is replaced; undefined: never. */
  readonly rotationSeconds: number | undefined;
}

export const ENCRYPTION_OPTIONS = {
  'encryption-at-rest': choiceOrEmpty(['auto', ...PROVIDERS, 'none'], {
    on: CONTROL_PLANE,
    default: 'auto',
    empty: 'auto',
  }),
  'encryption-key-rotation': duration({
    on: CONTROL_PLANE,
    default: '30d',
    empty: undefined,
    atLeast: '10m',
    atMost: '10y',
    examples: '1y, 30d or 12h',
  }),
};

/** By default AES-256-GCM; while a mode is on that asks for one of the providers of CIS 1.2.30, AES-CBC. */
export function readEncryptionOptions(raw: RawOptions): Checked<EncryptionOptions> {
  const { value, problems } = readOptions(ENCRYPTION_OPTIONS, raw);
  const { 'cis-mode': cis, 'stig-mode': stig } = readOptions(MODE_OPTIONS, raw).value;
  const choice = value['encryption-at-rest'];
  const automatic = choice === 'auto';
  const provider = automatic ? (cis || stig ? 'aescbc' : 'aesgcm') : choice;
  const rotationSeconds = value['encryption-key-rotation']?.seconds;
  return { value: { provider, automatic, rotationSeconds }, problems };
}
