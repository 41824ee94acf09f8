/* How the page reaches asp-admin from a browser: asp-web carries it, for who has signed in. page/tool.js says what a transport
 * is. */
import { onceOf, pause, post, session, wait } from "./api.js";
import { start } from "./asp.js";
import { report } from "./dialog.js";
import { failure } from "./element.js";
import { signIn } from "./sign-in.js";
import { line } from "./words.js";

const LOOK = 30 * 1000; // ms: how often it is looked whether her session goes on
const BUSY = 30; // times that a command waits for another page's, a pause each

let me = null; // who is signed in
let signing = null; // what ends when she is, while she is not
let changed = () => {};
let turn = Promise.resolve(); // a session has one command at a time

/* She goes on with what she was at; somebody else begins anew. */
async function signInAgain() {
    const user = await signIn(me);
    if (me !== null && user !== me) {
        location.reload();
        await new Promise(() => {});
    }
    me = user;
    signing = null;
}

/* Resolves when somebody is signed in. */
function signedIn() {
    signing = signing || signInAgain();
    return signing;
}

/* Where the server cannot be asked, she is who she was. */
async function who() {
    const { status, found } = await session();
    if (status === 200 && found.user !== null)
        me = found.user;
    else if (status === 200 || me === null)
        await signedIn();
    return { user: me, admin: false };
}

async function askFor(words) {
    let answer = await post("/api/run", { words });
    for (let tries = 0; answer.status === 409 && tries < BUSY; tries += 1) {
        await pause();
        answer = await post("/api/run", { words });
    }
    return answer;
}

/* Up to its end, or to where there is none. A new password lets nobody in before asp-web was told that it is shown. */
async function carryOut(words, show) {
    let answer = await askFor(words);
    while (answer.status === 200 && (answer.found.show || answer.found.running)) {
        if (answer.found.show) {
            await show(answer.found);
            answer = await post("/api/shown", {});
        } else {
            answer = await wait();
        }
    }
    return answer;
}

async function runNow(words, show) {
    const { status, found } = await carryOut(words, show);
    if (status === 200 && "code" in found)
        return { ...found, once: found.once && onceOf(found.once) };
    if (status !== 401 && status !== 403)
        return { code: null, out: "", err: status === 429 ? "many" : "server" };
    await signedIn();
    changed();
    return { code: null, out: "", err: "over" };
}

function run(words, { show }) {
    const done = turn.then(() => runNow(words, show));
    turn = done;
    return done;
}

/* That she is seen again, or that her session is over: that does not make it longer. */
function follow(update) {
    changed = update;
    document.addEventListener("visibilitychange", () => {
        if (document.visibilityState === "visible" && signing === null)
            changed();
    });
    setInterval(async () => {
        if (me === null || signing !== null)
            return;
        const { status, found } = await session();
        if (status === 200 && found.user !== me)
            changed();
    }, LOOK);
}

async function leave() {
    const { status } = await post("/api/sign-out", {});
    if (status !== 200 && status !== 401) {
        document.getElementById("status").replaceChildren(failure({ message: line("sign-out.failed"), said: [] }));
        return;
    }
    history.replaceState(null, "", "/");
    me = null;
    report(line("sign-out.done"));
    changed();
}

start({ run, who, follow, leave });
