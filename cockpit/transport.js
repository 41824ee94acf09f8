/* How the page reaches asp-admin from Cockpit: it is run by Cockpit's bridge, as who is signed in. page/tool.js says what a
 * transport is. */
import { start } from "./asp.js";

const PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
const NAME = "asp-admin: ";

let told = null; // the style that the menu has told of, before it is stored
const permission = cockpit.permission({ admin: true });

/* What a line of its output is: a part of PAM's conversation, or null. */
function partOf(text) {
    if (!text.startsWith('{"'))
        return null;
    const part = JSON.parse(text);
    return "prompt" in part || "message" in part ? part : null;
}

/* Standard error comes in the same stream as the document: that is how a question is seen while it waits. */
async function run(words, { answer }) {
    const out = [];
    const err = [];
    let rest = "";
    let talk = Promise.resolve();
    const options = { err: "out", environ: [PATH], ...(permission.allowed ? { superuser: "require" } : {}) };
    const process = cockpit.spawn(["asp-admin", "--json", ...words], options);

    async function put(part) {
        const text = await answer(part);
        if (text === null)
            process.close("cancelled");
        else if (text !== undefined)
            process.input(`${text}\n`, true);
    }

    process.stream(text => {
        const lines = (rest + text).split("\n");
        rest = lines.pop();
        for (const line of lines) {
            const part = partOf(line);
            if (part !== null)
                talk = talk.then(() => put(part));
            else
                (line.startsWith(NAME) ? err : out).push(line);
        }
    });
    try {
        await process;
        return { code: 0, out: out.splice(0).join("\n"), err: err.join("\n") };
    } catch (error) {
        const ran = typeof error.exit_status === "number" && !error.problem;
        const why = error.problem === "not-found" ? "absent" : error.message;
        return { code: ran ? error.exit_status : null, out: "", err: ran ? err.join("\n") : why };
    }
}

/* Whether she may act as root is known a little later than the page is there. */
const settled = new Promise(resolve => {
    const look = () => permission.allowed !== null && resolve();
    permission.addEventListener("changed", look);
    look();
});

async function who() {
    const [{ name }] = await Promise.all([cockpit.user(), settled]);
    return { user: name, admin: permission.allowed };
}

/* As the rest of Cockpit is: what was chosen in its menu, else what the machine wants. */
function dark() {
    const style = told || localStorage.getItem("shell:style") || "auto";
    return style === "dark" || (style === "auto" && matchMedia("(prefers-color-scheme: dark)").matches);
}

function follow(changed, themed) {
    settled.then(() => permission.addEventListener("changed", changed));
    cockpit.addEventListener("visibilitychange", () => !cockpit.hidden && changed());
    for (const kind of ["storage", "cockpit-style"])
        window.addEventListener(kind, event => {
            told = event.detail && event.detail.style;
            themed();
        });
}

/* The one that was chosen in Cockpit's menu is first. */
const chosen = localStorage.getItem("cockpit.lang");
const languages = [...(chosen ? [chosen] : []), ...navigator.languages];

start({ run, who, languages, dark, follow });
