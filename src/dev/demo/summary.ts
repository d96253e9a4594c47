import type { EventAnswer } from '../../contract/schemas.ts';
import { counted, formatCount, formatDuration, formatSeconds, formatTime } from '../../contract/wording/format.ts';
import type { Breach } from './breach.ts';
import { PER_SECOND, REPLICAS, STAGES } from './plan.ts';
import type { BrokenOff, Story } from './play.ts';
import type { Promised } from './promises.ts';

const MOST_EVENTS = 5;

/** @param machine what else may be to blame, shown where something broke. */
export function summarise({ rounds, promises, clients, seconds, flagServer }: Story, machine: string): string {
  return [
    `${REPLICAS} replicas behind ${flagServer}, ${PER_SECOND} status updates a second, stages ${STAGES.join(' → ')} %.`,
    ...rounds.map(
      ({ title, breach }, at) => `
Round ${at + 1}: at 25 % ${title}
${describeTimes(breach)}
  clients since the fault: ${counted(breach.clients.requests, 'request')}, ${counted(breach.clients.failed, 'error')}, ${formatCount(breach.clients.slow)} slow (over 200 ms)
  journal: ${breach.why}`,
    ),
    '',
    ...promises.map(({ text, holds, found }) => `${holds ? 'kept  ' : 'BROKEN'}  ${text} (${found})`),
    '',
    `${counted(clients.requests, 'request')}, ${counted(clients.failed, 'error')}, in ${formatDuration(seconds * 1_000, 'en')}. ${describeBroken(promises, machine)}`,
  ].join('\n');
}

function describeBroken(promises: readonly Promised[], machine: string): string {
  const broken = promises.filter(({ holds }) => !holds);
  if (broken.length === 0) {
    return 'Every promise held.';
  }
  return [
    `${formatCount(broken.length)} of ${counted(promises.length, 'promise')} did not hold:`,
    ...broken.map(({ text, found, why }) => `  ${text} (${found}), because of: ${why}`),
    machine,
  ].join('\n');
}

/** The last lines where it was not played to its end. */
export function describeBrokenOff({ message, step, history }: BrokenOff, machine: string): string {
  return [
    ...(history.length > 0 ? ['The last events in the journal:'] : []),
    ...history.slice(0, MOST_EVENTS).toReversed().map(describeEvent),
    `The demo broke off (${step}): ${message}`,
    machine,
  ].join('\n');
}

const describeEvent = ({ at, text }: EventAnswer) => `  ${formatTime(at, 'local')}  ${text}`;

function describeTimes(breach: Breach): string {
  const { faultAtMs } = breach;
  const times: readonly [string, number][] = [
    ['fault began', faultAtMs],
    ['breach seen', breach.seenAtMs],
    ['flag written', breach.writtenAtMs],
    ['last domain request', breach.lastDomainAtMs],
    ['all replicas confirmed', breach.confirmedAtMs],
  ];
  return times
    .map(([what, atMs]) => `  ${what.padEnd(24)}${formatSeconds((atMs - faultAtMs) / 1_000).padStart(8)}`)
    .join('\n');
}
