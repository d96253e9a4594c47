import assert from 'node:assert/strict';
import { test } from 'node:test';
import { constant, spellings } from './constants.ts';
import { read } from './pages.ts';

/** Numbers that pages name in sentences, by page, source and name: `{}` is what the code has under that name. */
const SENTENCES: Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, string>>>>>> = {
  'docs/architecture.md': {
    'src/controller/engine/confirmation.ts': {
      LOOK_EVERY_MS: 'each {} until all serve the new percent',
      CONFIRM_WITHIN_MS: 'After {} it says who does not',
    },
    'src/controller/engine/recorder.ts': {
      MOST_BUFFERED: 'events wait in memory, at most {}',
    },
    'src/controller/engine/authority.ts': {
      STANDBY_GRACE_MS: 'drops the flag itself, {} after it saw the breach',
    },
    'src/kit/http/server.ts': {
      LEAVE_MS: 'For {}, if any client is connected',
      IDLE_MS: 'one that stays idle for {} is closed',
      DRAIN_MS: 'What has no answer after {} is cut',
    },
    'src/service/create-service.ts': {
      POOL_END_MS: 'then the pools, which have {}',
    },
  },
  'docs/production.md': {
    'src/kit/http/server.ts': {
      LEAVE_MS: 'more than {} after the signal is refused',
    },
  },
  'docs/service.md': {
    'src/violations/http/update-status.ts': {
      notes: '`notes` over {} characters',
      handled_by: '`handled_by` over {};',
    },
    'src/service/http/api.ts': {
      BODY_LIMIT_BYTES: 'a body over {};',
    },
    'src/routing/breaker.ts': {
      FAILURES_IN_A_ROW: 'after {} failures in a row',
      'WINDOW.size': 'half of the last {} calls',
      'PROBE_AFTER_MS.initialDelay': 'After {} one request tries',
      'PROBE_AFTER_MS.maxDelay': 'pause grows to {} at most',
    },
    'src/service/create-service.ts': {
      SLOW_CALL_MS: 'took longer than {}. After',
    },
  },
  'docs/controller.md': {
    'src/controller/api/routes.ts': {
      'READS.atOnce': 'beyond {} at once',
    },
    'src/controller/api/stream.ts': {
      MOST_STREAMS: 'or {} streams',
    },
  },
  'docs/console.md': {
    'src/controller/api/stream.ts': {
      STATUS_EVERY_MS: 'The controller speaks every {}',
    },
    'src/controller/console/page/live.ts': {
      LOST_AFTER_MS: 'silent for {} the page',
    },
    'src/rollout/timeline.ts': {
      'LEVELS.spanMs': 'is kept {} fine for 10 minutes',
      'LEVELS.keptMs': '2 s fine for {}, 30 s fine',
      '30_000.keptMs': '30 s fine for {} and 5 minutes',
      '300_000.keptMs': '5 minutes fine for {};',
    },
    'src/controller/engine/measuring.ts': {
      LOADED_MS: 'reads the last {} from table',
      STORED_MS: '{} fine, for 30 days',
      KEPT_MS: '30 s fine, for {}',
    },
  },
  'docs/notifications.md': {
    'src/controller/notifications/outbox.ts': {
      MOST_WAITING: 'a queue of {} messages for decisions',
      ANSWER_WITHIN_MS: 'No answer within {},',
      FIRST_RETRY_MS: 'from {} apart up to',
      LONGEST_RETRY_MS: 'apart up to {},',
      LAST_WORDS_MS: 'once more within {}',
    },
  },
  'docs/cli.md': {
    'src/contract/client.ts': {
      TIMEOUT_MS: 'A request may take {}',
      LEADER_ATTEMPTS: 'asks again up to {} times',
      LEADER_WAIT_MS: 'times, {} apart',
    },
    'src/cli/commands/change.ts': {
      WAIT_MS: 'waits up to {} until the flag',
    },
    'src/cli/arguments.ts': {
      LONGEST_REASON: '(up to {} characters)',
    },
    'src/cli/render/findings.ts': {
      MOST_SHOWN: '{} findings are shown',
    },
    'src/cli/commands/consistency-check.ts': {
      MOST_FINDINGS: 'are shown, and {} with `--json`',
    },
  },
  'docs/decisions/0002-flags-in-process.md': {
    'src/routing/flags/flag-sync.ts': {
      pauseMs: 'opened again {} after any end',
      renewMs: 'renewed every {},',
      firstFlagsMs: 'no flags within {}.',
    },
  },
  'docs/decisions/0003-write-id.md': {
    'src/violations/writes/write-ledger.ts': {
      TERMINATE_MS: 'waiting up to {})',
    },
  },
  'docs/decisions/0010-breaker-guard.md': {
    'src/rollout/built-in.ts': {
      BREAKER_PATIENCE_MS: 'open for more than {} on',
    },
    'src/rollout/replica-history.ts': {
      VOUCHED_MS: 'between two counts up to {}, and',
      LONGEST_GAP_MS: 'with more than {} between',
    },
  },
  'docs/decisions/0023-restarts-guard.md': {
    'src/rollout/replica-history.ts': {
      LONGEST_ABSENCE_MS: 'read within the last {}, is',
      RESTARTS_KEPT_MS: 'of one replica within {}, since',
    },
  },
  'docs/decisions/0013-leadership.md': {
    'src/controller/engine/authority.ts': {
      STANDBY_GRACE_MS: 'drops the flag after {}.',
    },
  },
  'docs/decisions/0016-shadow-check.md': {
    'src/violations/write-check/write-checker.ts': {
      GATHER_MS: 'gathered for {} into one query',
      QUEUE_LIMIT: 'More than {} waiting checks',
    },
    'src/violations/write-check/written-changes.ts': {
      MOST_KEPT: '{} rows at most',
    },
    'src/violations/write-check/compare.ts': {
      CLOCK_TOLERANCE_MS: 'up to {} between them',
    },
  },
  'docs/scaling.md': {
    'src/controller/signals/scrape.ts': {
      MOST_AT_ONCE: 'at most {} at once',
    },
    'src/controller/engine/intake.ts': {
      'READ_WITHIN_MS.scrape': 'has {} for all of them',
    },
    'src/controller/signals/create-sources.ts': {
      PROMETHEUS_WITHIN_MS: 'over {} to answer for 1,000',
    },
    'src/controller/signals/prometheus.ts': {
      MOST_SERIES: 'the limit of {} series',
    },
  },
  'SECURITY.md': {
    'src/controller/api/commands.ts': {
      limit: 'at most {} for a command',
    },
    'src/controller/api/verifications.ts': {
      limit: '{} for verifications',
    },
    'src/controller/api/alerts.ts': {
      limit: '{} for alerts',
    },
    'src/controller/settings.ts': {
      SHORTEST_TOKEN: 'one of less than {} characters',
    },
    'src/controller/signals/scrape.ts': {
      MOST_BYTES: 'at most {} from a replica',
    },
    'src/controller/signals/prometheus.ts': {
      MOST_BYTES: 'and {} from Prometheus',
    },
  },
};

for (const [page, files] of Object.entries(SENTENCES)) {
  for (const [file, sentences] of Object.entries(files)) {
    for (const [name, sentence] of Object.entries(sentences)) {
      test(`${page} says what the code has: ${sentence.replace('{}', name)}`, () => {
        const text = read(page).replaceAll(/\s+/g, ' ');
        const number = constant(file, name);
        assert.ok(
          spellings(number).some((spelling) => text.includes(sentence.replace('{}', spelling))),
          `${file} has ${name} = ${number.value}`,
        );
      });
    }
  }
}
