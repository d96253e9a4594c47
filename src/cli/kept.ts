import { CliError } from './exit-codes.ts';

/** What was found stands also where the journal cannot have it; nobody may take it for kept then. */
export async function tellKept(tell: () => Promise<unknown>): Promise<string> {
  try {
    await tell();
    return 'the journal has it';
  } catch (error) {
    if (error instanceof CliError) {
      return notKept(error.message);
    }
    throw error;
  }
}

export const notKept = (why: string): string => `NOT in the journal: ${why.replace(/\.$/, '')}`;
