import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import { describe, test } from 'node:test';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { CERTIFICATE, KEY } from '../../../test/support/localhost-certificate.ts';
import { type Bounds, openHttp, requestOnce } from './client.ts';

const BOUNDS: Bounds = { timeoutMs: 5_000, mostBytes: 1_000 };

type Listening = AsyncDisposable & { readonly url: URL; readonly sockets: readonly Socket[] };

async function listen(server: Server | ReturnType<typeof createTcpServer>, scheme = 'http'): Promise<Listening> {
  const sockets: Socket[] = [];
  server.on('connection', (socket: Socket) => sockets.push(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: new URL(`${scheme}://localhost:${(server.address() as AddressInfo).port}/a?b=c`),
    sockets,
    [Symbol.asyncDispose]: async () => {
      server.close();
      for (const socket of sockets) {
        socket.destroy();
      }
      await once(server, 'close');
    },
  };
}
const answering = (listener: RequestListener) => listen(createServer(listener));

test('an answer comes with its status, headers and body, and what was asked arrived', async () => {
  let received: unknown;
  await using server = await answering(async (request, response) => {
    const body = (await request.toArray()).join('');
    const { 'content-type': type, 'x-a': header, authorization } = request.headers;
    received = { method: request.method, path: request.url, type, header, authorization, body };
    response.writeHead(404, { 'X-B': 'two' }).end('möglich');
  });
  await using http = openHttp(BOUNDS);
  const got = await http.request(server.url, { method: 'PUT', headers: { 'x-a': 'one' }, json: '{"ö":1}' });
  assert.ok(got.kind === 'got');
  assert.deepEqual([got.status, got.headers['x-b'], got.body], [404, 'two', 'möglich']);
  const sent = { method: 'PUT', path: '/a?b=c', type: 'application/json', header: 'one', body: '{"ö":1}' };
  assert.deepEqual(received, { ...sent, authorization: undefined });
});

test('the user and password of a URL are sent', async () => {
  await using server = await answering((request, response) => response.end(request.headers.authorization));
  const url = new URL(server.url);
  Object.assign(url, { username: 'ana', password: 'p@ß' });
  const got = await requestOnce(url, BOUNDS);
  assert.equal(got.kind === 'got' && got.body, `Basic ${Buffer.from('ana:p@ß').toString('base64')}`);
});

test('a redirect is an answer, and is not followed', async () => {
  let asked = 0;
  await using server = await answering((_, response) => {
    asked += 1;
    response.writeHead(302, { location: '/elsewhere' }).end();
  });
  const got = await requestOnce(server.url, BOUNDS);
  assert.deepEqual([got.kind === 'got' && got.status, asked], [302, 1]);
});

describe('what fails is returned, not thrown', () => {
  test('no answer within the bound', async () => {
    await using server = await answering(() => {});
    await using http = openHttp(BOUNDS);
    const got = await http.request(server.url, { timeoutMs: 30 });
    assert.deepEqual(got, {
      kind: 'failed',
      why: 'timeout',
      detail: 'no answer within 30 ms',
      progress: 'sent',
    });
  });

  test('an answer that drips past the bound', async () => {
    await using server = await answering((_, response) => {
      const timer = setInterval(() => response.write('.'), 5);
      response.on('close', () => clearInterval(timer));
    });
    const got = await requestOnce(server.url, { ...BOUNDS, timeoutMs: 50 });
    assert.deepEqual(
      [got.kind === 'failed' && got.why, got.kind === 'failed' && got.progress],
      ['timeout', 'answered'],
    );
  });

  test('an answer that is larger than the bound, and its connection is closed', async () => {
    await using server = await answering((_, response) => {
      response.on('error', () => {});
      response.write('x'.repeat(BOUNDS.mostBytes + 1));
    });
    await using http = openHttp(BOUNDS);
    const got = await http.request(server.url);
    assert.ok(got.kind === 'failed');
    assert.deepEqual([got.why, got.detail], ['malformed', 'the answer has more than 1000 bytes']);
    const [socket] = server.sockets;
    await (socket?.closed || once(socket as Socket, 'close'));
    const asLarge = await answering((_, response) => response.end('x'.repeat(BOUNDS.mostBytes)));
    assert.equal((await http.request(asLarge.url)).kind, 'got');
    await asLarge[Symbol.asyncDispose]();
  });

  test('a request whose signal is aborted, before or meanwhile', async () => {
    let asked = 0;
    const stop = new AbortController();
    await using server = await answering(() => {
      asked += 1;
      stop.abort();
    });
    await using http = openHttp(BOUNDS);
    for (const progress of ['sent', 'not sent']) {
      const got = await http.request(server.url, { signal: stop.signal });
      assert.deepEqual(got, { kind: 'failed', why: 'timeout', detail: 'the request was ended', progress });
    }
    assert.equal(asked, 1);
  });

  test('nobody listens, there is no such name, and the answer is not HTTP', async () => {
    const gone = await answering(() => {});
    await gone[Symbol.asyncDispose]();
    await using other = await listen(createTcpServer((socket) => socket.once('data', () => socket.end('SSH-2.0\r\n'))));
    for (const [url, why, detail, progress] of [
      [gone.url, 'unreachable', /^ECONNREFUSED$/, 'not sent'],
      [new URL('http://nowhere.invalid/'), 'unreachable', /^(ENOTFOUND|EAI_AGAIN)$/, 'not sent'],
      [other.url, 'malformed', /not HTTP/, 'sent'],
    ] as const) {
      const got = await requestOnce(url, BOUNDS);
      assert.ok(got.kind === 'failed');
      assert.deepEqual([got.why, got.progress], [why, progress]);
      assert.match(got.detail, detail);
    }
  });

  test('a header that cannot be sent, without its value', async () => {
    const headers = { authorization: 'Bearer secret\nx: y' };
    const got = await requestOnce(new URL('http://127.0.0.1:9/'), { ...BOUNDS, headers });
    assert.ok(got.kind === 'failed' && got.progress === 'not sent');
    assert.match(got.detail, /authorization/);
    assert.ok(!got.detail.includes('secret'));
  });
});

describe('connections', () => {
  /** Closes a connection instead of answering, as often as it was asked to. */
  const closingServer = async () => {
    let toClose = 0;
    const asked: string[] = [];
    const server = await answering((request, response) => {
      asked.push(request.method ?? '');
      if (toClose > 0) {
        toClose -= 1;
        request.socket.destroy();
      } else {
        response.end('ok');
      }
    });
    return Object.assign(server, {
      asked,
      close: (times: number) => {
        toClose = times;
      },
    });
  };

  test('are kept, and one that is closed as it is used again costs a GET nothing', async () => {
    await using server = await closingServer();
    await using http = openHttp(BOUNDS);
    await http.request(server.url);
    server.close(1);
    assert.equal((await http.request(server.url)).kind, 'got');
    assert.equal(server.asked.length, 3);
  });

  test('that close twice are a failure, and a change is never sent a second time', async () => {
    await using server = await closingServer();
    await using http = openHttp(BOUNDS);
    server.close(3);
    for (const method of ['GET', 'POST'] as const) {
      const got = await http.request(server.url, { method });
      assert.deepEqual(got, { kind: 'failed', why: 'unreachable', detail: 'ECONNRESET', progress: 'sent' });
    }
    assert.deepEqual(server.asked, ['GET', 'GET', 'POST']);
  });

  test('of single requests are one for each, and closed after it', async () => {
    let header: string | undefined;
    await using server = await answering((request, response) => {
      header = request.headers.connection;
      response.end();
    });
    await requestOnce(server.url, BOUNDS);
    await requestOnce(server.url, BOUNDS);
    assert.deepEqual([server.sockets.length, header], [2, 'close']);
    await Promise.all(server.sockets.map((socket) => socket.closed || once(socket, 'close')));
  });

  test('and requests end when the client is closed, also while they are being made', async () => {
    await using silent = await listen(createTcpServer());
    await using server = await answering(() => http.close());
    const http = openHttp(BOUNDS);
    const https = openHttp({ ...BOUNDS, timeoutMs: 60_000 });
    const url = new URL(silent.url);
    url.protocol = 'https:';
    const connecting = https.request(url, { timeoutMs: 100 });
    assert.equal((await http.request(server.url)).kind, 'failed');
    assert.equal((await http.request(server.url)).kind, 'failed', 'it stays closed');
    const got = await connecting;
    assert.deepEqual(
      [got.kind === 'failed' && got.why, got.kind === 'failed' && got.progress],
      ['timeout', 'not sent'],
    );
    const [socket] = silent.sockets as [Socket];
    socket.resume();
    assert.ok(!socket.closed);
    await https.close();
    await (socket.closed || once(socket, 'close'));
  });
});

test('https is spoken where the certificate is trusted, and where it is not nothing is sent', async () => {
  let asked = 0;
  const secure = createTlsServer({ key: KEY, cert: CERTIFICATE }, (_, response) => {
    asked += 1;
    response.end('secret');
  });
  await using server = await listen(secure, 'https');
  const refused = await requestOnce(server.url, BOUNDS);
  assert.ok(refused.kind === 'failed' && refused.why === 'unreachable' && refused.progress === 'not sent');
  assert.match(refused.detail, /CERT/);
  assert.equal(asked, 0);
  const trusted = getCACertificates('default');
  // As NODE_EXTRA_CA_CERTS does.
  setDefaultCACertificates([...trusted, CERTIFICATE]);
  try {
    await using http = openHttp(BOUNDS);
    for (let count = 1; count <= 2; count += 1) {
      const got = await http.request(server.url);
      assert.deepEqual([got.kind === 'got' && got.body, asked], ['secret', count]);
    }
  } finally {
    setDefaultCACertificates(trusted);
  }
});
