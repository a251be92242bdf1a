// try/examples.ts -- small things to begin with.
interface Example {
    name: string;
    text: string;
    options: Record<string, string>;
}

const round = (x: number): string => String(Math.round(x * 1e4) / 1e4);

const wave = Array.from({ length: 60 }, (_, i) => {
    const t = (i * 0.2 + 0.06 * Math.sin(i * 1.7)); // not evenly spaced
    return `${round(t)},${round(Math.sin(t) + t / 8)}`;
});

const matrix = Array.from({ length: 12 }, (_, r) =>
    Array.from({ length: 5 }, (_, c) => round(((r - 5) ** 2) / 10 + c * r)).join(','));

export const EXAMPLES: Example[] = [
    { name: 'squares', text: '0\n1\n4\n9\n16', options: {} },
    { name: 'a wave', text: ['t,level', ...wave].join('\n'), options: { edge: '2' } },
    { name: 'times', options: {}, text: `time,temperature
2026-03-01T06:00:00Z,4.1
2026-03-01T07:00:00Z,4.9
2026-03-01T08:00:00Z,7.2
2026-03-01T08:30:00Z,9
2026-03-01T10:00:00Z,12.8
2026-03-01T12:00:00Z,15.1
2026-03-01T14:00:00Z,15.9
2026-03-01T16:00:00Z,13.2` },
    { name: 'a matrix', text: matrix.join('\n'), options: { values: '*', axis: '0' } },
    { name: 'lines', options: {}, text: `temperature,site=plant-03,sensor=s17 value=21.3 1700000000000000000
temperature,site=plant-03,sensor=s18 value=40.0 1700000000000000000
temperature,site=plant-03,sensor=s17 value=21.4 1700000010000000000
temperature,site=plant-03,sensor=s18 value=38.9 1700000010000000000
temperature,site=plant-03,sensor=s17 value=21.6 1700000020000000000
temperature,site=plant-03,sensor=s18 value=38.2 1700000020000000000
temperature,site=plant-03,sensor=s17 value=22.1 1700000030000000000
temperature,site=plant-03,sensor=s18 value=37.9 1700000030000000000` },
];
