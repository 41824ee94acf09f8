/*
 * What is secret while it is in the page. MUST: gone from it (nodes, fields, object addresses, variables) once it was
 * taken, when the page is left, and ten minutes after it came; so that no way back shows it. MUST NOT: be kept for
 * anything else.
 */
const LIFE = 10 * 60 * 1000; // ms

const held = new Set();

/* `wipe` is called once: by what is returned, when the page is left, or ten minutes from now. */
export function guard(wipe, overdue = () => {}) {
    const end = () => {
        if (held.delete(end)) {
            clearTimeout(timer);
            wipe();
        }
    };
    const timer = setTimeout(() => {
        end();
        overdue();
    }, LIFE);

    held.add(end);
    return end;
}

/* At once: what is put off would be done when she comes back. */
window.addEventListener("pagehide", () => [...held].forEach(end => end()));
