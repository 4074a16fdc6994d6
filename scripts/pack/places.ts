/** Where things are in the repository. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const repository = fileURLToPath(new URL('../..', import.meta.url));

/** For what takes long to make and can be made again. `npm ci` empties it. */
export const cacheFolder = join(repository, 'node_modules/.cache/k8s-charms');
