/** The application's options, with their defaults. */

import { isJsonObject, objectFrom, unexpected } from './answer-shapes.ts';
import type { Check, HookTools } from './hook-tools.ts';
import type { ConfigValue } from './juju.ts';

type Config = Readonly<Record<string, ConfigValue>>;

export function readConfig(tools: HookTools): Promise<Config> {
  return tools.ask('config-get', [], configFrom);
}

const configFrom: Check<Config> = (answer) => {
  const options = objectFrom('config-get')(answer);
  if (!isConfig(options)) throw unexpected('config-get', 'a string, number or boolean for each option');
  return options;
};

function isConfig(options: Readonly<Record<string, unknown>>): options is Config {
  return (
    isJsonObject(options) &&
    Object.values(options).every((value) => ['string', 'number', 'boolean'].includes(typeof value))
  );
}
