/**
 * The `*-extra-args` options: `flag=value` pairs for the snap's services, as the existing charms write them.
 *
 * The snap's start scripts evaluate each argument file with bash as root, inside double quotes. A value could therefore
 * run commands on the machine, so what bash would interpret there is refused; it has no place in these flags anyway.
 */

import type { Checked, OptionProblem } from '../../core/option-problem.ts';
import type { ExtraArguments } from '../../core/services.ts';
import { words } from './words.ts';

const FLAG = /^--[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/i;
const SHELL_CHARACTERS = /["`$\\]/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROL_CHARACTERS = /[\u0000-\u001f\u007f]/;

/**
 * k8sd compares an argument file with the running process flag by flag, and restarts a service for ever of which a flag stands there
 * twice.
 */
const ONCE = 'the snap can give a flag once only; where it takes a list, separate the values by commas';

/** `4,max-requests-inflight=600`. A map (`memory=1Gi,cpu=1`) has `=` in its first element, too. */
const ARGUMENT_BEHIND_COMMA = /^[^=,]*,(?:[^=,]*,)*-{0,2}[a-z][a-z0-9]*(?:-[a-z0-9]+)*=/;

/** Flags that the charm or k8sd must decide, with the reason that an operator gets to read. */
const RESERVED: Readonly<Record<string, string>> = {
  '--cluster-name': 'is set by the charm',
};

/**
 * Parses one option. A flag without `=` means `true`, one with a dash at its end is to be taken out; leading dashes may be left
 * out; a flag that is given twice is an error.
 */
export function parseExtraArguments(option: string, text: string): Checked<ExtraArguments> {
  const value: Record<string, string | null> = {};
  const problems: OptionProblem[] = [];
  const refuse = (message: string) => problems.push({ option, message });
  for (const word of words(text)) {
    const [name = '', ...rest] = word.split('=');
    const removal = rest.length === 0 && name.endsWith('-');
    const flag = `--${name.replace(/^-+/, '').slice(0, removal ? -1 : undefined)}`;
    const setting = rest.length === 0 ? 'true' : rest.join('=');
    if (!FLAG.test(flag))
      refuse(`has ${quoted(name)}, which is not a flag name; write flag=value with letters, digits and dashes`);
    else if (Object.hasOwn(RESERVED, flag)) refuse(`must not have ${flag}, which ${RESERVED[flag]}`);
    else if (Object.hasOwn(value, flag)) refuse(`has ${flag} twice; ${ONCE}`);
    else if (ARGUMENT_BEHIND_COMMA.test(setting))
      refuse(`has a comma between ${flag} and another argument; separate arguments by spaces`);
    else if (SHELL_CHARACTERS.test(setting))
      refuse(
        `gives ${flag} a value with one of " \` $ \\, which the service's start script would interpret; take it out`,
      );
    else if (CONTROL_CHARACTERS.test(setting)) refuse(`gives ${flag} a value with a control character; take it out`);
    else value[flag] = removal ? null : setting;
  }
  return { value, problems };
}

function quoted(name: string): string {
  return JSON.stringify(name.slice(0, 40));
}
