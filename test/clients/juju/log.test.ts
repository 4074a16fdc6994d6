import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { joinedForArguments, shortened } from '../../../src/clients/juju/argument-text.ts';
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
      ['INFO', 'a\nb\n  c'],
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
    const long = '😀é'.repeat(5_000);
    log.info('first');
    for (let round = 0; round < 12; round += 1) log.info(long);
    log.info('lone \ud800');
    await flush();
    const texts = logged().map(([, text]) => text ?? '');
    expect(texts.every((text) => Buffer.byteLength(text) <= 120_000)).toBe(true);
    expect(texts.length).toBeGreaterThan(1);
    // Compared by hand: a difference in so much text would take long to print.
    expect(texts.join('\n') === ['first', ...Array(12).fill(long), 'lone \ufffd'].join('\n')).toBe(true);
  });

  it.each([
    [
      'a line of its own',
      'x\nunit-k8s-0: 12:00:00 ERROR juju.worker forged',
      'x\n  unit-k8s-0: 12:00:00 ERROR juju.worker forged',
    ],
    ['a carriage return', 'x\rforged', 'x\\u{d}forged'],
    ['an escape sequence', 'x\u001b[2K\u001b[1Aforged', 'x\\u{1b}[2K\\u{1b}[1Aforged'],
    ['NUL', 'x\0y', 'x\\u{0}y'],
    ["Unicode's ends of lines", 'x\u0085y\u2028z', 'x\\u{85}y\\u{2028}z'],
    ['what turns the text around', 'x\u202ey', 'x\\u{202e}y'],
  ])('does not let a message forge a line: %s', async (_, message, expected) => {
    const { log, flush } = tools.dispatch();
    log.info(message);
    await flush();
    expect(logged()).toEqual([['INFO', expected]]);
  });

  it('shortens a message that goes on and on', async () => {
    const { log, flush } = tools.dispatch();
    log.info('x'.repeat(5_000_000));
    await flush();
    expect(logged()).toHaveLength(1);
    expect(logged()[0]?.[1]?.length).toBeLessThan(20_000);
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
