import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';
import type { CommandAnswer, HistoryAnswer, StatusAnswer } from '../../src/contract/schemas.ts';
import { until } from '../../src/dev/until.ts';
import { startCli } from '../support/cli.ts';
import { serve } from '../support/http-server.ts';
import { eventFixture, served, statusFixture } from '../support/status-fixture.ts';

const TOKEN = 'a-token-that-nobody-may-ever-see';

/** A stand-in of the controller's API, which answers as a test wants. The real controller has its tests in test/e2e. */
async function startApiStandIn(port = 0) {
  const asked: { method: string; path: string; authorization: string | undefined; body: string; port: number }[] = [];
  let answers: { status: number; body: unknown }[] = [];
  const server = await serve(
    async (request, response) => {
      let body = '';
      for await (const chunk of request) {
        body += chunk;
      }
      const { method = '', url: path = '', headers, socket } = request;
      asked.push({ method, path, authorization: headers.authorization, body, port: socket.remotePort ?? 0 });
      const answer = (answers.length > 1 ? answers.shift() : answers[0]) ?? { status: 200, body: statusFixture() };
      if (answer.body !== undefined) {
        response.writeHead(answer.status, { 'content-type': 'application/json' });
        response.end(typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body));
      }
    },
    '127.0.0.1',
    port,
  );
  return {
    asked,
    port: server.port,
    url: server.url,
    /** The last one is repeated. No body at all: the request is never answered. */
    answer: (...given: { status: number; body: unknown }[]) => {
      asked.length = 0;
      answers = given;
    },
    stop: () => server[Symbol.asyncDispose](),
  };
}

const ok = (body: unknown) => ({ status: 200, body });
const problem = (status: number, kind: string, detail: string) => ({
  status,
  body: { type: `urn:sluice:problem:${kind}`, title: 'A title', status, detail },
});
const done = (text = 'Started at 5 %.'): CommandAnswer => ({ done: text, status: statusFixture() });

let api: Awaited<ReturnType<typeof startApiStandIn>>;
let folder: string;
const running = new Set<ChildProcess>();

before(async () => {
  api = await startApiStandIn();
  folder = mkdtempSync(join(tmpdir(), 'sluice-cli-'));
});
afterEach(() => {
  for (const child of running) {
    child.kill('SIGKILL');
  }
});
after(async () => {
  await api.stop();
  rmSync(folder, { recursive: true });
});

/** Runs it in an empty folder, so that no token of this machine is found. */
function start(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const started = startCli(args, { USER: 'alice', SLUICE_URL: api.url, SLUICE_TOKEN: TOKEN, ...env }, folder);
  const { child, seen } = started;
  running.add(child);
  const ended = started.ended.then((result) => {
    running.delete(child);
    assert.ok(!`${result.out}${result.err}`.includes(TOKEN), 'the token is never printed');
    return result;
  });
  return { child, seen, ended };
}
const sluice = (args: readonly string[], env?: NodeJS.ProcessEnv) => start(args, env).ended;

describe('status', () => {
  test('is shown without colours where stdout is no terminal, and needs no token', async () => {
    api.answer(ok(statusFixture()));
    const { code, out, err } = await sluice(['status'], { SLUICE_TOKEN: '' });
    assert.deepEqual([code, err], [0, '']);
    assert.match(out, /▶ {2}25 % .*18 min left/);
    assert.ok(!out.includes('\u001b'));
    assert.deepEqual([api.asked[0]?.path, api.asked[0]?.authorization], ['/api/status', undefined]);
  });

  test('--json is the answer and nothing else, wherever the option stands', async () => {
    api.answer(ok(statusFixture()));
    for (const args of [
      ['status', '--json'],
      ['--json', 'status'],
    ]) {
      const { code, out, err } = await sluice(args);
      assert.deepEqual([code, err], [0, '']);
      assert.deepEqual(JSON.parse(out), statusFixture());
    }
  });

  test('--url wins over SLUICE_URL', async () => {
    api.answer(ok(statusFixture()));
    assert.equal((await sluice(['status', '--url', api.url], { SLUICE_URL: 'http://127.0.0.1:9' })).code, 0);
  });
});

