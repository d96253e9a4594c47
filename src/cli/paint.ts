import { styleText } from 'node:util';

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
