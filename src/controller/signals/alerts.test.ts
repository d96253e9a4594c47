import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readAlerts } from '../../../test/support/read-alerts.ts';

const ROLLOUT = 'violation-status';
const alert = {
  status: 'firing',
  labels: { alertname: 'SluiceDomainSlow', rollout: ROLLOUT, action: 'rollback', severity: 'page' },
  annotations: { summary: 'P95 of the domain path is 412 ms' },
  startsAt: '2026-01-02T03:04:05.678901234Z',
  endsAt: '0001-01-01T00:00:00Z',
  generatorURL: 'http://prometheus/graph',
  fingerprint: 'c4a1b2d3e4f50617',
};
const message = (...alerts: unknown[]) => ({
  version: '4',
  groupKey: '{}:{}',
  truncatedAlerts: 0,
  status: 'firing',
  receiver: 'sluice',
  groupLabels: {},
  commonLabels: {},
  commonAnnotations: {},
  externalURL: 'http://alertmanager',
  alerts,
});

test('reads an alert that asks for a rollback of this rollout', () => {
  assert.deepEqual(readAlerts(message(alert), ROLLOUT), {
    kind: 'alerts',
    ignored: 0,
    problems: [],
    changes: [
      {
        status: 'firing',
        alert: {
          fingerprint: 'c4a1b2d3e4f50617',
          name: 'SluiceDomainSlow',
          startsAtMs: Date.UTC(2026, 0, 2, 3, 4, 5, 678),
          summary: 'P95 of the domain path is 412 ms',
        },
      },
    ],
  });
});

test('one alert sent again is the same firing, and one that fires anew is another', () => {
  const ids = [alert, alert, { ...alert, startsAt: '2026-01-02T04:00:00Z' }].map((each) => {
    const read = readAlerts(message(each), ROLLOUT);
    return read.kind === 'alerts' ? read.changes[0]?.alert.startsAtMs : undefined;
  });
  assert.equal(ids[0], ids[1]);
  assert.notEqual(ids[0], ids[2]);
});

for (const [what, ignored] of [
  ['is of another rollout', { ...alert, labels: { ...alert.labels, rollout: 'another' } }],
  ['is of no rollout', { ...alert, labels: { alertname: 'x', action: 'rollback' } }],
  ['asks for something else', { ...alert, labels: { ...alert.labels, action: 'page' } }],
  ['asks for nothing', { ...alert, labels: { alertname: 'x', rollout: ROLLOUT } }],
] as const) {
  test(`does not act on an alert that ${what}`, () => {
    assert.deepEqual(readAlerts(message(ignored), ROLLOUT), { kind: 'alerts', changes: [], ignored: 1, problems: [] });
    const read = readAlerts(message(ignored, alert), ROLLOUT);
    assert.ok(read.kind === 'alerts' && read.changes.length === 1 && read.ignored === 1, 'and still acts on the next');
  });
}

test('takes the first thousand of too many, so that a rollback is never lost for their number', () => {
  const many = Array.from({ length: 1_200 }, (_, at) => ({ ...alert, fingerprint: String(at) }));
  const read = readAlerts(message(...many), ROLLOUT);
  assert.ok(read.kind === 'alerts' && read.changes.length === 1_000 && read.ignored === 200);
});

test('hands on one that is resolved, so that it no longer holds anything down', () => {
  const read = readAlerts(message({ ...alert, status: 'resolved' }), ROLLOUT);
  assert.deepEqual(read.kind === 'alerts' && read.changes.map(({ status }) => status), ['resolved']);
});

test('an odd alert loses none beside it, and is named', () => {
  const read = readAlerts(message({ ...alert, fingerprint: undefined }, alert), ROLLOUT);
  assert.ok(read.kind === 'alerts' && read.changes.length === 1 && read.ignored === 1);
  assert.match(read.kind === 'alerts' ? read.problems.join() : '', /alerts\.0: the alert lacks fingerprint/);
});

test("understands Grafana's managed alerts", () => {
  const grafana = {
    receiver: 'sluice',
    status: 'firing',
    orgId: 1,
    alerts: [
      {
        ...alert,
        endsAt: '0001-01-01T00:00:00Z',
        generatorURL: 'http://grafana/alerting/grafana/x/view',
        silenceURL: 'http://grafana/alerting/silence/new',
        dashboardURL: '',
        panelURL: '',
        values: { A: 1 },
        valueString: '[ var=A ]',
      },
    ],
    groupLabels: {},
    commonLabels: {},
    commonAnnotations: {},
    externalURL: 'http://grafana/',
    version: '1',
    groupKey: '{}:{}',
    truncatedAlerts: 0,
    title: '[FIRING:1]',
    state: 'alerting',
    message: '',
  };
  const read = readAlerts(grafana, ROLLOUT);
  assert.ok(read.kind === 'alerts' && read.changes.length === 1);
});

for (const [what, body, expected] of [
  ['nothing', undefined, /the message is nothing; allowed: a webhook message/],
  ['a text', 'alerts', /the message is "alerts"; allowed: .*an object/],
  ['a list', [alert], /the message is \[/],
  ['no alerts', { version: '4' }, /the message lacks alerts/],
  ['another version', { ...message(alert), version: '3' }, /version is "3"; allowed: "4" of Alertmanager/],
  ['alerts that are no list', { version: '4', alerts: {} }, /alerts is \{\}; allowed: a list of alerts/],
  ['an alert that is none', message(null), /alerts\.0: the alert is null; allowed: an alert/],
  ['another status', message({ ...alert, status: 'on' }), /alerts\.0: status is "on"; allowed: firing, resolved/],
  [
    'a label that is no text',
    message({ ...alert, labels: { rollout: 5 } }),
    /alerts\.0: labels\.rollout is 5; allowed: a text/,
  ],
  ['no fingerprint', message({ ...alert, fingerprint: undefined }), /alerts\.0: the alert lacks fingerprint/],
  [
    'a time that is none',
    message({ ...alert, startsAt: 'now' }),
    /alerts\.0: startsAt is "now"; allowed: an RFC 3339 time/,
  ],
  [
    'a month 13',
    message({ ...alert, startsAt: '2026-13-01T00:00:00Z' }),
    /startsAt is "2026-13-01T00:00:00Z"; allowed/,
  ],
] as const) {
  test(`says what is wrong with ${what}`, () => {
    const read = readAlerts(body, ROLLOUT);
    assert.equal(read.kind, 'invalid');
    assert.match((read as { problems: readonly string[] }).problems.join('\n'), expected);
  });
}

test('of a flood of wrong alerts only the first are named, and at once', () => {
  const startedAt = performance.now();
  const read = readAlerts({ version: '4', alerts: Array(200_000).fill(0) }, ROLLOUT);
  assert.ok(read.kind === 'invalid' && read.problems.length <= 20);
  assert.ok(performance.now() - startedAt < 500);
});

test('garbage never throws, and never asks for a rollback', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.anything(),
        fc.array(fc.anything()).map((alerts) => message(...alerts)),
      ),
      (body) => {
        const read = readAlerts(body, ROLLOUT);
        return read.kind === 'invalid' ? read.problems.length > 0 : read.changes.length === 0;
      },
    ),
    { numRuns: 1_000 },
  );
});
