import { render } from 'lit-html';
import type { Language } from '../../../contract/wording/format.ts';
import { TEXTS } from '../../../contract/wording/texts.ts';
import { createCharts } from './charts.ts';
import { setLowerStages } from './command-dialog.ts';
import { follow, type Known } from './live.ts';
import type { Filter } from './props.ts';
import { page } from './view.ts';

const LANGUAGE_KEY = 'sluice-language';

const app = document.getElementById('app') as HTMLElement;
const languageSelect = document.getElementById('language') as HTMLSelectElement;
const charts = createCharts();
let language = firstLanguage();
let filter: Filter = { kind: 'all', text: '' };
let goalHash = location.hash;

const live = follow((known, what) => {
  setLowerStages(
    (known.status?.stages ?? [])
      .map(({ percent }) => percent)
      .filter((percent) => percent < (known.status?.wanted ?? 0)),
  );
  show();
  if (what !== 'status' || known.points.length > 0) {
    drawCharts(known);
  }
  if (what === 'history') {
    goToHash();
  }
});

function show(): void {
  const { known } = live;
  document.title =
    known.status === undefined ? 'Sluice' : `${known.status.wanted} % · ${known.status.rollout} · Sluice`;
  (document.getElementById('rollout') as HTMLElement).textContent = known.status?.rollout ?? '';
  render(
    page({
      known,
      language,
      filter,
      setFilter: (next) => {
        filter = next;
        show();
      },
      setRange: live.setRange,
      showOlder: live.showOlder,
    }),
    app,
  );
}

function drawCharts({ points, events, status, rangeMinutes }: Known): void {
  charts.draw({ points, events, status, rangeMinutes });
}

/** Once the event that the address names is there. */
function goToHash(): void {
  const target = goalHash.length > 1 ? document.getElementById(decodeURIComponent(goalHash.slice(1))) : null;
  if (target !== null) {
    goalHash = '';
    target.classList.add('found');
    target.querySelector('details')?.setAttribute('open', '');
    target.scrollIntoView({ block: 'center' });
  }
}

function firstLanguage(): Language {
  const kept = stored();
  const wanted = kept ?? navigator.languages.find((each) => /^(zh|en)\b/i.test(each)) ?? 'en';
  return wanted.toLowerCase().startsWith('zh') ? 'zh' : 'en';
}

function stored(): string | null {
  try {
    return localStorage.getItem(LANGUAGE_KEY);
  } catch {
    return null;
  }
}

function setLanguage(next: Language): void {
  language = next;
  document.documentElement.lang = next;
  languageSelect.value = next;
  languageSelect.setAttribute('aria-label', TEXTS[next].language);
  const report = document.getElementById('report') as HTMLAnchorElement;
  report.textContent = TEXTS[next].report;
  report.href = `api/report?format=html&lang=${next}`;
  (document.getElementById('rollback') as HTMLElement).textContent = TEXTS[next].commands.rollback;
}

languageSelect.addEventListener('change', () => {
  setLanguage(languageSelect.value as Language);
  try {
    localStorage.setItem(LANGUAGE_KEY, language);
  } catch {}
  show();
  drawCharts(live.known);
});
addEventListener('hashchange', () => {
  goalHash = location.hash;
  goToHash();
});
setLanguage(language);
show();
