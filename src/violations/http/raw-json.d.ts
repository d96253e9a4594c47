/** Part of JavaScript since ES2026; not yet in TypeScript's library. */
interface JSON {
  rawJSON(text: string): unknown;
}
