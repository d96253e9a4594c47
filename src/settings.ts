import { readFileSync } from 'node:fs';
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
  SHADOW_SAMPLE_PERCENT: Type.Integer({
    minimum: 0,
    maximum: 100,
    default: 10,
    description: 'How many of a hundred writes are read back and checked against the domain rule, after their answer.',
  }),
  LOG_LEVEL: choice(
    ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'],
    'info',
    'The least severe lines to log.',
  ),
});

export type ServiceSettings = Readonly<Static<typeof ServiceEnvironment>>;

/** The controller's environment, as {@link ServiceEnvironment} is the service's. */
export const ControllerEnvironment = Type.Object({
  CONTROLLER_PORT: port(8090, "Port of the controller's API, probes and `/metrics`."),
  DATABASE_URL: ServiceEnvironment.properties.DATABASE_URL,
  DATABASE_POOL: Type.Integer({
    minimum: 1,
    maximum: 1_000,
    default: 10,
    description: 'Connections for the journal, at most 4 of them are used; one more holds the leadership.',
  }),
  PLAN_FILE: Type.String({ minLength: 1, default: 'rollout.yaml', description: 'The rollout plan.' }),
  SLUICE_TOKEN: Type.Optional(
    Type.String({
      minLength: 16,
      maxLength: 1_000,
      description: 'The bearer token for every change, the webhook included. Required, here or in `SLUICE_TOKEN_FILE`.',
    }),
  ),
  SLUICE_TOKEN_FILE: Type.Optional(Type.String({ minLength: 1, description: 'A file that holds the token.' })),
  SIGNALS: Type.String({
    pattern: '^(alerts|(scrape|prometheus)(,(scrape|prometheus))?)$',
    default: 'scrape',
    description:
      'What tells of the replicas: `scrape`, `prometheus`, both with a comma between, or `alerts` for the webhook alone, which never promotes.',
  }),
  SCRAPE_TARGETS: Type.Optional(
    Type.String({
      minLength: 1,
      description:
        "The replicas' admin ports: `host:port` with commas between, or `dns:name:port` for all addresses of a name.",
    }),
  ),
  PROMETHEUS_URL: Type.Optional(
    Type.String({ pattern: '^https?://', description: 'Where Prometheus answers queries. Required for `prometheus`.' }),
  ),
  LEVER: choice(['file', 'configmap', 'featureflag'], 'file', 'Where the flag is edited.'),
  FLAGS_FILE: Type.Optional(Type.String({ minLength: 1, description: "flagd's flags file. Required for `file`." })),
  FLAG_NAMESPACE: Type.Optional(
    Type.String({ minLength: 1, description: 'Namespace of the ConfigMap or FeatureFlag; the own one when unset.' }),
  ),
  FLAG_RESOURCE: Type.Optional(
    Type.String({ minLength: 1, description: 'Name of the ConfigMap or FeatureFlag. Required for both.' }),
  ),
  TICK_MS: Type.Integer({
    minimum: 50,
    maximum: 60_000,
    default: 500,
    description: 'How often each source and the flag are looked at.',
  }),
  NOTIFY_WEBHOOK_URL: Type.Optional(
    Type.String({
      pattern: '^https?://',
      description: 'Where decisions are told as JSON. A secret: it is never logged.',
    }),
  ),
  NOTIFY_SLACK_URL: Type.Optional(
    Type.String({
      pattern: '^https?://',
      description: 'A Slack-compatible incoming webhook for the same, as text. A secret: it is never logged.',
    }),
  ),
  NOTIFY_HOLD_AFTER_MINUTES: Type.Integer({
    minimum: 1,
    maximum: 1_440,
    default: 10,
    description: 'A stage that holds for this long is told of, once.',
  }),
  CONSOLE_URL: Type.Optional(
    Type.String({ pattern: '^https?://', description: 'Where people reach the console: notifications link to it.' }),
  ),
  LOG_LEVEL: ServiceEnvironment.properties.LOG_LEVEL,
});

export type ControllerSettings = Readonly<Static<typeof ControllerEnvironment>> & { readonly token: string };

/** @throws SettingsError naming each wrong variable, what came and what is allowed. */
export function readControllerSettings(env: NodeJS.ProcessEnv): ControllerSettings {
  const settings = readSettings(ControllerEnvironment, env);
  const required = (name: keyof typeof settings, why: string) => {
    if (settings[name] === undefined) {
      throw new SettingsError(
        `${name} is required ${why}. Set it to ${allowedValues(ControllerEnvironment.properties[name as keyof typeof ControllerEnvironment.properties] as PropertySchema)}.`,
      );
    }
  };
  if (settings.SIGNALS.includes('scrape')) {
    required('SCRAPE_TARGETS', 'with SIGNALS=scrape');
  }
  if (settings.SIGNALS.includes('prometheus')) {
    required('PROMETHEUS_URL', 'with SIGNALS=prometheus');
  }
  required(settings.LEVER === 'file' ? 'FLAGS_FILE' : 'FLAG_RESOURCE', `with LEVER=${settings.LEVER}`);
  return Object.freeze({ ...settings, token: readToken(settings) });
}

const SHORTEST_TOKEN = 16;

function readToken({
  SLUICE_TOKEN,
  SLUICE_TOKEN_FILE,
}: Pick<ControllerSettings, 'SLUICE_TOKEN' | 'SLUICE_TOKEN_FILE'>): string {
  if (SLUICE_TOKEN !== undefined) {
    return SLUICE_TOKEN;
  }
  if (SLUICE_TOKEN_FILE === undefined) {
    throw new SettingsError('SLUICE_TOKEN is required. Set it, or SLUICE_TOKEN_FILE to a file that holds it.');
  }
  let token: string;
  try {
    token = readFileSync(SLUICE_TOKEN_FILE, 'utf8').trim();
  } catch (error) {
    throw new SettingsError(`SLUICE_TOKEN_FILE is wrong: ${(error as Error).message}`);
  }
  if (token.length < SHORTEST_TOKEN) {
    throw new SettingsError(
      `SLUICE_TOKEN_FILE is wrong: ${SLUICE_TOKEN_FILE} holds ${token.length} characters; allowed: at least ${SHORTEST_TOKEN}.`,
    );
  }
  return token;
}

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

const SECRETS = new Set(['DATABASE_URL', 'SLUICE_TOKEN', 'NOTIFY_WEBHOOK_URL', 'NOTIFY_SLACK_URL']);

function describeWrong(name: string, came: string | undefined, schema: TObject): string {
  const allowed = allowedValues(schema.properties[name] as PropertySchema);
  if (came === undefined || came.trim() === '') {
    return `${name} is required. Set it to ${allowed}.`;
  }
  // A connection string carries a password, and a token is one.
  const shown = SECRETS.has(name) ? 'a value of another form' : JSON.stringify(came.slice(0, 80));
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
