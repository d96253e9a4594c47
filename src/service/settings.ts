import Type, { type Static } from 'typebox';
import { wrongInDatabaseUrl } from '../kit/postgres/url.ts';
import { choice, databaseUrl, logLevel, port, readSettings } from '../kit/settings.ts';

/** The service's environment: names, types, defaults and meanings. The table of docs/settings.md is tested against it. */
export const ServiceEnvironment = Type.Object({
  PORT: port(8080, 'Port of the API.'),
  ADMIN_PORT: port(8081, 'Port of `/livez`, `/readyz`, `/metrics`.'),
  DATABASE_URL: databaseUrl(
    'Where the violations are: `postgresql://user:password@host:port/database`. What it leaves open (`PGSSLMODE`, `PGPASSWORD` …) is read as `pg` does.',
  ),
  DATABASE_POOL: Type.Integer({
    minimum: 1,
    maximum: 1_000,
    default: 10,
    description: 'Connections for writes, for each replica. Up to four more serve probes and look-ups.',
  }),
  USE_DOMAIN_SERVICE: Type.Boolean({
    default: true,
    description: '`false` sends every request to legacy, whatever else is set: the emergency switch.',
  }),
  ROLLOUT_PERCENT: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: 100,
      description: 'A ceiling over the flag. With `FLAG_PROVIDER=env`: the percent itself, 0 when unset.',
    }),
  ),
  REPOSITORY_TYPE: Type.String({
    pattern: '^[a-z][a-z0-9_-]{0,31}$',
    default: 'postgresql',
    description: "The domain path's repository. Any other than `postgresql` cannot update a status: legacy answers.",
  }),
  FORCE_DOMAIN: choice(['allow', 'deny'], 'deny', 'Whether requests may choose their path with `force_domain`.'),
  FAULT_INJECTION: choice(
    ['allow', 'deny'],
    'deny',
    'Whether `PUT /faults` on the admin port may make a path slow or failing.',
  ),
  FLAG_PROVIDER: choice(
    ['flagd', 'env'],
    'flagd',
    'Where the percent comes from: flagd, found by its provider’s own `FLAGD_*` variables, or `ROLLOUT_PERCENT`.',
  ),
  ROLLOUT_FLAG: Type.String({
    minLength: 1,
    maxLength: 200,
    default: 'violation-status-domain-percent',
    description: 'Key of the flag that holds the percent.',
  }),
  FLAGD_HOST: Type.Optional(Type.String({ minLength: 1, description: 'Where flagd is; `localhost` when unset.' })),
  FLAGD_PORT: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: 65_535,
      description: "Port of flagd's sync service; 8015 when unset. `FLAGD_SYNC_PORT` beats it.",
    }),
  ),
  FLAGD_SYNC_PORT: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 65_535, description: "Port of flagd's sync service." }),
  ),
  FLAGD_RESOLVER: Type.Optional(
    Type.Enum(['in-process'], { description: 'Only `in-process`: with `rpc` a request would wait for flagd.' }),
  ),
  DOMAIN_TIMEOUT_MS: Type.Integer({
    minimum: 10,
    maximum: 60_000,
    default: 1_000,
    description: 'After this, a domain attempt is ended and legacy answers.',
  }),
  MAX_IN_FLIGHT: Type.Integer({
    minimum: 1,
    maximum: 100_000,
    default: 200,
    description: 'Requests under way at once; more are answered 503 with `Retry-After`.',
  }),
  SHADOW_SAMPLE_PERCENT: Type.Integer({
    minimum: 0,
    maximum: 100,
    default: 10,
    description: 'How many of a hundred writes are read back and checked against the domain rule, after their answer.',
  }),
  LOG_LEVEL: logLevel(),
});

export type ServiceSettings = Readonly<Static<typeof ServiceEnvironment>>;

/** @throws SettingsError naming each wrong variable, its value and what is allowed. */
export function readServiceSettings(env: NodeJS.ProcessEnv): ServiceSettings {
  return readSettings(ServiceEnvironment, env, { DATABASE_URL: wrongInDatabaseUrl });
}
