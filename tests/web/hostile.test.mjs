// Text of strangers on a telephone: names and values as long as the daemon lets them be, without a blank to break at,
// or with marks that turn what follows around. No view gets wider than the window, and none shows them as markup.
import assert from 'node:assert/strict';
import http from 'node:http';
import { view } from './browser.mjs';
import { eventually } from './daemon.mjs';
import { nowNs, SECOND } from './plant.mjs';
import { settled } from './views.mjs';

const PHONE = { width: 360, height: 740 };
const LONG = 'v'.repeat(4000);
const TURNED = '\u202e\u2067' + 'turned'.repeat(100);
const MARKUP = '<img/src=x/onerror=globalThis.pwned=1>';
const MANY = Array.from({ length: 24 }, (_, i) => `${'n'.repeat(100)}${i}=${'w'.repeat(100)}`).join(',');

// As Influx writes them: a name, its labels.
const SERIES = {
    long: `long,value=${LONG}`,
    name: 'm'.repeat(200),
    many: `many,${MANY}`,
    turned: `turned,\u05e9\u05dd=${TURNED},markup=${MARKUP.replaceAll('=', '\\=')}`,
};

const RULES = { groups: [{ name: `group-${'g'.repeat(300)}`, rules: [{ alert: `Alert${'a'.repeat(300)}`, match: '{__name__=~".+"}',
    when: 'value > 0', labels: { severity: 's'.repeat(400), turned: TURNED }, annotations: { summary: `{{ $labels.value }}${TURNED}` } }] }] };

// A receiver of notifications that has a lot to say.
async function receiver() {
    const server = http.createServer((request, response) => {
        request.resume().on('end', () => response.writeHead(400).end('e'.repeat(8000)));
    });
    server.unref();
    await new Promise(resolve => server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${server.address().port}/${'p'.repeat(500)}`;
}

const hostile = async daemon => ({
    defaults: { keep: '1h', stale_after: '1h', expire_after: '1d' },
    rules: daemon.file('rules.yaml', JSON.stringify(RULES)),
    alerting: { webhooks: [{ url: await receiver() }] },
});

async function sendAll(daemon) {
    const now = nowNs();
    for (const name of Object.values(SERIES))
        await daemon.send([9, 6, 3].map(ago => `${name} value=${10 - ago} ${now - BigInt(ago) * SECOND}`).join('\n'));
    await daemon.send([`turned,markup=${MARKUP} value=${TURNED}`, `${LONG},a=b value=1`, `long,value=${LONG}${LONG} value=1`].join('\n'));
    await eventually(async () => (await daemon.data('/api/v1/alerts')).alerts.length === Object.keys(SERIES).length, 'an alert each');
    await eventually(async () => (await daemon.data('/api/v1/notifications')).length > 0, 'a notification');
}

// Nothing that the window cannot show without being moved sideways; what is too wide names itself.
async function fits(page, where) {
    const { wide, which, pwned } = await page.evaluate(() => ({
        wide: document.documentElement.scrollWidth - innerWidth,
        which: [...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > innerWidth + 1)
            .slice(0, 5).map(e => `${e.tagName}.${e.className}#${e.id}`),
        pwned: globalThis.pwned,
    }));
    assert.ok(wide <= 0, `${where} is ${wide} wider than the window: ${which}`);
    assert.equal(pwned, undefined, where);
}

const stands = (page, selector, text) => page.locator(selector).filter({ hasText: text }).first().waitFor();

view('hostile names are no wider than a phone: overview, alerts, daemon', { daemon: hostile, viewport: PHONE },
    async ({ page, daemon, open }) => {
        await sendAll(daemon);
        for (const [query, selector, text] of [
            ['', '#series', 'turned'], ['', '#alarms', 'Alertaaa'], ['?group=value', '#series', 'vvv'],
            [`?match=${encodeURIComponent(`{value="${LONG.slice(0, 2000)}"}`)}`, '#count', 'series'],
            [`?match=${LONG.slice(0, 1000)}{`, '.filter .fault', /./],
            ['?view=alerts', '.rule', 'turned'], ['?view=alerts', '#notifications', 'eeee'],
            ['?view=daemon', '#refused', 'vvvv'], ['?view=daemon', '#refused', 'turned'],
        ]) {
            if (text instanceof RegExp) page.expected.push(/status of 400/);
            await open(query);
            await settled(page);
            await stands(page, selector, text);
            await fits(page, `${query.slice(0, 60)} ${selector}`);
        }
    });

view('hostile names are no wider than a phone: each series, and the list of all', { daemon: hostile, viewport: PHONE },
    async ({ page, daemon, open }) => {
        await sendAll(daemon);
        await open(`?view=series&match=${encodeURIComponent('{__name__=~".+"}')}`);
        await settled(page);
        await stands(page, '#choices', 'turned');
        await fits(page, 'the list');
        for (const [name, key] of Object.entries(SERIES)) {
            await open(`?view=series&match=${key.split(',')[0]}`);
            await settled(page);
            await page.locator('.pane canvas').first().waitFor();
            await stands(page, '#thresholds', 'Alertaaa');
            await page.locator('#show-curl').click();
            await stands(page, '#command code', 'curl');
            await fits(page, name);
        }
    });

view('hostile columns are no wider than a phone: try', { viewport: PHONE }, async ({ page, open }) => {
    await open('?view=try');
    const numbers = page.getByLabel('Numbers', { exact: true });
    for (const [what, text, shown] of [
        ['a column', `x,${'c'.repeat(4096)},${TURNED},${MARKUP}\n0,1,2,3\n1,3,5,6\n2,7,7,8`, '.numbers table'],
        ['text', `${'t'.repeat(4096)},b\n${'u'.repeat(4096)},1\nz,2\ny,4`, '.numbers table'],
        ['a series', `${SERIES.long} value=1 1000000000\n${SERIES.long} value=3 2000000000\n${SERIES.turned} value=3 2000000000`, '.numbers table'],
        ['a fault', `1\n2\n${'f'.repeat(4096)}`, '.said.fault'],
    ]) {
        await numbers.fill(text);
        await page.locator(shown).waitFor();
        await eventually(() => page.locator('.said').textContent().then(said => !/asking/.test(said)));
        await fits(page, what);
        await numbers.fill('');
        await stands(page, '.said', 'No numbers yet');
    }
});
