/* A new app password as it is shown, this once. */
import { present, report, title } from "./dialog.js";
import { button, facts, failure, foreign, named, node, notice } from "./element.js";
import { shownOnce } from "./once.js";
import { drawn, wiped } from "./qr.js";
import { guard } from "./secret.js";
import { line, say } from "./words.js";

const PROFILE = "application/x-apple-aspen-config";
const SERVERS = [
    ["made.incoming", "IncomingMailServerHostName"],
    ["made.outgoing", "OutgoingMailServerHostName"],
    ["made.calendar", "CalDAVHostName"],
];

/* What a profile tells a device: a function from the names of its keys. A signed one has the same text within. */
function read(bytes) {
    const text = new TextDecoder().decode(bytes);
    const plist = text.slice(text.indexOf("<?xml"), text.lastIndexOf(">", text.lastIndexOf("</plist>") + 8) + 1);
    const tree = new DOMParser().parseFromString(plist, "application/xml");
    const keys = new Map([...tree.querySelectorAll("key")].map(key => [key.textContent, key]));

    return name => keys.has(name) ? keys.get(name).nextElementSibling.textContent : null;
}

/* Beside the password: as whom, and where. Without a profile it is the machine that the page is of. */
function accountOf(found, told) {
    const servers = SERVERS.map(([key, name]) => [key, told(name)]).filter(([, host]) => host !== null);
    const user = told("IncomingMailServerUsername") || told("CalDAVUsername") || found.user;

    if (servers.length === 0)
        servers.push(["made.server", location.hostname]);
    return facts([["made.user", user], ...servers].map(([key, value]) => [key, foreign(value)]));
}

/* The profile as a file to be opened on the device, and how to take it back. */
function offered(found, bytes) {
    const address = URL.createObjectURL(new Blob([bytes], { type: PROFILE }));
    const file = node("a", "button", { href: address, download: `${found.app}-${found.id}.mobileconfig` },
                      line("made.profile"));

    bytes.fill(0);
    return {
        shown: [file, node("p", "help", null, line("made.profile-help"))],
        wipe: () => {
            URL.revokeObjectURL(address);
            file.removeAttribute("href");
        },
    };
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
    status.textContent = line(done ? "made.copied" : "made.by-hand");
}

/* Takes the secrets out of the document; what is returned holds them in nodes, and `wipe` takes them out of those. */
function shownOf(found) {
    const password = node("code", "password", { tabindex: "0", translate: "no" }, found.password);
    const bytes = found.profile && Uint8Array.from(atob(found.profile), letter => letter.charCodeAt(0));
    const account = accountOf(found, bytes ? read(bytes) : () => null);
    const profile = bytes ? offered(found, bytes) : { shown: [], wipe: () => {} };
    const qr = found.qr ? drawn(found.qr, line("made.qr")) : null;

    delete found.password;
    delete found.profile;
    delete found.qr;
    return {
        password,
        account,
        profile: profile.shown,
        code: qr ? node("figure", "", null, qr, node("figcaption", "help", null, line("made.qr-help"))) : null,
        wipe: () => {
            password.firstChild.data = "";
            profile.wipe();
            if (qr)
                wiped(qr);
        },
    };
}

/* A camera takes any code that it sees, so that one of them is shown: the first, until another one is chosen. */
function choiceOf(codes) {
    const show = chosen => codes.forEach(({ code }) => {
        code.hidden = code !== chosen;
    });
    const option = ({ name, code }, n) => node(
        "label", "choice", { for: `code-${n}` },
        node("input", "", { type: "radio", name: "code", id: `code-${n}`, checked: n === 0, change: () => show(code) }),
        node("span", "choice-name", null, line(name)));

    show(codes[0].code);
    return node("fieldset", "", null, node("legend", "", null, line("made.codes")), codes.map(option));
}

/* What was shown is void. */
function showVoid(error, after) {
    const box = node(
        "dialog", "", { "aria-labelledby": "void" },
        title("void", line("made.void")),
        node("div", "alerts", { role: "alert" }, failure(error)),
        node("p", "", null, line("made.void-text")),
        node("footer", "", null, button(line("close"), "primary", { click: () => box.close(), autofocus: true })));
    box.addEventListener("close", () => after());
    present(box, () => false);
}

/*
 * Shown until Done, for it comes only once. `after` is called when it is gone. Returns what resolves when it is drawn, what
 * takes it back for an error that came then, and what offers its one-time address.
 */
export function showMade({ found, said }, after) {
    const { password, account, profile, code, wipe } = shownOf(found);
    const copied = node("span", "help", { role: "status" });
    const devices = node("div", "devices", null, code || "", profile.length > 0 ? node("div", "", null, ...profile) : "");
    let address = null;
    const box = node(
        "dialog", "wide", { "aria-labelledby": "made" },
        title("made", line("made.title")),
        ...said.map(text => notice("info", node("p", "said", null, text))),
        node("p", "", null, say("made.text", { label: named(found.label) })),
        password,
        node("div", "bar", null,
             button(line("made.copy"), "primary", { click: () => copy(password, copied), autofocus: true }), copied),
        account,
        devices,
        node("footer", "", null, button(line("made.done"), "", { click: () => box.close() })));
    const gone = () => {
        wipe();
        if (address)
            address.end();
        box.remove();
    };
    const done = guard(gone, () => {
        after(true);
        report(...say("made.over"));
    });

    box.addEventListener("close", () => {
        done();
        after();
    });
    present(box, () => true);
    return {
        drawn: new Promise(resolve => requestAnimationFrame(() => setTimeout(resolve))),
        takeBack: error => {
            done();
            showVoid(error, after);
        },
        offer: once => {
            if (!box.isConnected) {
                once.end();
                return;
            }
            address = shownOnce(once, () => {
                if (choice.contains(document.activeElement))
                    password.focus();
                choice.remove();
                code.hidden = false;
            });
            const choice = choiceOf([{ name: "made.codes-password", code },
                                     { name: "made.codes-once", code: address.code }]);
            devices.before(choice);
            devices.prepend(address.code);
            devices.after(address.said);
        },
    };
}
