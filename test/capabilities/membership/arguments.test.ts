import { describe, expect, it } from 'vitest';
import { argumentsAtBirth, planArguments } from '../../../src/capabilities/membership/arguments.ts';
import type { ArgumentsJournal, RememberedArguments } from '../../../src/capabilities/membership/facts.ts';
import { editArguments, parseArguments } from '../../../src/core/argument-file.ts';
import type { ExtraArguments } from '../../../src/core/services.ts';
import { createRandom } from '../../clients/juju/random.ts';

const SERVICE = 'kube-apiserver';
const K8SD = '--anonymous-auth="false"\n--profiling="false"\n--request-timeout="300s"\n';

/** A unit's file, its journal, and what Juju has committed of its memory. */
class Unit {
  text: string;
  journal: ArgumentsJournal | undefined;
  memory: RememberedArguments = {};

  constructor(text = K8SD) {
    this.text = text;
  }

  plan(wanted: ExtraArguments) {
    return planArguments('kube-apiserver', wanted, { text: this.text, journal: this.journal }, this.memory);
  }

  /** As `apply` does; `committed`: whether the hook ended well. */
  reconcile(wanted: ExtraArguments, committed = true) {
    const change = this.plan(wanted);
    if (change === undefined) return undefined;
    if (Object.keys(change.set).length > 0) {
      const after = editArguments(SERVICE, this.text, change.set);
      this.journal = {
        before: this.text,
        after,
        remembered: this.memory,
        remember: change.remember,
        finished: committed,
      };
      this.text = after;
    }
    if (committed) this.memory = change.remember;
    return change;
  }
}

