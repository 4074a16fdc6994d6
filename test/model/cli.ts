/** `npm run juju -- ...`: a local model with the words of juju, for trying the charms and for tests. */

import { main } from './cli/main.ts';
import { sessionDirectory } from './cli/session.ts';

process.exitCode = await main(process.argv.slice(2), {
  directory: sessionDirectory(process.env),
  machines: process.env['JUJU_MODEL_MACHINES'] === 'bare' ? 'bare' : 'k8s',
  print: (text) => void process.stdout.write(text),
  printError: (text) => void process.stderr.write(`${text}\n`),
});
