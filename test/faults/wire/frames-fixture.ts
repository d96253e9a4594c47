/** Frames as they are on the wire, for tests. */
export function frame(type: string, body: string): Buffer {
  return Buffer.concat([Buffer.from(type, 'latin1'), counted(Buffer.from(body))]);
}

export function startup(body: string): Buffer {
  const version = Buffer.alloc(4);
  version.writeInt32BE(3 << 16);
  return counted(Buffer.concat([version, Buffer.from(body)]));
}

function counted(body: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeInt32BE(4 + body.length);
  return Buffer.concat([length, body]);
}
