/** Guards that flags are taken as the programs take them: the table against the types in `--help` of the real ones. */

import { describe, expect, it } from 'vitest';
import { type FlagKind, type FlagProgram, flagKind } from '../../src/core/service-flags.ts';
import { flagTypes } from '../standins/machines/node/flag-types.ts';

const KINDS: Readonly<Record<string, FlagKind>> = {
  bool: 'boolean',
  strings: 'list',
  int32Slice: 'list',
  mapStringString: 'map',
  mapStringBool: 'map',
  stringToString: 'map',
  colonSeparatedMultimapStringString: 'map',
  'reserved-memory': 'map',
  stringArray: 'array',
  namedCertKey: 'array',
};

describe.each(Object.entries(flagTypes))('%s', (program, types) => {
  it('has each flag as its type has it', () => {
    const flags = Object.entries(types).flatMap(([type, names]) =>
      names.split(/\s+/).map((name) => [`--${name}`, KINDS[type]] as const),
    );
    expect(flags.length).toBeGreaterThan(50);
    const found = flags.map(([flag]) => [flag, flagKind(program as FlagProgram, flag)] as const);
    expect(found).toEqual(flags);
  });
});
