// Debian's Chromium, and pages in it. What a page's browser complains about (errors of scripts, breaches of the policy,
// requests to others) is kept in page.faults.
import { createRequire } from 'node:module';
import path from 'node:path';
import { DEADLINE_MS, ROOT } from './daemon.mjs';

const { chromium } = createRequire(path.join(ROOT, 'build/web-tests/'))('playwright-core');

const WIDE = { width: 1200, height: 900 };

export const launch = (args = []) => chromium.launch({
    executablePath: '/usr/bin/chromium',
    timeout: DEADLINE_MS,
    args: ['--disable-gpu', '--disable-dev-shm-usage', ...(process.getuid() === 0 ? ['--no-sandbox'] : []), ...args],
});

// Every complaint of the page's, as text.
function listen(page, origin, faults) {
    page.on('console', said => {
        if (said.type() === 'error' || said.type() === 'warning')
            faults.push(`console: ${said.text()} (${said.location().url})`);
    });
    page.on('pageerror', fault => faults.push(`script: ${fault.stack ?? fault}`));
    page.on('crash', () => faults.push('the page crashed'));
    page.on('request', request => {
        if (!request.url().startsWith(origin) && !/^(data|blob):/.test(request.url()))
            faults.push(`a request to another: ${request.url()}`);
    });
}

// A page in a context of its own. options: those of playwright's newContext.
export async function visit(browser, daemon, options = {}) {
    const context = await browser.newContext({ viewport: WIDE, timezoneId: 'Europe/Berlin', locale: 'en-GB', ...options });
    context.setDefaultTimeout(DEADLINE_MS);
    const page = await context.newPage();
    page.faults = [];
    page.expected = []; // patterns of complaints that the test provokes
    listen(page, daemon.url, page.faults);
    return page;
}
