import { findTools, type Tool } from '../../../src/dev/tools/find.ts';
import { skipBecause } from '../../support/skip.ts';

/** The real programs, and what to give node:test as `skip` where one is missing: false where all are there. */
export async function findTestTools() {
  const tools = await findTools();
  return {
    ...tools,
    skipWithout: (...names: readonly Tool[]): string | false => {
      const reasons = tools.whyWithout(...names);
      return reasons.length > 0 && skipBecause(...reasons);
    },
  };
}
