import { styleText } from 'node:util';
/** Where a command writes. What it found goes to `out`, and what went wrong to `err`. */
export type Output = {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  readonly isTerminal: boolean;
  readonly size: () => { readonly columns: number; readonly rows: number };
  readonly paint: Paint;
  readonly paintErr: Paint;
};

/** @param secrets texts that are never written, whoever put them into a message. */
export function createOutput(env: NodeJS.ProcessEnv, colorFlag: boolean, secrets: () => readonly string[]): Output {
  const { stdout, stderr } = process;
  const hide = (text: string) =>
    secrets().reduce((hidden, secret) => (secret === '' ? hidden : hidden.replaceAll(secret, '•••')), text);
  return {
    out: (text) => void stdout.write(hide(text)),
    err: (text) => void stderr.write(hide(text)),
    isTerminal: stdout.isTTY === true,
    size: () => ({ columns: stdout.columns || Number(env.COLUMNS) || 80, rows: stdout.rows || 24 }),
    paint: createPaint(wantsColor(stdout.isTTY === true, env, colorFlag)),
    paintErr: createPaint(wantsColor(stderr.isTTY === true, env, colorFlag)),
  };
}

export function writeJson({ out }: Pick<Output, 'out'>, value: unknown): void {
  out(`${JSON.stringify(value, undefined, 2)}\n`);
}

const STYLES = ['green', 'red', 'yellow', 'cyan', 'dim', 'bold'] as const;
export type Paint = Readonly<Record<(typeof STYLES)[number], (text: string) => string>>;

/** Colours where they are wanted, and the text as it is where not. */
export function createPaint(colored: boolean): Paint {
  const paint = (style: (typeof STYLES)[number]) => (text: string) =>
    colored && text !== '' ? styleText(style, text, { validateStream: false }) : text;
  return Object.fromEntries(STYLES.map((style) => [style, paint(style)])) as Paint;
}

/** @see https://no-color.org */
export function wantsColor(isTerminal: boolean, env: NodeJS.ProcessEnv, flag = true): boolean {
  return isTerminal && flag && !env.NO_COLOR && env.TERM !== 'dumb';
}

/** How something is shown: in what colours, how wide. */
export type View = { readonly paint: Paint; readonly columns: number };
