import { join, resolve } from 'node:path';

const FOLDER = resolve('.sluice');

/** What `npm start` keeps from one start to the next, in the folder that it is started in. */
export const HOME = {
  folder: FOLDER,
  postgres: join(FOLDER, 'postgres'),
  flagsFile: join(FOLDER, 'flags.json'),
  tokenFile: join(FOLDER, 'token'),
  databaseFile: join(FOLDER, 'database-url'),
} as const;
