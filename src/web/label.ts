// label.ts -- a series' name and labels as elements. Each text is isolated, so that one that is written from right to
// left, or has marks that turn its neighbours around, stays within itself.
import { el } from './dom.ts';
import { labelsOf, nameOf, selectorOf, type Metric } from './metric.ts';
import { at, print } from './place.ts';

const SHOWN = 160; // characters of a text; the whole is in the title

const clipped = (text: string): string => (text.length > SHOWN ? `${text.slice(0, SHOWN)}\u2026` : text);

/** "site=plant-03 sensor=s17" */
export function labelList(labels: [string, string][]): HTMLElement {
    return el('span', { class: 'labels' }, ...labels.map(([name, value]) =>
        el('span', { class: 'label' }, el('bdi', {}, clipped(name)), '=', el('bdi', {}, clipped(value)))));
}

export function seriesLink(metric: Metric): HTMLElement {
    const selector = selectorOf(metric);
    return el('a', { class: 'series', href: print(at('series', { match: selector })), title: selector.slice(0, 2000) },
        el('bdi', { class: 'name' }, clipped(nameOf(metric)) || '(no name)'), labelList(labelsOf(metric)));
}
