"""The page in each language that it has words for."""

import re

import pytest
from cockpit_page import ALONE, LATER, both_alike
from support.account_page import ORIGIN
from support.long import repeated
from support.passwords import PRIMARY
from support.run import TREE

LANGUAGES = ("en", "de", "fr")
FILES = "return Promise.all(arguments[0].map(one => import(`./words-${one}.js`))).then(all => all.map(one => one.words))"
FOLDERS = ("page", "asp-web/page")
SCRIPTS = [file for folder in FOLDERS for file in (TREE / folder).glob("*.js") if not re.fullmatch("words-..", file.stem)]


@pytest.fixture
def in_language(page):
    """The page as a browser has it whose languages are these."""
    agent = page.browser.run("return navigator.userAgent")

    def show(*tags):
        page.browser.cdp("Emulation.setUserAgentOverride", userAgent=agent, acceptLanguage=",".join(tags))
        page.show()
        return page

    yield show
    page.browser.cdp("Emulation.setUserAgentOverride", userAgent=agent, acceptLanguage="en-US,en")


def forms(text):
    return list(text.values()) if isinstance(text, dict) else [text]


def values_in(text):
    return {frozenset(re.findall(r"\{(\w+)\}", form)) - {"count"} for form in forms(text)}


def test_every_language_has_every_word_with_the_same_values(page):
    english, *others = page.browser.run(FILES, LANGUAGES)
    for words in others:
        assert set(words) == set(english)
        for name, text in words.items():
            assert values_in(text) == values_in(english[name]), name
            assert isinstance(text, dict) == isinstance(english[name], dict), name
            assert all(form.strip() == form != "" for form in forms(text)), name


def test_what_the_page_says_there_are_words_for_and_no_others(page):
    (english,) = page.browser.run(FILES, ["en"])
    source = "\n".join(file.read_text() for file in SCRIPTS)
    written = set(re.findall(r'"([a-z]+(?:[.-][a-zA-Z0-9-]+)*)"', source)) | set(re.findall(r"`([a-z.]+)\$", source))
    begun = {text for text in re.findall(r"`([\w.-]*)\$\{", source)}
    for name in english:
        assert name in written or any(text and name.startswith(text) for text in begun) or re.fullmatch(
            r"(rename|replace|revoke)\.action|(list|history|users)\.none(-text)?", name
        ), f"{name} is said nowhere"
    for name in re.findall(r'\b(?:say|line)\("([\w.-]+)"', source):
        assert name in english, f"there are no words for {name}"


@pytest.mark.parametrize(
    ("tags", "speaks", "title", "used", "opens"),
    [
        repeated(("en-GB", "en"), "en", "App passwords", "3 hours ago, from 127.0.0.1, Mail", "Mail"),
        repeated(("de-AT", "de", "en"), "de", "App-Passwörter", "vor 3 Stunden, von 127.0.0.1, Mail", "Mail"),
        (("fr",), "fr", "Mots de passe d’application", "il y a 3 heures, depuis 127.0.0.1, Courrier", "Courrier"),
        (("sw", "de"), "de", "App-Passwörter", "vor 3 Stunden, von 127.0.0.1, Mail", "Mail"),
        (("sw",), "en", "App passwords", "3 hours ago, from 127.0.0.1, Mail", "Mail"),
    ],
    ids=["en", "de", "fr", "de-second", "unknown"],
)
@both_alike
def test_it_speaks_the_first_of_the_browsers_languages_that_it_knows(page, in_language, mail, tags, speaks, title, used, opens):
    password = mail.create("alice", "Phone", "--app", "mail")
    assert mail.curl("alice", password)
    with page.with_script(LATER % (3 * 3600 + 60)):
        in_language(*tags)
    assert page.browser.wait("h1").text == title
    assert page.browser.run("return document.documentElement.lang") == speaks
    told = page.browser.run("return [...document.querySelectorAll('dd')].map(one => one.innerText)")
    assert told[:2] == [opens, used]


@pytest.mark.parametrize(
    ("tag", "made"),
    [
        ("en-US", r"[A-Z][a-z]{2} \d+, \d{4}"),
        ("en-GB", r"\d+ [A-Z][a-z]{2,3} \d{4}"),
        repeated("de", r"\d\d\.\d\d\.\d{4}"),
        repeated("fr", r"\d+ [a-zûé]+\.? \d{4}"),
    ],
)
def test_dates_are_as_they_are_written_where_she_is(in_language, mail, tag, made):
    mail.create("alice", "Phone", "--app", "mail")
    page = in_language(tag)
    written = page.browser.run("return document.querySelector('dd time').innerText")
    assert re.fullmatch(made, written), written


@pytest.mark.parametrize(
    ("tag", "one", "two"),
    [
        ("en", "The one app password of alice ends.", "All 2 app passwords of alice end."),
        repeated("de", "Das eine App-Passwort von alice endet.", "Alle 2 App-Passwörter von alice enden."),
        ("fr", "Le seul mot de passe d’application de alice se termine.", "Les 2 mots de passe d’application de alice se terminent."),
    ],
)
def test_one_is_not_said_as_two_are(in_language, mail, tag, one, two):
    for label, said in (("Phone", one), ("Laptop", two)):
        mail.create("alice", label, "--app", "mail")
        page = in_language(tag)
        page.browser.wait("#revoke-all").click()
        assert page.browser.wait("dialog p").text.startswith(said)
        page.browser.press("Escape")


@pytest.mark.parametrize(
    ("tag", "create", "password", "done"),
    [
        ("de", "Anlegen", "Ihr neues App-Passwort", "Fertig"),
        repeated("fr", "Créer", "Votre nouveau mot de passe d’application", "Terminé"),
    ],
)
def test_a_password_is_made_in_each_language(in_language, mail, tag, create, password, done):
    page = in_language(tag)
    page.browser.wait("#create").click()
    page.browser.wait("#label").type("Phone")
    page.press(create)
    page.browser.wait("#answer").type(PRIMARY["alice"])
    assert {"de": "Passwort", "fr": "Mot de passe"}[tag] == page.browser.wait("#answer").name
    page.browser.press("Enter")
    page.dialog(password)
    assert mail.curl("alice", page.browser.wait(".password").text)
    page.press(done)
    page.no_dialog()
    assert mail.json("list", "alice")[0]["label"] == "Phone"


def test_the_language_of_cockpits_menu_comes_first(in_language):
    page = in_language("en")
    page.browser.run("localStorage.setItem('cockpit.lang', 'fr-fr')")
    try:
        page.show()
        assert page.browser.wait("h1").text == "Mots de passe d’application"
    finally:
        page.browser.run("localStorage.removeItem('cockpit.lang')")


@pytest.mark.parametrize(
    ("page", "address", "begins"),
    [
        ("cockpit", ALONE, "This page needs JavaScript: switch it on for this site, or make an app password at the command"),
        ("web", ORIGIN, "This page needs JavaScript: switch it on for this site. Where that cannot be, whoever"),
    ],
    ids=["cockpit", "web"],
    indirect=["page"],
)
def test_without_javascript_a_sentence_says_what_to_do_in_each_language(page, address, begins):
    page.browser.cdp("Emulation.setScriptExecutionDisabled", value=True)
    try:
        page.browser.open("about:blank")
        page.browser.open(address)
        said = page.browser.all("noscript p")
        assert [one.property("lang") for one in said] == ["", "de", "fr"]
        assert said[0].text.startswith(begins)
    finally:
        page.browser.cdp("Emulation.setScriptExecutionDisabled", value=False)
