import { connect } from 'node:net';
import type { RawRequest } from './request.ts';

/** One answer as it came over the wire: nothing between the test and the server corrects anything. */
export type RawAnswer = {
  readonly status: number;
  /** By name in small letters; repeated ones joined by a comma. */
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
};

export type Exchange = {
  readonly answers: readonly RawAnswer[];
  /** `closed`: the server closed before all was answered; `silent`: nothing more came in time. */
  readonly ended: 'answered' | 'closed' | 'silent';
};

type Wanted = {
  readonly answers?: number;
  /** For HEAD, whose answers have a length and carry no body. */
  readonly bodiless?: boolean;
  /** For what never ends: the answer is taken for complete once its body has this. */
  readonly untilBodyHas?: string;
  readonly withinMs?: number;
};

const WITHIN_MS = 10_000;

export function bytesOf({ method, target, headers, body, chunked }: RawRequest): Buffer {
  const framing =
    body === undefined ? [] : chunked ? ['Transfer-Encoding: chunked'] : [`Content-Length: ${body.length}`];
  const lines = [`${method} ${target} HTTP/1.1`, ...headers.map(([name, value]) => `${name}: ${value}`), ...framing];
  const head = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
  const chunk = (part: Buffer) => [Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from('\r\n')];
  return body === undefined
    ? head
    : Buffer.concat([
        head,
        ...(chunked ? [...(body.length > 0 ? chunk(body) : []), Buffer.from('0\r\n\r\n')] : [body]),
      ]);
}

/** Sends bytes on a connection of their own and takes what comes back. It never throws. */
export function exchange(
  port: number,
  bytes: Buffer,
  { answers: most = 1, bodiless = false, untilBodyHas, withinMs = WITHIN_MS }: Wanted = {},
): Promise<Exchange> {
  return new Promise((resolve) => {
    let received: Buffer = Buffer.alloc(0);
    const answers: RawAnswer[] = [];
    const socket = connect(port, '127.0.0.1');
    const end = (ended: Exchange['ended']) => {
      clearTimeout(timer);
      socket.destroy();
      resolve({ answers, ended });
    };
    const timer = setTimeout(() => end('silent'), withinMs);
    const take = (closed: boolean) => {
      for (let read = readAnswer(received, { bodiless, closed, untilBodyHas }); read !== undefined; ) {
        received = received.subarray(read.length);
        if (read.answer.status >= 200) {
          answers.push(read.answer);
        }
        if (answers.length === most) {
          return end('answered');
        }
        read = readAnswer(received, { bodiless, closed, untilBodyHas });
      }
      if (closed) {
        end('closed');
      }
    };
    socket.on('error', () => {});
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      take(false);
    });
    socket.on('close', () => take(true));
    socket.write(bytes);
  });
}

type How = { readonly bodiless: boolean; readonly closed: boolean; readonly untilBodyHas: string | undefined };

function readAnswer(bytes: Buffer, how: How): { answer: RawAnswer; length: number } | undefined {
  const headEnd = bytes.indexOf('\r\n\r\n');
  if (headEnd === -1) {
    return undefined;
  }
  const [statusLine = '', ...lines] = bytes.subarray(0, headEnd).toString('latin1').split('\r\n');
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(statusLine)?.[1]);
  const headers: Record<string, string> = Object.create(null);
  for (const line of lines) {
    const [name = '', ...value] = line.split(':');
    const key = name.toLowerCase();
    headers[key] = [...(key in headers ? [headers[key]] : []), value.join(':').trim()].join(', ');
  }
  const from = headEnd + 4;
  const body =
    how.bodiless || status < 200 || status === 304 ? { text: '', end: from } : bodyOf(bytes, from, headers, how);
  return body && { answer: { status, headers, text: body.text }, length: body.end };
}

function bodyOf(bytes: Buffer, from: number, headers: Readonly<Record<string, string>>, how: How) {
  const rest = () => ({ text: bytes.subarray(from).toString('utf8'), end: bytes.length });
  if (how.untilBodyHas !== undefined) {
    return bytes.includes(how.untilBodyHas, from) ? rest() : undefined;
  }
  if (headers['transfer-encoding'] === 'chunked') {
    return chunksOf(bytes, from);
  }
  if (headers['content-length'] === undefined) {
    return how.closed ? rest() : undefined;
  }
  const end = from + Number(headers['content-length']);
  return bytes.length < end ? undefined : { text: bytes.subarray(from, end).toString('utf8'), end };
}

function chunksOf(bytes: Buffer, from: number): { text: string; end: number } | undefined {
  const parts: Buffer[] = [];
  for (let at = from; ; ) {
    const lineEnd = bytes.indexOf('\r\n', at);
    const size = lineEnd === -1 ? Number.NaN : Number.parseInt(bytes.subarray(at, lineEnd).toString('latin1'), 16);
    const next = lineEnd + 2 + size + 2;
    if (Number.isNaN(size) || bytes.length < next) {
      return undefined;
    }
    if (size === 0) {
      return { text: Buffer.concat(parts).toString('utf8'), end: next };
    }
    parts.push(bytes.subarray(lineEnd + 2, lineEnd + 2 + size));
    at = next;
  }
}
