// The results of node's tests as JUnit's XML, as scripts/count-tests reads it.
const escaped = text => String(text)
    .replace(/[&<>"]/g, c => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c])
    .replace(/[\x00-\x08\x0b\x0c\x0e-\x1f]/g, '?');

const reason = ({ cause, stack, message }) => String(cause?.stack ?? cause ?? stack ?? message);

function testcase({ name, details, skip, todo }, file, failed) {
    const result = failed ? `<failure message="failed">${escaped(reason(details.error))}</failure>`
        : skip !== undefined || todo !== undefined ? '<skipped/>' : '';
    return `<testcase classname="${escaped(file)}" name="${escaped(name)}" ` +
        `time="${((details?.duration_ms ?? 0) / 1000).toFixed(3)}">${result}</testcase>\n`;
}

// The test cases of one file out of the events of its run. Some versions of node count the file itself as a test: it
// stands here only if it failed (it does not load, a hook failed) while no test of its own did.
export async function testcases(events, file) {
    const cases = [];
    let failures = 0;
    let whole = '';
    for await (const { type, data } of events) {
        const failed = type === 'test:fail';
        if (!failed && type !== 'test:pass') continue;
        if (data.name.endsWith(file)) {
            whole = failed ? testcase(data, file, true) : '';
            continue;
        }
        failures += failed ? 1 : 0;
        cases.push(testcase(data, file, failed));
    }
    return { text: cases.join('') + (failures ? '' : whole), failures: failures + (whole ? 1 : 0) };
}

export const document = parts => `<?xml version="1.0" encoding="utf-8"?>\n<testsuites><testsuite name="web">\n${
    parts.join('')}</testsuite></testsuites>\n`;
