/** Names of places in the page: of characters that need no escaping, in the page and in its address. */

import type { Assessment, Finding } from '../../finding.ts';

export function sectionAnchor({ benchmark, unit }: Assessment): string {
  return plain(`${benchmark}_${unit}`);
}

export function anchor(assessment: Assessment, { number }: Finding): string {
  return `${sectionAnchor(assessment)}_${plain(number)}`;
}

function plain(name: string): string {
  return name.replaceAll(/[^A-Za-z0-9._-]/g, '-');
}
