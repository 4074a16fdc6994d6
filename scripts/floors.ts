/** `npm run floors [-- folder]`: says where src/ breaks the rules of the design about who may import whom. */
import { readModules } from './floors/modules.ts';
import { violations } from './floors/rules.ts';
import { repository } from './pack/places.ts';

const modules = await readModules(process.argv[2] ?? repository);
const found = violations(modules);
for (const violation of found) console.error(violation);
console.log(`floors: ${modules.length} files, ${found.length} violations`);
process.exitCode = found.length === 0 ? 0 : 1;
