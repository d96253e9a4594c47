import { availableParallelism, loadavg } from 'node:os';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { counted, formatMeasured, formatSeconds } from '../../contract/wording/format.ts';

/** Whether the machine has room for the demo: what is late on a busy one says little about Sluice. */
export function watchMachine() {
  const delay = monitorEventLoopDelay({ resolution: 10 });
  delay.enable();
  return {
    describe: (): string => {
      const [load = 0] = loadavg();
      const processors = availableParallelism();
      const waited = formatSeconds(delay.max / 1e9);
      return [
        `The machine: ${counted(processors, 'processor')}, a load of ${formatMeasured(load)} in the last minute; the demo itself had to wait up to ${waited} for its turn.`,
        ...(load > processors ? ['That is more than it can carry: try again when less is running on it.'] : []),
      ].join(' ');
    },
    stop: () => delay.disable(),
  };
}
