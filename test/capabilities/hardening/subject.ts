/** What is assessed in the tests of assessments and reports, beside the facts of a node. */

import type { AssessmentInput } from '../../../src/capabilities/hardening/assess.ts';
import type { Subject } from '../../../src/capabilities/hardening/finding.ts';
import { optionOf } from '../../../src/core/services.ts';

export const SUBJECT: Subject = {
  unit: 'k8s/0',
  application: 'k8s',
  node: 'juju-3f1c2e-0',
  address: '10.10.0.11',
  model: 'prod',
  modelUuid: '3f1c2e00-0000-4000-8000-0123456789ab',
  cluster: 'k8s-3f1c2e',
  charm: 'k8s 0.1.0, local:k8s-3',
  snap: '1.36.4 (revision 42, 1.36-classic/stable)',
};

/** Of a unit on which no mode is on. */
export const ON_UNIT: Pick<AssessmentInput, 'subject' | 'mode' | 'argumentsOption'> = {
  subject: SUBJECT,
  mode: { on: false },
  argumentsOption: optionOf,
};
