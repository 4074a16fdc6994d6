/** The options of encryption at rest, checked once. */

import type { ConfigValue } from '../../juju/juju.ts';
import type { Checked, OptionProblem } from '../option-problem.ts';
import { PROVIDERS, type Provider } from './cipher.ts';

export interface EncryptionOptions {
  readonly provider: Provider | 'none';
  /** The charm has chosen; where an operator has a configuration of his own, that is left alone. */
  readonly automatic: boolean;
  /** Age at which a key is replaced; undefined: never. */
  readonly rotationSeconds: number | undefined;
}

const OPTION = 'encryption-at-rest';
const CHOICES = ['auto', ...PROVIDERS, 'none'] as const;

/**
 * By default AES-256-GCM; while a mode is on that asks for one of the providers of CIS 1.2.30, AES-CBC.
 * @param rotationSeconds from the option `encryption-key-rotation`.
 */
export function readEncryptionOptions(
  raw: Readonly<Record<string, ConfigValue>>,
  rotationSeconds: number | undefined,
): Checked<EncryptionOptions> {
  const text = String(raw[OPTION] ?? 'auto').trim() || 'auto';
  const choice = CHOICES.find((one) => one === text);
  const problems: readonly OptionProblem[] =
    choice === undefined ? [{ option: OPTION, message: `must be one of ${CHOICES.join(', ')}` }] : [];
  const hardened = raw['cis-mode'] === true || raw['stig-mode'] === true;
  const automatic = choice === undefined || choice === 'auto';
  const provider = automatic ? (hardened ? 'aescbc' : 'aesgcm') : choice;
  return { value: { provider, automatic, rotationSeconds }, problems };
}
