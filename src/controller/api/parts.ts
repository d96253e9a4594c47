import type { StatusAnswer } from '../../contract/schemas.ts';
import { requireToken } from '../../kit/http/bearer.ts';
import { limitInFlight, RETRY_AFTER } from '../../kit/http/middleware.ts';
import { type Access, problemAnswer } from '../../kit/http/route.ts';
import type { Clock } from '../../kit/time.ts';
import type { Engine } from '../engine/engine.ts';
import type { Measuring } from '../engine/measuring.ts';
import type { Readers } from '../readers/readers.ts';

/** What the routes are made of; each takes what it needs. */
export type ApiParts = {
  readonly rollout: string;
  readonly loop: Pick<Engine, 'command' | 'alerted' | 'listen' | 'verified' | 'checked'>;
  readonly measuring: Pick<Measuring, 'listen'>;
  /** As it is at this moment. */
  readonly status: () => StatusAnswer;
  /** For readers: a moment old at most, and made once for all of them. */
  readonly statusJson: () => string;
  /** Answers whoever asks for reports, history and measurements. */
  readonly readers: Readers;
  readonly clock: Clock;
  readonly may: Permissions;
};

type Permissions = { readonly read: Access; readonly change: Access };

const MOST_IN_FLIGHT = 50;

/** Reading is open inside the cluster; every change needs the token. */
export function createPermissions(token: string, onUnauthorized: () => void): Permissions {
  return {
    read: {
      // Limited with all that is not of the API, see createControllerApi.
      through: [],
      answers: { 503: problemAnswer('Too many requests at once: try again.', RETRY_AFTER) },
    },
    change: {
      // Requests under way are counted apart from reads: a flood of readers must not keep a rollback out.
      through: [
        requireToken({ token, name: "the controller's token", onRefused: onUnauthorized }),
        limitInFlight(MOST_IN_FLIGHT),
      ],
      security: 'token',
      answers: {
        400: problemAnswer('The body is not a valid request; nothing changed.'),
        401: problemAnswer('The token is missing or wrong.', { 'WWW-Authenticate': 'Bearer.' }),
        413: problemAnswer('The body is too large.'),
        503: problemAnswer(
          'Too many requests at once, or this controller is on standby: try again. Any controller carries out a rollback.',
          RETRY_AFTER,
        ),
      },
    },
  };
}
