// views/try.ts -- an array's gradient, at once.
import { el } from '../dom.ts';
import type { Place } from '../place.ts';
import type { View } from '../view.ts';

export function open(root: HTMLElement, _at: Place): View {
    root.append(el('h1', {}, 'Try'));
    return { close() {} };
}
