// filter.ts -- the box in which a selector is written, with what there is to write offered by the daemon.
//
// A combobox as ARIA describes it: the list belongs to the box, arrows walk it, Enter or Tab takes, Escape leaves.
// What is typed counts a moment after the last key, so that a word is one question; what is no whole selector yet
// counts with Enter, and the daemon then says what is wrong with it.
import { get, sentence } from './api.ts';
import { el, fill, say } from './dom.ts';
import { quote } from './metric.ts';
import { narrow, parseSelector, spotAt, type Spot } from './selector.ts';

const MOST = 20;
const PAUSE_MS = 350;

const isWhole = (text: string): boolean => text.trim() === '' || parseSelector(text) !== null;
const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** Names, labels or values that hold what was typed. */
async function offers(spot: Spot, signal: AbortSignal): Promise<string[]> {
    const empty = spot.others === '' || spot.others === '{}';
    const params = (selector: string): Record<string, string | number> =>
        ({ 'match[]': selector === '{}' ? '' : selector, limit: spot.kind === 'label' ? 500 : MOST, exposed: 0 });
    if (spot.kind === 'label') {
        const all = await get<string[]>('/api/v1/labels', params(spot.others), signal);
        return all.filter((name) => name !== '__name__' && name.includes(spot.typed)).slice(0, MOST);
    }
    const typed = spot.typed.replace(/\\(.)/g, '$1');
    const selector = typed === '' ? (empty ? '' : spot.others)
        : narrow(empty ? '' : spot.others, spot.label, `(?i).*${escaped(typed)}.*`, '=~');
    return get<string[]>(`/api/v1/label/${encodeURIComponent(spot.label)}/values`, params(selector), signal);
}

/** The text with the offer in the spot's place, and where the caret is then. */
function taken(text: string, spot: Spot, offer: string): { text: string; caret: number } {
    const plain = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/.test(offer);
    let put = offer;
    if (spot.kind === 'value') put = quote(offer);
    else if (spot.kind === 'label') put = `${/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(offer) ? offer : quote(offer)}=`;
    else if (!plain) put = `{__name__=${quote(offer)}}`;
    const rest = text.slice(spot.to);
    const close = spot.kind === 'value' && !rest.includes('}') ? '}' : '';
    const head = text.slice(0, spot.from) + put;
    return { text: head + close + rest, caret: head.length };
}

export interface Filter {
    node: HTMLElement;
    set(text: string): void;
    fault(fault: unknown): void;
}

export function filter(text: string, onChange: (text: string) => void): Filter {
    const input = el('input', {
        id: 'filter', type: 'text', role: 'combobox', spellcheck: 'false', autocomplete: 'off', autocapitalize: 'off',
        'aria-label': 'Filter by a selector', 'aria-expanded': 'false', 'aria-controls': 'offers',
        'aria-autocomplete': 'list', 'aria-describedby': 'filter-fault',
        placeholder: 'temperature{site="plant-03"}', class: 'mono',
    });
    const list = el('ul', { id: 'offers', role: 'listbox', 'aria-label': 'What there is', hidden: true });
    const fault = el('p', { id: 'filter-fault', class: 'fault', role: 'alert', hidden: true });
    const clear = el('button', { type: 'button', class: 'quiet', 'aria-label': 'No filter', hidden: true }, '\u2715');
    let spot: Spot | null = null;
    let offered: string[] = [];
    let chosen = -1;
    let asking = new AbortController();
    let timer = 0;

    const close = (): void => {
        asking.abort();
        list.hidden = true;
        input.setAttribute('aria-expanded', 'false');
        input.removeAttribute('aria-activedescendant');
        chosen = -1;
    };
    const tell = (): void => {
        clearTimeout(timer);
        clear.hidden = input.value === '';
        onChange(input.value.trim());
    };
    const mark = (to: number): void => {
        chosen = offered.length === 0 ? -1 : (to + offered.length) % offered.length;
        [...list.children].forEach((row, i) => {
            row.setAttribute('aria-selected', String(i === chosen));
            if (i === chosen) row.scrollIntoView({ block: 'nearest' });
        });
        input.setAttribute('aria-activedescendant', `offer-${chosen}`);
    };
    const take = (offer: string): void => {
        if (spot === null) return;
        const next = taken(input.value, spot, offer);
        input.value = next.text;
        input.focus();
        input.setSelectionRange(next.caret, next.caret);
        const more = spot.kind === 'label';
        close();
        if (more) void suggest();
        else tell();
    };
    const show = (): void => {
        fill(list, ...offered.map((offer, i) => el('li', {
            id: `offer-${i}`, role: 'option', 'aria-selected': 'false',
            onmousedown: (event) => { event.preventDefault(); take(offer); },
        }, offer)));
        list.hidden = offered.length === 0;
        input.setAttribute('aria-expanded', String(!list.hidden));
        chosen = -1;
    };
    async function suggest(): Promise<void> {
        asking.abort();
        const mine = (asking = new AbortController());
        spot = spotAt(input.value, input.selectionStart ?? input.value.length);
        if (spot === null) return close();
        try {
            const found = await offers(spot, mine.signal);
            if (mine.signal.aborted || document.activeElement !== input) return;
            offered = found.length === 1 && found[0] === spot.typed ? [] : found;
            show();
        } catch {
            if (!mine.signal.aborted) close(); // what cannot be offered can still be written
        }
    }
    const onKey = (event: KeyboardEvent): void => {
        const open = !list.hidden;
        if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
            event.preventDefault();
            if (open) mark(chosen + (event.key === 'ArrowDown' ? 1 : chosen < 0 ? 0 : -1));
            else void suggest();
        } else if (open && chosen >= 0 && (event.key === 'Enter' || event.key === 'Tab')) {
            event.preventDefault();
            take(offered[chosen]);
        } else if (event.key === 'Enter') {
            close();
            tell();
        } else if (event.key === 'Escape') close();
    };
    input.addEventListener('keydown', onKey);
    input.addEventListener('input', () => {
        clearTimeout(timer);
        if (isWhole(input.value)) timer = setTimeout(tell, PAUSE_MS);
        void suggest();
    });
    input.addEventListener('focus', () => void suggest());
    input.addEventListener('click', () => void suggest());
    input.addEventListener('blur', close);
    clear.addEventListener('click', () => { input.value = ''; input.focus(); tell(); });

    const set = (to: string): void => {
        if (document.activeElement !== input) input.value = to;
        clear.hidden = input.value === '';
    };
    set(text);
    return {
        node: el('div', { class: 'filter' }, input, clear, list, fault),
        set,
        fault(why) {
            fault.hidden = why === null;
            say(fault, why === null ? '' : sentence(why));
            input.setAttribute('aria-invalid', String(why !== null));
        },
    };
}
