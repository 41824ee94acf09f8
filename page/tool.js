/*
 * asp-admin, as the page speaks to it. What is shown is what `asp-admin --json` says, and what is pressed is one of its
 * commands: there is no rule of app passwords in here.
 *
 * A transport takes a command to where asp-admin runs. It is an object with two functions:
 *
 *   run(words, { answer })  runs `asp-admin --json WORDS...` for who is signed in. Resolves, and never rejects, with
 *                           { code, out, err }:
 *                             code  the exit status, as in asp-admin(8); null where there is none: it did not run or
 *                                   did not end, or an answer was null
 *                             out   what it wrote to standard output: one document
 *                             err   what it said beside it, a line for each; where it did not run, "absent" if there is
 *                                   no asp-admin, else why in a sentence, or nothing
 *                           For each line of a PAM conversation meanwhile (asp-admin(8), JSON) it calls answer(part)
 *                           and waits for it: { prompt, echo } resolves with the answer, or with null: then the command
 *                           is ended. { message, error } is for reading, and resolves with nothing.
 *   who()                   resolves with { user, admin }: who is signed in, and whether for the accounts of all.
 *
 * and, where the browser is not the one to say it, languages (tags, best first), dark() and follow(changed, themed), which
 * calls changed() when who() may have changed or the page is seen again, and themed() when dark() has.
 */
import { answer, tell } from "./question.js";
import { line } from "./words.js";

const NAME = "asp-admin: ";

let transport = null;

export function speakBy(given) {
    transport = given;
}

function linesOf(err) {
    return err.split("\n").filter(text => text !== "")
        .map(text => text.startsWith(NAME) ? text.slice(NAME.length) : text);
}

/* Where nothing was said, the words are the page's own. */
function reason(said) {
    const last = said.pop();
    if (last === undefined || last === "absent")
        return { message: line(last === undefined ? "fault.ended" : "fault.absent"), foreign: false };
    return { message: last, foreign: true };
}

/*
 * Runs it and resolves with its document and with what was said beside it, `{ found, said }`. What it rejects with has
 * one sentence as `message`, what was said before, and whether she gave it up herself.
 */
export async function asp(...words) {
    const conversation = { said: [], explained: false, cancelled: false, over: () => {} };
    const { code, out, err } = await transport.run(words, {
        answer: part => "prompt" in part ? answer(part, conversation) : tell(part, conversation),
    });

    const said = [...conversation.said, ...linesOf(err)];
    conversation.over();
    if (code === 0)
        return { found: JSON.parse(out), said };
    throw Object.assign(new Error(), reason(said), { code, said, cancelled: conversation.cancelled });
}
