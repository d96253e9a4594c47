/** What follows the name of flags that are broken and kept: when they were put aside. */
export const brokenSuffix = (atMs: number): string => `broken-${new Date(atMs).toISOString().replaceAll(/[-:]/g, '')}`;

export const isBrokenCopy = (name: string): boolean => /[./]broken-\d{8}T\d{6}/.test(name);
