/* Dialogs, each with one thing to do; and the line that says what was done. */
import { button, failure, node, notice } from "./element.js";
import { line } from "./words.js";

let count = 0;

/* Until something else is begun. */
export function report(...said) {
    const status = document.getElementById("status");
    status.replaceChildren(said.length === 0 ? "" : notice("success", node("p", "", null, ...said)));
}

export function title(id, ...text) {
    return node("h1", "", { id }, ...text);
}

/*
 * A dialog with one action. `submit` does it: what it returns is reported, and the dialog is gone; if it returns
 * nothing, it has taken care of the dialog itself. What it throws is shown in the dialog, which stays.
 */
export function dialog({ title: text, body, action, danger, submit }) {
    const id = `title-${count += 1}`;
    const alerts = node("div", "alerts", { role: "alert" });
    const act = button(action, danger ? "danger" : "primary", { type: "submit" });
    const cancel = button(line("cancel"), "plain", { click: () => box.close(), autofocus: danger });
    const form = node("form", "", { submit: press }, title(id, text), alerts, ...body,
                      node("footer", "", null, act, cancel));
    const box = node("dialog", "", { "aria-labelledby": id }, form);

    function hold(busy) {
        box.setAttribute("aria-busy", busy);
        act.disabled = cancel.disabled = busy;
    }

    async function press(event) {
        event.preventDefault();
        if (act.disabled)
            return;
        const focused = document.activeElement;
        hold(true);
        alerts.replaceChildren();
        try {
            const done = await submit(box);
            if (done !== undefined) {
                box.close();
                report(...done);
            }
        } catch (error) {
            if (!("said" in error))
                throw error;
            alerts.replaceChildren(error.cancelled ? "" : failure(error));
        } finally {
            hold(false);
            if (box.open)
                focused.focus();
        }
    }

    report();
    return present(box, () => cancel.disabled);
}

/* Shows a dialog, which is gone once it is closed. While `stays()` holds, Esc does not close it, however often. */
export function present(box, stays) {
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
