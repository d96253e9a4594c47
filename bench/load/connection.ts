import { connect, type Socket } from 'node:net';

const HEAD_END = '\r\n\r\n';

/** One keep-alive connection that has one request under way at a time. */
export type Connection = {
  /** @throws where the answer is not a whole 200, or none comes. */
  readonly put: (path: string) => Promise<void>;
  readonly close: () => void;
};

/**
 * A client as cheap as the task allows, on a raw socket: the load must not take the processor from what it measures.
 * It reads what our servers write: a status line and a Content-Length.
 */
export async function openConnection(port: number, answerTimeoutMs: number): Promise<Connection> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  let answered: PromiseWithResolvers<void> | undefined;
  let received = '';
  const fail = (why: string) => answered?.reject(new Error(why));

  socket.setEncoding('latin1');
  socket.setTimeout(answerTimeoutMs, () => fail(`no answer in ${answerTimeoutMs} ms`));
  socket.on('error', (error) => fail(error.message));
  socket.on('close', () => fail('the server closed the connection'));
  socket.on('data', (chunk: string) => {
    received += chunk;
    const length = answerLength(received);
    if (length === undefined || received.length < length) {
      return;
    }
    const answer = received;
    received = '';
    if (answer.startsWith('HTTP/1.1 200 ') && answer.length === length) {
      answered?.resolve();
    } else {
      fail(`not a 200: ${answer.slice(0, 600)}`);
    }
  });
  await connected(socket);

  return {
    put: (path) => {
      answered = Promise.withResolvers();
      socket.write(`PUT ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`);
      return answered.promise;
    },
    close: () => socket.destroy(),
  };
}

/** @returns characters of head and body together; undefined while the head is not whole. */
function answerLength(received: string): number | undefined {
  const headEnd = received.indexOf(HEAD_END);
  if (headEnd === -1) {
    return undefined;
  }
  const bodyLength = /\r\ncontent-length: (\d+)\r\n/i.exec(received.slice(0, headEnd + 2))?.[1] ?? '0';
  return headEnd + HEAD_END.length + Number(bodyLength);
}

function connected(socket: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
}
