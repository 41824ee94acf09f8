/*
 * App passwords in Cockpit. What is shown is what `asp-admin --json` says, and what is pressed is one of its commands:
 * there is no rule of app passwords in here. Text of others (labels, names, errors) becomes text nodes, never markup.
 * A password is held by one text node alone, and is gone with it.
 */
"use strict";

const PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
const STATES = { active: "m-green", revoked: "m-grey", expired: "m-orange", unused: "m-orange" };

/* `admin`: as root, by Cockpit's administrative access. `all`: revoked ones too. */
const page = { admin: null, me: null, all: false, turn: 0, dialogs: 0, timer: 0 };

/* Elements */

/* "c-button m-primary" as PatternFly 4, 5 and 6 call it: which one is here depends on the version of Cockpit. */
function patternfly(names) {
    return names.split(" ").flatMap(name => {
        if (name.startsWith("c-"))
            return [`pf-${name}`, `pf-v5-${name}`, `pf-v6-${name}`];
        return [name.startsWith("m-") ? `pf-${name}` : name];
    }).join(" ");
}

/* Children are nodes or text; a property that is a function is a listener. */
function node(tag, names, properties, ...children) {
    const made = document.createElement(tag);
    if (names)
        made.className = patternfly(names);
    for (const [name, value] of Object.entries(properties || {})) {
        if (typeof value === "function")
            made.addEventListener(name, value);
        else if (value !== undefined && value !== false)
            made.setAttribute(name, value === true ? "" : value);
    }
    made.append(...children);
    return made;
}

function button(text, kind, properties) {
    return node("button", `c-button m-${kind}`, { type: "button", ...properties },
                node("span", "c-button__text", null, text));
}

/* Text of somebody else: whatever its direction, it does not turn what stands around it. */
function foreign(text) {
    return node("bdi", "asp-foreign", null, text);
}

function when(time) {
    if (time === null)
        return "never";
    const language = (cockpit.language || "en").replace("_", "-");
    const shown = new Date(time).toLocaleString(language, { dateStyle: "medium", timeStyle: "short" });
    return node("time", "", { datetime: time, title: time }, shown);
}

function notice(kind, title, ...lines) {
    return node("div", `c-alert m-inline m-${kind} asp-alert`, null,
                node("p", "c-alert__title", null, title),
                ...lines.map(line => node("div", "c-alert__description asp-said", null, line)));
}

/* The tool's own line comes last. */
function failure({ said, message }) {
    return notice("danger", said.length > 0 ? said[said.length - 1] : message, ...said.slice(0, -1));
}

/* For a while, or until something else is begun. */
function report(text) {
    const status = document.getElementById("status");
    status.replaceChildren(text === "" ? "" : notice("success", text));
    clearTimeout(page.timer);
    page.timer = setTimeout(() => status.replaceChildren(), 10000);
}

/* The tool */

/* What a line of its output is: a part of the conversation, something said to the user, or (null) of the document. */
function spoken(line) {
    if (line.startsWith("asp-admin: "))
        return { message: line.slice("asp-admin: ".length) };
    if (!line.startsWith('{"'))
        return null;
    const part = JSON.parse(line);
    return "prompt" in part || "message" in part ? part : null;
}

/*
 * Runs it and resolves with its document and with what was said beside it, `{ found, said }`; what it rejects with has
 * what was said too. Standard error comes in the same stream: that is how its prompts are seen while it waits.
 */
async function asp(...words) {
    const said = [];
    const lines = [];
    let rest = "";
    let asked = Promise.resolve();
    const options = { err: "out", environ: [PATH], ...(page.admin ? { superuser: "require" } : {}) };
    const run = cockpit.spawn(["asp-admin", "--json", ...words], options);

    function hear(line) {
        const part = spoken(line);
        if (part === null)
            lines.push(line);
        else if ("prompt" in part)
            asked = asked.then(() => answer(run, part, said.splice(0)));
        else
            tell(part, said);
    }

    run.stream(text => {
        const heard = (rest + text).split("\n");
        rest = heard.pop();
        heard.forEach(hear);
    });
    try {
        await run;
        return { found: JSON.parse(lines.splice(0).join("\n")), said };
    } catch (error) {
        const message = error.problem === "not-found" ? "asp-admin is not installed on this machine" : error.message;
        const cancelled = error.problem === "cancelled";
        throw Object.assign(new Error(message), { cancelled, said: [...said, ...lines] });
    }
}

