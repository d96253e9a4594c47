import type { CommandRequest } from '../../../contract/schemas.ts';

/**
 * Asks for a reason and sends a command. It needs this file and index.html, and nothing else of the page: a rollback has to work
 * while charts, stream and everything else are broken.
 */
type Name = CommandRequest['command'];
type Language = 'en' | 'zh';

const ATTEMPTS = 10;
const RETRY_MS = 300;
const ANSWER_WITHIN_MS = 5_000;
const TOKEN_KEY = 'sluice-token';
const ACTOR_KEY = 'sluice-actor';

const TEXTS = {
  en: {
    to: 'To',
    reason: 'Reason',
    actor: 'Your name',
    token: "The controller's token, kept for this tab only",
    close: 'Close',
    sending: 'Sending to the controller …',
    again: 'No answer yet, retrying …',
    refusedToken: 'The token was refused. Enter another one.',
    needsToken: 'A change needs the token.',
    needsActor: 'Who asks? The journal keeps your name.',
    needsReason: 'Why? The journal keeps the reason.',
    lost: "The controller does not answer. Set the flag's defaultVariant to off where flagd reads it: that needs no controller.",
    unknown: 'The controller does not answer: nobody knows whether it was done. The history will show it.',
    names: {
      start: 'Start',
      promote: 'Promote',
      approve: 'Approve',
      pause: 'Pause',
      resume: 'Resume',
      rollback: 'Roll back',
    },
    does: {
      start: 'Begins the rollout at its first stage.',
      promote: 'Leaves the stage now. Every guard has to be healthy.',
      approve: 'Lets the rollout enter the stage that waits for approval.',
      pause: 'Stops promotion. Guards go on and still roll back.',
      resume: 'Goes on after a pause, or from the stage a rollback went to.',
      rollback: 'Lowers the percent at once. It needs neither healthy guards nor a reason.',
    },
  },
  zh: {
    to: '目标比例',
    reason: '原因',
    actor: '您的姓名',
    token: '控制器令牌，仅在此标签页中保留',
    close: '关闭',
    sending: '正在请求控制器……',
    again: '还没有应答，正在重试……',
    refusedToken: '令牌被拒绝，请重新输入。',
    needsToken: '更改需要令牌。',
    needsActor: '请填写姓名，日志会记录。',
    needsReason: '请填写原因，日志会记录。',
    lost: '控制器没有应答。请在 flagd 读取的位置把开关的 defaultVariant 改为 off：这不需要控制器。',
    unknown: '控制器没有应答：不知道是否已执行，请查看历史记录。',
    names: { start: '开始', promote: '晋级', approve: '批准', pause: '暂停', resume: '继续', rollback: '回滚' },
    does: {
      start: '从第一阶段开始灰度发布。',
      promote: '立即离开当前阶段。所有守护规则必须正常。',
      approve: '允许进入等待批准的阶段。',
      pause: '停止晋级。守护规则继续工作，仍会回滚。',
      resume: '暂停后继续，或从回滚到的阶段继续。',
      rollback: '立即降低比例。不要求状态正常，也不必填写原因。',
    },
  },
} as const;

const element = <T extends HTMLElement>(id: string): T => document.getElementById(id) as T;
const language = (): Language => (document.documentElement.lang === 'zh' ? 'zh' : 'en');

const dialog = element<HTMLDialogElement>('command');
const confirmButton = element<HTMLButtonElement>('command-confirm');
const outcome = element('command-outcome');
const toSelect = element<HTMLSelectElement>('command-to');
const reasonInput = element<HTMLInputElement>('command-reason');
const actorInput = element<HTMLInputElement>('command-actor');
const tokenInput = element<HTMLInputElement>('command-token');
let asked: Name = 'rollback';

/** Opens the dialog. @param stages percents below the one that is served, for a rollback. */
export function ask(name: Name, stages: readonly number[] = []): void {
  const texts = TEXTS[language()];
  asked = name;
  for (const labelled of dialog.querySelectorAll<HTMLElement>('[data-text]')) {
    labelled.textContent = texts[labelled.dataset.text as 'to'];
  }
  element('command-title').textContent = texts.names[name];
  element('command-does').textContent = texts.does[name];
  confirmButton.textContent = texts.names[name];
  confirmButton.className = name === 'rollback' ? 'danger' : 'primary';
  confirmButton.disabled = false;
  outcome.textContent = '';
  outcome.className = '';
  element('command-to-label').hidden = name !== 'rollback';
  toSelect.replaceChildren(...[0, ...stages].map((percent) => new Option(`${percent} %`, String(percent))));
  reasonInput.value = '';
  actorInput.value = read(ACTOR_KEY) ?? '';
  showTokenField(read(TOKEN_KEY) === null);
  dialog.showModal();
  (name === 'rollback' && read(TOKEN_KEY) !== null ? confirmButton : firstEmpty()).focus();
}

