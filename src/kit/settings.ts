import Type, { type Static, type TObject } from 'typebox';
import { ExpectedError } from './expected-error.ts';
import { DATABASE_URL_FORM } from './postgres/url.ts';
import { compile } from './schema.ts';
import { allowedOf, type Keywords, shown } from './schema-errors.ts';

/** A wrong setting, said so that it can be put right: one line for each variable. */
export class SettingsError extends ExpectedError {
  override readonly name = 'SettingsError';
}

export const port = (value: number, what: string) =>
  Type.Integer({ minimum: 0, maximum: 65_535, default: value, description: what });
export const choice = <const T extends readonly string[]>(values: readonly [...T], fallback: T[number], what: string) =>
  Type.Unsafe<T[number]>(Type.Enum([...values], { default: fallback, description: what }));

export const httpUrl = (example: string, what: string, more: { readonly writeOnly?: boolean } = {}) =>
  Type.String({ format: 'http-url', examples: [`an address such as ${example}`], description: what, ...more });

/** A connection string carries a password. */
export const databaseUrl = (what: string) =>
  Type.String({
    pattern: '^postgres(ql)?://',
    examples: [DATABASE_URL_FORM],
    description: what,
    writeOnly: true,
  });
export const logLevel = () =>
  choice(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], 'info', 'The least severe lines to log.');

/** What a schema cannot say of a value. @returns the end of a sentence such as "it …"; undefined where nothing is wrong. */
export type Rules = Readonly<Record<string, (value: string, env: NodeJS.ProcessEnv) => string | undefined>>;

/** @throws SettingsError naming each wrong variable, its value and what is allowed. */
export function readSettings<S extends TObject>(
  schema: S,
  env: NodeJS.ProcessEnv,
  rules: Rules = {},
): Readonly<Static<S>> {
  const candidate: Record<string, unknown> = {};
  for (const name of Object.keys(schema.properties)) {
    // An empty variable is an unset one: manifests leave them behind, and as a number it would read as 0.
    const value = env[name]?.trim();
    if (value) {
      candidate[name] = value;
    }
  }
  const checked = compile(schema, { coerceTypes: true })(candidate);
  if (checked.ok) {
    const broken = brokenRules(checked.value, env, rules, schema);
    if (broken.length > 0) {
      throw new SettingsError(broken.join('\n'));
    }
    return Object.freeze(checked.value);
  }
  const wrong = new Set(checked.wrong.map((each) => (each.kind === 'value' ? (each.at[0] as string) : each.key)));
  throw new SettingsError(Array.from(wrong, (name) => describeWrong(name, env[name], schema)).join('\n'));
}

function brokenRules(value: Static<TObject>, env: NodeJS.ProcessEnv, rules: Rules, schema: TObject): readonly string[] {
  return Object.entries(rules).flatMap(([name, rule]) => {
    const given = value[name];
    const wrong = typeof given === 'string' ? rule(given, env) : undefined;
    return wrong === undefined
      ? []
      : [`${name} is wrong: it ${wrong}; allowed: ${allowedOf(schema.properties[name] as Setting)}.`];
  });
}

function describeWrong(name: string, given: string | undefined, schema: TObject): string {
  const setting = schema.properties[name] as Setting;
  const allowed = allowedOf(setting);
  if (given === undefined || given.trim() === '') {
    return `${name} is required. Set it to ${allowed}.`;
  }
  const shownValue = setting.writeOnly ? 'a value of another form' : shown(given);
  return `${name} is wrong: it is ${shownValue}; allowed: ${allowed}.`;
}

/** `writeOnly`: a secret, or a value that carries one. It is never shown. */
export type Setting = Keywords & { readonly writeOnly?: boolean; readonly default?: unknown };
