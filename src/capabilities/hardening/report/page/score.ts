/** A score as words and as a bar. The bar is a picture whose attributes are sizes: a policy without inline styles lets it through. */

import type { Score } from '../../score.ts';
import { html, type Markup } from './markup.ts';

export function scoreWords({ passed, applicable, waived }: Score): Markup {
  if (applicable === 0) return html`<span class="none">–</span>`;
  const exceptions = waived === 0 ? undefined : html` <span class="small waived some">${waived} waived</span>`;
  return html`<b>${passed}</b> of ${applicable}${exceptions}`;
}

/** Says nothing that the words beside it do not say: what holds, what is waived, and the rest. */
export function scoreBar({ passed, applicable, waived }: Score): Markup {
  if (applicable === 0) return html``;
  const share = (count: number) => ((100 * count) / applicable).toFixed(2);
  return html`<svg class="bar" aria-hidden="true" viewBox="0 0 100 8" preserveAspectRatio="none"><rect width="100" height="8" class="fail"></rect><rect width="${share(passed + waived)}" height="8" class="waived"></rect><rect width="${share(passed)}" height="8" class="pass"></rect></svg>`;
}