describe('a change', () => {
  test('is asked for with its reason, actor and token, and what was done is reported', async () => {
    api.answer(ok(done()));
    const { code, out } = await sluice(['start', '--reason', 'change 4711']);
    assert.equal(code, 0);
    assert.match(out, /^✔ Started at 5 %\.\n {2}Now observing 25 %: 25 % is served by every replica \(2\)\.\n$/);
    const [request] = api.asked;
    const { actor, ...rest } = JSON.parse(request?.body ?? '') as { actor: string };
    assert.deepEqual(rest, { command: 'start', reason: 'change 4711' });
    assert.match(actor, /^alice@./);
    assert.deepEqual(
      [request?.method, request?.path, request?.authorization],
      ['POST', '/api/commands', `Bearer ${TOKEN}`],
    );
  });

  test('is one of six, each with an actor, and a rollback says where to', async () => {
    for (const name of ['promote', 'approve', 'pause', 'resume', 'rollback']) {
      api.answer(ok(done()));
      assert.equal((await sluice([name, '--actor', 'bob'])).code, 0);
      assert.deepEqual(JSON.parse(api.asked[0]?.body ?? ''), { command: name, actor: 'bob', reason: '' });
    }
    api.answer(ok(done()));
    await sluice(['rollback', '--to', '10']);
    assert.equal((JSON.parse(api.asked[0]?.body ?? '') as { to: number }).to, 10);
  });

  test('waits for the replicas to serve it, and a controller that goes away meanwhile spoils nothing', async () => {
    const late = (percent: number) => statusFixture({ served: [served('a', { percent })] });
    api.answer(ok({ done: 'Done.', status: late(10) }), ok(late(10)), ok(late(25)));
    const waited = await sluice(['promote']);
    assert.deepEqual([waited.code, api.asked.length], [0, 3]);
    assert.match(waited.out, /25 % is served by every replica \(1\)\.\n$/);
    api.answer(ok({ done: 'Done.', status: late(10) }), { status: 500, body: '' });
    const lost = await sluice(['promote']);
    assert.deepEqual([lost.code, lost.err], [0, '']);
    assert.match(lost.out, /^✔ Done\.\n.*25 % is not served yet by a\. Check again with: sluice status\n$/);
  });

  test('--json is the whole answer', async () => {
    api.answer(ok(done('Paused at 25 %.')));
    const { code, out, err } = await sluice(['pause', '--json']);
    assert.deepEqual([code, err, JSON.parse(out)], [0, '', done('Paused at 25 %.')]);
  });

  test('finds the controller that leads by asking again on new connections', async () => {
    const standsBy = problem(503, 'not-leader', 'Try again: another one leads.');
    api.answer(standsBy, standsBy, ok(done()));
    const { code, err } = await sluice(['rollback']);
    assert.deepEqual([code, err], [0, '']);
    assert.equal(new Set(api.asked.map(({ port }) => port)).size, 3);
  });

  test('ends with 3 when no controller leads, after ten attempts', async () => {
    api.answer(problem(503, 'not-leader', 'Try again: another one leads.'));
    const { code, out, err } = await sluice(['promote']);
    assert.deepEqual([code, out, api.asked.length], [3, '', 10]);
    assert.match(err, /^error: No leading controller was reached: Try again: another one leads\. Nothing was changed/);
  });

  test('takes the token from a file too, the one npm start writes included', async () => {
    mkdirSync(join(folder, '.sluice'));
    for (const [file, env] of [
      [join(folder, 'token'), { SLUICE_TOKEN: '', SLUICE_TOKEN_FILE: 'token' }],
      [join(folder, '.sluice', 'token'), { SLUICE_TOKEN: '' }],
    ] as const) {
      api.answer(ok(done()));
      writeFileSync(file, `${TOKEN}\n`);
      assert.equal((await sluice(['pause'], env)).code, 0);
      assert.equal(api.asked[0]?.authorization, `Bearer ${TOKEN}`);
    }
    rmSync(join(folder, '.sluice'), { recursive: true });
    const missing = await sluice(['pause'], { SLUICE_TOKEN: '', SLUICE_TOKEN_FILE: join(folder, 'none') });
    assert.equal(missing.code, 5);
    assert.match(missing.err, /SLUICE_TOKEN_FILE names .*none, which cannot be read \(ENOENT\)/);
  });
});

