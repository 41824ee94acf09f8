/* The questions of a PAM conversation, put to the user in a dialog over the one that has begun it. */
import { dialog } from "./dialog.js";
import { field, node, notice, textField } from "./element.js";
import { guard } from "./secret.js";
import { line, knows } from "./words.js";

/* What PAM says without a question (a key is to be touched, say) is seen at once, in the dialog on top. */
export function tell({ message, error }, conversation) {
    const place = [...document.querySelectorAll("dialog .alerts")].pop();
    conversation.said.push(message);
    if (place !== undefined)
        place.append(notice(error ? "danger" : "info", node("p", "said", null, message)));
}

/* "Password: " is what nearly every machine asks; the rest is shown as it is. */
export function nameOf(prompt) {
    const asked = prompt.replace(/:\s*$/, "").trim();
    return knows(`prompt.${asked}`) ? line(`prompt.${asked}`) : asked || line("question.empty");
}

/* Resolves with the answer; null: she gives it up. The command may be over before she has answered. */
export function answer(question, conversation) {
    return new Promise(resolve => {
        const first = !question.echo && !conversation.explained;
        const input = textField("answer", {
            type: question.echo ? "text" : "password", autocapitalize: "none", spellcheck: "false", autofocus: true,
        });
        const done = guard(() => {
            input.value = "";
        });
        let given = null;

        conversation.explained = conversation.explained || first;
        const box = dialog({
            title: line("question.title"),
            body: [...conversation.said.splice(0).map(text => node("p", "said", null, text)),
                   field(input, nameOf(question.prompt), first ? line("question.help") : "")],
            action: line("question.action"),
            submit: async () => {
                given = input.value;
                box.close();
            },
        });
        box.addEventListener("close", () => {
            done();
            conversation.cancelled = given === null;
            resolve(given);
            given = null;
        });
        conversation.over = () => box.close();
    });
}
