import type { MeasurementsAnswer } from '../../../contract/measurements.ts';
import type { EventAnswer, HistoryAnswer, StatusAnswer } from '../../../contract/schemas.ts';
import type { MeasurementAnswer } from '../../../rollout/evidence-schema.ts';

/** The controller says something every second: silent for longer, it is taken for lost. */
const LOST_AFTER_MS = 3_500;
const CHECK_EVERY_MS = 500;
/** A controller that has just begun may not have read its journal yet. */
const LOAD_AGAIN_MS = 2_000;
const RETRY_MS = 1_000;
const ANSWER_WITHIN_MS = 10_000;
const MOST_POINTS = 20_000;
/** Pages that load together ask the same, which the controller works out once. */
const SINCE_EACH_MS = 10_000;

/** All that the page knows. What it does not know is undefined. */
export type Known = {
  status: StatusAnswer | undefined;
  /** When the controller last said anything, by this browser's clock. */
  heardAtMs: number | undefined;
  isLost: boolean;
  points: MeasurementAnswer[];
  /** The newest first. */
  events: EventAnswer[];
  historyIsAway: boolean;
  /** Whether all is there that was measured in the time shown. */
  isComplete: boolean;
  historyLimit: number;
  rangeMinutes: number;
};

/** Follows the controller's stream for as long as the page is open, and comes back after every loss. */
export function follow(onChange: (known: Known, what: 'status' | 'measurements' | 'history') => void) {
  const known: Known = {
    status: undefined,
    heardAtMs: undefined,
    isLost: false,
    points: [],
    events: [],
    historyIsAway: false,
    isComplete: false,
    historyLimit: 200,
    rangeMinutes: 15,
  };

  function connect(): void {
    const source = new EventSource('api/stream');
    let isOver = false;
    // A browser gives up on a stream that was refused: a new one is begun instead.
    const again = () => {
      if (!isOver) {
        isOver = true;
        source.close();
        setTimeout(connect, RETRY_MS);
      }
    };
    source.addEventListener('open', () => void loadAll());
    source.addEventListener('error', again);
    source.addEventListener('status', ({ data }) => {
      known.status = JSON.parse(data) as StatusAnswer;
      known.heardAtMs = Date.now();
      known.isLost = false;
      onChange(known, 'status');
    });
    source.addEventListener('measurement', ({ data }) => {
      known.points = [...known.points.slice(1 - MOST_POINTS), JSON.parse(data) as MeasurementAnswer];
      onChange(known, 'measurements');
    });
    source.addEventListener('event', ({ data }) => {
      const event = JSON.parse(data) as EventAnswer;
      known.events = [event, ...known.events.filter(({ eventId }) => eventId !== event.eventId)];
      onChange(known, 'history');
    });
  }

  async function loadMeasurements(): Promise<void> {
    const sinceMs = Math.floor(Date.now() / SINCE_EACH_MS) * SINCE_EACH_MS - known.rangeMinutes * 60_000;
    const since = new Date(sinceMs).toISOString();
    const { points, complete } = await get<MeasurementsAnswer>(`api/measurements?since=${encodeURIComponent(since)}`);
    known.points = points;
    known.isComplete = complete;
    onChange(known, 'measurements');
  }

  let isHistoryDue = false;
  async function loadHistory(): Promise<void> {
    // Until it is there: a controller with too many readers refuses some.
    isHistoryDue = true;
    const { events, journal } = await get<HistoryAnswer>(`api/history?limit=${known.historyLimit}`);
    known.events = events;
    known.historyIsAway = journal === 'away';
    isHistoryDue = known.historyIsAway;
    onChange(known, 'history');
  }

  const loadAll = () => Promise.allSettled([loadMeasurements(), loadHistory()]);

  setInterval(() => {
    const isLost = known.heardAtMs === undefined || Date.now() - known.heardAtMs > LOST_AFTER_MS;
    if (isLost !== known.isLost) {
      known.isLost = isLost;
      onChange(known, 'status');
    }
  }, CHECK_EVERY_MS);
  setInterval(() => {
    if (!known.isLost && (isHistoryDue || !known.isComplete)) {
      void loadAll();
    }
  }, LOAD_AGAIN_MS);
  connect();

  return {
    known,
    setRange: (minutes: number): void => {
      known.rangeMinutes = minutes;
      void loadMeasurements().catch(() => {});
    },
    showOlder: (): void => {
      known.historyLimit = 1_000;
      void loadHistory().catch(() => {});
    },
  };
}

async function get<T>(path: string): Promise<T> {
  const response = await fetch(path, { signal: AbortSignal.timeout(ANSWER_WITHIN_MS) });
  if (!response.ok) {
    throw new Error(`${path} was answered ${response.status}`);
  }
  return (await response.json()) as T;
}
