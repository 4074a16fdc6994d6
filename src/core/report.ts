/** What a unit has to tell an operator: a status, and how long it may last before somebody has to look. */

import type { StatusWord, UnitStatus } from '../clients/juju/status.ts';
import { readForeign } from './foreign-json.ts';
import { list, object, oneOf, type Shape, text, whole } from './shapes.ts';

export interface Report extends UnitStatus {
  /** Of a wait that should end by itself. One that has lasted for so long becomes `blocked`. */
  readonly lasts?: {
    /** What is waited for, as data: the same from one dispatch to the next. */
    readonly key: string;
    readonly atMostMs: number;
    /** What an operator can do then: a command, or where to look. */
    readonly way?: string;
  };
}

const WORDS = ['blocked', 'waiting', 'maintenance', 'active'] as const satisfies readonly StatusWord[];
const LONGEST = 10_000;

const REPORTS: Shape<readonly Report[]> = list(
  object(
    { status: oneOf(WORDS), message: text(LONGEST) },
    { lasts: object({ key: text(), atMostMs: whole() }, { way: text(LONGEST) }) },
  ),
);

/** Reports that were remembered as JSON; undefined when they are none. */
export function parseReports(written: string | undefined): readonly Report[] | undefined {
  return readForeign(written, REPORTS);
}
