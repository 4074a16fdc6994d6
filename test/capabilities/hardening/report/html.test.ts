/** Guards the page without a browser: it loads nothing, runs only what it carries, and takes no text for markup. */
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { renderHtml } from '../../../../src/capabilities/hardening/report/html.ts';
import { html } from '../../../../src/capabilities/hardening/report/page/markup.ts';
import { assessment, finding, HOSTILE, hostileAssessment, wholeAssessment } from './assessments.ts';

describe('the page', () => {
  it('lets only its own style and script run', () => {
    const page = renderHtml([wholeAssessment('cis-1.12')]);
    const policy = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(page)?.[1]?.replaceAll('&#39;', "'");
    for (const tag of ['style', 'script']) {
      const content = new RegExp(`<${tag}>(.*?)</${tag}>`, 's').exec(page)?.[1] ?? '';
      expect(policy).toContain(`${tag}-src 'sha256-${createHash('sha256').update(content).digest('base64')}'`);
    }
    expect(policy).toMatch(/^default-src 'none';/);
    expect(page.match(/<(style|script)\b/g)).toHaveLength(2);
    expect(page).not.toMatch(/\s(src|srcset|style|on\w+)=/);
    expect(page).not.toMatch(/(https?:)?\/\/[a-z]/);
  });

  it('has no element, attribute or link of what was put into it', () => {
    const harmless = renderHtml([hostileAssessment('cis-1.12')].map((one) => one));
    const tags = new Set(harmless.match(/<[a-z!/][a-z0-9]*/gi));
    const known = new Set(renderHtml([wholeAssessment('cis-1.12')]).match(/<[a-z!/][a-z0-9]*/gi));
    expect([...tags].filter((tag) => !known.has(tag))).toEqual([]);
    expect([...harmless.matchAll(/href="([^"]*)"/g)].filter(([, target]) => !target?.startsWith('#'))).toEqual([]);
    expect(harmless).not.toContain('\u202e');
  });

  it('says in its first sentence how it stands', () => {
    const lead = (...states: readonly ('fail' | 'pass' | 'pending-restart')[]) =>
      /class="lead">([^<]*)</.exec(
        renderHtml([
          assessment({ findings: states.map((state, index) => finding({ state, number: `1.2.${index}` })) }),
        ]),
      )?.[1];
    expect(lead('pass')).toBe('No control fails on k8s/0.');
    expect(lead('fail', 'pass')).toBe('1 finding fails on k8s/0.');
    expect(lead('fail', 'fail', 'pending-restart')).toBe('2 findings fail and 1 waits for a restart on k8s/0.');
  });

  it('gives each finding a place of its own', () => {
    const page = renderHtml([
      wholeAssessment('cis-1.12'),
      wholeAssessment('cis-1.12', { unit: 'k8s/1' }),
      wholeAssessment('stig'),
    ]);
    const ids = [...page.matchAll(/\sid="([^"]*)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
    const targets = [...page.matchAll(/href="#([^"]*)"/g)].map(([, id]) => id);
    expect(targets.filter((target) => !ids.includes(target))).toEqual([]);
  });
});

describe('a template', () => {
  it.each(HOSTILE)('makes text of %j', (text) => {
    expect(html`<p title="${text}">${text}</p>`.toString()).toMatch(/^<p title="[^<>"]*">[^<>"]*<\/p>$/);
  });

  it('takes markup that a template made, also in lists', () => {
    expect(html`<ul>${['<', '>'].map((one) => html`<li>${one}</li>`)}</ul>`.toString()).toBe(
      '<ul><li>&lt;</li><li>&gt;</li></ul>',
    );
  });
});
