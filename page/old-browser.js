/*
 * For a browser that lacks what the page is made of, and so shows nothing of it: what to do, in the languages of the page.
 * Written so that such a one understands it. It runs before the rest does.
 */
(function () {
    "use strict";

    var sentences = [
        ["en", "This browser is too old for this page: update it, or use another one."],
        ["de", "Dieser Browser ist zu alt für diese Seite: Aktualisieren Sie ihn, oder nehmen Sie einen anderen."],
        ["fr", "Ce navigateur est trop ancien pour cette page : mettez-le à jour ou prenez-en un autre."]
    ];
    var main = document.getElementById("main");
    var box = document.createElement("div");
    var text;
    var i;

    if ("noModule" in document.createElement("script") && "replaceChildren" in box && "HTMLDialogElement" in window)
        return;
    for (i = 0; i < sentences.length; i += 1) {
        text = document.createElement("p");
        text.lang = sentences[i][0];
        text.appendChild(document.createTextNode(sentences[i][1]));
        box.appendChild(text);
    }
    box.id = "old-browser";
    main.parentNode.replaceChild(box, main);
}());