/* What PAM says without a question (a key is to be touched, say) is seen at once, in the dialog on top. */
function tell({ message, error }, said) {
    const place = [...document.querySelectorAll("dialog .asp-alerts")].pop();
    said.push(message);
    if (place !== undefined && error !== undefined)
        place.append(notice(error ? "danger" : "info", message));
}

/* One question of the PAM conversation, put to the user and handed on as a line. To cancel it ends the run. */
function answer(run, question, said) {
    return new Promise(resolve => {
        let answered = false;
        const first = !question.echo && !run.explained;
        run.explained = run.explained || first;
        const input = textField("asp-answer", {
            type: question.echo ? "text" : "password", autocapitalize: "none", spellcheck: "false", autofocus: true,
        });
        const box = dialog({
            title: "Confirm that it is you",
            body: [...said.map(line => node("p", "asp-said", null, line)),
                   field(input, question.prompt.replace(/:\s*$/, ""), first ? "Your login password, not an app password." : "")],
            action: "Continue",
            submit: async () => {
                answered = true;
                run.input(`${input.value}\n`, true);
                box.close();
            },
        });
        box.addEventListener("close", () => {
            input.value = "";
            if (!answered)
                run.close("cancelled");
            resolve();
        });
        run.then(() => box.close(), () => box.close());
    });
}

/* Dialogs */

function textField(id, properties) {
    return node("input", "pf-c-form-control", { id, type: "text", autocomplete: "off", ...properties });
}

/* PatternFly 4 dresses the field itself, the later ones what is around it. */
function around(input) {
    return node("span", "pf-v5-c-form-control pf-v6-c-form-control asp-control", null, input);
}

function field(input, label, help) {
    if (help)
        input.setAttribute("aria-describedby", `${input.id}-help`);
    return node("div", "c-form__group", null,
                node("div", "c-form__group-label", null,
                     node("label", "c-form__label", { for: input.id },
                          node("span", "c-form__label-text asp-said", null, label))),
                node("div", "c-form__group-control", null,
                     around(input),
                     help ? node("p", "c-form__helper-text", { id: `${input.id}-help` }, help) : ""));
}

/*
 * A dialog with one action. `submit` does it: what it returns is reported, and the dialog is gone; if it returns
 * nothing, it has taken care of the dialog itself. What it throws is shown in the dialog, which stays.
 */
function dialog({ title, body, action, danger, submit }) {
    const id = `asp-title-${page.dialogs += 1}`;
    const alerts = node("div", "asp-alerts", { role: "alert" });
    const act = button(action, danger ? "danger" : "primary", { type: "submit" });
    const cancel = button("Cancel", "link", { click: () => box.close(), autofocus: danger });
    const form = node("form", "", { submit: press },
                      node("header", "c-modal-box__header", null, node("h1", "c-modal-box__title", { id }, title)),
                      node("div", "c-modal-box__body", null, alerts, node("div", "c-form", null, ...body)),
                      node("footer", "c-modal-box__footer", null, act, cancel));
    const box = node("dialog", "c-modal-box m-sm asp-dialog", { "aria-labelledby": id }, form);

    function hold(busy) {
        box.setAttribute("aria-busy", busy);
        act.disabled = cancel.disabled = busy;
    }

    async function press(event) {
        event.preventDefault();
        if (act.disabled)
            return;
        hold(true);
        alerts.replaceChildren();
        try {
            const done = await submit(box);
            if (done !== undefined) {
                box.close();
                report(done);
            }
        } catch (error) {
            alerts.replaceChildren(error.cancelled ? "" : failure(error));
        }
        hold(false);
    }

    report("");
    return present(box, () => cancel.disabled);
}

/* Shows a dialog, which is gone once it is closed. While `stays()` holds, Esc does not close it, however often. */
function present(box, stays) {
    const keep = event => {
        if (stays() && (event.type === "cancel" || event.key === "Escape"))
            event.preventDefault();
    };
    box.addEventListener("cancel", keep);
    box.addEventListener("keydown", keep);
    box.addEventListener("close", () => box.remove());
    document.body.append(box);
    box.showModal();
    return box;
}

