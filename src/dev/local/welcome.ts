import { SEEDED_VIOLATIONS } from '../embedded/seed.ts';

type Running = {
  readonly port: number;
  readonly adminPort: number;
  /** In words, with its address. */
  readonly controller: string;
  readonly database: string;
  readonly flags: string;
};

/** Where everything is, and what to try first. */
export const welcome = ({ port, adminPort, controller, database, flags }: Running) => `
Sluice is running. Ctrl-C stops it.

  API        http://127.0.0.1:${port}    violations 1–${SEEDED_VIOLATIONS}; described at /openapi.json
  Admin      http://127.0.0.1:${adminPort}    /readyz, /metrics, PUT /faults
  Controller ${controller}
  Database   ${database}
  Flags      ${flags}

Try it:
  curl -i -X PUT 'http://127.0.0.1:${port}/api/v1/records/violations/42/status?status=confirmed&handled_by=me'
  npm run -s sluice -- status
`;
