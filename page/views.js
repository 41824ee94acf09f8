/* What is shown: the app passwords of a user, what happened to them, and for an administrator all users. */
import { appName, create, rename, replace, revoke, revokeAll } from "./acts.js";
import { button, facts, foreign, named, node, notice, textField } from "./element.js";
import { asp } from "./tool.js";
import { ago, date, duration, knows, line, listed, moment, say } from "./words.js";

const PRIMARY = "primary-password";
const ROTATED = "rotated";
const RECENT = 30 * 24 * 60 * 60 * 1000; // ms: that long a changed login password explains what is gone

export function address(...path) {
    return `#/${path.map(encodeURIComponent).join("/")}`;
}

function link(text, ...path) {
    return node("a", "", { href: address(...path), id: `to-${path.join("-")}` }, text);
}

export function heading(title, text) {
    return node("header", "heading", null,
                node("h1", "", { id: "heading", tabindex: "-1" }, title), text ? node("p", "", null, text) : "");
}

function nothing(key) {
    return node("div", "nothing", null, node("h2", "", null, line(`${key}.none`)),
                node("p", "", null, line(`${key}.none-text`)));
}

/* The app of a service by name, where there is one: "mail" for imap. */
function serviceName(page, service) {
    const group = page.groups.find(({ app, services }) => app === service || services.includes(service));
    return group ? appName(group.app) : foreign(service);
}

function lastUse(page, use) {
    if (use === null)
        return line("use.never");
    const values = { ago: ago(use.time), service: serviceName(page, use.service), host: foreign(use.rhost || "") };
    return say(use.rhost === null ? "use.here" : "use.from", values);
}

/* "You" where it is she who reads it. */
function byWhom(page, by) {
    return by === page.me ? "you" : "by";
}

function ending(page, entry) {
    const { time, by, reason } = entry.revoked;
    const values = { ago: ago(time), by: foreign(by), reason: foreign(reason) };
    if (reason === PRIMARY || reason === ROTATED)
        return say(`ended.${reason}`, values);
    return say(reason === "admin" ? `ended.${byWhom(page, by)}` : `ended.${byWhom(page, by)}-reason`, values);
}

function limitsOf(entry) {
    return [
        ...(entry.expires === null ? [] : [say("limit.end", { date: date(entry.expires) })]),
        ...(entry.unused === null ? [] : [say("limit.unused", { duration: duration(entry.unused) })]),
        ...(entry.networks.length === 0 ? [] : [say("limit.networks", { networks: listed(entry.networks.map(foreign)) })]),
    ].map(limit => node("div", "", null, limit));
}

function actions(page, entry) {
    const act = (word, perform) => button(line(`${word}.action`), word === "revoke" ? "small danger" : "small", {
        id: `${word}-${entry.id}`, "aria-labelledby": `${word}-${entry.id} name-${entry.id}`,
        click: () => perform(page, entry),
    });
    const usual = [act("rename", rename), act("replace", replace), act("revoke", revoke)];
    return node("div", "actions", null, entry.revoked === null ? usual : act("replace", replace));
}

function made(page, entry) {
    return entry.created_by === page.user
        ? date(entry.created)
        : say("made.by", { date: date(entry.created), by: foreign(entry.created_by) });
}

function entryItem(page, entry) {
    const limits = limitsOf(entry);
    return node("li", `entry ${entry.state}`, null,
                node("div", "name", null,
                     node("h2", "", { id: `name-${entry.id}` }, foreign(entry.label)),
                     node("span", "state", null, line(`state.${entry.state}`))),
                facts([["opens", appName(entry.app)],
                       ["used", lastUse(page, entry.last_used)],
                       ["made", made(page, entry)],
                       ["limits", limits.length > 0 && limits],
                       ["ended", entry.revoked && ending(page, entry)]]),
                actions(page, entry));
}

/* After a change of the login password: what went with it, as far as nothing of that name has come since. */
function explained(page, entries) {
    const labels = new Set(entries.filter(entry => entry.state === "active").map(entry => entry.label));
    const gone = entries.filter(({ revoked, label }) => revoked !== null && revoked.reason === PRIMARY &&
                                !labels.has(label) && Date.now() - Date.parse(revoked.time) < RECENT);
    if (gone.length === 0)
        return "";
    const values = {
        count: gone.length, moment: moment(gone[gone.length - 1].revoked.time),
        labels: listed(gone.map(entry => named(entry.label))), user: foreign(page.user),
    };
    return notice("info primary-changed", node("p", "", null, say("changed", values)));
}