/* What can be done */

/* The password is shown until Done, for it comes only once. */
function showPassword({ found, said }) {
    const password = node("code", "asp-password", { tabindex: "0", translate: "no" }, found.password);
    const copied = node("span", "asp-copied", { role: "status" });
    const box = node(
        "dialog", "c-modal-box m-sm asp-dialog", { "aria-labelledby": "asp-made" },
        node("header", "c-modal-box__header", null,
             node("h1", "c-modal-box__title", { id: "asp-made" }, "Your new app password")),
        node("div", "c-modal-box__body", null,
             ...said.map(line => notice("warning", line)),
             node("p", "", null, "For “", foreign(found.label), "”. Type or paste it there in place of your own ",
                  "password; the dashes may be left out. It is shown this once and can't be looked up later."),
             password),
        node("footer", "c-modal-box__footer", null,
             button("Copy", "secondary", { click: () => copy(password, copied), autofocus: true }),
             button("Done", "primary", { click: () => box.close() }), copied));

    delete found.password;
    box.addEventListener("close", () => {
        password.firstChild.data = "";
        load();
    });
    present(box, () => true);
}

/* Where the page does not come over HTTPS, the clipboard is reached by a selection alone. */
async function copy(from, status) {
    let done = true;
    try {
        await navigator.clipboard.writeText(from.textContent);
    } catch {
        getSelection().selectAllChildren(from);
        done = document.execCommand("copy");
        getSelection().removeAllRanges();
    }
    status.textContent = done ? "Copied" : "Copy it by hand";
}

function create(user) {
    const label = textField("asp-label", { required: true, autofocus: true });
    const app = textField("asp-app", { list: "asp-apps", autocapitalize: "none", spellcheck: "false" });
    const apps = node("datalist", "", { id: "asp-apps" });
    const offer = ({ found }) => apps.append(...found.filter(one => one.open).map(one => node("option", "", { value: one.app })));
    asp("apps").then(offer, () => {}); // what is wrong is told when it is made
    dialog({
        title: "Create app password",
        body: [field(label, "Label", "Which device or program is it for? For example: Mail on my phone"),
               field(app, "App", "What it opens, for example mail. Left empty, it is for what first uses it."),
               apps],
        action: "Create",
        submit: async box => {
            const limits = app.value === "" ? [] : [`--app=${app.value}`];
            const made = await asp("create", `--label=${label.value.trim()}`, ...limits, "--", user);
            box.close();
            showPassword(made);
        },
    });
}

function rotate(user, entry) {
    dialog({
        title: "Rotate app password?",
        body: [node("p", "", null, "A new password takes the place of the one for “", foreign(entry.label),
                    "”, with the same label, app and limits. The old one is refused from now on.")],
        action: "Rotate",
        danger: true,
        submit: async box => {
            const made = await asp("rotate", "--", user, entry.id);
            box.close();
            showPassword(made);
        },
    });
}

function rename(user, entry) {
    const label = textField("asp-label", { required: true, autofocus: true, value: entry.label });
    dialog({
        title: "Rename app password",
        body: [field(label, "Label")],
        action: "Rename",
        submit: async () => {
            const { found } = await asp("label", "--", user, entry.id, label.value.trim());
            load();
            return `Renamed to ${found.label}`;
        },
    });
}

function revoke(user, entry) {
    dialog({
        title: "Revoke app password?",
        body: [node("p", "", null, "“", foreign(entry.label), "” is signed out for good: its password is refused from ",
                    "now on. Other apps go on as before.")],
        action: "Revoke",
        danger: true,
        submit: async () => {
            await asp("revoke", "--", user, entry.id);
            load();
            return `Revoked ${entry.label}`;
        },
    });
}

function revokeAll(user) {
    const word = textField("asp-word", {
        required: true, pattern: "revoke all", title: "revoke all", autocapitalize: "none", spellcheck: "false",
        autofocus: true,
    });
    dialog({
        title: "Revoke all app passwords?",
        body: [node("p", "", null, "Every app of ", foreign(user), " is signed out for good and needs a new password."),
               field(word, "Type “revoke all” to confirm")],
        action: "Revoke all",
        danger: true,
        submit: async () => {
            const { found } = await asp("revoke", "--all", "--", user);
            load();
            return `Revoked ${found.revoked.length}`;
        },
    });
}

