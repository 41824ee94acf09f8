/* Elements. Text of others (labels, names, errors) becomes text nodes, never markup. */
import { line } from "./words.js";

/* Children are nodes or text; a property that is a function is a listener. */
export function node(tag, names, properties, ...children) {
    const made = document.createElement(tag);
    if (names)
        made.className = names;
    for (const [name, value] of Object.entries(properties || {})) {
        if (typeof value === "function")
            made.addEventListener(name, value);
        else if (value !== undefined && value !== false)
            made.setAttribute(name, value === true ? "" : value);
    }
    made.append(...children.flat());
    return made;
}

export function button(text, kind, properties) {
    return node("button", `button ${kind}`, { type: "button", ...properties }, text);
}

/* Text of somebody else: whatever its direction, it does not turn what stands around it. */
export function foreign(text) {
    return node("bdi", "foreign", null, text);
}

/* The name of an app password within a sentence. */
export function named(label) {
    return node("strong", "", null, foreign(label));
}

export function notice(kind, ...children) {
    return node("div", `notice ${kind}`, null, ...children);
}

/* What went wrong: one sentence, and before it what PAM had to say. asp-admin speaks English. */
export function failure({ message, said, foreign: others }) {
    return notice("danger", ...said.map(text => node("p", "said", null, text)),
                  node("p", message.startsWith("/") ? "said path" : "said", others ? { lang: "en" } : null, message));
}

export function textField(id, properties) {
    return node("input", "", { id, type: "text", autocomplete: "off", ...properties });
}

export function field(input, label, help) {
    if (help)
        input.setAttribute("aria-describedby", `${input.id}-help`);
    return node("div", "field", null,
                node("label", "said", { for: input.id }, label),
                input,
                help ? node("p", "help", { id: `${input.id}-help` }, help) : "");
}

/* A name and what it is, of each pair; a pair without the second is left out. */
export function facts(pairs) {
    return node("dl", "facts", null, ...pairs.filter(([, value]) => value).map(([key, value]) => node(
        "div", "", null, node("dt", "", null, line(key)), node("dd", "", null, value))));
}
