/* The one-time address of a profile, as a QR code that the camera of a device opens. */
import { node } from "./element.js";
import { drawn, wiped } from "./qr.js";
import { line } from "./words.js";

const EVERY = 5 * 1000; // ms: without being asked for it ends by itself, in 15 seconds

/* `once` is as a transport has it (tool.js). What is returned is shown until `end`, or until it says that it is over. */
export function shownOnce(once) {
    const canvas = drawn(once.qr, line("made.once-qr"));
    const said = node("figcaption", "help", { role: "status" }, line("made.once-help"));
    const shown = node("figure", "", null, canvas, said);
    const over = () => {
        clearInterval(timer);
        wiped(canvas);
        canvas.remove();
    };
    const timer = setInterval(async () => {
        const state = await once.state();
        if (state === "open" || !canvas.isConnected)
            return;
        over();
        said.textContent = line(`made.once-${state}`);
    }, EVERY);

    delete once.qr;
    return {
        shown,
        end: () => {
            over();
            once.end();
        },
    };
}
