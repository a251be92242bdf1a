// api.ts -- the daemon's JSON. An answer is its data, or an ApiError with a sentence for a person.
//
// poll() asks again and again, but neither while nobody looks nor faster than answers come; a daemon that is away
// is asked at longer and longer intervals, and found at once when it is back. What takes the daemon long is asked for
// less often, so that a page never has more than a tenth of it.
import { setAway } from './health.ts';

export class ApiError extends Error {
    constructor(readonly status: number, text: string) {
        super(text);
    }
}

export type Params = Record<string, string | number | string[] | undefined>;

/** /api/v1/rates?match[]=…&limit=20; what is undefined or '' is left out. */
export function url(path: string, params: Params = {}): string {
    const search = new URLSearchParams();
    for (const [name, value] of Object.entries(params)) {
        if (Array.isArray(value)) value.forEach((v) => search.append(name, v));
        else if (value !== undefined && value !== '') search.set(name, String(value));
    }
    const text = search.toString();
    return text === '' ? path : `${path}?${text}`;
}

async function refusal(response: Response): Promise<ApiError> {
    const text = await response.text();
    try {
        return new ApiError(response.status, String(JSON.parse(text).error));
    } catch {
        return new ApiError(response.status, text.slice(0, 500) || response.statusText);
    }
}

/** The whole answer: data, and what stands beside it. */
export async function ask<T>(path: string, params: Params = {}, init: RequestInit = {}): Promise<T> {
    let response: Response;
    try {
        response = await fetch(url(path, params), init);
    } catch (fault) {
        if (!init.signal?.aborted) setAway(true, 'The daemon does not answer.');
        throw fault;
    }
    setAway(false);
    if (!response.ok) throw await refusal(response);
    return (await response.json()) as T;
}

export async function get<T>(path: string, params: Params = {}, signal?: AbortSignal): Promise<T> {
    return (await ask<{ data: T }>(path, params, { signal })).data;
}

/** What to tell a person of a fault. */
export function sentence(fault: unknown): string {
    if (fault instanceof ApiError) return fault.message;
    if (fault instanceof TypeError) return 'The daemon does not answer.';
    return fault instanceof Error ? fault.message : String(fault);
}

export interface Poll {
    now(): void;
    stop(): void;
}

const SLOWEST_MS = 15000;

/** Calls work now, and every_ms after each end of it, while the page is seen. work throws where it fails. */
export function poll(work: (signal: AbortSignal) => Promise<void>, every_ms: number): Poll {
    let timer = 0;
    let failures = 0;
    let stopped = false;
    let running: AbortController | null = null;

    const later = (ms: number): void => {
        clearTimeout(timer);
        if (!stopped && !document.hidden) timer = setTimeout(run, ms);
    };
    async function run(): Promise<void> {
        running?.abort();
        const mine = (running = new AbortController());
        const began = performance.now();
        try {
            await work(mine.signal);
            failures = 0;
        } catch {
            failures++;
        }
        if (running !== mine) return;
        running = null;
        later(failures === 0 ? Math.max(every_ms, Math.min(SLOWEST_MS, 10 * (performance.now() - began))) : Math.min(SLOWEST_MS, 500 * 2 ** Math.min(failures, 6)));
    }
    const look = (): void => {
        clearTimeout(timer);
        if (!document.hidden) void run();
        else running?.abort();
    };
    document.addEventListener('visibilitychange', look);
    look();
    return {
        now: look,
        stop() {
            stopped = true;
            clearTimeout(timer);
            running?.abort();
            document.removeEventListener('visibilitychange', look);
        },
    };
}