/* What is shown */

function table(caption, heads, rows) {
    const row = cells => node("tr", "c-table__tr", { role: "row" }, ...cells.map((cell, n) => node(
        "td", "c-table__td", { role: "cell", "data-label": heads[n] }, ...[cell].flat())));
    const names = heads.map(head => node(
        "th", "c-table__th m-nowrap", { role: "columnheader", scope: "col" }, head));
    return node("table", "c-table m-grid-md m-compact", { role: "table", "aria-label": caption },
                node("thead", "c-table__thead", { role: "rowgroup" },
                     node("tr", "c-table__tr", { role: "row" }, ...names)),
                node("tbody", "c-table__tbody", { role: "rowgroup" }, ...rows.map(row)));
}

function small(...parts) {
    return node("div", "asp-small", null, ...parts);
}

function nothing(title, text) {
    return node("div", "c-empty-state", null, node("div", "c-empty-state__content", null,
                node("h2", "c-title m-lg c-empty-state__title-text", null, title),
                node("div", "c-empty-state__body", null, text)));
}

function link(text, ...path) {
    return node("a", "asp-link", { href: `#${cockpit.location.encode(path)}` }, text);
}

function from(use) {
    return use.rhost === null ? [use.service] : [use.service, " from ", foreign(use.rhost)];
}

function state(entry) {
    const shown = node("span", `c-label ${STATES[entry.state]}`, null,
                       node("span", "c-label__content", null, node("span", "c-label__text", null, entry.state)));
    if (entry.revoked !== null)
        return [shown, small(when(entry.revoked.time), " by ", foreign(entry.revoked.by), ": ",
                             foreign(entry.revoked.reason))];
    return entry.expires === null ? shown : [shown, small("until ", when(entry.expires))];
}

function actions(user, entry) {
    const act = (word, perform) => button(word, "link m-inline", {
        id: `${word.toLowerCase()}-${entry.id}`, "aria-label": `${word} ${entry.label}`,
        click: () => perform(user, entry),
    });
    const usual = [act("Rename", rename), act("Rotate", rotate), act("Revoke", revoke)];
    return node("div", "asp-actions", null, ...(entry.revoked === null ? usual : [act("Rotate", rotate)]));
}

function entryRow(user, entry) {
    return [
        node("strong", "", null, foreign(entry.label)),
        [foreign(entry.app), entry.app === "first-use" ? small("what first uses it") : "",
         entry.networks.length > 0 ? small("only from ", entry.networks.join(", ")) : ""],
        [when(entry.created), entry.created_by === user ? "" : small("by ", foreign(entry.created_by))],
        entry.last_used === null ? "never" : [when(entry.last_used.time), small(...from(entry.last_used))],
        state(entry),
        actions(user, entry),
    ];
}

async function entriesView(user) {
    const { found } = await asp("list", ...(page.all ? ["--all"] : []), "--", user);
    const all = node("input", "c-check__input", {
        id: "asp-all", type: "checkbox", checked: page.all,
        change: event => {
            page.all = event.target.checked;
            load();
        },
    });
    return [
        heading(page.admin ? ["App passwords of ", foreign(user)] : ["App passwords"],
                "A password of its own for each mail program, calendar and phone."),
        node("div", "asp-toolbar", null,
             button("Create app password", "primary", { id: "asp-create", click: () => create(user) }),
             button("Revoke all", "secondary m-danger", { id: "asp-revoke-all", click: () => revokeAll(user) }),
             node("div", "c-check", null, all,
                  node("label", "c-check__label", { for: "asp-all" }, "Show revoked ones")),
             link("History", user, "history")),
        found.length === 0
            ? nothing("No app passwords", "Create one for each device or program that signs in.")
            : table("App passwords", ["Label", "App", "Created", "Last used", "State", "Actions"],
                    found.map(entry => entryRow(user, entry))),
    ];
}