const firstEmpty = () =>
  [reasonInput, actorInput, tokenInput].find(
    (input) => input.value === '' && input.closest('label')?.hidden === false,
  ) ?? confirmButton;

function showTokenField(isShown: boolean): void {
  element('command-token-label').hidden = !isShown;
  tokenInput.value = '';
}

async function submit(): Promise<void> {
  const texts = TEXTS[language()];
  const token = read(TOKEN_KEY) ?? tokenInput.value.trim();
  const isRollback = asked === 'rollback';
  const [reason, actor] = [reasonInput.value.trim(), actorInput.value.trim()];
  if (token === '') {
    return show(texts.needsToken, 'bad', tokenInput);
  }
  if (actor === '' && !isRollback) {
    return show(texts.needsActor, 'bad', actorInput);
  }
  if (reason === '' && !isRollback) {
    return show(texts.needsReason, 'bad', reasonInput);
  }
  if (actor !== '') {
    write(ACTOR_KEY, actor);
  }
  confirmButton.disabled = true;
  show(texts.sending, '');
  const to = Number(toSelect.value);
  const request: CommandRequest = { command: asked, actor: actor || 'console', reason, ...(isRollback && { to }) };
  const answer = await send(request, token);
  confirmButton.disabled = false;
  switch (answer.kind) {
    case 'done':
      write(TOKEN_KEY, token);
      confirmButton.disabled = true;
      element('command-close').focus();
      return show(answer.text, 'good');
    case 'unauthorized':
      remove(TOKEN_KEY);
      showTokenField(true);
      return show(texts.refusedToken, 'bad', tokenInput);
    case 'refused':
      write(TOKEN_KEY, token);
      return show(answer.text, 'bad');
    case 'lost':
      return show(isRollback ? texts.lost : texts.unknown, 'bad');
  }
}

type Answer =
  | { readonly kind: 'done' | 'refused'; readonly text: string }
  | { readonly kind: 'unauthorized' }
  | { readonly kind: 'lost' };

/** Asks again where a controller stands by. Only a rollback is also asked again after no answer: done twice, it is done. */
async function send(request: CommandRequest, token: string): Promise<Answer> {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    if (attempt > 1) {
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      show(TEXTS[language()].again, '');
    }
    try {
      const response = await fetch('api/commands', {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${token}` },
        body: JSON.stringify(request),
        signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
      });
      const body = await response.json().catch(() => ({}));
      if (response.ok) {
        return { kind: 'done', text: String(body.done) };
      }
      if (response.status === 401) {
        return { kind: 'unauthorized' };
      }
      if (response.status !== 503 && response.status < 500) {
        return { kind: 'refused', text: String(body.detail ?? response.statusText) };
      }
    } catch {
      if (request.command !== 'rollback') {
        return { kind: 'lost' };
      }
    }
  }
  return { kind: 'lost' };
}

function show(text: string, kind: '' | 'good' | 'bad', focus?: HTMLElement): void {
  outcome.textContent = text;
  outcome.className = kind;
  focus?.focus();
}

/** The tab's own store; a browser may refuse it, and then the token is asked each time. */
function read(key: string): string | null {
  try {
    return sessionStorage.getItem(key);
  } catch {
    return null;
  }
}
function write(key: string, value: string): void {
  try {
    sessionStorage.setItem(key, value);
  } catch {}
}
function remove(key: string): void {
  try {
    sessionStorage.removeItem(key);
  } catch {}
}

/** What can be rolled back to beside 0 %; kept by the page as far as it works. */
let lower: readonly number[] = [];
export function setLowerStages(percents: readonly number[]): void {
  lower = percents;
}

element('rollback').addEventListener('click', () => ask('rollback', lower));
element('command-close').addEventListener('click', () => dialog.close());
dialog.querySelector('form')?.addEventListener('submit', (event) => {
  event.preventDefault();
  void submit();
});