describe('what goes wrong', () => {
  test('a refusal ends with 4 and says why, with nothing on stdout', async () => {
    api.answer(problem(409, 'refused', 'nothing waits for approval; the rollout is idle.'));
    for (const args of [['approve'], ['approve', '--json']]) {
      const { code, out, err } = await sluice(args);
      assert.deepEqual([code, out], [4, '']);
      assert.equal(err, 'error: Refused: nothing waits for approval; the rollout is idle.\n');
    }
  });

  test('a missing or a wrong token ends with 5 and names SLUICE_TOKEN, though the answer repeats the token', async () => {
    api.answer(problem(401, 'unauthorized', `the token ${TOKEN} is another one.`));
    const wrong = await sluice(['rollback']);
    assert.deepEqual([wrong.code, wrong.out], [5, '']);
    assert.match(wrong.err, /did not accept the token: the token ••• is another one\. Set SLUICE_TOKEN/);
    api.answer(ok(done()));
    const none = await sluice(['rollback'], { SLUICE_TOKEN: '' });
    assert.deepEqual([none.code, api.asked.length], [5, 0]);
    assert.match(none.err, /none was sent\. Set SLUICE_TOKEN/);
    const unusable = await sluice(['rollback'], { SLUICE_TOKEN: `${TOKEN}\nx: y` });
    assert.deepEqual([unusable.code, api.asked.length], [5, 0]);
  });

  test('a controller that is not there ends with 3, and the address and SLUICE_URL are named', async () => {
    const gone = await startApiStandIn();
    await gone.stop();
    const { code, out, err } = await sluice(['status'], { SLUICE_URL: gone.url });
    assert.deepEqual([code, out], [3, '']);
    assert.ok(err.includes(`${gone.url} was not reached: the connection was refused.`), err);
    assert.match(err, /SLUICE_URL/);
    const rollback = await sluice(['rollback'], { SLUICE_URL: gone.url });
    assert.match(rollback.err, /Without a controller: set the flag's defaultVariant to "off"/);
  });

  test('a controller that does not answer ends with 3 after 5 seconds, and a change says it may be made', async () => {
    api.answer({ status: 200, body: undefined });
    const startedMs = Date.now();
    const [status, pause] = await Promise.all([sluice(['status']), sluice(['pause'])]);
    const tookMs = Date.now() - startedMs;
    assert.ok(tookMs > 4_500 && tookMs < 9_000, `${tookMs} ms`);
    assert.deepEqual([status.code, pause.code], [3, 3]);
    assert.match(status.err, /no answer within 5 s/);
    assert.doesNotMatch(status.err, /may have been made/);
    assert.match(pause.err, /may have been made anyway: check sluice status/);
  });

  test('a server that is no controller ends with 1', async () => {
    for (const body of ['<html>hello</html>', '{"ok":true}', 'null', '']) {
      api.answer(ok(body));
      const { code, out, err } = await sluice(['status']);
      assert.deepEqual([code, out], [1, '']);
      assert.match(err, /is not a Sluice controller/);
    }
  });

  test('a wrong command line ends with 2, says what is allowed and suggests what was meant', async () => {
    api.answer(ok(done()));
    const wrong: [string[], RegExp][] = [
      [['stauts'], /Did you mean status\?/],
      [['rollback', '--to', '101'], /whole number from 0 to 100/],
      [['rollback', '10'], /too many arguments/],
      [['start', '--to', '5'], /unknown option '--to'/],
      [['history', '--limit', '0'], /whole number from 1 to 1000/],
      [['pause', '--reason', 'x'.repeat(501)], /up to 500 characters; got 501/],
      [['status', '--interval', 'soon'], /a duration from 100ms to 1h/],
      [['status', '--url', 'nowhere'], /--url is "nowhere"/],
      [[], /Usage: sluice/],
    ];
    const ends = await Promise.all(wrong.map(([args]) => sluice(args)));
    ends.forEach(({ code, out, err }, at) => {
      assert.deepEqual([code, out], [2, ''], err);
      assert.match(err, wrong[at]?.[1] as RegExp);
    });
    assert.equal(api.asked.length, 0);
  });

  test('help and version end with 0, and help lists the exit codes', async () => {
    const help = await sluice(['--help']);
    assert.equal(help.code, 0);
    assert.match(help.out, /4 {2}refused/);
    assert.match((await sluice(['rollback', '--help'])).out, /asks nothing/);
    assert.match((await sluice(['--version'])).out, /^\d+\.\d+\.\d+\n$/);
  });
});

describe('history', () => {
  const answer: HistoryAnswer = {
    events: [eventFixture({ id: '2', text: 'the later one' }), eventFixture({ id: '1', text: 'the earlier one' })],
    journal: 'away',
  };

  test('has the newest last, and says on stderr that the journal is away', async () => {
    api.answer(ok(answer));
    const { code, out, err } = await sluice(['history', '--limit', '2']);
    assert.equal(code, 0);
    assert.ok(out.indexOf('the earlier one') < out.indexOf('the later one'));
    assert.match(err, /journal is unreachable/);
    assert.equal(api.asked[0]?.path, '/api/history?limit=2');
  });

  test('--json is the answer as it came', async () => {
    api.answer(ok(answer));
    const { out, err } = await sluice(['history', '--json']);
    assert.deepEqual([JSON.parse(out), err], [answer, '']);
  });
});

describe('status --watch', () => {
  test('survives an outage, says it once, prints each change once, and Ctrl-C ends it with 0', async () => {
    const first = await startApiStandIn();
    first.answer(ok(statusFixture()));
    const { child, seen, ended } = start(['status', '--watch', '--json', '--interval', '100ms'], {
      SLUICE_URL: first.url,
    });
    await until('a first frame', () => seen.out.includes('\n'));
    await first.stop();
    await until('the outage is reported', () => seen.err.includes('was not reached'));
    const second = await startApiStandIn(first.port);
    second.answer(ok(statusFixture()), ok(statusFixture({ wanted: 50 })));
    await until('the change is reported', () => seen.out.trim().split('\n').length === 2);
    await until('more looks', () => second.asked.length >= 4);
    child.kill('SIGINT');
    const { code, out, err } = await ended;
    await second.stop();
    assert.equal(code, 0);
    const frames = out.trim().split('\n');
    assert.deepEqual(
      frames.map((line) => (JSON.parse(line) as StatusAnswer).wanted),
      [25, 50],
    );
    assert.equal(err.match(/was not reached/g)?.length, 1);
    assert.match(err, /The controller is back\.\n$/);
  });

  test('ends quietly when nobody reads on', async () => {
    api.answer(ok(statusFixture()), ok(statusFixture({ wanted: 50 })), ok(statusFixture({ wanted: 10 })));
    const { child, seen, ended } = start(['status', '--watch', '--interval', '100ms']);
    await until('a first frame', () => seen.out.includes('Stages'));
    child.stdout.destroy();
    const { code, err } = await ended;
    assert.deepEqual([code, err], [0, '']);
  });
});

describe('lint', () => {
  const good = JSON.stringify({
    flags: { percent: { state: 'ENABLED', variants: { off: 0, p5: 5 }, defaultVariant: 'off' } },
  });

  test('works offline, points at the line, and ends with 6 on errors', async () => {
    writeFileSync(join(folder, 'good.json'), good);
    writeFileSync(join(folder, 'bad.json'), good.replace('"off"}', '"p9"}').replaceAll(',', ',\n'));
    const offline = { SLUICE_URL: 'http://127.0.0.1:9', SLUICE_TOKEN: '' };
    const fine = await sluice(['lint', 'good.json', '--flag', 'percent'], offline);
    assert.deepEqual([fine.code, fine.out, fine.err], [0, '1 file: no problems\n', '']);
    const bad = await sluice(['lint', 'good.json', 'bad.json'], offline);
    assert.equal(bad.code, 6);
    assert.match(bad.out, /^bad\.json:4:\d+: error: .*"p9", which is no variant.*\n2 files: 1 error\n$/);
    const json = await sluice(['lint', 'bad.json', '--json'], offline);
    const { errors, findings } = JSON.parse(json.out) as { errors: number; findings: { line: number }[] };
    assert.deepEqual([json.code, errors, findings[0]?.line], [6, 1, 4]);
  });

  test('a file that cannot be read ends with 2', async () => {
    const { code, out, err } = await sluice(['lint', 'none.json']);
    assert.deepEqual([code, out], [2, '']);
    assert.match(err, /none\.json cannot be read: there is no such file/);
  });
});
