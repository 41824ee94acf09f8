/* What can be done, each in a dialog. `page` is whose account it is (`user`), what it may be for (`apps`), and `load`. */
import { dialog } from "./dialog.js";
import { field, foreign, named, node, textField } from "./element.js";
import { showMade } from "./made.js";
import { asp, aspShown } from "./tool.js";
import { knows, line, listed, say } from "./words.js";

const UNUSED = ["30d", "90d", "180d", "365d"];
const USAGE = 2;

/* Apps of which asp.conf tells a device nothing: it was asked once. */
const unprofiled = new Set();

/* The groups that every asp.conf has by itself have a name in each language, others the one that asp.conf gives. */
export function appName(app) {
    return knows(`app.${app}`) ? line(`app.${app}`) : foreign(app);
}

/* `run` makes one, and is handed what shows it. */
function made(page, run) {
    return async box => {
        let shown = null;
        try {
            const once = await run(answer => {
                box.close();
                shown = showMade(answer, page.load);
                return shown.drawn;
            });
            if (once)
                shown.offer(once);
        } catch (error) {
            if (shown === null)
                throw error;
            shown.takeBack(error);
        }
    };
}

/* The app's name, and what it opens where that says more. */
function appChoice({ app, services }, n) {
    const input = node("input", "", { type: "radio", name: "app", value: app, id: `app-${n}`, required: true, checked: n === 0 });
    const others = services.filter(service => service !== app);
    return node("label", "choice", { for: input.id }, input,
                node("span", "", null, node("span", "choice-name", null, appName(app)),
                     others.length > 0 ? node("span", "help", null, listed(others)) : ""));
}

function limitFields() {
    const end = node("input", "", { id: "limit-end", type: "date" });
    const unused = node("select", "", { id: "limit-unused" },
                        node("option", "", { value: "" }, line("create.unused-none")),
                        UNUSED.map(value => node("option", "", { value }, line(`create.unused-${value}`))));
    const networks = textField("limit-networks", { autocapitalize: "none", spellcheck: "false" });
    return {
        shown: node("details", "limits", null,
                    node("summary", "", null, line("create.limits")),
                    field(end, line("create.end"), line("create.end-help")),
                    field(unused, line("create.unused"), line("create.unused-help")),
                    field(networks, line("create.networks"), line("create.networks-help"))),
        words: () => [
            ...(end.value ? [`--expires=${end.value}`] : []),
            ...(unused.value ? [`--unused=${unused.value}`] : []),
            ...networks.value.split(/[\s,;]+/).filter(one => one !== "").map(one => `--from=${one}`),
        ],
    };
}

/* With a profile where there is one for this app: else the same without it, which tells by itself what is wrong. */
async function runCreate(show, app, words) {
    if (!unprofiled.has(app)) {
        try {
            return await aspShown(show, "create", "--profile=json", ...words);
        } catch (error) {
            if (error.code !== USAGE)
                throw error;
        }
    }
    const once = await aspShown(show, "create", ...words);
    unprofiled.add(app);
    return once;
}

export function create(page) {
    const label = textField("label", { required: true, autofocus: true });
    const limits = limitFields();
    const box = dialog({
        title: line("create.title"),
        body: [field(label, line("label"), line("create.label-help")),
               node("fieldset", "", null, node("legend", "", null, line("create.app")), page.apps.map(appChoice)),
               page.apps.length === 0 ? node("p", "", null, line("create.no-app")) : "",
               limits.shown],
        action: line("create.action"),
        submit: made(page, show => {
            const chosen = box.querySelector("input[name=app]:checked");
            const app = chosen ? chosen.value : "";
            return runCreate(show, app, ["--qr", `--label=${label.value.trim()}`, `--app=${app}`, ...limits.words(),
                                   "--", page.user]);
        }),
    });
}

export function replace(page, entry) {
    dialog({
        title: line("replace.title"),
        body: [node("p", "", null, say(entry.revoked === null ? "replace.text" : "replace.renew",
                                       { label: named(entry.label) }))],
        action: line("replace.action"),
        submit: made(page, show => aspShown(show, "rotate", "--", page.user, entry.id)),
    });
}

export function rename(page, entry) {
    const label = textField("label", { required: true, autofocus: true, value: entry.label });
    dialog({
        title: line("rename.title"),
        body: [field(label, line("label"), line("create.label-help"))],
        action: line("rename.action"),
        submit: async () => {
            const { found } = await asp("label", "--", page.user, entry.id, label.value.trim());
            page.load();
            return say("rename.done", { label: named(found.label) });
        },
    });
}

export function revoke(page, entry) {
    dialog({
        title: line("revoke.title"),
        body: [node("p", "", null, say("revoke.text", { label: named(entry.label) }))],
        action: line("revoke.action"),
        danger: true,
        submit: async () => {
            await asp("revoke", "--", page.user, entry.id);
            page.load();
            return say("revoke.done", { label: named(entry.label) });
        },
    });
}

export function revokeAll(page, count) {
    const typed = line("all.word");
    const word = textField("word", {
        required: true, pattern: typed, title: typed, autocapitalize: "none", spellcheck: "false", autofocus: true,
    });
    dialog({
        title: line("all.title"),
        body: [node("p", "", null, say("all.text", { count, user: foreign(page.user) })),
               field(word, line("all.confirm", { word: typed }))],
        action: line("all.action"),
        danger: true,
        submit: async () => {
            const { found } = await asp("revoke", "--all", "--", page.user);
            page.load();
            return say("all.done", { count: found.revoked.length });
        },
    });
}
