// alerts/near.ts -- the series under one rule, nearest to firing first: what /api/v1/rules/series says.
import { get } from '../api.ts';
import type { Metric } from '../metric.ts';

export interface Near {
    metric: Metric;
    state: 'inactive' | 'pending' | 'firing';
    noData: boolean;
    activeAt: string | null;
    firedAt: string | null;
    seriesState: 'ok' | 'warming' | 'stale';
    age: number;
    comparison?: string; /** the one that decides, where the condition is of several */
    unit: string | null;
    value: number | null;
    threshold: number | null;
    distance: number | null;
    eta: number | null;
    approaching: boolean | null;
}

export interface NearPage {
    query: string;
    distances: boolean; /** something in `when` is by < or >, so that there is a way to go */
    total: number;
    firing: number;
    pending: number;
    unknown: number;
    series: Near[];
}

/** Which rule: names alone may stand more than once. */
export interface Which {
    group: string;
    name: string;
    match: string;
    file: string;
}

export const near = (which: Which, offset: number, limit: number, signal?: AbortSignal): Promise<NearPage> =>
    get<NearPage>('/api/v1/rules/series', { ...which, offset, limit }, signal);
