import type { ChildProcess } from 'node:child_process';
import { constants } from 'node:os';

const running = new Set<ChildProcess>();

/** Kills the child's group when this process ends, by itself or by a signal. */
export function endWithThisProcess(child: ChildProcess): void {
  if (running.size === 0) {
    process.on('exit', killRunning);
    for (const signal of STOP_SIGNALS) {
      process.on(signal, exitBySignal);
    }
  }
  running.add(child);
  child.once('exit', () => {
    running.delete(child);
    if (running.size === 0) {
      process.off('exit', killRunning);
      for (const signal of STOP_SIGNALS) {
        process.off(signal, exitBySignal);
      }
    }
  });
}

/** The test runner ends a test file that takes too long with SIGTERM, which by itself runs no exit handlers. */
const STOP_SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;
const exitBySignal = (signal: NodeJS.Signals) => process.exit(128 + constants.signals[signal]);
const killRunning = () => running.forEach((child) => void signalGroup(child, 'SIGKILL'));

export const hasEnded = (child: ChildProcess) => child.exitCode !== null || child.signalCode !== null;

/** To the group that the process was started in, and only while it leads it: ids are used again. */
export function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (!hasEnded(child)) {
    process.kill(-(child.pid as number), signal);
  }
}
