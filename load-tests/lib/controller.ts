import { sleep } from 'k6';
import http from 'k6/http';
import type { CommandRequest, StatusAnswer } from '../../src/contract/schemas.ts';

/** What is read of the controller's status. */
export type Status = Pick<StatusAnswer, 'state' | 'stages' | 'wanted' | 'configured'> & {
  readonly served: readonly Pick<StatusAnswer['served'][number], 'percent'>[];
};

/** A controller that stands by answers a change with 503; behind a Service another connection may reach the one that leads. */
const MOST_TRIES = 10;
const BETWEEN_TRIES_SECONDS = 0.3;
const PARAMS = { timeout: '5s', tags: { name: 'controller' } };

export function createController({ url, token }: { readonly url: string; readonly token: string }) {
  return {
    /** Undefined where it does not answer now. */
    status: (): Status | undefined => {
      const response = http.get(`${url}/api/status`, PARAMS);
      return response.status === 200 ? (JSON.parse(String(response.body)) as Status) : undefined;
    },
    /** @returns undefined when it is done, otherwise why it is not. */
    command: (command: 'start' | 'approve'): string | undefined => {
      const request: CommandRequest = { command, actor: 'k6', reason: 'the load test of the stages' };
      const body = JSON.stringify(request);
      const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' };
      let why = '';
      for (let tries = 0; tries < MOST_TRIES; tries += 1) {
        const response = http.post(`${url}/api/commands`, body, { ...PARAMS, headers });
        if (response.status === 200) {
          return undefined;
        }
        why = `the controller answered ${response.status} to ${command}: ${response.error || response.body}`;
        if (response.status !== 503) {
          return why;
        }
        sleep(BETWEEN_TRIES_SECONDS);
      }
      return why;
    },
  };
}

/** The percent that every replica serves and the controller means; undefined during a change. */
export function stageOf({ wanted, configured, served }: Status): number | undefined {
  const isServed = served.length > 0 && served.every(({ percent }) => percent === wanted);
  return isServed && configured.percent === wanted ? wanted : undefined;
}
