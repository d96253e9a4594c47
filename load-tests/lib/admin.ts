import http from 'k6/http';

const PARAMS = { timeout: '5s', tags: { name: 'admin' } };

/** What goes wrong on the domain path on purpose. */
export type Fault = { readonly delayMs?: number; readonly errorPercent?: number };

/** @throws with the reason, unless every replica has it now. */
export function setDomainFault(adminUrls: readonly string[], fault: Fault): void {
  const body = JSON.stringify({ domain: fault });
  const answers = http.batch(adminUrls.map((url) => ['PUT', `${url}/faults`, body, PARAMS] as const));
  for (const { status, error, body: said, request } of answers) {
    if (status !== 200) {
      throw new Error(`${request.url} answered ${status}: ${error || said}`);
    }
  }
}

/** Ends all faults. @throws where a replica has no fault switch, or does not answer, after all were asked. */
export function endFaults(adminUrls: readonly string[]): void {
  const problems = adminUrls.flatMap((url) => {
    const { status, error } = http.del(`${url}/faults`, null, PARAMS);
    if (status === 404) {
      return [`${url} has no fault switch: the service needs FAULT_INJECTION=allow.`];
    }
    return status === 200 ? [] : [`${url}/faults answered ${status}: ${error}`];
  });
  if (problems.length > 0) {
    throw new Error(problems.join(' '));
  }
}

/** What each replica serves now; undefined where it does not say. */
export function servedPercents(adminUrls: readonly string[]): (number | undefined)[] {
  return http
    .batch(adminUrls.map((url) => ['GET', `${url}/metrics`, null, PARAMS] as const))
    .map(({ status, body }) => {
      const value = /^sluice_flag_percent\{.*\} (\d+)$/m.exec(status === 200 ? String(body) : '')?.[1];
      return value === undefined ? undefined : Number(value);
    });
}
