// What holds for every view: how it is served, its place in the URL, who can read it and on what, what it costs.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { view } from './browser.mjs';
import { eventually, ROOT } from './daemon.mjs';
import { history, plant } from './plant.mjs';
import { settled, VIEWS } from './views.mjs';

const axe = fs.readFileSync(createRequire(path.join(ROOT, 'build/web-tests/')).resolve('axe-core/axe.min.js'), 'utf8');

const PHONE = { viewport: { width: 360, height: 740 } };

view('the page is small, and comes as its policy says', async ({ page, daemon, open }) => {
    const seen = [];
    page.on('response', response => seen.push(response));
    await open();
    await settled(page);
    const parts = seen.filter(response => !new URL(response.url()).pathname.startsWith('/api/'));
    let packed = 0;
    for (const response of parts) {
        assert.equal(response.status(), 200, response.url());
        const headers = await response.allHeaders();
        assert.equal(headers['x-content-type-options'], 'nosniff', response.url());
        packed += gzipSync(await response.body(), { level: 9 }).length;
    }
    assert.ok(parts.length >= 3, 'a document, a script, a style');
    assert.ok(packed < 150 * 1024, `${packed} bytes packed`);
    const policy = (await seen[0].allHeaders())['content-security-policy'];
    assert.match(policy, /^default-src 'none';/);
    assert.doesNotMatch(policy, /unsafe|\*|https?:/);
    const tag = (await seen[0].allHeaders()).etag;
    const again = await daemon.get('/', { Accept: 'text/html', 'If-None-Match': tag });
    assert.equal(again.status, 304);
});

view('the tabs lead through the views, Back goes back', async ({ page, daemon, open }) => {
    await open();
    for (const name of ['Series', 'Alerts', 'Daemon', 'Try']) {
        await page.getByRole('navigation').getByRole('link', { name, exact: true }).click();
        await page.locator(`main[data-view=${name.toLowerCase()}]`).waitFor();
        assert.ok(page.url().startsWith(`${daemon.url}/?view=${name.toLowerCase()}`), page.url());
        assert.match(await page.title(), new RegExp(name));
        assert.equal(await page.locator('nav [aria-current=page]').textContent(), name);
    }
    await page.goBack();
    await page.locator('main[data-view=daemon]').waitFor();
    await page.goForward();
    await page.locator('main[data-view=try]').waitFor();
    await page.goto(`${daemon.url}/?view=nonsense`);
    await page.locator('main[data-view=overview]').waitFor();
});

for (const colorScheme of ['light', 'dark'])
    view(`axe-core finds nothing serious in any view, ${colorScheme}`, { daemon: plant, colorScheme },
        async ({ page, daemon, open }) => {
            await history(daemon);
            await page.addInitScript({ content: axe });
            for (const [name, query] of Object.entries(VIEWS)) {
                await open(query);
                await settled(page);
                const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
                const bad = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
                assert.deepEqual(bad.map(({ id, nodes }) => [name, id, nodes.map(n => `${n.target} ${n.failureSummary}`)]), []);
            }
        });

view('a phone scrolls no view sideways', { daemon: plant, ...PHONE }, async ({ page, daemon, open }) => {
    await history(daemon);
    await daemon.send(`${'long'.repeat(40)},label=${'v'.repeat(200)} value=1`);
    for (const [name, query] of Object.entries(VIEWS)) {
        await open(query);
        await settled(page);
        const { wide, which } = await page.evaluate(() => ({
            wide: document.documentElement.scrollWidth,
            which: [...document.querySelectorAll('main *')].filter(e => e.getBoundingClientRect().right > 361)
                .slice(0, 5).map(e => `${e.tagName}.${e.className}`),
        }));
        assert.ok(wide <= 360, `${name} is ${wide} wide: ${which}`);
    }
});

view('a tablet scrolls no table sideways', { daemon: plant, viewport: { width: 820, height: 1100 } }, async ({ page, daemon, open }) => {
    await history(daemon);
    for (const [query, table] of [['?view=alerts', '.rule .sheet tbody tr'], ['?view=daemon', '#listeners-table tbody tr']]) {
        await open(query);
        await page.locator(table).first().waitFor();
        const cut = await page.evaluate(() => [...document.querySelectorAll('.scroll')]
            .filter(e => e.scrollWidth > e.clientWidth).map(e => `${e.firstElementChild.id}: ${e.scrollWidth} in ${e.clientWidth}`));
        assert.deepEqual(cut, []);
    }
});

view('everything can be reached by the keyboard', { daemon: plant }, async ({ page, daemon, open }) => {
    await history(daemon);
    for (const [name, query] of Object.entries(VIEWS)) {
        await open(query);
        await settled(page);
        const wanted = await page.evaluate(() => [...document.querySelectorAll('a[href],button,input,select,textarea')]
            .filter(e => e.checkVisibility({ visibilityProperty: true }) && !e.disabled && e.tabIndex >= 0).length);
        const reached = new Set();
        for (let i = 0; i < 3 * wanted + 20; i++) {
            await page.keyboard.press('Tab');
            const here = await page.evaluate(() => {
                const e = document.activeElement;
                if (!e || e === document.body) return null;
                globalThis.seen ??= new Map();
                if (!globalThis.seen.has(e)) globalThis.seen.set(e, globalThis.seen.size);
                const style = getComputedStyle(e);
                return { id: globalThis.seen.get(e), what: e.outerHTML.slice(0, 80), control: e.matches('a[href],button,input,select,textarea'),
                    seen: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 1 };
            });
            if (!here) {
                if (reached.size > 0) break; // once around
                continue;
            }
            assert.ok(here.seen, `${name}: one does not see that ${here.what} has the focus`);
            if (here.control) reached.add(here.id);
        }
        assert.ok(reached.size >= wanted, `${name}: ${reached.size} of ${wanted} controls reached`);
    }
});

view('dark and light, by the switch', { colorScheme: 'light' }, async ({ page, open }) => {
    await open();
    const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const bright = colour => colour.match(/\d+/g).slice(0, 3).reduce((a, b) => a + Number(b), 0) > 3 * 128;
    assert.ok(bright(await ground()));
    await eventually(async () => {
        await page.locator('#theme').click();
        return !bright(await ground());
    }, 'dark');
    await page.reload();
    assert.ok(!bright(await ground()), 'the choice is kept');
});
