import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import Type, { type Static } from 'typebox';
import { wrongInDatabaseUrl } from '../kit/postgres/url.ts';
import { allowedOf } from '../kit/schema-errors.ts';
import {
  choice,
  databaseUrl,
  httpUrl,
  logLevel,
  port,
  readSettings,
  type Setting,
  SettingsError,
} from '../kit/settings.ts';
import { type Plan, parsePlan } from '../rollout/plan.ts';

const SHORTEST_TOKEN = 16;
const TOKEN = /^[\x21-\x7e]+$/;

/** The controller's environment, as ServiceEnvironment is the service's. */
export const ControllerEnvironment = Type.Object({
  CONTROLLER_PORT: port(8090, "Port of the controller's API, probes and `/metrics`."),
  DATABASE_URL: databaseUrl(
    'Where the violations are: `postgresql://user:password@host:port/database`. What it leaves open (`PGSSLMODE`, `PGPASSWORD` …) is read as `pg` does.',
  ),
  DATABASE_POOL: Type.Integer({
    minimum: 1,
    maximum: 1_000,
    default: 10,
    description: 'Connections for the journal, at most 4 of them are used; one more holds the leadership.',
  }),
  PLAN_FILE: Type.String({ minLength: 1, default: 'rollout.yaml', description: 'The rollout plan.' }),
  SLUICE_TOKEN: Type.Optional(
    Type.String({
      writeOnly: true,
      minLength: SHORTEST_TOKEN,
      maxLength: 1_000,
      // One with a line break or a space in it could never be sent as it is.
      pattern: TOKEN.source,
      examples: ['16 to 1000 ASCII characters without spaces'],
      description: 'The bearer token for every change, the webhook included. Required, here or in `SLUICE_TOKEN_FILE`.',
    }),
  ),
  SLUICE_TOKEN_FILE: Type.Optional(Type.String({ minLength: 1, description: 'A file that holds the token.' })),
  SIGNALS: Type.String({
    pattern: '^(alerts|(scrape|prometheus)(,(scrape|prometheus))?)$',
    default: 'scrape',
    description:
      'Where the state of the replicas is read: `scrape`, `prometheus`, both with a comma between, or `alerts` for the webhook alone, which never promotes.',
  }),
  SCRAPE_TARGETS: Type.Optional(
    Type.String({
      minLength: 1,
      description:
        "The replicas' admin ports: `host:port` with commas between, or `dns:name:port` for all addresses of a name.",
    }),
  ),
  PROMETHEUS_URL: Type.Optional(
    httpUrl('http://prometheus:9090', 'Where Prometheus answers queries. Required for `prometheus`.'),
  ),
  LEVER: choice(['file', 'configmap', 'featureflag'], 'file', 'Where the flag is edited.'),
  FLAGS_FILE: Type.Optional(Type.String({ minLength: 1, description: "flagd's flags file. Required for `file`." })),
  FLAG_NAMESPACE: Type.Optional(
    Type.String({
      minLength: 1,
      description: 'Namespace of the ConfigMap or FeatureFlag; the controller’s own when unset.',
    }),
  ),
  FLAG_RESOURCE: Type.Optional(
    Type.String({ minLength: 1, description: 'Name of the ConfigMap or FeatureFlag. Required for both.' }),
  ),
  FLAG_KEY: Type.Optional(
    Type.String({
      minLength: 1,
      description: 'Key of the ConfigMap that flagd reads; when unset, the only one that holds the flag.',
    }),
  ),
  TICK_MS: Type.Integer({
    minimum: 50,
    maximum: 60_000,
    default: 500,
    description: 'How often each source and the flag are looked at.',
  }),
  NOTIFY_WEBHOOK_URL: Type.Optional(
    httpUrl('https://hooks.example.com/…', 'Where decisions are sent as JSON. A secret: it is never logged.', {
      writeOnly: true,
    }),
  ),
  NOTIFY_SLACK_URL: Type.Optional(
    httpUrl(
      'https://hooks.example.com/…',
      'A Slack-compatible incoming webhook for the same, as text. A secret: it is never logged.',
      { writeOnly: true },
    ),
  ),
  NOTIFY_HOLD_AFTER_MINUTES: Type.Integer({
    minimum: 1,
    maximum: 1_440,
    default: 10,
    description: 'A stage that holds for this long is reported, once.',
  }),
  CONSOLE_URL: Type.Optional(
    httpUrl('https://sluice.example.com', 'Where people reach the console: notifications link to it.'),
  ),
  LOG_LEVEL: logLevel(),
});

export type ControllerSettings = Readonly<Static<typeof ControllerEnvironment>> & { readonly token: string };

/** @throws SettingsError naming each wrong variable, its value and what is allowed. */
export function readControllerSettings(env: NodeJS.ProcessEnv): ControllerSettings {
  const settings = readSettings(ControllerEnvironment, env, {
    DATABASE_URL: wrongInDatabaseUrl,
  });
  const required = (name: keyof typeof settings, why: string) => {
    if (settings[name] === undefined) {
      throw new SettingsError(
        `${name} is required ${why}. Set it to ${allowedOf(ControllerEnvironment.properties[name as keyof typeof ControllerEnvironment.properties] as Setting)}.`,
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
  if (!TOKEN.test(token)) {
    throw new SettingsError(
      `SLUICE_TOKEN_FILE is wrong: what ${SLUICE_TOKEN_FILE} holds is no token; allowed: ASCII characters without spaces.`,
    );
  }
  return token;
}

/** @throws PlanError, or an error naming the file that cannot be read. */
export async function readPlan(file: string): Promise<Plan> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw new SettingsError(`PLAN_FILE is wrong: ${(error as Error).message}`);
  }
  return parsePlan(text, file);
}
