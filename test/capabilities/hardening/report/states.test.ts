/** Guards that docs/reference/report-formats.md says of each state what the formats do. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { repository } from '../../../../scripts/pack/places.ts';
import { FINDING_STATES } from '../../../../src/capabilities/hardening/finding.ts';
import { STATE_NAMES } from '../../../../src/capabilities/hardening/report/states.ts';

it('the table of states in the documentation is the one of the program', async () => {
  const text = await readFile(join(repository, 'docs/reference/report-formats.md'), 'utf8');
  const table = /<!-- states -->\n\n(.*)\n\n<!-- end of states -->/s.exec(text)?.[1]?.split('\n').slice(2) ?? [];
  const cells = table.map((row) => [...row.matchAll(/`([^`]+)`/g)].map(([, name]) => name));
  const names = FINDING_STATES.map((state) => {
    const { kubeBench, ckl, cklb, junit } = STATE_NAMES[state];
    return [state, kubeBench, ckl, cklb, junit];
  });
  expect(cells).toEqual(names);
});
