// An alert fires and clears on the screen, and the view of the daemon tells what was refused.
import assert from 'node:assert/strict';
import http from 'node:http';
import { view } from './browser.mjs';
import { eventually } from './daemon.mjs';
import { nowNs, plant, SECOND } from './plant.mjs';

const becomes = (probe, want) => eventually(async () => want.test(await probe()), String(want)).catch(async fault => {
    throw new Error(`${fault.message}; there is: ${await probe()}`);
});

// A freezer's readings, a second apart, the first so many seconds ago.
const freezer = (ago, ...values) => values.map((v, i) =>
    `temperature,room=freezer-1 value=${v} ${nowNs() + BigInt(i - ago) * SECOND}`).join('\n');

const warms = freezer.bind(null, 9, -20, -17, -14);
const rests = freezer.bind(null, 5, -14, -14, -14, -14);

const alarms = page => page.locator('#alarms').textContent();
const rule = (page, name) => page.locator(`[data-rule="${name}"]`);

view('alerts: one fires and clears, on the overview', { daemon: plant }, async ({ page, daemon, open }) => {
    await open();
    await becomes(() => alarms(page), /No alerts/);
    await daemon.send(warms());
    await becomes(() => alarms(page), /1 firing.*FreezerWarming.*freezer-1 warms/);
    await daemon.send(rests());
    await becomes(() => alarms(page), /No alerts/);
});

view('alerts: one fires and clears, on the view of the rules', { daemon: plant }, async ({ page, daemon, open }) => {
    await open('?view=alerts');
    await becomes(() => rule(page, 'FreezerWarming').textContent(), /quiet/);
    await daemon.send(warms());
    await becomes(() => rule(page, 'FreezerWarming').textContent(), /firing/);
    await becomes(() => rule(page, 'TankFull').textContent(), /quiet/);
    await daemon.send(rests());
    await becomes(() => rule(page, 'FreezerWarming').textContent(), /quiet/);
});

const BOTH = { groups: [{ name: 'g', rules: [
    { alert: 'Both', match: 'temperature', when: 'value > -5 and rate > 1/s' }] }] };

view('alerts: of several comparisons, the one that decides', { daemon: daemon => ({
    ...plant(daemon), rules: daemon.file('rules.yaml', JSON.stringify(BOTH)) }) }, async ({ page, daemon, open }) => {
    await open('?view=alerts');
    const way = rule(page, 'Both').locator('td[data-title="To go"]');
    await daemon.send(warms()); // fast enough, and not there yet
    await becomes(() => way.first().textContent(), /^9\D*value > -5$/);
    assert.match(await way.first().getAttribute('title'), /of value > -5/);
    await daemon.send(freezer(5, -4, -4, -4, -4)); // there, and at rest
    await becomes(() => way.first().textContent(), /^1\D*s.*rate > 1\/s$/);
    assert.doesNotMatch(await rule(page, 'Both').textContent(), /no way to go/);
});

view('alerts: no rules', async ({ page, open }) => {
    await open('?view=alerts');
    await page.getByText('There are no rules').waitFor();
});

view('alerts: who was told, and what they answered', { daemon: daemon => {
    const config = plant(daemon);
    const receiver = http.createServer((request, response) => {
        request.resume().on('end', () => response.writeHead(200).end());
    }).listen(0, '127.0.0.1');
    receiver.unref();
    return new Promise(resolve => receiver.once('listening', () => resolve({ ...config,
        alerting: { webhooks: [{ url: `http://127.0.0.1:${receiver.address().port}/hook` }] } })));
} }, async ({ page, daemon, open }) => {
    await open('?view=alerts');
    await daemon.send(warms());
    await becomes(() => page.locator('#notifications').textContent(), /hook.*200/s);
});

view('daemon: lines, series, and what was refused, with its text as text', { daemon: plant }, async ({ page, daemon, open }) => {
    await daemon.send(warms());
    await daemon.send('broken,<img\\ src=x\\ onerror=globalThis.pwned=1> value=\nlevel value=one 1');
    await open('?view=daemon');
    await becomes(() => page.locator('#refused').textContent(), /<img\\+ src=x/);
    await becomes(() => page.locator('main').textContent(), /tcp/);
    assert.equal(await page.evaluate(() => globalThis.pwned), undefined);
    assert.equal(await page.locator('main img').count(), 0);
});
