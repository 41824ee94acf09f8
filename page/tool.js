/*
 * asp-admin, as the page speaks to it. What is shown is what `asp-admin --json` says, and what is pressed is one of its
 * commands: there is no rule of app passwords in here.
 *
 * A transport takes a command to where asp-admin runs. It is an object with two functions:
 *
 *   run(words, { answer, show })
 *                           runs `asp-admin --json WORDS...` for who is signed in. Resolves, and never rejects, with
 *                           { code, out, err, once }:
 *                             code  the exit status, as in asp-admin(8); null where there is none: it did not run or
 *                                   did not end, or an answer was null
 *                             out   what it wrote to standard output: one document
 *                             err   what it said beside it, a line for each; where it did not run, the word of a
 *                                   sentence ("absent": there is no asp-admin; the words files have them, as fault.*),
 *                                   else why in a sentence, or nothing
 *                             once  where a device can take the new password by itself, at an address: the rows of its
 *                                   QR code, qr; state(), which resolves with "open", "taken" or "ended", and without
 *                                   which the address ends; and end()
 *                           For each line of a PAM conversation meanwhile (asp-admin(8), JSON) it calls answer(part)
 *                           and waits for it: { prompt, echo } resolves with the answer, or with null: then the command
 *                           is ended. { message, error } is for reading, and resolves with nothing.
 *                           Where a new password lets nobody in before the page says that it is shown, it calls
 *                           show({ out, err }) with what there is, once, and says so when that resolves; `out` and
 *                           `err` are what comes then.
 *   who()                   resolves with { user, admin }: who is signed in, as her account is called, and whether for
 *                           the accounts of all. Where nobody is, it has her sign in before.
 *
 * and, where the browser is not the one to say it, languages (tags, best first), dark() and follow(changed, themed), which
 * calls changed() when who() may have changed or the page is seen again, and themed() when dark() has; and leave(), where
 * she signs out in the page.
 */
import { answer, tell } from "./question.js";
import { knows, line } from "./words.js";

const NAME = "asp-admin: ";

let transport = null;

export function speakBy(given) {
    transport = given;
}

function linesOf(err) {
    return err.split("\n").filter(text => text !== "")
        .map(text => text.startsWith(NAME) ? text.slice(NAME.length) : text);
}

/* Where nothing was said, or a word, the words are the page's own. */
function reason(said) {
    const last = said.pop() || "ended";
    return knows(`fault.${last}`) ? { message: line(`fault.${last}`), foreign: false } : { message: last, foreign: true };
}

/* Runs it. Resolves with what it wrote, and what was said beside it. */
async function ended(words, show) {
    const conversation = { said: [], explained: false, cancelled: false, over: () => {} };
    const { code, out, err, once } = await transport.run(words, {
        answer: part => "prompt" in part ? answer(part, conversation) : tell(part, conversation),
        show: made => show(made.out, linesOf(made.err)),
    });

    const said = [...conversation.said, ...linesOf(err)];
    conversation.over();
    if (code === 0)
        return { out, said, once };
    throw Object.assign(new Error(), reason(said), { code, said, cancelled: conversation.cancelled });
}

/*
 * Runs it and resolves with its document and with what was said beside it, `{ found, said }`. What it rejects with has
 * one sentence as `message`, what was said before, and whether she gave it up herself.
 */
export async function asp(...words) {
    const { out, said } = await ended(words);
    return { found: JSON.parse(out), said };
}

/*
 * The same for what makes a password. `show({ found, said })` is called as soon as there is one, and resolves when it is on
 * the screen; it may be void even then: what this rejects with says so. Resolves with `once`.
 */
export async function aspShown(show, ...words) {
    let isShown = false;
    const put = (out, said) => {
        isShown = true;
        return show({ found: JSON.parse(out), said });
    };
    const { out, said, once } = await ended(words, put);
    if (!isShown)
        await put(out, said);
    return once;
}
