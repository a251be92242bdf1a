// save.ts -- what is seen, to take along: numbers as CSV, the picture as PNG, the question as a curl command.
import { url } from './api.ts';
import { selectorOf, nameOf, type Metric } from './metric.ts';
import type { Span } from './pane.ts';
import { colour } from './theme.ts';
import type { Track } from './track.ts';

function hand(blob: Blob, name: string): void {
    const link = document.createElement('a');
    link.href = URL.createObjectURL(blob);
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}

const fileName = (metric: Metric, end: string): string =>
    `${nameOf(metric).replace(/[^\w.-]+/g, '_').slice(0, 60) || 'series'}${end}`;

const cell = (x: number | null): string => (x === null ? '' : String(x));

/** time (seconds since 1970, UTC), value, rate, error, trend: a line a point. */
export function csv(track: Track, span: Span): string {
    const lines = ['time,value,rate,error,trend'];
    const end = track.from(span.to);
    for (let i = track.from(span.from); i < end; i++)
        lines.push([track.times[i].toFixed(6), cell(track.values[i]), cell(track.rates[i]), cell(track.errors[i]), cell(track.trends[i])].join(','));
    return lines.join('\n') + '\n';
}

export const saveCsv = (metric: Metric, track: Track, span: Span): void =>
    hand(new Blob([csv(track, span)], { type: 'text/csv' }), fileName(metric, '.csv'));

/** The charts below each other, with the series' name above. */
export function savePng(metric: Metric, charts: HTMLCanvasElement[]): void {
    const scale = devicePixelRatio || 1;
    const head = 34 * scale;
    const all = document.createElement('canvas');
    all.width = Math.max(...charts.map((c) => c.width));
    all.height = charts.reduce((h, c) => h + c.height, head);
    const context = all.getContext('2d');
    if (context === null) return;
    context.fillStyle = colour('panel');
    context.fillRect(0, 0, all.width, all.height);
    context.fillStyle = colour('text');
    context.font = `600 ${13 * scale}px system-ui, "DejaVu Sans", sans-serif`;
    context.fillText(selectorOf(metric).slice(0, 200), 12 * scale, 22 * scale);
    let y = head;
    for (const chart of charts) {
        context.drawImage(chart, 0, y);
        y += chart.height;
    }
    all.toBlob((blob) => blob !== null && hand(blob, fileName(metric, '.png')), 'image/png');
}

const shell = (text: string): string => `'${text.replace(/'/g, "'\\''")}'`;

/** What a terminal has to be told for the same points. */
export function curl(metric: Metric, span: Span): string {
    const at = (t_s: number): string => new Date(t_s * 1000).toISOString();
    return `curl -sG ${shell(location.origin + url('/api/v1/points'))}` +
        ` --data-urlencode ${shell(`match[]=${selectorOf(metric)}`)} -d exact=1` +
        ` -d start=${at(span.from)} -d end=${at(span.to)}`;
}
