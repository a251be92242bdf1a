// The views of the page, each at a place where the plant of plant.mjs shows something.
import { eventually } from './daemon.mjs';

export const VIEWS = {
    overview: '', series: '?view=series&match=level{tank="north"}', alerts: '?view=alerts', daemon: '?view=daemon',
    try: '?view=try&example=a+wave',
};

// A page in which something stands: the heading of its view, and no sign that it still loads.
export async function settled(page) {
    await page.getByRole('heading', { level: 1 }).waitFor();
    await page.waitForLoadState('load');
    await eventually(() => page.locator('[aria-busy=true]').count().then(n => n === 0), 'the page to have loaded');
}
