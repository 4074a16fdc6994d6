/** A score as words and as a bar. The bar is a picture whose attributes are sizes: a policy without inline styles lets it through. */

import type { Score } from '../summary.ts';
import { html, type Markup } from './markup.ts';

export function scoreText({ held, of }: Score): Markup {
  return of === 0 ? html`<span class="none">–</span>` : html`<b>${held}</b> of ${of}`;
}

/** Says nothing that the words beside it do not say. */
export function scoreBar({ held, of }: Score): Markup {
  if (of === 0) return html``;
  const share = ((100 * held) / of).toFixed(2);
  return html`<svg class="bar" aria-hidden="true" viewBox="0 0 100 8" preserveAspectRatio="none"><rect width="100" height="8" class="rest"></rect><rect width="${share}" height="8" class="held"></rect></svg>`;
}
