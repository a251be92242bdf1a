// reading.ts -- what /api/v1/rates says of a series, with times as seconds since 1970.
import { ask } from './api.ts';
import type { Metric } from './metric.ts';

export interface Derivative {
    time: number;
    value: number | null;
    order: number;
    error?: number;
    truncation?: number;
}
export interface Trend {
    time: number;
    value: number | null;
    error?: number;
    level?: number;
}
export interface Eta {
    limit: number;
    seconds: number | null;
    time: number | null;
}
export interface Sample {
    time: number;
    value: number | null;
}
export interface Reading {
    metric: Metric;
    state: 'ok' | 'warming' | 'stale';
    unit: string;
    rate: Derivative | null;
    edge: Derivative | null;
    accel: number | null;
    accel_error?: number;
    trend?: Trend;
    eta?: Eta[];
    resets?: number;
    wraps?: number;
    silent?: boolean;
    window: Sample[];
    age: number;
    why?: string;
}
export interface Readings {
    data: Reading[];
    total: number;
}

export interface Wanted {
    match: string;
    exact?: boolean; /** no series that has further labels */
    sort?: string;
    limit: number;
    offset?: number;
}

/** Those that match ('' is all), sorted and cut by the daemon; total is how many there are without the cut. */
export function readings(wanted: Wanted, signal?: AbortSignal): Promise<Readings> {
    const { match, exact = false, sort, limit, offset = 0 } = wanted;
    return ask<Readings>('/api/v1/rates', { 'match[]': match, exact: exact ? 1 : undefined, sort, limit, offset, time: 'unix' }, { signal });
}

/** The limit that is reached first, if any will be. */
export function nextLimit(reading: Reading): Eta | null {
    let next: Eta | null = null;
    for (const eta of reading.eta ?? [])
        if (eta.seconds !== null && (next === null || eta.seconds < (next.seconds ?? Infinity))) next = eta;
    return next;
}

export const newest = (reading: Reading): Sample | undefined => reading.window[reading.window.length - 1];

/** Of its rate; null where nothing is known of it. */
export function significance(rate: Derivative | null): number | null {
    if (rate === null || rate.value === null || rate.error === undefined || rate.error <= 0) return null;
    return Math.abs(rate.value) / rate.error;
}
