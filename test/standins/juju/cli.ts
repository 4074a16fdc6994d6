/** `npm run juju -- ...`: a local model with the words of juju, for trying the charms and for tests. */

import { main } from './cli/main.ts';
import { sessionDirectory } from './cli/session.ts';

process.exitCode = await main(process.argv.slice(2), {
  directory: sessionDirectory(process.env),
  machines: process.env['JUJU_MODEL_MACHINES'] === 'bare' ? 'bare' : 'k8s',
  // npm runs scripts in the root of the checkout, and says where it was called.
  cwd: (process.env['npm_lifecycle_event'] === 'juju' ? process.env['INIT_CWD'] : undefined) ?? process.cwd(),
  terminal: process.stdout.isTTY,
  print: (text) => void process.stdout.write(text),
  printError: (text) => void process.stderr.write(`${text}\n`),
});
