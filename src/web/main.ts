// main.ts -- the frame: navigation, state of the daemon, and one view at a time, chosen by the URL.
import './style.css';
import 'uplot/dist/uPlot.min.css';
import { el, fill, say } from './dom.ts';
import { isAway, onHealth, whyAway } from './health.ts';
import { at, go, here, onPlace, parse, print, VIEWS, type Place, type ViewName } from './place.ts';
import { applyTheme, nextTheme, theme } from './theme.ts';
import type { Open, View } from './view.ts';
import * as alerts from './views/alerts.ts';
import * as daemon from './views/daemon.ts';
import * as overview from './views/overview.ts';
import * as series from './views/series.ts';
import * as trial from './views/try.ts';

const OPEN: Record<ViewName, Open> = {
    overview: overview.open,
    series: series.open,
    alerts: alerts.open,
    daemon: daemon.open,
    try: trial.open,
};
const TITLES: Record<ViewName, string> = {
    overview: 'Overview',
    series: 'Series',
    alerts: 'Alerts',
    daemon: 'Daemon',
    try: 'Try',
};

const tabs = VIEWS.map((view) =>
    el('a', { href: print(at(view)), 'data-view': view }, TITLES[view]));
const banner = el('p', { class: 'banner', role: 'status', id: 'away', hidden: true });
const root = el('main', { id: 'view', tabindex: -1 });

let shown: ViewName | null = null;
let view: View | null = null;

function mark(place: Place): void {
    document.title = `${TITLES[place.view]} \u2013 nablad`;
    for (const tab of tabs) {
        if (tab.dataset.view === place.view) tab.setAttribute('aria-current', 'page');
        else tab.removeAttribute('aria-current');
    }
}

function show(place: Place): void {
    mark(place);
    if (shown === place.view && view?.update !== undefined) {
        view.update(place);
        return;
    }
    view?.close();
    fill(root);
    if (shown !== null && shown !== place.view) scrollTo(0, 0);
    shown = place.view;
    root.dataset.view = place.view;
    view = OPEN[place.view](root, place);
}

/** Links within the page change the place, not the document. */
function follow(event: MouseEvent): void {
    const link = event.target instanceof Element ? event.target.closest('a') : null;
    if (link === null || event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    if (link.target !== '' || link.hasAttribute('download')) return;
    if (link.origin !== location.origin || link.pathname !== '/' || link.hash !== '') return;
    event.preventDefault();
    go(parse(link.search));
}

function themeSwitch(): HTMLElement {
    const button = el('button', { type: 'button', class: 'quiet', id: 'theme' });
    const name = (now: string): void => {
        say(button, { auto: '\u25d0', light: '\u2600', dark: '\u263e' }[now] ?? '');
        button.setAttribute('aria-label', `Colours: ${now}`);
        button.title = `Colours: ${now}`;
    };
    button.addEventListener('click', () => name(nextTheme()));
    name(theme());
    return button;
}

function showHealth(): void {
    banner.hidden = !isAway();
    say(banner, isAway() ? `${whyAway()} What is shown is from before; it goes on when the daemon is back.` : '');
}

applyTheme(theme());
document.body.append(
    el('a', { class: 'skip', href: '#view' }, 'To the content'),
    el('header', {},
        el('a', { href: '/', class: 'mark', 'aria-label': 'nablad' }, el('span', { 'aria-hidden': 'true' }, '\u2207'), 'nablad'),
        el('nav', { 'aria-label': 'Views' }, ...tabs),
        themeSwitch()),
    banner,
    root);
document.addEventListener('click', follow);
onPlace(show);
onHealth(showHealth);
show(here());
