/**
 * What the reader's browser runs: it filters the findings and counts what is left. Without it the page is complete, and the controls of
 * the filter stay hidden. Elements are found by their `data-` attributes, which `html.ts` writes.
 */
export const SCRIPT = `
'use strict';
(() => {
  const filter = document.querySelector('[data-filter]');
  const all = (selector, from = document) => [...from.querySelectorAll(selector)];
  const findings = all('[data-state]').map((element) => ({ element, text: element.textContent.toLowerCase() }));
  const field = (name) => filter.elements.namedItem(name);
  const chosen = (name) => (field(name) === null ? '' : field(name).value);

  const apply = () => {
    const words = chosen('text').toLowerCase().split(/\\s+/).filter((word) => word !== '');
    const states = new Set(all('input[name=state]:checked', filter).map((box) => box.value));
    const severity = chosen('severity');
    const assessment = chosen('assessment');
    let shown = 0;
    for (const { element, text } of findings) {
      const { state, severity: has, assessment: of } = element.dataset;
      const fits = states.has(state) && (severity === '' || severity === has) && (assessment === '' || assessment === of)
        && words.every((word) => text.includes(word));
      element.hidden = !fits;
      if (fits) shown += 1;
    }
    for (const group of all('[data-group]')) {
      const left = all('[data-state]:not([hidden])', group).length;
      group.hidden = left === 0;
      group.querySelector('[data-count]').textContent = left;
    }
    for (const section of all('[data-assessment-section]')) {
      section.hidden = assessment !== '' && section.dataset.assessmentSection !== assessment;
      section.querySelector('[data-nothing]').hidden = all('[data-state]:not([hidden])', section).length > 0;
    }
    filter.querySelector('[data-shown]').textContent = shown === findings.length
      ? 'All ' + findings.length + ' findings are shown'
      : shown + ' of ' + findings.length + ' findings are shown';
  };

  const open = (value) => { for (const { element } of findings) if (!element.hidden) element.open = value; };
  const follow = () => {
    const target = location.hash === '' ? null : document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (target === null || !('state' in target.dataset)) return;
    if (target.hidden) filter.reset(), apply();
    target.open = true;
    target.scrollIntoView();
  };

  // On paper everything that is shown is open; afterwards the page is as it was.
  let closed = [];
  addEventListener('beforeprint', () => {
    closed = findings.map(({ element }) => element).filter((element) => !element.open && !element.hidden);
    for (const element of closed) element.open = true;
  });
  addEventListener('afterprint', () => { for (const element of closed) element.open = false; });

  filter.hidden = false;
  filter.addEventListener('submit', (event) => event.preventDefault());
  filter.addEventListener('input', apply);
  filter.addEventListener('reset', () => setTimeout(apply));
  filter.querySelector('[data-open]').addEventListener('click', () => open(true));
  filter.querySelector('[data-close]').addEventListener('click', () => open(false));
  addEventListener('hashchange', follow);
  apply();
  follow();
})();
`;
