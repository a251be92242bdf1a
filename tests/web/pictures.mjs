// pictures.mjs FOLDER: a picture of each view, of a plant that runs, for the user's guide.
import path from 'node:path';
import { launch, visit } from './chromium.mjs';
import { Daemon, eventually } from './daemon.mjs';
import { history, live, nowNs, plant, readings } from './plant.mjs';

const folder = process.argv[2];

// Freezer 2's door is open: what an alert looks like.
const open = t => readings(t).map(([key, value]) =>
    key.includes('freezer-2') ? [key, -18 + 1.6 * Math.min(t, 30)] : [key, value]);

const PICTURES = {
    overview: { query: '', size: [1200, 640] },
    series: { query: '?view=series&match=temperature{room="freezer-1"}', size: [1200, 940] },
    alerts: { query: '?view=alerts', size: [1200, 760] },
    daemon: { query: '?view=daemon', size: [1200, 860] },
    try: { query: '?view=try&example=a+wave&edge=2', size: [1200, 860] },
    phone: { query: '', size: [360, 720], colorScheme: 'dark' },
};

const daemon = new Daemon(plant);
const browser = await launch();
let stop = () => undefined;
try {
    await daemon.start();
    await history(daemon);
    await daemon.send(`temperature,room=hall value=warm\nlevel,tank=north value= ${nowNs()}`).catch(() => undefined);
    stop = await live(daemon, open, 1000);
    await eventually(async () => (await daemon.data('/api/v1/alerts')).alerts.length > 0, 'an alert');
    for (const [name, { query, size: [width, height], colorScheme = 'light' }] of Object.entries(PICTURES)) {
        const page = await visit(browser, daemon, { viewport: { width, height }, colorScheme });
        await page.goto(`${daemon.url}/${query}`);
        await page.waitForTimeout(3000); // for a person to look at: some live points
        await page.screenshot({ path: path.join(folder, `${name}.png`) });
        await page.context().close();
    }
} finally {
    stop();
    await browser.close();
    await daemon.stop();
}
