/** One refused input of a request, by its JSON name. */
export interface FieldProblem {
  name: string;
  message: string;
}

/** Every failed request becomes one of these: the server's sentence, its stable code, and the id to quote when asking for help. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  /** HTTP status; 0 when no answer came at all. */
  readonly status: number;
  readonly code: string;
  readonly requestId: string | undefined;
  readonly fields: readonly FieldProblem[];
  readonly retryAfterS: number | undefined;

  constructor(p: {
    status: number;
    code: string;
    sentence: string;
    requestId?: string | undefined;
    fields?: readonly FieldProblem[];
    retryAfterS?: number | undefined;
  }) {
    super(p.sentence);
    this.status = p.status;
    this.code = p.code;
    this.requestId = p.requestId;
    this.fields = p.fields ?? [];
    this.retryAfterS = p.retryAfterS;
  }

  /** The message for one input, if the server refused it. */
  field(name: string): string | undefined {
    return this.fields.find((f) => f.name === name)?.message;
  }
}

const text = (v: unknown) => (typeof v === 'string' && v !== '' ? v : undefined);

/** Reads what the generated client throws: a problem document, some other body (a proxy's page), or a network failure. */
export function toApiError(error: unknown, response: Response | undefined): ApiError {
  if (error instanceof ApiError) return error;
  if (!response) {
    return new ApiError({
      status: 0,
      code: 'ui.unreachable',
      sentence: 'Suiftly did not answer. Check your connection and try again.',
    });
  }
  const body = typeof error === 'object' && error !== null ? (error as Record<string, unknown>) : {};
  const retry = Number(response.headers.get('retry-after'));
  return new ApiError({
    status: response.status,
    code: text(body.code) ?? 'ui.unexpected_answer',
    sentence: text(body.detail) ?? text(body.title) ?? `The server answered ${response.status} without saying why.`,
    requestId: text(body.request_id) ?? text(response.headers.get('x-request-id')),
    fields: Array.isArray(body.fields)
      ? body.fields.flatMap((f: unknown) => {
          const { name, message } = (f ?? {}) as Record<string, unknown>;
          return typeof name === 'string' && typeof message === 'string' ? [{ name, message }] : [];
        })
      : [],
    retryAfterS: retry > 0 ? retry : undefined,
  });
}

/** A sentence for any thrown value. */
export const sentence = (e: unknown) => (e instanceof Error ? e.message : 'Something unexpected happened.');
export const requestIdOf = (e: unknown) => (e instanceof ApiError ? e.requestId : undefined);
export const hasStatus = (e: unknown, status: number) => e instanceof ApiError && e.status === status;
export const hasCode = (e: unknown, code: string) => e instanceof ApiError && e.code === code;
