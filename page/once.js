/* The one-time address of a profile, as a QR code that the camera of a device opens. */
import { node } from "./element.js";
import { drawn, wiped } from "./qr.js";
import { line } from "./words.js";

const EVERY = 5 * 1000; // ms: without being asked for it ends by itself, in 15 seconds

/* `once` is as a transport has it (tool.js). Its code is shown until `end`, or until it says that it is over: then `said` has
 * why, and `over` is called. */
export function shownOnce(once, over) {
    const canvas = drawn(once.qr, line("made.once-qr"));
    const code = node("figure", "", null, canvas, node("figcaption", "help", null, line("made.once-help")));
    const said = node("p", "help", { role: "status" });
    const gone = () => {
        clearInterval(timer);
        wiped(canvas);
        code.remove();
    };
    const timer = setInterval(async () => {
        const state = await once.state();
        if (state === "open" || !canvas.isConnected)
            return;
        gone();
        said.textContent = line(`made.once-${state}`);
        over();
    }, EVERY);

    delete once.qr;
    return {
        code,
        said,
        end: () => {
            gone();
            once.end();
        },
    };
}
