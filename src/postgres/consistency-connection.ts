import type pg from 'pg';
import { CheckError } from '../consistency/check.ts';
import { isAway, openClient, reasonOf } from './command-client.ts';

/** @throws CheckError */
export const connect = (url: string): Promise<pg.Client> => openClient(url).catch(away);

/** Says as a CheckError what went wrong with the database. */
export function away(error: unknown): never {
  if (error instanceof CheckError) {
    throw error;
  }
  throw isAway(error)
    ? new CheckError('unreachable', `The database was not reached: ${reasonOf(error)}.`)
    : new CheckError('refused', `The database refused: ${reasonOf(error)}.`);
}
