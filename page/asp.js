/*
 * The page of app passwords. What shows it hands over a transport (tool.js says what that is): `start(transport)`.
 */
import { report } from "./dialog.js";
import { button, failure, foreign, node } from "./element.js";
import { asp, speakBy } from "./tool.js";
import { entriesView, heading, historyView, usersView } from "./views.js";
import { line, say, speak } from "./words.js";

/*
 * `user` is whose account is shown, `me` who is signed in, `admin` whether for the accounts of all; `groups` are all apps
 * and `apps` those that are open to her; `all`: revoked ones too. A newer `turn` makes an older one void. `leave` signs her
 * out, where that is done here.
 */
const page = { user: "", me: "", admin: false, groups: [], apps: [], all: false, turn: 0, leave: null, load, learn };

/* What there is to be opened, and what of it by her. */
async function learn() {
    page.groups = (await asp("apps")).found;
    page.apps = page.groups.filter(app => app.open);
}

/* What the address names: a user, and whether her history. */
function place() {
    const path = location.hash.replace(/^#?\/?/, "").split("/");
    try {
        return path.map(decodeURIComponent);
    } catch {
        return [""];
    }
}

/* Users > alice > History, or for a user on her own account App passwords > History. */
function trail(user, history) {
    const steps = [];
    if (page.admin && user !== "")
        steps.push([line("users"), "#/"]);
    if (history)
        steps.push([page.admin ? foreign(user) : line("title"), `#/${encodeURIComponent(user)}`]);
    if (steps.length === 0)
        return "";
    return node("nav", "trail", { "aria-label": line("trail") },
                node("ol", "", null, steps.map(([text, href]) => node("li", "", null, node("a", "", { href }, text)))));
}

function signedIn() {
    return node("div", "bar who", null,
                node("p", "", null, say(page.admin ? "signed-in.admin" : "signed-in", { user: foreign(page.me) })),
                page.leave ? button(line("sign-out"), "small", { id: "sign-out", click: page.leave }) : "");
}

async function view(user, history) {
    if (page.admin && user === "")
        return usersView();
    page.user = user === "" ? page.me : user;
    return history ? historyView(page) : entriesView(page);
}

/* Shows what the address says. The focus stays where it was, if that is there; at another place it is at the top. */
async function load(moved) {
    const turn = page.turn += 1;
    const main = document.getElementById("main");
    const [user, history] = place();
    let shown;
    main.setAttribute("aria-busy", "true");
    try {
        shown = await view(user, history === "history");
    } catch (error) {
        if (!("said" in error))
            throw error;
        shown = [heading(line("title")), failure(error), button(line("again"), "", { id: "again", click: load })];
    }
    if (turn !== page.turn)
        return;
    const focused = main.contains(document.activeElement) || document.activeElement === document.body;
    const id = document.activeElement.id;
    main.replaceChildren(signedIn(), trail(user, history === "history"), ...shown);
    main.setAttribute("aria-busy", "false");
    document.title = document.getElementById("heading").innerText;
    if (moved === true)
        document.getElementById("heading").focus();
    else if (focused && id !== "")
        (document.getElementById(id) || document.getElementById("heading")).focus();
}

export async function start(transport) {
    const media = matchMedia("(prefers-color-scheme: dark)");
    const theme = () => document.documentElement.classList.toggle("dark", transport.dark ? transport.dark() : media.matches);
    const changed = async () => {
        Object.assign(page, await transport.who());
        page.me = page.user;
        load();
    };

    theme();
    media.addEventListener("change", theme);
    speakBy(transport);
    page.leave = transport.leave;
    await speak(transport.languages || navigator.languages);
    window.addEventListener("hashchange", () => {
        report();
        load(true);
    });
    // What it was shown with is gone.
    window.addEventListener("pageshow", event => event.persisted && location.reload());
    if (transport.follow)
        transport.follow(() => document.querySelector("dialog[open]") === null && changed(), theme);
    await changed();
}
