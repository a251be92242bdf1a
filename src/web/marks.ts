// marks.ts -- samples that did not go the plain way, as the daemon tells of them, in words and as signs on a chart.
//
//     ● put in order    ◆ made one with others or replaced    ▲ held back    ✕ dropped
import type uPlot from 'uplot';
import { el, fill } from './dom.ts';
import { number, time, utc } from './format.ts';
import { colour } from './theme.ts';

export interface Mark {
    time: number;
    value: number | null;
    what: string;
    came: number | null;
}

type Sign = 'dot' | 'diamond' | 'triangle' | 'cross';

const KINDS: Record<string, { sign: Sign; ink: string; why: string }> = {
    late_inserted: { sign: 'dot', ink: 'trend', why: 'late: put in order, and what it changes was told again' },
    sorted: { sign: 'dot', ink: 'trend', why: 'late, but within the wait of late.reorder: put in order' },
    replaced: { sign: 'diamond', ink: 'trend', why: 'the same time came again with another value, which was taken' },
    merged: { sign: 'diamond', ink: 'accent', why: 'closer than min_dt to the one before: made one with it' },
    held: { sign: 'triangle', ink: 'warn', why: 'its rate is beyond max_rate: held back until the next one agrees' },
    spike: { sign: 'cross', ink: 'alarm', why: 'held back, and dropped: the next one did not agree' },
    late_dropped: { sign: 'cross', ink: 'alarm', why: 'at or before the window: dropped' },
    not_finite: { sign: 'cross', ink: 'alarm', why: 'NaN or infinite: dropped' },
    duplicate: { sign: 'dot', ink: 'soft', why: 'the very sample again: ignored' },
    counter_reset: { sign: 'triangle', ink: 'accent', why: 'the counter fell: it began anew, and its rate goes on' },
    gap_restart: { sign: 'triangle', ink: 'soft', why: 'after a gap longer than max_gap: the window began anew' },
};
const OTHER = { sign: 'cross' as Sign, ink: 'alarm', why: 'refused' };
const SIGNS: Record<Sign, string> = { dot: '\u25cf', diamond: '\u25c6', triangle: '\u25b2', cross: '\u2715' };

const kindOf = (mark: Mark): { sign: Sign; ink: string; why: string } => KINDS[mark.what] ?? OTHER;

export const whyOf = (mark: Mark): string => `${mark.what}: ${kindOf(mark).why}`;

function sign(ctx: CanvasRenderingContext2D, kind: Sign, x: number, y: number, r: number): void {
    ctx.beginPath();
    if (kind === 'dot') ctx.arc(x, y, r * 0.8, 0, 7);
    else if (kind === 'diamond') [[0, -r], [r, 0], [0, r], [-r, 0]].forEach(([dx, dy]) => ctx.lineTo(x + dx, y + dy));
    else if (kind === 'triangle') [[0, -r], [r, r * 0.8], [-r, r * 0.8]].forEach(([dx, dy]) => ctx.lineTo(x + dx, y + dy));
    else {
        ctx.moveTo(x - r * 0.8, y - r * 0.8);
        ctx.lineTo(x + r * 0.8, y + r * 0.8);
        ctx.moveTo(x + r * 0.8, y - r * 0.8);
        ctx.lineTo(x - r * 0.8, y + r * 0.8);
        ctx.stroke();
        return;
    }
    ctx.closePath();
    ctx.fill();
}

/** On the chart of values; one beyond its edges is drawn at the edge. */
export function drawMarks(u: uPlot, marks: Mark[]): void {
    const scale = devicePixelRatio || 1;
    const { top, height } = u.bbox;
    u.ctx.lineWidth = 2 * scale;
    for (const mark of marks) {
        const kind = kindOf(mark);
        u.ctx.fillStyle = u.ctx.strokeStyle = colour(kind.ink);
        const y = mark.value === null ? top + height - 8 * scale : u.valToPos(mark.value, 'y', true);
        sign(u.ctx, kind.sign, u.valToPos(mark.time, 'x', true),
            Math.max(top + 8 * scale, Math.min(top + height - 8 * scale, y)), 5.5 * scale);
    }
}

const SHOWN = 12;

/** The newest of them, in words. */
export function listMarks(node: HTMLElement, marks: Mark[]): void {
    const newest = [...marks].sort((a, b) => b.time - a.time).slice(0, SHOWN);
    fill(node, ...newest.map((mark) => el('li', { 'data-what': mark.what },
        el('span', { class: `sign ink-${kindOf(mark).ink}`, 'aria-hidden': 'true' }, SIGNS[kindOf(mark).sign]),
        el('span', { class: 'number', title: utc(mark.time) }, time(mark.time)),
        el('span', { class: 'number' }, number(mark.value)),
        el('span', {}, whyOf(mark), mark.came === null || mark.came - mark.time < 1 ? ''
            : ` (it came ${number(mark.came - mark.time, 3)} s after its time)`))));
    if (newest.length === 0) node.append(el('li', { class: 'soft' }, 'None that the daemon knows of since it started; it keeps the newest alone.'));
}
