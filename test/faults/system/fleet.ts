import { type Member, type MemberParts, startMember } from './member.ts';

type FleetParts = MemberParts & { readonly slots: number; readonly spares: number };

export type Fleet = AsyncDisposable & {
  readonly slots: number;
  readonly current: (slot: number) => Member;
  /** A replica that was started ahead, ready to be put in a slot. */
  readonly takeSpare: () => Promise<Member>;
  /** Writers come to it from now on; whoever was there goes on until it is asked to stop. */
  readonly put: (slot: number, member: Member) => void;
  /** What all replicas have logged of a request. */
  readonly logOf: (requestId: string) => Promise<readonly string[]>;
  /** Runs one change of a slot at a time. */
  readonly exclusively: (slot: number, change: () => Promise<void>) => Promise<void>;
};

/** Replicas in their slots, and spare ones that are started ahead, so that a kill costs no waiting. */
export async function startFleet(parts: FleetParts): Promise<Fleet> {
  const all: Member[] = [];
  let starting: Promise<unknown> = Promise.resolve();
  let closed = false;
  const start = async () => {
    const member = await startMember(parts, () => closed);
    all.push(member);
    return member;
  };
  // One after the other: each start takes a whole core for a second.
  const startNext = () => {
    const next = starting.then(start);
    next.catch(() => {});
    starting = next.catch(() => {});
    return next;
  };
  const members = await Promise.all(Array.from({ length: parts.slots }, start));
  const spares = Array.from({ length: parts.spares }, startNext);
  const changing: Promise<unknown>[] = members.map(() => Promise.resolve());
  return {
    slots: parts.slots,
    current: (slot) => members[slot] as Member,
    takeSpare: () => {
      const spare = spares.shift() as Promise<Member>;
      spares.push(startNext());
      return spare;
    },
    put: (slot, member) => {
      members[slot] = member;
    },
    logOf: async (requestId) => {
      const outputs = await Promise.all(all.map(({ replica }) => replica.process().output()));
      return outputs.flatMap((output) => output.split('\n').filter((line) => line.includes(`"${requestId}"`)));
    },
    exclusively: (slot, change) => {
      const done = (changing[slot] as Promise<unknown>).then(change);
      changing[slot] = done.catch(() => {});
      return done;
    },
    [Symbol.asyncDispose]: async () => {
      closed = true;
      await starting;
      await Promise.all(all.map((member) => member.kill()));
    },
  };
}
