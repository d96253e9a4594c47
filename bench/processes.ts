import { readdir, readFile } from 'node:fs/promises';

/** Linux counts processor time in hundredths of a second, whatever the kernel's own tick. */
const MS_PER_TICK = 10;
const BYTES_PER_KIB = 1024;

/** @returns processor time a process has used so far, user and system, in milliseconds; 0 for one that is gone. */
export async function cpuMs(pid: number): Promise<number> {
  const fields = await statOf(pid);
  return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) * MS_PER_TICK;
}

/** @returns the same for each process that `parent` has started and that still runs, by its pid. */
export async function childrenCpuMs(parent: number): Promise<ReadonlyMap<number, number>> {
  const byPid = new Map<number, number>();
  for (const name of await readdir('/proc')) {
    const fields = /^\d+$/.test(name) ? await statOf(Number(name)) : [];
    if (Number(fields[1]) === parent) {
      byPid.set(Number(name), (Number(fields[11]) + Number(fields[12])) * MS_PER_TICK);
    }
  }
  return byPid;
}

/** @returns what was used in between. Of a process that ended meanwhile nothing is known, so it does not count. */
export function cpuMsBetween(before: ReadonlyMap<number, number>, after: ReadonlyMap<number, number>): number {
  return Array.from(after, ([pid, ms]) => ms - (before.get(pid) ?? 0)).reduce((sum, ms) => sum + ms, 0);
}

/** @returns resident memory in bytes. */
export async function residentBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * BYTES_PER_KIB;
}

/** The fields of proc(5) stat from the third, `state`, on: the second may hold spaces. */
async function statOf(pid: number): Promise<readonly string[]> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}
