/** The four statuses that a charm may set, worst first. */

export const STATUS_WORDS = ['blocked', 'waiting', 'maintenance', 'active'] as const;

export type StatusWord = (typeof STATUS_WORDS)[number];

export interface UnitStatus {
  readonly status: StatusWord;
  readonly message: string;
}
