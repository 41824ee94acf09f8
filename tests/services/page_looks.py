"""What can be measured of how a page looks."""

from support.wait import wait_until

WIDTHS = (360, 768, 1280)
# What is written with less than 4.5 : 1 against what it stands on (WCAG 2, 1.4.3); controls at rest are exempt.
CONTRAST = r"""
const numbers = colour => colour.match(/[\d.]+/g).map(Number);
const light = colour => {
    const line = c => c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
    const [r, g, b] = numbers(colour).map(c => line(c / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const ground = one => {
    const colour = getComputedStyle(one).backgroundColor;
    return numbers(colour)[3] !== 0 || !one.parentElement ? colour : ground(one.parentElement);
};
const faint = one => {
    const [low, high] = [light(getComputedStyle(one).color), light(ground(one))].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05) < 4.5;
};
const writes = one => [...one.childNodes].some(node => node.nodeType === Node.TEXT_NODE && node.data.trim() !== "");
return [...document.querySelectorAll("main *, dialog *, #status *")]
    .filter(one => one.checkVisibility() && writes(one) && !one.closest(":disabled") && faint(one))
    .map(one => one.outerHTML);
"""
# What sticks out of the page, or of the dialog on top.
OUTSIDE = """
const frame = [...document.querySelectorAll("dialog[open]")].pop() || document.scrollingElement;
const { right, left } = frame.getBoundingClientRect();
return [...frame.querySelectorAll("*")].filter(one => one.checkVisibility() && one.getClientRects().length > 0)
    .filter(one => one.getBoundingClientRect().right > right + 0.5 || one.getBoundingClientRect().left < left - 0.5)
    .map(one => one.outerHTML).concat(frame.scrollWidth > frame.clientWidth ? ["it can be moved sideways"] : []);
"""
# What a finger does not hit: under 24 pixels either way (WCAG 2.2, 2.5.8); a link within a text is exempt.
SMALL = """
return [...document.querySelectorAll("button, summary, select, input, .choice")]
    .filter(one => one.checkVisibility() && !one.closest("label"))
    .filter(one => Math.min(one.offsetWidth, one.offsetHeight) < 24).map(one => one.outerHTML);
"""
SETTLED = "return document.getAnimations().every(one => one.playState === 'finished')"


def settle(browser):
    """Until no colour is on its way from one to another any more."""
    wait_until(lambda: browser.run(SETTLED), "it goes on moving")


def flaws(browser):
    settle(browser)
    return {
        name: found
        for name, script in (("faint", CONTRAST), ("outside", OUTSIDE), ("small", SMALL))
        if (found := browser.run(script))
    }
