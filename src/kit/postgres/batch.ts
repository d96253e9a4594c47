import type { PoolClient } from 'pg';
import { serialize } from 'pg-protocol';

/** One prepared statement with its values, in PostgreSQL's text form. */
export type Statement = {
  readonly name: string;
  readonly text: string;
  readonly values: readonly (string | null)[];
};

/** A statement's rows, as text in the order of its columns, and its command tag, such as `INSERT 0 1`. */
export type StatementResult = { readonly rows: readonly (readonly (string | null)[])[]; readonly tag: string };

/**
 * Runs statements one after the other in one round trip: sent together, answered together.
 * @throws the first failure. The statements after it are then not run; a transaction that was begun is left open, failed.
 */
export function runBatch(client: PoolClient, statements: readonly Statement[]): Promise<StatementResult[]> {
  return new Promise((resolve, reject) => {
    // What pg's own Query is to pg: an object that speaks the extended protocol for one turn of the connection.
    client.query(new Batch(statements, resolve, reject) as unknown as Parameters<typeof client.query>[0]);
  });
}

/** The part of pg's connection that is used here; its published types are of another age. */
type Connection = {
  readonly stream: { write(bytes: Buffer): void };
  readonly parsedStatements: Record<string, string>;
};

class Batch {
  readonly #statements: readonly Statement[];
  readonly #resolve: (results: StatementResult[]) => void;
  readonly #reject: (error: Error) => void;
  readonly #results: StatementResult[] = [];
  #rows: (readonly (string | null)[])[] = [];

  constructor(
    statements: readonly Statement[],
    resolve: (results: StatementResult[]) => void,
    reject: (error: Error) => void,
  ) {
    this.#statements = statements;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  submit({ stream, parsedStatements }: Connection): void {
    const messages: Buffer[] = [];
    for (const { name, text, values } of this.#statements) {
      if (parsedStatements[name] === undefined) {
        messages.push(serialize.parse({ name, text }));
      }
      messages.push(serialize.bind({ statement: name, values: values as (string | null)[] }), serialize.execute());
    }
    // One Sync for all: the server stops at the first failure, and answers once.
    messages.push(serialize.sync());
    // One buffer: writing several at once takes the kernel twice the time.
    stream.write(Buffer.concat(messages));
  }

  handleDataRow({ fields }: { fields: readonly (string | null)[] }): void {
    this.#rows.push(fields);
  }

  handleCommandComplete({ text }: { text: string }): void {
    this.#results.push({ rows: this.#rows, tag: text });
    this.#rows = [];
  }

  handleReadyForQuery(connection: Connection): void {
    for (const { name, text } of this.#statements) {
      connection.parsedStatements[name] = text;
    }
    this.#resolve(this.#results);
  }

  handleError(error: Error): void {
    this.#reject(error);
  }
}
