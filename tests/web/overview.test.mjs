// The overview: what changes most, live, found, sorted, grouped, paged; and what strangers may call their series.
import assert from 'node:assert/strict';
import { view } from './browser.mjs';
import { eventually } from './daemon.mjs';
import { history, nowNs, plant, SECOND } from './plant.mjs';

const rows = page => page.locator('#series tr[data-series]');
const row = (page, text) => rows(page).filter({ hasText: text });
const cell = (page, text, kind) => row(page, text).locator(`.${kind}`).first().textContent();
const names = page => page.locator('#series tr[data-series] .name').allTextContents();
const count = page => page.locator('#count').textContent();

const becomes = (probe, want, what) => eventually(async () => {
    const got = await probe();
    return want instanceof RegExp ? want.test(got) : JSON.stringify(got) === JSON.stringify(want);
}, what ?? String(want)).catch(async fault => {
    throw new Error(`${fault.message}; there is: ${await probe()}`);
});

const asked = page => Object.fromEntries(new URL(page.url()).searchParams);
const refused = page => page.expected.push(/the server responded with a status of 400/);

view('overview: nothing has been sent', async ({ page, open }) => {
    await open();
    await page.getByText('No series yet').waitFor();
    await becomes(() => page.locator('#alarms').textContent(), /No alerts/);
});

view('overview: value, rate in its unit, error, arrow, limit, age', { daemon: plant }, async ({ page, daemon, open }) => {
    await history(daemon);
    await open();
    await becomes(() => rows(page).count(), 7);
    await becomes(() => cell(page, 'tank=north', 'rate'), /0\.0\d+ \/s/);
    await becomes(() => cell(page, 'tank=north', 'error'), /±\s0\.0071/u);
    await becomes(() => cell(page, 'tank=north', 'eta'), /^100 in 1\d\smin|^100 in \d\smin/u);
    assert.equal(await row(page, 'tank=north').locator('.arrow').getAttribute('aria-label'), 'rising');
    assert.equal(await row(page, 'tank=south').locator('.arrow').getAttribute('aria-label'), 'falling');
    assert.match(await cell(page, 'pump=p1', 'rate'), /^180 \/min|^18\d \/min|^17\d \/min/);
    assert.match(await cell(page, 'pressure', 'age'), /\d\ss$/u);
    // kept points reach the picture of the last minutes, which is then no empty canvas
    await eventually(() => row(page, 'pressure').locator('canvas').evaluate(canvas =>
        canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.some(byte => byte !== 0)));
});

view('overview: what comes is shown as it comes', { daemon: plant }, async ({ page, daemon, open }) => {
    await history(daemon, { seconds: 60 });
    await open();
    await becomes(() => rows(page).count(), 7);
    await daemon.send(`pressure,site=plant-03 value=123456 ${nowNs()}\nbrandnew value=1 ${nowNs()}`);
    await becomes(() => cell(page, 'pressure', 'value'), /^123.456$/u);
    await becomes(() => rows(page).count(), 8);
    await row(page, 'brandnew').waitFor();
});

view('overview: sorted by the daemon, as the URL says', { daemon: plant }, async ({ page, daemon, open }) => {
    await history(daemon);
    await open();
    await becomes(() => rows(page).count(), 7);
    await page.locator('#sort').selectOption('name');
    await becomes(() => names(page),
        ['flow_total', 'level', 'level', 'pressure', 'temperature', 'temperature', 'temperature']);
    assert.equal(asked(page).sort, 'name');
    await open('?sort=-age');
    await becomes(() => page.locator('#sort').inputValue(), '-age');
    await page.goBack();
    await becomes(() => page.locator('#sort').inputValue(), 'name');
});

view('overview: filtered as it is typed, with what there is to complete it', { daemon: plant },
    async ({ page, daemon, open }) => {
        refused(page);
        await history(daemon, { seconds: 60 });
        await open();
        await becomes(() => rows(page).count(), 7);
        const box = page.getByRole('combobox', { name: /filter/i });
        const offers = () => page.locator('#offers [role=option]').allTextContents();
        await box.click();
        await page.keyboard.type('temp');
        await becomes(offers, ['temperature']);
        await page.keyboard.press('ArrowDown');
        await page.keyboard.press('Enter');
        await becomes(() => box.inputValue(), 'temperature');
        await becomes(() => rows(page).count(), 3);
        await becomes(() => asked(page).match, 'temperature');
        await page.keyboard.type('{ro');
        await becomes(offers, ['room']);
        await page.keyboard.press('ArrowDown');
        await page.keyboard.press('Enter');
        await becomes(offers, ['freezer-1', 'freezer-2', 'hall']);
        await page.keyboard.press('ArrowDown');
        await page.keyboard.press('ArrowDown');
        await page.keyboard.press('Enter');
        await becomes(() => rows(page).count(), 1);
        assert.match(await row(page, 'freezer-2').textContent(), /freezer-2/);
        const filtered = page.url();
        await box.fill('temperature{room=');
        await box.press('Enter');
        await page.locator('#filter-fault').waitFor({ state: 'visible' });
        assert.equal(await box.getAttribute('aria-invalid'), 'true');
        await page.goto(filtered);
        await becomes(() => rows(page).count(), 1);
        await open('?match=nothing_like_it');
        await page.getByText('No series matches this filter').waitFor();
    });

