import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StatusAnswer } from '../../contract/schemas.ts';
import { RefusedError, type RunningController } from './parts.ts';
import { startRollout, untilStatus } from './wait.ts';

const signal = new AbortController().signal;

const mayStart = {
  state: { phrase: 'idle at 0 %' },
  holding: null,
  controller: { leading: true, noRaise: null },
} as StatusAnswer;
const mayNotStart = { ...mayStart, controller: { ...mayStart.controller, noRaise: 'the journal cannot be written' } };

const controllerOf = (more: Partial<RunningController>) => more as RunningController;

test('a start that is refused after all is asked for again', async () => {
  let asked = 0;
  const controller = controllerOf({
    status: async () => mayStart,
    start: async () => {
      asked += 1;
      if (asked < 3) {
        throw new RefusedError('not every replica serves 0 %');
      }
    },
  });
  await startRollout(controller, { timeoutMs: 5_000, signal });
  assert.equal(asked, 3);
});

test('a start that fails otherwise is not asked for again', async () => {
  let asked = 0;
  const controller = controllerOf({
    status: async () => mayStart,
    start: async () => {
      asked += 1;
      throw new Error('401');
    },
  });
  await assert.rejects(startRollout(controller, { timeoutMs: 5_000, signal }), /401/);
  assert.equal(asked, 1);
});

test('a wait that is too long says for what, and what holds the rollout', async () => {
  const controller = controllerOf({ status: async () => mayNotStart });
  await assert.rejects(
    startRollout(controller, { timeoutMs: 100, signal }),
    /waited 100 ms in vain for: the controller leads .+ holding: the journal cannot be written/,
  );
});

test('a status that cannot be read for a while does not end the wait', async () => {
  let looks = 0;
  const controller = controllerOf({
    status: async () => {
      looks += 1;
      if (looks < 3) {
        throw new Error('no answer in time');
      }
      return mayStart;
    },
  });
  await untilStatus(controller, 'anything', () => true, { timeoutMs: 5_000, signal });
  await assert.rejects(
    untilStatus(
      controllerOf({
        status: async () => {
          throw new Error('no answer in time');
        },
      }),
      'anything',
      () => true,
      { timeoutMs: 100, signal },
    ),
    /cannot be read: no answer in time/,
  );
});

test('what can come no more is not waited for', async () => {
  const controller = controllerOf({ status: async () => mayStart });
  await assert.rejects(
    untilStatus(controller, 'anything', () => false, { timeoutMs: 60_000, signal, inVain: () => 'it dropped' }),
    /^Error: it dropped$/,
  );
});
