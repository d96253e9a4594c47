const reasonsToTell = new Set<string>();

/** @returns the reasons as one, for node:test's `skip`; they are reported again at the end. */
export function skipBecause(...reasons: readonly string[]): string {
  reasons.forEach(tellAtTheEnd);
  return reasons.join('; ');
}

function tellAtTheEnd(reason: string): void {
  if (reasonsToTell.size === 0) {
    process.once('exit', () => reasonsToTell.forEach((why) => void console.error(`skipped: ${why}`)));
  }
  reasonsToTell.add(reason);
}
