import { isDecision } from '../../rollout/event.ts';
import type { Reason } from '../../rollout/state.ts';
import type { EventAnswer, StatusAnswer } from '../schemas.ts';
import { formatCount, formatDuration, formatValue, type Language } from './format.ts';
import { TEXTS } from './texts.ts';

/** What the rollout does now, in a sentence: `25 % for 12 min; 18 min to go; all guards healthy`. */
export function headline(status: StatusAnswer, language: Language): string {
  const { state, timeLeftMs, at } = status;
  const isEnglish = language === 'en';
  const sinceMs = state.since === null ? 0 : Math.max(0, Date.parse(at) - Date.parse(state.since));
  const forTime = isEnglish
    ? `${state.percent} % for ${formatDuration(sinceMs, language)}`
    : `${state.percent} % 已持续 ${formatDuration(sinceMs, language)}`;
  const stop = isEnglish ? '; ' : '；';
  switch (state.phase) {
    case 'idle':
      return isEnglish ? 'Nothing is rolled out: legacy answers every request' : '尚未开始：所有请求由旧实现处理';
    case 'rolled-back':
      return isEnglish
        ? `Rolled back to ${state.percent} % ${formatDuration(sinceMs, language)} ago`
        : `已于 ${formatDuration(sinceMs, language)}前回滚到 ${state.percent} %`;
    case 'awaiting-approval':
      return [forTime, isEnglish ? 'waiting for approval' : '等待批准', guardsPhrase(status, language)].join(stop);
    case 'paused':
      return [forTime, isEnglish ? 'paused' : '已暂停', guardsPhrase(status, language)].join(stop);
    case 'observing':
    case 'complete': {
      const left = timeLeftMs ?? 0;
      const toGo =
        left > 0
          ? TEXTS[language].left(formatDuration(left, language))
          : state.phase === 'complete'
            ? isEnglish
              ? 'the watch has ended'
              : '监控期已结束'
            : isEnglish
              ? 'its time is up'
              : '观察时间已满';
      return [forTime, toGo, guardsPhrase(status, language)].join(stop);
    }
  }
}

function guardsPhrase({ verdicts }: StatusAnswer, language: Language): string {
  const texts = TEXTS[language];
  const unhealthy = verdicts.filter(({ kind }) => kind !== 'healthy');
  if (verdicts.length === 0) {
    return language === 'en' ? 'no guard has a verdict yet' : '还没有任何判定';
  }
  if (unhealthy.length === 0) {
    return language === 'en' ? 'all guards healthy' : '所有守护规则正常';
  }
  const named = unhealthy.slice(0, 3).map(({ guard, kind }) => `${guard} ${texts.verdicts[kind]}`);
  const more =
    unhealthy.length > 3 ? (language === 'en' ? ` and ${unhealthy.length - 3} more` : `等 ${unhealthy.length} 项`) : '';
  return named.join(language === 'en' ? ', ' : '、') + more;
}

/** What comes next, and what it waits for. */
export function whatNext({ state, stages, holding, timeLeftMs }: StatusAnswer, language: Language): string {
  const isEnglish = language === 'en';
  const next = stages.find(({ percent }) => percent > state.percent);
  switch (state.phase) {
    case 'idle':
      return isEnglish
        ? `Next: start, at ${stages[0]?.percent ?? 0} %.`
        : `下一步：从 ${stages[0]?.percent ?? 0} % 开始。`;
    case 'rolled-back':
      if (state.percent > 0) {
        return isEnglish ? 'Next: resume here, or roll back to 0 %.' : '下一步：从这里继续，或回滚到 0 %。';
      }
      return isEnglish ? 'Next: find out why, then start again.' : '下一步：查明原因，然后重新开始。';
    case 'awaiting-approval':
      return isEnglish
        ? `Next: ${next?.percent ?? state.percent} %, once somebody approves.`
        : `下一步：批准后进入 ${next?.percent ?? state.percent} %。`;
    case 'paused':
      return isEnglish
        ? 'Next: resume. Nothing is promoted meanwhile; guards still roll back.'
        : '下一步：继续。暂停期间不会晋级，守护规则仍会回滚。';
    case 'complete':
      return isEnglish
        ? (timeLeftMs ?? 0) > 0
          ? 'Next: the guards go on watching.'
          : 'Next: the old implementation can be removed.'
        : (timeLeftMs ?? 0) > 0
          ? '下一步：守护规则继续监控。'
          : '下一步：可以移除旧实现。';
    case 'observing': {
      const goal =
        next === undefined
          ? isEnglish
            ? 'completion'
            : '完成'
          : `${next.percent} %${next.needsApproval ? (isEnglish ? ', after approval' : '（需要批准）') : ''}`;
      if (holding !== null) {
        return isEnglish ? `Holds: ${holding}. Then: ${goal}.` : `停留原因：${holding}。之后：${goal}。`;
      }
      return isEnglish ? `Next: ${goal}.` : `下一步：${goal}。`;
    }
  }
}

/** An event in the reader's language, as far as it is more than a text. */
export function eventSentence(event: EventAnswer, language: Language): string {
  const { kind, from, to, text } = event;
  if (language === 'en') {
    return text;
  }
  const reason = isDecision(event) ? event.details.why : undefined;
  const why = reason === undefined ? '' : `：${reasonSentence(reason)}`;
  switch (kind) {
    case 'started':
      return `从 ${to} % 开始${why}。`;
    case 'promoted':
      return `从 ${from} % 晋级到 ${to} %${why}。`;
    case 'completed':
      return `在 ${to} % 完成，此后持续监控${why}。`;
    case 'approval-needed':
      return `在 ${to} % 等待批准${why}。`;
    case 'paused':
      return `在 ${to} % 暂停${why}。`;
    case 'resumed':
      return `在 ${to} % 继续${why}。`;
    case 'rolling-back':
      return `正在从 ${from} % 回滚到 ${to} %${why}。`;
    case 'rolled-back':
      return `从 ${from} % 回滚到 ${to} %${why}。`;
    case 'adopted':
      return `接管：从 ${from} % 到 ${to} %${why}。`;
    case 'confirmed':
      return `所有副本的实际比例均为 ${to} %。`;
    case 'unguarded':
      return TEXTS[language].unguarded(event.details.variants ?? []);
    default:
      return text;
  }
}

function reasonSentence(why: Reason): string {
  switch (why.kind) {
    case 'plan':
      return '该阶段在规定时间内保持正常';
    case 'command':
      return why.reason === '' ? `由 ${why.actor} 发起` : `由 ${why.actor} 发起，${why.reason}`;
    case 'alert':
      return `告警 ${why.alert}`;
    case 'plan-changed':
      return why.next === undefined
        ? `计划中已没有 ${why.percent} % 这一阶段`
        : `计划原在 ${why.percent} % 结束，现在继续到 ${why.next} %`;
    case 'found':
      return '发现开关已被修改，日志中没有记录修改者';
    case 'manual edit':
      return '开关被手工修改';
    case 'lease':
      return '租约到期，控制器未续约';
    case 'guard':
      return `规则 ${why.guard}（${why.source}）测得 ${formatValue(why)}，上限 ${why.limitText}，样本 ${formatCount(why.samples)}`;
  }
}
