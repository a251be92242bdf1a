// health.ts -- is the daemon there? Whoever asks it something says how that went; the frame shows it.

let away = false;
let why = '';
const listeners = new Set<() => void>();

export const isAway = (): boolean => away;
export const whyAway = (): string => why;

export function onHealth(listener: () => void): void {
    listeners.add(listener);
}

export function setAway(now: boolean, because = ''): void {
    if (now === away && because === why) return;
    away = now;
    why = because;
    listeners.forEach((listener) => listener());
}
