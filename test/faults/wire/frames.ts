/** One message of PostgreSQL's protocol, version 3, with its head. `type` is '' for a connection's first one, which has none. */
export type Frame = { readonly type: string; readonly bytes: Buffer };

const SSL_REQUEST = 80_877_103;
const LENGTH_BYTES = 4;

/**
 * Makes frames of what comes in, however it was split or joined on its way: each call takes a chunk, and returns the frames that
 * are whole by then. `client` is what clients send: their first message has no type byte.
 */
export function createFrameReader(sender: 'client' | 'server'): (chunk: Buffer) => readonly Frame[] {
  let rest: Buffer = Buffer.alloc(0);
  let typed = sender === 'server';
  return (chunk) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const frames: Frame[] = [];
    for (let frame = firstFrame(rest, typed); frame !== undefined; frame = firstFrame(rest, typed)) {
      frames.push(frame);
      rest = rest.subarray(frame.bytes.length);
      typed = true;
    }
    return frames;
  };
}

function firstFrame(bytes: Buffer, typed: boolean): Frame | undefined {
  const typeBytes = typed ? 1 : 0;
  if (bytes.length < typeBytes + LENGTH_BYTES) {
    return undefined;
  }
  const length = typeBytes + bytes.readInt32BE(typeBytes);
  if (length < typeBytes + LENGTH_BYTES) {
    throw new Error(`no PostgreSQL frame: its length is ${length}`);
  }
  if (bytes.length < length) {
    return undefined;
  }
  if (!typed && length === 8 && bytes.readInt32BE(LENGTH_BYTES) === SSL_REQUEST) {
    throw new Error('the steps of an encrypted connection cannot be seen: connect without SSL');
  }
  return { type: typed ? bytes.toString('latin1', 0, 1) : '', bytes: bytes.subarray(0, length) };
}

/** The first `count` texts of a frame's body, each of which ends with a zero byte. */
export function textsOf({ bytes }: Frame, count: number): readonly string[] {
  const texts: string[] = [];
  let at = 1 + LENGTH_BYTES;
  while (texts.length < count) {
    const end = bytes.indexOf(0, at);
    if (end < 0) {
      break;
    }
    texts.push(bytes.toString('utf8', at, end));
    at = end + 1;
  }
  return texts;
}
