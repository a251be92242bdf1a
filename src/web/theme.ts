// theme.ts -- dark or light: the system's choice unless the viewer has made one.

const KEY = 'nablad-theme';
const ORDER = ['auto', 'light', 'dark'] as const;
export type Theme = (typeof ORDER)[number];

export function theme(): Theme {
    try {
        const kept = localStorage.getItem(KEY);
        return kept === 'light' || kept === 'dark' ? kept : 'auto';
    } catch {
        return 'auto'; // no storage for this page: the choice lasts as long as it
    }
}

const listeners = new Set<() => void>();

/** Colours that scripts draw with are others now. */
export function onColours(listener: () => void): () => void {
    listeners.add(listener);
    return () => listeners.delete(listener);
}

const tell = (): void => listeners.forEach((listener) => listener());
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', tell);

export function applyTheme(choice: Theme): void {
    if (choice === 'auto') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = choice;
    tell();
}

export function nextTheme(): Theme {
    const now = (document.documentElement.dataset.theme as Theme | undefined) ?? 'auto';
    const next = ORDER[(ORDER.indexOf(now) + 1) % ORDER.length];
    try {
        localStorage.setItem(KEY, next);
    } catch {
        // see above
    }
    applyTheme(next);
    return next;
}

/** A colour of style.css, as it is now. */
export function colour(name: string): string {
    return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}