/* Apart from the rest, for it is not a thing of every day. */
function lost(page, count) {
    return node("section", "apart", { "aria-labelledby": "lost" },
                node("h2", "", { id: "lost" }, line("lost.title")),
                node("p", "", null, line("lost.text")),
                button(line("all.action"), "danger", { id: "revoke-all", click: () => revokeAll(page, count) }));
}

export async function entriesView(page) {
    const [{ found }] = await Promise.all([asp("list", "--all", "--", page.user), page.learn()]);
    const alive = found.filter(entry => entry.revoked === null);
    const shown = page.all ? [...alive, ...found.filter(entry => entry.revoked !== null)] : alive;
    const all = node("input", "", {
        id: "all", type: "checkbox", checked: page.all,
        change: event => {
            page.all = event.target.checked;
            page.load();
        },
    });
    return [
        heading(page.user === page.me ? line("title") : say("title.of", { user: foreign(page.user) }), line("text")),
        explained(page, found),
        node("div", "bar", null,
             button(line("create"), "primary", { id: "create", click: () => create(page) }),
             found.length > alive.length || page.all
                 ? node("label", "check", { for: "all" }, all, line("show-revoked")) : "",
             link(line("history"), page.user, "history")),
        shown.length === 0
            ? nothing("list")
            : node("ul", "entries", { "aria-label": line("title") }, shown.map(entry => entryItem(page, entry))),
        alive.length > 0 ? lost(page, alive.length) : "",
    ];
}

/* What happened, in a sentence. */
function sentence(page, event) {
    const values = {
        label: named(event.label), by: foreign(event.by || ""), reason: foreign(event.reason || ""),
        host: foreign(event.rhost || ""), service: event.service === null ? "" : serviceName(page, event.service),
    };
    const who = byWhom(page, event.by);
    if (event.event === "revoked" && (event.reason === PRIMARY || event.reason === ROTATED))
        return say(`event.${event.reason}`, values);
    if (event.event === "revoked")
        return say(event.reason === "admin" ? `event.revoked-${who}` : `event.revoked-${who}-reason`, values);
    if (event.event === "created")
        return say(`event.created-${who}`, values);
    if (event.event === "used")
        return say(event.rhost === null ? "event.used" : "event.used-from", values);
    return say(knows(`event.${event.event}`) ? `event.${event.event}` : "event.other", { ...values, event: event.event });
}

/* The last thing first. */
export async function historyView(page) {
    const [{ found }] = await Promise.all([asp("history", "--", page.user), page.learn()]);
    const name = page.user === page.me ? line("history") : say("history.of", { user: foreign(page.user) });
    return [
        heading(name, line("history.text")),
        found.length === 0
            ? nothing("history")
            : node("ol", "events", { "aria-label": line("history") }, found.reverse().map(event => node(
                "li", "", null, node("p", "", null, sentence(page, event)),
                node("p", "help", null, moment(event.time))))),
    ];
}

export async function usersView() {
    const { found } = await asp("list");
    const user = textField("user", { required: true, autocapitalize: "none", spellcheck: "false" });
    const go = event => {
        event.preventDefault();
        location.hash = address(user.value);
    };
    const row = account => node("tr", "", null,
                                node("th", "", { scope: "row" }, link(foreign(account.user), account.user)),
                                node("td", "", null, say("users.active", { count: account.active })),
                                node("td", "", null, account.last_used === null ? line("use.never") : ago(account.last_used)));
    return [
        heading(line("title"), line("users.text")),
        node("form", "bar", { submit: go },
             node("label", "", { for: "user" }, line("users.user")), user,
             node("button", "button", { type: "submit" }, line("users.show"))),
        found.length === 0
            ? nothing("users")
            : node("table", "", { "aria-label": line("users.caption") },
                   node("thead", "", null, node("tr", "", null, ["users.user", "title", "used"].map(
                       key => node("th", "", { scope: "col" }, line(key))))),
                   node("tbody", "", null, found.map(row))),
    ];
}
