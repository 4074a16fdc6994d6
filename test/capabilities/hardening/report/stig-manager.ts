/** The parser of STIG Manager, which security teams import checklists with: what it makes of one is what they get to see. */

import { createRequire } from 'node:module';

interface Review {
  readonly ruleId: string;
  readonly result: 'pass' | 'fail' | 'notapplicable' | 'notchecked';
  readonly detail: string;
  readonly comment: string | null;
}

interface Imported {
  readonly target: { readonly name: string; readonly ip: string };
  readonly checklists: readonly {
    readonly benchmarkId: string;
    readonly revisionStr: string;
    readonly reviews: readonly Review[];
    readonly stats: Readonly<Record<Review['result'], number>>;
  }[];
}

type Parse = (given: object) => Imported;

/** Its declarations are not those of a module. */
const parsers = createRequire(import.meta.url)('@nuwcdivnpt/stig-manager-client-modules') as {
  readonly reviewsFromCkl: Parse;
  readonly reviewsFromCklb: Parse;
};

const SETTINGS = {
  fieldSettings: {
    detail: { enabled: 'always', required: 'optional' },
    comment: { enabled: 'always', required: 'optional' },
  },
  allowAccept: true,
  importOptions: {
    autoStatus: 'saved',
    unreviewed: 'always',
    unreviewedCommented: 'notchecked',
    emptyDetail: 'import',
    emptyComment: 'import',
    allowCustom: true,
  },
  sourceRef: null,
};

export function importCkl(data: string): Imported {
  return parsers.reviewsFromCkl({ ...SETTINGS, data });
}

export function importCklb(data: string): Imported {
  return parsers.reviewsFromCklb({ ...SETTINGS, data });
}
