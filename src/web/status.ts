// status.ts -- what /api/v1/status says, as docs/http-api.md has it.
import { get } from './api.ts';

type Rate = number | null; // null in the first seconds

export interface Format {
    lines: number;
    lines_per_second: Rate;
}
export interface Listener {
    name: string;
    lines: number;
    lines_per_second: Rate;
    bytes: number;
    bytes_per_second: Rate;
    formats: Record<string, Format>;
    datagrams: number;
    kernel_drops: number;
    open_connections: number;
    connections: number;
    refused_connections: number;
    idle_closed: number;
    tls_handshakes: number;
    refused: Record<string, number>;
}
export interface Example {
    time: string;
    listener: string | null;
    sender: string | null;
    offset: number;
    text: string;
}
export interface Refused {
    cause: string;
    of: 'line' | 'sender';
    why: string;
    count: number;
    per_second: Rate;
    examples?: Example[];
}
export interface Push {
    target: string;
    queued: number;
    sent: number;
    retried: number;
    dropped: number;
    refused: number;
    waiting: number;
    waiting_bytes: number;
    oldest: string | null;
}
export interface Notified {
    kind: string;
    target: string;
    up: boolean;
    sent: number;
    refused: number;
    retried: number;
}
export interface Status {
    version: string;
    ready: boolean;
    now: string;
    start: string;
    uptime: number;
    reloads: { ok: number; failed: number };
    log_suppressed: number;
    process: { cpu_seconds: number; resident_bytes: number; open_files: number; max_files: number };
    totals: {
        lines: number; lines_per_second: Rate; samples: number; samples_per_second: Rate; points: number; points_per_second: Rate;
    };
    listeners: Listener[];
    examples_shown: boolean;
    refused: Refused[];
    events: { event: string; what: string; count: number }[];
    history: Record<'time' | 'lines_per_second' | 'samples_per_second' | 'refused_per_second' | 'lag_seconds', number[]>;
    series: {
        count: number; max: number; label_bytes: number; max_label_bytes: number; kept_bytes: number; max_kept_bytes: number;
        table_bytes: number;
    };
    loops: { name: string; lag_seconds: number }[];
    ingest: { connections: number; max_connections: number };
    http: {
        connections: number; max_connections: number; streams: number; max_streams: number; held_bytes: number;
        max_held_bytes: number; requests_2xx: number; requests_4xx: number; requests_5xx: number; sent_bytes: number;
        stream_points_lost: number;
    };
    limits_reached: Record<string, number>;
    alerts: {
        pending: number; firing: number; untold: number; max: number; fired: number; resolved: number; left_out: number;
        dropped: number; lost: number;
    };
    state: {
        kept: boolean; interval: number; snapshots: number; failures: number; last: string | null; took: number;
        longest_hold: number; saved_bytes: number; loaded_series: number; refused_series: number; damaged: number;
    };
    journal: {
        kept: boolean; bytes: number; max_bytes: number; segments: number; entries: number; sync: number | null;
        failures: number; refused: number; replayed: number;
    };
    push: Push[];
    notify: Notified[];
}

export const status = (signal?: AbortSignal): Promise<Status> => get<Status>('/api/v1/status', {}, signal);
