// alerts/rules.ts -- the rules in force and the worst that a series of each is in, as /api/v1/rules has them.
import { get } from '../api.ts';
import type { Which } from './near.ts';

export interface Rule {
    state: 'inactive' | 'pending' | 'firing';
    name: string;
    query: string;
    match: string;
    clear?: string;
    duration: number;
    keepFiringFor: number;
    labels: Record<string, string>;
    annotations: Record<string, string>;
}
export interface Group {
    name: string;
    file: string;
    rules: Rule[];
}

export const rules = async (signal?: AbortSignal): Promise<Group[]> =>
    (await get<{ groups: Group[] }>('/api/v1/rules', { exclude_alerts: 'true' }, signal)).groups;

export const whichOf = (group: Group, rule: Rule): Which =>
    ({ group: group.name, name: rule.name, match: rule.match, file: group.file });

export const keyOf = (which: Which): string => JSON.stringify(which);

/** What the condition is about, as /api/v1/points names its columns; null: something that has no history. */
export function columnOf(query: string): string | null {
    const found = /^\s*(value|rate|edge|accel|trend)\b/.exec(query);
    return found === null ? null : found[1] === 'edge' ? 'rate' : found[1];
}