view('overview: grouped by a label', { daemon: plant }, async ({ page, daemon, open }) => {
    await history(daemon, { seconds: 60 });
    await open();
    await becomes(() => rows(page).count(), 7);
    await page.locator('#group').selectOption('site');
    await becomes(() => page.locator('#series tbody').count(), 2);
    assert.equal(asked(page).group, 'site');
    assert.match(await page.locator('#series tbody').first().textContent(), /plant-03/);
    assert.equal(await page.locator('#series tbody').nth(1).locator('tr[data-series]').count(), 2);
});

view('overview: a hundred thousand series, of which the page holds those it shows', async ({ page, daemon, open }) => {
    const now = nowNs();
    for (let part = 0; part < 100_000; part += 10_000)
        await daemon.send(Array.from({ length: 10_000 }, (_, i) => {
            const n = part + i;
            return [2, 1, 0].map(ago => `m,n=${n} value=${(2 - ago) * n} ${now - BigInt(ago) * SECOND}`).join('\n');
        }).join('\n'));
    await open('?sort=-rate');
    await becomes(() => count(page), /^1–20 of 100,000 series$/);
    assert.equal(await rows(page).count(), 20);
    await becomes(() => cell(page, 'n=99999', 'rate'), /^99.999 \/s$/u);
    assert.match(await rows(page).first().textContent(), /n=99999/);
    await page.locator('#next').click();
    await becomes(() => count(page), /^21–40 of/);
    assert.equal(asked(page).page, '2');
    assert.match(await rows(page).first().textContent(), /n=99979/);
    await page.locator('#previous').click();
    await becomes(() => count(page), /^1–20 of/);
});

view('overview: what is no number', { daemon: () => ({ defaults: { on_nan: 'propagate' } }) }, async ({ page, daemon, open }) => {
    const now = nowNs();
    await daemon.send([0, 1, 2].map(i => `odd value=${i === 1 ? 'nan' : i} ${now + BigInt(i - 3) * SECOND}`).join('\n') +
        `\none value=1 ${now}\ninfinite value=inf ${now}`);
    await open();
    await becomes(() => rows(page).count(), 3);
    assert.match(await cell(page, 'odd', 'rate'), /–/);
    assert.match(await cell(page, 'one', 'rate'), /–/);
    assert.doesNotMatch(await page.locator('#series').textContent(), /NaN|undefined|null|Infinity/);
});

const HOSTILE = {
    markup: '<img\\ src\\=x\\ onerror\\=globalThis.pwned\\=1>',
    script: '</script><script>globalThis.pwned\\=1</script>',
    quote: '"\'`${globalThis.pwned\\=1}&lt;',
    turned: '\u202egpj.exe\u202d\u2067abc',
    combining: 'Z\u0351\u036b\u0343\u036a\u0302'.repeat(40),
    long: 'x'.repeat(4096),
    prototype: '__proto__',
};

view('overview: labels of strangers are text', async ({ page, daemon, open }) => {
    const lines = Object.entries(HOSTILE).map(([key, value], i) => `hostile,${key}=${value} value=${i} ${nowNs()}`);
    lines.push(`${HOSTILE.markup.replaceAll('\\=', '=')} value=1`, 'constructor,toString=a value=2', '__proto__,__proto__=b value=3');
    for (let i = 0; i < 15; i++) lines.push(`wide,n=${i},long=${'y'.repeat(4096)} value=${i}`);
    await daemon.send(lines.join('\n'));
    await open('?rows=60&sort=name');
    await becomes(() => rows(page).count(), lines.length);
    assert.equal(await page.evaluate(() => globalThis.pwned), undefined);
    assert.equal(await page.locator('main img').count(), 0);
    assert.match(await page.locator('#series').textContent(), /<img src=x onerror=globalThis\.pwned=1>/);
    const widest = await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth);
    assert.ok(widest, 'a label makes the page scroll sideways');
    for (const link of await page.locator('#series a.series').all()) {
        const where = new URL(await link.getAttribute('href'), page.url());
        assert.equal(where.origin, daemon.url);
    }
    // one of each stands at its own place, too
    await row(page, 'onerror').first().locator('a.series').click();
    await page.locator('main[data-view=series]').waitFor();
    await becomes(() => page.locator('main').textContent(), /<img src=x onerror=globalThis\.pwned=1>/);
    assert.equal(await page.evaluate(() => globalThis.pwned), undefined);
});
