/** One line that is written over on a terminal; elsewhere a line for each step. */
export function createProgress(stream: NodeJS.WriteStream) {
  const startedAt = performance.now();
  const seconds = () => ((performance.now() - startedAt) / 1_000).toFixed(1).padStart(5);
  let lastStep = '';

  return {
    /** @param now what changes all the time, shown on a terminal only. */
    show: (step: string, now = ''): void => {
      if (stream.isTTY) {
        stream.write(`\r\u001b[K${seconds()} s  ${step}${now && `  ${now}`}`.slice(0, (stream.columns ?? 80) + 3));
      } else if (step !== lastStep) {
        stream.write(`${seconds()} s  ${step}\n`);
      }
      lastStep = step;
    },
    /** The last that was shown. */
    step: (): string => lastStep,
    clear: (): void => {
      if (stream.isTTY) {
        stream.write('\r\u001b[K');
      }
    },
  };
}

export type Progress = ReturnType<typeof createProgress>;
