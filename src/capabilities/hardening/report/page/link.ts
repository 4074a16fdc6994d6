/** Links within the page. */

import type { Assessment, Finding } from '../../finding.ts';
import { anchor } from './anchor.ts';
import { html, type Markup } from './markup.ts';

export function link(assessment: Assessment, finding: Finding, text: string): Markup {
  return html`<a href="#${anchor(assessment, finding)}">${text}</a>`;
}

export function joined(links: readonly Markup[]): readonly Markup[] {
  return links.map((one, index) => (index === 0 ? one : html`, ${one}`));
}