async function historyView(user) {
    const { found } = await asp("history", "--", user);
    return [
        heading(["History of ", foreign(user)], "What happened to the app passwords, oldest first."),
        found.length === 0
            ? nothing("Nothing has happened yet", "There is no app password and there was none.")
            : table("History", ["Time", "Event", "Label", "By or from", "Reason"], found.map(event => [
                when(event.time),
                event.event,
                foreign(event.label),
                event.service === null ? foreign(event.by || "") : from(event),
                event.reason === null ? "" : foreign(event.reason),
            ])),
    ];
}

async function usersView() {
    const { found } = await asp("list");
    const user = textField("asp-user", { required: true, autocapitalize: "none", spellcheck: "false" });
    const go = event => {
        event.preventDefault();
        cockpit.location.go([user.value]);
    };
    return [
        heading(["App passwords"], "Of every user who was given one."),
        node("form", "asp-toolbar", { submit: go },
             node("label", "", { for: "asp-user" }, "User"), around(user),
             node("button", "c-button m-secondary", { type: "submit" }, "Show")),
        found.length === 0
            ? nothing("Nobody has app passwords", "Give a user's name to make the first.")
            : table("Users", ["User", "Active", "Revoked", "Last used"], found.map(account => [
                link(foreign(account.user), account.user), String(account.active), String(account.revoked),
                when(account.last_used),
            ])),
    ];
}

function heading(title, text) {
    return node("header", "asp-heading", null,
                node("h1", "c-title m-2xl", { id: "asp-heading" }, ...title), node("p", "", null, text));
}

/* The way back: Users > alice > History, or for a user on her own account App passwords > History. */
function trail(user, history) {
    const steps = [];
    if (page.admin && user !== undefined)
        steps.push(["Users"]);
    if (history)
        steps.push(page.admin ? [foreign(user), user] : ["App passwords", user]);
    if (steps.length === 0)
        return "";
    return node("nav", "c-breadcrumb asp-trail", { "aria-label": "Breadcrumb" },
                node("ol", "c-breadcrumb__list", { role: "list" }, ...steps.map(([text, ...path]) =>
                    node("li", "c-breadcrumb__item", null, link(text, ...path)))));
}

function view(user, history) {
    if (user === undefined)
        return page.admin ? usersView() : entriesView(page.me);
    return history ? historyView(user) : entriesView(user);
}

/* Shows what the address says. A newer call makes an older one void. The focus stays where it was, if that is there. */
async function load() {
    const turn = page.turn += 1;
    const main = document.getElementById("main");
    const [user, history] = cockpit.location.path;
    let shown;
    main.setAttribute("aria-busy", "true");
    try {
        shown = await view(user, history);
    } catch (error) {
        shown = [heading(["App passwords"], ""), failure(error), button("Try again", "secondary", { click: load })];
    }
    if (turn !== page.turn)
        return;
    const focus = main.contains(document.activeElement) ? document.activeElement.id : null;
    main.replaceChildren(trail(user, history), ...shown);
    main.setAttribute("aria-busy", "false");
    if (focus !== null)
        (document.getElementById(focus) || main).focus();
}

/* The start */

/* Light or dark as the rest of Cockpit is: what was chosen in its menu, else what the machine wants. */
function theme(event) {
    const style = (event && event.detail && event.detail.style) || localStorage.getItem("shell:style") || "auto";
    const dark = style === "dark" || (style === "auto" && matchMedia("(prefers-color-scheme: dark)").matches);
    for (const name of ["pf-theme-dark", "pf-v5-theme-dark", "pf-v6-theme-dark", "asp-dark"])
        document.documentElement.classList.toggle(name, dark);
}

function start() {
    const permission = cockpit.permission({ admin: true });
    const known = () => {
        if (permission.allowed === null || page.me === null)
            return;
        page.admin = permission.allowed;
        load();
    };

    permission.addEventListener("changed", known);
    cockpit.user().then(user => {
        page.me = user.name;
        known();
    });
    cockpit.addEventListener("locationchanged", () => {
        report("");
        load();
    });
    cockpit.addEventListener("visibilitychange", () => {
        if (!cockpit.hidden && document.querySelector("dialog") === null)
            known();
    });
}

window.addEventListener("storage", theme);
window.addEventListener("cockpit-style", theme);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => theme());
theme();
start();
