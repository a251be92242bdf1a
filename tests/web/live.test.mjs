// What happens while the page is open: samples come, nobody looks, the daemon dies and comes back.
import assert from 'node:assert/strict';
import { view } from './browser.mjs';
import { eventually } from './daemon.mjs';
import { history, live, plant } from './plant.mjs';
import { settled, VIEWS } from './views.mjs';

// What the browser says of a page that is behind another.
const hide = (page, hidden) => page.evaluate(now => {
    Object.defineProperty(document, 'hidden', { configurable: true, get: () => now });
    Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => now ? 'hidden' : 'visible' });
    document.dispatchEvent(new Event('visibilitychange'));
}, hidden);

view('a page that nobody looks at costs the daemon nothing', { daemon: plant }, async ({ page, daemon, open, defer }) => {
    await history(daemon);
    defer(await live(daemon));
    const streams = () => daemon.metric('nablad_http_streams');
    for (const name of ['overview', 'series', 'alerts', 'daemon']) {
        await open(VIEWS[name]);
        await settled(page);
        if (name === 'series') await eventually(async () => await streams() === 1, 'a stream of the series');
        await hide(page, true);
        await eventually(async () => await streams() === 0, `${name}: no stream while hidden`);
        const asked = [];
        const note = request => asked.push(request.url());
        page.on('request', note);
        // the daemon serves two thousand lines meanwhile: more than any interval at which the page would ask
        const before = await daemon.metric('nablad_lines_total');
        await eventually(async () => await daemon.metric('nablad_lines_total') >= before + 7 * 25, 'five seconds of samples');
        assert.deepEqual(asked, [], `${name} asked while hidden`);
        page.off('request', note);
        await hide(page, false);
        if (name === 'series') await eventually(async () => await streams() === 1, 'the stream again');
    }
});

view('a daemon that is killed and comes back: the page says so, and goes on', { daemon: plant },
    async ({ page, daemon, open, defer }) => {
        page.expected.push(/ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET|ERR_INCOMPLETE_CHUNKED|ERR_EMPTY_RESPONSE|ERR_SOCKET_NOT_CONNECTED|ERR_NETWORK/);
        for (const name of ['overview', 'series']) {
            await history(daemon, { seconds: 60 });
            await open(VIEWS[name]);
            await settled(page);
            assert.equal(await page.locator('#away').isVisible(), false);
            await daemon.kill();
            await page.locator('#away').waitFor({ state: 'visible' });
            await daemon.restart();
            await page.locator('#away').waitFor({ state: 'hidden' });
            await history(daemon, { seconds: 60 });
            const stop = await live(daemon);
            await page.getByText(/level/).first().waitFor();
            if (name === 'series') await eventually(async () => await daemon.metric('nablad_http_streams') >= 1, 'the stream again');
            stop();
        }
        defer(() => undefined);
    });