describe('planArguments', () => {
  it('adds a flag, remembers that there was none, and takes it out again', () => {
    const unit = new Unit();
    expect(unit.reconcile({ '--v': '4' })).toMatchObject({
      set: { '--v': '4' },
      remember: { '--v': { was: null, is: '4' } },
    });
    expect(unit.plan({ '--v': '4' })).toBeUndefined();
    expect(unit.reconcile({})).toMatchObject({ set: { '--v': null }, remember: {} });
    expect(unit.text).toBe(K8SD);
  });

  it('takes out a default of k8sd, and puts it back', () => {
    const unit = new Unit();
    expect(unit.reconcile({ '--anonymous-auth': null, '--v': null })).toMatchObject({
      set: { '--anonymous-auth': null },
      remember: { '--anonymous-auth': { was: 'false', is: null }, '--v': { was: null, is: null } },
    });
    expect(unit.text).toBe('--profiling="false"\n--request-timeout="300s"\n');
    expect(unit.plan({ '--anonymous-auth': null, '--v': null })).toBeUndefined();
    unit.reconcile({});
    expect(parseArguments(SERVICE, unit.text)).toEqual(parseArguments(SERVICE, K8SD));
    expect(argumentsAtBirth('kube-apiserver', { '--anonymous-auth': null, '--v': '4' })).toEqual({ '--v': '4' });
  });

  it('gives back what k8sd had put there, through changes of the value', () => {
    const unit = new Unit();
    unit.reconcile({ '--request-timeout': '60s' });
    unit.reconcile({ '--request-timeout': '90s' });
    expect(unit.memory).toEqual({ '--request-timeout': { was: '300s', is: '90s' } });
    unit.reconcile({});
    expect(unit.text).toBe(K8SD);
  });

  it('remembers without a restart what came with the bootstrap', () => {
    const unit = new Unit(`${K8SD}--v="4"\n`);
    expect(unit.reconcile({ '--v': '4' })).toMatchObject({ set: {}, remember: { '--v': { was: null, is: '4' } } });
    unit.reconcile({});
    expect(unit.text).toBe(K8SD);
  });

  it('restarts nothing for a value that is the default, neither when it comes nor when it goes', () => {
    const unit = new Unit();
    expect(unit.reconcile({ '--profiling': 'false' })?.set).toEqual({});
    expect(unit.reconcile({})?.set).toEqual({});
    expect(unit.text).toBe(K8SD);
  });

  it('leaves alone what somebody has changed since, and says so', () => {
    const unit = new Unit();
    unit.reconcile({ '--v': '4' });
    unit.text = unit.text.replace('"4"', '"9"');
    expect(unit.reconcile({})).toMatchObject({ set: {}, foreign: ['--v'], remember: {} });
    expect(parseArguments(SERVICE, unit.text)['--v']).toBe('9');
  });

  it.each([
    ['a list that somebody has added to', '--authorization_mode=AlwaysAllow\n', 'AlwaysAllow,Node,RBAC'],
    ['the same again, for which k8sd would restart the service for ever', '--authorization-mode="Node,RBAC"\n', ''],
  ])('leaves one line, with the wanted value, of %s', (_, line, was) => {
    const unit = new Unit(`${K8SD}--authorization-mode="Node,RBAC"\n`);
    unit.text = `${line}${unit.text}`;
    const change = unit.reconcile({ '--authorization-mode': 'Node,RBAC' });
    expect(change?.set).toEqual({ '--authorization-mode': 'Node,RBAC' });
    expect(unit.text.match(/authorization.mode/g)).toHaveLength(1);
    expect(parseArguments(SERVICE, unit.text)['--authorization-mode']).toBe('Node,RBAC');
    expect(unit.plan({ '--authorization-mode': 'Node,RBAC' })).toBeUndefined();
    if (was !== '') expect(change?.remember).toMatchObject({ '--authorization-mode': { was } });
  });

  it('changes nothing where a hand has written the wanted value in another way', () => {
    const unit = new Unit(`# mine\n--anonymous_auth=false --profiling=false\n'--request-timeout=300s'\n`);
    expect(unit.reconcile({ '--anonymous-auth': 'false', '--request-timeout': '300s' })?.set).toEqual({});
    expect(unit.text).toContain('# mine');
  });

  it('goes by what an edit gives the service when it looks for one that no dispatch has ended', () => {
    const unit = new Unit();
    unit.reconcile({ '--v': '4' }, false);
    unit.text = `# looked at\n${unit.text}`;
    expect(unit.plan({})).toMatchObject({ set: { '--v': null } });
  });

  it('puts a wanted value back that somebody has changed', () => {
    const unit = new Unit();
    unit.reconcile({ '--v': '4' });
    unit.text = unit.text.replace('"4"', '"9"');
    expect(unit.reconcile({ '--v': '4' })?.set).toEqual({ '--v': '4' });
  });

  it.each([
    ['a new flag', { '--v': '4' }],
    ['a default that was replaced', { '--profiling': 'true' }],
  ])('forgets nothing of %s when the hook failed after the edit and the option is taken back', (_, wanted) => {
    const unit = new Unit();
    unit.reconcile(wanted, false);
    unit.reconcile({});
    expect(unit.text).toBe(K8SD);
    expect(unit.memory).toEqual({});
  });

  it('forgets nothing of a change that the hook failed after', () => {
    const unit = new Unit();
    unit.reconcile({ '--profiling': 'true' });
    unit.reconcile({ '--profiling': 'maybe' }, false);
    unit.reconcile({});
    expect(unit.text).toBe(K8SD);
  });

  it('comes to rest, and back to what k8sd wrote, whatever is wanted and whichever hooks fail in between', () => {
    const random = createRandom(3);
    const flags = ['--v', '--profiling', '--request-timeout', '--audit-log-path', '--anonymous-auth'];
    for (let round = 0; round < 300; round += 1) {
      const unit = new Unit();
      let wanted: ExtraArguments = {};
      for (let step = 0; step < 8; step += 1) {
        wanted = Object.fromEntries(
          flags
            .filter(() => random(2) === 0)
            .map((flag) => [flag, ['false', '300s', 'x', '', null][random(5)] ?? null]),
        );
        unit.reconcile(wanted, random(3) > 0);
        unit.reconcile(wanted);
        expect(unit.plan(wanted)).toBeUndefined();
        const present = parseArguments(SERVICE, unit.text);
        expect(Object.fromEntries(Object.keys(wanted).map((flag) => [flag, present[flag] ?? null]))).toEqual(wanted);
        if (random(4) === 0) unit.reconcile({ '--v': '7' }, false);
      }
      unit.reconcile({});
      expect(unit.plan({})).toBeUndefined();
      // A default that was taken out comes back at the end; k8sd sorts its files itself.
      expect(unit.text.split('\n').toSorted()).toEqual(K8SD.split('\n').toSorted());
    }
  });
});

describe('argumentsAtBirth', () => {
  it('keeps back what replaces a default: k8sd would never tell what it would have been', () => {
    expect(argumentsAtBirth('kubelet', { '--v': '4', '--read-only-port': '10255' })).toEqual({ '--v': '4' });
  });
});
