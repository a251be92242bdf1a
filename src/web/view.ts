// view.ts -- what the frame wants of a view.
import type { Place } from './place.ts';

export interface View {
    /** The place has changed within the view; without it the view is closed and opened again. */
    update?(at: Place): void;
    /** Ends timers, streams and requests; what was drawn is taken away by the frame. */
    close(): void;
}

export type Open = (root: HTMLElement, at: Place) => View;
