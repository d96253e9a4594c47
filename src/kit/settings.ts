import { Ajv } from 'ajv';
import Type, { type Static, type TObject } from 'typebox';

/** A wrong setting, told so that it can be put right: one line for each variable. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
}

export const port = (value: number, what: string) =>
  Type.Integer({ minimum: 0, maximum: 65_535, default: value, description: what });
export const choice = <const T extends readonly string[]>(values: readonly [...T], fallback: T[number], what: string) =>
  Type.Unsafe<T[number]>(Type.Enum([...values], { default: fallback, description: what }));

/** A connection string carries a password. */
export const databaseUrl = (what: string) =>
  Type.String({ pattern: '^postgres(ql)?://', description: what, writeOnly: true });
export const logLevel = () =>
  choice(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], 'info', 'The least severe lines to log.');

/** @throws SettingsError naming each wrong variable, what came and what is allowed. */
export function readSettings<S extends TObject>(schema: S, env: NodeJS.ProcessEnv): Readonly<Static<S>> {
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
  const property = schema.properties[name] as PropertySchema;
  const allowed = allowedValues(property);
  if (came === undefined || came.trim() === '') {
    return `${name} is required. Set it to ${allowed}.`;
  }
  const shown = property.writeOnly ? 'a value of another form' : JSON.stringify(came.slice(0, 80));
  return `${name} is wrong: it came as ${shown}; allowed: ${allowed}.`;
}

export type PropertySchema = {
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly pattern?: string;
  /** A secret, or a value that carries one: it is never shown. */
  readonly writeOnly?: boolean;
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
