/* What asp-web is asked, as asp-web(8) says: each answer is { status, found }, and its status 0 where nobody has answered. */
const PAUSE = 1000; // ms, before what was not heard is asked again
const PATIENCE = 5; // times

let token = "";

async function ask(method, path, document, options) {
    const headers = { "X-Asp-Token": token, ...(document ? { "Content-Type": "application/json" } : {}) };
    try {
        const body = document && JSON.stringify(document);
        const answer = await fetch(path, { method, headers, body, redirect: "error", ...options });
        const found = await answer.json().catch(() => ({}));
        token = found.token || token;
        return { status: answer.status, found };
    } catch {
        return { status: 0, found: {} };
    }
}

export function pause() {
    return new Promise(resolve => setTimeout(resolve, PAUSE));
}

/* Who is signed in by the cookie that the browser has; a browser without one gets one. */
export function session() {
    return ask("GET", "/api/session");
}

/* Another page of this browser may have had the cookie changed, and the token with it. */
export async function post(path, document) {
    const answer = await ask("POST", path, document);
    if (answer.status !== 403)
        return answer;
    await session();
    return ask("POST", path, document);
}

/* What comes next. A telephone that sleeps, or a server that is started again, breaks a wait off, which may go on. */
export async function wait(seen = 0) {
    let answer = { status: 0 };
    for (let tries = 0; tries < PATIENCE && (answer.status === 0 || answer.status >= 500); tries += 1) {
        if (tries > 0)
            await pause();
        answer = await ask("GET", `/api/wait?after=${seen}`);
    }
    return answer;
}

/* What a device can take the new password by, as page/tool.js has it. A page that is being left ends it as well. */
export function onceOf({ qr }) {
    return {
        qr,
        state: async () => {
            const { status, found } = await ask("GET", "/api/once");
            return status === 0 ? "open" : found.once || "ended";
        },
        end: () => ask("POST", "/api/done", {}, { keepalive: true }),
    };
}
