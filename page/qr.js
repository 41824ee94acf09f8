/* A QR code, from its rows of 0 and 1. */
import { node } from "./element.js";

const MARGIN = 4; // modules that have to be white around it
const MODULE = 5; // CSS pixels

/* A module is a pixel, which the style enlarges. No text of it stands in the page. */
export function drawn(rows, label) {
    const side = rows.length + 2 * MARGIN;
    const canvas = node("canvas", "qr", { width: side, height: side, role: "img", "aria-label": label });
    const context = canvas.getContext("2d");

    canvas.style.width = canvas.style.height = `${side * MODULE}px`;
    context.fillStyle = "#fff";
    context.fillRect(0, 0, side, side);
    context.fillStyle = "#000";
    rows.forEach((row, y) => [...row].forEach((dark, x) => {
        if (Number(dark) === 1)
            context.fillRect(MARGIN + x, MARGIN + y, 1, 1);
    }));
    return canvas;
}

export function wiped(canvas) {
    canvas.width = canvas.height = 0;
}
