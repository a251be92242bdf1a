// touch.ts -- fingers on charts: one moves the time, two zoom about the middle between them and move with it.
//
//     begin:  ────●──┬──●─────     the time under the middle stays under it; twice as far apart, half as much time
//     now:    ─●─────┬─────●──
//
// A finger that goes up or down scrolls the document, by touch-action in style.css: the browser then takes it from us
// with pointercancel. A tap is the browser's, too, as a click. Elsewhere: what a span may be (Detail.zoom).
import type { Span } from './pane.ts';

const TAP_PX = 6;    // a finger that rests moves so far
const NEAR_PX = 24;  // as near as fingers count as being, so that two that cross do not zoom out to a year

interface Finger {
    x: number;
    y: number;
}

interface Grip {
    x: number;
    apart: number;
}

export interface Held {
    span(): Span;
    zoom(span: Span): void;
    plot(): DOMRect; /** where the time of the span is drawn */
}

function gripOf(fingers: Finger[]): Grip {
    const [a, b = a] = fingers;
    return { x: (a.x + b.x) / 2, apart: Math.max(NEAR_PX, Math.hypot(a.x - b.x, a.y - b.y)) };
}

/** The span that has the time under begin under now. */
function spanOf({ from, to }: Span, begin: Grip, now: Grip, plot: DOMRect): Span {
    const wide = (to - from) * (begin.apart / now.apart);
    const under = from + ((begin.x - plot.left) / plot.width) * (to - from);
    const start = under - ((now.x - plot.left) / plot.width) * wide;
    return { from: start, to: start + wide };
}

export function touch(node: HTMLElement, held: Held): void {
    const fingers = new Map<number, Finger>();
    let begin: Grip = { x: 0, apart: NEAR_PX };
    let span: Span = { from: 0, to: 0 };
    let moves = false;

    const grip = (): Grip => gripOf([...fingers.values()]);
    const again = (): void => {
        if (fingers.size === 0) return;
        begin = grip();
        span = held.span();
    };
    node.addEventListener('pointerdown', (event) => {
        if (event.pointerType !== 'touch') return;
        if (event.isPrimary) {
            fingers.clear(); // whose end was not told
            moves = false;
        }
        if (fingers.size === 2) return;
        fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
        again();
    });
    node.addEventListener('pointermove', (event) => {
        if (!fingers.has(event.pointerId)) return;
        fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
        const now = grip();
        moves ||= fingers.size === 2 || Math.abs(now.x - begin.x) > TAP_PX;
        if (moves) held.zoom(spanOf(span, begin, now, held.plot()));
    });
    const up = (event: PointerEvent): void => {
        if (fingers.delete(event.pointerId)) again();
    };
    node.addEventListener('pointerup', up);
    node.addEventListener('pointercancel', up);
    // of two fingers none scrolls, even if both go up
    node.addEventListener('touchmove', (event) => {
        if (event.touches.length > 1 && event.cancelable) event.preventDefault();
    }, { passive: false });
}
