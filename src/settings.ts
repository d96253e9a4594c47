import { Ajv } from 'ajv';
import Type, { type Static, type TObject } from 'typebox';

/** A wrong setting, told so that it can be put right: one line for each variable. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
}

const port = (value: number, what: string) =>
  Type.Integer({ minimum: 0, maximum: 65_535, default: value, description: what });
const choice = <const T extends readonly string[]>(values: readonly [...T], fallback: T[number], what: string) =>
  Type.Unsafe<T[number]>(Type.Enum([...values], { default: fallback, description: what }));

/** The service's environment: names, types, defaults and meanings. The README's table is tested against it. */
export const ServiceEnvironment = Type.Object({
  PORT: port(8080, 'Port of the API.'),
  ADMIN_PORT: port(8081, 'Port of `/livez`, `/readyz`, `/metrics`.'),
  DATABASE_URL: Type.String({
    pattern: '^postgres(ql)?://',
    description:
      'Where the violations are: `postgresql://user:password@host:port/database`. What it leaves open (`PGSSLMODE`, `PGPASSWORD` …) is read as `pg` does.',
  }),
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
  LOG_LEVEL: choice(
    ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'],
    'info',
    'The least severe lines to log.',
  ),
});

export type ServiceSettings = Readonly<Static<typeof ServiceEnvironment>>;

/** @throws SettingsError naming each wrong variable, what came and what is allowed. */
export function readServiceSettings(env: NodeJS.ProcessEnv): ServiceSettings {
  return readSettings(ServiceEnvironment, env);
}

function readSettings<S extends TObject>(schema: S, env: NodeJS.ProcessEnv): Readonly<Static<S>> {
  const candidate: Record<string, unknown> = {};
  for (const name of Object.keys(schema.properties)) {
    // An empty variable is an unset one: manifests leave them behind, and as a number it would read as 0.
    const value = env[name]?.trim();
    if (value) {
      candidate[name] = value;
    }
  }
  const validate = new Ajv({ coerceTypes: true, useDefaults: true, allErrors: true }).compile(schema);
  if (validate(candidate)) {
    return Object.freeze(candidate) as Readonly<Static<S>>;
  }
  const wrong = new Set(
    (validate.errors ?? []).map(({ instancePath, params }) => instancePath.slice(1) || params.missingProperty),
  );
  throw new SettingsError(Array.from(wrong, (name) => describeWrong(name, env[name], schema)).join('\n'));
}

function describeWrong(name: string, came: string | undefined, schema: TObject): string {
  const allowed = allowedValues(schema.properties[name] as PropertySchema);
  if (came === undefined || came.trim() === '') {
    return `${name} is required. Set it to ${allowed}.`;
  }
  // A connection string carries a password.
  const shown = name === 'DATABASE_URL' ? 'a value of another form' : JSON.stringify(came.slice(0, 80));
  return `${name} is wrong: it came as ${shown}; allowed: ${allowed}.`;
}

export type PropertySchema = {
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly pattern?: string;
  readonly default?: unknown;
  readonly description?: string;
};

/** In words, what a variable may be. */
export function allowedValues({ type, enum: values, minimum, maximum, pattern }: PropertySchema): string {
  if (values !== undefined) {
    return values.join(', ');
  }
  switch (type) {
    case 'integer':
      return `a whole number from ${minimum} to ${maximum}`;
    case 'boolean':
      return 'true, false';
    default:
      if (pattern?.includes('postgres')) {
        return 'postgresql://user:password@host:port/database';
      }
      return pattern === undefined ? 'a text' : `a text that matches ${pattern}`;
  }
}
