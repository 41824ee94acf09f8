/* The sign-in view: who she is, and then whatever PAM asks. It knows what asp-web says and nothing of passwords. */
import { post, session, wait } from "./api.js";
import { present, report, title } from "./dialog.js";
import { button, failure, field, node, notice, textField } from "./element.js";
import { nameOf } from "./question.js";
import { guard } from "./secret.js";
import { heading } from "./views.js";
import { knows, line } from "./words.js";

const SENTENCES = { 400: "sign-in.refused", 401: "sign-in.cookies", 429: "fault.many", 503: "sign-in.nobody" };

/*
 * The form. `sent()` resolves when it is sent, with true, or with null when she gives it up; until it is asked for again
 * nothing can be sent. `asked` is where a question is, `alerts` what is told meanwhile.
 */
function makeForm(name) {
    const alerts = node("div", "alerts", { role: "alert" });
    const asked = node("div");
    const user = textField("sign-in-user", {
        name: "username", value: name, required: true, autocomplete: "username", autocapitalize: "none", spellcheck: "false",
        autofocus: true,
    });
    const action = button(line("question.action"), "primary", { type: "submit", disabled: true });
    const cancel = button(line("cancel"), "plain", { hidden: true, click: () => view.giveUp() });
    let done = () => {};
    const form = node("form", "sign-in", { submit: event => {
        event.preventDefault();
        done(true);
    } }, alerts, field(user, line("sign-in.user")), asked, node("div", "bar", null, action, cancel));
    const view = {
        form, alerts, asked, user, left: null,
        sent: () => new Promise(resolve => {
            action.disabled = false;
            done = answer => {
                done = () => {};
                action.disabled = true;
                resolve(answer);
            };
        }),
        /* From the first question on it is this user, who can turn back. */
        begin: () => {
            user.readOnly = true;
            cancel.hidden = false;
            view.left = null;
        },
        end: () => {
            user.readOnly = false;
            cancel.hidden = true;
            asked.replaceChildren();
        },
        giveUp: () => {
            view.left = post("/api/sign-out", {});
            done(null);
        },
    };
    return view;
}

/* Puts a question and hands its answer on. The first that is hidden is for her password: a password manager is told so. */
async function answer(view, { number, prompt, echo }, isPassword) {
    const input = textField("sign-in-answer", {
        type: echo ? "text" : "password", autocomplete: isPassword ? "current-password" : "one-time-code",
        autocapitalize: "none", spellcheck: "false",
    });
    const wiped = guard(() => {
        input.value = "";
    });

    view.asked.replaceChildren(field(input, nameOf(prompt), isPassword ? line("question.help") : ""));
    input.focus();
    const given = await view.sent();
    const sending = given && post("/api/answer", { number, answer: input.value });
    wiped();
    view.asked.replaceChildren();
    view.alerts.replaceChildren();
    return given ? sending : { status: 0, found: {} };
}

function tell(view, { message, error }) {
    view.alerts.append(notice(error ? "danger" : "info", node("p", "said", null, message)));
}

/* Until PAM has let her in or not, or nothing more comes. */
async function converse(view) {
    let seen = 0;
    let isFirst = true;
    for (;;) {
        let heard = await wait(seen);
        if (heard.status !== 200 || "outcome" in heard.found)
            return heard;
        for (const said of heard.found.messages) {
            seen = said.number;
            if (!("prompt" in said)) {
                tell(view, said);
                continue;
            }
            heard = await answer(view, said, isFirst && !said.echo);
            isFirst = isFirst && said.echo;
            if (heard.status !== 200)
                return heard;
        }
    }
}

function sentence(key, values) {
    return failure({ message: line(key, values), said: [] });
}

/* Why she is not let in: in the page's words where there are some for what asp-broker says, which speaks English. */
function reason(error) {
    const seconds = /wait (\d+) seconds/.exec(error);
    if (seconds)
        return sentence("sign-in.wait", { count: Number(seconds[1]) });
    if (error === "" || knows(`told.${error}`))
        return sentence(error === "" ? "sign-in.refused" : `told.${error}`);
    return failure({ message: error, said: [], foreign: true });
}

/* What has been asked is for nobody any more: the next one begins afresh. */
async function begin(user) {
    const { status, found } = await session();
    if (status !== 200 || found.user !== null)
        return { status, found };
    if (found.asking) {
        await post("/api/sign-out", {});
        await session();
    }
    return post("/api/sign-in", { user });
}

/* Resolves with the user, or with null and says why. */
async function attempt(view) {
    const begun = await begin(view.user.value.trim());
    if (begun.found.user)
        return begun.found.user;
    if (begun.status !== 200) {
        view.alerts.append(sentence(SENTENCES[begun.status] || "fault.server"));
        return null;
    }
    view.begin();
    const { status, found } = await converse(view);
    view.end();
    if (found.outcome === "signed-in")
        return found.user;
    if (view.left !== null) {
        await view.left;
        view.alerts.replaceChildren();
    } else if (status === 200)
        view.alerts.append(reason(found.error));
    else if (status === 401 || status === 403)
        view.alerts.append(knows(`told.${found.error}`) ? reason(found.error) : sentence("sign-in.over"));
    else
        view.alerts.append(sentence(SENTENCES[status] || "fault.server"));
    return null;
}

/* In place of the page, or over it, where she goes on with what she was at. */
function show(view, over) {
    const main = document.getElementById("main");
    if (over) {
        const text = node("p", "", { id: "sign-in-text" }, line("session.over"));
        const box = node("dialog", "cover", { "aria-labelledby": "sign-in-title", "aria-describedby": "sign-in-text" },
                         title("sign-in-title", line("sign-in.title")), text, view.form);
        return present(box, () => true);
    }
    main.replaceChildren(heading(line("sign-in.title"), line("sign-in.text")), view.form);
    main.setAttribute("aria-busy", "false");
    document.title = line("sign-in.title");
    view.user.focus();
    return null;
}

/* Resolves with who is signed in then. `user`: whose session is over, or null. */
export async function signIn(user) {
    const view = makeForm(user || "");
    const box = show(view, user !== null);
    let found = null;
    while (found === null) {
        await view.sent();
        view.alerts.replaceChildren();
        report();
        found = await attempt(view);
        view.user.focus();
    }
    if (box !== null)
        box.close();
    else
        document.getElementById("heading").focus();
    return found;
}
