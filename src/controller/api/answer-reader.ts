import type { Context } from 'koa';
import { answerUnavailable } from '../../kit/http/middleware.ts';
import type { ReadersAnswer } from '../readers/readers.ts';

/** Answers with what was worked out for a reader, as this media type, or that it could not be: ask again. */
export function answerReader(ctx: Context, type: string, answer: ReadersAnswer): void {
  switch (answer.kind) {
    case 'answered': {
      const { buffer, byteOffset, byteLength } = answer.body;
      ctx.type = type;
      ctx.body = Buffer.from(buffer, byteOffset, byteLength);
      return;
    }
    case 'busy':
      answerUnavailable(ctx, `Too many readers at once: ${answer.why}.`);
      return;
    case 'failed':
      answerUnavailable(ctx, `The answer could not be computed: ${answer.why}.`);
  }
}
