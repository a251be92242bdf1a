// views/daemon.ts
import { get, poll, sentence } from '../api.ts';
import { el, say } from '../dom.ts';
import type { Place } from '../place.ts';
import type { View } from '../view.ts';

export function open(root: HTMLElement, at: Place): View {
    const out = el('pre', { class: 'dump' });
    root.append(el('h1', {}, 'Daemon'), out);
    const asking = poll(async (signal) => {
        try {
            say(out, JSON.stringify(await get('/api/v1/status/buildinfo', { 'match[]': at.match, limit: 20 }, signal), null, 1));
        } catch (fault) {
            say(out, sentence(fault));
            throw fault;
        }
    }, 2000);
    return { close: asking.stop };
}
