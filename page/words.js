/* The page's language: its words, its plurals, its dates. A file of words for each, `words-en.js` and so on. */
const LANGUAGES = ["en", "de", "fr"];
const UNITS = [["year", 31536000], ["month", 2592000], ["day", 86400], ["hour", 3600], ["minute", 60]];
const WHOLE = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];

let words = {};
let locale = "en";

/* "de_AT", "de-AT" or "de": the tag as it is written, where there are words for it. */
function known(tag) {
    try {
        const one = new Intl.Locale(tag.replace("_", "-"));
        return LANGUAGES.includes(one.language) ? one : null;
    } catch {
        return null;
    }
}

/* The first of these languages that there are words for; dates are as in her region. */
export async function speak(tags) {
    const one = tags.map(known).find(found => found !== null) || new Intl.Locale("en");
    ({ words } = await import(`./words-${one.language}.js`));
    locale = one.toString();
    document.documentElement.lang = one.language;
}

export function knows(key) {
    return Object.hasOwn(words, key);
}

/*
 * The text of that name, in pieces: {names} in it are the values of these names, which are nodes, text or numbers, and are
 * not read again. One that has forms for numbers goes by `count`.
 */
export function say(key, values = {}) {
    const text = typeof words[key] === "string" ? words[key] : formOf(words[key], values.count);
    return text.split(/\{(\w+)\}/).flatMap((piece, n) => n % 2 === 0 ? [piece] : written(values[piece]));
}

/* The same as one text; its values are no nodes. */
export function line(key, values) {
    return say(key, values).join("");
}

function formOf(forms, count) {
    return forms[new Intl.PluralRules(locale).select(count)] || forms.other;
}

function written(value) {
    return typeof value === "number" ? [new Intl.NumberFormat(locale).format(value)] : [value].flat();
}

function timeNode(time, text) {
    const made = document.createElement("time");
    made.dateTime = time;
    made.title = new Intl.DateTimeFormat(locale, { dateStyle: "full", timeStyle: "medium" }).format(new Date(time));
    made.append(text);
    return made;
}

export function date(time) {
    return timeNode(time, new Intl.DateTimeFormat(locale, { dateStyle: "medium" }).format(new Date(time)));
}

export function moment(time) {
    const style = { dateStyle: "medium", timeStyle: "short" };
    return timeNode(time, new Intl.DateTimeFormat(locale, style).format(new Date(time)));
}

/* "3 hours ago". A clock that is a little wrong does not speak of the future. */
export function ago(time) {
    const seconds = Math.max(0, Math.round((Date.now() - Date.parse(time)) / 1000));
    const [unit, length] = UNITS.find(([, one]) => seconds >= one) || ["second", Infinity];
    const format = new Intl.RelativeTimeFormat(locale, { numeric: unit === "second" ? "auto" : "always" });
    return timeNode(time, format.format(-Math.floor(seconds / length), unit));
}

/* "90 days" */
export function duration(seconds) {
    const [unit, length] = WHOLE.find(([, one]) => seconds % one === 0);
    return new Intl.NumberFormat(locale, { style: "unit", unit, unitDisplay: "long" }).format(seconds / length);
}

/* "a, b and c", of nodes or text. */
export function listed(values) {
    const parts = new Intl.ListFormat(locale).formatToParts(values.map((value, n) => String(n)));
    return parts.map(part => part.type === "element" ? values[Number(part.value)] : part.value);
}
