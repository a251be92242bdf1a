// place.ts -- where one is: the view and what it shows, all of it in the URL, so that it can be sent to somebody.
//
//     /?view=series&match=temperature{site="a"}&range=15m   ◄─parse, print─►   struct Place

export const VIEWS = ['overview', 'series', 'alerts', 'daemon', 'try'] as const;
export type ViewName = (typeof VIEWS)[number];

export interface Place {
    view: ViewName;
    match: string;                /** a selector; '': all series */
    range: string;                /** '15m': of the past; '': the view's own */
    sort: string;                 /** as /api/v1/rates has it; '': the view's own */
    group: string;                /** a label's name; '': none */
    page: number;                 /** from 1 */
    more: Record<string, string>; /** what only one view knows */
}

const NOWHERE: Place = { view: 'overview', match: '', range: '', sort: '', group: '', page: 1, more: {} };

const isView = (name: string): name is ViewName => (VIEWS as readonly string[]).includes(name);

export function parse(search: string): Place {
    const place: Place = { ...NOWHERE, more: {} };
    for (const [name, value] of new URLSearchParams(search)) {
        if (name === 'view') place.view = isView(value) ? value : 'overview';
        else if (name === 'match' || name === 'range' || name === 'sort' || name === 'group')
            place[name] = value;
        else if (name === 'page') place.page = Math.max(1, Math.floor(Number(value)) || 1);
        else place.more[name] = value;
    }
    return place;
}

/** The URL of a place; what is as it is anyway is left out. */
export function print(place: Place): string {
    const params = new URLSearchParams();
    if (place.view !== 'overview') params.set('view', place.view);
    for (const name of ['match', 'range', 'sort', 'group'] as const)
        if (place[name] !== '') params.set(name, place[name]);
    if (place.page > 1) params.set('page', String(place.page));
    for (const [name, value] of Object.entries(place.more))
        if (value !== '') params.set(name, value);
    const text = params.toString();
    return text === '' ? '/' : `/?${text}`;
}

export function here(): Place {
    return parse(location.search);
}

/** A place in another view, or in this one with something else: of a view only `match` is kept. */
export function at(view: ViewName, change: Partial<Place> = {}): Place {
    return { ...NOWHERE, more: {}, view, ...change };
}

const listeners = new Set<(place: Place) => void>();

/** Tells of every change of place; returns how to stop that. */
export function onPlace(listener: (place: Place) => void): () => void {
    listeners.add(listener);
    return () => listeners.delete(listener);
}

const tell = (): void => listeners.forEach((listener) => listener(here()));
addEventListener('popstate', tell);

/** Goes there; `replace` for what is no step that one would take back (a filter as it is typed). */
export function go(place: Place, how: 'push' | 'replace' = 'push'): void {
    const url = print(place);
    if (url !== location.pathname + location.search)
        history[how === 'push' ? 'pushState' : 'replaceState'](null, '', url);
    tell();
}

/** Changes something of where one is; another filter begins at the first page. */
export function change(what: Partial<Place>, how: 'push' | 'replace' = 'push'): void {
    go({ ...here(), page: 1, ...what }, how);
}
