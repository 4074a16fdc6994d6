import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { joinedForArguments, shortened } from '../../src/juju/argument-text.ts';
import { createRandom, randomText } from './random.ts';
import { putToolsOnPath, type ToolsOnPath } from './tools-on-path.ts';

let tools: ToolsOnPath;
beforeEach(() => {
  tools = putToolsOnPath();
});
afterEach(() => tools.remove());

const logged = (): readonly (readonly string[])[] =>
  tools.calls('juju-log').map(({ args }) => [args[1] ?? '', args[3] ?? '']);

describe('log', () => {
  it('sends consecutive lines of one level as one call, in order', async () => {
    const { log, flush } = tools.dispatch();
    log.info('a');
    log.info('b\nc');
    log.debug('d');
    log.info('');
    log.debug('e');
    log.info('f');
    expect(tools.calls()).toEqual([]);
    await flush();
    expect(logged()).toEqual([
      ['INFO', 'a\nb\nc'],
      ['DEBUG', 'd\ne'],
      ['INFO', 'f'],
    ]);
  });

  it('sends warnings and errors at once, after what was said before them', async () => {
    const { log, flushLog } = tools.dispatch();
    log.info('before');
    log.warning('careful');
    await expect.poll(logged).toEqual([
      ['INFO', 'before'],
      ['WARNING', 'careful'],
    ]);
    log.error('broken');
    log.info('after');
    await flushLog();
    expect(logged().slice(2)).toEqual([
      ['ERROR', 'broken'],
      ['INFO', 'after'],
    ]);
    await flushLog();
    expect(logged()).toHaveLength(4);
  });

  it('splits what is too long for an argument, between characters', async () => {
    const { log, flush } = tools.dispatch();
    const long = '😀é'.repeat(60_000);
    log.info('first');
    log.info(long);
    log.info('NUL \0, lone \ud800');
    await flush();
    const texts = logged().map(([, text]) => text ?? '');
    expect(texts.every((text) => Buffer.byteLength(text) <= 120_000)).toBe(true);
    expect(texts[0]).toBe('first');
    // Compared by hand: a difference in so much text would take long to print.
    expect(texts.slice(1).join('') === `${long}NUL \ufffd, lone \ufffd`).toBe(true);
  });

  it('never fails a dispatch: a line that Juju does not take goes to stderr', async () => {
    tools.answer('juju-log', { code: 1, stderr: 'ERROR connection is shut down\n' });
    const { log, flush } = tools.dispatch();
    log.error('lost?');
    await expect(flush()).resolves.toBeUndefined();
    expect(logged()).toEqual([['ERROR', 'lost?']]);
  });
});

describe('joinedForArguments', () => {
  it('loses nothing and keeps to the limit, wherever it cuts', () => {
    const random = createRandom(7);
    for (let round = 0; round < 200; round += 1) {
      const lines = Array.from({ length: 1 + random(6) }, () => randomText(random, 30).replaceAll('\0', ''));
      const limit = 4 + random(40);
      const texts = joinedForArguments(lines, limit);
      for (const text of texts) expect(Buffer.byteLength(text)).toBeLessThanOrEqual(limit);
      expect(texts.join('').replaceAll('\n', '')).toBe(lines.join('').replaceAll('\n', ''));
    }
  });
});

describe('shortened', () => {
  it('leaves short text alone and marks what it cuts', () => {
    expect(shortened('Ready', 5)).toBe('Ready');
    expect(shortened('Already', 6)).toBe('Alr…');
    expect(shortened('ééééé', 8)).toBe('éé…');
  });
});
