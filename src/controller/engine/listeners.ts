/** Whoever wants to hear of each one, as it happens. */
export function createListeners<T>() {
  const listeners = new Set<(each: T) => void>();
  return {
    hear: (each: T): void => {
      for (const listener of listeners) {
        listener(each);
      }
    },
    /** @returns what ends the listening. */
    listen: (listener: (each: T) => void): (() => void) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}
